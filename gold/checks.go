package gold

import (
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/silver"
)

// Checks returns the rules that hold for the tables of every shop: those that
// the declarations of bronze, silver, gold and of own specs demand, and what
// tables have in common.
func Checks(own ...*Spec) ([]check.Check, error) {
	tables, err := Declarations(own...)
	if err != nil {
		return nil, err
	}
	var out []check.Check
	for _, t := range tables {
		declared, err := check.Declared(t)
		if err != nil {
			return nil, err
		}
		out = append(out, declared...)
	}
	return append(out, more()...), nil
}

// more are the rules that no declaration of one table has: the fact's other key,
// and, between tables, that each of gold has the fact's revenue.
func more() []check.Check {
	fact := silver.FactSales.Name
	out := []check.Check{
		{Table: fact, Kind: check.Unique, Columns: []string{"order_id", "line_number", "line_type"}},
		{Table: fact, Name: CustomerMetrics.Name + ".revenue.sum_equals", Kind: check.SumEquals, Columns: []string{"revenue"}, To: CustomerMetrics.Name + ".revenue", Where: "customer_id IS NOT NULL"},
	}
	equal := func(s *Spec, where, suffix string, columns ...string) {
		for _, c := range columns {
			out = append(out, check.Check{Name: s.Name + "." + c + ".sum_equals" + suffix, Table: s.Name, Kind: check.SumEquals, Columns: []string{c}, To: fact + "." + c, Where: where})
		}
	}
	equal(ProductPerformance, "", "", "revenue", "sales", "returns")
	equal(RegionalSales, "level = 'country'", ".country", "revenue")
	for _, grain := range []string{"day", "week", "month", "quarter", "year"} {
		equal(SalesSummary, "grain = '"+grain+"'", "."+grain, "revenue")
	}
	return out
}
