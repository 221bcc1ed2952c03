package dashboard

import (
	"cmp"
	"context"
	"slices"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
)

// Figures answers a filter, exactly: sums to the last digit, distinct counts over the
// lines that count, whatever groups these are in. Without a filter they are those of
// the gold tables. A dimension of the filter without values does not filter.
//
// New customers are those whose first sale ever, whatever the filter's dimensions
// leave of it, is in the period and among the filter's dates, and who have a sale in
// the period among the lines that count. So those of a filter by country are new to
// the shop, not to the country, and those of the months add up to the total.
//
// Period frames have a row for each period from the later of the filter's and the
// shop's first day to the earlier of their last. Other frames have one for each group
// with a line that counts. Cost and margin are unknown where any line's cost is.
//
// Unknown dimensions and values, and dates that make no sense, are *pipeline.Error of
// kind ErrConfig. When ctx is cancelled Figures returns its error.
func (x *Index) Figures(ctx context.Context, f Filter) (*Figures, error) {
	s, err := x.selection(f)
	if err != nil {
		return nil, err
	}
	t, err := x.count(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &Figures{Filter: f, By: map[string]Frame{}, Customers: x.customerFigures(f)}
	var total sums
	for c := range x.combinations {
		total.add(t.kinds, c)
	}
	total.distinct(&t.total[0], &t.total[1])
	out.Total = frame(true, []row{{sums: total}})
	if out.Before, err = x.before(ctx, f, s); err != nil {
		return nil, err
	}
	out.By["day"] = frame(true, x.daily(t, s), "day")
	for g, grain := range grains {
		out.By[grain.String()] = frame(true, x.periodic(t, s, g), grain.String())
	}
	for i := range x.parts {
		out.By[partNamed[i]] = frame(false, x.parted(t, i), partNames[i]...)
	}
	out.By["subcategory"] = frame(false, x.subcategories(t), "category", "subcategory")
	if out.Products, err = x.productFigures(ctx, s, t); err != nil {
		return nil, err
	}
	return out, nil
}

// before is the total of as many days before the filter's, where the shop has them.
func (x *Index) before(ctx context.Context, f Filter, s *selection) (Frame, error) {
	earlier := selection{from: s.from - (s.to - s.from + 1), to: s.from - 1, combinations: s.combinations}
	if f.From == "" || s.from > s.to || earlier.from < 0 {
		return frame(true, nil), nil
	}
	total, err := x.classed(ctx, &earlier, nil, 1)
	if err != nil {
		return Frame{}, err
	}
	return frame(true, []row{{sums: total[0]}}), nil
}

func (x *Index) daily(t *tally, s *selection) []row {
	var rows []row
	for d := s.from; d <= s.to; d++ {
		r := row{keys: []string{(x.first + pipeline.Date(d)).String()}}
		r.sums.add(t.days, d)
		r.sums.distinctIn(t.days, d)
		rows = append(rows, r)
	}
	return rows
}

// periodic makes the rows of a coarser grain.
func (x *Index) periodic(t *tally, s *selection, g int) []row {
	var rows []row
	c := &x.calendars[g]
	for d := s.from; d <= s.to; d++ {
		period := c.of[d]
		if d == s.from || period != c.of[d-1] {
			rows = append(rows, row{keys: []string{c.starts[period].String()}})
			rows[len(rows)-1].sums.distinct(&t.periods[g][2*period], &t.periods[g][2*period+1])
		}
		rows[len(rows)-1].sums.add(t.days, d)
	}
	return rows
}

// parted makes the rows of a part of Index.parts.
func (x *Index) parted(t *tally, i int) []row {
	p := &x.parts[i]
	all := make([]row, len(p.keys))
	for c, group := range p.of {
		all[group].sums.add(t.kinds, c)
	}
	for group := range all {
		all[group].keys = p.keys[group]
		all[group].sums.distinct(&t.parts[i][2*group], &t.parts[i][2*group+1])
	}
	return withLines(all)
}

func (x *Index) subcategories(t *tally) []row {
	all := make([]row, len(x.subs))
	for i, sub := range x.subOf {
		all[sub].sums.add(t.products, i)
	}
	for i, sub := range x.subs {
		all[i].keys = []string{sub.category, sub.name}
		all[i].sums.distinct(&t.subs[2*i], &t.subs[2*i+1])
	}
	return withLines(all)
}

// withLines returns the rows that have lines, by revenue.
func withLines(all []row) []row {
	var rows []row
	for _, r := range all {
		if r.sums.lines > 0 {
			rows = append(rows, r)
		}
	}
	byRevenue(rows)
	return rows
}

// How many products and points of a curve Figures have at most.
const (
	topProducts    = 500
	bottomProducts = 50
	paretoPoints   = 200
)

// productFigures ranks the products that have a line as gold.product_performance does.
func (x *Index) productFigures(ctx context.Context, s *selection, t *tally) (Products, error) {
	all := make([]sums, len(x.products))
	order := make([]int, 0, len(x.products)) // those with a line
	for i := range all {
		if all[i].add(t.products, i); all[i].lines > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(all[b].revenue().Cmp(all[a].revenue()), cmp.Compare(a, b))
	})
	var total, sum pipeline.Total
	for _, i := range order {
		total.Merge(all[i].revenue())
	}
	out := Products{Count: int64(len(order)), Pareto: []Point{}}
	classes := make([]uint8, len(x.products))
	var members [3]int64
	for k, i := range order {
		revenue := all[i].revenue()
		classes[i] = gold.ABCClass(revenue, sum, total)[0] - 'A'
		members[classes[i]]++
		sum.Merge(revenue)
		if total.Sign() > 0 && (k+1)*paretoPoints/len(order) > k*paretoPoints/len(order) {
			out.Pareto = append(out.Pareto, Point{X: float64(k+1) / float64(len(order)), Y: asFloat(sum) / asFloat(total)})
		}
	}
	rows := func(order []int) []row {
		rows := make([]row, len(order))
		for k, i := range order {
			p := &x.products[i]
			rows[k] = row{keys: []string{p.id, p.name, p.category}, sums: all[i]}
			rows[k].sums.distinctIn(t.products, i)
		}
		return rows
	}
	by := []string{"product_id", "product_name", "category"}
	out.Top = frame(false, rows(order[:min(topProducts, len(order))]), by...)
	bottom := slices.Clone(order[max(0, len(order)-bottomProducts):])
	slices.Reverse(bottom)
	out.Bottom = frame(false, rows(bottom), by...)
	classed, err := x.classed(ctx, s, classes, len(members))
	if err != nil {
		return out, err
	}
	var named []row
	var counts []Value
	for i, n := range members {
		if n > 0 {
			named = append(named, row{keys: []string{string(rune('A' + i))}, sums: classed[i]})
			counts = append(counts, whole(pipeline.TotalOf(n)))
		}
	}
	out.Classes = frame(false, named, "abc_class")
	out.Classes.Values["products"] = append([]Value{}, counts...)
	return out, nil
}
