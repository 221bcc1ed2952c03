package pipeline

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

var _ memory.Allocator = new(Pool)

// TestPool: whatever is allocated, grown and freed, memory belongs to one owner,
// begins with what was written and goes on with zeros.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Pool
		var held, want [][]byte
		size := rapid.SampledFrom([]int{0, 1, 63, 64, 65, 1000, 4096, 5000})
		for step := range rapid.IntRange(1, 100).Draw(t, "steps") {
			i := rapid.IntRange(0, len(held)).Draw(t, "which")
			n := size.Draw(t, "size")
			switch {
			case i == len(held):
				held, want = append(held, p.Allocate(n)), append(want, make([]byte, n))
			case rapid.Bool().Draw(t, "free"):
				p.Free(held[i])
				held[i], want[i] = nil, nil
				continue
			default:
				held[i], want[i] = p.Reallocate(n, held[i]), append(want[i], make([]byte, n)...)[:n]
			}
			for k, b := range held {
				if !bytes.Equal(b, want[k]) {
					t.Fatalf("step %d: memory %d changed", step, k)
				}
			}
			for k := range held[i] {
				held[i][k], want[i][k] = byte(step+1), byte(step+1)
			}
			if n > 0 && uintptr(unsafe.Pointer(&held[i][0]))%64 != 0 {
				t.Fatalf("%d bytes are not at a multiple of 64", n)
			}
		}
	})
}

// TestPoolBuilders: builders that grow, fed by memory that was used before,
// build what they build on Go's heap.
func TestPoolBuilders(t *testing.T) {
	build := func(mem memory.Allocator, n int) string {
		texts, numbers, flags := array.NewStringBuilder(mem), array.NewInt64Builder(mem), array.NewBooleanBuilder(mem)
		defer texts.Release()
		defer numbers.Release()
		defer flags.Release()
		for i := range n {
			if i%7 == 3 {
				texts.AppendNull()
				numbers.AppendNull()
				flags.AppendNull()
				continue
			}
			texts.Append(FormatDecimal(int64(i), 4))
			numbers.Append(int64(i))
			flags.Append(i%3 == 0)
		}
		out := ""
		for _, b := range []array.Builder{texts, numbers, flags} {
			a := b.NewArray()
			out += a.String()
			a.Release()
		}
		return out
	}
	checked := memory.NewCheckedAllocator(new(Pool))
	defer checked.AssertSize(t, 0)
	for _, n := range []int{0, 1, 100, 5000, 3, 777, 5000} {
		if got := build(checked, n); got != build(memory.DefaultAllocator, n) {
			t.Fatalf("%d values differ", n)
		}
	}
}

func BenchmarkPool(b *testing.B) {
	for name, mem := range map[string]memory.Allocator{"pool": new(Pool), "heap": memory.DefaultAllocator} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mem.Free(mem.Allocate(64 << 10))
			}
		})
	}
}
