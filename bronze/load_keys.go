package bronze

import (
	"slices"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// The values that a key may have; Check holds mappings to them.
var (
	tableNames    = []string{"customers", "products", "sales"}
	kinds         = []string{"returns"}
	outputFormats = []string{"delta", "parquet"}
	formats       = []string{"csv", "parquet", "delta"}
	compressions  = []string{"none", "gzip", "zstd", "zip"}
	badRecords    = []string{"quarantine", "strict"}
	encodings     = []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252", "latin-1"}
	scorings      = []string{"ntile", "quantile"}
	measures      = []string{"revenue", "sales", "returns", "discounts"}
	overlaps      = []string{"max"}
)

// The columns that a list of returned orders may fill, of bronze.sales.
var returnedColumns = []string{"order_id", "product_id", "returned_at"}

var tables = map[string]*pipeline.Table{"customers": Customers.Table, "products": Products.Table, "sales": Sales.Table}

// What smelt.yml holds, block by block. A key is declared here and nowhere
// else: the decoder, the JSON Schema and docs/configuration.md follow.

var mappingBlock = &block[Mapping]{
	name: "mapping", doc: "Only sources must be given.",
	keys: []key[Mapping]{
		field("output", text, func(m *Mapping) *string { return &m.Output }, "lake", "lake",
			"Folder that the tables are written to, relative to smelt.yml."),
		field("format", choice(outputFormats), func(m *Mapping) *string { return &m.Format }, "delta", "parquet",
			"What the tables are: Delta tables, whose next run reads new files only, or folders of Parquet files, all written by each run."),
		field("openlineage", text, func(m *Mapping) *string { return &m.Events }, "none", "file:events.jsonl",
			"Where OpenLineage events of runs go, unless --openlineage or OPENLINEAGE_URL says: console, file:PATH, relative to smelt.yml, or a server's address."),
		field("timezone", zone, locationOf, "UTC", "Europe/Berlin",
			"The shop's time zone: times without an offset are in it, and its midnight ends a day of sales."),
		field("lookups", named(lookupBlock), func(m *Mapping) *map[string]LookupSpec { return &m.Lookups }, "none", "{territory: {files: territories.csv, key: Id}}",
			"Small reference files, by names of your choice; columns use them as name[KeyColumn].Column."),
		field("sources", listOf(sourceBlock), func(m *Mapping) *[]SourceSpec { return &m.Sources }, required, "[{table: customers, files: customers.csv, columns: {customer_id: Id}}]",
			"The shop's files, in order; where records repeat, later ones count as newer."),
		field("returns", inside(returnsBlock), func(m *Mapping) *Rules { return &m.Rules }, "see below", "{order_prefix: C}",
			"How returns show among the sales."),
		field("currency", text, func(m *Mapping) *string { return &m.Rules.Currency }, "none", "EUR",
			"Keep only lines of this currency and quarantine others; without it a second currency fails the run."),
		field("dates", inside(datesBlock), func(m *Mapping) *Rules { return &m.Rules }, "see below", "{from: 2015-01-01}",
			"The order dates that can be right; lines outside are quarantined."),
		field("reference_date", present(day), func(m *Mapping) *pipeline.Null[pipeline.Date] { return &m.Rules.ReferenceDate }, "the day after the newest order", "2017-07-01",
			"The day that recency and tenure are counted to."),
		field("rfm", inside(rfmBlock), func(m *Mapping) *RFM { return &m.Rules.RFM }, "see below", "{measure: sales}",
			"How customers are scored and named by recency, frequency and monetary value."),
		field("checks", listOf(checkBlock), func(m *Mapping) *[]check.Check { return &m.Checks }, "none", `[{table: silver.fact_sales, kind: range, columns: quantity, max: 1000}]`,
			"Rules about the tables, besides those that all shops have: where one fails, nothing is published."),
		field("tests", listOf(testBlock), func(m *Mapping) *[]TestSpec { return &m.Tests }, "none", `[{name: two lamps, given: [{input: sales, rows: [{Order: 1, Qty: 2}]}], expect: [{table: silver.fact_sales, rows: [{quantity: 2}]}]}]`,
			"Unit tests of the mapping: given records, and what the tables hold then."),
		field("dashboard", inside(dashboardBlock), func(m *Mapping) *DashboardSpec { return &m.Dashboard }, "none", "{name: Alpine Sports}",
			"What the pages of smelt dashboard say about the shop, and pages of its own."),
	},
}

func locationOf(m *Mapping) **time.Location { return &m.Location }

var lookupBlock = &block[LookupSpec]{
	name: "lookup", doc: "A small reference file, held in memory. Where a key repeats, its last record counts; a key that it has not gives NULL.",
	keys: slices.Concat([]key[LookupSpec]{
		field("files", texts, func(l *LookupSpec) *[]string { return &l.Files }, required, "territories.csv",
			"Path or glob, or a list of them, relative to the data folder."),
		field("key", text, func(l *LookupSpec) *string { return &l.Key }, required, "SalesTerritoryKey",
			"The file's column that holds the key."),
		field("fill", flag, func(l *LookupSpec) *bool { return &l.Fill }, "false", "true",
			"Where a key repeats, the last value that is not empty counts, column by column: for what stands on the first line of an order alone."),
	}, reading(func(l *LookupSpec) *pipeline.File { return &l.Read })),
}

var sourceBlock = &block[SourceSpec]{
	name: "source", doc: "One or more files of one layout, which fill one bronze table.",
	keys: slices.Concat([]key[SourceSpec]{
		field("table", choice(tableNames), func(s *SourceSpec) *string { return &s.Table }, required, "sales",
			"What the files hold, one record each: customers, products, or lines of sales."),
		field("kind", choice(kinds), func(s *SourceSpec) *string { return &s.Kind }, "none", "returns",
			"On sales: every record is a return; it needs no order_id."),
		field("files", texts, func(s *SourceSpec) *[]string { return &s.Files }, required, "[sales_*.csv, more/sales.csv.gz]",
			"Path or glob, or a list of them, relative to the data folder; a glob's files in natural order."),
		field("columns", columns("columns", nil, Customers.Table, Products.Table, Sales.Table), func(s *SourceSpec) *[]ColumnSpec { return &s.Columns }, required, "{order_id: OrderNumber, quantity: Qty}",
			"The bronze table's columns, each with where it comes from."),
		field("customers", columns("customers_on_sales", []string{"customer_id"}, Customers.Table), func(s *SourceSpec) *[]ColumnSpec { return &s.Customers }, "none", "{country: Country}",
			"On sales: columns of bronze.customers that stand on the lines, for customers that no file has."),
		field("products", columns("products_on_sales", []string{"product_id"}, Products.Table), func(s *SourceSpec) *[]ColumnSpec { return &s.Products }, "none", "{product_name: Description}",
			"On sales: columns of bronze.products that stand on the lines, for products that no file has."),
		field("overlap", choice(overlaps), func(s *SourceSpec) *string { return &s.Overlap }, "none", "max",
			"On sales without a line_number: a line that several of the files carry counts as often as the file that has it most often."),
	}, reading(func(s *SourceSpec) *pipeline.File { return &s.Read }), []key[SourceSpec]{
		field("timezone", zone, func(s *SourceSpec) **time.Location { return &s.Location }, "the top level's", "UTC",
			"Time zone of these files' times that carry no offset."),
		field("number", inside(numberBlock), func(s *SourceSpec) *pipeline.Number { return &s.Number }, "plain digits", `{decimal: ",", thousands: "."}`,
			"How these files write numbers."),
		field("nulls", texts, func(s *SourceSpec) *[]string { return &s.Nulls }, "none", "[NULL, N/A]",
			"Texts that mean no value, besides the empty one."),
		field("bad_records", choice(badRecords), func(s *SourceSpec) *string { return &s.BadRecords }, "quarantine", "strict",
			"What becomes of records that cannot be split into fields: they go to bronze.rejects, or the first one stops the run."),
		field("max_rejects", rejectLimit, func(s *SourceSpec) *RejectLimit { return &s.MaxRejects }, "none", "1%",
			"How many records of the source may be rejected, or which share of them, before the run fails."),
	}),
	// Editors then offer the columns of the table at hand.
	more: func(s *schemas, o object) {
		var cases []any
		for _, t := range tableNames {
			cases = append(cases, object{
				"if":   object{"properties": object{"table": object{"const": t}}, "required": []any{"table"}},
				"then": object{"properties": object{"columns": columns(t, nil, tables[t]).schema(s)}},
			})
		}
		o["allOf"] = cases
	},
}

var columnBlock = &block[ColumnSpec]{
	name: "column", doc: "Where one bronze column comes from. A source column's name or a lookup alone is short for {from: …}.",
	keys: []key[ColumnSpec]{
		field("from", texts, func(c *ColumnSpec) *[]string { return &c.From }, "none", "[MobilePhone, HomePhone]",
			"A source column or a lookup, or a list of them: the first that has a value counts."),
		field("value", optional(text), func(c *ColumnSpec) **string { return &c.Value }, "none", "web",
			"A constant instead, written plainly: 0.19, 2017-06-30, web."),
		field("template", text, func(c *ColumnSpec) *string { return &c.Template }, "none", `"{Store}-{Receipt}"`,
			"A text of several source columns or lookups instead; no value where one of them has none. {{ and }} are braces."),
		field("map", textMap, func(c *ColumnSpec) *map[string]string { return &c.Map }, "none", "{M: male, F: female}",
			"Values to replace, each with its replacement (null for no value); others stay."),
		field("dates", texts, func(c *ColumnSpec) *[]string { return &c.Dates }, "ISO 8601", `["%m/%d/%Y", "%d.%m.%Y"]`,
			"On dates and times: how they are written, as strftime patterns, tried in order."),
		field("timezone", zone, func(c *ColumnSpec) **time.Location { return &c.Location }, "the source's", "UTC",
			"On times: the time zone of those that carry no offset."),
		field("number", optional(inside(numberBlock)), func(c *ColumnSpec) **pipeline.Number { return &c.Number }, "the source's", "{percent: true}",
			"On numbers: how they are written, in place of the source's number."),
		field("nulls", texts, func(c *ColumnSpec) *[]string { return &c.Nulls }, "the source's", "[unknown]",
			"Texts that mean no value, in place of the source's nulls."),
		field("integer", flag, func(c *ColumnSpec) *bool { return &c.Integer }, "false", "true",
			"On texts: drop a zero fraction, so that the id 17850.0 is 17850."),
	},
}

var numberBlock = &block[pipeline.Number]{
	name: "number block", doc: "How numbers are written.",
	keys: []key[pipeline.Number]{
		field("decimal", separator, func(n *pipeline.Number) *byte { return &n.Decimal }, `"."`, `","`,
			"What separates the fraction."),
		field("thousands", separator, func(n *pipeline.Number) *byte { return &n.Thousands }, "none", `"."`,
			"What separates groups of three digits."),
		field("currency", flag, func(n *pipeline.Number) *bool { return &n.Currency }, "false", "true",
			"Drop a currency sign or code before or after the number: $12.50, 12.50 EUR."),
		field("percent", flag, func(n *pipeline.Number) *bool { return &n.Percent }, "false", "true",
			"Read 12.5% as 0.125."),
		field("parentheses", flag, func(n *pipeline.Number) *bool { return &n.Parentheses }, "false", "true",
			"Read (12.50) as -12.50."),
	},
}

var returnsBlock = &block[Rules]{
	name: "returns block", doc: "How returns show among the sales. A line with a negative quantity or amount is always a return.",
	keys: []key[Rules]{
		field("values", texts, func(r *Rules) *[]string { return &r.ReturnValues }, "return, returned, refund, refunded", "[RET]",
			"Values of line_type that mean a return, in any case."),
		field("order_prefix", text, func(r *Rules) *string { return &r.ReturnPrefix }, "none", "C",
			"Lines whose order_id begins with it are returns."),
		field("statuses", texts, func(r *Rules) *[]string { return &r.ReturnedStatuses }, "returned, refunded, cancelled, canceled", "[sent back]",
			"Values of status, in any case, of a sale that came back: it stays a sale and gets a return."),
		field("dated", flag, func(r *Rules) *bool { return &r.ReturnedDated }, "false", "true",
			"Whether a sale that has a returned_at came back, whatever its status."),
		field("orders", listOf(returnedBlock), func(r *Rules) *[]ReturnedOrdersSpec { return &r.ReturnedOrders }, "none", "[{files: returns.csv, columns: {order_id: Order ID}}]",
			"Files that list orders, or products of orders, that came back: their sales stay and get returns."),
	},
}

var returnedBlock = &block[ReturnedOrdersSpec]{
	name: "list of returned orders", doc: "A file that names orders that came back. Its columns are taken as they stand: only from, and for returned_at dates and timezone.",
	keys: slices.Concat([]key[ReturnedOrdersSpec]{
		field("files", texts, func(r *ReturnedOrdersSpec) *[]string { return &r.Files }, required, "returns.csv",
			"Path or glob, or a list of them, relative to the data folder."),
		field("columns", columns("returned_orders", without(columnNames(Sales.Columns), returnedColumns), Sales.Table), func(r *ReturnedOrdersSpec) *[]ColumnSpec { return &r.Columns }, required, `{order_id: Order ID}`,
			"Where order_id comes from and, if the list has them, product_id and returned_at."),
	}, reading(func(r *ReturnedOrdersSpec) *pipeline.File { return &r.Read }), []key[ReturnedOrdersSpec]{
		field("timezone", zone, func(r *ReturnedOrdersSpec) **time.Location { return &r.Location }, "the top level's", "UTC",
			"Time zone of the list's times that carry no offset."),
	}),
}

var datesBlock = &block[Rules]{
	name: "dates block", doc: "The order dates that can be right, both inclusive.",
	keys: []key[Rules]{
		field("from", day, func(r *Rules) *pipeline.Date { return &r.DateFrom }, "1970-01-01", "2015-01-01",
			"The first day."),
		field("to", day, func(r *Rules) *pipeline.Date { return &r.DateTo }, "2100-12-31", "2017-06-30",
			"The last day."),
	},
}

var rfmBlock = &block[RFM]{
	name: "rfm block", doc: "How customers are scored 1 to 5 and named. ntile cuts the ranked customers into five equal groups; quantile gives equal values the same score.",
	keys: []key[RFM]{
		field("recency", choice(scorings), func(r *RFM) *string { return &r.Recency }, "ntile", "quantile",
			"Scoring of the days since the last order."),
		field("frequency", choice(scorings), func(r *RFM) *string { return &r.Frequency }, "ntile", "quantile",
			"Scoring of the number of orders."),
		field("monetary", choice(scorings), func(r *RFM) *string { return &r.Monetary }, "ntile", "quantile",
			"Scoring of the monetary value."),
		field("measure", choice(measures), func(r *RFM) *string { return &r.MonetaryMeasure }, "revenue", "sales",
			"Which sum of gold.customer_metrics is the monetary value."),
		field("segments", segments, func(r *RFM) *[5][5]string { return &r.Grid }, "the usual ten", `{Best: R4-5 F4-5, Others: ["R1-3 F1-5", "R4-5 F1-3"]}`,
			"Segments by recency and frequency score; together they name each of the 25 cells once."),
	},
}

// reading is how a file is to be read: the same keys wherever files are named.
func reading[T any](at func(*T) *pipeline.File) []key[T] {
	return []key[T]{
		field("format", choice(formats), func(t *T) *string { return &at(t).Format }, "by the file's ending", "csv",
			"The files' format; a folder that is a Delta table is one anyway."),
		field("compression", choice(compressions), func(t *T) *string { return &at(t).Compression }, "by the file's ending", "gzip",
			"How the files are compressed."),
		field("delimiter", characters, func(t *T) *string { return &at(t).Delimiter }, "comma", "semicolon",
			"What separates fields."),
		field("quote", text, func(t *T) *string { return &at(t).Quote }, "a double quote", "none",
			"The character around fields that hold delimiters; none where there is no such."),
		field("escape", text, func(t *T) *string { return &at(t).Escape }, "a doubled quote", `'\'`,
			"The character before a quote that belongs to the field."),
		field("encoding", choice(encodings), func(t *T) *string { return &at(t).Encoding }, "utf-8", "windows-1252",
			"The files' encoding; a byte order mark is understood."),
		field("comment", text, func(t *T) *string { return &at(t).Comment }, "none", `"#"`,
			"Records that begin with it are passed over."),
		field("skip_rows", wholeNumber, func(t *T) *int { return &at(t).SkipRows }, "0", "2",
			"Lines to pass over before the header."),
		field("skip_footer", wholeNumber, func(t *T) *int { return &at(t).SkipFooter }, "0", "1",
			"Lines to pass over at the end; blank ones do not count."),
		field("header", negated(flag), func(t *T) *bool { return &at(t).NoHeader }, "true", "false",
			"Whether the first record names the columns; without it, give names."),
		field("header_rows", wholeNumber, func(t *T) *int { return &at(t).HeaderRows }, "1", "2",
			"How many records name the columns; a column's names are joined by a blank."),
		field("names", texts, func(t *T) *[]string { return &at(t).Names }, "the header's", "[id, name, price]",
			"Names of the columns, in order, in place of the header's."),
	}
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}
