package parquetio

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

	"github.com/smeltdata/smelt/pipeline"
)

// TestCopyWithout takes rows out of random files, and out of what is left again.
// What is left is what a new file of those rows is, in three readers' eyes, by
// its statistics, its page indexes and under filters.
func TestCopyWithout(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(70) {
		r := rand.New(rand.NewPCG(seed, 31))
		table := everyType()
		n := []int{1, 7, 300, 2500}[r.IntN(4)]
		o := Options{Compression: []string{"snappy", "zstd", "none"}[r.IntN(3)], RowGroupRows: []int{0, 700}[r.IntN(2)], PageRows: []int{0, 10, 100}[r.IntN(3)]}
		rec := randomRows(r, memory.DefaultAllocator, table, n)
		path := filepath.Join(dir, "before.parquet")
		file := written(t, table, o, recut(r, memory.DefaultAllocator, rec)...)
		if r.IntN(3) == 0 {
			o.PageRows = 1 + r.IntN(200) // of the new file
		}
		for round := 0; round < 3 && rec.NumRows() > 0; round++ {
			name := fmt.Sprintf("seed %d, round %d", seed, round)
			if err := os.WriteFile(path, file, 0o666); err != nil {
				t.Fatal(err)
			}
			goes := randomGoes(r, path, rec)
			var groups []int
			var columns []ColumnStats
			file, groups, columns = dropped(t, table, o, path, goes)
			rec = without(rec, goes)
			for i, c := range table.Columns {
				if want := statsOf(c.Name, rec.Column(i)); columns[i] != want {
					t.Errorf("%s: %+v, want %+v", name, columns[i], want)
				}
			}
			after := filepath.Join(dir, "after.parquet")
			checkFile(func(format string, args ...any) { t.Helper(); t.Fatalf(name+": "+format, args...) }, file, after, table, rec)
			checkDropped(t, name, after, table, rec, groups)
			compareRows(t, name, r, after, rec)
		}
	}
}

// randomGoes picks rows that go: none, some, whole pages, row groups or all, or
// all but one, or those that hold a bound or the only value of a column.
func randomGoes(r *rand.Rand, path string, rec arrow.Record) (goes []int64) {
	n := rec.NumRows()
	stretch := func() (from, to int64) { // a whole row group, or about a page
		s, err := openFile(path, path)
		if err != nil {
			panic(err)
		}
		defer s.Close()
		g := r.IntN(len(s.meta.RowGroups))
		for _, rg := range s.meta.RowGroups[:g] {
			from += rg.NumRows
		}
		to = from + s.meta.RowGroups[g].NumRows
		if r.IntN(2) == 0 {
			from += min(to-from, 100*r.Int64N(5))
			to = min(to, from+100)
		}
		return from + 1, to + 1
	}
	switch r.IntN(8) {
	case 0:
	case 1:
		goes = append(goes, 1)
	case 2:
		goes = append(goes, n)
	case 3, 4:
		share := []int{1, 10, 50, 100}[r.IntN(4)]
		for row := range n {
			if r.IntN(100) < share {
				goes = append(goes, row+1)
			}
		}
	case 5:
		for row, to := stretch(); row < to; row++ {
			goes = append(goes, row)
		}
	case 6:
		from, to := stretch()
		stays := from + r.Int64N(max(1, to-from))
		for row := from; row < to; row++ {
			if row != stays {
				goes = append(goes, row)
			}
		}
	case 7:
		a := rec.Column(r.IntN(int(rec.NumCols())))
		s := statsOf("", a)
		for row := range int(n) {
			v, _ := anyOf(a, row)
			if v != nil && (v == s.Min || v == s.Max) || a.NullN() < 3 && a.IsNull(row) {
				goes = append(goes, int64(row)+1)
			}
		}
	}
	return goes
}

