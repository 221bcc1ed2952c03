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
	amount, discount, units, cost int64
	lines, unknown                uint32 // unknown: lines whose cost is
	seen
}

func (c *cell) add(amount, discount, units, cost int64, unknown uint32) {
	c.amount += amount
	c.discount += discount
	c.units += units
	c.cost += cost
	c.lines++
	c.unknown += unknown
}

func (c *cell) merge(o *cell) {
	c.lines += o.lines
	c.unknown += o.unknown
	c.amount += o.amount
	c.discount += o.discount
	c.units += o.units
	c.cost += o.cost
	c.seen.merge(&o.seen)
}

func (s *seen) merge(o *seen) {
	s.orders += o.orders
	s.customers += o.customers
	s.fresh += o.fresh
}

// cells are those of groups: of each its sales and then its returns. high are the sums
// of the numbers' high parts, where they have such.
type cells struct{ low, high []cell }

func (x *Index) newCells(groups int) cells {
	c := cells{low: make([]cell, 2*groups)}
	if x.wide {
		c.high = make([]cell, 2*groups)
	}
	return c
}

func (c cells) merge(o cells) {
	for i := range c.low {
		c.low[i].merge(&o.low[i])
	}
	for i := range c.high {
		c.high[i].merge(&o.high[i])
	}
}

// add adds a line to a cell.
func (c cells) add(x *Index, i int, at uint32) *cell {
	to := &c.low[at]
	if cost := x.cost.low[i]; cost != unknown {
		to.add(int64(x.amount.low[i]), int64(x.discount.low[i]), int64(x.units.low[i]), int64(cost), 0)
	} else {
		to.add(int64(x.amount.low[i]), int64(x.discount.low[i]), int64(x.units.low[i]), 0, 1)
	}
	if c.high != nil {
		c.high[at].add(int64(x.amount.high[i]), int64(x.discount.high[i]), int64(x.units.high[i]), int64(x.cost.high[i]), 0)
	}
	return to
}

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

// customerAt returns the customer of a line; guests are one after the last.
func (x *Index) customerAt(i int) int {
	return sort.Search(len(x.from), func(c int) bool { return int(x.from[c]) > i }) - 1
}

// each calls f for the lines of a piece that are selected, with their customer.
func (x *Index) each(s *selection, p piece, f func(i int, day int, kind uint32, who int)) {
	who := x.customerAt(p.from)
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

// lines is what each does, for the pass that takes the time.
func (t *tally) lines(x *Index, s *selection, p piece) {
	guests := len(x.customers)
	who := x.customerAt(p.from)
	end := int(x.from[who+1])
	isNew := who < guests && s.has(x.customers[who].first)
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
		back, product := kind&1, x.product[i]
		onDay := t.days.add(x, i, 2*uint32(day)+back)
		ofKind := t.kinds.add(x, i, kind)
		ofProduct := t.products.add(x, i, 2*product+back)
		if order := x.order[i]; order < severalCustomers {
			t.order(x, order+1, day, kind, product, onDay, ofKind, ofProduct)
		}
		if back == 0 && who < guests {
			t.customer(x, uint32(who+1), day, kind, product, isNew, onDay, ofKind, ofProduct)
		}
	}
}

// customer counts a customer, + 1, in the groups of one of its sales.
func (t *tally) customer(x *Index, customer uint32, day int, kind, product uint32, isNew bool, onDay, ofKind, ofProduct *cell) {
	if !t.total[0].sawCustomer(customer) && isNew {
		t.total[0].fresh++
	}
	if !onDay.sawCustomer(customer) {
		first := int(x.customers[customer-1].first)
		if first == day {
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
}

// order counts an order, + 1, in the groups of one of its lines.
func (t *tally) order(x *Index, order uint32, day int, kind, product uint32, onDay, ofKind, ofProduct *cell) {
	back := kind & 1
	t.total[back].sawOrder(order)
	if !onDay.sawOrder(order) {
		for g := range t.periods {
			t.periods[g][2*uint32(x.calendars[g].of[day])+back].sawOrder(order)
		}
	}
	if !ofKind.sawOrder(order) {
		for k := range t.parts {
			t.parts[k][2*x.parts[k].of[kind>>1]+back].sawOrder(order)
		}
	}
	if !ofProduct.sawOrder(order) {
		t.subs[2*x.products[product].sub+back].sawOrder(order)
	}
}

// shared counts the orders of a piece of the lines of shared orders.
func (t *tally) shared(x *Index, s *selection, p piece) {
	x.eachShared(s, p, func(i, day int, kind uint32) {
		product := x.product[i]
		t.order(x, x.order[i]+1, day, kind, product, &t.days.low[2*uint32(day)+kind&1], &t.kinds.low[kind], &t.products.low[2*product+kind&1])
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
	guests := len(x.customers)
	all, err := passOver(ctx, x, func() cells { return x.newCells(classes) },
		func(to cells, p piece) {
			x.each(s, p, func(i, day int, kind uint32, who int) {
				c := to.add(x, i, class(x.product[i])+kind&1)
				if order := x.order[i]; order < severalCustomers {
					c.sawOrder(order + 1)
				}
				if kind&1 == 0 && who < guests && !c.sawCustomer(uint32(who+1)) && s.has(x.customers[who].first) {
					c.fresh++
				}
			})
		},
		func(to cells, p piece) {
			x.eachShared(s, p, func(i, day int, kind uint32) { to.low[class(x.product[i])+kind&1].sawOrder(x.order[i] + 1) })
		},
		cells.merge)
	if err != nil {
		return nil, err
	}
	out := make([]sums, classes)
	for i := range out {
		out[i].add(all, i)
		out[i].distinctIn(all, i)
	}
	return out, nil
}
