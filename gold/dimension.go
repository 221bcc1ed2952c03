package gold

import (
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// Grain is the length of the periods that a date dimension groups by.
type Grain uint8

// The grains. A week is ISO 8601's and begins on Monday.
const (
	ByDay Grain = iota
	ByWeek
	ByMonth
	ByQuarter
	ByYear
)

var grainNames = [...]string{"day", "week", "month", "quarter", "year"}

// String returns the grain's name: day, week, month, quarter or year.
func (g Grain) String() string { return grainNames[g] }

// Start returns the first day of the period that d lies in.
func (g Grain) Start(d pipeline.Date) pipeline.Date {
	switch g {
	case ByDay:
		return d
	case ByWeek: // 1970-01-01 was a Thursday
		return d - pipeline.Date((((int64(d)+3)%7)+7)%7)
	}
	t := d.Time()
	y, m := t.Year(), t.Month()
	switch g {
	case ByQuarter:
		m -= (m - 1) % 3
	case ByYear:
		m = 1
	}
	return day(y, int(m), 1)
}

// Next returns the first day of the period after the one that begins at start.
func (g Grain) Next(start pipeline.Date) pipeline.Date {
	switch g {
	case ByDay:
		return start + 1
	case ByWeek:
		return start + 7
	}
	t := start.Time()
	months := map[Grain]int{ByMonth: 1, ByQuarter: 3, ByYear: 12}[g]
	return day(t.Year(), int(t.Month())+months, 1)
}

// refines reports whether each period of g lies in one period of coarser.
func (g Grain) refines(coarser Grain) bool {
	switch {
	case g == coarser, g == ByDay:
		return true
	case g == ByWeek, coarser == ByWeek:
		return false
	}
	return g < coarser
}

// Dimension is one column that a gold table groups by: a text or date column
// of the fact, the period that a date lies in, or an attribute of the line's
// customer or product. Dimensions are comparable.
type Dimension struct {
	Name   string // the column's name in the gold table
	Column string // the fact's column that it is read from
	Grain  Grain  // for a date column
	Of     string // an attribute of this dimension table, found by Column: "silver.dim_products"; "" = the column itself
	Attr   string // the attribute's column in Of
}

// Column returns the dimension of a column of the fact: a declared one, or one
// that the user's own stage adds.
func Column(name string) Dimension { return Dimension{Name: name, Column: name} }

// OrderDate returns the dimension of order_date's periods, named after the grain.
func OrderDate(g Grain) Dimension {
	return Dimension{Name: g.String(), Column: "order_date", Grain: g}
}

// CustomerAttribute returns the dimension of a column of dim_customers, named
// customer_<column>. A guest's is NULL.
func CustomerAttribute(column string) Dimension {
	return Dimension{Name: "customer_" + column, Column: "customer_id", Of: silver.DimCustomers.Name, Attr: column}
}

// ProductAttribute returns the dimension of a column of dim_products, named
// product_<column>.
func ProductAttribute(column string) Dimension {
	return Dimension{Name: "product_" + column, Column: "product_id", Of: silver.DimProducts.Name, Attr: column}
}

// As returns the dimension under another column name.
func (d Dimension) As(name string) Dimension { d.Name = name; return d }

// DimensionByName returns the dimension that a mapping calls name: a period
// (day, week, month, quarter, year), a text column of the fact (country,
// category, channel …), or an attribute (customer.segment, product.brand). The
// error of an unknown one names the nearest.
func DimensionByName(name string) (Dimension, error) {
	for g, s := range grainNames {
		if name == s {
			return OrderDate(Grain(g)), nil
		}
	}
	if name == "order_date" {
		return OrderDate(ByDay).As(name), nil
	}
	if table, attr, ok := strings.Cut(name, "."); ok {
		switch table {
		case "customer":
			d := CustomerAttribute(attr)
			return d, d.check()
		case "product":
			d := ProductAttribute(attr)
			return d, d.check()
		}
	}
	d := Column(name)
	if silver.FactSales.Index(name) < 0 {
		return d, d.unknown()
	}
	return d, d.check()
}

// names returns the dimensions that DimensionByName knows.
func names() []string {
	out := append([]string(nil), grainNames[:]...)
	for _, c := range silver.FactSales.Columns {
		if Column(c.Name).check() == nil {
			out = append(out, c.Name)
		}
	}
	for _, c := range silver.DimCustomers.Columns {
		if d := CustomerAttribute(c.Name); d.check() == nil {
			out = append(out, "customer."+c.Name)
		}
	}
	for _, c := range silver.DimProducts.Columns {
		if d := ProductAttribute(c.Name); d.check() == nil {
			out = append(out, "product."+c.Name)
		}
	}
	return out
}

func (d Dimension) unknown() error {
	all := names()
	hint := "dimensions are: " + strings.Join(all, ", ")
	if near := pipeline.Nearest(d.Name, all); near != "" {
		hint = "did you mean " + near + "?"
	}
	return &pipeline.Error{Kind: pipeline.ErrConfig, Value: d.Name, Msg: "there is no such dimension", Hint: hint}
}

// check reports whether a gold table can be grouped by d. A column that the
// fact's declaration lacks may come from a user's stage: it is looked for in
// the batches.
func (d Dimension) check() error {
	if d.Of != "" {
		t := dimTable(d.Of)
		if t == nil || t.Index(d.Attr) < 0 {
			return d.unknown()
		}
		if !groupable(t.Columns[t.Index(d.Attr)].Type) {
			return d.unfit(t.Columns[t.Index(d.Attr)].Type)
		}
		return nil
	}
	i := silver.FactSales.Index(d.Column)
	if i < 0 {
		return nil
	}
	if t := silver.FactSales.Columns[i].Type; !groupable(t) {
		return d.unfit(t)
	}
	return nil
}

func (d Dimension) unfit(t arrow.DataType) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Value: d.Name, Msg: "a table cannot be grouped by a column of type " + pipeline.TypeName(t),
		Hint: "group by text or by a date"}
}

