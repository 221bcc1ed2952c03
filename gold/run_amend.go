package gold

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// amendment is a run that builds upon the tables of an earlier one.
//
// What new lines change beyond their own rows goes by orders, customers and
// products: lines of one order compete for a key, a customer's place and a
// product's cost stand on all their lines, and gold counts distinct orders and
// customers. So the lines of the orders at hand are made again from bronze, the
// rows that come out otherwise than before are replaced, and gold's totals are
// corrected by the difference between the fact rows of these orders and
// customers before and after. Nothing else of the history is read.
//
// It takes these steps, each in its own method: readDimensions, scanNew, changed,
// before, loadKept, pass, findNew; then count and write, and beside them amend.
type amendment struct {
	*run
	lake pipeline.Lake

	dropped map[string][]string       // by bronze table: the files whose rows go
	places  map[string]map[string]int // by bronze table: where files stand in record order

	dims                [2]*dimension                // customers, products
	vanished            map[string]int64             // by bronze table: rows of a kept dimension that go, as no line names them
	newest              pipeline.Null[pipeline.Date] // order_date of the tables as they are
	scans               []*silver.KeyScan
	orders              *silver.Keys // of the new and the dropped lines
	customers, products *silver.Keys // that stand otherwise on fact rows than before
	old                 map[lineKey]silver.FactSale
	oldRows             map[int64]bool              // the record numbers of those
	lines               []*oldLines                 // the lines of those, to be made again
	redone              map[recordKey]bool          // their records
	quarantined         map[recordKey]string        // of those records: the reason that was
	reasons             map[string]int64            // quarantined sales that go, with files or for now being used
	unquarantined       map[recordKey]bool          // records whose quarantine row goes
	remade              map[lineKey]silver.FactSale // fact rows of the lines that were made again
	minus, plus         []silver.FactSale           // fact rows that go; that come of lines made again
	gone                map[lineKey]bool            // those that go
	mu                  sync.Mutex
	touched             touched
	all                 *Aggregation // of the rows that come, for a recount
	totals              *Totals
	loading             sync.WaitGroup // of the totals
	loadFailed          error
	zeros               []byte                          // see nothing
	kept                map[string]pipeline.TableReport // of the tables that were amended: what stays
}

// lineKey is the key of a fact row.
type lineKey struct {
	recordKey
	kind pipeline.Code
}

// recordKey is the key of a record of the sales.
type recordKey struct {
	file string
	row  int64
}

func keyOfSale(s *silver.FactSale) lineKey {
	return lineKey{recordKey{string(s.SourceFile), s.SourceRow}, s.LineType}
}

// touched are the orders and customers whose rows come or go.
type touched struct {
	orders, customers *silver.Keys
}

