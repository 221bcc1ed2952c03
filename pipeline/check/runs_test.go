package check

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// Runs find the keys that several rows have, of many and of long ones, from memory
// and from a file.
func TestRuns(t *testing.T) {
	for _, scratch := range []*pipeline.Scratch{new(pipeline.Scratch), pipeline.NewScratch(1, "")} {
		r := rand.New(rand.NewPCG(4, 4))
		runs, want := newRuns(scratch), map[string]int64{}
		writers := []*runWriter{runs.writer(), runs.writer()}
		text := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
		for i := range 300_000 {
			order := fmt.Sprint("order ", i+r.IntN(2)*r.IntN(2)*r.IntN(9)) // some come again a little later
			first := text(order)
			if i%60_000 == 0 {
				order = strings.Repeat("long", 30_000)
				first = append([]byte{0xc0, 0xa9, 0x07}, order...)
			}
			w := writers[r.IntN(2)]
			for line := range 1 + r.IntN(3) {
				if err := w.begin(first); err != nil {
					t.Fatal(err)
				}
				rest := []byte{byte(line ^ r.IntN(2)*r.IntN(2)), 'x'}
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
		found, f := map[string]int64{}, &finder{runs: runs}
		for part := range partCount {
			if err := f.repeated(part, func(first, rest []byte, rows int64) { found[string(first)+string(rest)] += rows }); err != nil {
				t.Fatal(err)
			}
		}
		repeated := 0
		for key, n := range want {
			if n > 1 {
				repeated++
			}
			if n > 1 && found[key] != n || n == 1 && found[key] != 0 {
				t.Fatalf("%.30q: %d rows, found %d", key, n, found[key])
			}
		}
		if repeated < 1000 || len(found) != repeated {
			t.Errorf("%d keys are repeated, %d found", repeated, len(found))
		}
		if (scratch.Spilled() > 0) != scratch.Full() {
			t.Error("nothing was spilled")
		}
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	}
}
