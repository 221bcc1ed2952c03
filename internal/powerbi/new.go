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
	Name     string            // the project's: a file name
	Tables   []*pipeline.Table // declarations: silver's fact and dimensions, and gold
	Source   Source            // where Power BI reads the tables
	Personal bool              // with the columns that tell who a customer is
}

// New makes the model of a shop: a star of fact_sales, dim_customers, dim_products
// and a calendar, the tables of gold, and every measure of package metrics.
//
// Left out are columns that a model is better without: personal ones unless they
// are asked for, those that say where a row comes from, and moments, which are
// larger than all others together. Errors are of kind pipeline.ErrConfig.
func New(o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Model{Name: o.Name, Expressions: o.Source.parameters(), Tables: []Table{measuresTable(), calendar()}}
	for _, t := range o.Tables {
		if own(t) {
			m.Tables = append(m.Tables, table(t, o))
		}
	}
	m.Relationships = relationships()
	return m, m.Check()
}

// own reports whether a table is in the model.
func own(t *pipeline.Table) bool {
	return t.Layer() == "gold" || t.Layer() == "silver" && slices.Contains([]string{FactTable, CustomersTable, ProductsTable}, t.Base())
}

// check returns an error where no model can be made of o.
func (o Options) check() error {
	if o.Name == "" || o.Name != filepath.Base(o.Name) || strings.ContainsAny(o.Name, `<>:"/\|?*'`) || strings.HasPrefix(o.Name, ".") || strings.TrimSpace(o.Name) != o.Name {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: o.Name, Msg: "not a name of a project", Hint: "it becomes the names of files and folders, on Windows too"}
	}
	return o.Source.check()
}

// table is a table of the lake as the model has it.
func table(t *pipeline.Table, o Options) Table {
	out := Table{Name: t.Base(), Doc: t.Doc}
	for _, c := range t.Columns {
		if strings.HasPrefix(c.Name, "_") || pipeline.SameType(c.Type, pipeline.TimestampType) || pipeline.SameType(c.Type, pipeline.BinaryType) || c.PII != "" && !o.Personal {
			continue
		}
		out.Columns = append(out.Columns, column(t, c))
	}
	if t.Base() == FactTable {
		out.Hierarchies = []Hierarchy{{Name: "Geography", Levels: []string{"country", "state", "city"}}}
	}
	if t.Base() == ProductsTable {
		out.Hierarchies = []Hierarchy{{Name: "Categories", Levels: []string{"category", "subcategory", "product_name"}}}
	}
	out.Query = o.Source.query(t.Layer(), out)
	return out
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