// dropped returns the file without some rows, the rows of each of its row groups,
// and the statistics of its columns. Of more rows than CopyWithout takes, it does what that would do.
func dropped(t testing.TB, table *pipeline.Table, o Options, path string, goes []int64) (file []byte, groups []int, columns []ColumnStats) {
	t.Helper()
	s, err := openFile(path, path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, total := int64(1), int64(0)
	for _, g := range s.meta.RowGroups {
		stay := int(g.NumRows)
		for _, row := range goes {
			if row >= first && row < first+g.NumRows {
				stay--
			}
		}
		if first += g.NumRows; stay > 0 {
			groups = append(groups, stay)
		}
		total += int64(stay)
	}
	var buf bytes.Buffer
	w := NewWriter(&buf, table, o)
	done, err := w.CopyWithout(context.Background(), path, goes)
	if err == nil && !done && int64(len(goes)) > total {
		done, err = true, w.copyWithout(context.Background(), s, goes)
	}
	if err != nil || !done {
		t.Fatalf("copied: %t, %v", done, err)
	}
	if stats, err := w.Close(); err != nil || stats != (pipeline.Stats{Rows: total, Bytes: int64(buf.Len())}) {
		t.Fatalf("%+v of %d rows, %v", stats, total, err)
	}
	columns = w.Columns()
	return buf.Bytes(), groups, columns
}

// without returns the rows but for those with some numbers.
func without(rec arrow.Record, goes []int64) arrow.Record {
	columns := make([]arrow.Array, rec.NumCols())
	for i, c := range rec.Columns() {
		parts := []arrow.Array{array.NewSlice(c, 0, 0)}
		from := int64(0)
		for _, row := range append(slices.Clone(goes), rec.NumRows()+1) {
			parts = append(parts, array.NewSlice(c, from, row-1))
			from = row
		}
		var err error
		if columns[i], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			panic(err)
		}
	}
	return array.NewRecord(rec.Schema(), columns, rec.NumRows()-int64(len(goes)))
}

