package gold

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

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
	progress func(done, total int64)
}

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

// Allocator sets where Arrow memory comes from; default Go's heap.
func Allocator(mem memory.Allocator) Option { return func(o *options) { o.mem = mem } }

// Progress is called, from several goroutines, with the bytes of sales input
// that are done and all there are.
func Progress(f func(done, total int64)) Option { return func(o *options) { o.progress = f } }

// PartBytes sets how much input becomes one part file; default 48 MiB. Where
// parts are cut depends on it, the rows do not.
func PartBytes(n int64) Option { return func(o *options) { o.segment = max(1, n) } }

// Run reads the shop's files as the mapping says, opened by open, and writes
// every table of bronze, silver and gold to sink in one pass over the sales:
// all of them are committed, or none. The sales files are scanned narrowly
// before, where lines may repeat or customers and products are derived from
// them.
//
// The report accounts for every record read; numbers that do not add up fail
// the run. Errors are *pipeline.Error of the kinds ErrConfig, ErrInput,
// ErrOutput and ErrData. When ctx is cancelled Run returns its error.
func Run(ctx context.Context, m *bronze.Mapping, open pipeline.Opener, sink pipeline.Sink, opts ...Option) (*pipeline.Report, error) {
	o := options{workers: runtime.GOMAXPROCS(0), segment: 48 << 20, mem: memory.DefaultAllocator}
	for _, f := range opts {
		f(&o)
	}
	r := &run{options: o, m: m, open: open, sink: sink, tables: map[string]*pipeline.TableReport{}}
	report, err := r.run(ctx)
	if err != nil {
		return nil, errors.Join(err, sink.Abort())
	}
	return report, nil
}

// run is the state of one Run.
type run struct {
	options
	m       *bronze.Mapping
	open    pipeline.Opener
	sink    pipeline.Sink
	batchID string
	lookups bronze.Lookups
	model   *silver.Model
	agg     *Aggregation

	inputs   []*bronze.Input
	segments []segment // of all inputs, in record order
	total    int64     // bytes of sales input
	done     atomic.Int64

	mu       sync.Mutex
	tables   map[string]*pipeline.TableReport
	sources  []pipeline.SourceReport // by input
	warnings []string
}

// segment is one segment of one input.
type segment struct {
	pipeline.Segment
	index int // in run.segments
	input int // in run.inputs
	part  int // part number of what is made of it
}

func (r *run) run(ctx context.Context) (_ *pipeline.Report, err error) {
	start := time.Now()
	if err := r.m.Check(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.release()) }()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if r.progress != nil {
		r.progress(0, r.total)
	}
	if err := r.dimensions(ctx); err != nil {
		return nil, err
	}
	if err := r.scanKeys(ctx); err != nil {
		return nil, err
	}
	if err := r.scanSales(ctx); err != nil {
		return nil, err
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	report, err := r.report()
	if err != nil {
		return nil, err
	}
	report.Seconds = time.Since(start).Seconds()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return report, r.sink.Commit(ctx, report)
}

// release lets go of everything that the run holds.
func (r *run) release() error {
	if r.agg != nil {
		r.agg.Release()
	}
	if r.model != nil {
		r.model.Release()
	}
	return bronze.CloseInputs(r.inputs)
}

