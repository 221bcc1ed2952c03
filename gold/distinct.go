package gold

import (
	"math/bits"
	"slices"

	"github.com/smeltdata/smelt/metrics"
)

// Distinct counts without a set per group. The sightings of orders are read
// partition by partition, and those of one order brought together: most orders
// have one, and count once in each of its groups. Of the others, each group
// keeps a stamp of who was counted in it last. The same walk lists where the
// customers were seen, by customer, and then these are counted in the same way.

// cell counts in a group the things that were seen in more than one.
type cell struct {
	stamp uint32 // of the thing counted last
	count uint32
}

// tally counts things of one kind in the groups of a base's levels. It belongs
// to one goroutine. All together count up to four billion things.
type tally struct {
	levels []*level
	of     [][]int32 // by level: its group of each of the base's; nil = the same
	single []uint32  // by group of the base: things seen in this one only
	cells  [][]cell  // by level, by its group: all others
}

func newTally(levels []*level, groups int) *tally {
	t := &tally{levels: levels, single: make([]uint32, groups)}
	for _, l := range levels {
		t.of, t.cells = append(t.of, l.of), append(t.cells, make([]cell, l.groups.len()))
	}
	return t
}

// in counts a thing in a group of the base, if it was not yet counted there.
func (t *tally) in(group int32, stamp uint32) {
	for i, of := range t.of {
		g := group
		if of != nil {
			g = of[g]
		}
		if c := &t.cells[i][g]; c.stamp != stamp {
			c.stamp = stamp
			c.count++
		}
	}
}

// addTo adds the counts of level i.
func (t *tally) addTo(i int, counts []uint32) {
	for g, c := range t.cells[i] {
		counts[g] += c.count
	}
	for g, n := range t.single {
		if n == 0 {
			continue // maybe a group of another aggregation only: it has no level
		}
		if of := t.of[i]; of != nil {
			g = int(of[g])
		}
		counts[g] += n
	}
}

// census is one goroutine's count of the keys of sightings.
type census struct {
	fixed, line []*tally  // by column; nil where nothing is counted
	days        *dayTally // nil where not counted
	stamp       uint32

	records records // of a partition
	next    []int32 // by record: another record of the same key, or -1
	heads   []int32 // by key: one of its records, or -1
	slots   []uint32
}

// dayTally counts each customer's days. A record has one day.
type dayTally struct {
	column int     // of the day's base
	fixed  int     // columns before those of lines
	of     []int32 // the day of a group; nil = the same
	stamps []uint32
	counts []uint32 // by customer
}

func newCensus(a *Aggregation, fixed, line []int, need metrics.Base) *census {
	c := &census{}
	tallies := func(bases []int) (out []*tally) {
		for _, b := range bases {
			var t *tally
			if b >= 0 {
				if levels := a.plan.bases[b].levelsThat(need); levels != nil {
					t = newTally(levels, a.groups[b].len())
				}
			}
			out = append(out, t)
		}
		return out
	}
	c.fixed, c.line = tallies(fixed), tallies(line)
	return c
}

// levelsThat returns the base's levels that need a count.
func (b *base) levelsThat(need metrics.Base) []*level {
	var out []*level
	for _, l := range b.levels {
		if l.needs.Has(need) {
			out = append(out, l)
		}
	}
	return out
}

// linkOrders brings together the records of each order.
func (c *census) linkOrders(m *keyMaker) {
	r := &c.records
	size := 1 << bits.Len(uint(2*len(r.at)))
	c.slots = slices.Grow(c.slots[:0], size)[:size]
	clear(c.slots)
	c.next, c.heads = resize(c.next, len(r.at)), c.heads[:0]
	mask := uint64(size - 1)
	for i, a := range r.a {
		b := uint64(0)
		if len(r.b) > 0 {
			b = r.b[i]
		}
		at := m.hash(a, b) & mask
		for {
			k := c.slots[at]
			if k == 0 {
				c.heads = append(c.heads, int32(i))
				c.slots[at], c.next[i] = uint32(len(c.heads)), -1
				break
			}
			head := c.heads[k-1]
			if r.a[head] == a && (b == 0 || r.b[head] == b) {
				c.heads[k-1], c.next[i] = int32(i), head
				break
			}
			at = (at + 1) & mask
		}
	}
}

