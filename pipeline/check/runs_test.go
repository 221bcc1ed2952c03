package check

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// Runs find the keys that several rows have, of many and of long ones, whatever
// order they come in, from memory and from a file.
func TestRuns(t *testing.T) {
	const count = 300_000
	for name, c := range map[string]struct {
		writer func(r *rand.Rand, i int) int    // which of two takes a run
		order  func(r *rand.Rand, i int) int    // its number
		line   func(r *rand.Rand, line int) int // the number of a row in it
	}{
		"ascending by segments": {
			func(_ *rand.Rand, i int) int { return i / 20_000 % 2 },
			func(r *rand.Rand, i int) int {
				if r.IntN(1000) == 0 {
					return r.IntN(count)
				}
				return i
			},
			func(r *rand.Rand, line int) int {
				if r.IntN(1000) == 0 {
					return 0
				}
				return line
			},
		},
		"woven": {
			func(r *rand.Rand, i int) int { return r.IntN(2) },
			func(r *rand.Rand, i int) int { return i + r.IntN(2)*r.IntN(2)*r.IntN(9) },
			func(r *rand.Rand, line int) int { return line ^ r.IntN(2)*r.IntN(2) },
		},
		"shuffled": {
			func(r *rand.Rand, i int) int { return i / 20_000 % 2 },
			func(r *rand.Rand, i int) int {
				if i < 30_000 {
					return i
				}
				return r.IntN(1 << 22)
			},
			func(r *rand.Rand, line int) int { return line },
		},
	} {
		for _, scratch := range []*pipeline.Scratch{new(pipeline.Scratch), pipeline.NewScratch(1, "")} {
			r := rand.New(rand.NewPCG(4, 4))
			runs, want := newRuns(scratch), map[string]int64{}
			writers := []*runWriter{runs.writer(), runs.writer()}
			text := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
			for i := range count {
				order := fmt.Sprint([]string{"order ", "sale "}[r.IntN(2)], c.order(r, i))
				first := text(order)
				if i%60_000 == 0 {
					order = strings.Repeat("long", 30_000)
					first = append([]byte{0xc0, 0xa9, 0x07}, order...)
				}
				w := writers[c.writer(r, i)]
				for line := range 1 + r.IntN(3) {
					if err := w.begin(first); err != nil {
						t.Fatal(err)
					}
					rest := []byte{byte(c.line(r, line)), 'x'}
					w.add(rest)
					want[string(first)+string(rest)]++
				}
			}
			for _, w := range writers {
				w.done()
			}
			if err := runs.flush(); err != nil {
				t.Fatal(err)
			}
			found := map[string]int64{}
			if err := newFinder(runs).each(func(first, rest []byte, rows int64) { found[string(first)+string(rest)] += rows }); err != nil {
				t.Fatal(err)
			}
			repeated := 0
			for key, n := range want {
				if n > 1 {
					repeated++
				}
				if n > 1 && found[key] != n || n == 1 && found[key] != 0 {
					t.Fatalf("%s: %.30q: %d rows, found %d", name, key, n, found[key])
				}
			}
			if repeated < 300 || len(found) != repeated {
				t.Errorf("%s: %d keys are repeated, %d found", name, repeated, len(found))
			}
			t.Logf("%s: %d keys are repeated", name, repeated)
			if (runs.strayed.Load() > maxStrays) != (name == "shuffled") {
				t.Errorf("%s: %d strays", name, runs.strayed.Load())
			}
			if (scratch.Spilled() > 0) != scratch.Full() {
				t.Error("nothing was spilled")
			}
			if err := scratch.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// Keys that few first values share, as those of country and order, are found too.
func TestRunsOfFew(t *testing.T) {
	for _, scratch := range []*pipeline.Scratch{new(pipeline.Scratch), pipeline.NewScratch(1, "")} {
		r := rand.New(rand.NewPCG(5, 5))
		runs, want, found := newRuns(scratch), map[string]int64{}, map[string]int64{}
		w := runs.writer()
		for range 400_000 {
			first, rest := []byte{1, "ABC"[r.IntN(3)]}, binary.BigEndian.AppendUint32(nil, r.Uint32N(1<<24))
			if err := w.begin(first); err != nil {
				t.Fatal(err)
			}
			w.add(rest)
			want[string(first)+string(rest)]++
		}
		w.done()
		if err := runs.flush(); err != nil {
			t.Fatal(err)
		}
		f := newFinder(runs)
		if scratch.Full() {
			f.most = 1000
		}
		if err := f.each(func(first, rest []byte, rows int64) { found[string(first)+string(rest)] += rows }); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(want, func(_ string, n int64) bool { return n == 1 })
		if len(want) < 1000 || !maps.Equal(found, want) {
			t.Errorf("%d keys are repeated, %d found", len(want), len(found))
		}
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	}
}
