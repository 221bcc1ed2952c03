package parquetio

import (
	"bytes"
	"cmp"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// TestColumns compares the statistics of random files with those that are
// computed value by value.
func TestColumns(t *testing.T) {
	mem := memory.DefaultAllocator
	for seed := range 60 {
		r := rand.New(rand.NewPCG(uint64(seed), 12))
		table := everyType()
		rec := randomRows(r, mem, table, []int{0, 1, 64, 2500}[r.IntN(4)])
		w := NewWriter(io.Discard, table, Options{RowGroupRows: []int{0, 700}[r.IntN(2)], PageRows: []int{0, 50}[r.IntN(2)]})
		for _, b := range recut(r, mem, rec) {
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if w.Columns() != nil {
			t.Fatal("a file that is not closed has statistics")
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := w.Columns()
		if len(got) != len(table.Columns) {
			t.Fatalf("%d of %d columns", len(got), len(table.Columns))
		}
		for i, c := range table.Columns {
			if want := statsOf(c.Name, rec.Column(i)); got[i] != want {
				t.Errorf("seed %d, %s: %+v, want %+v", seed, c.Type, got[i], want)
			}
		}
	}
}

// statsOf computes an array's statistics.
func statsOf(name string, a arrow.Array) ColumnStats {
	s := ColumnStats{Column: name, Nulls: int64(a.NullN())}
	for i := range a.Len() {
		v, order := anyOf(a, i)
		if v == nil {
			continue
		}
		if s.Min == nil || order(s.Min) < 0 {
			s.Min = v
		}
		if s.Max == nil || order(s.Max) > 0 {
			s.Max = v
		}
	}
	return s
}

// anyOf returns a value as ColumnStats holds it, and how it compares to another.
func anyOf(a arrow.Array, i int) (v any, order func(to any) int) {
	if a.IsNull(i) {
		return nil, nil
	}
	switch a := a.(type) {
	case *array.Int32:
		v := int64(a.Value(i))
		return v, func(to any) int { return cmp.Compare(v, to.(int64)) }
	case *array.Int64:
		v := a.Value(i)
		return v, func(to any) int { return cmp.Compare(v, to.(int64)) }
	case *array.Date32:
		v := pipeline.Date(a.Value(i))
		return v, func(to any) int { return cmp.Compare(v, to.(pipeline.Date)) }
	case *array.Timestamp:
		v := pipeline.Timestamp(a.Value(i))
		return v, func(to any) int { return cmp.Compare(v, to.(pipeline.Timestamp)) }
	case *array.Decimal128:
		v := a.Value(i)
		return v, func(to any) int { return v.Cmp(to.(decimal128.Num)) }
	case *array.String:
		v := strings.Clone(a.Value(i))
		return v, func(to any) int { return cmp.Compare(v, to.(string)) }
	case *array.Boolean:
		v := a.Value(i)
		return v, func(to any) int {
			switch {
			case v == to:
				return 0
			case v:
				return 1
			}
			return -1
		}
	}
	return nil, nil // a binary column has no bounds
}

// TestColumnsOfFile has no statistics after an error, and those of a text that
// is longer than the bounds in the file.
func TestColumnsOfFile(t *testing.T) {
	table := mustTable("test.stats", col("s", pipeline.CodeType))
	long := strings.Repeat("z", 500)
	for _, o := range []Options{{}, {Compression: "lzma"}} {
		w, err := Create(filepath.Join(t.TempDir(), "test.parquet"), table, o)
		if err != nil {
			t.Fatal(err)
		}
		bad := w.Write(oneColumn("s", texts("", long)))
		_, err = w.Close()
		switch got := w.Columns(); {
		case bad != nil && (err == nil || got != nil):
			t.Errorf("after %v: %v, %+v", bad, err, got)
		case bad == nil && (err != nil || len(got) != 1 || got[0] != ColumnStats{Column: "s", Min: "", Max: long}):
			t.Errorf("%v, %+v", err, got)
		}
	}
	var buf bytes.Buffer
	w := NewWriter(&buf, table, Options{})
	if _, err := w.Close(); err != nil || w.Columns()[0] != (ColumnStats{Column: "s"}) {
		t.Errorf("an empty file: %v, %+v", err, w.Columns())
	}
}
