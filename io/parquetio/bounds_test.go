package parquetio

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/pipeline"
)

// TestTextBounds writes texts of few and of many values, in order and not, and
// checks every page's bounds: they hold the page's values, and where values are
// few or in order they are values of the page. A row group's are exact.
func TestTextBounds(t *testing.T) {
	const pages, pageRows = 12, 500
	for _, c := range []struct {
		name  string
		typ   arrow.DataType
		exact bool
		value func(r *rand.Rand, row int) string
	}{
		{"empty", pipeline.StringType, true, func(*rand.Rand, int) string { return "" }},
		{"few", pipeline.CodeType, true, func(r *rand.Rand, row int) string { return fmt.Sprint("value ", r.IntN(20)) }},
		{"clustered", pipeline.CodeType, true, func(r *rand.Rand, row int) string { return fmt.Sprintf("value %06d", row/20+r.IntN(9)) }},
		{"ascending", pipeline.CodeType, true, func(_ *rand.Rand, row int) string { return fmt.Sprintf("value %06d", row/2) }},
		{"descending", pipeline.StringType, true, func(_ *rand.Rand, row int) string { return fmt.Sprintf("value %06d", 9999-row) }},
		{"many", pipeline.CodeType, false, func(r *rand.Rand, row int) string { return fmt.Sprint("value ", r.IntN(2_000)) }},
		{"random", pipeline.StringType, true, func(r *rand.Rand, row int) string { return fmt.Sprint(r.Uint64()) }},
		{"overflow", pipeline.CodeType, false, func(r *rand.Rand, row int) string { return fmt.Sprint("value ", r.IntN(4*row+9)) }},
	} {
		for _, nulls := range []int{0, 10} {
			r := rand.New(rand.NewPCG(1, 9))
			b := array.NewStringBuilder(memory.DefaultAllocator)
			for row := range pages * pageRows {
				if r.IntN(100) < nulls {
					b.AppendNull()
				} else {
					b.Append(c.value(r, row))
				}
			}
			rows := b.NewStringArray()
			var a arrow.Array = rows
			if c.typ == pipeline.CodeType {
				a = dictionaryOf(r, memory.DefaultAllocator, rows, arrow.PrimitiveTypes.Int32)
			}
			file := written(t, mustTable("test.bounds", col("c", c.typ).null()), Options{PageRows: pageRows}, oneColumn("c", a))
			checkBounds(t, fmt.Sprint(c.name, " with ", nulls, " % NULL"), file, rows, pageRows, c.exact)
		}
	}
}

func checkBounds(t *testing.T, name string, file []byte, rows *array.String, pageRows int, exact bool) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	span := func(from, to int) (lo, hi string) {
		first := true
		for i := from; i < to; i++ {
			if rows.IsValid(i) {
				if v := rows.Value(i); first {
					lo, hi, first = v, v, false
				} else {
					lo, hi = min(lo, v), max(hi, v)
				}
			}
		}
		return lo, hi
	}
	lo, hi := span(0, rows.Len())
	s := f.Metadata().RowGroups[0].Columns[0].MetaData.Statistics
	if string(s.MinValue) != lo || string(s.MaxValue) != hi || s.MinValue == nil {
		t.Errorf("%s: the row group's bounds are %q and %q, want %q and %q", name, s.MinValue, s.MaxValue, lo, hi)
	}
	index, err := f.RowGroups()[0].ColumnChunks()[0].ColumnIndex()
	if err != nil {
		t.Fatal(err)
	}
	if index.NumPages() != rows.Len()/pageRows {
		t.Fatalf("%s: %d pages", name, index.NumPages())
	}
	for p := range index.NumPages() {
		lo, hi := span(p*pageRows, (p+1)*pageRows)
		gotLo, gotHi := string(index.MinValue(p).ByteArray()), string(index.MaxValue(p).ByteArray())
		if gotLo > lo || gotHi < hi || exact && (gotLo != lo || gotHi != hi) {
			t.Errorf("%s: the bounds of page %d are %q and %q, want %q and %q", name, p, gotLo, gotHi, lo, hi)
		}
	}
}
