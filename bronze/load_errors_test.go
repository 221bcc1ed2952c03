package bronze

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// sales is a source of sales whose lines from the fourth on are the case's.
func sales(lines ...string) string {
	return "sources:\n  - table: sales\n    files: s.csv\n    " + strings.Join(lines, "\n    ") + "\n"
}

const good = "columns: {order_id: O, product_id: P, quantity: Q, ordered_at: D}"

// rules is a mapping of which only the lines from the second on are the case's.
func rules(lines ...string) string {
	return "sources: [{table: products, files: p.csv, columns: {product_id: Id}}]\n" + strings.Join(lines, "\n") + "\n"
}

// errorCases: one of each kind of mistake, the place that is reported, and a
// piece of the message and of the hint.
var errorCases = []struct {
	text, place, msg, hint string
}{
	// YAML itself.
	{"", "1:1", "is empty", "list"},
	{"# only a comment\n", "1:1", "is empty", ""},
	{"just words", "1:1", `want a mapping, not "just words"`, ""},
	{"[a]", "1:1", "want a mapping, not a list", ""},
	{"sources: [", "1:10", "YAML", "quote"},
	{"a: 1\n  b: 2\n", "1:4", "YAML", "indentation"},
	{"a: {b: c[d].e}", "1:9", "YAML", `"lookup[Key].Column"`},
	{"a:\n\tb: 1\n", "2:1", "YAML", ""},
	{"output: \xff\n", "1:9", "not UTF-8", "UTF-8"},
	{"output: a\x00b\n", "1:10", "NUL", ""},
	{"output: !!str x\n", "1:9", "tags", ""},
	{"output: *x\n", "1:9", "*x", ""},
	{"output: a\n---\noutput: b\n", "3:1", "second YAML document", ""},
	{strings.Repeat("[", 200), "1:101", "nested deeper", ""},
	{strings.Repeat("- ", 200), "1:203", "nested too deeply", ""},
	{"<<: x\n", "1:5", "<< wants", ""},
	{"[a]: b\n", "1:4", "invalid key", ""},

	// Keys.
	{"ouput: x\n", "1:1", `unknown key "ouput" in a mapping`, `did you mean "output"?`},
	{"zzzzzz: x\n", "1:1", `unknown key "zzzzzz"`, "write one of output, format, openlineage, timezone"},
	{"output: a\ntimezone: UTC\noutput: b\n", "3:1", `key "output" is repeated`, "keep one"},
	{"output:\ntimezone: UTC\n", "1:1", `"output" has no value`, "leave the key out"},
	{"output: ~\n", "1:9", "output: want a text", ""},
	{sales("delimeter: ;", good), "4:5", `unknown key "delimeter" in a source`, `"delimiter"`},
	{sales("columns:", "  order_id: {form: O}"), "5:18", `unknown key "form" in a column`, `"from"`},
	{"lookups: {t: {file: x}}\n", "1:15", `unknown key "file" in a lookup`, `"files"`},
	{rules("rfm: {recensy: ntile}"), "2:7", `unknown key "recensy" in the rfm block`, `"recency"`},
	{rules("returns: {status: x}"), "2:11", `unknown key "status" in the returns block`, `"statuses"`},
	{rules("dates: {form: 2020-01-01}"), "2:9", `unknown key "form" in the dates block`, `"from"`},
	{sales("number: {decimals: x}", good), "4:14", `unknown key "decimals" in the number block`, `"decimal"`},

	// Forms of values.
	{"output: [a]\n", "1:9", "output: want a text, not a list", ""},
	{"sources: {table: sales}\n", "1:10", "sources: want a list, each a source, not keys and values", ""},
	{"sources: [sales]\n", "1:11", `want a source, not "sales"`, ""},
	{"lookups: [a]\n", "1:10", "lookups: want names, each a lookup, not a list", ""},
	{sales("skip_rows: two", good), "4:16", `"two" is not a whole number`, ""},
	{sales("skip_rows: -1", good), "4:16", `"-1" is not a whole number`, ""},
	{sales(`header: "no"`, good), "4:13", `header: want true or false, not "no"`, ""},
	{sales("columns: [a]"), "4:14", "columns: want bronze columns", ""},
	{sales("columns: {order_id: [a, b]}"), "4:25", "stands under from", "{from: [First, Second]}"},
	{sales("columns: {order_id: {from: {a: b}}}"), "4:32", "from[0]: want a text, not keys and values", ""},
	{sales("columns: {order_id: {from: A, map: x}}"), "4:40", "map: want texts", ""},
	{sales(`number: {decimal: ",,"}`, good), "4:23", `",," is not one ASCII character`, ""},
	{sales("files: {a: b}"), "4:5", "repeated", ""},
	{rules("dates: {from: 1.1.2020}"), "2:15", `"1.1.2020" is not a day`, "2017-06-30"},
	{rules("reference_date: 2020-02-30"), "2:17", "is not a day", ""},

	// Names.
	{"timezone: Europe/Berln\n", "1:11", `unknown time zone "Europe/Berln"`, `"Europe/Berlin"`},
	{"timezone: Local\n", "1:11", "unknown time zone", ""},
	{"timezone: america/los angeles\n", "1:11", "unknown time zone", `"America/Los_Angeles"`},
	{sales("timezone: PDT", good), "4:15", `unknown time zone "PDT"`, ""},
	{"sources: [{table: sale, files: a, columns: {}}]\n", "1:19", `unknown table "sale"`, `"sales"`},
	{"sources: [{files: a, columns: {}}]\n", "1:11", "the table is missing", "customers, products, sales"},
	{sales("kind: return", good), "4:11", `unknown kind "return"`, `"returns"`},
	{sales("format: xlsx", good), "4:13", `unknown format "xlsx"`, "csv, parquet"},
	{sales("compression: gz", good), "4:18", `unknown compression "gz"`, `"gzip"`},
	{sales("encoding: utf8", good), "4:15", `unknown encoding "utf8"`, `"utf-8"`},
	{rules("rfm: {monetary: quantiles}"), "2:17", `unknown scoring "quantiles"`, `"quantile"`},
	{rules("rfm: {measure: margin}"), "2:16", `unknown measure "margin"`, ""},
	{sales("columns: {oder_id: O}"), "4:15", `bronze.sales has no column "oder_id"`, `"order_id"`},
	{sales("columns: {_source_row: O}"), "4:15", `no column "_source_row"`, ""},
	{sales(good, "customers: {contry: C}"), "5:17", `bronze.customers has no column "contry"`, `"country"`},
	{sales(good, "products: {product_id: C}"), "5:16", "product_id is the key", ""},
	{rules("returns: {orders: [{files: r.csv, columns: {order: O}}]}"), "2:45", `no column "order"`, `"order_id"`},
	{rules("returns: {orders: [{files: r.csv, columns: {order_id: {value: 3}}}]}"), "2:55", "as they stand", ""},

	// The dashboard.
	{rules("dashboard: {nam: x}"), "2:13", `unknown key "nam" in the dashboard block`, `"name"`},
	{rules("dashboard: {currency: euro}"), "2:23", `"euro" is no currency`, "EUR"},
	{rules("dashboard: {pages: {title: A}}"), "2:20", "pages: want a list, each a page", ""},
	{rules("dashboard: {pages: [{table: gold.a}]}"), "2:21", "the page has no title", "title: Brands"},
	{rules("dashboard: {pages: [{title: A}]}"), "2:21", "the page has no table", "gold.sales_by_brand"},
	{rules("dashboard: {pages: [{title: A, table: gold.a, chart: scatter}]}"), "2:54", `unknown chart "scatter"`, "table, bar, line"},
	{rules("dashboard: {pages: [{title: A, table: gold.a, chart: bar, x: a}]}"), "2:21", "a bar chart needs x and y", "chart: table"},
	{rules("dashboard:", "  pages:", "    - {title: A, table: gold.a}", "    - {title: A, table: gold.b}"), "5:15", `two pages are called "A"`, "another title"},

	// What is missing or does not fit.
	{"output: x\n", "1:1", "no source is given", ""},
	{"sources: []\n", "1:10", "no source is given", ""},
	{"sources: [{table: products, columns: {product_id: P}}]\n", "1:11", "no file is named", ""},
	{sales("columns: {order_id: O, product_id: P, quantity: Q}"), "4:14", "needs ordered_at", "ordered_at: TheirColumn"},
	{sales("columns: {order_id: O, product_id: P, ordered_at: D}"), "4:14", "needs quantity", "{value: 1}"},
	{sales("kind: returns", "columns: {quantity: Q, ordered_at: D}"), "5:14", "needs product_id", ""},
	{"sources: [{table: customers, files: a, columns: {city: C}}]\n", "1:49", "needs customer_id", ""},
	{"sources: [{table: products, kind: returns, files: a, columns: {product_id: C}}]\n", "1:35", "kind belongs to a source of table sales", ""},
	{"sources: [{table: products, files: a, columns: {product_id: C}, customers: {city: C}}]\n", "1:76", "customers belongs to", ""},
	{sales(good, "customers: {country: C}"), "5:16", "no customer_id", ""},
	{sales("overlap: most", good), "4:14", `unknown overlap "most"`, "max"},
	{sales("overlap: [max]", good), "4:14", "overlap: want a text, not a list", ""},
	{"sources: [{table: products, overlap: max, files: a, columns: {product_id: C}}]\n", "1:38", "overlap belongs to a source of table sales", ""},
	{sales("overlap: max", "columns: {order_id: O, line_number: N, product_id: P, quantity: Q, ordered_at: D}"), "4:14", "line_number is mapped", "leave overlap out"},
	{sales("columns: {order_id: {from: O, value: 1}}"), "4:25", "one of from, value and template, not 2", ""},
	{sales("columns: {order_id: {integer: true}}"), "4:25", "not 0 of them", ""},
	{sales("columns: {order_id: {from: O, dates: '%Y'}}"), "4:42", "dates is for dates and times: order_id is a text", ""},
	{sales("columns: {quantity: {from: O, integer: true}}"), "4:44", "integer is for texts", ""},
	{sales("columns: {order_id: {from: O, number: {percent: true}}}"), "4:43", "number is for numbers", ""},
	{sales("columns: {order_id: {value: O, map: {a: b}}}"), "4:41", "order_id is a constant", ""},
	{"sources: [{table: customers, files: a, columns: {birth_date: {from: O, timezone: UTC}}}]\n", "1:82", "timezone is for times", ""},
	{sales("columns: {ordered_at: {from: D, dates: ['%Y-%m-%d', '%d.%Q']}}"), "4:57", "%Q", ""},
	{sales("columns: {quantity: {value: many}}"), "4:33", `"many" is no value for quantity, a whole number`, ""},
	{sales("columns: {tax_amount: {value: '0,19'}}"), "4:35", "is no value for tax_amount", ""},
	{sales("columns: {order_id: ''}"), "4:25", "a column's name is empty", ""},
	{sales("columns: {order_id: {template: 'A-{B'}}"), "4:36", "a { is not closed", ""},
	{sales("columns: {order_id: {template: 'A-B'}}"), "4:36", "names no column", ""},
	{"lookups: {t: {files: a, key: K}}\n" + sales(`columns: {order_id: "t[K"}`), "5:25", "a bracket is not closed", "t[KeyColumn].Column"},
	{"lookups: {terr: {files: a, key: K}}\n" + sales(`columns: {order_id: {from: [A, "ter[K].C"]}}`), "5:36", `no lookup is called "ter"`, `"terr"`},
	{"lookups: {t: {files: a}}\n" + sales(good), "1:14", "the lookup has no key", ""},
	{"lookups: {a b: {files: a, key: K}}\n" + sales(good), "1:11", "cannot name a lookup", ""},
	{sales("delimiter: ';;'\n    quote: ';'", good), "4:16", `the delimiter ";;" holds the quote`, ""},
	{sales("max_rejects: 1/2", good), "4:18", "not a number of records or a percentage", "100 or 1%"},
	{sales("max_rejects: 101%", good), "4:18", "not a number of records or a percentage", "100 or 1%"},
	{sales("bad_records: strikt", good), "4:18", `unknown bad_records "strikt"`, `did you mean "strict"?`},
	{sales("header: false\n    names: [O, P, Q, D]\n    header_rows: 2", good), "6:18", "header_rows needs a header", ""},
	{sales("delimiter: '\"'", good), "4:16", "the same character", ""},
	{sales("delimiter: ä", good), "4:16", "wants ASCII characters", ""},
	{sales("header: false", good), "4:13", "without a header", "names: ["},
	{sales("names: [a, b, a]", good), "4:19", `the name "a" is empty or repeated`, ""},
	{sales("format: parquet", "delimiter: ;", good), "5:16", "is for csv", ""},
	{strings.Replace(sales("skip_rows: 2", good), "s.csv", "s.parquet", 1), "4:16", "is for csv", ""},
	{sales("number: {decimal: ','  , thousands: ','}", good), "4:13", "the same character", ""},
	{sales("number: {thousands: 0}", good), "4:25", "cannot separate digits", ""},
	{rules("dates: {from: 2020-01-02, to: 2020-01-01}"), "2:8", "is after the last", ""},
	{rules("returns: {values: [a, '']}"), "2:23", "an empty text", ""},
	{rules("rfm: {segments: {A: R1-5 F1-4}}"), "2:17", "no segment has R1 F5", "25 cells"},
	{rules("rfm: {segments: {A: R1-5 F1-5, B: [R5 F5]}}"), "2:36", `R5 F5 is both "A" and "B"`, ""},
	{rules("rfm: {segments: {A: R6 F1}}"), "2:21", `"R6 F1" is not a cell`, "R1-2 F3"},
	{rules("rfm: {segments: {A: R3-1 F1}}"), "2:21", "runs backwards", ""},
	{rules("rfm: {segments: {}}"), "2:17", "names no cell", ""},
}

func TestErrors(t *testing.T) {
	for _, c := range errorCases {
		_, err := ParseMapping("shop/smelt.yml", []byte(c.text))
		var e *pipeline.Error
		if !errors.As(err, &e) {
			t.Errorf("%s\n  no error, want %s %s", c.text, c.place, c.msg)
			continue
		}
		if place := fmt.Sprintf("%d:%d", e.Line, e.Col); place != c.place || e.File != "shop/smelt.yml" || e.Kind != pipeline.ErrConfig ||
			!strings.Contains(e.Error(), c.msg) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s\n  got  %v\n  want %s, %q, hint %q", c.text, e, c.place, c.msg, c.hint)
		}
	}
}
