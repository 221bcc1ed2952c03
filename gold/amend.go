package gold

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// ErrRecount says that the amended totals do not follow from the given ones:
// the fact has to be counted as a whole.
var ErrRecount = errors.New("the whole fact has to be counted again")

// Amend makes of the totals of a fact those of the fact after a change, exactly.
//
// Let the change take lines away and add others; let A be the orders of any of
// these lines, and C their customers. To C belong also customers whose attributes
// changed where a set is grouped by these, and to A all orders that such a
// customer has lines of. N are the lines whose order is in A or whose customer is
// in C. Then old counts N before the change, with the dimension tables of then,
// and new counts N after it, with those of now. closed reports whether a customer
// is in C. Attributes of products that a set is grouped by may not have changed.
//
// Why that is enough: sums without old's and with new's are the sums after the
// change. So are distinct counts: of an order in A and of a customer in C all
// lines are in N, those of others are the same before and after, and cancel.
//
// For the same reason a line that is the same in old and in new may be counted
// without its amounts in both, as nothing at a known cost, where no attributes
// have changed; and, if its order is not in A, as one of another order that only
// its customer has.
//
// What lines have in common cannot be taken away: which is the first day of sale
// once its lines are gone? Of a group of a customer in C it is known, because all
// its lines are in N. Of others it is known unless a line went away that may have
// been the first or the last one; then, and where a line went away that may have
// been the group's only one of unknown cost, Amend returns
// an error that is ErrRecount and says why. It never does so where lines were only
// added. It also returns it where t cannot have been the totals before. Totals of
// other sets are an error of the configuration.
//
// After an error t must not be used. old and new are only read.
func (t *Totals) Amend(old, new *Totals, closed func(customer []byte) bool) error {
	mine := Fingerprint(t.specs)
	if Fingerprint(old.specs) != mine || Fingerprint(new.specs) != mine {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "totals of other tables cannot amend these", Hint: "count old and new with the specs of the totals"}
	}
	before, after := old.plan.all(), new.plan.all()
	for i, l := range t.plan.all() {
		if err := l.amend(before[i], after[i], closed); err != nil {
			return err
		}
	}
	return nil
}

// amend is Amend for one level.
func (l *level) amend(old, new *level, closed func([]byte) bool) error {
	l.grow() // another level may have given out ids of a registry that this one has too
	customer := slices.IndexFunc(l.by, func(d Dimension) bool { return d.same(Column("customer_id")) })
	isClosed := func(of *level, group int32) bool {
		if customer < 0 {
			return false
		}
		id := of.text(group, customer)
		return id != nil && closed(id)
	}
	var added []int32
	for n := range int32(new.groups.len()) {
		if !new.sums.has(n, hasLine) {
			continue
		}
		o, g := old.match(new, n), l.match(new, n)
		if g < 0 {
			if o >= 0 {
				return l.recount(new, n, outOfStep)
			}
			if g = l.enter(new, n); g < 0 {
				return factError(l.by[0].Name, "", errTooMuchText.Error())
			}
			added = append(added, g)
			l.grow()
		}
		if why := l.change(g, old, o, new, n, isClosed(new, n)); why != "" {
			return l.recount(new, n, why)
		}
	}
	for o := range int32(old.groups.len()) {
		if !old.sums.has(o, hasLine) || new.match(old, o) >= 0 {
			continue
		}
		g := l.match(old, o)
		if g < 0 {
			return l.recount(old, o, outOfStep)
		}
		if why := l.change(g, old, o, new, -1, isClosed(old, o)); why != "" {
			return l.recount(old, o, why)
		}
	}
	l.resort(added)
	return nil
}

const outOfStep = "the totals are not those of the fact before the change"

// change changes a group by what old and new say of it, -1 being nothing. It
// returns why it cannot.
func (l *level) change(group int32, old *level, o int32, new *level, n int32, closed bool) (why string) {
	a, at := l.sums.of(group)
	empty := true
	for k := range metrics.Base(sumBases) {
		if !l.needs.Has(k) {
			continue
		}
		sum := a.total(at, k)
		if o >= 0 {
			sum = sum.Sub(old.sums.total(o, k))
		}
		if n >= 0 {
			sum.Merge(new.sums.total(n, k))
		}
		a.set(at, k, sum)
		empty = empty && sum == pipeline.Total{}
	}
	for _, b := range l.distinct() {
		count := int64(l.counts[b][group])
		if o >= 0 {
			count -= int64(old.counts[b][o])
		}
		if n >= 0 {
			count += int64(new.counts[b][n])
		}
		if count < 0 || count > math.MaxUint32 {
			return outOfStep
		}
		l.counts[b][group] = uint32(count)
		empty = empty && count == 0
	}
	var was, is mark
	if o >= 0 {
		was = *old.sums.mark(o)
	}
	if n >= 0 {
		is = *new.sums.mark(n)
	}
	m := &a.marks[at]
	if closed {
		const unknown = hasUnknownCost | hasUnknownMargin
		if l.unknowns(was.flags&^is.flags)&unknown != 0 && is.flags&hasLine != 0 {
			return "a line is gone that may have been its last one of unknown cost"
		}
		if is.flags&hasLine != 0 {
			is.flags |= m.flags & unknown
		}
		*m = is
	} else if why = l.changeMark(m, was, is, group); why != "" {
		return why
	}
	if m.flags&hasLine == 0 && !empty || l.needs.Has(metrics.CountOrders) && (l.counts[metrics.CountOrders][group] > 0) != (m.flags&hasSale != 0) {
		return outOfStep
	}
	return ""
}

