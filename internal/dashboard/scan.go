package dashboard

import (
	"context"
	"sort"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// selection is which lines count: days of the index, both included, and combinations.
type selection struct {
	from, to     int
	combinations []bool
}

// has reports whether a day is among them.
func (s *selection) has(day int32) bool { return int(day) >= s.from && int(day) <= s.to }

// tally is what one worker has counted. Each group has a place for its sales and the
// next for its returns. Sums are kept by day, kind and product only: those of coarser
// groups are sums of theirs. Distinct counts are not, so these have seen.
type tally struct {
	total    [2]seen
	days     cells
	kinds    cells
	products cells
	periods  [len(grains)][]seen
	parts    [len(partNames)][]seen
	subs     []seen
	block    block
}

func (x *Index) newTally() *tally {
	t := &tally{days: x.newCells(x.days), kinds: x.newCells(len(x.combinations)), products: x.newCells(len(x.products)), subs: make([]seen, 2*len(x.subs))}
	for g := range grains {
		t.periods[g] = make([]seen, 2*len(x.calendars[g].starts))
	}
	for i := range t.parts {
		t.parts[i] = make([]seen, 2*len(x.parts[i].keys))
	}
	return t
}

func (t *tally) merge(o *tally) {
	mergeSeen := func(a, b []seen) {
		for i := range a {
			a[i].merge(&b[i])
		}
	}
	mergeSeen(t.total[:], o.total[:])
	t.days.merge(o.days)
	t.kinds.merge(o.kinds)
	t.products.merge(o.products)
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
		func(t *tally, p piece) { x.blocks(s, p, &t.block, func(b []line) { t.count(x, b) }) },
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

// customerAt returns the customer of a line; guests are one after the last.
func (x *Index) customerAt(i int) int {
	return sort.Search(len(x.from), func(c int) bool { return int(x.from[c]) > i }) - 1
}

// block has room for some of a piece's lines that are selected. Each grouping goes
// over them by itself: where cells do not lie in the processor's cache, it waits for
// those of many lines at once, and not for three cells of each line in turn.
type block [256]line

// line is a line of a block.
type line struct {
	amount, discount, units, cost int32 // low parts
	unknown                       uint32
	i, kind, product              uint32
	order                         uint32 // + 1; 0 = it is counted elsewhere
	customer                      uint32 // + 1; 0 = a guest, or a return
	day                           uint16
	isNew                         bool // the customer's first sale is among the selection's days
}

func (c *cell) addLine(l *line) {
	c.add(int64(l.amount), int64(l.discount), int64(l.units), int64(l.cost), l.unknown)
}

// blocks calls f for the lines of a piece that are selected, block by block.
func (x *Index) blocks(s *selection, p piece, b *block, f func([]line)) {
	guests := len(x.customers)
	who := x.customerAt(p.from)
	end := int(x.from[who+1])
	isNew := who < guests && s.has(x.customers[who].first)
	n := 0
	for i := p.from; i < p.to; i++ {
		for i >= end {
			who++
			end = int(x.from[who+1])
			isNew = who < guests && s.has(x.customers[who].first)
		}
		kind, day := x.kind[i], int(x.day[i])
		if !s.combinations[kind>>1] || day < s.from || day > s.to {
			continue
		}
		l := &b[n]
		*l = line{amount: x.amount.low[i], discount: x.discount.low[i], units: x.units.low[i], cost: x.cost.low[i], i: uint32(i), kind: kind, product: x.product[i], day: uint16(day), isNew: isNew}
		if l.cost == unknown {
			l.cost, l.unknown = 0, 1
		}
		if order := x.order[i]; order < severalCustomers {
			l.order = order + 1
		}
		if kind&1 == 0 && who < guests {
			l.customer = uint32(who + 1)
		}
		if n++; n == len(b) {
			f(b[:])
			n = 0
		}
	}
	f(b[:n])
}

// count counts a block.
func (t *tally) count(x *Index, lines []line) {
	if x.wide {
		for k := range lines {
			l := &lines[k]
			back := l.kind & 1
			t.days.addHigh(x, int(l.i), 2*uint32(l.day)+back)
			t.kinds.addHigh(x, int(l.i), l.kind)
			t.products.addHigh(x, int(l.i), 2*l.product+back)
		}
	}
	for k := range lines {
		l := &lines[k]
		back := l.kind & 1
		c := &t.days.low[2*uint32(l.day)+back]
		c.addLine(l)
		if l.order != 0 {
			t.total[back].sawOrder(l.order)
			t.orderOnDay(x, c, l.order, l.day, back)
		}
		if l.customer == 0 {
			continue
		}
		if !t.total[0].sawCustomer(l.customer) && l.isNew {
			t.total[0].fresh++
		}
		if c.sawCustomer(l.customer) {
			continue
		}
		first := uint16(x.customers[l.customer-1].first)
		if first == l.day {
			c.fresh++
		}
		for g := range t.periods {
			of := x.calendars[g].of
			if period := &t.periods[g][2*uint32(of[l.day])]; !period.sawCustomer(l.customer) && l.isNew && of[first] == of[l.day] {
				period.fresh++
			}
		}
	}
	for k := range lines {
		l := &lines[k]
		c := &t.kinds.low[l.kind]
		c.addLine(l)
		if l.order != 0 {
			t.orderOfKind(x, c, l.order, l.kind)
		}
		if l.customer != 0 && !c.sawCustomer(l.customer) {
			for k := range t.parts {
				t.parts[k][2*x.parts[k].of[l.kind>>1]].sawCustomer(l.customer)
			}
		}
	}
	for k := range lines {
		l := &lines[k]
		back := l.kind & 1
		c := &t.products.low[2*l.product+back]
		c.addLine(l)
		if l.order != 0 {
			t.orderOfProduct(x, c, l.order, l.product, back)
		}
		if l.customer != 0 && !c.sawCustomer(l.customer) {
			t.subs[2*x.subOf[l.product]].sawCustomer(l.customer)
		}
	}
}

// The three count an order, + 1, in a cell and the groups that this is part of.
func (t *tally) orderOnDay(x *Index, c *cell, order uint32, day uint16, back uint32) {
	if !c.sawOrder(order) {
		for g := range t.periods {
			t.periods[g][2*uint32(x.calendars[g].of[day])+back].sawOrder(order)
		}
	}
}

func (t *tally) orderOfKind(x *Index, c *cell, order, kind uint32) {
	if !c.sawOrder(order) {
		for k := range t.parts {
			t.parts[k][2*x.parts[k].of[kind>>1]+kind&1].sawOrder(order)
		}
	}
}

func (t *tally) orderOfProduct(x *Index, c *cell, order, product, back uint32) {
	if !c.sawOrder(order) {
		t.subs[2*x.subOf[product]+back].sawOrder(order)
	}
}

// shared counts the orders of a piece of the lines of shared orders.
func (t *tally) shared(x *Index, s *selection, p piece) {
	x.eachShared(s, p, func(i, day int, kind uint32) {
		order, product, back := x.order[i]+1, x.product[i], kind&1
		t.total[back].sawOrder(order)
		t.orderOnDay(x, &t.days.low[2*uint32(day)+back], order, uint16(day), back)
		t.orderOfKind(x, &t.kinds.low[kind], order, kind)
		t.orderOfProduct(x, &t.products.low[2*product+back], order, product, back)
	})
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
	type tally struct {
		cells
		block
	}
	all, err := passOver(ctx, x, func() *tally { return &tally{cells: x.newCells(classes)} },
		func(t *tally, p piece) {
			x.blocks(s, p, &t.block, func(lines []line) {
				for k := range lines {
					l := &lines[k]
					at := class(l.product) + l.kind&1
					c := &t.low[at]
					c.addLine(l)
					if x.wide {
						t.addHigh(x, int(l.i), at)
					}
					if l.order != 0 {
						c.sawOrder(l.order)
					}
					if l.customer != 0 && !c.sawCustomer(l.customer) && l.isNew {
						c.fresh++
					}
				}
			})
		},
		func(t *tally, p piece) {
			x.eachShared(s, p, func(i, day int, kind uint32) { t.low[class(x.product[i])+kind&1].sawOrder(x.order[i] + 1) })
		},
		func(a, b *tally) { a.merge(b.cells) })
	if err != nil {
		return nil, err
	}
	out := make([]sums, classes)
	for i := range out {
		out[i].add(all.cells, i)
		out[i].distinctIn(all.cells, i)
	}
	return out, nil
}
