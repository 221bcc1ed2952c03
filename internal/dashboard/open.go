package dashboard

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// Options say what an Index is made of.
type Options struct {
	Lake    string          // folder of the published tables
	Mapping *bronze.Mapping // nil where only the lake is known: then RFM's defaults hold for earlier scores
	Workers int             // goroutines; 0 = GOMAXPROCS
	Names   bool            // customers' names may be shown
}

// Open reads the published tables that pages are made of: silver.fact_sales, its
// dimensions, gold.customer_metrics, gold.customer_segmentation and
// gold.regional_sales. Delta tables are read at their newest version; where a run
// publishes meanwhile, all are read again. An Index takes some 32 bytes a line, and
// three times that while it is made.
//
// Errors are *pipeline.Error: of kind ErrInput where there is no lake, or a table or
// column is missing, of kind ErrData where tables do not fit each other.
func Open(ctx context.Context, o Options) (*Index, error) {
	// What is read is garbage at once: without this it piles up to what stays.
	opening.Lock()
	defer opening.Unlock()
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	for try := 0; ; try++ {
		if err := store.Recover(o.Lake); err != nil {
			return nil, err
		}
		before, err := store.Report(o.Lake)
		if err != nil {
			return nil, err
		}
		x, err := open(ctx, o, before)
		after, e := store.Report(o.Lake)
		if e == nil && before != nil && after != nil && before.RunID != after.RunID && try < 3 && ctx.Err() == nil {
			continue // silver and gold may be of two runs
		}
		debug.FreeOSMemory() // reading took more than what stays
		return x, err
	}
}

// opening has one Index made at a time.
var opening sync.Mutex

func open(ctx context.Context, o Options, report *pipeline.Report) (*Index, error) {
	r := &reader{lake: o.Lake}
	if err := r.look(); err != nil {
		return nil, err
	}
	x := &Index{workers: o.Workers, names: o.Names}
	l := newLoader(x)
	steps := []func(context.Context, *reader) error{l.customers, l.products, l.lines, x.readCountries, x.readBuyers}
	for _, step := range steps {
		if err := step(ctx, r); err != nil {
			return nil, err
		}
	}
	if o.Mapping != nil {
		x.rules, x.currency = o.Mapping.Rules.RFM, o.Mapping.Rules.Currency
	}
	if x.rules.Grid == [5][5]string{} {
		x.rules.Grid = bronze.DefaultGrid
	}
	if x.currency == "" && report != nil {
		x.currency = report.Currency
	}
	x.group()
	x.nameSegments()
	x.scoreBefore(movement)
	x.rankBuyers()
	x.shop = Shop{Name: shopName(o), Currency: x.currency, Lines: int64(x.lines), Customers: int64(len(x.customers)), Products: int64(len(x.products))}
	if x.lines > 0 {
		x.shop.First, x.shop.Last = x.first.String(), (x.first + pipeline.Date(x.days) - 1).String()
	}
	if info, err := os.Stat(filepath.Join(o.Lake, "_smelt", "run.json")); err == nil {
		x.shop.Published = info.ModTime().UTC()
	}
	return x, nil
}

// shopName is the name of the folder that the shop is in.
func shopName(o Options) string {
	folder := filepath.Dir(filepath.Clean(o.Lake))
	if o.Mapping != nil && o.Mapping.File != "" {
		folder = filepath.Dir(o.Mapping.File)
	}
	if path, err := filepath.Abs(folder); err == nil {
		if name := filepath.Base(path); strings.Trim(name, `./\`) != "" {
			return name
		}
	}
	return "shop"
}

// reader reads tables of a lake.
type reader struct{ lake string }

// needed are the tables that an Index is made of, and their columns.
var needed = []struct {
	table   *pipeline.Table
	columns []string
}{
	{silver.FactSales.Table, factColumns},
	{silver.DimCustomers.Table, customerColumns},
	{silver.DimProducts.Table, productColumns},
	{gold.CustomerMetrics.Table, metricsColumns},
	{gold.CustomerSegmentation.Table, segmentationColumns},
	{gold.RegionalSales.Table, regionColumns},
}

// look says which tables are missing.
func (r *reader) look() error {
	names, err := store.Tables(r.lake)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: r.lake, Msg: "there are no tables here",
			Hint: "smelt run makes them; -o names another folder"}
	}
	var missing []string
	for _, n := range needed {
		if !slices.Contains(names, n.table.Name) {
			missing = append(missing, n.table.Name)
		}
	}
	if len(missing) > 0 {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: r.lake, Table: missing[0], Msg: "a dashboard is made of " + strings.Join(missing, ", ") + ", not in the lake",
			Hint: "smelt run without --select makes all tables"}
	}
	return nil
}

// each hands the batches of the columns of a table of needed to f.
func (r *reader) each(ctx context.Context, workers int, t *pipeline.Table, f func(worker int, rec arrow.Record) error) error {
	var columns []string
	for _, n := range needed {
		if n.table == t {
			columns = n.columns
		}
	}
	table, err := store.OpenTable(ctx, r.lake, t.Name, store.At{})
	if err != nil {
		return err
	}
	for _, c := range columns {
		if len(table.Schema.FieldIndices(c)) != 1 {
			return &pipeline.Error{Kind: pipeline.ErrInput, Table: t.Name, Column: c, Msg: "the lake's table has no such column", Hint: "smelt run --full-refresh makes the table anew"}
		}
	}
	return table.Each(ctx, workers, t, columns, func(worker int, rec arrow.Record) error {
		for i, c := range columns {
			if at := t.Index(c); !t.Columns[at].Nullable && rec.Column(i).NullN() > 0 {
				return &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: c, Msg: "is NULL in a row of the lake", Hint: "smelt run --full-refresh makes the table anew"}
			}
		}
		return f(worker, rec)
	})
}
