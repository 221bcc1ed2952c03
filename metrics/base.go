package metrics

import "github.com/smeltdata/smelt/pipeline"

// Base is one quantity that is accumulated over the fact lines of a group. The
// set is closed, so that aggregating a line is plain additions into a fixed
// layout; measures are built on top of it.
type Base uint8

// The quantities that can be accumulated.
const (
	SumSales          Base = iota // Σ sales
	SumReturns                    // Σ returns
	SumRevenue                    // Σ revenue
	SumDiscounts                  // Σ discount_amount of sales
	SumCost                       // Σ cost; unknown where any line's is
	SumMargin                     // Σ margin; unknown where any line's is
	SumUnitsSold                  // Σ quantity of sales
	SumUnitsReturned              // Σ |quantity| of returns
	MinSaleDate                   // first order_date of sales; unknown without one
	MaxSaleDate                   // last order_date of sales; unknown without one
	CountOrders                   // distinct order_id of sales
	CountReturnOrders             // distinct order_id of returns
	CountCustomers                // distinct customer_id of sales; guests have none
	CountSaleDates                // distinct order_date of sales, of a customer
	CountNewCustomers             // customers whose first sale ever is in the period
	NumBases          int  = iota
)

// Op says how a Base accumulates.
type Op string

// The ways to accumulate.
const (
	OpSum      Op = "sum"
	OpSumAbs   Op = "sum of absolute values"
	OpMin      Op = "min"
	OpMax      Op = "max"
	OpDistinct Op = "distinct count"
	OpFirst    Op = "distinct count at first sight"
)

// Definition is what a Base accumulates, of which lines: what an exporter
// needs to write it in another language.
type Definition struct {
	Name     string // "sum_sales"
	Op       Op
	Column   string // of silver.fact_sales
	LineType string // only lines of this line_type; "" = all
}

var definitions = [NumBases]Definition{
	SumSales:          {"sum_sales", OpSum, "sales", ""},
	SumReturns:        {"sum_returns", OpSum, "returns", ""},
	SumRevenue:        {"sum_revenue", OpSum, "revenue", ""},
	SumDiscounts:      {"sum_discounts", OpSum, "discount_amount", "sale"},
	SumCost:           {"sum_cost", OpSum, "cost", ""},
	SumMargin:         {"sum_margin", OpSum, "margin", ""},
	SumUnitsSold:      {"sum_units_sold", OpSum, "quantity", "sale"},
	SumUnitsReturned:  {"sum_units_returned", OpSumAbs, "quantity", "return"},
	MinSaleDate:       {"min_sale_date", OpMin, "order_date", "sale"},
	MaxSaleDate:       {"max_sale_date", OpMax, "order_date", "sale"},
	CountOrders:       {"count_orders", OpDistinct, "order_id", "sale"},
	CountReturnOrders: {"count_return_orders", OpDistinct, "order_id", "return"},
	CountCustomers:    {"count_customers", OpDistinct, "customer_id", "sale"},
	CountSaleDates:    {"count_sale_dates", OpDistinct, "order_date", "sale"},
	CountNewCustomers: {"count_new_customers", OpFirst, "customer_id", "sale"},
}

// Definition returns what b accumulates.
func (b Base) Definition() Definition { return definitions[b] }

// Columns returns the columns of silver.fact_sales that b reads.
func (b Base) Columns() []string {
	d := definitions[b]
	cols := []string{d.Column}
	if d.LineType != "" {
		cols = append(cols, "line_type")
	}
	if b == CountNewCustomers {
		cols = append(cols, "order_date")
	}
	return cols
}

// Needs is a set of Bases.
type Needs uint32

// Has reports whether b is in the set.
func (n Needs) Has(b Base) bool { return n>>b&1 != 0 }

// With returns the set with b in it.
func (n Needs) With(b Base) Needs { return n | 1<<b }

// Bases returns the members in order.
func (n Needs) Bases() []Base {
	var out []Base
	for b := range Base(NumBases) {
		if n.Has(b) {
			out = append(out, b)
		}
	}
	return out
}

// Values holds the accumulated quantities of one group. The zero value is a
// group without lines, once Reset has been called.
type Values struct {
	v       [NumBases]pipeline.Total
	unknown Needs
}

// Reset makes v a group without lines: sums and counts 0, dates unknown.
func (v *Values) Reset() {
	*v = Values{unknown: Needs(0).With(MinSaleDate).With(MaxSaleDate)}
}

// Set gives a quantity its value: money unscaled, dates as days.
func (v *Values) Set(b Base, t pipeline.Total) {
	v.v[b] = t
	v.unknown &^= 1 << b
}

// SetUnknown marks a quantity as unknown.
func (v *Values) SetUnknown(b Base) { v.unknown |= 1 << b }

// Get returns a quantity, and whether it is known.
func (v *Values) Get(b Base) (pipeline.Total, bool) { return v.v[b], v.unknown>>b&1 == 0 }
