package parquetio

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
)

// TestRoundTrip writes random rows of random tables, and reads them with Read,
// with a Source and with parquet-go. However the rows are cut into batches and
// their text is encoded, the file is the same byte for byte.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.parquet")
	roundTrip(t, t.Fatalf, 6053, path) // few rows, most of them distinct, with and without codes
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		roundTrip(rt, rt.Fatalf, seed, path)
	})
}

// TestRoundTripLarge has pages, row groups and dictionaries of their usual sizes.
func TestRoundTripLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	table := everyType()
	rec := randomRows(r, memory.DefaultAllocator, table, 30_000)
	checkFile(t.Fatalf, written(t, table, Options{RowGroupRows: 22_000}, rec), filepath.Join(t.TempDir(), "test.parquet"), table, rec)
}

type failf func(format string, args ...any)

func roundTrip(t interface{ Errorf(string, ...any) }, fail failf, seed uint64, path string) {
	r := rand.New(rand.NewPCG(seed, 1))
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	table := randomTable(r)
	n := []int{0, 1, 7, 64, 2049, 3000}[r.IntN(6)]
	rec := randomRows(r, mem, table, n)
	o := Options{Compression: []string{"snappy", "zstd", "none"}[r.IntN(3)], RowGroupRows: []int{0, 1000, 1 + r.IntN(3000)}[r.IntN(3)], PageRows: []int{0, 8, 1 + r.IntN(300)}[r.IntN(3)]}
	if n > 100 && o.RowGroupRows > 0 {
		o.RowGroupRows = max(o.RowGroupRows, 100)
	}
	file := writtenBy(fail, table, o, rec)
	for range 3 {
		cut := recut(r, mem, rec)
		if again := writtenBy(fail, table, o, cut...); !bytes.Equal(again, file) {
			fail("seed %d: other cuts of the same rows make another file", seed)
		}
		stagetest.Release(cut)
	}
	checkFile(fail, file, path, table, rec)
	rec.Release()
	mem.AssertSize(asserter{t}, 0)
}

type asserter struct {
	t interface{ Errorf(string, ...any) }
}

func (a asserter) Errorf(format string, args ...any) { a.t.Errorf(format, args...) }
func (a asserter) Helper()                           {}

func writtenBy(fail failf, table *pipeline.Table, o Options, batches ...arrow.Record) []byte {
	var buf bytes.Buffer
	w := NewWriter(&buf, table, o)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			fail("%v", err)
		}
	}
	if _, err := w.Close(); err != nil {
		fail("%v", err)
	}
	return buf.Bytes()
}

// checkFile reads a file in three ways and compares every value.
func checkFile(fail failf, file []byte, path string, table *pipeline.Table, want arrow.Record) {
	if err := os.WriteFile(path, file, 0o666); err != nil {
		fail("%v", err)
	}
	got := make([][]arrow.Array, len(table.Columns))
	for rec, err := range Read(context.Background(), []string{path}, nil) {
		if err != nil {
			fail("%v", err)
		}
		for i, f := range rec.Schema().Fields() {
			if f.Nullable != table.Columns[i].Nullable || !pipeline.SameType(f.Type, table.Columns[i].Type) {
				fail("column %d is read as %s of %s", i, f, table.Columns[i].Type)
			}
			c := rec.Column(i)
			c.Retain()
			got[i] = append(got[i], c)
		}
	}
	for i := range got {
		if want.NumRows() == 0 && len(got[i]) == 0 {
			continue
		}
		all, err := array.Concatenate(got[i], memory.DefaultAllocator)
		if err != nil {
			fail("%v", err)
		}
		if !array.Equal(all, want.Column(i)) {
			fail("column %d (%s) differs:\n got %.200v\nwant %.200v", i, table.Columns[i].Type, all, want.Column(i))
		}
	}
	checkSource(fail, path, table, want)
	checkPeer(fail, file, table, want)
}

