package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// oneColumn is a batch of one column.
func oneColumn(name string, a arrow.Array) arrow.Record {
	return array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: name, Type: a.DataType(), Nullable: true}}, nil), []arrow.Array{a}, int64(a.Len()))
}

func decimals(t *arrow.Decimal128Type, values ...decimal128.Num) arrow.Array {
	b := array.NewDecimal128Builder(memory.DefaultAllocator, t)
	b.AppendValues(values, nil)
	return b.NewArray()
}

func TestWriterRefuses(t *testing.T) {
	tenTo := func(n uint) decimal128.Num {
		v, _ := decimal128.FromString("1"+strings.Repeat("0", int(n)), 38, 0)
		return v
	}
	strange := dictionaryOf(rand.New(rand.NewPCG(1, 1)), memory.DefaultAllocator, texts("a", "b"), arrow.PrimitiveTypes.Int32)
	ints := array.NewInt64Builder(memory.DefaultAllocator)
	ints.AppendValues([]int64{1, 2}, nil)
	dictInts := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: pipeline.Int64Type}, strange.(*array.Dictionary).Indices(), ints.NewArray())
	for _, c := range []struct {
		name, want string
		typ        arrow.DataType
		batch      arrow.Array
		row        int64
	}{
		{"null", "NULL in a column that is not nullable", pipeline.StringType, array.NewSlice(texts("a", "b", "\x00", "c"), 1, 4), 12},
		{"null_code", "NULL in a column that is not nullable", pipeline.CodeType, array.NewSlice(dictionaryOf(rand.New(rand.NewPCG(1, 5)), memory.DefaultAllocator, texts("a", "\x00"), arrow.PrimitiveTypes.Int32), 1, 2), 11},
		{"price", "more digits than the column's precision", pipeline.PriceType, decimals(pipeline.PriceType, tenTo(17), tenTo(18)), 12},
		{"price_wide", "more digits than the column's precision", pipeline.PriceType, decimals(pipeline.PriceType, decimal128.New(1, 5)), 11},
		{"sum", "more digits than the column's precision", pipeline.SumType, decimals(pipeline.SumType, tenTo(27), tenTo(28).Negate()), 12},
		{"type", "a batch has column type int64", pipeline.StringType, ints.NewArray(), 0},
		{"encoded", "only text may be dictionary-encoded", pipeline.Int64Type, dictInts, 0},
	} {
		table := mustTable("test."+c.name, col(c.name, c.typ))
		var buf bytes.Buffer
		w := NewWriter(&buf, table, Options{})
		for range 10 {
			good := array.NewBuilder(memory.DefaultAllocator, c.typ)
			good.AppendEmptyValue()
			if _, ok := c.typ.(*arrow.DictionaryType); ok {
				good = array.NewStringBuilder(memory.DefaultAllocator)
				good.AppendEmptyValue()
			}
			if err := w.Write(oneColumn(c.name, good.NewArray())); err != nil {
				t.Fatal(err)
			}
		}
		err := w.Write(oneColumn(c.name, c.batch))
		var e *pipeline.Error
		if !errors.As(err, &e) || !errors.Is(err, pipeline.ErrData) || e.Table != "test."+c.name || e.Column != c.name || e.Row != c.row || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, row %d", c.name, err, e.Row)
		}
		if again := w.Write(oneColumn(c.name, c.batch)); again != err {
			t.Errorf("%s: then %v", c.name, again)
		}
		if _, end := w.Close(); end != err || buf.Len() > 0 {
			t.Errorf("%s: Close says %v, with %d bytes written", c.name, end, buf.Len())
		}
	}
}

// texts is a text array; "\x00" is NULL.
func texts(values ...string) *array.String {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for _, v := range values {
		if v == "\x00" {
			b.AppendNull()
		} else {
			b.Append(v)
		}
	}
	return b.NewStringArray()
}

func TestWriterOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		typ  arrow.DataType
		want string
	}{
		{Options{Compression: "lzma"}, pipeline.Int64Type, "unknown Parquet compression"},
		{Options{PageRows: -1}, pipeline.Int64Type, "out of range"},
		{Options{}, arrow.PrimitiveTypes.Float64, "cannot be written to Parquet"},
		{Options{}, &arrow.TimestampType{Unit: arrow.Millisecond}, "cannot be written to Parquet"},
	} {
		w := NewWriter(io.Discard, mustTable("test.options", col("c", c.typ)), c.o)
		_, err := w.Close()
		if !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %s: %v", c.o, c.typ, err)
		}
	}
}

