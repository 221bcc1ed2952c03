package parquetio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

var numbered = mustTable("test.numbered", col("n", pipeline.Int64Type), col("word", pipeline.CodeType).null())

// numberedFile has rows whose n is their record number, and every third word NULL.
func numberedFile(t testing.TB, rows, group int) string {
	n, w := array.NewInt64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	for i := range rows {
		n.Append(int64(i + 1))
		if i%3 == 0 {
			w.AppendNull()
		} else {
			w.Append(fmt.Sprintf("word%d", i%50))
		}
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: pipeline.Int64Type}, {Name: "word", Type: pipeline.StringType, Nullable: true}}, nil)
	return saved(t, written(t, numbered, Options{RowGroupRows: group, PageRows: 100}, array.NewRecord(schema, []arrow.Array{n.NewArray(), w.NewArray()}, int64(rows))))
}

func openNumbered(t testing.TB, rows, group int) (pipeline.Source, []pipeline.Field) {
	t.Helper()
	s, err := Open(context.Background(), pipeline.File{Path: numberedFile(t, rows, group)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, []pipeline.Field{{Column: 1, Cast: parser(t, pipeline.CodeType)}, {Column: 0, Cast: parser(t, pipeline.Int64Type)}, {Column: 1, Cast: parser(t, pipeline.StringType)}}
}

func parser(t testing.TB, to arrow.DataType) *pipeline.Parser {
	t.Helper()
	p, err := pipeline.NewParser(pipeline.Cast{Type: to})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// scanNumbered checks every record of a scan, and returns their numbers.
func scanNumbered(g pipeline.Segment, sc pipeline.Scan) (rows []int64, err error) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	sc.Mem = mem
	for b, err := range g.Scan(context.Background(), sc) {
		if err != nil {
			return nil, err
		}
		n := b.Record.Column(1).(*array.Int64)
		for i, row := range b.Rows {
			word := "NULL"
			if (row-1)%3 != 0 {
				word = fmt.Sprintf("word%d", (row-1)%50)
			}
			for _, k := range []int{0, 2} {
				if c := b.Record.Column(k); c.IsNull(i) != (word == "NULL") || c.IsValid(i) && text(c, i) != word {
					return nil, fmt.Errorf("word of record %d is %s, want %s", row, c.ValueStr(i), word)
				}
			}
			if n.Value(i) != row {
				return nil, fmt.Errorf("record %d is given as %d", n.Value(i), row)
			}
		}
		if len(b.Rows) != n.Len() || sc.BatchRows > 0 && n.Len() > sc.BatchRows {
			return nil, fmt.Errorf("a batch of %d with %d numbers", n.Len(), len(b.Rows))
		}
		rows = append(rows, b.Rows...)
	}
	if n := mem.CurrentAlloc(); n != 0 {
		return nil, fmt.Errorf("%d bytes are not released", n)
	}
	return rows, nil
}

func count(from, to int64) []int64 {
	var out []int64
	for i := from; i <= to; i++ {
		out = append(out, i)
	}
	return out
}

// TestSplit scans segments concurrently, each several times.
func TestSplit(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, fields := openNumbered(t, 2500, 400)
	for _, size := range []int64{1, 1500, 4000, 1 << 40} {
		segments, err := s.Split(context.Background(), size)
		if err != nil {
			t.Fatal(err)
		}
		if size == 1 && len(segments) != 7 || size > 1<<30 && len(segments) != 1 {
			t.Errorf("size %d: %d segments", size, len(segments))
		}
		var total int64
		parts := make([][]int64, 3*len(segments))
		var g errgroup.Group
		for k := range parts {
			g.Go(func() (err error) {
				parts[k], err = scanNumbered(segments[k/3], pipeline.Scan{Fields: fields, BatchRows: []int{0, 1, 150}[k%3]})
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for try := range 3 {
			var all []int64
			for k := range segments {
				all = append(all, parts[3*k+try]...)
			}
			if !slices.Equal(all, count(1, 2500)) {
				t.Errorf("size %d: other records than 1 … 2500", size)
			}
		}
		for _, g := range segments {
			total += g.Bytes()
		}
		if total <= 0 {
			t.Errorf("size %d: segments of %d bytes", size, total)
		}
	}
}

func TestScanRows(t *testing.T) {
	s, fields := openNumbered(t, 2500, 400)
	segments, err := s.Split(context.Background(), 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]int64{{}, {1}, {2500}, {399, 400, 401, 402}, count(700, 1900), {5, 100, 101, 103, 1000, 2401}, {0, 3, 2501, 9999}} {
		for _, batch := range []int{0, 7, 100} {
			want := slices.DeleteFunc(slices.Clone(rows), func(r int64) bool { return r < 1 || r > 2500 })
			got, err := scanNumbered(segments[0], pipeline.Scan{Fields: fields, Rows: rows, BatchRows: batch})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("rows %v of batches of %d: %v, %v", rows, batch, got, err)
			}
		}
	}
}

func TestScanStops(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, fields := openNumbered(t, 2500, 400)
	segments, err := s.Split(context.Background(), 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range segments[0].Scan(ctx, pipeline.Scan{Fields: fields, Mem: mem}) {
		break
	}
	var last error
	batches := 0
	for _, err := range segments[0].Scan(ctx, pipeline.Scan{Fields: fields, Mem: mem, BatchRows: 10}) {
		batches++
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) || batches > 3 {
		t.Errorf("a cancelled scan ends with %v after %d steps", last, batches)
	}
	if _, err := scanNumbered(segments[0], pipeline.Scan{Fields: []pipeline.Field{{Column: 2, Cast: parser(t, pipeline.StringType)}}}); !errors.Is(err, pipeline.ErrConfig) {
		t.Errorf("a column that is not there: %v", err)
	}
}

// TestNotParquet opens what is no Parquet file, or only a part of one.
func TestNotParquet(t *testing.T) {
	whole, err := os.ReadFile(numberedFile(t, 500, 100))
	if err != nil {
		t.Fatal(err)
	}
	swapped := slices.Clone(whole)
	copy(swapped[len(swapped)-8:], "\xff\xff\xff\x7f")
	footer := slices.Clone(whole)
	footer[len(footer)-200] ^= 0xff
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "is empty, not a Parquet file"},
		{"short", []byte("PA"), "is not a Parquet file"},
		{"csv", []byte("order_id,quantity\n1,2\n3,4\n"), "is not a Parquet file"},
		{"gzip", append([]byte("\x1f\x8b"), whole...), "unpack it first"},
		{"magic", []byte("PAR1"), "was probably cut off"},
		{"twice", []byte("PAR1PAR1"), "was probably cut off"},
		{"half", whole[:len(whole)/2], "was probably cut off"},
		{"tail", whole[:len(whole)-1], "was probably cut off"},
		{"head", whole[len(whole)/2:], "is not a Parquet file"},
		{"length", swapped, "was probably cut off"},
		{"encrypted", append([]byte("PARE"), whole[4:]...), "is an encrypted Parquet file"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, c.file, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(context.Background(), pipeline.File{Path: path, Name: "in/" + c.name})
		if !errors.Is(err, pipeline.ErrInput) || !named(err, "in/"+c.name, "") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.parquet")} {
		if _, err := Open(context.Background(), pipeline.File{Path: path}); !errors.Is(err, pipeline.ErrInput) || !named(err, path, "") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestDamaged flips bytes of every page: the checksum finds it, and the error
// names the column. Column n stands first in the file.
func TestDamaged(t *testing.T) {
	path := numberedFile(t, 300, 300)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[60] ^= 0x40
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	_, failed, err := readErrors(path)
	if err != nil || !named(failed["n"], filepath.Base(path), "n") || failed["word"] != nil {
		t.Errorf("%v, %v", err, failed)
	}
}

// TestImpossible maps columns to types that none of their values fit.
func TestImpossible(t *testing.T) {
	s, _ := openNumbered(t, 10, 0)
	segments, err := s.Split(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range segments[0].Scan(context.Background(), pipeline.Scan{Fields: []pipeline.Field{{Column: 1, Cast: parser(t, pipeline.DateType)}, {Column: 0, Cast: parser(t, pipeline.BoolType)}}}) {
		if err != nil {
			t.Fatal(err)
		}
		// Six words and the numbers from 2 on are kept as text; 1 is true.
		if len(b.Rescued) != 6+9 || b.Record.Column(0).NullN() != 10 || b.Record.Column(1).NullN() != 9 {
			t.Errorf("%d rescued: %v", len(b.Rescued), b.Record)
		}
	}
	sum := pipeline.Scan{Fields: []pipeline.Field{{Column: 0, Cast: &pipeline.Parser{Cast: pipeline.Cast{Type: pipeline.SumType}}}}}
	for _, err := range segments[0].Scan(context.Background(), sum) {
		var e *pipeline.Error
		if !errors.As(err, &e) || e.File == "" || e.Column != "n" {
			t.Errorf("a sum column: %v", err)
		}
	}
}

func TestRead(t *testing.T) {
	a, b := numberedFile(t, 100, 30), numberedFile(t, 50, 30)
	rows := int64(0)
	for rec, err := range Read(context.Background(), []string{a, b}, []string{"n"}) {
		if err != nil {
			t.Fatal(err)
		}
		rows += rec.NumRows()
	}
	if rows != 150 {
		t.Errorf("%d rows", rows)
	}
	fails := func(paths, columns []string, want string) {
		t.Helper()
		_, err := pipeline.Collect(Read(context.Background(), paths, columns))
		if !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	fails([]string{a}, []string{"wrod"}, `did you mean "word"?`)
	other := saved(t, written(t, mustTable("test.other", col("n", pipeline.Int32Type)), Options{}))
	fails([]string{a, other}, []string{"n"}, "has other columns than the files before it")
}

// BenchmarkScan reads the columns of a sales file as a run does.
func BenchmarkScan(b *testing.B) {
	const n = 1 << 20
	path := saved(b, written(b, saleLines, Options{}, saleBatches(n, 16<<10)...))
	s, err := Open(context.Background(), pipeline.File{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	segments, err := s.Split(context.Background(), 1<<40)
	if err != nil {
		b.Fatal(err)
	}
	var fields []pipeline.Field
	for i, c := range saleLines.Columns {
		fields = append(fields, pipeline.Field{Column: i, Cast: parser(b, c.Type)})
	}
	for b.Loop() {
		for _, err := range segments[0].Scan(context.Background(), pipeline.Scan{Fields: fields, BatchRows: 16 << 10}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}

// BenchmarkRead reads the same file as Arrow arrays, without casts.
func BenchmarkRead(b *testing.B) {
	const n = 1 << 20
	path := saved(b, written(b, saleLines, Options{}, saleBatches(n, 16<<10)...))
	for b.Loop() {
		for _, err := range Read(context.Background(), []string{path}, nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
