package gold

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
)

// findRuns cuts a batch of n rows into runs.
func (w *worker) findRuns(rec arrow.Record, n int) error {
	w.marks = resize(w.marks, n)
	clear(w.marks)
	for i := 0; i < n; i += blockLines {
		w.marks[i] = 1
	}
	if err := w.orders.set(w.columns.order); err != nil {
		return factError("order_id", "", err.Error())
	}
	w.orders.differ(w.marks)
	if err := w.types.differ(w.columns.kind, w.marks); err != nil {
		return factError("line_type", "", err.Error())
	}
	markChanges(w.columns.dates, w.marks)
	for i, ax := range w.a.axes {
		if !w.a.byRun[i] {
			continue
		}
		if err := w.axes[i].differ(rec.Column(w.at[i]), w.marks); err != nil {
			return factError(ax.column, "", err.Error())
		}
	}
	w.starts = resize(w.starts, n+1)
	runs := 0
	for i, m := range w.marks {
		w.starts[runs] = int32(i)
		runs += int(uint32(m|-m) >> 31)
	}
	w.starts[runs] = int32(n)
	w.starts = w.starts[:runs+1]
	starts := w.starts[:runs]

	w.kinds = resize(w.kinds, runs)
	if err := w.types.read(w.columns.kind, starts, w.kinds); err != nil {
		return factError("line_type", "", err.Error())
	}
	w.keys = slices.Grow(w.keys[:0], runs)[:runs]
	if !w.orders.pack(&w.a.maker, starts, w.keys) {
		return factError("order_id", "", "NULL in a column that is not nullable")
	}
	for r, i := range starts {
		if w.kinds[r] == 0 {
			return factError("line_type", w.columns.kind.ValueStr(int(i)), "is neither sale nor return")
		}
	}
	return nil
}

// findGroups finds the groups of a batch's runs and rows, and makes room for
// them.
func (w *worker) findGroups(rec arrow.Record, n int) error {
	runs := len(w.kinds)
	for i, ax := range w.a.axes {
		col := rec.Column(w.at[i])
		if w.a.byRun[i] {
			w.byRun[i] = resize(w.byRun[i], runs)
			if err := w.axes[i].read(col, w.starts[:runs], w.byRun[i]); err != nil {
				return factError(ax.column, "", err.Error())
			}
		}
		if w.a.byRow[i] {
			w.byRow[i] = resize(w.byRow[i], n)
			if err := w.axes[i].read(col, nil, w.byRow[i]); err != nil {
				return factError(ax.column, "", err.Error())
			}
		}
	}
	for b, base := range w.a.plan.bases {
		ids, n := w.byRow, n
		if base.whole {
			ids, n = w.byRun, runs
		}
		g := w.a.groups[b]
		switch len(base.axes) {
		case 0:
			w.chained[b] = resize(w.chained[b], n) // all zeros: nothing else is written to it
			w.groups[b] = w.chained[b]
		case 1:
			w.groups[b] = ids[w.a.axis(base.axes[0])]
		default:
			w.chained[b] = resize(w.chained[b], n)
			w.groups[b] = w.chained[b]
			before := ids[w.a.axis(base.axes[0])]
			for k, links := range w.links[b] {
				chain(g, k, links, before, ids[w.a.axis(base.axes[k+1])], w.groups[b])
				before = w.groups[b]
			}
		}
		if !w.sums[b].shared() {
			w.sums[b].grow(g.len())
		}
	}
	return nil
}

// chain writes the ids of the pairs (a, b) of link k to out, which may be a.
func chain(g *groups, k int, seen *pairs, a, b, out []int32) {
	last, id := uint64(0), int32(-1)
	for i := range out {
		if p := pair(a[i], b[i]); id < 0 || p != last {
			if id = seen.find(p); id < 0 {
				id = g.link(k, p)
				seen.put(p, id)
			}
			last = p
		}
		out[i] = id
	}
}

// addBlocks adds a batch's lines to the sums of all bases.
func (w *worker) addBlocks() error {
	runs := len(w.kinds)
	for from := 0; from < runs; {
		end := w.starts[from]/blockLines*blockLines + blockLines
		to := from + 1
		for to < runs && w.starts[to] < end {
			to++
		}
		if err := w.addBlock(from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// addBlock adds the lines of runs from..to.
func (w *worker) addBlock(from, to int) error {
	starts := w.starts[from : to+1]
	bits, err := w.block.read(&w.columns, w.kinds[from:to], starts)
	if err != nil {
		return err
	}
	lines := uint64(len(w.block.lines))
	if !w.room.fits(lines, bits) {
		for b := range w.sums {
			w.sums[b].flush()
		}
		w.room.lines, w.room.bits = 0, 0
	}
	fits := w.room.fits(lines, bits)
	for b, base := range w.a.plan.bases {
		groups, some, marks := w.groups[b], w.block.runs, w.block.marks
		if base.whole {
			groups = groups[from:to]
		} else {
			groups = groups[starts[0]:starts[len(starts)-1]]
			some, marks = w.block.lines, w.block.each
		}
		if n := w.a.groups[b].len(); fits {
			w.sums[b].add(&w.block, groups, n, some, marks)
		} else {
			w.sums[b].addWide(&w.block, groups, n, starts, base.whole)
		}
	}
	if fits {
		w.room.take(lines, bits)
	}
	return nil
}
