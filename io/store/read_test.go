package store

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

type lettered struct {
	N      int64                        `col:"n" doc:"A number."`
	Letter pipeline.Null[pipeline.Code] `col:"letter" doc:"A letter."`
}

// A scan with a condition reads the rows that it picks, of either format, and
// columns that the condition is not about.
func TestScanWhere(t *testing.T) {
	letters := pipeline.Declare[lettered]("silver.letters", "Letters.")
	for _, format := range []string{"delta", "parquet"} {
		dir := filepath.Join(t.TempDir(), format)
		l := mustOpen(t, dir)
		var s pipeline.Sink
		if format == "delta" {
			s = l.Delta(DeltaOptions{})
		} else {
			s = l.Sink(func(path string, t *pipeline.Table) (pipeline.Writer, error) {
				return parquetio.Create(path, t, parquetio.Options{})
			}, ".parquet")
		}
		for part, rows := range [][]lettered{{{1, pipeline.Some[pipeline.Code]("a")}, {2, pipeline.Some[pipeline.Code]("b")}}, {{3, pipeline.Null[pipeline.Code]{}}, {4, pipeline.Some[pipeline.Code]("b")}}} {
			w, err := s.Create(letters.Table, part)
			if err == nil {
				rec := letters.Record(nil, rows)
				err = w.Write(rec)
				rec.Release()
			}
			if err == nil {
				_, err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		l.Close()
		table, err := OpenTable(t.Context(), dir, letters.Name, At{})
		if err != nil {
			t.Fatal(err)
		}
		b := pipeline.Where{Column: "letter", Wants: func(v []byte) bool { return string(v) == "b" }}
		var got []int64
		for rec, err := range table.Scan(t.Context(), []string{"n"}, b) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rec.Column(0).(*array.Int64).Int64Values()...)
		}
		if !slices.Equal(got, []int64{2, 4}) {
			t.Errorf("%s: %v", format, got)
		}
		rows := int64(0)
		err = table.Each(t.Context(), 1, letters.Table, []string{"letter"}, func(_ int, rec arrow.Record) error {
			if got := rec.Column(0).DataType(); !arrow.TypeEqual(got, pipeline.CodeType) {
				t.Errorf("%s: letters come as %s", format, got)
			}
			rows += rec.NumRows()
			return nil
		})
		if err != nil || rows != 4 {
			t.Errorf("%s: %d rows, %v", format, rows, err)
		}
		for _, err := range table.Scan(t.Context(), []string{"m"}, b) {
			if err == nil {
				t.Errorf("%s: a column that there is not is read", format)
			}
		}
	}
}
