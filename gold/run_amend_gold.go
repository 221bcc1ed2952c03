package gold

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// count brings gold's totals up to date.
func (a *amendment) count(ctx context.Context) error {
	specs := a.agg.counted.specs
	if slices.ContainsFunc(specs, (*Spec).attributes) {
		return a.recount(ctx) // attributes of customers may have changed without their rows
	}
	before, err := a.agg.sibling()
	if err != nil {
		return err
	}
	defer before.Release()
	others, err := a.agg.sibling() // rows that stay, of customers of rows that do not
	if err != nil {
		return err
	}
	defer others.Release()
	var stay []silver.FactSale
	rows := make([]silver.FactSale, 0, len(a.old))
	a.oldRows = map[int64]bool{}
	for k, row := range a.old {
		rows, a.oldRows[k.row] = append(rows, row), true
		if !a.gone[k] {
			stay = append(stay, row)
		}
	}
	for _, b := range []struct {
		agg  *Aggregation
		rows []silver.FactSale
	}{{before, rows}, {a.agg, stay}, {a.agg, a.plus}, {a.all, a.plus}} {
		if err := eachBatch(a, silver.FactSales, b.rows, func(rec arrow.Record) error { return b.agg.Add(0, rec) }); err != nil {
			return err
		}
	}
	// The other rows of these customers: they stay. Those of these orders are in
	// a.old, but for orders that only the fact names.
	where := []pipeline.Where{a.touched.customers.InClean("customer_id")}
	if orders := a.touched.orders.Without(a.orders); orders.Len() > 0 {
		where = append(where, orders.InClean("order_id"))
	}
	columns := slices.DeleteFunc(a.agg.factColumns(), isAmount)
	if len(where) == 1 {
		// Their orders are none of those at hand, so others in place of them will do.
		columns = slices.DeleteFunc(columns, func(c string) bool { return c == "order_id" })
	}
	err = a.lake.Each(ctx, a.workers, silver.FactSales.Table, withKeys(columns), func(worker int, rec arrow.Record) error {
		rec = a.stand(rec)
		defer rec.Release()
		return a.eachOther(rec, func(part arrow.Record) error { return others.Add(worker, part) })
	}, where...)
	if err != nil {
		return err
	}
	before.join(others)
	a.agg.join(others)
	was, err := before.Totals(Inputs{Mem: a.mem})
	if err != nil {
		return err
	}
	now, err := a.agg.Totals(Inputs{Mem: a.mem})
	if err != nil {
		return err
	}
	if a.loading.Wait(); a.loadFailed != nil {
		return a.loadFailed
	}
	err = a.totals.Amend(was, now, a.touched.customers.Has)
	if errors.Is(err, ErrRecount) {
		return a.recount(ctx)
	}
	return err
}

// amountColumns are those of the fact that a line which stays need not be read of.
var amountColumns = factColumns[colQuantity:]

func isAmount(column string) bool { return slices.Contains(amountColumns, column) }

// stand returns a batch with amounts of nothing and, where it has no orders, with
// one for each customer that no order at hand can be. The caller releases it.
func (a *amendment) stand(rec arrow.Record) arrow.Record {
	n := int(rec.NumRows())
	fields, columns := rec.Schema().Fields(), rec.Columns()
	for _, name := range amountColumns {
		c := silver.FactSales.Columns[silver.FactSales.MustIndex(name)]
		zeros := memory.NewBufferBytes(a.nothing(n * c.Type.(arrow.FixedWidthDataType).Bytes()))
		data := array.NewData(c.Type, n, []*memory.Buffer{nil, zeros}, nil, 0, 0)
		fields = append(fields, arrow.Field{Name: name, Type: c.Type})
		columns = append(slices.Clip(columns), array.MakeFromData(data))
		data.Release()
	}
	if !rec.Schema().HasField("order_id") {
		orders := ordersOf(named(rec, "customer_id").(*array.Dictionary))
		fields, columns = append(fields, arrow.Field{Name: "order_id", Type: orders.DataType()}), append(columns, orders)
	}
	out := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(n))
	for _, c := range columns[rec.NumCols():] {
		c.Release()
	}
	return out
}

