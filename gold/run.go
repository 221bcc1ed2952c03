package gold

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// An Option changes how Run works; the tables do not depend on any but Tables
// and Stages.
type Option func(*options)

type options struct {
	workers  int
	segment  int64
	stages   []pipeline.Stage
	specs    []*Spec
	mem      memory.Allocator
	scratch  *pipeline.Scratch
	progress func(done, total int64)
	refresh  bool
	selected []string // nil = all tables are published
}

// FullRefresh makes Run read every file again, whatever an earlier run has read.
func FullRefresh() Option { return func(o *options) { o.refresh = true } }

// Workers sets how many goroutines scan the sales; default GOMAXPROCS.
func Workers(n int) Option { return func(o *options) { o.workers = max(1, n) } }

// Stages adds the user's own stages between silver and gold: each sees every
// silver.fact_sales batch, in order within a segment, and gold sees what it
// yields. The silver table itself is written before them. A stage is used for
// several segments at once, so its state belongs inside its call.
func Stages(s ...pipeline.Stage) Option {
	return func(o *options) { o.stages = append(o.stages, s...) }
}

// Tables adds the user's own gold tables.
func Tables(s ...*Spec) Option { return func(o *options) { o.specs = append(o.specs, s...) } }

// Allocator sets where Arrow memory comes from; default a pipeline.Pool.
func Allocator(mem memory.Allocator) Option { return func(o *options) { o.mem = mem } }

// MemoryLimit sets how many bytes the process should not pass; default 0, no
// limit. What grows with the sales (keys, orders, customers' texts) goes to
// temporary files in tmp once half of that is in use, "" being the system's
// folder for them. They are gone when Run returns, or the process ends.
func MemoryLimit(bytes int64, tmp string) Option {
	return func(o *options) { o.scratch = pipeline.NewScratch(bytes, tmp) }
}

// Progress is called, from several goroutines, with the bytes of sales input
// that are done and all there are.
func Progress(f func(done, total int64)) Option { return func(o *options) { o.progress = f } }

// Select makes Run publish some tables only, by their names. All are computed, in
// the same pass, and every record is accounted for; the others stay as they are,
// and so does what the next run builds upon: one without Select then brings every
// table to what it would be had there been none with it. Report.Selected and
// TableReport.Behind say what is of which run. The sink must be a
// pipeline.Selective. A table that there is not is an error of kind ErrConfig.
func Select(tables ...string) Option {
	return func(o *options) { o.selected = append(o.selected, tables...) }
}

// PartBytes sets how much input becomes one part file; default 48 MiB. Where
// parts are cut depends on it, the rows do not.
func PartBytes(n int64) Option { return func(o *options) { o.segment = max(1, n) } }

// Run reads the shop's files as the mapping says, opened by open, and writes
// every table of bronze, silver and gold to sink in one pass over the sales:
// all of them are committed, or none. The sales files are scanned narrowly
// before, where lines may repeat or customers and products are derived from
// them; in full, where exports may overlap.
//
// Where sink is a pipeline.Lake that holds the tables of an earlier run, only
// files with a content that they are not made of are read, and the tables are
// amended: they hold the rows then that reading everything would give, apart
// from bronze's _batch_id. A file of the same name with another content replaces
// its rows; those of a file that is gone stay. Where that cannot be, everything
// is read, and Report.Full says why. Where there is nothing to be done, the error
// is pipeline.ErrNothingNew, beside a report of the files.
//
// The report accounts for every record read; numbers that do not add up fail
// the run. Errors are *pipeline.Error of the kinds ErrConfig, ErrInput,
// ErrOutput and ErrData. When ctx is cancelled Run returns its error.
func Run(ctx context.Context, m *bronze.Mapping, open pipeline.Opener, sink pipeline.Sink, opts ...Option) (*pipeline.Report, error) {
	r := newRun(m, open, sink, opts)
	if err := r.selectTables(); err != nil {
		return nil, errors.Join(err, sink.Abort())
	}
	o := r.options
	report, err := r.do(ctx)
	if errors.Is(err, errEverything) {
		// What the new files change reaches so far that reading everything is less work.
		r = &run{options: o, m: m, open: open, sink: sink, start: r.start, why: strings.TrimPrefix(err.Error(), errEverything.Error()+": ")}
		if err = sink.(pipeline.Lake).Restart(); err == nil {
			report, err = r.do(ctx)
		}
	}
	if err != nil {
		return report, errors.Join(err, sink.Abort())
	}
	return report, nil
}

