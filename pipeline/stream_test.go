package pipeline

import (
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// The stretches hold the wanted rows, in order, as long as they can be; each row
// is asked for once, and a batch is lent only.
func TestEachStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOf(rapid.Bool()).Draw(t, "wanted")
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer mem.AssertSize(failing{t}, 0)
		b := array.NewInt64Builder(mem)
		defer b.Release()
		var want, got []int64
		for i, w := range wanted {
			b.Append(int64(i))
			if w {
				want = append(want, int64(i))
			}
		}
		col := b.NewArray()
		defer col.Release()
		rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "n", Type: Int64Type}}, nil), []arrow.Array{col}, int64(len(wanted)))
		defer rec.Release()
		next := 0
		err := EachStretch(rec, func(row int) bool {
			if row != next {
				t.Fatalf("asked for row %d, not %d", row, next)
			}
			next++
			return wanted[row]
		}, func(part arrow.Record) error {
			rows := part.Column(0).(*array.Int64).Int64Values()
			if n := len(got); len(rows) == 0 || n > 0 && got[n-1]+1 == rows[0] {
				t.Fatalf("the stretch %v follows %v", rows, got)
			}
			got = append(got, rows...)
			return nil
		})
		if err != nil || !slices.Equal(got, want) || next != len(wanted) {
			t.Fatalf("%v of %v, %d asked for: %v", got, wanted, next, err)
		}
		if len(want) == 0 {
			return
		}
		stop := errors.New("stop")
		if err := EachStretch(rec, func(row int) bool { return wanted[row] }, func(arrow.Record) error { return stop }); err != stop {
			t.Fatal(err)
		}
	})
}

// failing lets a checked allocator fail a property.
type failing struct{ *rapid.T }

func (failing) Helper() {}
