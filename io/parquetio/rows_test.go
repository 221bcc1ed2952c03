package parquetio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/pipeline"
)

// TestReadAs reads random columns and rows of random files, and compares with a
// filter over all of the rows. Text comes with and without dictionary.
func TestReadAs(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 21))
		table := everyType()
		rec := randomRows(r, memory.DefaultAllocator, table, []int{0, 1, 300, 3000}[r.IntN(4)])
		o := Options{Compression: []string{"snappy", "zstd", "none"}[r.IntN(3)], RowGroupRows: []int{0, 700}[r.IntN(2)], PageRows: []int{0, 10, 100}[r.IntN(3)]}
		path := saved(t, written(t, table, o, recut(r, memory.DefaultAllocator, rec)...))
		compareRows(t, fmt.Sprint("seed ", seed), r, path, rec)
	}
}

// compareRows reads a file as fields of the types of rec, some of them lacking,
// where any of a few wheres picks rows.
func compareRows(t *testing.T, name string, r *rand.Rand, path string, rec arrow.Record) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	var fields []arrow.Field
	for i := range 1 + r.IntN(8) {
		f := rec.Schema().Field(r.IntN(int(rec.NumCols())))
		if f.Type.ID() == arrow.STRING && r.IntN(2) == 0 {
			f.Type = pipeline.CodeType
		}
		if r.IntN(8) == 0 {
			f.Name = fmt.Sprint("lacking", i)
		}
		fields = append(fields, f)
	}
	var where []pipeline.Where
	texts := slices.DeleteFunc(slices.Clone(rec.Schema().Fields()), func(f arrow.Field) bool { return !isText(f.Type) })
	for range r.IntN(4) {
		where = append(where, randomWhere(r, texts[r.IntN(len(texts))].Name, rec))
	}
	if len(where) > 0 && r.IntN(4) == 0 {
		where = append(where, pipeline.Where{Column: "lacking", Wants: func([]byte) bool { return true }})
	}
	want := pickedRows(rec, where)
	stop := -1
	if r.IntN(4) == 0 {
		stop = r.IntN(3)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got, batches := 0, 0
	var numbers []int64
	for b, err := range readAs(ctx, mem, path, fields, &numbers, where) {
		if err != nil {
			if stop >= 0 && errors.Is(err, context.Canceled) {
				return
			}
			t.Fatalf("%s: %v", name, err)
		}
		if n := int(b.NumRows()); got+n > len(want) || n == 0 || n >= 2*stepRows {
			t.Fatalf("%s: a batch of %d after %d rows of %d", name, n, got, len(want))
		}
		for k, n := range numbers {
			if n != int64(want[got+k])+1 {
				t.Fatalf("%s: row %d has the number %d", name, want[got+k], n)
			}
		}
		if len(numbers) != int(b.NumRows()) {
			t.Fatalf("%s: %d numbers of %d rows", name, len(numbers), b.NumRows())
		}
		for i, f := range fields {
			a := b.Column(i)
			if a.Len() != int(b.NumRows()) {
				t.Fatalf("%s: %s has %d values in %d rows", name, f, a.Len(), b.NumRows())
			}
			if !arrow.TypeEqual(a.DataType(), f.Type) || b.Schema().Field(i).Name != f.Name || !b.Schema().Field(i).Nullable {
				t.Fatalf("%s: %s is read as %s", name, f, b.Schema().Field(i))
			}
			w := arrow.Array(nil)
			if at := rec.Schema().FieldIndices(f.Name); len(at) > 0 {
				w = rec.Column(at[0])
			}
			for k := range a.Len() {
				row := want[got+k]
				if null := w == nil || w.IsNull(row); a.IsNull(k) != null || !null && text(a, k) != text(w, row) {
					t.Fatalf("%s: row %d of %s is %s", name, row, f, a.ValueStr(k))
				}
			}
		}
		got += int(b.NumRows())
		if batches++; batches == stop {
			if r.IntN(2) == 0 {
				return
			}
			cancel()
		}
	}
	if got != len(want) {
		t.Fatalf("%s: %d rows of %d, where %d", name, got, len(want), len(where))
	}
}

