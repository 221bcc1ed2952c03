package gold

import (
	"bytes"
	"context"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// changes reports whether rows come to a kept dimension, or go.
func (d *dimension) changes() bool { return len(d.come) > 0 || d.lost.Len() > 0 }

// loadKept gives the model the rows of the kept dimensions that lines at hand name.
func (a *amendment) loadKept(ctx context.Context) error {
	columns := [2][]string{{"customer_id", "city", "state", "country"}, {"product_id", "category", "unit_cost", "unit_price"}}
	for i, d := range a.dims {
		if !d.kept {
			continue
		}
		if err := d.load(a.lake.Read(ctx, d.silver, columns[i], d.named.InClean(d.key()))); err != nil {
			return err
		}
	}
	return nil
}

// nameAll notes whom rows of the sales or of the fact name.
func (a *amendment) nameAll(rec arrow.Record) error {
	for _, d := range a.dims {
		for _, at := range rec.Schema().FieldIndices(d.key()) {
			if err := d.named.AddAll(rec.Column(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// findNew finds the new rows of the kept dimensions. The pass comes before it.
func (a *amendment) findNew() error {
	for _, d := range a.dims {
		if !d.kept {
			continue
		}
		if err := d.each(a.mem, d.comes); err != nil {
			return err
		}
	}
	return nil
}

// comes notes rows that come to a kept dimension.
func (d *dimension) comes(rec arrow.Record) error {
	if rec.NumRows() > 0 {
		rec.Retain()
		d.come = append(d.come, rec)
	}
	return nil
}

// findGone finds the rows of the kept dimensions that go, or change: those
// that stood for no record and are named no more, and birth dates that the newest
// order says something else about now. count comes before it.
func (a *amendment) findGone(ctx context.Context) error {
	for _, d := range a.dims {
		if !d.kept || len(a.minus) == 0 {
			continue
		}
		gone := silver.NewKeys()
		for _, row := range a.minus {
			key := row.ProductID
			if d.key() == "customer_id" {
				key = row.CustomerID.V
			}
			if err := gone.Add([]byte(key)); err != nil {
				return err
			}
		}
		if gone = gone.Except(a.totals.keys(d.key())); gone.Len() == 0 {
			continue
		}
		for rec, err := range a.lake.Read(ctx, d.silver, []string{d.key(), "is_inferred"}, gone.InClean(d.key())) {
			if err != nil {
				return err
			}
			key, inferred := textOf(rec.Column(0)), rec.Column(1).(*array.Boolean)
			for i := range inferred.Len() {
				if inferred.Value(i) {
					if err := d.lost.Add(key(i)); err != nil {
						return err
					}
					a.vanished[d.bronze.Base()]++
				}
			}
		}
	}
	if !a.dims[0].kept || !a.m.Fills("customers") {
		return nil
	}
	return a.findBorn(ctx, a.dims[0])
}

// findBorn finds the customers whose date of birth is NULL when it is after the
// newest order, which is another now: it makes their rows again.
func (a *amendment) findBorn(ctx context.Context, d *dimension) error {
	day := func(v pipeline.Null[pipeline.Date]) pipeline.Date {
		if !v.Valid {
			return math.MaxInt32 // nobody is born after no order
		}
		return v.V
	}
	_, newest := a.totals.days()
	from, to := min(day(a.newest), day(newest)), max(day(a.newest), day(newest))
	if from == to {
		return nil
	}
	born := silver.NewKeys()
	for rec, err := range a.lake.Read(ctx, d.bronze, []string{"customer_id", "birth_date"}) {
		if err != nil {
			return err
		}
		id, days := textOf(rec.Column(0)), rec.Column(1).(*array.Date32)
		for i, v := range days.Date32Values() {
			if v := pipeline.Date(v); v > from && v <= to && days.IsValid(i) {
				if err := born.Add(id(i)); err != nil {
					return err
				}
			}
		}
	}
	if born.Len() == 0 {
		return nil
	}
	model, err := silver.New(a.m, nil, a.mem, a.scratch)
	if err != nil {
		return err
	}
	defer model.Release()
	model.AnyOrder(a.placeIn("customers"), a.placeIn("products"))
	if err := a.readAgain(ctx, fromFile{d.bronze, model.AddCustomers}, born.In("customer_id")); err != nil {
		return err
	}
	if err := model.FreezeDimensions(); err != nil {
		return err
	}
	none := func(func([]byte) bool) {}
	model.Amended(none, none, newest)
	return model.DimCustomers(a.mem, func(rec arrow.Record) error {
		if err := d.lost.AddAll(named(rec, d.key())); err != nil {
			return err
		}
		return d.comes(rec)
	})
}

// rows returns the rows of a kept dimension as they are now, ascending by key.
func (a *amendment) rows(ctx context.Context, d *dimension, columns []string) pipeline.Stream {
	return d.merged(a.lake.Read(ctx, d.silver, columns), columns)
}

// merged takes out of the rows, which ascend by key, those that go, and puts those
// that come where they belong.
func (d *dimension) merged(rows pipeline.Stream, columns []string) pipeline.Stream {
	if !d.changes() {
		return rows
	}
	type row struct {
		key []byte
		rec arrow.Record
		at  int
	}
	return func(yield func(arrow.Record, error) bool) {
		var coming []row
		for _, rec := range d.come {
			key := textOf(named(rec, d.key()))
			for i := range int(rec.NumRows()) {
				coming = append(coming, row{key(i), rec, i})
			}
		}
		slices.SortFunc(coming, func(x, y row) int { return bytes.Compare(x.key, y.key) })
		stopped := false
		stretch := func(rec arrow.Record, from, to int) {
			if from < to && !stopped {
				part := rec.NewSlice(int64(from), int64(to))
				stopped = !yield(part, nil)
				part.Release()
			}
		}
		comes := func() {
			part := project(coming[0].rec, columns)
			stretch(part, coming[0].at, coming[0].at+1)
			part.Release()
			coming = coming[1:]
		}
		for rec, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			key, from := textOf(named(rec, d.key())), 0
			for i := range int(rec.NumRows()) {
				v := key(i)
				for len(coming) > 0 && bytes.Compare(coming[0].key, v) < 0 {
					stretch(rec, from, i)
					comes()
					from = i
				}
				if d.lost.Has(v) {
					stretch(rec, from, i)
					from = i + 1
				}
			}
			if stretch(rec, from, int(rec.NumRows())); stopped {
				return
			}
		}
		for len(coming) > 0 && !stopped {
			comes()
		}
	}
}

// project returns columns of a batch. The caller releases it.
func project(rec arrow.Record, columns []string) arrow.Record {
	var fields []arrow.Field
	var out []arrow.Array
	for _, c := range columns {
		at := rec.Schema().FieldIndices(c)[0]
		fields, out = append(fields, rec.Schema().Field(at)), append(out, rec.Column(at))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), out, rec.NumRows())
}

// inOne returns all rows of a kept dimension in one batch, which the caller releases.
func (a *amendment) inOne(ctx context.Context, d *dimension, columns []string) (arrow.Record, error) {
	batches, err := pipeline.Collect(a.rows(ctx, d, columns))
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	switch {
	case err != nil:
		return nil, err
	case len(batches) == 0:
		return d.only(a.mem, columns...)
	}
	out := make([]arrow.Array, len(columns))
	defer func() {
		for _, c := range out {
			if c != nil {
				c.Release()
			}
		}
	}()
	n := int64(0)
	for _, b := range batches {
		n += b.NumRows()
	}
	for i := range columns {
		parts := make([]arrow.Array, len(batches))
		for k, b := range batches {
			parts[k] = b.Column(i)
		}
		if out[i], err = array.Concatenate(parts, a.mem); err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: d.silver.Name, Column: columns[i], Msg: "does not fit into one batch, which gold needs", Err: err}
		}
	}
	return array.NewRecord(batches[0].Schema(), out, n), nil
}
