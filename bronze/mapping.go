package bronze

import (
	"slices"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// Mapping says how a shop's files become the bronze tables, and by which rules
// silver and gold work on them. smelt.yml is its text; LoadMapping reads that,
// and a library user may build one in Go (call Check before using it). It is
// not changed after Check and safe for concurrent reading.
type Mapping struct {
	File     string                // smelt.yml as it was named, for errors; "" = built in Go
	Dir      string                // the data folder, which Files are relative to
	Output   string                // where tables go, relative to smelt.yml; default "lake"
	Format   string                // of the tables: "delta" (default) or "parquet"
	Events   string                // where OpenLineage events go, unless the caller or the environment says; "" = nowhere
	Location *time.Location        // top-level timezone: of times without an offset, and of order_date; nil = UTC
	Lookups  map[string]LookupSpec // small reference files, by name
	Sources  []SourceSpec          // in order; "last" means last in this order
	Rules    Rules
	Checks   []check.Check // besides those that the tables declare
	Tests    []TestSpec    // of the mapping itself

	Dashboard DashboardSpec
}

// Fills reports whether a source fills a bronze table: customers, products or sales.
func (m *Mapping) Fills(table string) bool {
	return slices.ContainsFunc(m.Sources, func(s SourceSpec) bool { return s.Table == table })
}

// Derives reports whether rows of customers or products are made from the lines
// of a sales source: it maps their key, and no file fills them or the lines
// carry attributes of them.
func (m *Mapping) Derives(table string, s *SourceSpec) bool {
	key, attributes := "customer_id", s.Customers
	if table == "products" {
		key, attributes = "product_id", s.Products
	}
	mapped := slices.ContainsFunc(s.Columns, func(c ColumnSpec) bool { return c.Column == key })
	return s.Table == "sales" && mapped && (!m.Fills(table) || len(attributes) > 0)
}

// LookupSpec is a small reference file, held in memory and read by key.
type LookupSpec struct {
	Files []string // paths or globs
	Key   string   // the column that holds the key
	Fill  bool     // of a repeated key's records, an empty value does not replace one that is given
	Read  pipeline.File

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

// SourceSpec is one or more files of one layout that fill one bronze table.
type SourceSpec struct {
	Table    string          // customers, products or sales
	Kind     string          // "" or, for sales, "returns": every line is a return document
	Files    []string        // paths or globs, in order; a glob's files in natural order
	Read     pipeline.File   // dialect; Path and Name are filled in per file
	Location *time.Location  // of times without an offset; nil = the mapping's
	Number   pipeline.Number // how numbers are written, unless a column says otherwise
	Nulls    []string        // texts that mean NULL, besides the empty one
	Columns  []ColumnSpec    // bronze columns, in the bronze table's order

	BadRecords string      // "quarantine" (default) or "strict": the first bad record stops the run
	MaxRejects RejectLimit // more of them fail the run

	// Overlap is "" or, for sales without a line_number, "max": a line that several
	// files of the source carry counts as often as the file that has it most often.
	Overlap string

	// Attributes of customers and products that stand on the sales lines: they
	// fill the dimension rows of keys that no customers or products file has.
	// Only columns of bronze.customers and bronze.products other than the key.
	Customers []ColumnSpec
	Products  []ColumnSpec

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

// ColumnSpec says where one bronze column comes from. Exactly one of From,
// Value and Template is set. A source text that is empty or one of Nulls is
// NULL; From takes its first that is not; Map then replaces the text; and what
// results is cast to the column's type. See Mapping.Cast.
type ColumnSpec struct {
	Column   string            // the bronze column
	From     []string          // source expressions, the first non-empty value counts: a column's name or lookup[expression].Column
	Value    *string           // a constant
	Template string            // text with {expressions} in it; see ParseTemplate
	Map      map[string]string // replaces values that equal a key; others stay
	Dates    []string          // strftime patterns, tried in order
	Location *time.Location    // nil = the source's
	Number   *pipeline.Number  // nil = the source's
	Nulls    []string          // nil = the source's
	Integer  bool              // ids: 17850.0 is 17850

	Line, Col int // where it stands in smelt.yml, for errors
}

// Rules are the choices that the contract of the tables leaves to the shop.
// Zero values are its defaults, which Check fills in; an empty list that is not
// nil means none.
type Rules struct {
	ReturnValues     []string // line_type values that mean a return; default return, returned, refund, refunded
	ReturnedStatuses []string // status values of a sale that came back; default returned, refunded, cancelled, canceled
	ReturnedDated    bool     // a sale that has a returned_at came back, whatever its status
	ReturnPrefix     string   // order ids that begin with it are returns; default none
	ReturnedOrders   []ReturnedOrdersSpec
	Currency         string        // keep only lines of this currency; "" = more than one fails the run
	DateFrom, DateTo pipeline.Date // valid order dates, inclusive; default 1970-01-01 and 2100-12-31, set by Check
	ReferenceDate    pipeline.Null[pipeline.Date]
	RFM              RFM
}

// ReturnedOrdersSpec is a list of orders, or of orders and products, that came back.
type ReturnedOrdersSpec struct {
	Files    []string
	Read     pipeline.File
	Columns  []ColumnSpec   // order_id, product_id?, returned_at?
	Location *time.Location // of times without an offset; nil = the mapping's

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

// RFM says how customers are scored and named (gold.customer_segmentation).
type RFM struct {
	Recency, Frequency, Monetary string       // scoring of each: "ntile" (default) or "quantile"
	MonetaryMeasure              string       // "revenue" (default) or another sum of customer_metrics
	Grid                         [5][5]string // segment by R-1 and F-1; default DefaultGrid
}

// DefaultGrid is the usual R × F grid: DefaultGrid[r-1][f-1].
var DefaultGrid = [5][5]string{
	{"Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"},
	{"Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"},
	{"About To Sleep", "About To Sleep", "Need Attention", "Loyal Customers", "Loyal Customers"},
	{"Promising", "Potential Loyalists", "Potential Loyalists", "Loyal Customers", "Loyal Customers"},
	{"New Customers", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"},
}