func newRun(m *bronze.Mapping, open pipeline.Opener, sink pipeline.Sink, opts []Option) *run {
	o := options{workers: runtime.GOMAXPROCS(0), segment: 48 << 20, mem: new(pipeline.Pool), scratch: new(pipeline.Scratch)}
	for _, f := range opts {
		f(&o)
	}
	return &run{options: o, m: m, open: open, sink: sink, start: time.Now()}
}

// run is the state of one Run.
type run struct {
	options
	m        *bronze.Mapping
	open     pipeline.Opener
	sink     pipeline.Sink
	start    time.Time
	runID    string
	why      string // everything is read, because of what an attempt to read less has found
	work     work
	digests  map[string]string
	batchID  string
	lookups  bronze.Lookups
	returned []bronze.ReturnedOrder
	model    *silver.Model
	agg      *Aggregation

	resolveOld func() error                                   // lets earlier lines compete with the new ones; may be nil
	newKeys    func(in *bronze.Input, rec arrow.Record) error // of the key scan: batches with what there is of order_id, customer_id and product_id; may be nil
	added      func(worker int, rec arrow.Record) error       // batches of new fact rows; may be nil

	inputs   []*bronze.Input
	segments []segment // of all inputs, in record order
	parts    int       // number of the first part that no segment has
	total    int64     // bytes of sales input
	done     atomic.Int64

	mu       sync.Mutex
	tables   map[string]*pipeline.TableReport // of what was written
	sources  []pipeline.SourceReport          // by input
	warnings []string
}

// segment is one segment of one input.
type segment struct {
	pipeline.Segment
	index int // ascends in record order
	input int // in run.inputs
	part  int // part number of what is made of it
}

// segmentsPerFile is more than the segments of any file.
const segmentsPerFile = 1 << 32

