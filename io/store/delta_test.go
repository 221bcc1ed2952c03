package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/io/deltaio"
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

var figures = pipeline.Declare[numbered]("gold.figures", "Figures.")

// A table that somebody has upgraded is refused before any table is published.
func TestDeltaUpgradedTable(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	l := mustOpen(t, dir)
	defer l.Close()
	run := func(look bool) error {
		t.Helper()
		s := l.Delta(DeltaOptions{})
		if look {
			if _, _, err := s.Last(ctx); err != nil {
				return errors.Join(err, s.Abort())
			}
		}
		for _, table := range []*pipeline.TableOf[numbered]{numbers, figures} {
			w, err := s.Create(table.Table, 0)
			if err != nil {
				t.Fatal(err)
			}
			rec := table.Record(nil, []numbered{{1}})
			err = w.Write(rec)
			rec.Release()
			if _, closed := w.Close(); err != nil || closed != nil {
				t.Fatal(err, closed)
			}
		}
		if err := s.Commit(ctx, &pipeline.Report{}); err != nil {
			return errors.Join(err, s.Abort())
		}
		return nil
	}
	if err := run(true); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "gold", "figures", "_delta_log")
	first, err := os.ReadFile(filepath.Join(log, "00000000000000000000.json"))
	if err != nil {
		t.Fatal(err)
	}
	upgrade := `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}` + "\n"
	for line := range strings.Lines(string(first)) {
		if strings.HasPrefix(line, `{"metaData"`) {
			upgrade += strings.Replace(line, `"configuration":{`, `"configuration":{"delta.enableDeletionVectors":"true"`, 1)
		}
	}
	if err := os.WriteFile(filepath.Join(log, "00000000000000000001.json"), []byte(upgrade), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, look := range []bool{true, false} {
		err := run(look)
		if text := fmt.Sprint(err); !errors.Is(err, deltaio.ErrUnsupported) || !strings.Contains(text, "gold.figures") || !strings.Contains(text, "deletionVectors") || !strings.Contains(text, "remove the table's folder") || strings.Contains(text, "half published") {
			t.Errorf("looking first %v: %v", look, err)
		}
	}
	for name, want := range map[string]int64{"silver/numbers": 0, "gold/figures": 1} {
		if s, err := deltaio.Load(ctx, filepath.Join(dir, name)); err != nil || s.Version != want {
			t.Errorf("%s: %v, want version %d: %v", name, s, want, err)
		}
	}
	if err := os.RemoveAll(filepath.Dir(log)); err != nil {
		t.Fatal(err)
	}
	if err := run(true); err != nil {
		t.Error(err)
	}
}
