package gold

import (
	"cmp"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// sortBy puts positions in order of their values, ascending; equal ones in
// order of the position.
func sortBy(positions []int, value func(int) pipeline.Total) {
	type item struct {
		value    int64
		position int
	}
	items := make([]item, len(positions))
	for i, p := range positions {
		v, small := value(p).Int64()
		if !small { // some sum has more than 64 bits
			slices.SortFunc(positions, func(x, y int) int { return cmp.Or(value(x).Cmp(value(y)), x-y) })
			return
		}
		items[i] = item{v, p}
	}
	slices.SortFunc(items, func(x, y item) int { return cmp.Or(cmp.Compare(x.value, y.value), x.position-y.position) })
	for i, it := range items {
		positions[i] = it.position
	}
}
