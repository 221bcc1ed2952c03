package unit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/unit"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// shop is a mapping that every test stands on: a dialect, a lookup, returns of two
// kinds.
const shop = `lookups:
  land: {files: land.csv, key: Id}
sources:
  - {table: products, files: p.csv, columns: {product_id: Id, unit_price: Price}}
  - table: sales
    files: s_*.csv
    delimiter: semicolon
    number: {decimal: ","}
    encoding: windows-1252
    columns: {order_id: Order, ordered_at: {from: Day, dates: "%d.%m.%Y"}, customer_id: Who, product_id: What, quantity: Qty, unit_price: Price, country: "land[Land].Name"}
  - {table: sales, kind: returns, files: r.csv, columns: {product_id: What, quantity: Qty, ordered_at: Day, order_id: Order}}
returns: {orders: [{files: back.csv, columns: {order_id: Order}}]}
tests:
`

// run runs the tests of a text that follows the shop's, and returns a line for
// each result and each row that is not as expected.
func run(t *testing.T, tests string, dir string) (string, error) {
	t.Helper()
	m, err := bronze.ParseMapping("smelt.yml", []byte(shop+tests))
	if err != nil {
		return "", err
	}
	m.Dir = dir
	results, err := unit.Run(context.Background(), m, csvio.Open, func(string) bool { return true })
	var b strings.Builder
	text := func(s *string) string {
		if s == nil {
			return "NULL"
		}
		return *s
	}
	for _, r := range results {
		fmt.Fprintf(&b, "%s %d %s %s\n", r.Test, r.Line, r.Status, r.Message)
		for _, table := range r.Tables {
			for _, row := range table.Rows {
				fmt.Fprintf(&b, " %s %s:", table.Table, row.Status)
				for _, c := range row.Cells {
					fmt.Fprintf(&b, " %s %s/%s", c.Column, text(c.Expected), text(c.Actual))
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String(), err
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "land.csv"), []byte("Id,Name\nF,Frankreich\nE,España\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, tests, want string }{
		{"values and the shop's own lookup", `
  - name: t
    given:
      - {input: sales, rows: [{Order: 007, Day: 09.03.2024, Who: K, What: L, Qty: 2, Price: "19,90", Land: E}]}
    expect:
      - {table: silver.fact_sales, rows: [{order_id: 007, order_date: 2024-03-09, ordered_at: 2024-03-09, revenue: 39.8, country: Spain, line_number: null}]}
      - {table: gold.sales_summary, where: grain = 'day', rows: [{revenue: 39.80, orders: 1}]}
      - {table: silver.dim_customers, rows: [{customer_id: K, is_inferred: false}]}
      - {table: silver.quarantine, rows: []}
`, "t 14 pass \n"},
		{"texts of files, in their dialect", `
  - name: t
    given:
      - input: s_1.csv
        rows: |
          Order;Day;Who;What;Qty;Price;Land
          1;09.03.2024;K;"L;M";1;1,5;F
      - {input: land, rows: "Id,Name\nF,Österreich"}
      - {input: back.csv, rows: [{Order: 1}]}
      - {input: returns, rows: [{What: P, Qty: 1, Day: 2024-03-10}]}
      - {input: products, rows: [{Id: P, Price: 2}]}
    expect:
      - table: silver.fact_sales
        rows: |
          product_id, line_type, revenue
          P, return, -2
          L;M, return, -1.5
          L;M, sale, 1.5
      - table: bronze.sales
        rows: [{_source_file: given://s_1.csv, country: Österreich}, {_source_file: given://returns, country: null}]
`, "t 14 pass \n"},
		{"rows of no key", `
  - name: t
    given:
      - {input: sales, rows: [{Order: 1, Day: 09.03.2024, What: L, Qty: 1, Price: 1}, {Order: 1, Day: 09.03.2024, What: L, Qty: 1, Price: 1}, {Order: 2, Day: 09.03.2024, What: M, Qty: 3, Price: 1}]}
    expect:
      - table: silver.fact_sales
        rows: [{product_id: L, quantity: 1}, {product_id: M, quantity: 2}, {product_id: N, quantity: 7}]
`, "t 14 fail \n silver.fact_sales differs: product_id M/M quantity 2/3\n silver.fact_sales missing: product_id N/NULL quantity 7/NULL\n silver.fact_sales unexpected: product_id NULL/L quantity NULL/1\n"},
		{"rows of a key", `
  - name: t
    given:
      - {input: products, rows: [{Id: A, Price: 1}, {Id: B}]}
    expect:
      - table: silver.dim_products
        rows: [{product_id: A, unit_price: null, category: Uncategorized}, {product_id: C, unit_price: null, category: Uncategorized}]
`, "t 14 fail \n silver.dim_products differs: product_id A/A category Uncategorized/Uncategorized unit_price NULL/1.0000\n silver.dim_products missing: product_id C/NULL category Uncategorized/NULL unit_price NULL/NULL\n silver.dim_products unexpected: product_id NULL/B category NULL/Uncategorized unit_price NULL/NULL\n"},
		{"two files", `
  - name: two files
    given:
      - {input: sales, rows: [{Order: 1, Day: 09.03.2024, What: L, Qty: 1, Price: 1}]}
      - {input: sales, rows: [{Order: 2, Day: 09.03.2024, What: L, Qty: 1, Price: 1}]}
    expect:
      - {table: bronze.sales, rows: [{order_id: 1, _source_file: "given://sales"}, {order_id: 2, _source_file: "given://sales/2"}]}
`, "two files 14 pass \n"},
		{"no tables come of it", `
  - name: t
    given:
      - {input: sales, rows: "Order;Day\n1;09.03.2024"}
    expect:
      - {table: bronze.sales, rows: []}
`, "t 14 error given://sales: column \"Who\": the file has no such column\n  the file's columns are: Order, Day\n"},
	} {
		if got, err := run(t, c.tests[1:], dir); err != nil || got != c.want {
			t.Errorf("%s: %v\n got %q\nwant %q", c.name, err, got, c.want)
		}
	}
}

// Mistakes in a test are errors with their place, and no test is run then.
func TestWrong(t *testing.T) {
	const head = "  - name: t\n    given: [{input: products, rows: [{Id: 1}]}]\n    expect:\n"
	for tests, want := range map[string]string{
		"  - {name: t, expect: [{table: silver.fact_sale, rows: []}]}":                                                       `smelt.yml:14:24: test "t": there is no table "silver.fact_sale"` + "\n" + `  did you mean "silver.fact_sales"?`,
		"  - name: t\n    given:\n      - {input: product, rows: []}\n    expect: [{table: bronze.sales, rows: []}]":         `smelt.yml:16:9: test "t": no source or lookup is called "product"` + "\n" + `  did you mean "products"?`,
		"  - name: t\n    given:\n      - {input: products, rows: [{id: 1}]}\n    expect: [{table: bronze.sales, rows: []}]": `smelt.yml:16:35: test "t": the mapping reads no column "id" of products` + "\n" + `  did you mean "Id"?`,
		"  - name: t\n    given:\n      - {input: land, rows: [{Nam: 1}]}\n    expect: [{table: bronze.sales, rows: []}]":    `smelt.yml:16:31: test "t": the mapping reads no column "Nam" of land` + "\n" + `  did you mean "Name"?`,
		head + "      - {table: bronze.products, rows: [{product: 1}]}":                                                      `smelt.yml:17:42: test "t": bronze.products has no column "product"` + "\n" + `  did you mean "product_id"?`,
		head + "      - {table: bronze.products, rows: [{unit_price: 1.00001}]}":                                             `smelt.yml:17:42: test "t": unit_price: "1.00001" is a number of more than the 4 decimals that the column has`,
		head + "      - {table: bronze.products, rows: [{unit_price: 1e3}]}":                                                 `smelt.yml:17:42: test "t": unit_price: "1e3" is no number, written plainly: 19.90`,
		head + "      - {table: bronze.products, rows: [{updated_at: soon}]}":                                                `smelt.yml:17:42: test "t": updated_at: "soon" is no time, written as 2024-01-31 or 2024-01-31 10:00`,
		head + "      - {table: bronze.products, rows: [{product_id: 1, brand: x}, {product_id: 2}]}":                        `smelt.yml:17:68: test "t": the row leaves out brand, which another row of the table has` + "\n" + `  write its value, or brand: null`,
		head + "      - {table: bronze.products, where: id = 1, rows: []}":                                                   `smelt.yml:17:9: test "t": where: condition, character 1: there is no column "id"`,
		head + "      - table: bronze.products\n        rows: |\n          product_id,brand\n          1":                    `smelt.yml:20:1: test "t": rows: not CSV: wrong number of fields`,
		head + "      - {table: bronze.products}":                                                                            "smelt.yml:17:9: the table has no rows\n  write rows: [] for an empty table",
		"  - {name: t, expect: []}": "smelt.yml:14:5: test \"t\" expects nothing\n  name a table and its rows under expect",
		"  - {expect: []}":          "smelt.yml:14:5: the test has no name\n  name it by what it shows",
	} {
		got, err := run(t, tests, "")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n got %q, %v\nwant %q", tests, got, err, want)
		}
		if e, ok := err.(*pipeline.Error); ok && e.Kind != pipeline.ErrConfig {
			t.Errorf("%s: kind %v", tests, e.Kind)
		}
	}
}
