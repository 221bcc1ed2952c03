// Package stagetest is the harness that every stage passes: however its input
// is cut into batches, sliced, encoded or left without rows, it gives the same
// rows, it frees all it allocates, it stops when its consumer stops, it hands
// errors on, and it leaves no goroutine behind.
package stagetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/pipeline"
)

// Case is a stage under test.
type Case struct {
	// Input is the rows that go in. Run does not release it.
	Input []arrow.Record
	// New returns a new stage that allocates through mem, and what is to be
	// called when the stage is done with; it may be nil.
	New func(mem memory.Allocator) (stage pipeline.Stage, done func())
	// Rounds is how many random cuts are tried; 0 = 20.
	Rounds int
}

// Run takes the stage through the harness.
func Run(t *testing.T, c Case) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	want := c.run(t, c.Input, -1)
	rounds := c.Rounds
	if rounds == 0 {
		rounds = 20
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		cut := Recut(rng, c.Input)
		if got := c.run(t, cut, -1); !equal(got, want) {
			t.Errorf("cut %d: other rows than from the whole input:\n%s", seed, difference(got, want))
		}
		stop := rng.IntN(len(cut) + 1)
		got := c.run(t, cut, stop)
		if len(got) > len(want) || !equal(got, want[:len(got)]) {
			t.Errorf("cut %d: stopped after %d batches: other rows:\n%s", seed, stop, difference(got, want))
		}
		Release(cut)
	}
	c.failing(t)
}

// run runs the stage over the batches and returns its rows as text. It stops
// after the given number of batches; negative means never.
func (c Case) run(t *testing.T, in []arrow.Record, stop int) []string {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	stage, done := c.New(mem)
	if done != nil {
		defer done()
	}
	var rows []string
	for rec, err := range stage(lend(in)) {
		if err != nil {
			t.Fatalf("the stage failed: %v", err)
		}
		if stop == 0 {
			break
		}
		stop--
		rows = append(rows, Rows(rec)...)
	}
	return rows
}

// lend streams copies of the batches, each released after its step, so that a
// stage which keeps a batch without retaining it is found out.
func lend(in []arrow.Record) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		for _, rec := range in {
			lent := rec.NewSlice(0, rec.NumRows())
			more := yield(lent, nil)
			lent.Release()
			if !more {
				return
			}
		}
	}
}

// failing checks that an error of the input comes out as it is and ends the
// stream.
func (c Case) failing(t *testing.T) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	stage, done := c.New(mem)
	if done != nil {
		defer done()
	}
	broken := errors.New("broken input")
	in := func(yield func(arrow.Record, error) bool) {
		for rec := range lend(c.Input) {
			if !yield(rec, nil) {
				return
			}
			break
		}
		yield(nil, broken)
	}
	var last error
	for rec, err := range stage(in) {
		switch {
		case last != nil:
			t.Errorf("the stage went on after an error, with %v, %v", rec, err)
		case err != nil:
			last = err
		}
	}
	if !errors.Is(last, broken) {
		t.Errorf("the input failed with %q, the stage ended with %v", broken, last)
	}
}

// Recut returns the rows of the batches in other batches: cut at random places,
// some without rows, some slices of a larger one, some with plain texts in
// place of dictionaries. The caller releases them.
func Recut(rng *rand.Rand, in []arrow.Record) []arrow.Record {
	var out []arrow.Record
	size := 1 + rng.IntN(200)
	for _, rec := range in {
		if rng.IntN(4) == 0 {
			out = append(out, rec.NewSlice(0, 0))
		}
		for at := int64(0); at < rec.NumRows(); {
			end := min(at+1+int64(rng.IntN(size)), rec.NumRows())
			cut := rec.NewSlice(at, end)
			switch rng.IntN(6) {
			case 0:
				plain := Plain(cut)
				cut.Release()
				cut = plain
			case 1:
				out = append(out, rec.NewSlice(at, at))
			}
			out = append(out, cut)
			at = end
		}
	}
	return out
}

// Plain returns a batch with every dictionary array decoded. The caller
// releases it.
func Plain(rec arrow.Record) arrow.Record {
	columns := make([]arrow.Array, rec.NumCols())
	fields := make([]arrow.Field, rec.NumCols())
	for i, c := range rec.Columns() {
		fields[i] = rec.Schema().Field(i)
		d, ok := c.(*array.Dictionary)
		if !ok {
			c.Retain()
			columns[i] = c
			continue
		}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for r := range d.Len() {
			if d.IsNull(r) {
				b.AppendNull()
			} else {
				b.Append(d.Dictionary().(*array.String).Value(d.GetValueIndex(r)))
			}
		}
		columns[i] = b.NewArray()
		b.Release()
		fields[i].Type = arrow.BinaryTypes.String
	}
	out := array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
	for _, c := range columns {
		c.Release()
	}
	return out
}

// Rows returns each row of a batch as text: name=value for each column. Text
// reads the same whether it is dictionary-encoded or not.
func Rows(rec arrow.Record) []string {
	rows := make([]string, rec.NumRows())
	var b strings.Builder
	for r := range rows {
		b.Reset()
		for i, c := range rec.Columns() {
			value := "NULL"
			if !c.IsNull(r) {
				value = fmt.Sprintf("%q", c.ValueStr(r))
			}
			fmt.Fprintf(&b, "%s=%s ", rec.ColumnName(i), value)
		}
		rows[r] = b.String()
	}
	return rows
}

// Release releases batches.
func Release(batches []arrow.Record) {
	for _, b := range batches {
		b.Release()
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// difference describes the first row that differs.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("row %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
	return fmt.Sprintf("got %d rows, want %d", len(got), len(want))
}
