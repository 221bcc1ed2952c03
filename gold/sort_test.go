package gold

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// Values of any range are put in order as a stable sort of them does.
func TestSortBy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ranges := map[string]func() pipeline.Total{
		"equal":   func() pipeline.Total { return pipeline.TotalOf(7) },
		"few":     func() pipeline.Total { return pipeline.TotalOf(r.Int64N(5) - 2) },
		"small":   func() pipeline.Total { return pipeline.TotalOf(r.Int64N(1e9) - 5e8) },
		"64 bits": func() pipeline.Total { return pipeline.TotalOf(int64(r.Uint64())) },
		"ends": func() pipeline.Total {
			return pipeline.TotalOf([]int64{math.MinInt64, math.MaxInt64, 0, -1}[r.IntN(4)])
		},
		"more": func() pipeline.Total { return pipeline.Total{Lo: r.Uint64(), Hi: r.Int64N(3) - 1} },
	}
	for name, next := range ranges {
		for _, n := range []int{0, 1, 2, 3, 100, 5000} {
			values, want := make([]pipeline.Total, n), make([]int32, n)
			for i := range values {
				values[i], want[i] = next(), int32(i)
			}
			slices.SortStableFunc(want, func(x, y int32) int { return values[x].Cmp(values[y]) })
			if got := sortBy(n, func(i int) pipeline.Total { return values[i] }); !slices.Equal(got, want) {
				t.Errorf("%s, %d values: another order", name, n)
			}
		}
	}
}
