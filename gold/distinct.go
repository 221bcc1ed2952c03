package gold

import (
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/metrics"
)

// Distinct counts without a set per group. For orders, an order's groups are
// its first one and the few exceptions; for customers, the pairs of customer
// and group are put in order of the customer. Either way each group keeps a
// stamp of who was counted in it last, and a group of a coarser level is
// counted in the same walk.

// tally counts distinct things of one kind in the groups of some levels.
type tally struct {
	levels []*level
	counts [][]int64 // by level, by group
	stamps [][]int32 // by level, by group: the thing counted last
	serial int32     // of the thing; 0 = none yet
}

func newTally(levels []*level) *tally {
	t := &tally{levels: levels}
	for _, l := range levels {
		t.counts = append(t.counts, make([]int64, len(l.sums)))
		t.stamps = append(t.stamps, make([]int32, len(l.sums)))
	}
	return t
}

// next begins another thing.
func (t *tally) next() {
	if t.serial++; t.serial < 0 { // after two billion
		t.serial = 1
		for _, s := range t.stamps {
			clear(s)
		}
	}
}

// in counts the thing in a group of the base.
func (t *tally) in(group int32) {
	for i, l := range t.levels {
		g := group
		if l.of != nil {
			g = l.of[g]
		}
		if t.stamps[i][g] != t.serial {
			t.stamps[i][g] = t.serial
			t.counts[i][g]++
		}
	}
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

// countOrders counts the distinct orders of an index in the groups of all
// levels that need it.
func (a *Aggregation) countOrders(x *orderIndex, need metrics.Base) error {
	if x == nil {
		return nil
	}
	for j, b := range x.bases {
		levels := a.plan.bases[b].levelsThat(need)
		if len(levels) == 0 {
			continue
		}
		tallies := make([]*tally, len(a.workers))
		var g errgroup.Group
		for w := range tallies {
			tallies[w] = newTally(levels)
			g.Go(func() error {
				for s := w; s < numShards; s += len(tallies) {
					x.shards[s].countOrders(x, j, tallies[w])
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i, l := range levels {
			total := tallies[0].counts[i]
			for _, t := range tallies[1:] {
				for g, n := range t.counts[i] {
					total[g] += n
				}
			}
			l.counts[need] = total
		}
	}
	return nil
}

// countOrders counts the shard's orders in the groups of the index's base j.
func (s *shard) countOrders(x *orderIndex, j int, t *tally) {
	// The exceptions in order of their entry, by counting.
	ends := make([]int32, s.n+1)
	s.more[j].each(func(pairs []uint64) {
		for _, p := range pairs {
			entry, _ := unpair(p)
			ends[entry+1]++
		}
	})
	for _, o := range s.odd[j] {
		ends[o.entry+1]++
	}
	for e := range s.n {
		ends[e+1] += ends[e]
	}
	groups := make([]int32, ends[s.n])
	s.more[j].each(func(pairs []uint64) {
		for _, p := range pairs {
			entry, group := unpair(p)
			groups[ends[entry]] = group
			ends[entry]++
		}
	})
	for _, o := range s.odd[j] {
		groups[ends[o.entry]] = o.group
		ends[o.entry]++
	}
	from := int32(0)
	for e := range s.n {
		b, at := s.at(e, x.stride)
		t.next()
		t.in(b.words[at+keyWords+x.slots[j]])
		for _, group := range groups[from:ends[e]] {
			t.in(group)
		}
		from = ends[e]
	}
}

// countCustomers counts the distinct customers of the sales in the groups of
// all levels that need it, and each customer's distinct days.
func (a *Aggregation) countCustomers() error {
	if a.orders == nil {
		return nil
	}
	var g errgroup.Group
	g.SetLimit(len(a.workers))
	for j, b := range a.orders.bases {
		if base := a.plan.bases[b]; base.countsCustomers() {
			g.Go(func() error {
				a.countCustomersOf(j, base)
				return nil
			})
		}
	}
	return g.Wait()
}

func (a *Aggregation) countCustomersOf(j int, base *base) {
	x := a.orders
	customers := int(a.registries[a.customer].size.Load())
	// The pairs in order of the customer, by counting.
	ends := make([]int32, customers+1)
	x.eachPair(j, func(customer, _ int32) { ends[customer+1]++ })
	ends[1] = 0 // guests
	for c := range customers {
		ends[c+1] += ends[c]
	}
	groups := make([]int32, ends[customers])
	x.eachPair(j, func(customer, group int32) {
		if customer != 0 {
			groups[ends[customer]] = group
			ends[customer]++
		}
	})
	levels := base.levelsThat(metrics.CountCustomers)
	t := newTally(levels)
	var days []int64
	var last []int32 // by id of the day: the customer counted last
	day := base.source(dayAxis)
	if base.countsDays() {
		days, last = make([]int64, customers), make([]int32, a.registries[a.axis(dayAxis)].size.Load())
	}
	for c := int32(1); c < int32(customers); c++ {
		t.next()
		for _, group := range groups[ends[c-1]:ends[c]] {
			t.in(group)
			if days == nil {
				continue
			}
			if d := a.groups[x.bases[j]].value(group, day); last[d] != c {
				last[d] = c
				days[c]++
			}
		}
	}
	for i, l := range levels {
		l.counts[metrics.CountCustomers] = t.counts[i]
	}
	if days != nil {
		for _, l := range a.plan.find([]axis{customerAxis}).levelsThat(metrics.CountSaleDates) {
			l.counts[metrics.CountSaleDates] = days
		}
	}
}

// eachPair calls f with every customer and group that an order has, repeated
// ones too; a guest is 0.
func (x *orderIndex) eachPair(j int, f func(customer, group int32)) {
	for i := range x.shards {
		s := &x.shards[i]
		for e := range s.n {
			b, at := s.at(e, x.stride)
			f(b.words[at+keyWords+customerSlot], b.words[at+keyWords+x.slots[j]])
		}
		s.more[j].each(func(pairs []uint64) {
			for _, p := range pairs {
				entry, group := unpair(p)
				b, at := s.at(int(entry), x.stride)
				f(b.words[at+keyWords+customerSlot], group)
			}
		})
		for _, o := range s.odd[j] {
			f(o.customer, o.group)
		}
	}
}

// countNewCustomers counts each customer in the period of its first sale.
func (a *Aggregation) countNewCustomers() {
	for _, base := range a.plan.bases {
		for _, l := range base.levelsThat(metrics.CountNewCustomers) {
			counts := make([]int64, len(l.sums))
			ids := make([]int32, len(l.by))
			for _, c := range a.plan.find([]axis{customerAxis}).sums[1:] {
				if c.flags&hasSale == 0 {
					continue
				}
				for i, d := range l.by {
					ids[i] = l.dims[i].reg.days[d.Grain.Start(c.first)]
				}
				counts[l.groups.of(ids)]++
			}
			l.counts[metrics.CountNewCustomers] = counts
		}
	}
}
