package gold

import (
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// count counts the distinct orders of index i in the groups of all levels that
// need it, and of sales the distinct customers too. The sightings are gone then.
func (a *Aggregation) count(i int, x *orderIndex) error {
	fixed, line := a.customerColumns(x)
	all := make([]*census, len(a.workers))
	seen := make([]*sightings, len(a.workers))
	var g errgroup.Group
	for w := range a.workers {
		c := newCensus(a, x.fixed, x.line, x.count)
		all[w] = c
		var customers *customerList
		if fixed != nil || line != nil {
			customers = newCustomerList(a, x, fixed, line)
			seen[w] = customers.sightings
		}
		g.Go(func() error {
			for part := w; part < numPartitions; part += len(a.workers) {
				if customers != nil {
					if err := customers.makeRoom(a.scratch); err != nil {
						return err
					}
				}
				for short := range 2 {
					c.records.reset()
					for _, from := range a.workers {
						if err := from.lists[i].lists[short].take(part, &c.records); err != nil {
							return err
						}
					}
					c.linkOrders(&a.maker)
					c.count(0, 1)
					if customers == nil {
						continue
					}
					if err := customers.add(&c.records); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	gather(x.count, all)
	if seen[0] == nil {
		return nil
	}
	return a.countCustomers(x, fixed, line, seen)
}

// customerColumns returns the columns of the index's sightings of which the
// customers are counted.
func (a *Aggregation) customerColumns(x *orderIndex) (fixed, line []int) {
	if x.kind != kindSale {
		return nil, nil
	}
	counted := func(bases []int) (out []int) {
		for j, b := range bases {
			if b >= 0 && a.plan.bases[b].countsCustomers() {
				out = append(out, j)
			}
		}
		return out
	}
	return counted(x.fixed), counted(x.line)
}

// customerList lists where customers were seen: each sighting of an order is
// one of its customer too.
type customerList struct {
	*sightings
	all         int   // fixed columns of the orders' sightings
	fixed, line []int // those of them that are taken
	columns     [][]int32
	lines       [][]int32
}

func newCustomerList(a *Aggregation, x *orderIndex, fixed, line []int) *customerList {
	l := &customerList{&sightings{fixed: len(fixed), line: len(line), chunk: a.chunk}, len(x.fixed), fixed, line, make([][]int32, len(fixed)), make([][]int32, len(line))}
	var sizes []int
	for _, j := range fixed {
		sizes = append(sizes, a.groups[x.fixed[j]].len())
	}
	for _, j := range line {
		sizes = append(sizes, a.groups[x.line[j]].len())
	}
	l.setLayout(width(a.customers()), 0, sizes)
	return l
}

// makeRoom moves the list to a file, for good, once memory is short.
func (l *customerList) makeRoom(scratch *pipeline.Scratch) error {
	if l.spill != nil || !scratch.Full() {
		return nil
	}
	return l.putAside(scratch.Spill())
}

func (l *customerList) add(r *records) error {
	for j, from := range l.fixed {
		l.columns[j] = r.words[min(from, len(r.words)):]
	}
	for _, at := range r.at {
		customer := uint64(r.words[at])
		if customer == 0 {
			continue
		}
		n := 1
		if len(l.line) > 0 {
			n = int(r.words[int(at)+l.all])
			for j, from := range l.line {
				l.lines[j] = r.words[int(at)+l.all+1+from*n:]
			}
		}
		if err := l.put(int(customer%numPartitions), customer, 0, l.columns, int(at), l.lines, 0, n); err != nil {
			return err
		}
	}
	return nil
}

// countCustomers counts the distinct customers of the sales in the groups of
// all levels that need it, and each customer's distinct days.
func (a *Aggregation) countCustomers(x *orderIndex, fixed, line []int, seen []*sightings) error {
	var days []uint32
	all := make([]*census, len(a.workers))
	bases := func(columns, of []int) (out []int) {
		for _, j := range columns {
			out = append(out, of[j])
		}
		return out
	}
	fixedBases, lineBases := bases(fixed, x.fixed), bases(line, x.line)
	for w := range all {
		all[w] = newCensus(a, fixedBases, lineBases, metrics.CountCustomers)
	}
	for j, b := range append(fixedBases, lineBases...) {
		base := a.plan.bases[b]
		if !base.countsDays() {
			continue
		}
		days = make([]uint32, a.customers())
		of := a.daysOf(b)
		for _, c := range all {
			c.days = &dayTally{j, len(fixed), of, make([]uint32, a.registries[a.axis(dayAxis)].size.Load()), days}
		}
	}
	var g errgroup.Group
	for w, c := range all {
		g.Go(func() error {
			for part := w; part < numPartitions; part += len(all) {
				c.records.reset()
				for _, s := range seen {
					if err := s.take(part, &c.records); err != nil {
						return err
					}
				}
				c.linkCustomers(a.customers())
				c.count(part, numPartitions)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	gather(metrics.CountCustomers, all)
	if days != nil {
		for _, l := range a.plan.find([]axis{customerAxis}).levelsThat(metrics.CountSaleDates) {
			l.counts[metrics.CountSaleDates] = days
		}
	}
	return nil
}

// daysOf returns the day of each group of a base; nil where they are the same.
func (a *Aggregation) daysOf(b int) []int32 {
	base := a.plan.bases[b]
	if base.is(dayAxis) {
		return nil
	}
	of := make([]int32, a.groups[b].len())
	for g := range of {
		of[g] = a.groups[b].value(int32(g), base.source(dayAxis))
	}
	return of
}

// countNewCustomers counts each customer in the period of its first sale.
func (a *Aggregation) countNewCustomers() {
	var firsts map[pipeline.Date]uint32 // customers by the day of their first sale
	for _, base := range a.plan.bases {
		for _, l := range base.levelsThat(metrics.CountNewCustomers) {
			if firsts == nil {
				firsts = map[pipeline.Date]uint32{}
				sums := a.plan.find([]axis{customerAxis}).sums
				for c := int32(1); c < int32(a.customers()); c++ {
					if sums.has(c, hasSale) {
						firsts[sums.mark(c).firstSale()]++
					}
				}
			}
			counts := make([]uint32, l.groups.len())
			ids := make([]int32, len(l.by))
			for day, n := range firsts {
				for i, d := range l.by {
					ids[i] = l.dims[i].reg.days[d.Grain.Start(day)]
				}
				counts[l.groups.of(ids)] += n
			}
			l.counts[metrics.CountNewCustomers] = counts
		}
	}
}
