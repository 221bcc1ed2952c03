package gold

import (
	"math/rand/v2"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Aggregation computes gold tables from the batches of silver.fact_sales. Each
// worker adds batches of its own; when all are done, Finish makes the tables.
type Aggregation struct {
	specs      []*Spec
	tables     []*pipeline.Table // by spec
	plan       *plan
	axes       []axis      // of all bases, each once
	registries []*registry // by axis
	customer   int         // the position of customer_id in axes
	groups     []*groups   // by base
	orders     *orderIndex // of sales; nil when nothing needs it
	returned   *orderIndex // of returns
	workers    []*worker
}

// The ids of line_type's values.
const (
	kindSale   int32 = 1
	kindReturn int32 = 2
)

// NewAggregation checks the specs and prepares their aggregation by so many
// workers. Two tables of one name are an error.
func NewAggregation(specs []*Spec, workers int) (*Aggregation, error) {
	a := &Aggregation{specs: specs}
	for i, s := range specs {
		t, err := s.Declaration()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(a.tables, func(o *pipeline.Table) bool { return o.Name == t.Name }) {
			return nil, specs[i].fail("", "there are two tables of this name")
		}
		a.tables = append(a.tables, t)
	}
	a.plan = newPlan(specs)
	for _, b := range a.plan.bases {
		var registries []*registry
		for _, ax := range b.axes {
			registries = append(registries, a.registries[a.axis(ax)])
		}
		a.groups = append(a.groups, newGroups(registries))
	}
	a.customer = a.axis(customerAxis)
	maker := &keyMaker{[3]uint64{rand.Uint64(), rand.Uint64() | 1, rand.Uint64()}}
	a.orders = a.index(maker, kindSale, metrics.CountOrders, metrics.CountCustomers, metrics.CountSaleDates)
	a.returned = a.index(maker, kindReturn, metrics.CountReturnOrders)
	for id := range max(1, workers) {
		a.workers = append(a.workers, newWorker(a, id))
	}
	return a, nil
}

// axis returns the position of an axis, which is added if need be.
func (a *Aggregation) axis(ax axis) int {
	i := slices.Index(a.axes, ax)
	if i < 0 {
		i = len(a.axes)
		a.axes = append(a.axes, ax)
		a.registries = append(a.registries, newRegistry(ax.date))
	}
	return i
}

// index returns the order index of the bases that need any of the counts.
func (a *Aggregation) index(maker *keyMaker, kind int32, counts ...metrics.Base) *orderIndex {
	var bases []int
	var customers []bool
	customerBase := -1
	for i, b := range a.plan.bases {
		if !slices.ContainsFunc(counts, b.needs.Has) {
			continue
		}
		if b.is(customerAxis) {
			customerBase = i
		}
		bases = append(bases, i)
		customers = append(customers, kind == kindSale && b.countsCustomers())
	}
	if bases == nil {
		return nil
	}
	return newOrderIndex(maker, kind, bases, customers, customerBase)
}

// countsCustomers reports whether the base needs its groups' distinct customers.
func (b *base) countsCustomers() bool {
	return b.needs.Has(metrics.CountCustomers) || b.countsDays()
}

// countsDays reports whether the customers' days of sale are counted here.
func (b *base) countsDays() bool {
	return b.needs.Has(metrics.CountSaleDates) && b.source(dayAxis) >= 0
}

// worker is the state of one worker: what it needs to find the groups of a
// batch's rows, and its own sums.
type worker struct {
	a        *Aggregation
	id       int
	columns  columns
	schema   *arrow.Schema // that at is for
	at       []int         // by axis: the position of its column
	texts    []*textIDs    // by axis; nil for a date
	dates    []*dateIDs    // by axis; nil for a text
	kinds    *textIDs
	links    [][]*pairs // by base: the ids of its chain's pairs that this worker has seen
	sums     []accumulator
	room     headroom
	first    pipeline.Date // of all lines; meaningful when newest >= first
	newest   pipeline.Date
	kind     []int32   // scratch: a batch's line types,
	ids      [][]int32 // its ids by axis,
	groups   [][]int32 // its groups by base,
	chained  [][]int32 // memory of groups, where no axis's ids are the groups,
	keys     []key     // its order ids
	lines    []line
	bySorted sorter
}

// blockLines lines at a time are added to all bases: they stay in the
// processor's cache.
const blockLines = 1024

func newWorker(a *Aggregation, id int) *worker {
	w := &worker{a: a, id: id, at: make([]int, len(a.axes)), lines: make([]line, blockLines), first: 1, newest: 0}
	for i, ax := range a.axes {
		reg := a.registries[i]
		var text *textIDs
		var date *dateIDs
		if ax.date {
			date = newDateIDs(ax.grain, reg)
		} else {
			text = newTextIDs(reg.text)
		}
		w.texts, w.dates, w.ids = append(w.texts, text), append(w.dates, date), append(w.ids, nil)
	}
	w.kinds = newTextIDs(func(b []byte) int32 {
		switch string(b) {
		case "sale":
			return kindSale
		case "return":
			return kindReturn
		}
		return 0
	})
	for _, g := range a.groups {
		var links []*pairs
		for range g.chain {
			links = append(links, newPairs())
		}
		w.links = append(w.links, links)
	}
	w.sums = make([]accumulator, len(a.groups))
	w.groups, w.chained = make([][]int32, len(a.groups)), make([][]int32, len(a.groups))
	return w
}

// Add aggregates a batch of silver.fact_sales, or of what a user's stage made
// of it: it has the fact's columns in any order, and may have more. Calls of
// different workers may run at once, those of one worker may not. The batch is
// not kept.
func (a *Aggregation) Add(worker int, rec arrow.Record) error {
	if rec.NumRows() == 0 {
		return nil
	}
	return a.workers[worker].add(rec)
}

func (w *worker) add(rec arrow.Record) error {
	if err := w.bind(rec.Schema()); err != nil {
		return err
	}
	if err := w.columns.read(rec); err != nil {
		return err
	}
	n := int(rec.NumRows())
	w.kind = resize(w.kind, n)
	if err := w.kinds.read(w.columns.kind, w.kind); err != nil {
		return factError("line_type", "", err.Error())
	}
	if i := slices.Index(w.kind, 0); i >= 0 {
		return factError("line_type", w.columns.kind.ValueStr(i), "is neither sale nor return")
	}
	if err := w.find(rec, n); err != nil {
		return err
	}
	for i := 0; i < n; i += blockLines {
		if err := w.addLines(i, min(i+blockLines, n)); err != nil {
			return err
		}
	}
	for _, d := range w.columns.dates {
		d := pipeline.Date(d)
		if w.newest < w.first {
			w.first, w.newest = d, d
		}
		w.first, w.newest = min(w.first, d), max(w.newest, d)
	}
	return w.addOrders(n)
}

// bind finds the columns of a schema.
func (w *worker) bind(schema *arrow.Schema) error {
	if w.schema == schema {
		return nil
	}
	if err := w.columns.bind(schema); err != nil {
		return err
	}
	for i, ax := range w.a.axes {
		at, err := position(schema, ax.column)
		if err != nil {
			return err
		}
		w.at[i] = at
	}
	w.schema = schema
	return nil
}

// find finds the groups of a batch's rows, and makes room for them.
func (w *worker) find(rec arrow.Record, n int) error {
	for i, ax := range w.a.axes {
		w.ids[i] = resize(w.ids[i], n)
		col := rec.Column(w.at[i])
		var err error
		if ax.date {
			err = w.dates[i].read(col, w.ids[i])
		} else {
			err = w.texts[i].read(col, w.ids[i])
		}
		if err != nil {
			return factError(ax.column, "", err.Error())
		}
	}
	for b, base := range w.a.plan.bases {
		g := w.a.groups[b]
		switch len(base.axes) {
		case 0:
			w.chained[b] = resize(w.chained[b], n) // all zeros: nothing else is written to it
			w.groups[b] = w.chained[b]
		case 1:
			w.groups[b] = w.ids[slices.Index(w.a.axes, base.axes[0])]
		default:
			w.chained[b] = resize(w.chained[b], n)
			w.groups[b] = w.chained[b]
			before := w.ids[slices.Index(w.a.axes, base.axes[0])]
			for k, links := range w.links[b] {
				chain(g, k, links, before, w.ids[slices.Index(w.a.axes, base.axes[k+1])], w.groups[b])
				before = w.groups[b]
			}
		}
		w.sums[b].grow(g.len())
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

// addLines adds rows from..to to the sums of all bases.
func (w *worker) addLines(from, to int) error {
	lines := w.lines[:to-from]
	bits, err := w.columns.lines(w.kind, from, to, lines)
	if err != nil {
		return err
	}
	if !w.room.fits(len(lines), bits) {
		for b := range w.sums {
			w.sums[b].flush()
		}
		w.room = headroom{}
	}
	fits := w.room.fits(len(lines), bits)
	for b := range w.sums {
		if groups := w.groups[b][from:to]; fits {
			w.sums[b].add(groups, lines)
		} else {
			w.sums[b].addWide(groups, lines)
		}
	}
	if fits {
		w.room.take(len(lines), bits)
	}
	return nil
}

// addOrders adds a batch's rows to the order indexes.
func (w *worker) addOrders(n int) error {
	if w.a.orders == nil && w.a.returned == nil {
		return nil
	}
	w.keys = slices.Grow(w.keys[:0], n)[:n]
	maker := w.a.orders
	if maker == nil {
		maker = w.a.returned
	}
	if err := maker.maker.read(w.columns.order, w.keys); err != nil {
		return factError("order_id", "", err.Error())
	}
	for _, x := range []*orderIndex{w.a.orders, w.a.returned} {
		if x == nil {
			continue
		}
		if err := x.add(w.id, &w.bySorted, w.keys, w.kind, w.ids[w.a.customer], w.groups); err != nil {
			return err
		}
	}
	return nil
}

// resize returns a slice of n elements in s's memory where it is large enough.
// What it holds is left from before, or zero.
func resize(s []int32, n int) []int32 {
	if n > cap(s) {
		return make([]int32, n)
	}
	return s[:n]
}

// Release lets go of the dictionaries that the workers hold. It is called once,
// after Finish or instead of it.
func (a *Aggregation) Release() {
	for _, w := range a.workers {
		w.kinds.codes.Release()
		for _, t := range w.texts {
			if t != nil {
				t.codes.Release()
			}
		}
	}
}
