package dashboard

import (
	"cmp"
	"slices"
)

// ranked returns the places of rows by revenue, the highest first, ties in order.
func ranked(rows []row) []int {
	out := make([]int, len(rows))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int {
		return cmp.Or(rows[b].sums.revenue().Cmp(rows[a].sums.revenue()), cmp.Compare(a, b))
	})
	return out
}
