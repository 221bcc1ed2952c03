package gold

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// What is put comes out, whatever the sizes of ids and how they grow, and
// whenever memory gets short.
func TestSightings(t *testing.T) {
	scratch := pipeline.NewScratch(1, t.TempDir())
	defer scratch.Close()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 5))
		s := &sightings{fixed: 1 + rng.IntN(3), line: rng.IntN(3), chunk: 1 << (10 + rng.IntN(5))}
		full := rng.IntN(40) // no limit from 20 on
		sizes := make([]int, s.fixed+s.line)
		second := 8 * rng.IntN(2)
		var want, got []string
		const rows = 600
		columns := make([][]int32, len(sizes))
		for round := range 20 {
			if round == full {
				if err := s.putAside(scratch.Spill()); err != nil {
					t.Fatal(err)
				}
			}
			for j := range sizes {
				sizes[j] = max(sizes[j], 1+rng.IntN(1<<rng.IntN(31)))
				columns[j] = make([]int32, rows)
				for i := range columns[j] {
					columns[j][i] = rng.Int32N(int32(sizes[j]))
				}
			}
			s.setLayout(8, second, sizes)
			for range 100 {
				a, b := rng.Uint64(), uint64(0)
				if second > 0 {
					b = rng.Uint64()
				}
				from := rng.IntN(rows - 1)
				to := min(rows, from+1+rng.IntN(maxLines))
				if err := s.put(7, a, b, columns[:s.fixed], from, columns[s.fixed:], from, to); err != nil {
					t.Fatal(err)
				}
				var words []int32
				for _, c := range columns[:s.fixed] {
					words = append(words, c[from])
				}
				if s.line > 0 {
					words = append(words, int32(to-from))
				}
				for _, c := range columns[s.fixed:] {
					words = append(words, c[from:to]...)
				}
				want = append(want, fmt.Sprint(a, b, words))
			}
		}
		var r records
		if err := s.take(7, &r); err != nil {
			t.Fatal(err)
		}
		if inFile := s.spill != nil && s.spill.Size() > 0; inFile != (full < 20) {
			t.Fatalf("seed %d: in a file is %v", seed, inFile)
		}
		for i, a := range r.a {
			b, to := uint64(0), len(r.words)
			if second > 0 {
				b = r.b[i]
			}
			if i+1 < len(r.at) {
				to = int(r.at[i+1])
			}
			got = append(got, fmt.Sprint(a, b, r.words[r.at[i]:to]))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d records came out otherwise than %d went in", seed, len(got), len(want))
		}
	}
}

// A record that cannot be put is an error, and those before it are still there.
func TestSightingsFail(t *testing.T) {
	s := &sightings{fixed: 1, chunk: 1 << 10}
	s.setLayout(8, 0, []int{1 << 20})
	ids := [][]int32{{5}}
	n := 0
	put := func() error { return s.put(0, uint64(n), 0, ids, 0, nil, 0, 0) }
	for ; n < 1000; n++ {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.putAside(pipeline.NewScratch(1, filepath.Join(t.TempDir(), "none")).Spill()); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("putAside: %v", err)
	}
	for err := put(); !errors.Is(err, os.ErrNotExist); err = put() {
		if n++; err != nil || n > 2000 {
			t.Fatalf("record %d: %v", n, err)
		}
	}
	var r records
	if err := s.take(0, &r); err != nil || len(r.a) != n {
		t.Errorf("%d of %d records are left: %v", len(r.a), n, err)
	}
}
