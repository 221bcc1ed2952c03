package deltaio

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

type sale struct {
	ID     string                        `col:"id" doc:"Key."`
	Amount pipeline.Null[pipeline.Price] `col:"amount" doc:"Money, ≥ 0."`
	At     pipeline.Timestamp            `col:"at" doc:"When."`
}

var sales = pipeline.Declare[sale]("silver.sales", "One row per sale.", "id")

// commitSales commits one file of sales.
func commitSales(t *testing.T, dir string, base *Snapshot, mode Mode, rows ...sale) int64 {
	t.Helper()
	c := NewChange(base, mode, "WRITE")
	if base == nil {
		m, err := MetadataOf(sales.Table)
		if err != nil {
			t.Fatal(err)
		}
		c.Metadata = m
	}
	c.Add = []File{writeSales(t, dir, rows...)}
	v, err := Commit(context.Background(), dir, c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func writeSales(t *testing.T, dir string, rows ...sale) File {
	t.Helper()
	w, err := Create(dir, sales.Table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := sales.Record(nil, rows)
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.File()
}

func mustLoad(t *testing.T, dir string) *Snapshot {
	t.Helper()
	s, err := Load(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCommitLoad(t *testing.T) {
	dir := t.TempDir() + "/silver/sales"
	if _, err := Load(context.Background(), dir); !errors.Is(err, ErrNoTable) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a folder without a table: %v", err)
	}
	if v := commitSales(t, dir, nil, Append, sale{ID: "a", Amount: pipeline.Some(pipeline.Price(12345)), At: 1}); v != 0 {
		t.Fatalf("version %d", v)
	}
	if v := commitSales(t, dir, mustLoad(t, dir), Append, sale{ID: "b", At: 2}); v != 1 {
		t.Fatalf("version %d", v)
	}
	s := mustLoad(t, dir)
	if s.Version != 1 || len(s.Files()) != 2 || s.Rows() != 2 {
		t.Fatalf("%+v", s)
	}
	want := `{"numRecords":1,"minValues":{"id":"a","amount":1.2345,"at":"1970-01-01T00:00:00.000Z"},"maxValues":{"id":"a","amount":1.2345,"at":"1970-01-01T00:00:00.001Z"},"nullCount":{"id":0,"amount":0,"at":0}}`
	if got := s.Files()[0].Stats; got != want {
		t.Errorf("statistics\n%s, want\n%s", got, want)
	}
	if v := commitSales(t, dir, s, Overwrite, sale{ID: "c"}); v != 2 {
		t.Fatalf("version %d", v)
	}
	if s := mustLoad(t, dir); len(s.Files()) != 1 || s.Description != "One row per sale." || s.Schema.Columns[1].Comment != "Money, ≥ 0." {
		t.Fatalf("%+v", s)
	}
	old, err := LoadVersion(context.Background(), dir, 1)
	if err != nil || old.Rows() != 2 {
		t.Fatalf("%+v, %v", old, err)
	}
}