// isDate reports whether the dimension's values are dates. A column that the
// fact's declaration lacks is text.
func (d Dimension) isDate() bool { return d.dataType().ID() == arrow.DATE32 }

// dataType returns the type of the dimension's column in a gold table.
func (d Dimension) dataType() arrow.DataType {
	t := silver.FactSales.Table
	column := d.Column
	if d.Of != "" {
		t, column = dimTable(d.Of), d.Attr
	}
	if i := t.Index(column); i >= 0 && t.Columns[i].Type.ID() == arrow.DATE32 {
		return pipeline.DateType
	}
	return pipeline.StringType
}

// nullable reports whether the dimension can be NULL.
func (d Dimension) nullable() bool {
	i := silver.FactSales.Index(d.Column)
	if i < 0 || silver.FactSales.Columns[i].Nullable {
		return true
	}
	if d.Of != "" {
		t := dimTable(d.Of)
		return t.Columns[t.Index(d.Attr)].Nullable
	}
	return false
}

// from returns what the dimension's column is made from, and what a table by it
// has its rows from.
func (d Dimension) from() (value, rows []string) {
	kind := lineage.Identity
	if d.Grain != ByDay {
		kind = lineage.Transformation
	}
	if d.Of == "" {
		return ofFact(kind, d.Column), ofFact(lineage.GroupBy, d.Column)
	}
	join := ofFact(lineage.Join, d.Column)
	return append(from(kind, d.Of, d.Attr), join...), append(from(lineage.GroupBy, d.Of, d.Attr), join...)
}

func dimTable(name string) *pipeline.Table {
	switch name {
	case silver.DimCustomers.Name:
		return silver.DimCustomers.Table
	case silver.DimProducts.Name:
		return silver.DimProducts.Table
	}
	return nil
}

// columnsOf returns the columns of a dimension table that the tables need: its
// key, and what they declare to come from it or are grouped by, in its order.
func (t *Totals) columnsOf(table string) []string {
	var sources []string
	for i, s := range t.specs {
		edges, _ := lineage.Of(t.tables[i]) // Declaration has checked it
		for _, e := range edges {
			sources = append(sources, e.From.String())
		}
		for _, set := range s.sets() {
			for _, d := range set.By {
				if d.Of != "" {
					sources = append(sources, d.Of+"."+d.Attr)
				}
			}
		}
	}
	dim := dimTable(table)
	var out []string
	for _, c := range dim.Columns {
		if slices.Contains(dim.Key, c.Name) || slices.Contains(sources, table+"."+c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// column returns a column of a dimension table.
func (in *Inputs) column(table, name string) (arrow.Array, error) {
	rec := in.Customers
	if table == silver.DimProducts.Name {
		rec = in.Products
	}
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: table, Column: name, Msg: "gold needs this column, which it did not get"}
	}
	return rec.Column(at[0]), nil
}

func groupable(t arrow.DataType) bool {
	return pipeline.SameType(t, pipeline.StringType) || t.ID() == arrow.DATE32
}

func day(year, month, dayOfMonth int) pipeline.Date {
	return pipeline.DateOf(time.Date(year, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC))
}
