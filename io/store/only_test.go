package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

var others = pipeline.Declare[numbered]("gold.others", "Others.")

// writeNumbers publishes both tables with so many rows, or only those that publish
// names, and returns the report.
func writeNumbers(t *testing.T, dir, run string, parquet bool, n int, publish func(string) bool) *pipeline.Report {
	t.Helper()
	l := mustOpen(t, dir)
	defer l.Close()
	var s pipeline.Sink = l.Delta(DeltaOptions{})
	if parquet {
		if err := s.Abort(); err != nil {
			t.Fatal(err)
		}
		s = l.Sink(func(path string, t *pipeline.Table) (pipeline.Writer, error) {
			return parquetio.Create(path, t, parquetio.Options{})
		}, "parquet")
	} else if _, _, err := s.(pipeline.Lake).Last(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &pipeline.Report{RunID: run, Sources: []pipeline.SourceReport{{File: run, Hash: "of " + run}}}
	if publish != nil {
		if err := s.(pipeline.Selective).Only(publish); err != nil {
			t.Fatal(err)
		}
		r.Selected = []string{others.Name}
	}
	for _, table := range []*pipeline.TableOf[numbered]{numbers, others} {
		w, err := s.Create(table.Table, 0)
		if err != nil {
			t.Fatal(err)
		}
		rec := table.Record(nil, make([]numbered, n))
		err = w.Write(rec)
		rec.Release()
		if err != nil {
			t.Fatal(err)
		}
		if stats, err := w.Close(); err != nil || stats.Rows != int64(n) {
			t.Fatal(stats, err)
		}
	}
	if err := s.Commit(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func rowsIn(t *testing.T, dir, name string) (n int64) {
	t.Helper()
	table, err := OpenTable(t.Context(), dir, name, At{})
	if err != nil {
		t.Fatal(err)
	}
	err = table.Each(t.Context(), 2, numbers.Table, []string{"n"}, func(_ int, rec arrow.Record) error { n += rec.NumRows(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Tables that are not published stay, in the report too, and the versions that the
// next run builds upon are all there.
func TestOnly(t *testing.T) {
	for _, parquet := range []bool{false, true} {
		dir := t.TempDir()
		writeNumbers(t, dir, "A", parquet, 3, nil)
		whole, err := Report(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := writeNumbers(t, dir, "S", parquet, 5, func(table string) bool { return table == others.Name })
		if n, m := rowsIn(t, dir, numbers.Name), rowsIn(t, dir, others.Name); n != 3 || m != 5 {
			t.Errorf("%d and %d rows", n, m)
		}
		last, err := Report(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*pipeline.Report{r, last} {
			i := slices.IndexFunc(r.Tables, func(t pipeline.TableReport) bool { return t.Name == numbers.Name })
			if i < 0 || r.Tables[i].Behind != "A" || r.Tables[i].Rows != 3 || r.Base == nil || r.Base.RunID != "A" {
				t.Errorf("parquet %t: %+v", parquet, r)
			}
		}
		if parquet {
			continue
		}
		if v := last.Versions; v[numbers.Name] != whole.Versions[numbers.Name] || v[others.Name].Version != 1 {
			t.Errorf("versions %v", v)
		}
	}
}

// Look reads a lake, and nothing there changes, whatever it is asked for.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	writeNumbers(t, dir, "A", false, 3, nil)
	list := func() (out []string) {
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			info, e := d.Info()
			out = append(out, path+" "+info.ModTime().String())
			return errors.Join(err, e)
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := list()
	l, err := Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	if last, why, err := l.Last(t.Context()); err != nil || why != "" || last.RunID != "A" {
		t.Error(last, why, err)
	}
	if _, err := l.Create(numbers.Table, 0); !errors.Is(err, pipeline.ErrOutput) {
		t.Error(err)
	}
	if err := l.Abort(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(before, list()) {
		t.Errorf("%v\n%v", before, list())
	}
	nowhere := filepath.Join(dir, "nowhere")
	l, err = Look(nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if last, why, err := l.Last(t.Context()); last != nil || why != "" || err != nil || exists(nowhere) {
		t.Error(last, why, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "_smelt", "journal.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Look(dir); !errors.Is(err, pipeline.ErrInput) {
		t.Error(err)
	}
}
