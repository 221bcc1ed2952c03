package gold

import (
	"slices"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// Spec is a gold table: what it is grouped by and what is measured. It is
// immutable once in use and safe for concurrent use.
//
// Without Finish the table's columns are By and then Measures, one row per
// group that the fact has, ordered by By (NULL first); without By it is one
// row.
type Spec struct {
	Name     string // "gold.sales_by_country"
	Doc      string // one sentence, its grain
	By       []Dimension
	Measures []*metrics.Measure

	// Finish writes the table's rows, made of the groups in ordinary Go: ranks,
	// shares, scores, rows for what the fact does not have. Table declares what
	// it makes; the rows must be ordered by its key. More are further sets of
	// groups that Finish wants.
	Finish func(*Finished) error
	Table  *pipeline.Table
	More   []Set
}

// Set is one grouping of the fact. A set without measures only lists its groups.
type Set struct {
	By       []Dimension
	Measures []*metrics.Measure
}

// Seed returns the tables that every run makes.
func Seed() []*Spec {
	return []*Spec{CustomerMetrics, CustomerSegmentation, ProductPerformance, SalesSummary, RegionalSales}
}

// Declaration checks the spec and returns the table that it makes.
func (s *Spec) Declaration() (*pipeline.Table, error) {
	for _, set := range s.sets() {
		if err := s.checkSet(set); err != nil {
			return nil, err
		}
	}
	if s.Finish != nil {
		if s.Table == nil {
			return nil, s.fail("", "Finish is set, but not the Table that declares what it makes")
		}
		if _, err := lineage.Of(s.Table); err != nil {
			return nil, err
		}
		return s.Table, nil
	}
	if s.Table != nil || len(s.More) > 0 {
		return nil, s.fail("", "Table and More are for Finish, which is not set")
	}
	var key, rows []string
	var columns []pipeline.Column
	for _, d := range s.By {
		value, by := d.from()
		key, rows = append(key, d.Name), append(rows, by...)
		columns = append(columns, pipeline.Column{Name: d.Name, Doc: d.doc(), Type: d.dataType(), Nullable: d.nullable(), From: value})
	}
	for _, m := range s.Measures {
		columns = append(columns, pipeline.Column{Name: m.Name, Doc: m.Doc, Type: m.Type, Nullable: m.Nullable, From: accumulated(m)})
	}
	if len(columns) == 0 {
		return nil, s.fail("", "has neither dimensions nor measures")
	}
	t, err := pipeline.NewTable(s.Name, s.Doc, key, columns)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "gold table", Err: err}
	}
	t.RowsFrom = rows
	return t, nil
}

func (d Dimension) doc() string {
	switch {
	case d.Of != "":
		t := dimTable(d.Of)
		return t.Columns[t.Index(d.Attr)].Doc
	case d.isDate() && d.Grain == ByDay:
		return "Calendar day."
	case d.isDate() && d.Grain == ByWeek:
		return "First day of the ISO week, a Monday."
	case d.isDate():
		return "First day of the " + d.Grain.String() + "."
	}
	if i := silver.FactSales.Index(d.Column); i >= 0 {
		return silver.FactSales.Columns[i].Doc
	}
	return "Column " + d.Column + " of the fact, as the shop's own stage makes it."
}

// ByColumn returns the measures of the table by the column that holds each.
func (s *Spec) ByColumn() map[string]*metrics.Measure {
	out := map[string]*metrics.Measure{}
	for _, set := range s.sets() {
		for _, m := range set.Measures {
			out[m.Name] = m
		}
	}
	return out
}

func (s *Spec) sets() []Set { return append([]Set{{s.By, s.Measures}}, s.More...) }

func (s *Spec) checkSet(set Set) error {
	for _, d := range set.By {
		if d.Name == "" || d.Column == "" || int(d.Grain) >= len(grainNames) {
			return s.fail(d.Name, "a dimension has no name, no column or no such grain")
		}
		if err := d.check(); err != nil {
			return err
		}
	}
	for _, m := range set.Measures {
		if m == nil {
			return s.fail("", "a measure is nil")
		}
		if err := m.Check(); err != nil {
			return err
		}
		needs := m.Needs()
		if needs.Has(metrics.CountNewCustomers) && !only(set.By, func(d Dimension) bool { return d.Column == "order_date" }) {
			return s.fail(m.Name, "new customers can only be counted by periods of order_date")
		}
		if needs.Has(metrics.CountSaleDates) && (len(set.By) != 1 || set.By[0].Column != "customer_id" || set.By[0].Of != "") {
			return s.fail(m.Name, "distinct days of sale can only be counted by customer_id")
		}
	}
	return nil
}

// only reports whether there are dimensions and all of them are so.
func only(by []Dimension, f func(Dimension) bool) bool {
	return len(by) > 0 && !slices.ContainsFunc(by, func(d Dimension) bool { return !f(d) })
}

func (s *Spec) fail(column, msg string) error {
	name := s.Name
	if name == "" {
		name = "a gold table without a name"
	}
	return &pipeline.Error{Kind: pipeline.ErrConfig, Table: name, Column: column, Msg: msg}
}

// needs returns what has to be accumulated for the set.
func (s Set) needs() metrics.Needs {
	var n metrics.Needs
	for _, m := range s.Measures {
		n |= m.Needs()
	}
	return n
}

// String names the set, for errors and plans: "country × month".
func (s Set) String() string {
	if len(s.By) == 0 {
		return "total"
	}
	text := ""
	for i, d := range s.By {
		if i > 0 {
			text += " × "
		}
		text += d.Name
	}
	return text
}

// beforeGold are the tables of bronze and silver.
var beforeGold = []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table, bronze.Rejects.Table,
	silver.DimCustomers.Table, silver.DimProducts.Table, silver.FactSales.Table, silver.Quarantine.Table}

// Declarations returns the declarations of all tables that a run writes, bronze,
// silver, then gold: the seed's and those of own specs. An own one that is wrong
// is an error.
func Declarations(own ...*Spec) ([]*pipeline.Table, error) {
	out := slices.Clone(beforeGold)
	for _, s := range append(Seed(), own...) {
		t, err := s.Declaration()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// MeasuresOf returns the measures of one of the seed's tables by the column that
// holds each; nil for any other table.
func MeasuresOf(table string) map[string]*metrics.Measure {
	for _, s := range Seed() {
		if s.Name == table {
			return s.ByColumn()
		}
	}
	return nil
}
