package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

var (
	metricsColumns      = []string{"customer_id", "orders", "revenue", "returns", "clv", "last_order_date"}
	segmentationColumns = []string{"customer_id", "recency_days", "r_score", "f_score", "segment"}
	regionColumns       = []string{"level", "country", "country_code"}
)

// movement is how many days before the reference date segments are compared with.
const movement = 30

// readCountries reads the countries' codes.
func (x *Index) readCountries(ctx context.Context, r *reader) error {
	x.iso = map[string]string{}
	return r.each(ctx, 1, gold.RegionalSales.Table, func(_ int, rec arrow.Record) error {
		country, code := textOf(rec.Column(1)), textOf(rec.Column(2))
		for i := range int(rec.NumRows()) {
			x.iso[string(country(i))] = string(code(i))
		}
		return nil
	})
}

// readBuyers reads the customers with a sale. The reference date is the one that
// their recency is counted to, and the grid is made of the names that they have.
func (x *Index) readBuyers(ctx context.Context, r *reader) error {
	find := func(t *pipeline.Table, id []byte) (uint32, error) {
		i := sort.Search(len(x.customers), func(i int) bool { return x.customers[i].id >= string(id) })
		if i == len(x.customers) || x.customers[i].id != string(id) {
			return 0, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: "customer_id", Value: string(id), Msg: "is not in silver.dim_customers", Hint: "smelt run brings all tables up to date"}
		}
		return uint32(i), nil
	}
	at := make([]int32, len(x.customers)) // in buyers, + 1
	for i := range x.grid {
		for k := range x.grid[i] {
			x.grid[i][k] = -1
		}
	}
	table := gold.CustomerSegmentation.Table
	err := r.each(ctx, 1, table, func(_ int, rec arrow.Record) error {
		id, segment := textOf(rec.Column(0)), textOf(rec.Column(4))
		days, rs, fs := rec.Column(1).(*array.Int32), rec.Column(2).(*array.Int32), rec.Column(3).(*array.Int32)
		for i := range int(rec.NumRows()) {
			who, err := find(table, id(i))
			if err != nil {
				return err
			}
			b := buyer{customer: who, recency: days.Value(i), r: uint8(rs.Value(i)), f: uint8(fs.Value(i))}
			if b.r < 1 || b.r > 5 || b.f < 1 || b.f > 5 {
				return &pipeline.Error{Kind: pipeline.ErrData, Table: table.Name, Column: "r_score", Value: fmt.Sprint(b.r, ", ", b.f), Msg: "scores are 1 to 5", Hint: "smelt run --full-refresh makes the table anew"}
			}
			if b.segment, err = x.segment(string(segment(i))); err != nil {
				return err
			}
			x.grid[b.r-1][b.f-1] = int(b.segment)
			x.buyers = append(x.buyers, b)
			at[who] = int32(len(x.buyers))
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.reference = x.first + pipeline.Date(x.days) // newest + 1
	table = gold.CustomerMetrics.Table
	err = r.each(ctx, 1, table, func(_ int, rec arrow.Record) error {
		id, orders, last := textOf(rec.Column(0)), rec.Column(1).(*array.Int64), rec.Column(5).(*array.Date32)
		var sums [3]*array.Decimal128 // revenue, returns, clv
		for k := range sums {
			sums[k] = rec.Column(2 + k).(*array.Decimal128)
		}
		total := func(k, i int) pipeline.Total { return pipeline.TotalOfSum(pipeline.Sum{Num: sums[k].Value(i)}) }
		for i := range int(rec.NumRows()) {
			who, err := find(table, id(i))
			if err != nil {
				return err
			}
			if at[who] == 0 {
				continue
			}
			b := &x.buyers[at[who]-1]
			b.orders, b.revenue, b.returns, b.clv = orders.Value(i), total(0, i), total(1, i), total(2, i)
			if last.IsValid(i) {
				x.reference = pipeline.Date(int32(last.Value(i)) + b.recency)
			}
		}
		return nil
	})
	return err
}

// rankBuyers sorts the buyers by revenue, largest first, then by their id.
func (x *Index) rankBuyers() {
	slices.SortFunc(x.buyers, func(a, b buyer) int {
		return cmp.Or(b.revenue.Cmp(a.revenue), cmp.Compare(a.customer, b.customer))
	})
}

// segment returns the place of a segment's name.
func (x *Index) segment(name string) (uint8, error) {
	i := slices.Index(x.segments, name)
	if i < 0 {
		if len(x.segments) == 25 {
			return 0, &pipeline.Error{Kind: pipeline.ErrData, Table: gold.CustomerSegmentation.Name, Column: "segment", Value: name, Msg: "there are more segments than the grid has cells", Hint: "smelt run --full-refresh makes the table anew"}
		}
		i = len(x.segments)
		x.segments = append(x.segments, name)
	}
	return uint8(i), nil
}

// nameSegments brings the segments into the grid's order. Cells of the grid that no
// customer is in are named by the rules.
func (x *Index) nameSegments() {
	had := x.segments
	x.segments = nil
	for r := range x.grid {
		for f := range x.grid[r] {
			name := x.rules.Grid[r][f]
			if at := x.grid[r][f]; at >= 0 {
				name = had[at]
			}
			i := slices.Index(x.segments, name)
			if i < 0 {
				i = len(x.segments)
				x.segments = append(x.segments, name)
			}
			x.grid[r][f] = i
		}
	}
	for i := range x.buyers {
		x.buyers[i].segment = uint8(slices.Index(x.segments, had[x.buyers[i].segment]))
	}
}

// scoreBefore gives the buyers the segment that they had so many days before the
// reference date: scored as gold scores them, from the lines before that day. Gold
// counts lines after a reference date too, where one is configured that has passed:
// then lines end as many days before the newest.
func (x *Index) scoreBefore(days int) {
	reference := int64(x.reference-x.first) - int64(days) // as a day of the index
	end := max(reference, int64(x.days-days))
	slices.SortFunc(x.buyers, func(a, b buyer) int { return cmp.Compare(a.customer, b.customer) })
	var had []gold.RFM
	var who []int // in buyers
	for i := range x.buyers {
		if v, ok := x.asOf(int(x.buyers[i].customer), reference, end); ok {
			had, who = append(had, v), append(who, i)
		}
	}
	for k, scores := range gold.RFMScores(x.rules, had) {
		x.buyers[who[k]].before = uint8(x.grid[scores[0]-1][scores[1]-1]) + 1
	}
}

// asOf is what a customer is scored by on a day, from the lines before an end; false
// where it had no sale.
func (x *Index) asOf(who int, reference, end int64) (v gold.RFM, ok bool) {
	last := int64(-1)
	order := uint32(none)
	measure := gold.MonetaryMeasure(x.rules)
	for i := int(x.from[who]); i < int(x.from[who+1]); i++ {
		if int64(x.day[i]) >= end {
			continue
		}
		sale := x.kind[i]&1 == 0
		amount, _ := x.amount.known(i)
		switch {
		case measure == metrics.Discounts:
			discount, _ := x.discount.known(i)
			v.Monetary.Add(discount)
		case sale == (measure != metrics.Returns): // a sale, but of the returns a return
			v.Monetary.Add(amount)
		case measure == metrics.Revenue:
			v.Monetary.Add(-amount)
		}
		if !sale {
			continue
		}
		last = max(last, int64(x.day[i]))
		if x.order[i] != order { // a customer's lines of an order come in a row
			order = x.order[i]
			v.Frequency++
		}
	}
	v.Recency = reference - last
	return v, last >= 0
}

// How many customers and bars Figures have at most.
const (
	topCustomers = 100
	mostBins     = 24
)

// customerFigures are of the buyers whose own country and segment the filter leaves.
func (x *Index) customerFigures(f Filter) Customers {
	left := func(dim int) []bool { // by code
		out := make([]bool, len(x.words[dim]))
		for code, v := range x.words[dim] {
			wanted := f.In[filters[dim]]
			out[code] = len(wanted) == 0 || slices.Contains(wanted, v)
		}
		return out
	}
	countries, segmentsLeft := left(byCountry), left(bySegment)
	buyers := make([]*buyer, 0, len(x.buyers)) // by revenue, as all are
	for i := range x.buyers {
		if c := &x.customers[x.buyers[i].customer]; countries[c.country] && segmentsLeft[c.segment] {
			buyers = append(buyers, &x.buyers[i])
		}
	}
	type group struct {
		n, before, orders int64
		revenue           pipeline.Total
	}
	var cells [5][5]group
	segments := make([]group, len(x.segments))
	clv, recency := make([]float64, 0, len(buyers)), make([]float64, 0, len(buyers))
	for _, b := range buyers {
		for _, g := range []*group{&cells[b.r-1][b.f-1], &segments[b.segment]} {
			g.n++
			g.orders += b.orders
			g.revenue.Merge(b.revenue)
		}
		if b.before > 0 {
			segments[b.before-1].before++
		}
		clv = append(clv, asFloat(b.clv)/1e4)
		recency = append(recency, float64(b.recency))
	}
	out := Customers{Count: int64(len(buyers)), CLV: histogram(clv), Recency: histogram(recency)}
	if x.lines > 0 {
		out.Reference = x.reference.String()
	}
	count := func(n int64) Value { return whole(pipeline.TotalOf(n)) }
	out.Grid = newFrame("r_score", "f_score")
	for r := range cells {
		for f, g := range cells[r] {
			out.Grid.add([]string{string(rune('1' + r)), string(rune('1' + f))}, map[string]Value{"customers": count(g.n), "orders": count(g.orders), "revenue": money(g.revenue)})
		}
	}
	out.Segments = newFrame("segment")
	for i, g := range segments {
		out.Segments.add([]string{x.segments[i]}, map[string]Value{"customers": count(g.n), "customers_before": count(g.before), "orders": count(g.orders), "revenue": money(g.revenue)})
	}
	out.Top = newFrame("customer_id", "full_name", "segment")
	for _, b := range buyers[:min(topCustomers, len(buyers))] {
		c := &x.customers[b.customer]
		out.Top.add([]string{c.id, c.name, x.segments[b.segment]}, map[string]Value{"orders": count(b.orders), "revenue": money(b.revenue), "returns": money(b.returns), "clv": money(b.clv), "recency_days": count(int64(b.recency))})
	}
	return out
}

// add adds a row.
func (f *Frame) add(keys []string, values map[string]Value) {
	for i, k := range keys {
		f.Keys[i] = append(f.Keys[i], k)
	}
	for name, v := range values {
		f.Values[name] = append(f.Values[name], v)
	}
}

// asFloat is a total for a chart, not for a figure.
func asFloat(t pipeline.Total) float64 { return float64(t.Hi)*(1<<64) + float64(t.Lo) }

// histogram counts values in bars of one round width, up to mostBins of them. The
// width is that of the middle 98 %, so that a few large values do not leave one bar
// for all others: the first and the last bar reach as far as there are values.
func histogram(values []float64) []Bin {
	if len(values) == 0 {
		return []Bin{}
	}
	slices.Sort(values)
	least, most := values[0], values[len(values)-1]
	low, high := values[(len(values)-1)/100], values[len(values)-1-(len(values)-1)/100]
	step := 1.0
	for power := 1.0; ; power *= 10 {
		found := false
		for _, digit := range []float64{1, 2, 5} {
			step = digit * power
			if math.Floor(high/step)-math.Floor(low/step)+1 <= mostBins-2 {
				found = true
				break
			}
		}
		if found {
			break
		}
	}
	first, last := math.Floor(low/step), math.Floor(high/step)
	var out []Bin
	if least < first*step {
		out = append(out, Bin{From: math.Floor(least), To: first * step})
	}
	for k := first; k <= last; k++ {
		out = append(out, Bin{From: k * step, To: (k + 1) * step})
	}
	if most >= (last+1)*step {
		out = append(out, Bin{From: (last + 1) * step, To: math.Ceil(most)})
	}
	i := 0
	for k := range out {
		for i < len(values) && (values[i] < out[k].To || k == len(out)-1) {
			out[k].N++
			i++
		}
	}
	return out
}
