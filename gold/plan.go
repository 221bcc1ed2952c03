package gold

import (
	"cmp"
	"slices"

	"github.com/smeltdata/smelt/metrics"
)

// axis is one value per fact row that groups are made of: a column, or the
// period that a date column lies in.
type axis struct {
	column string
	grain  Grain
	date   bool
}

// base is a grouping that is aggregated line by line. Coarser groupings roll
// up from it, so that no line is added twice for what follows from finer
// groups: months from days, countries from places.
type base struct {
	axes   []axis
	whole  bool // an order's lines nearly always lie in one group
	needs  metrics.Needs
	levels []*level
	sums   *sums // once every line has been added
}

// level is a grouping as a table wants it: a roll-up of a base.
type level struct {
	by    []Dimension
	needs metrics.Needs
	base  *base
	rollup
}

// plan says what to aggregate for a list of specs: the bases, and for each
// spec's sets the level that holds its groups.
type plan struct {
	bases  []*base
	levels [][]*level // by spec, by set
	days   *level     // by day: always there, because its ends are those of the calendar; with counts, so that they can be amended
}

// keyColumns have about as many values as a shop has customers and products.
// A grouping by them is aggregated on its own: coarser ones would gain nothing
// from rolling up so many groups.
var keyColumns = []string{"customer_id", "product_id"}

func (b *base) fine() bool {
	return slices.ContainsFunc(b.axes, func(a axis) bool { return slices.Contains(keyColumns, a.column) })
}

// orderColumns are columns that all lines of an order nearly always share.
var orderColumns = []string{"customer_id", "order_date", "country", "country_code", "state", "city", "channel", "payment_method", "currency"}

func newBase(axes []axis) *base {
	line := slices.ContainsFunc(axes, func(a axis) bool { return !slices.Contains(orderColumns, a.column) })
	return &base{axes: axes, whole: !line}
}

func (b *base) is(axes ...axis) bool { return slices.Equal(b.axes, axes) }

// countsCustomers reports whether the base needs its groups' distinct customers.
func (b *base) countsCustomers() bool {
	return b.needs.Has(metrics.CountCustomers) || b.countsDays()
}

// countsDays reports whether the customers' days of sale are counted here.
func (b *base) countsDays() bool {
	return b.needs.Has(metrics.CountSaleDates) && b.source(dayAxis) >= 0
}

var (
	customerAxis = axis{column: "customer_id"}
	dayAxis      = axis{column: "order_date", date: true}
)

// newPlan chooses the bases. The specs have been checked.
func newPlan(specs []*Spec) *plan {
	p := &plan{}
	var wanted [][]axis
	var extra metrics.Needs
	for _, s := range specs {
		var shared []axis // one base for all coarse sets of a table
		for _, set := range s.sets() {
			extra |= set.needs()
			axes := axesOf(set.By)
			if (&base{axes: axes}).fine() {
				wanted = append(wanted, axes)
			} else {
				shared = append(shared, axes...)
			}
		}
		if shared = reduce(shared); shared != nil {
			wanted = append(wanted, shared)
		}
	}
	if extra.Has(metrics.CountNewCustomers) {
		wanted = append(wanted, []axis{customerAxis})
	}
	wanted = append(wanted, []axis{dayAxis})
	// Finer ones first, so that coarser ones find them.
	slices.SortStableFunc(wanted, func(a, b []axis) int {
		return cmp.Or(len(b)-len(a), grains(a)-grains(b))
	})
	for _, axes := range wanted {
		if p.find(axes) == nil {
			p.bases = append(p.bases, newBase(axes))
		}
	}
	for _, s := range specs {
		var levels []*level
		for _, set := range s.sets() {
			axes := axesOf(set.By)
			b := p.find(axes)
			if b == nil { // a total
				b = newBase(nil)
				p.bases = append(p.bases, b)
			}
			levels = append(levels, b.level(set))
		}
		p.levels = append(p.levels, levels)
	}
	p.days = p.find([]axis{dayAxis}).level(Set{[]Dimension{OrderDate(ByDay)}, []*metrics.Measure{metrics.Orders, metrics.ReturnOrders}})
	if extra.Has(metrics.CountNewCustomers) {
		b := p.find([]axis{customerAxis})
		b.needs = b.needs.With(metrics.MinSaleDate)
	}
	if extra.Has(metrics.CountSaleDates) {
		b := p.find([]axis{dayAxis})
		b.needs = b.needs.With(metrics.CountSaleDates)
	}
	return p
}

// all returns every level once, in an order that only the specs decide.
func (p *plan) all() (out []*level) {
	for _, b := range p.bases {
		out = append(out, b.levels...)
	}
	return out
}

// find returns the base with the fewest axes that a grouping by axes follows
// from, or nil.
func (p *plan) find(axes []axis) *base {
	var best *base
	for _, b := range p.bases {
		if b.covers(axes) && (best == nil || len(b.axes) < len(best.axes)) {
			best = b
		}
	}
	return best
}

func (b *base) covers(axes []axis) bool {
	if b.fine() || (&base{axes: axes}).fine() || len(axes) == 0 {
		return b.is(axes...)
	}
	return !slices.ContainsFunc(axes, func(a axis) bool { return b.source(a) < 0 })
}

// source returns the position of the axis that a follows from, or -1.
func (b *base) source(a axis) int {
	return slices.IndexFunc(b.axes, func(have axis) bool { return have.gives(a) })
}

func (a axis) gives(want axis) bool {
	return a.column == want.column && (a == want || a.date && want.date && a.grain.refines(want.grain))
}

// level returns the base's level for a set: one for the same dimensions, however
// they are named, so that no two levels of a plan share their sums.
func (b *base) level(set Set) *level {
	needs := set.needs()
	b.needs |= needs
	for _, l := range b.levels {
		if slices.EqualFunc(l.by, set.By, Dimension.same) {
			l.needs |= needs
			return l
		}
	}
	l := &level{by: set.By, needs: needs, base: b}
	b.levels = append(b.levels, l)
	return l
}

// same reports whether two dimensions have the same values.
func (d Dimension) same(o Dimension) bool {
	return d.axis() == o.axis() && d.Of == o.Of && d.Attr == o.Attr && d.grain() == o.grain()
}

// grain returns the length of the dimension's periods; only dates have any.
func (d Dimension) grain() Grain {
	if d.isDate() {
		return d.Grain
	}
	return 0
}

func (d Dimension) axis() axis { return axis{d.Column, d.axisGrain(), d.axisDate()} }

// axisDate reports whether the fact's column behind the dimension is a date;
// an attribute's own type does not matter.
func (d Dimension) axisDate() bool { return Column(d.Column).isDate() }

func (d Dimension) axisGrain() Grain {
	if d.axisDate() {
		return d.Grain
	}
	return 0
}

// axesOf returns what a grouping needs to know of each row.
func axesOf(by []Dimension) []axis {
	var axes []axis
	for _, d := range by {
		axes = append(axes, d.axis())
	}
	return reduce(axes)
}

// reduce drops axes that follow from another, and puts the rest in order.
func reduce(axes []axis) []axis {
	var out []axis
	for i, a := range axes {
		follows := slices.ContainsFunc(axes, func(o axis) bool { return o != a && o.gives(a) })
		if !follows && !slices.Contains(axes[:i], a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b axis) int { return cmp.Or(cmp.Compare(a.column, b.column), cmp.Compare(a.grain, b.grain)) })
	return out
}

func grains(axes []axis) int {
	n := 0
	for _, a := range axes {
		n += int(a.grain)
	}
	return n
}