// unknowns takes those flags away that say that something is unknown which the
// level does not need.
func (l *level) unknowns(flags uint32) uint32 {
	for _, b := range []metrics.Base{metrics.SumCost, metrics.SumMargin} {
		if !l.needs.Has(b) {
			flags &^= unknown(b)
		}
	}
	return flags
}

// changeMark changes the mark of a group from what some of its lines were to
// what they are now. The others' is not known.
func (l *level) changeMark(m *mark, was, is mark, group int32) (why string) {
	lost, flags := l.unknowns(was.flags&^is.flags), m.flags|is.flags
	if l.needs.Has(metrics.CountOrders) { // a line is one of an order, so these say whether there is any
		lost &^= hasSale
		switch {
		case l.counts[metrics.CountOrders][group] > 0:
			lost &^= hasLine
		case !l.needs.Has(metrics.CountReturnOrders):
			flags &^= hasSale
		case l.counts[metrics.CountReturnOrders][group] > 0:
			flags, lost = flags&^hasSale, lost&^hasLine
		default:
			*m = mark{}
			return ""
		}
	}
	switch {
	case lost != 0:
		return "a line is gone that may have been its last line, its last sale or the last one of unknown cost"
	case flags&hasSale == 0:
		*m = mark{flags: flags}
		return ""
	case l.needs.Has(metrics.MinSaleDate) && was.first == m.first && is.first < was.first:
		return "lines of the day of the first sale are gone"
	case l.needs.Has(metrics.MaxSaleDate) && was.last == m.last && is.last < was.last:
		return "lines of the day of the last sale are gone"
	}
	*m = mark{max(m.last, is.last), max(m.first, is.first), flags}
	return ""
}

// recount is the error of a group of o.
func (l *level) recount(o *level, group int32, why string) error {
	var values []string
	for i, d := range o.dims {
		value := "NULL"
		if d.reg.texts != nil {
			if v := o.text(group, i); v != nil {
				value = string(v)
			}
		} else if day, ok := o.date(group, i); ok {
			value = day.String()
		}
		values = append(values, value)
	}
	return &pipeline.Error{Kind: ErrRecount, Value: strings.Join(values, ", "), Msg: fmt.Sprintf("totals by %s: %s", Set{By: l.by}, why),
		Hint: ErrRecount.Error()}
}

// match returns the group that has the values of a group of o, the same level of
// other totals; -1 where it has no lines.
func (l *level) match(o *level, group int32) int32 {
	return l.found(l.groupOf(o, group, (*registry).find, (*registry).findDate, func(k int, p uint64) int32 { return l.groups.chain[k].find(p) }))
}

// enter returns the group that has the values of a group of o, a new one if there
// is none; -1 when the texts pass 2 GiB.
func (l *level) enter(o *level, group int32) int32 {
	return l.groupOf(o, group, (*registry).text, (*registry).date, l.groups.link)
}

// groupOf returns the group that has the values of a group of o; -1 where one of
// the functions says so of a text's id, a day's or a pair's.
func (l *level) groupOf(o *level, group int32, text func(*registry, []byte) int32, date func(*registry, pipeline.Date) int32, link func(int, uint64) int32) int32 {
	out := int32(0)
	for i, d := range l.dims {
		id := int32(0)
		if d.reg.texts != nil {
			if v := o.text(group, i); v != nil {
				id = text(d.reg, v)
			}
		} else if day, ok := o.date(group, i); ok {
			id = date(d.reg, day)
		}
		if id < 0 {
			return -1
		}
		if i > 0 {
			id = link(i-1, pair(out, id))
		}
		if out = id; out < 0 {
			return -1
		}
	}
	return out
}

// resort puts new groups in their places, and drops those that have no lines any more.
func (l *level) resort(added []int32) {
	if l.sorted == nil || len(l.by) == 0 { // it is not yet in order; or it is one row, whatever it has
		return
	}
	kept := slices.DeleteFunc(l.sorted, func(g int32) bool { return !l.sums.has(g, hasLine) })
	if len(added) == 0 {
		l.sorted = kept
		return
	}
	slices.SortFunc(added, l.order)
	all := make([]int32, 0, len(kept)+len(added))
	for _, g := range kept {
		for len(added) > 0 && l.order(added[0], g) < 0 {
			all, added = append(all, added[0]), added[1:]
		}
		all = append(all, g)
	}
	l.sorted = append(all, added...)
}