// prepare opens every input, binds the mapping to its header, and cuts it into
// segments, so that most mistakes show before anything is read or written.
func (r *run) prepare(ctx context.Context) (err error) {
	if r.inputs, err = bronze.OpenInputs(ctx, r.m, r.open); err != nil {
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
	slices.Sort(r.warnings)
	returned, err := bronze.LoadReturned(ctx, r.m, r.open)
	if err != nil {
		return err
	}
	for i, in := range r.inputs {
		// Every target is bound once here, for its errors.
		targets := []bronze.Target{in.Main()}
		if in.Spec.Table == "sales" {
			targets = append(targets, in.Derived(bronze.Customers.Table), in.Derived(bronze.Products.Table))
		}
		if _, err := in.Bind(r.m, r.lookups, targets...); err != nil {
			return err
		}
		r.sources = append(r.sources, pipeline.SourceReport{Table: in.Spec.Table, File: in.File.Name, Unmapped: in.Unmapped(r.m)})
		segs, err := in.Source.Split(ctx, r.segment)
		if err != nil {
			return err
		}
		for _, s := range segs {
			r.segments = append(r.segments, segment{Segment: s, index: len(r.segments), input: i})
		}
	}
	r.number()
	if r.batchID, err = bronze.BatchID(r.inputs); err != nil {
		return err
	}
	if r.model, err = silver.New(r.m, returned, r.mem); err != nil {
		return err
	}
	r.agg, err = NewAggregation(append(Seed(), r.specs...), r.workers)
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

// dimensions reads customers and products, side by side, each in record order.
func (r *run) dimensions(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range []struct {
		table *pipeline.Table
		add   func(arrow.Record, func(arrow.Record) error) error
	}{
		{bronze.Customers.Table, r.model.AddCustomers},
		{bronze.Products.Table, r.model.AddProducts},
	} {
		g.Go(func() error {
			dicts := bronze.Dictionaries{}
			for _, segs := range r.of(d.table.Base()) {
				w := r.writers(segs[0].part)
				err := func() error {
					for _, s := range segs {
						in := r.inputs[s.input]
						err := r.read(ctx, s, dicts, nil, true, []bronze.Target{in.Main()}, func(b *bronze.Output) error {
							if err := w.rejects(in, b.Rejects); err != nil {
								return err
							}
							if err := w.write(d.table, b.Records[0]); err != nil {
								return err
							}
							return d.add(b.Records[0], func(q arrow.Record) error { return w.write(silver.Quarantine.Table, q) })
						})
						if err != nil {
							return err
						}
					}
					return nil
				}()
				if err = errors.Join(err, w.close()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// scanKeys scans the sales narrowly: for repeated lines and for the customers
// and products that only the lines describe. Then it reads the records of
// repeated lines in full and decides which of them stay.
func (r *run) scanKeys(ctx context.Context) error {
	scans := make([]*silver.KeyScan, r.workers)
	err := r.parallel(ctx, r.of("sales"), func(ctx context.Context, worker int, segs []segment) error {
		if scans[worker] == nil {
			scans[worker] = r.model.NewKeyScan()
		}
		scan, dicts := scans[worker], bronze.Dictionaries{}
		for _, s := range segs {
			in := r.inputs[s.input]
			var targets []bronze.Target
			var each []func(arrow.Record) error
			add := func(t bronze.Target, f func(arrow.Record) error) {
				targets, each = append(targets, t), append(each, f)
			}
			if keys := in.Keys(silver.KeyColumns...); len(keys.Specs) == len(silver.KeyColumns) {
				add(keys, func(rec arrow.Record) error { return scan.Sales(s.index, in.Returns(), rec) })
			}
			if r.derives("customers", in) {
				add(in.Derived(bronze.Customers.Table), func(rec arrow.Record) error { return scan.DeriveCustomers(s.index, rec) })
			}
			if r.derives("products", in) {
				add(in.Derived(bronze.Products.Table), func(rec arrow.Record) error { return scan.DeriveProducts(s.index, rec) })
			}
			if len(targets) == 0 {
				continue
			}
			err := r.read(ctx, s, dicts, nil, false, targets, func(b *bronze.Output) error {
				for i, rec := range b.Records {
					if err := each[i](rec); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	scans = slices.DeleteFunc(scans, func(s *silver.KeyScan) bool { return s == nil })
	if err := r.model.Freeze(scans...); err != nil {
		return err
	}
	err = r.parallel(ctx, r.of("sales"), func(ctx context.Context, worker int, segs []segment) error {
		dicts := bronze.Dictionaries{}
		for _, s := range segs {
			rows := r.model.Repeated(s.index)
			if len(rows) == 0 {
				continue
			}
			in := r.inputs[s.input]
			err := r.read(ctx, s, dicts, rows, false, []bronze.Target{in.Main()}, func(b *bronze.Output) error {
				return r.model.Resolve(s.index, in.Returns(), b.Records[0])
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.model.Resolved()
}

// derives reports whether dimension rows are made from the input's lines:
// where no file fills the dimension, or where the lines carry attributes.
func (r *run) derives(table string, in *bronze.Input) bool {
	attributes := in.Spec.Customers
	if table == "products" {
		attributes = in.Spec.Products
	}
	return len(attributes) > 0 || !slices.ContainsFunc(r.inputs, func(i *bronze.Input) bool { return i.Spec.Table == table })
}

// scanSales is the one full pass: every batch becomes bronze rows, fact rows
// and gold aggregates.
func (r *run) scanSales(ctx context.Context) error {
	facts := make([]*silver.Fact, r.workers)
	dicts := make([]bronze.Dictionaries, r.workers)
	for i := range facts {
		facts[i], dicts[i] = r.model.NewFact(r.mem), bronze.Dictionaries{}
	}
	err := r.parallel(ctx, r.of("sales"), func(ctx context.Context, worker int, segs []segment) (err error) {
		w := r.writers(segs[0].part)
		defer func() { err = errors.Join(err, w.close()) }()
		for _, s := range segs {
			if err := r.scanSegment(ctx, s, worker, w, facts[worker], dicts[worker]); err != nil {
				return err
			}
			if done := r.done.Add(s.Bytes()); r.progress != nil {
				r.progress(done, r.total)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.model.Finish(facts...)
}

func (r *run) scanSegment(ctx context.Context, s segment, worker int, w *writers, fact *silver.Fact, dicts bronze.Dictionaries) error {
	in := r.inputs[s.input]
	sales := func(yield func(arrow.Record, error) bool) {
		stop := errors.New("stop")
		err := r.read(ctx, s, dicts, nil, true, []bronze.Target{in.Main()}, func(b *bronze.Output) error {
			if err := w.rejects(in, b.Rejects); err != nil {
				return err
			}
			if !yield(b.Records[0], nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield(nil, err)
		}
	}
	stages := append([]pipeline.Stage{
		w.tee(bronze.Sales.Table),
		fact.Stage(s.index, in.Returns(), func(q arrow.Record) error { return w.write(silver.Quarantine.Table, q) }),
		w.tee(silver.FactSales.Table),
	}, r.stages...)
	for rec, err := range pipeline.Chain(stages...)(sales) {
		if err != nil {
			return err
		}
		if err := r.agg.Add(worker, rec); err != nil {
			return err
		}
	}
	return nil
}

// read scans a segment into the targets' batches; count adds what it read to
// the run's report.
func (r *run) read(ctx context.Context, s segment, dicts bronze.Dictionaries, rows []int64, count bool, targets []bronze.Target, each func(*bronze.Output) error) error {
	in := r.inputs[s.input]
	plan, err := in.Bind(r.m, r.lookups, targets...)
	if err != nil {
		return err
	}
	reader := plan.NewReader(r.mem, r.batchID, dicts)
	defer reader.Release()
	for b, err := range reader.Scan(ctx, s.Segment, rows) {
		if err != nil {
			return err
		}
		if err := each(b); err != nil {
			return err
		}
	}
	if count {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sources[s.input].Merge(reader.Counts())
	}
	return nil
}

// parallel hands parts to the workers, in order.
func (r *run) parallel(ctx context.Context, parts [][]segment, f func(ctx context.Context, worker int, segs []segment) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for worker := range min(r.workers, len(parts)) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(ctx, worker, parts[i]); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// finish writes what is only known at the end: the dimensions and gold.
func (r *run) finish() error {
	customers, err := r.model.DimCustomers(r.mem)
	if err != nil {
		return err
	}
	defer customers.Release()
	products, err := r.model.DimProducts(r.mem)
	if err != nil {
		return err
	}
	defer products.Release()
	w := r.writers(0)
	err = errors.Join(w.write(silver.DimCustomers.Table, customers), w.write(silver.DimProducts.Table, products), w.close())
	if err != nil {
		return err
	}
	results, err := r.agg.Finish(Inputs{Customers: customers, Products: products, Reference: r.m.Rules.ReferenceDate, RFM: r.m.Rules.RFM, Mem: r.mem})
	if err != nil {
		return err
	}
	g := errgroup.Group{}
	g.SetLimit(r.workers)
	for _, res := range results {
		g.Go(func() error {
			w := r.writers(0)
			var errs []error
			for _, rec := range res.Batches {
				errs = append(errs, w.write(res.Table, rec))
				rec.Release()
			}
			return errors.Join(append(errs, w.close())...)
		})
		r.warnings = append(r.warnings, res.Warnings...)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return r.fillEmpty(results)
}

// fillEmpty gives every table that got no part an empty one.
func (r *run) fillEmpty(results []Result) error {
	tables := []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table, bronze.Rejects.Table,
		silver.DimCustomers.Table, silver.DimProducts.Table, silver.FactSales.Table, silver.Quarantine.Table}
	for _, res := range results {
		tables = append(tables, res.Table)
	}
	for _, t := range tables {
		if r.tables[t.Name] == nil {
			w := r.writers(0)
			_, err := w.of(t)
			if err := errors.Join(err, w.close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// report adds everything up, and fails where it does not.
func (r *run) report() (*pipeline.Report, error) {
	counts := r.model.Counts()
	rep := &pipeline.Report{BatchID: r.batchID, Workers: r.workers, Sources: r.sources, Warnings: append(r.warnings, counts.Warnings...)}
	rep.Version, rep.Libraries = versions()
	for _, t := range r.tables {
		rep.Tables = append(rep.Tables, *t)
	}
	slices.SortFunc(rep.Tables, func(a, b pipeline.TableReport) int { return compareTables(a.Name, b.Name) })
	for _, table := range []string{"customers", "products", "sales"} {
		c := pipeline.Conservation{Table: table, Reasons: counts.Quarantined[table], Added: counts.Added[table], Deduplicated: counts.Deduplicated[table]}
		for _, s := range r.sources {
			if s.Table == table {
				c.Records += s.Records
				c.Rejected += s.Rejected
			}
		}
		for _, n := range c.Reasons {
			c.Quarantined += n
		}
		c.Bronze = r.tables["bronze."+table].Rows
		c.Silver = r.tables[map[string]string{"customers": "silver.dim_customers", "products": "silver.dim_products", "sales": "silver.fact_sales"}[table]].Rows
		if !c.Check() {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: "bronze." + table, Msg: fmt.Sprintf(
				"the counts do not add up: %d records = %d rows + %d rejects? %d rows = %d silver − %d added + %d quarantined + %d deduplicated?",
				c.Records, c.Bronze, c.Rejected, c.Bronze, c.Silver, c.Added, c.Quarantined, c.Deduplicated),
				Hint: "this is a bug in smelt, and nothing was published: please report it"}
		}
		rep.Conservation = append(rep.Conservation, c)
	}
	return rep, nil
}

// versions returns smelt's version and those of its main libraries.
func versions() (string, map[string]string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", nil
	}
	libs := map[string]string{"go": runtime.Version()}
	version := info.Main.Version
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/apache/arrow/go/v17", "github.com/parquet-go/parquet-go", "golang.org/x/sync":
			libs[d.Path] = d.Version
		case "github.com/smeltdata/smelt":
			version = d.Version
		}
	}
	if version == "" || version == "(devel)" {
		version = "dev"
	}
	return version, libs
}