// ordersOf makes an order of each customer, by a text that is no text.
func ordersOf(customers *array.Dictionary) arrow.Array {
	values := customers.Dictionary().(*array.String)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range values.Len() {
		b.Append("\xff" + values.Value(i))
	}
	orders := b.NewArray()
	defer orders.Release()
	return array.NewDictionaryArray(customers.DataType(), customers.Indices(), orders)
}

// nothing returns n zero bytes, which nobody changes.
func (a *amendment) nothing(n int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.zeros) < n {
		a.zeros = make([]byte, n)
	}
	return a.zeros[:n]
}

// eachOther hands the stretches of a batch that before has not read to f.
func (a *amendment) eachOther(rec arrow.Record, f func(arrow.Record) error) error {
	if len(a.old) == 0 {
		return f(rec)
	}
	key, rows := lineKeys(rec), named(rec, "_source_row").(*array.Int64)
	return pipeline.EachStretch(rec, func(i int) bool {
		if !a.oldRows[rows.Value(i)] {
			return true
		}
		_, ok := a.old[key(i)]
		return !ok
	}, f)
}

func named(rec arrow.Record, column string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(column)[0])
}

// recount counts the whole fact, where the totals cannot be corrected: the first
// sale of a product has gone, for instance, and only its other lines know the next.
func (a *amendment) recount(ctx context.Context) error {
	err := a.lake.Each(ctx, a.workers, silver.FactSales.Table, withKeys(a.agg.factColumns()), func(worker int, rec arrow.Record) error {
		add := func(part arrow.Record) error { return a.all.Add(worker, part) }
		if len(a.gone) == 0 {
			return add(rec)
		}
		key := lineKeys(rec)
		return pipeline.EachStretch(rec, func(i int) bool { return !a.gone[key(i)] }, add)
	})
	if err != nil {
		return err
	}
	in, release, err := a.inputs(ctx, a.all.counted)
	if err != nil {
		return err
	}
	defer release()
	if a.loading.Wait(); a.loadFailed != nil {
		return a.loadFailed
	}
	a.totals, err = a.all.Totals(in)
	return err
}

// withKeys returns columns of the fact and those of its key.
func withKeys(columns []string) []string {
	for _, c := range silver.FactSales.Key {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	return columns
}

// lineKeys returns a function that gives the keys of a batch of fact rows.
func lineKeys(rec arrow.Record) func(i int) lineKey {
	file, kind, row := textOf(named(rec, "_source_file")), textOf(named(rec, "line_type")), named(rec, "_source_row").(*array.Int64)
	return func(i int) lineKey {
		return lineKey{recordKey{string(file(i)), row.Value(i)}, pipeline.Code(kind(i))}
	}
}

// attributes reports whether the table is grouped by columns of a dimension.
func (s *Spec) attributes() bool {
	return slices.ContainsFunc(s.sets(), func(set Set) bool {
		return slices.ContainsFunc(set.By, func(d Dimension) bool { return d.Of != "" })
	})
}

// factColumns returns the columns of the fact that Add reads.
func (a *Aggregation) factColumns() []string {
	columns := slices.Clone(factColumns[:])
	for _, ax := range a.axes {
		if !slices.Contains(columns, ax.column) {
			columns = append(columns, ax.column)
		}
	}
	return columns
}

// keys returns the values of a key column that lines have.
func (t *Totals) keys(column string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, levels := range t.plan.levels {
			for _, l := range levels {
				if len(l.by) != 1 || l.by[0].Column != column || l.by[0].Of != "" {
					continue
				}
				for _, g := range l.rows() {
					if v := l.text(g, 0); v != nil && !yield(v) {
						return
					}
				}
				return
			}
		}
	}
}