func (a *amendment) do(ctx context.Context) (*pipeline.Report, error) {
	defer a.releaseLines()
	a.begin()
	defer a.loading.Wait()
	a.loading.Go(func() {
		a.totals, a.loadFailed = LoadTotals(a.agg.counted.specs, a.workers, func(t *pipeline.Table) pipeline.Stream { return a.lake.Read(ctx, t, columnNames(t)) })
		if a.loadFailed == nil {
			_, a.newest = a.totals.days()
		}
	})
	for _, step := range []func(context.Context) error{a.readDimensions, a.scanNew, a.changed, a.before, a.loadKept, a.pass} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := a.findNew(); err != nil {
		return nil, err
	}
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error { return a.amend(both) })
	g.Go(func() error {
		if err := a.count(both); err != nil {
			return err
		}
		return a.write(both)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return a.sumUp()
}

func (a *amendment) releaseLines() {
	for _, l := range a.lines {
		for _, rec := range l.records {
			rec.Release()
		}
	}
	for _, d := range a.dims {
		for _, rec := range d.come {
			rec.Release()
		}
	}
	if a.all != nil {
		a.all.Release()
	}
}

// begin lists the files by what becomes of them.
func (a *amendment) begin() {
	a.dropped, a.places = map[string][]string{}, map[string]map[string]int{}
	for _, t := range []string{"customers", "products", "sales"} {
		a.places[t] = map[string]int{}
	}
	for i, f := range a.work.files {
		if f.SameAs == "" {
			a.places[f.Spec.Table][f.File.Name] = i
		}
	}
	for _, f := range a.work.dropped {
		a.dropped[f.Spec.Table] = append(a.dropped[f.Spec.Table], f.File.Name)
	}
	a.orders, a.customers, a.products = silver.NewKeys(), silver.NewKeys(), silver.NewKeys()
	a.old, a.remade, a.gone = map[lineKey]silver.FactSale{}, map[lineKey]silver.FactSale{}, map[lineKey]bool{}
	a.redone, a.quarantined, a.unquarantined = map[recordKey]bool{}, map[recordKey]string{}, map[recordKey]bool{}
	a.reasons, a.kept = map[string]int64{}, map[string]pipeline.TableReport{}
	a.touched, a.vanished = touched{silver.NewKeys(), silver.NewKeys()}, map[string]int64{}
	a.beginDimensions()
}

func columnNames(t *pipeline.Table) []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// scanNew scans the keys of the new lines, and finds out which orders they and
// the dropped ones belong to.
func (a *amendment) scanNew(ctx context.Context) error {
	a.newKeys = func(in *bronze.Input, rec arrow.Record) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		if err := a.nameAll(rec); err != nil {
			return err
		}
		at := rec.Schema().FieldIndices("order_id")
		if len(at) == 0 {
			return nil
		}
		col := rec.Column(at[0])
		if in.Returns() && in.Spec.Overlap != "" && col.NullN() > 0 {
			return everything(overlapping)
		}
		return a.orders.AddAll(col)
	}
	for _, f := range a.work.dropped {
		if f.Spec.Kind == "returns" && f.Spec.Overlap != "" {
			return everything(overlapping)
		}
	}
	earlier := a.model.NewKeyScan()
	for _, t := range []*pipeline.TableOf[silver.DerivedCell]{silver.DerivedCustomers, silver.DerivedProducts} {
		if !a.derives(strings.TrimPrefix(t.Base(), "derived_")) {
			continue
		}
		place := func(file string) int { return a.places["sales"][file] }
		if err := earlier.LoadDerived(t, place, a.lake.Read(ctx, t.Table, columnNames(t.Table))); err != nil {
			return err
		}
	}
	var err error
	if a.scans, err = a.scanKeys(ctx); err != nil {
		return err
	}
	if len(a.dropped["sales"]) > 0 {
		for rec, err := range a.lake.Read(ctx, silver.FactSales.Table, []string{"order_id"}, oneOf("_source_file", a.dropped["sales"])) {
			if err != nil {
				return err
			}
			if err := a.orders.AddAll(rec.Column(0)); err != nil {
				return err
			}
		}
	}
	a.scans = append(a.scans, earlier)
	return nil
}

// derives reports whether lines describe customers or products.
func (r *run) derives(table string) bool {
	return slices.ContainsFunc(r.m.Sources, func(s bronze.SourceSpec) bool { return r.m.Derives(table, &s) })
}

// overlapping is why lines that have no order cannot be found again by it.
const overlapping = "returns without an order may stand in several files"

// oneOf picks the rows whose column has one of the values.
func oneOf(column string, values []string) pipeline.Where {
	w := pipeline.Where{Column: column, Wants: func(v []byte) bool { return slices.Contains(values, string(v)) }}
	if len(values) > 0 {
		w.Min, w.Max = []byte(slices.Min(values)), []byte(slices.Max(values))
	}
	return w
}

// changed finds out which customers and products stand otherwise on fact rows
// than they did, and the orders of their lines.
func (a *amendment) changed(ctx context.Context) (err error) {
	if err := a.model.FreezeDimensions(a.scans...); err != nil {
		return err
	}
	if !a.dims[0].kept {
		a.customers, err = a.model.ChangedCustomers(a.lake.Read(ctx, silver.DimCustomers.Table, []string{"customer_id", "city", "state", "country"}))
		if err != nil {
			return err
		}
	}
	if !a.dims[1].kept {
		a.products, err = a.model.ChangedProducts(a.lake.Read(ctx, silver.DimProducts.Table, []string{"product_id", "category", "unit_cost", "unit_price"}))
		if err != nil {
			return err
		}
	}
	if a.customers.Len() == 0 && a.products.Len() == 0 {
		return nil
	}
	// All lines of a product's orders are made again, two an order or more in most
	// shops: where they are too many, this is known before they are looked for.
	n := 0
	for rec, err := range a.lake.Read(ctx, ProductPerformance.Table, []string{"orders"}, a.products.InClean("product_id")) {
		if err != nil {
			return err
		}
		for _, orders := range rec.Column(0).(*array.Int64).Int64Values() {
			n += 2 * int(orders)
		}
	}
	if n > a.reach() {
		return everything(a.because())
	}
	n = 0
	for rec, err := range a.lake.Read(ctx, bronze.Sales.Table, []string{"order_id"}, a.customers.In("customer_id"), a.products.In("product_id")) {
		if err != nil {
			return err
		}
		if n += int(rec.NumRows()); n > a.reach() {
			return everything(a.because())
		}
		if err := a.orders.AddAll(rec.Column(0)); err != nil {
			return err
		}
	}
	return nil
}

// reads reports whether the run reads or drops files of a bronze table.
func (a *amendment) reads(table string) bool {
	return len(a.of(table)) > 0 || len(a.dropped[table]) > 0
}
