package gold

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// rollup is a level's groups, once every line has been added.
type rollup struct {
	of     []int32 // the level's group of each of the base's; nil = the same
	dims   []levelDim
	groups *groups
	sums   *sums
	counts [metrics.NumBases][]uint32 // by group; nil for what is not counted
	sort   sync.Once
	sorted []int32 // the groups that have lines, in order; nil where rows has to find it
}

// levelDim is how one dimension of a level follows from an axis of its base.
type levelDim struct {
	axis int       // position in base.axes
	ids  []int32   // the dimension's id of each of the axis's; nil = the same
	reg  *registry // of the dimension's ids
}

// rollUp makes the groups of a level and adds up their sums.
func (a *Aggregation) rollUp(b int, l *level, sums *sums, in *Inputs) error {
	base := a.plan.bases[b]
	registries := make([]*registry, len(l.by))
	l.dims = make([]levelDim, len(l.by))
	for i, d := range l.by {
		l.dims[i].axis = base.source(d.axis())
		if err := a.dimension(&l.dims[i], base.axes[l.dims[i].axis], d, in); err != nil {
			return err
		}
		registries[i] = l.dims[i].reg
	}
	l.groups = newGroups(registries)
	if len(l.by) == 1 && len(base.axes) == 1 && l.dims[0].ids == nil {
		l.sums = sums
		return nil
	}
	n := a.groups[b].len()
	l.of = make([]int32, n)
	for g := range int32(n) {
		if !sums.has(g, hasLine) {
			continue
		}
		for i := range l.dims {
			id := a.groups[b].value(g, l.dims[i].axis)
			if ids := l.dims[i].ids; ids != nil {
				id = ids[id]
			}
			if i == 0 {
				l.of[g] = id
			} else {
				l.of[g] = l.groups.link(i-1, pair(l.of[g], id))
			}
		}
	}
	l.sums = newSums(1)
	l.sums.grow(l.groups.len())
	for g := range int32(n) {
		if sums.has(g, hasLine) {
			l.sums.merge(l.of[g], sums, g)
		}
	}
	return nil
}

// dimension finds the ids of a dimension of those of the axis that it follows from.
func (a *Aggregation) dimension(d *levelDim, from axis, want Dimension, in *Inputs) error {
	have := a.registries[slices.Index(a.axes, from)]
	switch {
	case want.Of != "":
		return d.attribute(have, want, in)
	case want.axis() == from:
		d.reg = have
	default: // a coarser period
		d.reg = newRegistry(true)
		d.ids = make([]int32, have.size.Load())
		for i, day := range have.dates {
			d.ids[i+1] = d.reg.date(want.Grain.Start(day))
		}
	}
	return nil
}

// attribute finds the ids of a dimension table's column by those of its key.
func (d *levelDim) attribute(have *registry, want Dimension, in *Inputs) error {
	key, err := in.column(want.Of, dimTable(want.Of).Key[0])
	if err != nil {
		return err
	}
	col, err := in.column(want.Of, want.Attr)
	if err != nil {
		return err
	}
	d.reg = newRegistry(want.isDate())
	d.ids = make([]int32, have.size.Load())
	row := make([]int32, key.Len())
	if days, ok := col.(*array.Date32); ok {
		for i := range row {
			if days.IsValid(i) {
				row[i] = d.reg.date(want.Grain.Start(pipeline.Date(days.Value(i))))
			}
		}
	} else {
		texts := newTextIDs(d.reg.text)
		defer texts.codes.Release()
		if err := texts.read(col, nil, row); err != nil {
			return factError(want.Name, "", err.Error())
		}
	}
	value := textOf(key)
	for i := range row {
		if id := have.find(value(i)); id >= 0 {
			d.ids[id] = row[i]
		}
	}
	return nil
}

// textOf returns a function that gives a text column's values; nil for NULL only.
func textOf(col arrow.Array) func(i int) []byte {
	value := func(values *array.String, i int) []byte {
		if b := pipeline.StringBytes(values, i); b != nil {
			return b
		}
		return []byte{}
	}
	switch c := col.(type) {
	case *array.String:
		return func(i int) []byte {
			if c.IsNull(i) {
				return nil
			}
			return value(c, i)
		}
	case *array.Dictionary:
		values := c.Dictionary().(*array.String)
		return func(i int) []byte {
			if c.IsNull(i) || values.IsNull(c.GetValueIndex(i)) {
				return nil
			}
			return value(values, c.GetValueIndex(i))
		}
	}
	panic(fmt.Sprintf("gold: text of type %s", col.DataType()))
}

// text returns the value that a text dimension has in a group; nil for NULL.
func (l *level) text(group int32, dim int) []byte {
	id := l.groups.value(group, dim)
	if id == 0 {
		return nil
	}
	return l.dims[dim].reg.texts.Bytes(id - 1)
}

// date returns the value that a date dimension has in a group.
func (l *level) date(group int32, dim int) (pipeline.Date, bool) {
	id := l.groups.value(group, dim)
	if id == 0 {
		return 0, false
	}
	return l.dims[dim].reg.dates[id-1], true
}

// rows returns the groups that have lines, ordered by their dimensions, NULL
// first. A total has one, if only over no lines.
func (l *level) rows() []int32 {
	l.sort.Do(func() { // tables that share a level are finished side by side
		if l.sorted != nil {
			return
		}
		l.sorted = []int32{}
		for g := range int32(l.groups.len()) {
			if l.sums.has(g, hasLine) || len(l.by) == 0 {
				l.sorted = append(l.sorted, g)
			}
		}
		slices.SortFunc(l.sorted, l.order)
	})
	return l.sorted
}

// order compares two groups by their dimensions.
func (l *level) order(x, y int32) int {
	for i := range l.by {
		if c := l.compare(i, l.groups.value(x, i), l.groups.value(y, i)); c != 0 {
			return c
		}
	}
	return 0
}

// found returns the group, or -1 where it is -1 or has no lines.
func (l *level) found(group int32) int32 {
	if group < 0 || int(group) >= l.groups.len() || !l.sums.has(group, hasLine) {
		return -1
	}
	return group
}

// compare compares two ids of a dimension by their values.
func (l *level) compare(dim int, x, y int32) int {
	if x == y || x == 0 || y == 0 {
		return cmp.Compare(min(x, 1), min(y, 1))
	}
	reg := l.dims[dim].reg
	if reg.texts == nil {
		return cmp.Compare(reg.dates[x-1], reg.dates[y-1])
	}
	return bytes.Compare(reg.texts.Bytes(x-1), reg.texts.Bytes(y-1))
}

// values gives a group's quantities to v; those of a group without lines for -1.
// What the level does not need is unknown: it may not have been kept.
func (l *level) values(group int32, v *metrics.Values) {
	v.Reset()
	if group < 0 {
		return
	}
	a, at := l.sums.of(group)
	m := &a.marks[at]
	for b := range metrics.Base(metrics.NumBases) {
		switch {
		case !l.needs.Has(b):
			v.SetUnknown(b)
		case b == metrics.MinSaleDate && m.flags&hasSale != 0:
			v.Set(b, pipeline.TotalOf(int64(m.firstSale())))
		case b == metrics.MaxSaleDate && m.flags&hasSale != 0:
			v.Set(b, pipeline.TotalOf(int64(m.lastSale())))
		case int(b) < sumBases:
			v.Set(b, a.total(at, b))
			if m.flags&unknown(b) != 0 {
				v.SetUnknown(b)
			}
		case l.counts[b] != nil:
			v.Set(b, pipeline.TotalOf(int64(l.counts[b][group])))
		}
	}
}