// randomWhere wants some of a column's values, within bounds or not.
func randomWhere(r *rand.Rand, column string, rec arrow.Record) pipeline.Where {
	w := pipeline.Where{Column: column}
	salt, share := r.Uint32(), uint32([]int{0, 1, 20, 100}[r.IntN(4)])
	w.Wants = func(v []byte) bool {
		h := fnv.New32a()
		h.Write(v)
		return (h.Sum32()^salt)%100 < share
	}
	if a := rec.Column(rec.Schema().FieldIndices(column)[0]); a.Len() > 0 && r.IntN(3) > 0 {
		// Any two values of the column are bounds, which Wants must keep to.
		lo, hi := valueOf(a, r.IntN(a.Len())), valueOf(a, r.IntN(a.Len()))
		if bytes.Compare(lo, hi) > 0 {
			lo, hi = hi, lo
		}
		if r.IntN(4) == 0 {
			lo = nil
		}
		if r.IntN(4) == 0 {
			hi = nil
		}
		inner := w.Wants
		w.Min, w.Max = lo, hi
		w.Wants = func(v []byte) bool {
			return (lo == nil || bytes.Compare(v, lo) >= 0) && (hi == nil || bytes.Compare(v, hi) <= 0) && inner(v)
		}
	}
	if r.IntN(2) == 0 {
		w.Values = func(yield func([]byte) bool) {
			a := rec.Column(rec.Schema().FieldIndices(column)[0])
			for i := range a.Len() {
				if v := valueOf(a, i); v != nil && w.Wants(v) && !yield(v) {
					return
				}
			}
		}
	}
	return w
}

// valueOf returns a copy of a text, nil for NULL.
func valueOf(a arrow.Array, i int) []byte {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Binary:
		return append([]byte{}, a.Value(i)...)
	default:
		return append([]byte{}, text(a, i)...)
	}
}

// pickedRows lists the rows that any of the wheres picks; all without one.
func pickedRows(rec arrow.Record, where []pipeline.Where) []int {
	var out []int
	for i := range int(rec.NumRows()) {
		picked := len(where) == 0
		for _, w := range where {
			if at := rec.Schema().FieldIndices(w.Column); len(at) > 0 {
				v := valueOf(rec.Column(at[0]), i)
				picked = picked || v != nil && w.Wants(v)
			}
		}
		if picked {
			out = append(out, i)
		}
	}
	return out
}

// sortedFile has an order per row, in order, and a customer of few values.
func sortedFile(t testing.TB, rows int, o Options) (path string, rec arrow.Record) {
	t.Helper()
	table := mustTable("test.sorted", col("order_id", pipeline.StringType), col("customer_id", pipeline.CodeType), col("n", pipeline.Int64Type))
	ids, customers, n := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
	for i := range rows {
		ids.Append(fmt.Sprintf("S%07d", i))
		customers.Append(fmt.Sprintf("C%03d", i*7%100))
		n.Append(int64(i) * 100_003)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "order_id", Type: pipeline.StringType}, {Name: "customer_id", Type: pipeline.StringType}, {Name: "n", Type: pipeline.Int64Type}}, nil)
	rec = array.NewRecord(schema, []arrow.Array{ids.NewArray(), customers.NewArray(), n.NewArray()}, int64(rows))
	return saved(t, written(t, table, o, rec)), rec
}

// oneOf wants some values, with or without bounds.
func oneOf(column string, bounded bool, values ...string) pipeline.Where {
	slices.Sort(values)
	w := pipeline.Where{Column: column, Wants: func(v []byte) bool { return slices.Contains(values, string(v)) }}
	if bounded {
		w.Min, w.Max = []byte(values[0]), []byte(values[len(values)-1])
	}
	return w
}

