package dashboard

import (
	"context"
	"sort"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// selection is which lines count: days of the index, both included, and combinations.
type selection struct {
	from, to     int
	combinations []bool
}

// has reports whether a day is among them.
func (s *selection) has(day int32) bool { return int(day) >= s.from && int(day) <= s.to }

// seen counts what is distinct in a group, of sales or of returns: it keeps the last
// order and customer that it has counted, + 1, since their lines come in a row.
type seen struct {
	order, customer          uint32
	orders, customers, fresh uint32
}

func (s *seen) sawOrder(o uint32) bool {
	if s.order == o {
		return true
	}
	s.order = o
	s.orders++
	return false
}

func (s *seen) sawCustomer(c uint32) bool {
	if s.customer == c {
		return true
	}
	s.customer = c
	s.customers++
	return false
}

// cell adds up the lines of a group, of sales or of returns.
type cell struct {
	seen
	lines, unknown                int64 // unknown: lines whose cost is
	amount, discount, units, cost pipeline.Total
}

// line is what a line adds to its groups; amounts and units of returns are positive.
type line struct {
	amount, discount, units, cost int64
	known                         bool
}

func (x *Index) line(i int, back uint32) line {
	l := line{amount: x.revenue.at(i), units: x.quantity.at(i)}
	if back != 0 {
		l.amount = -l.amount
		l.units = max(l.units, -l.units)
	} else {
		l.discount = x.discount.at(i)
	}
	l.cost, l.known = x.cost.known(i)
	return l
}

func (c *cell) add(l *line) {
	c.lines++
	c.amount.Add(l.amount)
	c.discount.Add(l.discount)
	c.units.Add(l.units)
	if l.known {
		c.cost.Add(l.cost)
	} else {
		c.unknown++
	}
}

func (c *cell) merge(o *cell) {
	c.lines += o.lines
	c.unknown += o.unknown
	c.amount.Merge(o.amount)
	c.discount.Merge(o.discount)
	c.units.Merge(o.units)
	c.cost.Merge(o.cost)
	c.seen.merge(&o.seen)
}

func (s *seen) merge(o *seen) {
	s.orders += o.orders
	s.customers += o.customers
	s.fresh += o.fresh
}

// tally is what one worker has counted. Each group has a place for its sales and the
// next for its returns. Sums are kept by day, kind and product only: those of coarser
// groups are sums of theirs. Distinct counts are not, so these have seen.
type tally struct {
	total    [2]seen
	days     []cell
	kinds    []cell
	products []cell
	periods  [len(grains)][]seen
	parts    [len(partNames)][]seen
	subs     []seen
}

func (x *Index) newTally() *tally {
	t := &tally{days: make([]cell, 2*x.days), kinds: make([]cell, 2*len(x.combinations)), products: make([]cell, 2*len(x.products)), subs: make([]seen, 2*len(x.subs))}
	for g := range grains {
		t.periods[g] = make([]seen, 2*len(x.calendars[g].starts))
	}
	for i := range t.parts {
		t.parts[i] = make([]seen, 2*len(x.parts[i].keys))
	}
	return t
}

func (t *tally) merge(o *tally) {
	mergeCells := func(a, b []cell) {
		for i := range a {
			a[i].merge(&b[i])
		}
	}
	mergeSeen := func(a, b []seen) {
		for i := range a {
			a[i].merge(&b[i])
		}
	}
	mergeSeen(t.total[:], o.total[:])
	mergeCells(t.days, o.days)
	mergeCells(t.kinds, o.kinds)
	mergeCells(t.products, o.products)
	mergeSeen(t.subs, o.subs)
	for g := range t.periods {
		mergeSeen(t.periods[g], o.periods[g])
	}
	for i := range t.parts {
		mergeSeen(t.parts[i], o.parts[i])
	}
}

// count passes over the lines that are selected.
func (x *Index) count(ctx context.Context, s *selection) (*tally, error) {
	return passOver(ctx, x, x.newTally,
		func(t *tally, p piece) { t.lines(x, s, p) },
		func(t *tally, p piece) { t.shared(x, s, p) },
		(*tally).merge)
}

// passOver has workers pass over all pieces of lines, then over those of shared
// orders, each with a tally of its own, and returns these merged.
func passOver[T any](ctx context.Context, x *Index, make func() T, lines, shared func(T, piece), merge func(T, T)) (T, error) {
	tallies := []T{make()}
	for len(tallies) < min(x.workers, len(x.pieces)) {
		tallies = append(tallies, make())
	}
	for _, over := range []struct {
		pieces []piece
		pass   func(T, piece)
	}{{x.pieces, lines}, {x.sharings, shared}} {
		var next atomic.Int64
		g, ctx := errgroup.WithContext(ctx)
		for _, t := range tallies {
			g.Go(func() error {
				for {
					i := int(next.Add(1)) - 1
					if i >= len(over.pieces) {
						return nil
					}
					if err := ctx.Err(); err != nil {
						return err
					}
					over.pass(t, over.pieces[i])
				}
			})
		}
		if err := g.Wait(); err != nil {
			return tallies[0], err
		}
	}
	for _, t := range tallies[1:] {
		merge(tallies[0], t)
	}
	return tallies[0], ctx.Err()
}

// each calls f for the lines of a piece that are selected, with their customer;
// guests are one after the last.
func (x *Index) each(s *selection, p piece, f func(i int, day int, kind uint32, who int)) {
	who := sort.Search(len(x.from), func(c int) bool { return int(x.from[c]) > p.from }) - 1
	for i := p.from; i < p.to; i++ {
		for uint32(i) >= x.from[who+1] {
			who++
		}
		kind, day := x.kind[i], int(x.day[i])
		if s.combinations[kind>>1] && day >= s.from && day <= s.to {
			f(i, day, kind, who)
		}
	}
}

// ofSeveral reports whether an order is of several customers.
func (x *Index) ofSeveral(order uint32) bool { return x.isShared[order/64]>>(order%64)&1 != 0 }

func (t *tally) lines(x *Index, s *selection, p piece) {
	guests := len(x.customers)
	x.each(s, p, func(i, day int, kind uint32, who int) {
		back, product := kind&1, x.product[i]
		l := x.line(i, back)
		onDay, ofKind, ofProduct := &t.days[2*uint32(day)+back], &t.kinds[kind], &t.products[2*product+back]
		onDay.add(&l)
		ofKind.add(&l)
		ofProduct.add(&l)
		if order := x.order[i]; !x.ofSeveral(order) {
			t.order(x, order+1, day, kind, product)
		}
		if back != 0 || who == guests {
			return
		}
		customer, first := uint32(who+1), x.customers[who].first
		isNew := s.has(first)
		if !t.total[0].sawCustomer(customer) && isNew {
			t.total[0].fresh++
		}
		if !onDay.sawCustomer(customer) {
			if int(first) == day {
				onDay.fresh++
			}
			for g := range t.periods {
				of := x.calendars[g].of
				if period := &t.periods[g][2*uint32(of[day])]; !period.sawCustomer(customer) && isNew && of[first] == of[day] {
					period.fresh++
				}
			}
		}
		if !ofKind.sawCustomer(customer) {
			for k := range t.parts {
				t.parts[k][2*x.parts[k].of[kind>>1]].sawCustomer(customer)
			}
		}
		if !ofProduct.sawCustomer(customer) {
			t.subs[2*x.products[product].sub].sawCustomer(customer)
		}
	})
}

// order counts an order, + 1, in the groups of one of its lines.
func (t *tally) order(x *Index, order uint32, day int, kind, product uint32) {
	back := kind & 1
	t.total[back].sawOrder(order)
	if !t.days[2*uint32(day)+back].sawOrder(order) {
		for g := range t.periods {
			t.periods[g][2*uint32(x.calendars[g].of[day])+back].sawOrder(order)
		}
	}
	if !t.kinds[kind].sawOrder(order) {
		for k := range t.parts {
			t.parts[k][2*x.parts[k].of[kind>>1]+back].sawOrder(order)
		}
	}
	if !t.products[2*product+back].sawOrder(order) {
		t.subs[2*x.products[product].sub+back].sawOrder(order)
	}
}

// shared counts the orders of a piece of the lines of shared orders.
func (t *tally) shared(x *Index, s *selection, p piece) {
	x.eachShared(s, p, func(i, day int, kind uint32) { t.order(x, x.order[i]+1, day, kind, x.product[i]) })
}

// eachShared is each of a piece of the lines of shared orders.
func (x *Index) eachShared(s *selection, p piece, f func(i, day int, kind uint32)) {
	for _, i := range x.shared[p.from:p.to] {
		kind, day := x.kind[i], int(x.day[i])
		if s.combinations[kind>>1] && day >= s.from && day <= s.to {
			f(int(i), day, kind)
		}
	}
}

// classed counts the lines that are selected by a class of their product; by is nil
// where all are of one.
func (x *Index) classed(ctx context.Context, s *selection, by []uint8, classes int) ([]sums, error) {
	class := func(product uint32) uint32 {
		if by == nil {
			return 0
		}
		return 2 * uint32(by[product])
	}
	guests := len(x.customers)
	cells, err := passOver(ctx, x, func() []cell { return make([]cell, 2*classes) },
		func(cells []cell, p piece) {
			x.each(s, p, func(i, day int, kind uint32, who int) {
				c := &cells[class(x.product[i])+kind&1]
				l := x.line(i, kind&1)
				c.add(&l)
				if order := x.order[i]; !x.ofSeveral(order) {
					c.sawOrder(order + 1)
				}
				if kind&1 == 0 && who < guests && !c.sawCustomer(uint32(who+1)) && s.has(x.customers[who].first) {
					c.fresh++
				}
			})
		},
		func(cells []cell, p piece) {
			x.eachShared(s, p, func(i, day int, kind uint32) { cells[class(x.product[i])+kind&1].sawOrder(x.order[i] + 1) })
		},
		func(a, b []cell) {
			for i := range a {
				a[i].merge(&b[i])
			}
		})
	out := make([]sums, classes)
	for i := range out {
		out[i].add(cells[2*i : 2*i+2])
		out[i].distinct(&cells[2*i].seen, &cells[2*i+1].seen)
	}
	return out, err
}
