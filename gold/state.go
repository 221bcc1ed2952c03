package gold

import (
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Saved totals are one table per grouping: state.totals_0, state.totals_1, …
// A row is a group that has lines: its dimensions, whether it has a sale, and of
// the sums, days, unknowns and distinct counts what the measures need. A sum is
// two numbers, its lower and its upper 64 bits: few of the latter are other than 0
// and -1. Rows are in order of the dimensions, NULL first, so that equal totals are
// saved as equal rows, whatever made them.

// totalsVersion counts the changes of what saved totals mean.
const totalsVersion = 1

// Fingerprint identifies what the totals of specs are: those saved under one
// fingerprint are of no use to specs that have another. It changes with the sets'
// dimensions and with what their measures need, not with names, documentation or
// what is made of the groups. What a shop's own stage does to the fact is not in
// it. The specs must be such as NewAggregation accepts.
func Fingerprint(specs []*Spec) string {
	h := xxh3.New()
	fmt.Fprintln(h, totalsVersion)
	for i, l := range newPlan(specs).all() {
		for _, d := range l.by {
			fmt.Fprintf(h, "%q %q %q %d,", d.Column, d.Of, d.Attr, d.grain())
		}
		for _, c := range l.table(i).Columns {
			fmt.Fprintf(h, " %s %s", c.Name, c.Type)
		}
		fmt.Fprintln(h)
	}
	sum := h.Sum128()
	return fmt.Sprintf("%016x%016x", sum.Hi, sum.Lo)
}

// table declares how a level is saved, the one of number n of its plan.
func (l *level) table(n int) *pipeline.Table {
	var columns []pipeline.Column
	var key []string
	add := func(name, doc string, t arrow.DataType, nullable bool) {
		columns = append(columns, pipeline.Column{Name: name, Doc: doc, Type: t, Nullable: nullable})
	}
	for i, d := range l.by {
		key = append(key, "dim_"+strconv.Itoa(i+1))
		add(key[i], "Dimension "+d.Name+".", d.dataType(), true)
	}
	add("has_sale", "Whether any line is a sale.", pipeline.BoolType, false)
	for _, b := range l.needs.Bases() {
		name := b.Definition().Name
		sum := func(what string) {
			add(name, what+": the lower 64 bits, in the amounts' smallest unit.", pipeline.Int64Type, false)
			add(name+"_high", "The upper 64 bits.", pipeline.Int64Type, false)
		}
		switch b {
		case metrics.MinSaleDate, metrics.MaxSaleDate:
			add(name, "Day of a sale; NULL without one.", pipeline.DateType, true)
		case metrics.SumCost, metrics.SumMargin:
			sum("Sum over the group's lines that have a value")
			add(name+"_unknown", "Whether any line has none.", pipeline.BoolType, false)
		default:
			if int(b) < sumBases {
				sum("Sum over the group's lines")
			} else {
				add(name, "Distinct count over the group's lines.", pipeline.Int64Type, false)
			}
		}
	}
	return declare("state.totals_"+strconv.Itoa(n), "What gold's tables by "+Set{By: l.by}.String()+" are made of, one row per group.", key, nil, columns)
}

// unknown returns the flag of a sum that may be unknown; 0 for others.
func unknown(b metrics.Base) uint32 {
	switch b {
	case metrics.SumCost:
		return hasUnknownCost
	case metrics.SumMargin:
		return hasUnknownMargin
	}
	return 0
}

// distinct returns the distinct counts of the level.
func (l *level) distinct() (out []metrics.Base) {
	for _, b := range l.needs.Bases() {
		if b >= metrics.CountOrders {
			out = append(out, b)
		}
	}
	return out
}

// Save writes the totals, several tables side by side. They are equal for equal
// totals, whatever workers and batches counted them. An error is one of create or
// of a writer.
func (t *Totals) Save(create func(*pipeline.Table) (pipeline.Writer, error)) error {
	var g errgroup.Group
	g.SetLimit(t.workers)
	for i, l := range t.plan.all() {
		f := &Finished{Table: l.table(i), Inputs: Inputs{Mem: memory.DefaultAllocator}}
		g.Go(func() error { return f.finish(l.save, create) })
	}
	return g.Wait()
}

// LoadTotals reads saved totals of the same specs (see Fingerprint), several
// tables side by side; read returns the rows of one, in the order that they were
// written in. So many workers may work at once, now and later. Rows that Save
// cannot have written are an error that names their table, column and number.
func LoadTotals(specs []*Spec, workers int, read func(*pipeline.Table) pipeline.Stream) (*Totals, error) {
	t, err := newTotals(specs, workers)
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.SetLimit(t.workers)
	for i, l := range t.plan.all() {
		g.Go(func() error {
			table := l.table(i)
			return l.load(table, read(table))
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return t, nil
}

// load reads the groups of a level.
func (l *level) load(t *pipeline.Table, in pipeline.Stream) error {
	var registries []*registry
	for _, d := range l.by {
		r := newRegistry(d.isDate())
		registries, l.dims = append(registries, r), append(l.dims, levelDim{reg: r})
	}
	l.groups, l.sums = newGroups(registries), newSums(1)
	l.grow()
	batches, err := pipeline.Collect(in)
	rows := 1 // NULL
	for _, rec := range batches {
		defer rec.Release()
		rows += int(rec.NumRows())
	}
	if err != nil {
		return err
	}
	l.sums.grow(rows)
	for _, rec := range batches {
		if err := l.loadBatch(t, rec); err != nil {
			return err
		}
	}
	if len(l.by) == 0 {
		l.sorted = nil // a total is there without a line too
	}
	return nil
}

// grow makes room for all groups.
func (l *level) grow() {
	n := l.groups.len()
	l.sums.grow(n)
	for _, b := range l.distinct() {
		if more := n - len(l.counts[b]); more > 0 {
			l.counts[b] = append(l.counts[b], make([]uint32, more)...)
		}
	}
}

// misplaced makes the error of a value, by its column and row in a batch.
type misplaced func(column, row int, msg string) error

func (l *level) loadBatch(t *pipeline.Table, rec arrow.Record) error {
	if err := t.Check(rec); err != nil {
		return err
	}
	before := len(l.sorted) // rows
	wrong := func(column, row int, msg string) error {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: t.Columns[column].Name, Row: int64(before + row + 1), Value: rec.Column(column).ValueStr(row),
			Msg: msg, Hint: "the saved totals are damaged: count the whole fact again"}
	}
	for i, c := range t.Columns {
		if col := rec.Column(i); !c.Nullable && col.NullN() > 0 {
			for j := range col.Len() {
				if col.IsNull(j) {
					return wrong(i, j, "NULL in a column that is not nullable")
				}
			}
		}
	}
	groups, err := l.loadGroups(rec, wrong)
	if err != nil {
		return err
	}
	return l.loadValues(rec, groups, wrong)
}

// loadGroups returns the groups of a batch's rows.
func (l *level) loadGroups(rec arrow.Record, wrong misplaced) ([]int32, error) {
	groups := make([]int32, rec.NumRows())
	for i, d := range l.dims {
		id := d.reg.idsOf(rec.Column(i))
		for j := range groups {
			k := id(j)
			if k < 0 {
				return nil, wrong(i, j, errTooMuchText.Error())
			}
			if i > 0 {
				k = l.groups.link(i-1, pair(groups[j], k))
			}
			groups[j] = k
		}
	}
	for j, g := range groups {
		if at := len(l.sorted); at > 0 && l.order(l.sorted[at-1], g) >= 0 {
			return nil, wrong(0, j, "the groups are not in order, or one is there twice")
		}
		l.sorted = append(l.sorted, g)
	}
	l.grow()
	return groups, nil
}

// loadValues reads what a batch says of its groups.
func (l *level) loadValues(rec arrow.Record, groups []int32, wrong misplaced) error {
	n, next := len(groups), len(l.dims)
	a := &l.sums.stripes[0].accumulator
	column := func() arrow.Array { next++; return rec.Column(next - 1) }
	flag := func(flag uint32) {
		for j, col := 0, column().(*array.Boolean); j < n; j++ {
			if col.Value(j) {
				a.marks[groups[j]].flags |= flag
			}
		}
	}
	for _, g := range groups {
		a.marks[g].flags = hasLine
	}
	flag(hasSale)
	for _, b := range l.needs.Bases() {
		switch b {
		case metrics.MinSaleDate, metrics.MaxSaleDate:
			for j, col := 0, column().(*array.Date32); j < n; j++ {
				m := &a.marks[groups[j]]
				if col.IsNull(j) != (m.flags&hasSale == 0) {
					return wrong(next-1, j, "a day without a sale, or a sale without a day")
				}
				if d := markOf(pipeline.Date(col.Value(j)), m.flags); b == metrics.MinSaleDate {
					m.first = d.first
				} else {
					m.last = d.last
				}
			}
			continue
		}
		if int(b) < sumBases {
			low, high := column().(*array.Int64).Int64Values(), column().(*array.Int64).Int64Values()
			for j, g := range groups {
				a.set(g, b, pipeline.Total{Lo: uint64(low[j]), Hi: high[j]})
			}
			if f := unknown(b); f != 0 {
				flag(f)
			}
			continue
		}
		for j, v := range column().(*array.Int64).Int64Values()[:n] {
			if v < 0 || v > math.MaxUint32 {
				return wrong(next-1, j, "the count is out of range")
			}
			l.counts[b][groups[j]] = uint32(v)
		}
	}
	return nil
}

// idsOf returns a function that gives the ids of a column's values, new ones
// where need be; -1 when the texts pass 2 GiB.
func (r *registry) idsOf(col arrow.Array) func(i int) int32 {
	if days, ok := col.(*array.Date32); ok {
		return func(i int) int32 {
			if days.IsNull(i) {
				return 0
			}
			return r.date(pipeline.Date(days.Value(i)))
		}
	}
	value := textOf(col)
	return func(i int) int32 {
		if v := value(i); v != nil {
			return r.text(v)
		}
		return 0
	}
}
