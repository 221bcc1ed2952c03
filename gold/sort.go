package gold

import (
	"cmp"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// sortBy returns the positions 0 … n − 1 in order of their values, ascending;
// equal ones in order of the position.
func sortBy(n int, value func(int) pipeline.Total) []int32 {
	type item struct {
		value    int64
		position int32
	}
	order := make([]int32, n)
	items := make([]item, n)
	for i := range items {
		v, small := value(i).Int64()
		if !small { // some sum has more than 64 bits
			for i := range order {
				order[i] = int32(i)
			}
			slices.SortFunc(order, func(x, y int32) int { return cmp.Or(value(int(x)).Cmp(value(int(y))), int(x-y)) })
			return order
		}
		items[i] = item{v, int32(i)}
	}
	slices.SortFunc(items, func(x, y item) int { return cmp.Or(cmp.Compare(x.value, y.value), int(x.position-y.position)) })
	for i, it := range items {
		order[i] = it.position
	}
	return order
}
