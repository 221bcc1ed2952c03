package powerbi

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Options say what a model is made of.
type Options struct {
	Name     string              // the project's: a file name
	Tables   []*pipeline.Table   // declarations: silver's fact and dimensions, and gold
	Source   Source              // where Power BI reads the tables
	Lacking  map[string][]string // by table of silver, columns without a value: see Lacking
	Personal bool                // with the columns that tell who a customer is
}

// New makes the model of a shop: a star of fact_sales, dim_customers, dim_products
// and a calendar, the tables of gold, and every measure of package metrics.
//
// Left out are columns that a model is better without: personal ones unless they
// are asked for, those that say where a row comes from, and moments, which are
// larger than all others together. So is what the shop lacks, and what is made of
// that: measures, columns of gold, the tables of customers where it knows none.
// Errors are of kind pipeline.ErrConfig.
func New(o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Model{Name: o.Name, Expressions: o.Source.parameters(), Tables: []Table{measuresTable(o), calendar()}}
	for _, t := range o.Tables {
		if own(t) && !(o.lacks("customer_id") && slices.Contains(customerTables, t.Base())) {
			m.Tables = append(m.Tables, table(t, o))
		}
	}
	m.Relationships = slices.DeleteFunc(relationships(), func(r Relationship) bool {
		return m.Column(r.From) == nil && o.lacks("customer_id") && slices.Contains(customerTables, r.To.Table)
	})
	return m, m.Check()
}

// customerTables are about customers, and nothing else.
var customerTables = []string{CustomersTable, "customer_metrics", "customer_segmentation"}

// lacks reports whether no line of the fact has a value in one of the columns.
func (o Options) lacks(columns ...string) bool {
	return slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(o.Lacking["silver."+FactTable], c) })
}

// leaves reports whether the model leaves a column of the lake out.
func (o Options) leaves(t *pipeline.Table, c pipeline.Column) bool {
	if strings.HasPrefix(c.Name, "_") || pipeline.SameType(c.Type, pipeline.TimestampType) || pipeline.SameType(c.Type, pipeline.BinaryType) || c.PII != "" && !o.Personal {
		return true
	}
	if t.Layer() == "gold" {
		m, err := metrics.ByName(c.Name)
		return err == nil && o.lacks(m.Columns()...)
	}
	return slices.Contains(o.Lacking[t.Name], c.Name)
}

// own reports whether a table is in the model.
func own(t *pipeline.Table) bool {
	return t.Layer() == "gold" || t.Layer() == "silver" && slices.Contains([]string{FactTable, CustomersTable, ProductsTable}, t.Base())
}

// check returns an error where no model can be made of o.
func (o Options) check() error {
	if o.Name == "" || o.Name != filepath.Base(o.Name) || strings.ContainsAny(o.Name, `<>:"/\|?*`) || strings.Trim(o.Name, ".") != o.Name || strings.TrimSpace(o.Name) != o.Name {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: o.Name, Msg: "not a name of a project", Hint: "it becomes the names of files and folders, on Windows too: --name gives another"}
	}
	return o.Source.check()
}

// table is a table of the lake as the model has it.
func table(t *pipeline.Table, o Options) Table {
	out := Table{Name: t.Base(), Doc: t.Doc}
	for _, c := range t.Columns {
		if !o.leaves(t, c) {
			out.Columns = append(out.Columns, column(t, c))
		}
	}
	for _, h := range ways[t.Base()] {
		h.Levels = slices.DeleteFunc(slices.Clone(h.Levels), func(level string) bool {
			return !slices.ContainsFunc(out.Columns, func(c Column) bool { return c.Name == level })
		})
		if len(h.Levels) > 1 {
			out.Hierarchies = append(out.Hierarchies, h)
		}
	}
	out.Query = o.Source.query(t.Layer(), out)
	return out
}