// do finds out what there is to do, and does it.
func (r *run) do(ctx context.Context) (_ *pipeline.Report, err error) {
	r.tables, r.runID = map[string]*pipeline.TableReport{}, fmt.Sprintf("%016x", rand.Uint64())
	if report, err := r.findWork(ctx); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.release()) }()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if r.progress != nil {
		r.progress(0, r.total)
	}
	var report *pipeline.Report
	if r.work.last == nil {
		report, err = r.everything(ctx)
	} else {
		report, err = (&amendment{run: r, lake: r.sink.(pipeline.Lake)}).do(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, in := range r.inputs {
		if err := in.Unchanged(); err != nil {
			return nil, err
		}
	}
	report.Seconds = time.Since(r.start).Seconds()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return report, r.sink.Commit(ctx, report)
}

// findWork checks the mapping, and finds out what is to be read. With
// pipeline.ErrNothingNew comes the report of a run that has nothing to do.
func (r *run) findWork(ctx context.Context) (*pipeline.Report, error) {
	if err := r.m.Check(); err != nil {
		return nil, err
	}
	err := r.look(ctx)
	if errors.Is(err, pipeline.ErrNothingNew) {
		return r.nothingNew(), err
	}
	return nil, err
}

// everything makes all tables of all files.
func (r *run) everything(ctx context.Context) (*pipeline.Report, error) {
	scans, err := r.dimensionsAndKeys(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.decideRepeats(ctx, scans); err != nil {
		return nil, err
	}
	facts, err := r.scanSales(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.model.Finish(facts...); err != nil {
		return nil, err
	}
	if err := bronze.CheckRejects(r.inputs, r.sources); err != nil {
		return nil, err
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return r.report(r.model.Counts(), r.tables)
}

// release lets go of everything that the run holds.
func (r *run) release() error {
	if r.agg != nil {
		r.agg.Release()
	}
	if r.model != nil {
		r.model.Release()
	}
	return errors.Join(bronze.CloseInputs(r.inputs), r.scratch.Close())
}

// bind opens every input and binds the mapping to its header, so that most mistakes
// show before anything is read or written.
func (r *run) bind(ctx context.Context) (err error) {
	if r.inputs, err = bronze.OpenFiles(ctx, r.work.reads(), r.open); err != nil {
		return err
	}
	if r.lookups, err = bronze.LoadLookups(ctx, r.m, r.open); err != nil {
		return err
	}
	for name, l := range r.lookups {
		if l.Repeated != "" {
			r.warnings = append(r.warnings, fmt.Sprintf("lookup %s: several records have the key %q; the last one counts", name, l.Repeated))
		}
	}
	for name, l := range r.lookups {
		if l.Mended > 0 {
			r.warnings = append(r.warnings, fmt.Sprintf("lookup %s: records with quotes out of place, read with these taken for text: %d", name, l.Mended))
		}
	}
	slices.Sort(r.warnings)
	if r.returned, err = bronze.LoadReturned(ctx, r.m, r.open); err != nil {
		return err
	}
	for _, in := range r.inputs {
		// Every target is bound once here, for its errors.
		targets := []bronze.Target{in.Main()}
		if in.Spec.Table == "sales" {
			targets = append(targets, in.Derived(bronze.Customers.Table), in.Derived(bronze.Products.Table))
		}
		if _, err := in.Bind(r.m, r.lookups, targets...); err != nil {
			return err
		}
		r.sources = append(r.sources, pipeline.SourceReport{Table: in.Spec.Table, File: in.File.Name, Unmapped: in.Unmapped(r.m)})
	}
	return nil
}

// prepare binds every input, and cuts it into segments.
func (r *run) prepare(ctx context.Context) (err error) {
	if err := r.bind(ctx); err != nil {
		return err
	}
	for i, in := range r.inputs {
		segs, err := in.Source.Split(ctx, r.segment)
		if err != nil {
			return err
		}
		for k, s := range segs {
			r.segments = append(r.segments, segment{Segment: s, index: r.work.place(in.InputFile)*segmentsPerFile + k, input: i})
		}
	}
	r.number()
	if r.batchID, err = bronze.BatchID(r.inputs); err != nil {
		return err
	}
	if r.model, err = silver.New(r.m, r.returned, r.mem, r.scratch); err != nil {
		return err
	}
	r.agg, err = NewAggregation(append(Seed(), r.specs...), r.workers, r.scratch)
	return err
}

// number gives each segment its part: consecutive small segments of one table
// share one, so that many small files do not become many small parts. Parts
// ascend through customers, products and sales, as rejects and quarantine are
// ordered.
func (r *run) number() {
	part := 0
	for _, table := range []string{"customers", "products", "sales"} {
		filled := int64(0)
		for i := range r.segments {
			s := &r.segments[i]
			if r.inputs[s.input].Spec.Table != table {
				continue
			}
			if filled > 0 && filled+s.Bytes() > r.segment+r.segment/2 {
				part, filled = part+1, 0
			}
			s.part = part
			filled += max(1, s.Bytes())
			if table == "sales" {
				r.total += s.Bytes()
			}
		}
		part++
	}
	r.parts = part
}

// of returns the segments of a table, grouped by part.
func (r *run) of(table string) [][]segment {
	var parts [][]segment
	for _, s := range r.segments {
		if r.inputs[s.input].Spec.Table != table {
			continue
		}
		if n := len(parts); n > 0 && parts[n-1][0].part == s.part {
			parts[n-1] = append(parts[n-1], s)
		} else {
			parts = append(parts, []segment{s})
		}
	}
	return parts
}
