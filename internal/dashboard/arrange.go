package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// arrange gives the lines their places: customer by customer, guests last, and order
// by order within. It counts twice, by order and then by customer, which keeps the
// order within; then each column moves at once, so that only one is there twice.
func (l *loader) arrange(ctx context.Context) error {
	x := l.x
	for _, c := range l.chunks {
		x.lines += len(c.order)
	}
	if x.lines > math.MaxUint32-1 {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Value: fmt.Sprint(x.lines), Msg: "has more lines than a dashboard can hold", Hint: "four billion are the most"}
	}
	if err := l.calendar(); err != nil {
		return err
	}
	guests := uint32(len(x.customers))
	x.from = make([]uint32, guests+2)
	for _, c := range l.chunks {
		for i, who := range c.customer {
			if who == none {
				c.customer[i] = guests
			}
			x.from[c.customer[i]+1]++
		}
	}
	for i := range guests + 1 {
		x.from[i+1] += x.from[i]
	}
	to := l.places()
	if err := l.move(to); err != nil {
		return err
	}
	l.chunks = nil
	x.cut()
	return ctx.Err()
}

// calendar finds the first and the newest day.
func (l *loader) calendar() error {
	least, most := int32(math.MaxInt32), int32(math.MinInt32)
	for _, c := range l.chunks {
		least, most = min(least, slices.Min(c.day)), max(most, slices.Max(c.day))
	}
	if l.x.lines == 0 {
		return nil
	}
	l.x.first, l.x.days = pipeline.Date(least), int(int64(most)-int64(least)+1)
	if l.x.days > math.MaxUint16 {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Column: "order_date", Value: fmt.Sprintf("%s to %s", pipeline.Date(least), pipeline.Date(most)),
			Msg: "spans more than 179 years", Hint: "dates: in smelt.yml says which days can be right"}
	}
	return nil
}

// places returns the place of each line, chunk by chunk.
func (l *loader) places() []uint32 {
	codes := 0
	for i := range l.orders {
		codes = max(codes, l.orders[i].dict.Len()*orderShards)
	}
	l.orders = [orderShards]orders{} // their texts are of no use any more
	next := make([]uint32, codes+1)
	for _, c := range l.chunks {
		for _, o := range c.order {
			next[o+1]++
		}
	}
	for i := range codes {
		next[i+1] += next[i]
	}
	// A line is known by its chunk and its place in it, one after the other.
	customers, sorted := make([]uint32, 0, l.x.lines), make([]uint32, l.x.lines)
	line := uint32(0)
	for _, c := range l.chunks {
		customers = append(customers, c.customer...)
		for _, o := range c.order {
			sorted[next[o]] = line
			next[o]++
			line++
		}
	}
	// next[o] is now where the lines of order o end.
	from := uint32(0)
	shared := make([]bool, codes)
	for o, end := range next[:codes] {
		for i := from; i < end && !shared[o]; i++ {
			shared[o] = customers[sorted[i]] != customers[sorted[from]]
		}
		from = end
	}
	for _, c := range l.chunks {
		for i, o := range c.order {
			if shared[o] {
				c.order[i] |= severalCustomers
			}
		}
	}
	start := slices.Clone(l.x.from)
	to := make([]uint32, l.x.lines)
	for _, i := range sorted {
		who := customers[i]
		to[i] = start[who]
		start[who]++
	}
	return to
}

// move brings the columns to the lines' places.
func (l *loader) move(to []uint32) error {
	x := l.x
	x.day = make([]uint16, x.lines)
	var g errgroup.Group
	g.SetLimit(x.workers)
	g.Go(func() error {
		at := 0
		for _, c := range l.chunks {
			for i, d := range c.day {
				x.day[to[at+i]] = uint16(d - int32(x.first))
			}
			at += len(c.day)
			c.day = nil
		}
		return nil
	})
	for _, m := range []struct {
		to   *[]uint32
		from func(*chunk) *[]uint32
	}{
		{&x.kind, func(c *chunk) *[]uint32 { return &c.kind }},
		{&x.order, func(c *chunk) *[]uint32 { return &c.order }},
		{&x.product, func(c *chunk) *[]uint32 { return &c.product }},
	} {
		g.Go(func() error {
			*m.to = make([]uint32, x.lines)
			scatter(*m.to, to, l.chunks, m.from)
			return nil
		})
	}
	columns := []struct {
		to   *numbers
		from func(*chunk) *column
	}{
		{&x.amount, func(c *chunk) *column { return &c.amount }},
		{&x.discount, func(c *chunk) *column { return &c.discount }},
		{&x.units, func(c *chunk) *column { return &c.units }},
		{&x.cost, func(c *chunk) *column { return &c.cost }},
	}
	for _, m := range columns {
		x.wide = x.wide || slices.ContainsFunc(l.chunks, func(c *chunk) bool { return m.from(c).wide != nil })
	}
	for _, m := range columns {
		g.Go(func() error {
			m.to.low = make([]int32, x.lines)
			if !x.wide {
				scatter(m.to.low, to, l.chunks, func(c *chunk) *[]int32 { return &m.from(c).small })
				return nil
			}
			m.to.high = make([]int32, x.lines)
			at := 0
			for _, c := range l.chunks {
				low, high := m.from(c).parts()
				*m.from(c) = column{}
				for i := range low {
					m.to.low[to[at+i]], m.to.high[to[at+i]] = low[i], high[i]
				}
				at += len(low)
			}
			return nil
		})
	}
	return g.Wait()
}

// scatter brings one column to the lines' places, and lets go of the chunks'.
func scatter[T any](out []T, to []uint32, chunks []*chunk, from func(*chunk) *[]T) {
	at := 0
	for _, c := range chunks {
		column := from(c)
		for i, v := range *column {
			out[to[at+i]] = v
		}
		at += len(*column)
		*column = nil
	}
}

// Lines that a worker passes over before it looks for more: few enough that workers
// end together, many enough that nothing else counts.
const pieceLines = 64 << 10

// cut cuts the lines into pieces, lists those of shared orders, and looks at each
// customer's first sale.
func (x *Index) cut() {
	guests := int(x.from[len(x.customers)])
	last := 0
	end := func(i int) {
		if i-last >= pieceLines || i == x.lines && i > last {
			x.pieces = append(x.pieces, piece{last, i})
			last = i
		}
	}
	for who := range x.customers {
		from, to := int(x.from[who]), int(x.from[who+1])
		for i := from; i < to; i++ {
			if day := int32(x.day[i]); x.kind[i]&1 == 0 && (x.customers[who].first < 0 || day < x.customers[who].first) {
				x.customers[who].first = day
			}
		}
		end(to)
	}
	for i := guests + 1; i <= x.lines; i++ {
		if i == x.lines || x.order[i] != x.order[i-1] {
			end(i)
		}
	}
	for i, o := range x.order {
		if o&severalCustomers != 0 {
			x.shared = append(x.shared, uint32(i))
		}
	}
	slices.SortFunc(x.shared, func(a, b uint32) int { return cmp.Or(cmp.Compare(x.order[a], x.order[b]), cmp.Compare(a, b)) })
	last = 0
	for i := 1; i <= len(x.shared); i++ {
		if i == len(x.shared) || i-last >= pieceLines && x.order[x.shared[i]] != x.order[x.shared[i-1]] {
			x.sharings = append(x.sharings, piece{last, i})
			last = i
		}
	}
}