// TestReadAsSkips damages every page but those that hold the picked row: what
// bounds exclude, and pages of other rows, are not even decompressed.
func TestReadAsSkips(t *testing.T) {
	path, rec := sortedFile(t, 4000, Options{Compression: "none", RowGroupRows: 2000, PageRows: 500})
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	const row = 2612 // in the second row group's second page
	damaged := 0
	for g, group := range f.RowGroups() {
		for _, chunk := range group.ColumnChunks() {
			index, err := chunk.OffsetIndex()
			if err != nil {
				t.Fatal(err)
			}
			for p := range index.NumPages() {
				if g == 1 && p == 1 {
					continue
				}
				file[index.Offset(p)+index.CompressedPageSize(p)-1] ^= 0xff
				damaged++
			}
		}
	}
	if damaged != 3*(8-1) {
		t.Fatalf("%d pages are damaged", damaged)
	}
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	fields := rec.Schema().Fields()
	read := func(w pipeline.Where) ([]arrow.Record, error) {
		return pipeline.Collect(ReadAs(context.Background(), path, fields, w))
	}
	id := fmt.Sprintf("S%07d", row)
	got, err := read(oneOf("order_id", true, id))
	if err != nil || len(got) != 1 || got[0].NumRows() != 1 || text(got[0].Column(0), 0) != id || got[0].Column(2).(*array.Int64).Value(0) != row*100_003 {
		t.Errorf("%v, %v", got, err)
	}
	// The same without bounds must look at the damage, and so must all rows.
	for _, w := range []pipeline.Where{oneOf("order_id", false, id), oneOf("customer_id", true, "C000")} {
		if _, err := read(w); !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("%s: %v", w.Column, err)
		}
	}
	// Of a dictionary, no value is wanted.
	if got, err := read(oneOf("customer_id", false, "C100")); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestReadAsBatches puts rows of all row groups together, and keeps the codes.
func TestReadAsBatches(t *testing.T) {
	path, _ := sortedFile(t, 200_000, Options{RowGroupRows: 10_000, PageRows: 1000})
	fields := []arrow.Field{{Name: "customer_id", Type: pipeline.CodeType}, {Name: "order_id", Type: pipeline.CodeType}}
	batches, err := pipeline.Collect(ReadAs(context.Background(), path, fields, oneOf("customer_id", true, "C005", "C050", "C095", "C006", "C007")))
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	var before arrow.Array
	for i, b := range batches {
		if b.NumRows() < batchRows && i < len(batches)-1 {
			t.Errorf("batch %d has %d rows", i, b.NumRows())
		}
		rows += b.NumRows()
		if d := b.Column(0).(*array.Dictionary).Dictionary(); d.Len() != 5 || before != nil && !array.Equal(d, before) {
			t.Errorf("batch %d has another dictionary, of %d texts", i, d.Len())
		} else {
			before = d
		}
		if d := b.Column(1).(*array.Dictionary).Dictionary(); int64(d.Len()) != rows {
			t.Errorf("after %d rows there are %d orders", rows, d.Len())
		}
	}
	if rows != 10_000 || len(batches) != 2 {
		t.Errorf("%d rows in %d batches", rows, len(batches))
	}
}

