package gold

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// dimension is what a run does with silver.dim_customers or dim_products. Where
// no file of them comes or goes and no line describes them, the table is kept:
// but few of its rows are read before gold is made, and it is written again only
// where some come or go. Otherwise it is made again, of bronze.
type dimension struct {
	bronze, silver *pipeline.Table
	kept           bool
	load           func(rows pipeline.Stream) error                                    // into the model: rows of a kept one
	each           func(mem memory.Allocator, write func(arrow.Record) error) error    // the rows of the model; of a kept one those that are new
	only           func(mem memory.Allocator, columns ...string) (arrow.Record, error) // each, in one batch
	named          *silver.Keys                                                        // whom the lines at hand name
	lost           *silver.Keys                                                        // whose rows of a kept one go
	come           []arrow.Record                                                      // rows that come to a kept one, each ascending by key
}

func (d *dimension) key() string { return d.silver.Key[0] }

// beginDimensions finds out which dimensions are kept.
func (a *amendment) beginDimensions() {
	a.dims = [2]*dimension{
		{bronze: bronze.Customers.Table, silver: silver.DimCustomers.Table, load: a.model.KeepCustomers, each: a.model.DimCustomers, only: a.model.Customers},
		{bronze: bronze.Products.Table, silver: silver.DimProducts.Table, load: a.model.KeepProducts, each: a.model.DimProducts, only: a.model.Products},
	}
	for _, d := range a.dims {
		d.kept = !a.mayChange(d.bronze.Base())
		d.named, d.lost = silver.NewKeys(), silver.NewKeys()
	}
}

// mayChange reports whether customers or products may be otherwise than before,
// not only by who is among them.
func (a *amendment) mayChange(table string) bool { return a.reads(table) || a.derives(table) }

// readDimensions reads the customers and products of the earlier runs and of
// the new files, where they are made again.
func (a *amendment) readDimensions(ctx context.Context) error {
	a.model.AnyOrder(a.placeIn("customers"), a.placeIn("products"))
	var g sync.WaitGroup
	var errs [2]error
	for i, from := range a.fromFiles() {
		if a.dims[i].kept || !a.m.Fills(from.table.Base()) {
			continue
		}
		g.Go(func() { errs[i] = a.readAgain(ctx, from) })
	}
	g.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	return a.dimensions(ctx)
}

// placeIn returns where a bronze table's files stand in record order.
func (a *amendment) placeIn(table string) func(file []byte) int {
	places := a.places[table]
	return func(file []byte) int { return places[string(file)] }
}

// readAgain adds the rows of a bronze table that stay to a model.
func (a *amendment) readAgain(ctx context.Context, to fromFile, where ...pipeline.Where) error {
	dropped := a.dropped[to.table.Base()]
	for rec, err := range a.lake.Read(ctx, to.table, columnNames(to.table), where...) {
		if err == nil {
			file := textOf(named(rec, "_source_file"))
			err = pipeline.EachStretch(rec, func(row int) bool { return !slices.Contains(dropped, string(file(row))) }, func(part arrow.Record) error {
				return to.add(part, func(arrow.Record) error { return nil })
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inputs is goldInputs, of kept dimensions too.
func (a *amendment) inputs(ctx context.Context, t *Totals) (in Inputs, release func(), err error) {
	var recs [2]arrow.Record
	release = func() {
		for _, rec := range recs {
			if rec != nil {
				rec.Release()
			}
		}
	}
	for i, d := range a.dims {
		columns := t.columnsOf(d.silver.Name)
		if d.kept {
			recs[i], err = a.inOne(ctx, d, columns)
		} else {
			recs[i], err = d.only(a.mem, columns...)
		}
		if err != nil {
			release()
			return in, nil, err
		}
	}
	return a.goldInputs(recs[0], recs[1]), release, nil
}

// writeDimension writes a dimension, if it is not as it was.
func (a *amendment) writeDimension(ctx context.Context, d *dimension) error {
	write := func(f func(write func(arrow.Record) error) error) error {
		w := a.writers(0)
		return errors.Join(f(func(rec arrow.Record) error { return w.write(d.silver, rec) }), w.close())
	}
	columns := columnNames(d.silver)
	if d.kept {
		if !d.changes() {
			return nil
		}
		return write(func(write func(arrow.Record) error) error {
			for rec, err := range a.rows(ctx, d, columns) {
				if err == nil {
					err = write(rec)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	each := func(write func(arrow.Record) error) error { return d.each(a.mem, write) }
	same, err := sameRows(each, a.lake.Read(ctx, d.silver, columns))
	if same || err != nil {
		return err
	}
	return write(each)
}

// sameRows reports whether what each hands on are the rows of a table, in order.
func sameRows(each func(write func(arrow.Record) error) error, table pipeline.Stream) (bool, error) {
	next, stop := iter.Pull2(table)
	defer stop()
	var other arrow.Record
	at := 0
	differ := errors.New("they differ")
	err := each(func(rec arrow.Record) error {
		for from, n := 0, int(rec.NumRows()); from < n; {
			if other == nil || at == int(other.NumRows()) {
				if other != nil {
					other.Release()
					other = nil
				}
				rec, err, ok := next()
				if err != nil {
					return err
				}
				if !ok {
					return differ
				}
				rec.Retain()
				other, at = rec, 0
				continue
			}
			k := min(n-from, int(other.NumRows())-at)
			for c := range rec.NumCols() {
				if !equalCells(rec.Column(int(c)), from, other.Column(int(c)), at, k) {
					return differ
				}
			}
			from, at = from+k, at+k
		}
		return nil
	})
	left := other != nil && at < int(other.NumRows())
	if other != nil {
		other.Release()
	}
	if err == nil && !left {
		for {
			rec, failed, ok := next()
			if failed != nil {
				return false, failed
			}
			if !ok {
				break
			}
			left = left || rec.NumRows() > 0
		}
	}
	if err == differ {
		return false, nil
	}
	return err == nil && !left, err
}

// equalCells reports whether n cells of two columns, of which texts may be
// dictionary-encoded, are equal.
func equalCells(a arrow.Array, i int, b arrow.Array, j, n int) bool {
	if !pipeline.SameType(a.DataType(), pipeline.StringType) {
		return array.SliceEqual(a, int64(i), int64(i+n), b, int64(j), int64(j+n))
	}
	x, y := textOf(a), textOf(b)
	for k := range n {
		v, w := x(i+k), y(j+k)
		if (v == nil) != (w == nil) || !bytes.Equal(v, w) {
			return false
		}
	}
	return true
}
