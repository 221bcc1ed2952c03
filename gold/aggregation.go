package gold

import (
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Aggregation computes gold tables from the batches of silver.fact_sales. Each
// worker adds batches of its own; when all are done, Totals counts them.
type Aggregation struct {
	counted    *Totals // nothing before Totals
	scratch    *pipeline.Scratch
	plan       *plan
	axes       []axis      // of all bases, each once
	registries []*registry // by axis
	customer   int         // the position of customer_id in axes
	groups     []*groups   // by base
	shared     []*sums     // by base; nil where each worker has its own
	byRun      []bool      // by axis: whether a base of whole orders needs it
	byRow      []bool      // by axis: whether a base of single lines needs it
	indexes    []*orderIndex
	chunk      int // of lists of sightings
	maker      keyMaker
	workers    []*worker
}

// The ids of line_type's values.
const (
	kindSale   int32 = 1
	kindReturn int32 = 2
)

// NewAggregation checks the specs and prepares their aggregation by so many
// workers. Two tables of one name are an error. Orders go to temporary files of
// scratch when it is full; nil has no limit.
func NewAggregation(specs []*Spec, workers int, scratch *pipeline.Scratch) (*Aggregation, error) {
	t, err := newTotals(specs, workers)
	if err != nil {
		return nil, err
	}
	a := &Aggregation{counted: t, plan: t.plan, scratch: scratch}
	for _, b := range a.plan.bases {
		var registries []*registry
		for _, ax := range b.axes {
			registries = append(registries, a.registries[a.axis(ax)])
		}
		a.groups = append(a.groups, newGroups(registries))
		var shared *sums
		if b.fine() && workers > 1 {
			shared = newSums(workers)
		}
		a.shared = append(a.shared, shared)
	}
	a.customer = a.axis(customerAxis)
	a.byRun, a.byRow = make([]bool, len(a.axes)), make([]bool, len(a.axes))
	a.byRun[a.customer] = true
	for _, b := range a.plan.bases {
		for _, ax := range b.axes {
			if b.whole {
				a.byRun[a.axis(ax)] = true
			} else {
				a.byRow[a.axis(ax)] = true
			}
		}
	}
	a.maker = keyMaker{[3]uint64{rand.Uint64(), rand.Uint64() | 1, rand.Uint64()}}
	for _, x := range []*orderIndex{
		newOrderIndex(a.plan, kindSale, metrics.CountOrders, metrics.CountCustomers, metrics.CountSaleDates),
		newOrderIndex(a.plan, kindReturn, metrics.CountReturnOrders),
	} {
		if x != nil {
			a.indexes = append(a.indexes, x)
		}
	}
	workers = max(1, workers)
	a.chunk = chunkSize(max(1, 2*workers*len(a.indexes)))
	for range workers {
		a.workers = append(a.workers, newWorker(a, bits.Len(uint(workers-1))))
	}
	return a, nil
}

// begin gives the groups of a column ids before the first batch. Keys that many
// lines have are looked up in one dictionary then, of all workers.
func (a *Aggregation) begin(column string, keys *pipeline.Dictionary) {
	for i, ax := range a.axes {
		if ax == (axis{column: column}) {
			a.registries[i].begin(keys)
		}
	}
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

// customers returns how many ids of customers there are so far.
func (a *Aggregation) customers() int { return int(a.registries[a.customer].size.Load()) }

// worker is the state of one worker: what it needs to find the groups of a
// batch's rows, its own sums, and its own lists of orders.
//
// A batch is first cut into runs: rows that follow each other and have the same
// order, line type, day, customer and place. What a run shares is looked up and
// added once. Nothing relies on the lines of an order following each other; it
// is only faster when they do.
type worker struct {
	a       *Aggregation
	columns columns
	schema  *arrow.Schema // that at is for
	at      []int         // by axis: the position of its column
	axes    []idReader
	types   *textIDs
	orders  orderIDs
	links   [][]*pairs // by base: the ids of its chain's pairs that this worker has seen
	sums    []*sums    // by base: its own, or those of all workers
	room    headroom
	lists   []*orderLists   // by index
	spill   *pipeline.Spill // where the lists are; nil = in memory

	// Of a batch:
	marks   []int32   // by row: not 0 where a run begins
	starts  []int32   // the first row of each run, and the number of rows
	kinds   []int32   // by run: its line type
	keys    []key     // by run: its order id
	byRun   [][]int32 // by axis: the runs' ids; nil where not needed
	byRow   [][]int32 // by axis: the rows' ids; nil where not needed
	groups  [][]int32 // by base: the groups of its runs or its rows
	chained [][]int32 // memory of groups, where no axis's ids are the groups
	block   block
}

// blockLines lines at a time are added to all bases. A run does not reach over
// the end of a block.
const blockLines = maxLines

// newWorker returns a worker that leaves spare bits of its sums to the others.
func newWorker(a *Aggregation, spare int) *worker {
	w := &worker{a: a, room: headroom{spare: spare}, at: make([]int, len(a.axes))}
	for i, ax := range a.axes {
		var reader idReader = newTextIDs(a.registries[i].text)
		if ax.date {
			reader = newDateIDs(ax.grain, a.registries[i])
		}
		w.axes = append(w.axes, reader)
	}
	w.types = newTextIDs(func(b []byte) int32 {
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
	for _, x := range a.indexes {
		w.lists = append(w.lists, newOrderLists(x, a.chunk))
	}
	for _, shared := range a.shared {
		if shared == nil {
			w.sums = append(w.sums, newSums(1))
		} else {
			w.sums = append(w.sums, shared)
		}
	}
	w.groups, w.chained = make([][]int32, len(a.groups)), make([][]int32, len(a.groups))
	w.byRun, w.byRow = make([][]int32, len(a.axes)), make([][]int32, len(a.axes))
	w.block = block{lines: make([]amounts, blockLines), runs: make([]amounts, blockLines), marks: make([]mark, blockLines), flag: make([]uint32, blockLines), each: make([]mark, blockLines), order: make([]uint8, blockLines)}
	return w
}

// sibling returns an aggregation of nothing for the same specs, which gives groups
// the ids that a gives them. Batches may be added to both side by side.
func (a *Aggregation) sibling() (*Aggregation, error) {
	s, err := NewAggregation(a.counted.specs, len(a.workers), a.scratch)
	if err != nil {
		return nil, err
	}
	s.registries, s.groups, s.maker = a.registries, a.groups, a.maker
	for i, w := range s.workers {
		s.workers[i] = newWorker(s, w.room.spare)
	}
	return s, nil
}

// join makes what was added to a sibling, whose lines have no amounts, count here
// too. Nothing is added to it afterwards; it may join several, one after the other.
func (a *Aggregation) join(o *Aggregation) {
	for b, sums := range o.shared {
		if sums == nil {
			continue
		}
		n := a.groups[b].len()
		sums.grow(n)
		a.shared[b].grow(n)
		for g := range int32(n) {
			if sums.has(g, hasLine) {
				a.shared[b].merge(g, sums, g)
			}
		}
	}
	for _, w := range o.workers {
		joined := &worker{sums: slices.Clone(w.sums)}
		for _, l := range w.lists {
			joined.lists = append(joined.lists, l.again())
		}
		a.workers = append(a.workers, joined)
	}
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
	if err := w.findRuns(rec, int(rec.NumRows())); err != nil {
		return err
	}
	if err := w.findGroups(rec, int(rec.NumRows())); err != nil {
		return err
	}
	if err := w.addBlocks(); err != nil {
		return err
	}
	if err := w.makeRoom(); err != nil {
		return err
	}
	for _, l := range w.lists {
		if err := l.add(w); err != nil {
			return err
		}
	}
	return nil
}

// makeRoom moves the lists to a file, for good, once memory is short.
func (w *worker) makeRoom() error {
	if w.spill != nil || !w.a.scratch.Full() {
		return nil
	}
	w.spill = w.a.scratch.Spill()
	for _, l := range w.lists {
		if err := l.putAside(w.spill); err != nil {
			return err
		}
	}
	return nil
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

// resize returns a slice of n elements in s's memory where it is large enough.
// What it holds is left from before, or zero.
func resize(s []int32, n int) []int32 {
	if n > cap(s) {
		return make([]int32, n)
	}
	return s[:n]
}

// Release lets go of the dictionaries that the workers hold, and of what they
// keep of them. Totals does it too; who does not count calls it.
func (a *Aggregation) Release() {
	for _, w := range a.workers {
		if w.types != nil { // else it has joined
			w.types.release()
		}
		for _, reader := range w.axes {
			reader.release()
		}
		w.axes = nil
	}
}