// TestReadAsOtherPages has a column whose pages end elsewhere than those of the
// column that picks, some of them without a row that is picked.
func TestReadAsOtherPages(t *testing.T) {
	table := mustTable("test.pages", col("id", pipeline.StringType), col("note", pipeline.StringType), col("n", pipeline.Int64Type))
	ids, notes, n := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
	for i := range 20_000 {
		ids.Append(fmt.Sprint("S", i))
		notes.Append(strings.Repeat(fmt.Sprint(i, ","), 60)) // a page of some 3,000
		n.Append(int64(i))
	}
	rec := array.NewRecord(table.Schema, []arrow.Array{ids.NewArray(), notes.NewArray(), n.NewArray()}, 20_000)
	path := saved(t, written(t, table, Options{}, rec))
	for _, rows := range [][]int{{10}, {8000}, {10, 8000}, {4000, 4001}, {2, 12_000, 19_999}} {
		var values []string
		for _, row := range rows {
			values = append(values, fmt.Sprint("S", row))
		}
		got, err := pipeline.Collect(ReadAs(context.Background(), path, rec.Schema().Fields(), oneOf("id", false, values...)))
		if err != nil || len(got) != 1 || got[0].NumRows() != int64(len(rows)) {
			t.Fatalf("%v: %v, %v", rows, got, err)
		}
		for c, a := range got[0].Columns() {
			if a.Len() != len(rows) {
				t.Fatalf("%v: column %d has %d rows", rows, c, a.Len())
			}
			for i, row := range rows {
				if text(a, i) != text(rec.Column(c), row) {
					t.Errorf("%v: row %d of column %d is %.50s", rows, row, c, text(a, i))
				}
			}
		}
	}
}

func TestReadAsRefuses(t *testing.T) {
	path, _ := sortedFile(t, 30_000, Options{RowGroupRows: 12_000})
	f := func(name string, typ arrow.DataType) []arrow.Field { return []arrow.Field{{Name: name, Type: typ}} }
	for _, c := range []struct {
		fields []arrow.Field
		where  []pipeline.Where
		column string
		want   string
	}{
		{f("n", pipeline.StringType), nil, "n", "cannot be read as utf8"},
		{f("n", pipeline.DateType), nil, "n", "cannot be read as date32"},
		{f("order_id", pipeline.Int64Type), nil, "order_id", "cannot be read as int64"},
		{f("order_id", arrow.PrimitiveTypes.Float64), nil, "order_id", "cannot be read as float64"},
		{f("n", pipeline.Int64Type), []pipeline.Where{oneOf("n", false, "1")}, "n", "is not text"},
		{f("n", pipeline.Int32Type), nil, "n", "int32 cannot hold the value"},
	} {
		_, err := pipeline.Collect(ReadAs(context.Background(), path, c.fields, c.where...))
		if !named(err, path, c.column) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.fields, err, c.want)
		}
		var e *pipeline.Error
		if errors.As(err, &e) && e.Row > 0 && (e.Row != 21_476 || e.Value != "2147564425") {
			t.Errorf("%v names row %d", err, e.Row)
		}
	}
	if _, err := pipeline.Collect(ReadAs(context.Background(), filepath.Join(path, "none"), nil)); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("a file that is not there: %v", err)
	}
	got, err := pipeline.Collect(ReadAs(context.Background(), path, nil))
	rows := int64(0)
	for _, b := range got {
		rows += b.NumRows()
	}
	if err != nil || rows != 30_000 {
		t.Errorf("no fields: %d rows, %v", rows, err)
	}
}

// BenchmarkReadAs picks rows of one in fifty customers, and of a few orders that
// bounds exclude or do not exclude.
func BenchmarkReadAs(b *testing.B) {
	const n = 1 << 20
	path := saved(b, written(b, saleLines, Options{}, saleBatches(n, 16<<10)...))
	customers, orders := map[string]bool{}, map[string]bool{}
	for i := range 4000 {
		customers[fmt.Sprintf("C%07d", i*50*7)] = true
		orders[fmt.Sprintf("ORD-%09d", i*100)] = true
	}
	byCustomer := pipeline.Where{Column: "customer_id", Wants: func(v []byte) bool { return customers[string(v)] }}
	byOrder := pipeline.Where{Column: "order_id", Wants: func(v []byte) bool { return orders[string(v)] }}
	later := byOrder
	later.Min = []byte("ORD-9")
	for name, where := range map[string][]pipeline.Where{"customers": {byCustomer, later}, "orders": {byCustomer, byOrder}, "none": {later}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, err := range ReadAs(context.Background(), path, saleLines.Schema.Fields(), where...) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
