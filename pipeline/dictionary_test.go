package pipeline

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

func TestDictionaryAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDictionary()
		want := map[string]int32{}
		for _, s := range rapid.SliceOf(rapid.StringN(0, 6, 16)).Draw(t, "texts") {
			if _, seen := want[s]; !seen {
				if d.Find([]byte(s)) != -1 {
					t.Fatalf("%q found before it was added", s)
				}
				want[s] = int32(len(want))
			}
			if got := d.Code([]byte(s)); got != want[s] {
				t.Fatalf("code of %q is %d, want %d", s, got, want[s])
			}
		}
		values := d.Values().(*array.String)
		for s, code := range want {
			if values.Value(int(code)) != s || d.Find([]byte(s)) != code {
				t.Fatalf("value %d is %q, want %q", code, values.Value(int(code)), s)
			}
		}
	})
}

// TestDictionaryOver: dictionaries that begin with the same texts go on as one
// that had them from the start, and do not touch each other.
func TestDictionaryOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(i int) []byte { return bytes.Repeat(fmt.Append(nil, i*7919), 1+i%3) }
		base, n := NewDictionary(), rapid.SampledFrom([]int{0, 1, 3000}).Draw(t, "base")
		for i := range n {
			base.Code(text(i))
		}
		for range 2 {
			over, whole := base.Over(), NewDictionary()
			for i := range n {
				whole.Code(text(i))
			}
			more := rapid.SampledFrom([]int{10, 20_000}).Draw(t, "more")
			var buf []byte
			var from, to []uint32
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, n+more), 0, 5000).Draw(t, "texts") {
				if i%5 == 0 {
					if a, b := over.Find(text(i)), whole.Find(text(i)); a != b {
						t.Fatalf("found %d, want %d", a, b)
					}
					if a, b := over.Code(text(i)), whole.Code(text(i)); a != b {
						t.Fatalf("code %d, want %d", a, b)
					}
				}
				from = append(from, uint32(len(buf)))
				buf = append(buf, text(i)...)
				to = append(to, uint32(len(buf)))
			}
			buf = append(buf, make([]byte, TextSlack)...)
			got, want := make([]int32, len(from)), make([]int32, len(from))
			if a, b := over.Codes(buf, from, to, got), whole.Codes(buf, from, to, want); a != b || !slices.Equal(got, want) {
				t.Fatalf("codes %v, want %v", got, want)
			}
			if a, b := over.Values().String(), whole.Values().String(); a != b {
				t.Fatalf("values %s, want %s", a, b)
			}
			if base.Len() != n {
				t.Fatalf("the base has %d texts, had %d", base.Len(), n)
			}
		}
	})
}

// TestDictionaryCodes: many texts at a time get the codes that they would get
// one by one, whatever stands around them, and empty ones none.
func TestDictionaryCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, many := NewDictionary(), NewDictionary()
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			var buf []byte
			var from, to []uint32
			var want []int32
			none := 0
			values := rapid.SampledFrom([]int{1, 10, 2000}).Draw(t, "values")
			longest := rapid.SampledFrom([]int{1, 3, 12, 20}).Draw(t, "longest")
			for i := range rapid.IntRange(0, 3000).Draw(t, "texts") {
				b := bytes.Repeat(fmt.Append(nil, i*7919%values, "\x00"), 3)
				b = b[:min(len(b), i%(longest+1))]
				from, buf = append(from, uint32(len(buf))), append(buf, b...)
				to, buf = append(to, uint32(len(buf))), append(buf, byte(i))
				if len(b) == 0 {
					want, none = append(want, -1), none+1
				} else {
					want = append(want, one.Code(b))
				}
			}
			got := make([]int32, len(want))
			if n := many.Codes(append(buf, make([]byte, TextSlack)...), from, to, got); n != none || !slices.Equal(got, want) {
				t.Fatalf("%d without a code, codes %v, want %d, %v", n, got, none, want)
			}
		}
		if a, b := one.Values().String(), many.Values().String(); a != b {
			t.Fatalf("values %s, want %s", b, a)
		}
	})
}

func TestDictionarySnapshotsStay(t *testing.T) {
	d := NewDictionary()
	var snapshots []*array.String
	for i := range 10_000 {
		d.Code(fmt.Appendf(nil, "value %d", i))
		if i%777 == 0 {
			snapshots = append(snapshots, d.Values().(*array.String))
		}
	}
	for k, s := range snapshots {
		if s.Len() != k*777+1 || s.Value(s.Len()-1) != fmt.Sprintf("value %d", k*777) {
			t.Fatalf("snapshot %d has %d values, the last %q", k, s.Len(), s.Value(s.Len()-1))
		}
	}
}

// TestRecoder: codes follow the values, however dictionaries grow and change,
// and each new value is asked for once as long as they only grow.
func TestRecoder(t *testing.T) {
	calls := 0
	ids := map[string]int32{}
	r := Recoder{New: func(v []byte) int32 {
		calls++
		if _, ok := ids[string(v)]; !ok {
			ids[string(v)] = int32(100 + len(ids))
		}
		return ids[string(v)]
	}}
	defer r.Release()
	check := func(values ...string) {
		t.Helper()
		for i, code := range r.Codes(stringsOf(values...)) {
			if code != ids[values[i]] {
				t.Errorf("code of %q is %d, want %d", values[i], code, ids[values[i]])
			}
		}
	}
	d := NewDictionary()
	check()
	d.Code([]byte("a"))
	r.Codes(d.Values())
	d.Code([]byte("b"))
	r.Codes(d.Values())
	r.Codes(d.Values())
	if calls != 2 {
		t.Errorf("%d calls for two values of a growing dictionary", calls)
	}
	check("b", "a")      // another dictionary
	check("b", "a", "c") // which another one extends
	check("b")           // shorter
	check("", "x")
}

func stringsOf(values ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}

func BenchmarkDictionaryCode(b *testing.B) {
	keys := make([][]byte, 1<<16)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "C%06d", i*7919%200_000)
	}
	d := NewDictionary()
	b.ResetTimer()
	for i := range b.N {
		d.Code(keys[i&(1<<16-1)])
	}
}