// linkCustomers brings together the records of each customer of a partition.
func (c *census) linkCustomers(customers int) {
	n := customers/numPartitions + 1
	c.heads, c.next = resize(c.heads, n), resize(c.next, len(c.records.at))
	for i := range c.heads {
		c.heads[i] = -1
	}
	for i, a := range c.records.a {
		k := a / numPartitions
		c.next[i], c.heads[k] = c.heads[k], int32(i)
	}
}

// count counts the keys that were linked. The first is key number first, each
// other one step further.
func (c *census) count(first, step int) {
	none := slices.Repeat([]int32{-1}, len(c.fixed))
	for k, r := range c.heads {
		if r < 0 {
			continue
		}
		c.stamp++
		if c.next[r] < 0 {
			c.single(r)
			if c.days != nil {
				c.days.counts[first+k*step] = 1
			}
			continue
		}
		days := uint32(0)
		before := none
		for ; r >= 0; r = c.next[r] {
			words := c.records.words[c.records.at[r]:]
			c.several(words, before)
			before = words
			if c.days != nil && c.days.in(words, c.stamp) {
				days++
			}
		}
		if c.days != nil {
			c.days.counts[first+k*step] = days
		}
	}
}

// in reports whether the day was not yet counted with this stamp.
func (d *dayTally) in(words []int32, stamp uint32) bool {
	at := d.column
	if at >= d.fixed { // its first line's
		at = d.fixed + 1 + (at-d.fixed)*int(words[d.fixed])
	}
	day := words[at]
	if d.of != nil {
		day = d.of[day]
	}
	if d.stamps[day] == stamp {
		return false
	}
	d.stamps[day] = stamp
	return true
}

// single counts a key that has one record only.
func (c *census) single(r int32) {
	words := c.records.words[c.records.at[r]:]
	for j, t := range c.fixed {
		if t != nil {
			t.single[words[j]]++
		}
	}
	if len(c.line) == 0 {
		return
	}
	n, ids := words[len(c.fixed)], words[len(c.fixed)+1:]
	for _, t := range c.line {
		switch {
		case t == nil:
		case n == 1:
			t.single[ids[0]]++
		default:
			for _, id := range ids[:n] {
				t.in(id, c.stamp)
			}
		}
		ids = ids[n:]
	}
}

// several counts one of a key's records, the one after before.
func (c *census) several(words, before []int32) {
	for j, t := range c.fixed {
		if t != nil && words[j] != before[j] {
			t.in(words[j], c.stamp)
		}
	}
	if len(c.line) == 0 {
		return
	}
	n, ids := words[len(c.fixed)], words[len(c.fixed)+1:]
	for _, t := range c.line {
		if t != nil {
			for _, id := range ids[:n] {
				t.in(id, c.stamp)
			}
		}
		ids = ids[n:]
	}
}

// together adds up what several goroutines counted of one column's base.
func together(need metrics.Base, tallies ...*tally) {
	if tallies[0] == nil {
		return
	}
	for i, l := range tallies[0].levels {
		counts := make([]uint32, l.groups.len())
		for _, t := range tallies {
			t.addTo(i, counts)
		}
		l.counts[need] = counts
	}
}

// gather adds up the counts of all goroutines.
func gather(need metrics.Base, all []*census) {
	column := func(of func(*census) []*tally) {
		for j := range of(all[0]) {
			var tallies []*tally
			for _, c := range all {
				tallies = append(tallies, of(c)[j])
			}
			together(need, tallies...)
		}
	}
	column(func(c *census) []*tally { return c.fixed })
	column(func(c *census) []*tally { return c.line })
}