// checkSource compares what a Source reads with what CastArray makes of the rows.
func checkSource(fail failf, path string, table *pipeline.Table, want arrow.Record) {
	ctx := context.Background()
	s, err := Open(ctx, pipeline.File{Path: path})
	if err != nil {
		fail("%v", err)
	}
	defer s.Close()
	var fields []pipeline.Field
	var columns []int
	for i, c := range table.Columns {
		if d, ok := c.Type.(*arrow.Decimal128Type); ok && d.Precision > 18 || c.Type.ID() == arrow.BINARY {
			continue // not a source column's type
		}
		p, err := pipeline.NewParser(pipeline.Cast{Type: c.Type})
		if err != nil {
			fail("%v", err)
		}
		fields, columns = append(fields, pipeline.Field{Column: i, Cast: p}), append(columns, i)
	}
	segments, err := s.Split(ctx, 1<<10)
	if err != nil {
		fail("%v", err)
	}
	row := int64(0)
	for _, g := range segments {
		for b, err := range g.Scan(ctx, pipeline.Scan{Fields: fields, BatchRows: 500}) {
			if err != nil {
				fail("%v", err)
			}
			if b.Rows[0] != row+1 || len(b.Rescued)+len(b.Rejects) > 0 {
				fail("a batch from record %d, with %v rescued and %v rejected, follows record %d", b.Rows[0], b.Rescued, b.Rejects, row)
			}
			n := b.Record.NumRows()
			for k, i := range columns {
				in := array.NewSlice(want.Column(i), row, row+n)
				w, rescued, _, err := pipeline.CastArray(nil, in, fields[k].Cast, nil)
				in.Release()
				if err != nil || len(rescued) > 0 {
					fail("%v %v", err, rescued)
				}
				for j := range int(n) {
					if g := b.Record.Column(k); g.IsNull(j) != w.IsNull(j) || !w.IsNull(j) && g.ValueStr(j) != w.ValueStr(j) {
						fail("record %d of column %d is %s, want %s", row+int64(j)+1, i, g.ValueStr(j), w.ValueStr(j))
					}
				}
				w.Release()
			}
			row += n
		}
	}
	if row != want.NumRows() {
		fail("%d records, want %d", row, want.NumRows())
	}
}

// checkPeer compares what parquet-go reads.
func checkPeer(fail failf, file []byte, table *pipeline.Table, want arrow.Record) {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		fail("parquet-go: %v", err)
	}
	if f.NumRows() != want.NumRows() {
		fail("parquet-go: %d rows, want %d", f.NumRows(), want.NumRows())
	}
	row := make([]int, len(table.Columns))
	values := make([]parquet.Value, 1000)
	for _, g := range f.RowGroups() {
		for i, chunk := range g.ColumnChunks() {
			pages := chunk.Pages()
			for {
				p, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					fail("parquet-go: column %d: %v", i, err)
				}
				for r, err := p.Values(), error(nil); err != io.EOF; {
					var n int
					if n, err = r.ReadValues(values); err != nil && err != io.EOF {
						fail("parquet-go: column %d: %v", i, err)
					}
					for _, v := range values[:n] {
						if w := peerValue(want.Column(i), row[i]); !parquet.Equal(v, w) {
							fail("parquet-go: row %d of column %d is %v, want %v", row[i], i, v, w)
						}
						row[i]++
					}
				}
				parquet.Release(p)
			}
			pages.Close()
		}
	}
	for i, n := range row {
		if int64(n) != want.NumRows() {
			fail("parquet-go: %d values of column %d, want %d", n, i, want.NumRows())
		}
	}
}

// peerValue is a value as parquet-go has it.
func peerValue(a arrow.Array, i int) parquet.Value {
	if a.IsNull(i) {
		return parquet.NullValue()
	}
	switch a := a.(type) {
	case *array.String:
		return parquet.ByteArrayValue([]byte(a.Value(i)))
	case *array.Binary:
		return parquet.ByteArrayValue(a.Value(i))
	case *array.Int64:
		return parquet.Int64Value(a.Value(i))
	case *array.Int32:
		return parquet.Int32Value(a.Value(i))
	case *array.Boolean:
		return parquet.BooleanValue(a.Value(i))
	case *array.Date32:
		return parquet.Int32Value(int32(a.Value(i)))
	case *array.Timestamp:
		return parquet.Int64Value(int64(a.Value(i)))
	}
	d := a.(*array.Decimal128)
	switch p := d.DataType().(*arrow.Decimal128Type).Precision; {
	case p <= 9:
		return parquet.Int32Value(int32(d.Value(i).LowBits()))
	case p <= 18:
		return parquet.Int64Value(int64(d.Value(i).LowBits()))
	default:
		return parquet.FixedLenByteArrayValue(appendBigEndian(nil, d.Value(i), decimalWidth(p)))
	}
}
