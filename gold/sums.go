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

// Flags of a line, a run of lines or a group: what any of the lines has.
const (
	hasLine uint32 = 1 << iota
	hasSale
	hasUnknownCost
	hasUnknownMargin
)

// amounts is what a line, or a run of lines, adds to each of its groups. A
// group's fill one cache line.
type amounts [sumBases]int64

// mark is what else is known of a group, or of a run. The dates count with
// hasSale only.
type mark struct {
	last, first uint32 // the last sale's date, and the bits of the first one's complement, so that both grow from 0
	flags       uint32
}

// markOf returns the mark of a run of lines of a day.
func markOf(d pipeline.Date, flags uint32) mark {
	m := mark{flags: flags}
	if flags&hasSale != 0 {
		m.last = uint32(d) ^ 1<<31
		m.first = ^m.last
	}
	return m
}

func (m *mark) add(o mark) {
	m.last, m.first, m.flags = max(m.last, o.last), max(m.first, o.first), m.flags|o.flags
}

func (m *mark) firstSale() pipeline.Date { return pipeline.Date(^m.first ^ 1<<31) }
func (m *mark) lastSale() pipeline.Date  { return pipeline.Date(m.last ^ 1<<31) }

// wide is where sums go before they could overflow.
type wide [sumBases]pipeline.Total

// accumulator holds the sums of groups.
type accumulator struct {
	sums  []amounts
	marks []mark
	wide  []wide // nil until needed
}

// grow makes room for n groups.
func (a *accumulator) grow(n int) {
	if n > manyGroups && n > cap(a.sums) {
		// Most of them are known before the first line. Few are to come.
		a.sums = append(make([]amounts, 0, n+n/32), a.sums...)
		a.marks = append(make([]mark, 0, n+n/32), a.marks...)
	}
	if more := n - len(a.sums); more > 0 {
		a.sums = append(a.sums, make([]amounts, more)...)
		a.marks = append(a.marks, make([]mark, more)...)
	}
}

// manyGroups take too much memory to have room for a quarter more.
const manyGroups = 64 << 10

// add adds lines, or runs, to their groups. The caller has made sure that no
// sum can overflow.
func (a *accumulator) add(groups []int32, some []amounts, marks []mark) {
	sums, groups := a.sums, groups[:len(some)]
	for i := range some {
		sums[groups[i]].add(&some[i])
	}
	all, marks := a.marks, marks[:len(groups)]
	for i, g := range groups {
		all[g].add(marks[i])
	}
}

func (s *amounts) add(l *amounts) {
	s[0] += l[0]
	s[1] += l[1]
	s[2] += l[2]
	s[3] += l[3]
	s[4] += l[4]
	s[5] += l[5]
	s[6] += l[6]
	s[7] += l[7]
}

// addWide adds an amount that is so large that a few thousand of them could
// overflow 64 bits.
func (a *accumulator) addWide(group int32, l *amounts) {
	a.growWide()
	for k, v := range l {
		a.wide[group][k].Add(v)
	}
}

// flush moves the 64-bit sums to the wide ones.
func (a *accumulator) flush() {
	a.growWide()
	for g := range a.sums {
		for k, v := range &a.sums[g] {
			a.wide[g][k].Add(v)
		}
		a.sums[g] = amounts{}
	}
}

// total returns a sum of a group.
func (a *accumulator) total(group int32, sum metrics.Base) pipeline.Total {
	t := pipeline.TotalOf(a.sums[group][sum])
	if int(group) < len(a.wide) {
		t.Merge(a.wide[group][sum])
	}
	return t
}

// set sets a sum of a group.
func (a *accumulator) set(group int32, sum metrics.Base, t pipeline.Total) {
	v, small := t.Int64()
	if !small {
		a.growWide()
		v = 0
	} else {
		t = pipeline.Total{}
	}
	a.sums[group][sum] = v
	if int(group) < len(a.wide) {
		a.wide[group][sum] = t
	}
}

func (a *accumulator) growWide() {
	if n := len(a.sums); n > len(a.wide) {
		a.wide = append(a.wide, make([]wide, n-len(a.wide))...)
	}
}

// merge adds group from of another accumulator to a group. The 64-bit sums
// must fit.
func (a *accumulator) merge(group int32, o *accumulator, from int32) {
	a.sums[group].add(&o.sums[from])
	a.marks[group].add(o.marks[from])
	if int(from) < len(o.wide) {
		a.growWide()
		for k := range o.wide[from] {
			a.wide[group][k].Merge(o.wide[from][k])
		}
	}
}

