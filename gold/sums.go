package gold

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// sumBases are the sums that every group accumulates: the first of metrics'
// Bases, in the same order.
const sumBases = int(metrics.SumUnitsReturned) + 1

// Flags of a line, or of a group: what any of its lines has.
const (
	hasLine uint32 = 1 << iota
	hasSale
	hasUnknownCost
	hasUnknownMargin
)

// line is what one fact row adds to each of its groups.
type line struct {
	v     [sumBases]int64
	date  pipeline.Date
	flags uint32
}

// sums is one group's accumulator in one worker: 80 bytes, because a fact line
// touches one for its customer, which is rarely in the processor's cache.
type sums struct {
	v           [sumBases]int64
	first, last pipeline.Date // of sales; meaningful with hasSale
	flags       uint32
}

// wide is where sums go before they could overflow.
type wide [sumBases]pipeline.Total

// accumulator holds one worker's sums of one base.
type accumulator struct {
	sums []sums
	wide []wide // nil until needed
}

// grow makes room for n groups.
func (a *accumulator) grow(n int) {
	if n > len(a.sums) {
		a.sums = append(a.sums, make([]sums, n-len(a.sums))...)
	}
}

// add adds lines to their groups. The caller has made sure that no sum can
// overflow.
func (a *accumulator) add(groups []int32, lines []line) {
	for i := range lines {
		l, s := &lines[i], &a.sums[groups[i]]
		s.v[0] += l.v[0]
		s.v[1] += l.v[1]
		s.v[2] += l.v[2]
		s.v[3] += l.v[3]
		s.v[4] += l.v[4]
		s.v[5] += l.v[5]
		s.v[6] += l.v[6]
		s.v[7] += l.v[7]
		s.mark(l)
	}
}

func (s *sums) mark(l *line) {
	if l.flags&hasSale != 0 {
		switch {
		case s.flags&hasSale == 0:
			s.first, s.last = l.date, l.date
		case l.date < s.first:
			s.first = l.date
		case l.date > s.last:
			s.last = l.date
		}
	}
	s.flags |= l.flags
}

// addWide adds lines whose amounts are so large that a few thousand of them
// could overflow 64 bits.
func (a *accumulator) addWide(groups []int32, lines []line) {
	a.growWide()
	for i := range lines {
		l, g := &lines[i], groups[i]
		for k, v := range l.v {
			a.wide[g][k].Add(v)
		}
		a.sums[g].mark(l)
	}
}

// flush moves the 64-bit sums to the wide ones.
func (a *accumulator) flush() {
	a.growWide()
	for g := range a.sums {
		s := &a.sums[g]
		for k, v := range s.v {
			a.wide[g][k].Add(v)
		}
		s.v = [sumBases]int64{}
	}
}

func (a *accumulator) growWide() {
	if n := len(a.sums); n > len(a.wide) {
		a.wide = append(a.wide, make([]wide, n-len(a.wide))...)
	}
}

// merged is a group's accumulator over all workers.
type merged struct {
	v           wide
	first, last pipeline.Date
	flags       uint32
}

// merge adds a group of one worker.
func (m *merged) merge(a *accumulator, group int32) {
	if int(group) >= len(a.sums) {
		return
	}
	s := &a.sums[group]
	for k, v := range s.v {
		m.v[k].Add(v)
	}
	if int(group) < len(a.wide) {
		for k := range m.v {
			m.v[k].Merge(a.wide[group][k])
		}
	}
	m.mark(s.first, s.last, s.flags)
}

// add adds another group.
func (m *merged) add(o *merged) {
	for k := range m.v {
		m.v[k].Merge(o.v[k])
	}
	m.mark(o.first, o.last, o.flags)
}

func (m *merged) mark(first, last pipeline.Date, flags uint32) {
	if flags&hasSale != 0 {
		if m.flags&hasSale == 0 {
			m.first, m.last = first, last
		}
		m.first, m.last = min(m.first, first), max(m.last, last)
	}
	m.flags |= flags
}

// values gives the group's sums and dates to v.
func (m *merged) values(v *metrics.Values) {
	v.Reset()
	for k := range m.v {
		v.Set(metrics.Base(k), m.v[k])
	}
	if m.flags&hasUnknownCost != 0 {
		v.SetUnknown(metrics.SumCost)
	}
	if m.flags&hasUnknownMargin != 0 {
		v.SetUnknown(metrics.SumMargin)
	}
	if m.flags&hasSale != 0 {
		v.Set(metrics.MinSaleDate, pipeline.TotalOf(int64(m.first)))
		v.Set(metrics.MaxSaleDate, pipeline.TotalOf(int64(m.last)))
	}
}

// headroom keeps 64-bit sums from overflowing without a check per addition: it
// knows how many lines were added since the last flush and how many bits the
// largest amount has.
type headroom struct {
	lines uint64
	bits  int
}

// fits reports whether n lines more, whose amounts have so many bits, cannot
// overflow any sum.
func (h *headroom) fits(n, amountBits int) bool {
	b := max(h.bits, amountBits)
	return bits.Len64(h.lines+uint64(n))+b <= 62
}

func (h *headroom) take(n, amountBits int) {
	h.lines += uint64(n)
	h.bits = max(h.bits, amountBits)
}

// lines reads rows from..to of the batch into dst and returns how many bits
// its largest amount has. kind holds each row's line type.
func (c *columns) lines(kind []int32, from, to int, dst []line) (int, error) {
	var any int64 // all bits in which an amount differs from its sign
	for i := from; i < to; i++ {
		l := &dst[i-from]
		sale := -int64(kind[i] & kindSale) // all ones on a sale
		quantity, discount := c.quantity[i], int64(c.discounts[i].LowBits())
		if quantity == math.MinInt64 {
			return 0, factError("quantity", fmt.Sprint(quantity), "is out of range")
		}
		returned := (quantity ^ quantity>>63) - quantity>>63 // |quantity|
		l.v = [sumBases]int64{
			metrics.SumSales:         int64(c.sales[i].LowBits()),
			metrics.SumReturns:       int64(c.returns[i].LowBits()),
			metrics.SumRevenue:       int64(c.revenue[i].LowBits()),
			metrics.SumDiscounts:     discount & sale,
			metrics.SumCost:          int64(c.cost[i].LowBits()),
			metrics.SumMargin:        int64(c.margin[i].LowBits()),
			metrics.SumUnitsSold:     quantity & sale,
			metrics.SumUnitsReturned: returned &^ sale,
		}
		l.date = pipeline.Date(c.dates[i])
		l.flags = hasLine | uint32(sale)&hasSale
		if c.noCost != nil && c.noCost.IsNull(i) {
			l.v[metrics.SumCost] = 0
			l.flags |= hasUnknownCost
		}
		if c.noMargin != nil && c.noMargin.IsNull(i) {
			l.v[metrics.SumMargin] = 0
			l.flags |= hasUnknownMargin
		}
		for _, v := range l.v {
			any |= v ^ v>>63
		}
	}
	return bits.Len64(uint64(any)), nil
}