// ways are the hierarchies of the lake's tables; levels that a shop lacks are left out.
var ways = map[string][]Hierarchy{
	FactTable:     {{Name: "Geography", Levels: []string{"country", "state", "city"}}},
	ProductsTable: {{Name: "Categories", Levels: []string{"category", "subcategory", "product_name"}}},
}

// column is a column of the lake as the model has it.
func column(t *pipeline.Table, c pipeline.Column) Column {
	out := Column{Name: c.Name, Doc: c.Doc, Category: categories[c.Name], Hidden: hidden(t.Base(), c.Name), Sum: adds(t, c.Name)}
	out.Key = (t.Base() == CustomersTable || t.Base() == ProductsTable) && slices.Equal(t.Key, []string{c.Name})
	switch pipeline.TypeName(c.Type) {
	case "int64", "int32":
		out.Type, out.Format = Whole, "#,0"
	case "price", "sum":
		out.Type, out.Format = Money, money
	case "ratio", "rate":
		out.Type, out.Format = Fraction, percent
	case "float64", "float32": // of a table of somebody else
		out.Type = Fraction
	case "date":
		out.Type, out.Format = DateTime, day
	case "bool":
		out.Type = Bool
	default:
		out.Type = Text
	}
	return out
}

// Format strings of Power BI.
const (
	count   = "#,0"
	money   = "#,0.00"
	percent = "0.0%;-0.0%;0.0%"
	day     = "Short Date"
)

// categories say what a map makes of columns.
var categories = map[string]string{"country": "Country", "state": "StateOrProvince", "city": "City", "postal_code": "PostalCode"}

// hidden reports whether people need not see a column: keys are seen in their own
// dimension only, and what measures are of is seen as these.
func hidden(table, column string) bool {
	switch {
	case column == "is_inferred":
		return true
	case table == CustomersTable || table == ProductsTable:
		return false
	case strings.HasSuffix(column, "_id"):
		return true
	}
	return table == FactTable && (column == "line_number" || column == "order_date" || measured(column))
}

// measured reports whether a measure is of a column's numbers.
func measured(column string) bool {
	for b := range metrics.Base(metrics.NumBases) {
		if d := b.Definition(); d.Column == column && (d.Op == metrics.OpSum || d.Op == metrics.OpSumAbs) {
			return true
		}
	}
	return false
}

// adds reports whether the sum of a column means something. It does for sums, of
// lines or of groups of them that have no line in common.
func adds(t *pipeline.Table, column string) bool {
	if column == "tax_amount" || column == "monetary" {
		return true
	}
	if t.Base() == FactTable {
		return measured(column)
	}
	if slices.Contains(t.Key, "grain") || slices.Contains(t.Key, "level") {
		return false // days are in months, and states in countries
	}
	m, err := metrics.ByName(column)
	if err != nil || m.Den != nil {
		return false
	}
	for _, b := range m.Needs().Bases() {
		if op := b.Definition().Op; op != metrics.OpSum && op != metrics.OpSumAbs {
			return false
		}
	}
	return t.Layer() == "gold"
}

// relationships are the star's, and what gold knows of a customer, a product or a
// day beside it. A row of gold and the row of its dimension are one to one, so
// that a segment filters the sales, and a country the segments.
func relationships() []Relationship {
	many := func(table, column, to, key string) Relationship {
		return Relationship{From: Field{table, column}, To: Field{to, key}}
	}
	one := func(table, to, key string) Relationship {
		return Relationship{From: Field{table, key}, To: Field{to, key}, One: true}
	}
	return []Relationship{
		many(FactTable, "customer_id", CustomersTable, "customer_id"),
		many(FactTable, "product_id", ProductsTable, "product_id"),
		many(FactTable, "order_date", CalendarTable, "date"),
		many("sales_summary", "period_start", CalendarTable, "date"),
		one("customer_metrics", CustomersTable, "customer_id"),
		one("customer_segmentation", CustomersTable, "customer_id"),
		one("product_performance", ProductsTable, "product_id"),
	}
}
