package gold

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// dimensionsAndKeys reads the dimensions and scans the sales' keys: side by side,
// unless lines describe customers or products. The error of the dimensions counts.
func (r *run) dimensionsAndKeys(ctx context.Context) (scans []*silver.KeyScan, err error) {
	derives := slices.ContainsFunc(r.inputs, func(in *bronze.Input) bool {
		return r.m.Derives("customers", in.Spec) || r.m.Derives("products", in.Spec)
	})
	if derives || r.workers == 1 {
		if err := r.dimensions(ctx); err != nil {
			return nil, err
		}
		return r.scanKeys(ctx)
	}
	keys, cancel := context.WithCancel(ctx)
	defer cancel()
	var g sync.WaitGroup
	var failed error
	g.Go(func() { scans, failed = r.scanKeys(keys) })
	if err = r.dimensions(ctx); err != nil {
		cancel()
	}
	g.Wait()
	return scans, cmp.Or(err, failed)
}

// fromFile is a dimension's bronze table, and how its records join the model.
type fromFile struct {
	table *pipeline.Table
	add   func(rec arrow.Record, quarantine func(arrow.Record) error) error
}

func (r *run) fromFiles() [2]fromFile {
	return [2]fromFile{{bronze.Customers.Table, r.model.AddCustomers}, {bronze.Products.Table, r.model.AddProducts}}
}

// dimensions reads customers and products, side by side, each in record order.
// Where both fail, the error of the customers counts.
func (r *run) dimensions(ctx context.Context) error {
	var g sync.WaitGroup
	var errs [2]error
	for i, d := range r.fromFiles() {
		g.Go(func() {
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
				if errs[i] = errors.Join(err, w.close()); errs[i] != nil {
					return
				}
			}
		})
	}
	g.Wait()
	return cmp.Or(errs[0], errs[1])
}

// scanKeys scans the sales narrowly: for repeated lines and for the customers
// and products that only the lines describe. Exports that may overlap are
// scanned with all columns.
func (r *run) scanKeys(ctx context.Context) ([]*silver.KeyScan, error) {
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
			file := s.index / segmentsPerFile
			if in.Spec.Overlap != "" {
				add(in.Main(), func(rec arrow.Record) error { return scan.WholeLines(s.index, in.InputFile.Source, file, rec) })
			} else if keys := in.Keys(silver.KeyColumns...); len(keys.Specs) == len(silver.KeyColumns) {
				add(keys, func(rec arrow.Record) error { return scan.Sales(s.index, in.Returns(), rec) })
			}
			if r.m.Derives("customers", in.Spec) {
				add(in.Derived(bronze.Customers.Table), func(rec arrow.Record) error { return scan.DeriveCustomers(file, rec) })
			}
			if r.m.Derives("products", in.Spec) {
				add(in.Derived(bronze.Products.Table), func(rec arrow.Record) error { return scan.DeriveProducts(file, rec) })
			}
			if keys := in.Keys("order_id", "customer_id", "product_id"); r.newKeys != nil && len(keys.Specs) > 0 {
				add(keys, func(rec arrow.Record) error { return r.newKeys(in, rec) })
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
	return slices.DeleteFunc(scans, func(s *silver.KeyScan) bool { return s == nil }), err
}

// decideRepeats reads the records of lines that may be repeated in full and
// decides which of them stay.
func (r *run) decideRepeats(ctx context.Context, scans []*silver.KeyScan) error {
	if err := r.model.Freeze(scans...); err != nil {
		return err
	}
	err := r.parallel(ctx, r.of("sales"), func(ctx context.Context, worker int, segs []segment) error {
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
	if err == nil && r.resolveOld != nil {
		err = r.resolveOld()
	}
	if err != nil {
		return err
	}
	return r.model.Resolved()
}

// scanSales is the one full pass: every batch becomes bronze rows, fact rows
// and gold aggregates. The facts are for the model's Finish.
func (r *run) scanSales(ctx context.Context) ([]*silver.Fact, error) {
	// What customers and products are called is in memory once, for all readers.
	customers, products := r.model.CustomerKeys(), r.model.ProductKeys()
	r.agg.begin("customer_id", customers)
	r.agg.begin("product_id", products)
	facts := make([]*silver.Fact, r.workers)
	dicts := make([]bronze.Dictionaries, r.workers)
	for i := range facts {
		facts[i], dicts[i] = r.model.NewFact(r.mem), bronze.Dictionaries{}
		dicts[i].Begin(bronze.Sales.Table, "customer_id", customers)
		dicts[i].Begin(bronze.Sales.Table, "product_id", products)
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
	return facts, err
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
		if r.added != nil {
			if err := r.added(worker, rec); err != nil {
				return err
			}
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

// parallel hands parts to the workers, in order. Where several fail, the error of
// the first part counts, however many workers there are: when a part fails, the
// parts after it are cancelled and those before it are finished.
func (r *run) parallel(ctx context.Context, parts [][]segment, f func(ctx context.Context, worker int, segs []segment) error) error {
	var mu sync.Mutex
	next, failed := 0, len(parts) // the part to hand out; the first one that failed
	var first error
	cancels := make([]context.CancelFunc, len(parts))
	take := func() (int, context.Context) {
		mu.Lock()
		defer mu.Unlock()
		if next >= failed {
			return -1, nil
		}
		i := next
		next++
		ctx, cancel := context.WithCancel(ctx)
		cancels[i] = cancel
		return i, ctx
	}
	done := func(i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		cancels[i]()
		if err == nil || i >= failed {
			return
		}
		failed, first = i, err
		for _, cancel := range cancels[i+1 : next] {
			cancel()
		}
	}
	var g sync.WaitGroup
	for worker := range min(r.workers, len(parts)) {
		g.Go(func() {
			for {
				i, ctx := take()
				if i < 0 {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = f(ctx, worker, parts[i])
				}
				done(i, err)
			}
		})
	}
	g.Wait()
	return first
}