// failing fails after some bytes.
type failing struct{ left int }

var errDisk = errors.New("no space left")

func (f *failing) Write(b []byte) (int, error) {
	n := min(f.left, len(b))
	f.left -= n
	if n < len(b) {
		return n, errDisk
	}
	return n, nil
}

func TestWriterFails(t *testing.T) {
	rec := saleBatches(3000, 3000)[0]
	for _, left := range []int{0, 3, 4, 1000, 20_000} {
		w := NewWriter(&failing{left}, saleLines, Options{RowGroupRows: 1000})
		err := w.Write(rec)
		_, end := w.Close()
		if !errors.Is(end, errDisk) || !errors.Is(end, pipeline.ErrOutput) || err != nil && err != end {
			t.Errorf("after %d bytes: %v, %v", left, err, end)
		}
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part.parquet")
	w, err := Create(path, numbered, Options{})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := w.Close()
	if info, e := os.Stat(path); err != nil || e != nil || info.Size() != stats.Bytes || stats.Rows != 0 {
		t.Errorf("%+v, %v, %v", stats, err, e)
	}
	if _, err := w.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if err := w.Write(oneColumn("n", texts())); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), path) {
		t.Errorf("write after Close: %v", err)
	}
	if _, err := Create(filepath.Join(path, "below"), numbered, Options{}); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("create below a file: %v", err)
	}
}

// TestLongTexts writes texts as long as a page, and so many repeats of long
// ones that they must stay in the dictionary when it is given up.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5_000)
	rows := []string{"a", long + "1", "", long + "2", long + long + long}
	for range 300 {
		rows = append(rows, long)
	}
	for i := range 1000 {
		rows = append(rows, long, fmt.Sprint("id", i), strings.Repeat(fmt.Sprint(i), 400))
	}
	table := mustTable("test.long", col("text", pipeline.CodeType))
	dictionary := dictionaryOf(rand.New(rand.NewPCG(1, 3)), memory.DefaultAllocator, texts(rows[:200]...), arrow.PrimitiveTypes.Int32)
	for _, o := range []Options{{}, {RowGroupRows: 1000}} {
		path := filepath.Join(t.TempDir(), "long.parquet")
		w, err := Create(path, table, o)
		if err != nil {
			t.Fatal(err)
		}
		write := func(a arrow.Array) {
			if err := w.Write(oneColumn("text", a)); err != nil {
				t.Fatal(err)
			}
		}
		write(dictionary)
		for at := 200; at < len(rows); at += 500 {
			b := array.NewStringBuilder(memory.DefaultAllocator)
			b.AppendValues(rows[at:min(at+500, len(rows))], nil)
			a := b.NewArray()
			write(dictionaryOf(rand.New(rand.NewPCG(1, 3)), memory.DefaultAllocator, a.(*array.String), arrow.PrimitiveTypes.Int32))
			a.Release()
		}
		if stats, err := w.Close(); err != nil || stats.Bytes > 60<<20 {
			t.Fatal(stats, err)
		}
		at := 0
		s, err := openFile(path, path)
		if err != nil {
			t.Fatal(err)
		}
		for g := range s.meta.RowGroups {
			c, err := s.openChunk(g, 0)
			if err != nil {
				t.Fatal(err)
			}
			for n := s.meta.RowGroups[g].NumRows; n > 0; n-- {
				a, err := c.read(memory.DefaultAllocator, 1)
				if err != nil || text(a, 0) != rows[at] {
					t.Fatalf("row %d: %v", at, err)
				}
				a.Release()
				at++
			}
			c.close()
		}
		s.Close()
		if at != len(rows) {
			t.Errorf("%d rows of %d", at, len(rows))
		}
	}
}

// TestSums writes sums beyond 64 bits.
func TestSums(t *testing.T) {
	table := mustTable("test.sums", col("s", pipeline.SumType))
	limit, _ := decimal128.FromString("999999999999999999999999.9999", 28, 4)
	rec := oneColumn("s", decimals(pipeline.SumType, limit, limit.Negate(), decimal128.FromI64(-1), decimal128.New(0, 1<<63), decimal128.New(1, 0), decimal128.Num{}))
	checkFile(t.Fatalf, written(t, table, Options{}, rec), filepath.Join(t.TempDir(), "sums.parquet"), table, rec)
}
