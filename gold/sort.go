package gold

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// sortBy returns the positions 0 … n − 1 in order of their values, ascending;
// equal ones in order of the position.
func sortBy(n int, value func(int) pipeline.Total) []int32 {
	order, values := make([]int32, n), make([]int64, n)
	least, most := int64(0), int64(0)
	for i := range order {
		order[i] = int32(i)
		v, small := value(i).Int64()
		if !small { // some sum has more than 64 bits
			for i := range order {
				order[i] = int32(i)
			}
			slices.SortFunc(order, func(x, y int32) int { return cmp.Or(value(int(x)).Cmp(value(int(y))), int(x-y)) })
			return order
		}
		values[i] = v
		if i == 0 || v < least {
			least = v
		}
		if i == 0 || v > most {
			most = v
		}
	}
	places := bits.Len(uint(n)) // bits of a position
	if bits.Len64(uint64(most)-uint64(least))+places > 64 {
		slices.SortFunc(order, func(x, y int32) int { return cmp.Or(cmp.Compare(values[x], values[y]), int(x-y)) })
		return order
	}
	// A value and its position in one number, which is sorted several times faster.
	items := make([]uint64, n)
	for i, v := range values {
		items[i] = (uint64(v)-uint64(least))<<places | uint64(i)
	}
	slices.Sort(items)
	for i, it := range items {
		order[i] = int32(it & (1<<places - 1))
	}
	return order
}
