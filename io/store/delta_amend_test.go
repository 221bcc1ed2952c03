package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

type lot struct {
	Order string                       `col:"order" doc:"An order."`
	City  pipeline.Null[pipeline.Code] `col:"city" doc:"A city."`
	N     int64                        `col:"n" doc:"A number."`
}

var lots = pipeline.Declare[lot]("silver.lots", "Lots.")

// Amend takes rows out of a file without making the others' pages again, where
// they are compressed as the sink does it and most stay; else it writes the file
// anew. Either way the rows that where picks and lose names go, and the
// statistics are those of the others.
func TestAmendFile(t *testing.T) {
	var all []lot
	for n := range int64(4000) {
		e := lot{Order: fmt.Sprintf("o%04d", n), N: n}
		if n%7 > 0 {
			e.City.V, e.City.Valid = pipeline.Code(fmt.Sprint("c", n%7)), true
		}
		all = append(all, e)
	}
	few := func(n int64) bool { return n == 0 || n == 2017 || n == 3999 }
	most := func(n int64) bool { return n%7 != 3 }
	for _, c := range []struct {
		name  string
		o     parquetio.Options
		goes  func(n int64) bool
		pages int // of a column of the new file
		stats string
	}{
		{"copied", parquetio.Options{}, few, 40, `{"numRecords":3997,"minValues":{"order":"o0001","city":"c1","n":1},"maxValues":{"order":"o3998","city":"c6","n":3998},"nullCount":{"order":0,"city":571,"n":0}}`},
		{"compressed otherwise", parquetio.Options{Compression: "zstd"}, few, 1, `{"numRecords":3997,"minValues":{"order":"o0001","city":"c1","n":1},"maxValues":{"order":"o3998","city":"c6","n":3998},"nullCount":{"order":0,"city":571,"n":0}}`},
		{"most go", parquetio.Options{}, most, 1, `{"numRecords":571,"minValues":{"order":"o0003","city":"c3","n":3},"maxValues":{"order":"o3993","city":"c3","n":3993},"nullCount":{"order":0,"city":0,"n":0}}`},
	} {
		for _, where := range [][]pipeline.Where{nil, {{Column: "order", Min: []byte("o0"), Wants: func(v []byte) bool {
			var n int64
			_, _ = fmt.Sscanf(string(v), "o%d", &n)
			return c.goes(n)
		}}}} {
			name := fmt.Sprintf("%s, %d wheres", c.name, len(where))
			dir := t.TempDir()
			l := mustOpen(t, dir)
			s := l.Delta(DeltaOptions{Parquet: parquetio.Options{PageRows: 100}})
			w, err := s.Create(lots.Table, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(lots.Record(nil, all)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := s.Commit(t.Context(), &pipeline.Report{Version: "1", RunID: "1"}); err != nil {
				t.Fatal(err)
			}
			s = l.Delta(DeltaOptions{Parquet: c.o})
			if last, why, err := s.Last(t.Context()); last == nil || why != "" || err != nil {
				t.Fatal(why, err)
			}
			asked := 0
			kept, err := s.Amend(t.Context(), lots.Table, []string{"n"}, func(rec arrow.Record, lose []bool) error {
				for i, n := range rec.Column(0).(*array.Int64).Int64Values() {
					lose[i] = c.goes(n)
					asked++
				}
				return nil
			}, where...)
			if err != nil {
				t.Fatal(name, err)
			}
			if err := s.Commit(t.Context(), &pipeline.Report{Version: "2", RunID: "2"}); err != nil {
				t.Fatal(name, err)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(e lot) bool { return c.goes(e.N) })
			if gone := len(all) - len(want); where != nil && asked != gone || where == nil && asked != len(all) {
				t.Errorf("%s: %d rows are asked for, and %d go", name, asked, gone)
			}
			checkAmended(t, name, filepath.Join(dir, "silver", "lots"), kept, want, c.pages, c.stats)
			l.Close()
		}
	}
}

func checkAmended(t *testing.T, name, dir string, kept pipeline.TableReport, want []lot, pages int, stats string) {
	t.Helper()
	s, err := deltaio.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(name, err)
	}
	files := s.Files()
	if len(files) != 1 || files[0].Stats != stats || files[0].Rows != int64(len(want)) {
		t.Fatalf("%s: %+v, want the statistics %s", name, files, stats)
	}
	var got []lot
	for rec, err := range s.ScanFile(t.Context(), files[0], lots.Table, nil) {
		if err != nil {
			t.Fatal(name, err)
		}
		rows, err := lots.Rows(rec)
		if err != nil {
			t.Fatal(name, err)
		}
		got = append(got, rows...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
	}
	file, err := os.Open(filepath.Join(dir, files[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p, err := parquet.OpenFile(file, files[0].Size)
	if err != nil {
		t.Fatal(name, err)
	}
	if n := len(p.OffsetIndexes()[0].PageLocations); n != pages {
		t.Errorf("%s: %d pages, want %d", name, n, pages)
	}
	if kept.Rows != int64(len(want)) || kept.Bytes != files[0].Size || kept.Parts != 1 || len(kept.Rewritten) != 1 {
		t.Errorf("%s: %+v of %+v", name, kept, files[0])
	}
}
