package gold

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// batches is a writer that takes down what it gets, and fails at a batch.
type batches struct {
	sizes []int64
	sum   int64 // of the second column, where it is one of int64
	fails int
}

func (w *batches) Write(rec arrow.Record) error {
	if len(w.sizes) == w.fails {
		return errDisk
	}
	w.sizes = append(w.sizes, rec.NumRows())
	if n, ok := rec.Column(1).(*array.Int64); ok {
		for _, v := range n.Int64Values() {
			w.sum += v
		}
	}
	return nil
}

func (w *batches) Close() (pipeline.Stats, error) { return pipeline.Stats{}, nil }

// A table is written batch by batch, never held; it stops at an error.
func TestBuilderBatches(t *testing.T) {
	table := declare("gold.x", "A table.", []string{"id"}, nil, []pipeline.Column{{Name: "id", Type: pipeline.StringType}, {Name: "n", Type: pipeline.Int64Type}})
	for _, c := range []struct {
		rows, expected, fails int
		batches               string
	}{
		{0, 0, -1, "[]"}, {1, 100, -1, "[1]"}, {batchRows, batchRows, -1, "[65536]"},
		{3*batchRows + 5, 3, -1, "[65536 65536 65536 5]"}, {3 * batchRows, 3 * batchRows, 1, "[65536]"},
	} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		w := &batches{fails: c.fails}
		f := &Finished{Inputs: Inputs{Mem: mem}, Table: table, out: w}
		b := f.Build(c.expected)
		for i := range c.rows {
			b.Text([]byte{'0' + byte(i%10)})
			b.Int(int64(i))
		}
		err := b.Done()
		if errors.Is(err, errDisk) != (c.fails >= 0) || fmt.Sprint(w.sizes) != c.batches {
			t.Errorf("%d rows: batches of %v, want %s; %v", c.rows, w.sizes, c.batches, err)
		}
		if n := int64(c.rows); err == nil && w.sum != n*(n-1)/2 {
			t.Errorf("%d rows: other values", c.rows)
		}
		mem.AssertSize(t, 0)
	}
}

func TestBuilderRefuses(t *testing.T) {
	table := declare("gold.x", "A table.", []string{"id"}, nil, []pipeline.Column{{Name: "id", Type: pipeline.StringType}, {Name: "n", Type: pipeline.Int32Type}})
	f := &Finished{Inputs: Inputs{Mem: memory.DefaultAllocator}, Table: table, out: &batches{fails: -1}}
	b := f.Build(0)
	for range batchRows + 6 {
		b.Text([]byte("x"))
		b.Int(1)
	}
	b.Text(nil)
	b.Number(pipeline.TotalOf(1<<40), metrics.Known)
	var e *pipeline.Error
	if err := b.Done(); !errors.As(err, &e) || e.Column != "id" || e.Row != batchRows+6 {
		t.Errorf("%v", err)
	}
}
