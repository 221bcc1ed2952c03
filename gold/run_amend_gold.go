package gold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// count brings gold's totals up to date.
func (a *amendment) count(ctx context.Context) error {
	specs := a.agg.counted.specs
	if slices.ContainsFunc(specs, (*Spec).attributes) {
		return a.recount(ctx) // attributes of customers may have changed without their rows
	}
	before, err := NewAggregation(specs, a.workers, a.scratch)
	if err != nil {
		return err
	}
	defer before.Release()
	gone := map[lineKey]bool{}
	for i := range a.minus {
		gone[keyOfSale(&a.minus[i])] = true
	}
	var stay []silver.FactSale
	rows := make([]silver.FactSale, 0, len(a.old))
	for k, row := range a.old {
		rows = append(rows, row)
		if !gone[k] {
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
	if others := a.touched.orders.Without(a.orders); others.Len() > 0 {
		where = append(where, others.InClean("order_id"))
	}
	columns := slices.DeleteFunc(a.agg.factColumns(), isAmount)
	err = a.lake.Each(ctx, a.workers, silver.FactSales.Table, columns, func(worker int, rec arrow.Record) error {
		rec = a.withoutAmounts(rec)
		defer rec.Release()
		return a.eachOther(rec, func(part arrow.Record) error { return errors.Join(before.Add(worker, part), a.agg.Add(worker, part)) })
	}, where...)
	if err != nil {
		return err
	}
	was, err := before.Totals(Inputs{Mem: a.mem})
	if err != nil {
		return err
	}
	now, err := a.agg.Totals(Inputs{Mem: a.mem})
	if err != nil {
		return err
	}
	a.loading.Wait()
	if a.loadFailed != nil {
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

// withoutAmounts returns a batch with amounts of nothing. The caller releases it.
func (a *amendment) withoutAmounts(rec arrow.Record) arrow.Record {
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
	out := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(n))
	for _, c := range columns[len(columns)-len(amountColumns):] {
		c.Release()
	}
	return out
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
	order, customer, product := textOf(named(rec, "order_id")), textOf(named(rec, "customer_id")), textOf(named(rec, "product_id"))
	return eachStretch(rec, func(i int) bool {
		return !(a.orders.Has(order(i)) || a.customers.Has(customer(i)) || a.products.Has(product(i)))
	}, f)
}

// eachStretch hands the stretches of wanted rows of a batch to f.
func eachStretch(rec arrow.Record, wanted func(i int) bool, f func(arrow.Record) error) error {
	n := int(rec.NumRows())
	for from := 0; from < n; from++ {
		if !wanted(from) {
			continue
		}
		to := from + 1
		for to < n && wanted(to) {
			to++
		}
		part := rec.NewSlice(int64(from), int64(to))
		err := f(part)
		part.Release()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

func named(rec arrow.Record, column string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(column)[0])
}

// recount counts the whole fact, where the totals cannot be corrected: the first
// sale of a product has gone, for instance, and only its other lines know the next.
func (a *amendment) recount(ctx context.Context) error {
	gone := map[lineKey]bool{}
	for i := range a.minus {
		gone[keyOfSale(&a.minus[i])] = true
	}
	columns := a.agg.factColumns()
	for _, c := range []string{"_source_file", "_source_row"} {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	err := a.lake.Each(ctx, a.workers, silver.FactSales.Table, columns, func(worker int, rec arrow.Record) error {
		add := func(part arrow.Record) error { return a.all.Add(worker, part) }
		if len(gone) == 0 {
			return add(rec)
		}
		key := lineKeys(rec)
		return eachStretch(rec, func(i int) bool { return !gone[key(i)] }, add)
	})
	if err != nil {
		return err
	}
	customers, err := a.model.Customers(a.mem, a.all.counted.columnsOf(silver.DimCustomers.Name)...)
	if err != nil {
		return err
	}
	defer customers.Release()
	products, err := a.model.Products(a.mem, a.all.counted.columnsOf(silver.DimProducts.Name)...)
	if err != nil {
		return err
	}
	defer products.Release()
	a.totals, err = a.all.Totals(Inputs{Customers: customers, Products: products, Mem: a.mem})
	return err
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

// write writes the dimensions that have changed, and all of gold.
func (a *amendment) write(ctx context.Context) error {
	_, newest := a.totals.days()
	a.model.Amended(a.totals.keys("customer_id"), a.totals.keys("product_id"), newest)
	in, release, err := a.goldInputs(a.totals)
	if err != nil {
		return err
	}
	defer release()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return a.writeDimension(ctx, silver.DimCustomers.Table, func(write func(arrow.Record) error) error { return a.model.DimCustomers(a.mem, write) })
	})
	g.Go(func() error {
		return a.writeDimension(ctx, silver.DimProducts.Table, func(write func(arrow.Record) error) error { return a.model.DimProducts(a.mem, write) })
	})
	g.Go(func() error {
		warnings, err := a.totals.Tables(in, a.only)
		a.warnings = append(a.warnings, warnings...)
		return err
	})
	g.Go(func() error { return a.saveState(a.totals) })
	return g.Wait()
}

// writeDimension writes a dimension that each hands on, if it is not the one
// that is there.
func (a *amendment) writeDimension(ctx context.Context, t *pipeline.Table, each func(write func(arrow.Record) error) error) error {
	same, err := sameRows(each, a.lake.Read(ctx, t, columnNames(t)))
	if same || err != nil {
		return err
	}
	w := a.writers(0)
	return errors.Join(each(func(rec arrow.Record) error { return w.write(t, rec) }), w.close())
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

// change is what a table loses: see pipeline.Lake.
type change struct {
	table   *pipeline.Table
	columns []string
	lose    func(rec arrow.Record, lose []bool) error
	where   []pipeline.Where
}

// aside is what the rejects or the quarantine, whose rows name their bronze table
// in a column, lose: the rows of dropped files, and those of some sales.
func (a *amendment) aside(t *pipeline.Table, column string, sales map[recordKey]bool) change {
	files := map[string]bool{}
	for _, dropped := range a.dropped {
		for _, name := range dropped {
			files[name] = true
		}
	}
	for k := range sales {
		files[k.file] = true
	}
	c := change{table: t}
	if len(files) == 0 {
		return c
	}
	c.columns, c.where = []string{column, "source_file", "source_row"}, []pipeline.Where{oneOf("source_file", slices.Sorted(maps.Keys(files)))}
	c.lose = func(rec arrow.Record, lose []bool) error {
		table, file, row := textOf(rec.Column(0)), textOf(rec.Column(1)), rec.Column(2).(*array.Int64)
		for i := range lose {
			of, name := string(table(i)), string(file(i))
			lose[i] = slices.Contains(a.dropped[of], name) || of == "sales" && sales[recordKey{name, row.Value(i)}]
		}
		return nil
	}
	return c
}

// wrote reports whether the run has written rows of a table.
func (a *amendment) wrote(t *pipeline.Table) bool {
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	return a.tables[t.Name] != nil
}

// amend takes out of the tables of earlier runs what goes.
func (a *amendment) amend(ctx context.Context) error {
	gone, orders := map[lineKey]bool{}, silver.NewKeys()
	for i := range a.minus {
		gone[keyOfSale(&a.minus[i])] = true
		if err := orders.Add([]byte(a.minus[i].OrderID)); err != nil {
			return err
		}
	}
	var changes []change
	for _, t := range []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table} {
		c := change{table: t}
		if dropped := a.dropped[t.Base()]; len(dropped) > 0 {
			c.columns, c.where = []string{"_source_file"}, []pipeline.Where{oneOf("_source_file", dropped)}
			c.lose = func(rec arrow.Record, lose []bool) error {
				file := textOf(rec.Column(0))
				for i := range lose {
					lose[i] = slices.Contains(dropped, string(file(i)))
				}
				return nil
			}
		}
		changes = append(changes, c)
	}
	fact := change{table: silver.FactSales.Table}
	if len(gone) > 0 {
		fact.columns, fact.where = []string{"_source_file", "_source_row", "line_type"}, []pipeline.Where{orders.InClean("order_id")}
		fact.lose = func(rec arrow.Record, lose []bool) error {
			key := lineKeys(rec)
			for i := range lose {
				lose[i] = gone[key(i)]
			}
			return nil
		}
	}
	changes = append(changes, fact, a.aside(bronze.Rejects.Table, "source_table", nil), a.aside(silver.Quarantine.Table, "table", a.unquarantined))
	for _, c := range changes {
		if !a.wrote(c.table) && c.lose == nil {
			continue
		}
		kept, err := a.lake.Amend(ctx, c.table, c.columns, c.lose, c.where...)
		if err != nil {
			return err
		}
		a.kept[c.table.Name] = kept
	}
	return nil
}

// sumUp is the report of all that the tables are made of now.
func (a *amendment) sumUp() (*pipeline.Report, error) {
	last, counts := a.work.last, a.model.Counts()
	var sales pipeline.Conservation
	for _, c := range last.Conservation {
		if c.Table == "sales" {
			sales = c
		}
	}
	// What the lines that were made again, and the dropped ones, were counted as.
	lines, rows, mirrored, unusable := int64(len(a.redone)), int64(0), int64(0), int64(0)
	for _, f := range a.work.dropped {
		if f.Spec.Table == "sales" {
			lines += f.read.Records - f.read.Rejected
		}
	}
	for k := range a.old {
		if !a.redone[k.recordKey] && !slices.Contains(a.dropped["sales"], k.file) {
			continue
		}
		rows++
		if _, sold := a.old[lineKey{k.recordKey, "sale"}]; sold && k.kind == "return" {
			mirrored++
		}
	}
	for _, n := range a.reasons {
		unusable += n
	}
	counts.Added["sales"] += sales.Added - mirrored
	counts.Deduplicated["sales"] += sales.Deduplicated - (lines - (rows - mirrored) - unusable)
	reasons := counts.Quarantined["sales"]
	if reasons == nil {
		reasons = map[string]int64{}
		counts.Quarantined["sales"] = reasons
	}
	for reason, n := range sales.Reasons {
		reasons[reason] += n
	}
	for reason, n := range a.reasons {
		reasons[reason] -= n
	}
	maps.DeleteFunc(reasons, func(_ string, n int64) bool { return n == 0 })
	if counts.Currency == "" && len(a.minus) == 0 {
		counts.Currency = last.Currency
	}
	tables := map[string]*pipeline.TableReport{}
	for _, t := range last.Tables {
		t.Seconds, t.Rewritten = 0, nil
		tables[t.Name] = &t
	}
	for name, t := range a.tables {
		tables[name] = t
	}
	for name, kept := range a.kept {
		t := a.tables[name]
		if t == nil {
			t = &pipeline.TableReport{Name: name}
		}
		t.Rows += kept.Rows
		t.Bytes += kept.Bytes
		t.Parts += kept.Parts
		t.Rewritten = kept.Rewritten
		tables[name] = t
	}
	report, err := a.report(counts, tables)
	if err != nil {
		return nil, err
	}
	report.Gone, report.Rewritten = a.work.gone, a.because()
	for _, f := range a.work.dropped {
		report.Dropped = append(report.Dropped, f.File.Name)
	}
	return report, nil
}

// because says what earlier lines were made anew for; "" for nothing.
func (a *amendment) because() string {
	var why []string
	for _, c := range []struct {
		n    int
		what string
	}{{a.customers.Len(), "customers whose country, state or city has changed"}, {a.products.Len(), "products whose cost, price or category has changed"}} {
		if c.n > 0 {
			why = append(why, fmt.Sprintf("%s: %d", c.what, c.n))
		}
	}
	if n := len(a.minus); n > 0 {
		why = append(why, fmt.Sprintf("earlier fact rows replaced: %d", n))
	}
	return strings.Join(why, "; ")
}
