package dashboard

import (
	"slices"
	"strings"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// sums are the figures of a group.
type sums struct {
	lines, unknown                                  int64
	sales, returns, discounts, sold, sentBack, cost pipeline.Total
	orders, returnOrders, customers, fresh          int64
}

// add adds the sums of a group.
func (s *sums) add(c cells, group int) {
	for _, c := range c.low[2*group : 2*group+2] {
		s.lines += int64(c.lines)
		s.unknown += int64(c.unknown)
	}
	s.addPair(c.low[2*group:2*group+2], pipeline.TotalOf)
	if c.high != nil {
		s.addPair(c.high[2*group:2*group+2], func(v int64) pipeline.Total { // 2³¹ · v
			return pipeline.Total{Lo: uint64(v) << 31, Hi: v >> 33}
		})
	}
}

func (s *sums) addPair(pair []cell, as func(int64) pipeline.Total) {
	sale, back := &pair[0], &pair[1]
	s.sales.Merge(as(sale.amount))
	s.returns.Merge(as(back.amount))
	s.discounts.Merge(as(sale.discount))
	s.sold.Merge(as(sale.units))
	s.sentBack.Merge(as(back.units))
	s.cost.Merge(as(sale.cost))
	s.cost.Merge(as(back.cost))
}

// merge adds the sums of another group, not what is distinct in it.
func (s *sums) merge(o *sums) {
	s.lines += o.lines
	s.unknown += o.unknown
	s.sales.Merge(o.sales)
	s.returns.Merge(o.returns)
	s.discounts.Merge(o.discounts)
	s.sold.Merge(o.sold)
	s.sentBack.Merge(o.sentBack)
	s.cost.Merge(o.cost)
}

// distinctIn sets the distinct counts to those of a group.
func (s *sums) distinctIn(c cells, group int) {
	s.distinct(&c.low[2*group].seen, &c.low[2*group+1].seen)
}

// distinct sets the distinct counts.
func (s *sums) distinct(sale, back *seen) {
	s.orders, s.returnOrders, s.customers, s.fresh = int64(sale.orders), int64(back.orders), int64(sale.customers), int64(sale.fresh)
}

func (s *sums) revenue() pipeline.Total { return s.sales.Sub(s.returns) }

// values are the measures of groups, by their names in package metrics.
var values = []struct {
	measure *metrics.Measure
	of      func(*sums) Value
}{
	{metrics.Orders, func(s *sums) Value { return whole(pipeline.TotalOf(s.orders)) }},
	{metrics.ReturnOrders, func(s *sums) Value { return whole(pipeline.TotalOf(s.returnOrders)) }},
	{metrics.Customers, func(s *sums) Value { return whole(pipeline.TotalOf(s.customers)) }},
	{metrics.NewCustomers, func(s *sums) Value { return whole(pipeline.TotalOf(s.fresh)) }},
	{metrics.UnitsSold, func(s *sums) Value { return whole(s.sold) }},
	{metrics.UnitsReturned, func(s *sums) Value { return whole(s.sentBack) }},
	{metrics.Sales, func(s *sums) Value { return money(s.sales) }},
	{metrics.Returns, func(s *sums) Value { return money(s.returns) }},
	{metrics.Revenue, func(s *sums) Value { return money(s.revenue()) }},
	{metrics.Discounts, func(s *sums) Value { return money(s.discounts) }},
	{metrics.Cost, func(s *sums) Value { return s.costly(s.cost) }},
	{metrics.Margin, func(s *sums) Value { return s.costly(s.revenue().Sub(s.cost)) }},
}

// costly is an amount that is unknown where any line's cost is.
func (s *sums) costly(t pipeline.Total) Value {
	if s.unknown > 0 {
		return ""
	}
	return money(t)
}

// money is a sum of prices.
func money(t pipeline.Total) Value {
	if v, ok := t.Int64(); ok {
		return Value(pipeline.FormatDecimal(v, 4))
	}
	sum, _ := t.Sum()
	return Value(sum.String())
}

// whole is a count or a sum of units.
func whole(t pipeline.Total) Value {
	if v, ok := t.Int64(); ok {
		return Value(pipeline.FormatDecimal(v, 0))
	}
	sum, _ := t.Sum()
	text := sum.String() // with a point before the last four digits
	return Value(strings.Replace(text, ".", "", 1))
}

// row is a row of a frame.
type row struct {
	keys []string
	sums sums
}

// newFrame returns an empty frame.
func newFrame(by ...string) Frame {
	f := Frame{By: append([]string{}, by...), Keys: make([][]string, len(by)), Values: map[string][]Value{}}
	for i := range f.Keys {
		f.Keys[i] = []string{}
	}
	return f
}

// frame makes a frame of rows. New customers are of periods only: elsewhere, a first
// sale may have been somewhere else.
func frame(periods bool, rows []row, by ...string) Frame {
	f := newFrame(by...)
	for _, r := range rows {
		for i, k := range r.keys {
			f.Keys[i] = append(f.Keys[i], k)
		}
	}
	for _, v := range values {
		if v.measure == metrics.NewCustomers && !periods {
			continue
		}
		column := make([]Value, len(rows))
		for i := range rows {
			column[i] = v.of(&rows[i].sums)
		}
		f.Values[v.measure.Name] = column
	}
	return f
}

// byRevenue sorts rows by revenue, largest first, then by their keys.
func byRevenue(rows []row) {
	slices.SortFunc(rows, func(a, b row) int {
		if c := b.sums.revenue().Cmp(a.sums.revenue()); c != 0 {
			return c
		}
		return slices.Compare(a.keys, b.keys)
	})
}