// TestCopyWithoutRefuses says no to files that are not as the writer makes them,
// and then has written nothing.
func TestCopyWithoutRefuses(t *testing.T) {
	path, rec := sortedFile(t, 1000, Options{RowGroupRows: 400})
	table := mustTable("test.sorted", col("order_id", pipeline.StringType), col("customer_id", pipeline.CodeType), col("n", pipeline.Int64Type))
	other := mustTable("test.other", col("order_id", pipeline.StringType).null(), col("customer_id", pipeline.CodeType), col("n", pipeline.Int64Type))
	less := mustTable("test.less", col("order_id", pipeline.StringType), col("customer_id", pipeline.CodeType))
	var most []int64
	for row := range int64(501) {
		most = append(most, row+1)
	}
	var theirs bytes.Buffer
	p := parquet.NewGenericWriter[struct {
		OrderID    string `parquet:"order_id"`
		CustomerID string `parquet:"customer_id"`
		N          int64  `parquet:"n"`
	}](&theirs, parquet.Compression(&parquet.Snappy))
	if _, err := p.Write(make([]struct {
		OrderID    string `parquet:"order_id"`
		CustomerID string `parquet:"customer_id"`
		N          int64  `parquet:"n"`
	}, 9)); err != nil || p.Close() != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		table *pipeline.Table
		o     Options
		path  string
		goes  []int64
		done  bool
		err   string
	}{
		{"as it is", table, Options{PageRows: 7}, path, most[:500], true, ""},
		{"nothing goes", table, Options{}, path, nil, true, ""},
		{"compression", table, Options{Compression: "zstd"}, path, most[:1], false, ""},
		{"a nullable column", other, Options{}, path, most[:1], false, ""},
		{"fewer columns", less, Options{}, path, most[:1], false, ""},
		{"most rows", table, Options{}, path, most, false, ""},
		{"another program's", table, Options{}, saved(t, theirs.Bytes()), []int64{2}, false, ""},
		{"row 0", table, Options{}, path, []int64{0}, false, "is to go"},
		{"row 1001", table, Options{}, path, []int64{5, 1001}, false, "record 1001: test.sorted: is to go, but is not one of the file's 1000 rows"},
		{"twice", table, Options{}, path, []int64{5, 5}, false, "record 5: test.sorted: is to go"},
		{"no file", table, Options{}, filepath.Join(path, "none"), []int64{5}, false, "cannot be opened"},
		{"options", table, Options{Compression: "lzma"}, path, []int64{5}, false, "unknown Parquet compression"},
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf, c.table, c.o)
		done, err := w.CopyWithout(context.Background(), c.path, c.goes)
		if done != c.done || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %t, %v", c.name, done, err)
		}
		if !done && buf.Len() > 0 {
			t.Errorf("%s: %d bytes are written", c.name, buf.Len())
		}
		if stats, _ := w.Close(); done && stats.Rows != rec.NumRows()-int64(len(c.goes)) {
			t.Errorf("%s: %d rows", c.name, stats.Rows)
		}
	}
	w := NewWriter(io.Discard, table, Options{})
	_, _ = w.Close()
	if done, err := w.CopyWithout(context.Background(), path, nil); done || err == nil {
		t.Errorf("a closed writer: %t, %v", done, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewWriter(io.Discard, table, Options{}).CopyWithout(ctx, path, nil); err != context.Canceled {
		t.Errorf("after a cancel: %v", err)
	}
}

// TestCopyWithoutAmongRows copies files before, between and after rows that are
// written.
func TestCopyWithoutAmongRows(t *testing.T) {
	path, rec := sortedFile(t, 1000, Options{RowGroupRows: 400, PageRows: 100})
	table := mustTable("test.sorted", col("order_id", pipeline.StringType), col("customer_id", pipeline.CodeType), col("n", pipeline.Int64Type))
	var buf bytes.Buffer
	w := NewWriter(&buf, table, Options{})
	var want []arrow.Array
	for _, goes := range [][]int64{{1, 700}, nil, {1000}} {
		if done, err := w.CopyWithout(context.Background(), path, goes); err != nil || !done {
			t.Fatal(done, err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		want = append(want, without(rec, goes).Column(0), rec.Column(0))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := pipeline.Collect(Read(context.Background(), []string{saved(t, buf.Bytes())}, []string{"order_id"}))
	if err != nil {
		t.Fatal(err)
	}
	var parts []arrow.Array
	for _, b := range got {
		parts = append(parts, b.Column(0))
	}
	all, _ := array.Concatenate(parts, memory.DefaultAllocator)
	expected, _ := array.Concatenate(want, memory.DefaultAllocator)
	if !array.Equal(all, expected) {
		t.Errorf("%d rows, want %d", all.Len(), expected.Len())
	}
}

// BenchmarkCopyWithout takes one row of a million, one of each page, and one in
// a hundred, out of a file; rewrite does the first by reading and writing all.
func BenchmarkCopyWithout(b *testing.B) {
	const n = 1 << 20
	path := saved(b, written(b, saleLines, Options{}, saleBatches(n, 16<<10)...))
	each := func(step int64) (goes []int64) {
		for row := step / 2; row <= n; row += step {
			goes = append(goes, row)
		}
		return goes
	}
	for _, c := range []struct {
		name string
		goes []int64
	}{{"one", []int64{n / 3}}, {"pages", each(defaultPageRows)}, {"percent", each(100)}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				w := NewWriter(io.Discard, saleLines, Options{})
				if done, err := w.CopyWithout(context.Background(), path, c.goes); err != nil || !done {
					b.Fatal(done, err)
				}
				if _, err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
	b.Run("rewrite", func(b *testing.B) {
		for b.Loop() {
			w := NewWriter(io.Discard, saleLines, Options{})
			row := 0
			for rec, err := range ReadAs(context.Background(), path, saleLines.Schema.Fields()) {
				if err != nil {
					b.Fatal(err)
				}
				before := row
				row += int(rec.NumRows())
				if err := pipeline.EachStretch(rec, func(i int) bool { return before+i+1 != n/3 }, w.Write); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	})
}
