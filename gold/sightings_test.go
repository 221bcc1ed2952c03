package gold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// What is put comes out, whatever the sizes of ids and how they grow.
func TestSightings(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 5))
		s := &sightings{fixed: 1 + rng.IntN(3), line: rng.IntN(3)}
		sizes := make([]int, s.fixed+s.line)
		second := 8 * rng.IntN(2)
		var want, got []string
		const rows = 600
		columns := make([][]int32, len(sizes))
		for range 20 {
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
				s.put(7, a, b, columns[:s.fixed], from, columns[s.fixed:], from, to)
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
		s.take(7, &r)
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
