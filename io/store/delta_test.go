package store

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

type numbered struct {
	N int64 `col:"n" doc:"A number."`
}

var numbers = pipeline.Declare[numbered]("silver.numbers", "Numbers.")

// Parts are made in any order, and read in that of their numbers.
func TestDeltaPartsAreInOrder(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Delta(DeltaOptions{})
	for _, part := range []int{3, 100_000, 0, 2, 1} {
		w, err := s.Create(numbers.Table, part)
		if err != nil {
			t.Fatal(err)
		}
		rec := numbers.Record(nil, []numbered{{int64(part)}})
		err = w.Write(rec)
		rec.Release()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	table, err := OpenTable(t.Context(), dir, numbers.Name, At{})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for rec, err := range table.Scan(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rec.Column(0).(*array.Int64).Int64Values()...)
	}
	if want := []int64{0, 1, 2, 3, 100_000}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
