package dashboard

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// column are the numbers of a chunk, in 32 bits where all fit.
type column struct {
	small []int32
	wide  []int64 // with math.MinInt64 for NULL
}

// The largest number that is read: what prices can be is less by far.
const largest = 1 << 61

// read takes over a column of whole numbers or prices, unscaled, each as a function
// of it and of whether its line is a return.
func (n *column) read(col arrow.Array, back func(i int) bool, as func(v int64, back bool) int64) (row int, err error) {
	n.small = make([]int32, 0, col.Len())
	add := func(i int, v int64) {
		if v = as(v, back(i)); n.wide == nil && v > unknown && v <= math.MaxInt32 {
			n.small = append(n.small, int32(v))
			return
		}
		n.widen(col.Len())
		n.wide = append(n.wide, v)
	}
	null := func() {
		if n.wide == nil {
			n.small = append(n.small, unknown)
		} else {
			n.wide = append(n.wide, math.MinInt64)
		}
	}
	for i := range col.Len() {
		if col.IsNull(i) {
			null()
			continue
		}
		var v int64
		switch a := col.(type) {
		case *array.Int64:
			v = a.Value(i)
		case *array.Decimal128:
			d := a.Value(i)
			if v = int64(d.LowBits()); d.HighBits() != v>>63 {
				v = math.MaxInt64
			}
		default:
			return i, fmt.Errorf("is a %s, no number", col.DataType())
		}
		if v <= -largest || v >= largest {
			return i, fmt.Errorf("is too large a number")
		}
		add(i, v)
	}
	return 0, nil
}

// widen makes the column one of 64 bits.
func (n *column) widen(room int) {
	if n.wide != nil {
		return
	}
	n.wide = make([]int64, 0, room)
	for _, v := range n.small {
		if v == unknown {
			n.wide = append(n.wide, math.MinInt64)
		} else {
			n.wide = append(n.wide, int64(v))
		}
	}
	n.small = nil
}

// parts are the low and the high parts of numbers.
func (n *column) parts() (low, high []int32) {
	n.widen(len(n.small))
	low, high = make([]int32, len(n.wide)), make([]int32, len(n.wide))
	for i, v := range n.wide {
		if v == math.MinInt64 {
			low[i] = unknown
		} else {
			low[i], high[i] = int32(v&math.MaxInt32), int32(v>>31)
		}
	}
	return low, high
}

// textOf returns a column's texts by row: nil for NULL, else valid as long as the column.
func textOf(col arrow.Array) func(int) []byte {
	values, at := col, func(i int) int { return i }
	if d, ok := col.(*array.Dictionary); ok {
		values, at = d.Dictionary(), d.GetValueIndex
	}
	text := values.(*array.String)
	return func(i int) []byte {
		if col.IsNull(i) {
			return nil
		}
		if b := pipeline.StringBytes(text, at(i)); b != nil {
			return b
		}
		return []byte{}
	}
}