// headroom keeps 64-bit sums from overflowing without a check per addition: it
// knows how many lines a worker has added since it last flushed and how many
// bits the largest amount has.
type headroom struct {
	lines uint64
	bits  int
	spare int // bits that are left for the sums of all workers together
}

// fits reports whether n lines more, whose amounts have so many bits, cannot
// overflow any sum.
func (h *headroom) fits(n uint64, amountBits int) bool {
	b := max(h.bits, amountBits)
	return bits.Len64(h.lines+n)+b+h.spare <= 62
}

func (h *headroom) take(n uint64, amountBits int) {
	h.lines += n
	h.bits = max(h.bits, amountBits)
}

// block is some lines, few enough to stay in the processor's cache while they
// are added to all bases, in whole runs.
type block struct {
	lines []amounts
	each  []mark    // by line
	runs  []amounts // their sums by run, which count only where no sum can overflow
	marks []mark    // by run
	flags []uint32  // by line: what is unknown; nil when nothing is
	flag  []uint32  // memory of flags
	order []uint8   // memory of shared sums: the lines, or runs, by stripe
}

// read reads the lines of the runs, which end at ends, from a batch, and
// returns how many bits the largest amount has.
func (b *block) read(c *columns, kinds, starts []int32) (int, error) {
	from, to := int(starts[0]), int(starts[len(starts)-1])
	b.lines, b.each, b.runs, b.marks, b.flags = b.lines[:to-from], b.each[:to-from], b.runs[:len(kinds)], b.marks[:len(kinds)], nil
	if c.hasCost.bits != nil || c.hasMargin.bits != nil {
		b.unknown(c, from, to)
	}
	var any int64 // all bits in which an amount differs from its sign
	for r, kind := range kinds {
		sale := -int64(kind & kindSale) // all ones on a sale
		sum := &b.runs[r]
		*sum = amounts{}
		flags := hasLine | uint32(sale)&hasSale
		m := markOf(pipeline.Date(c.dates[starts[r]]), flags)
		for i := int(starts[r]); i < int(starts[r+1]); i++ {
			l := &b.lines[i-from]
			quantity := c.quantity[i]
			if quantity == math.MinInt64 {
				return 0, factError("quantity", fmt.Sprint(quantity), "is out of range")
			}
			returned := (quantity ^ quantity>>63) - quantity>>63 // |quantity|
			l[metrics.SumSales] = int64(c.sales[i].LowBits())
			l[metrics.SumReturns] = int64(c.returns[i].LowBits())
			l[metrics.SumRevenue] = int64(c.revenue[i].LowBits())
			l[metrics.SumDiscounts] = int64(c.discounts[i].LowBits()) & sale
			l[metrics.SumCost] = int64(c.cost[i].LowBits())
			l[metrics.SumMargin] = int64(c.margin[i].LowBits())
			l[metrics.SumUnitsSold] = quantity & sale
			l[metrics.SumUnitsReturned] = returned &^ sale
			b.each[i-from] = m
			if b.flags != nil {
				f := b.flags[i-from]
				b.each[i-from].flags |= f
				flags |= f
				if f&hasUnknownCost != 0 {
					l[metrics.SumCost] = 0
				}
				if f&hasUnknownMargin != 0 {
					l[metrics.SumMargin] = 0
				}
			}
			any |= l[0] ^ l[0]>>63 | l[1] ^ l[1]>>63 | l[2] ^ l[2]>>63 | l[3] ^ l[3]>>63 |
				l[4] ^ l[4]>>63 | l[5] ^ l[5]>>63 | l[6] ^ l[6]>>63 | l[7] ^ l[7]>>63
			sum.add(l)
		}
		m.flags = flags
		b.marks[r] = m
	}
	return bits.Len64(uint64(any)), nil
}

// unknown finds out which lines' cost or margin is unknown.
func (b *block) unknown(c *columns, from, to int) {
	b.flags = b.flag[:to-from]
	for i := from; i < to; i++ {
		f := uint32(0)
		if c.hasCost.null(i) {
			f |= hasUnknownCost
		}
		if c.hasMargin.null(i) {
			f |= hasUnknownMargin
		}
		b.flags[i-from] = f
	}
}
