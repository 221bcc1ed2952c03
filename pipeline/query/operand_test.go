package query

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

func TestOperands(t *testing.T) {
	checkRows(t, []rowsCase{
		{"orders = line", []int{0}},
		{"orders != line", []int{2, 3}}, // a NULL is not unequal
		{"line - orders = 0", []int{0}},
		{"line -orders = 0", []int{0}},
		{"orders -1 = 0", []int{0}},
		{"orders-1 = 0", []int{0}},
		{"2 = orders", []int{1}},
		{"orders + 0.5 > 2", []int{1, 3}},
		{"orders = 9007199254740992 + 1", []int{3}},
		{"price * 2 = 25", []int{0}},
		{"price * 2 = 25.0", []int{0}},
		{"total * 10000 = -1", []int{1}},
		{"total * total * total * total > 2", []int{0}},
		{"price + total > total", []int{0, 3}},
		{"(orders + 1) * 2 = 4", []int{0}},
		{"((orders + 1) * 2 = 4)", []int{0}},
		{"NOT (orders + 1) * 2 = 4 AND line IS NULL", []int{1}},
		{"-orders > 0", []int{2}},
		{"-(orders) = 3", []int{2}},
		{"orders = -(3)", []int{2}},
		{"orders = - 3", []int{2}},
		{"day <= at", []int{0, 2, 3}},
		{"at = day", []int{3}},
		{"day != day", nil},
		{"guest = guest", []int{0, 2, 3}},
		{"id = country", nil},
		{"id < country", []int{2}}, // "" before Germany
		{"country = country", []int{0, 2, 3}},
		{"orders BETWEEN 1 AND 2", []int{0, 1}},
		{"orders NOT BETWEEN 1 AND 2", []int{2, 3}},
		{"orders BETWEEN line AND line + 1", []int{0}},
		{"orders + 1 BETWEEN 2 AND 3 AND guest", []int{0}},
		{"orders + 1 NOT BETWEEN 2 AND 3", []int{2, 3}},
		{"(orders) BETWEEN 1 AND 2", []int{0, 1}},
		{"day BETWEEN '1969-12-31' AND '2024-01-31'", []int{0, 2}},
		{"id BETWEEN 'a' AND 'b'", []int{0}},
		{"\"IN\" * 2 = 8", []int{3}},
	})
}

// What is computed is exact, however large.
func TestArithmetic(t *testing.T) {
	decimals := &arrow.Decimal128Type{Precision: 38, Scale: 4}
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: pipeline.Int64Type, Nullable: true}, {Name: "d", Type: decimals, Nullable: true}}, nil)
	rapid.Check(t, func(t *rapid.T) {
		ints, sums := array.NewInt64Builder(memory.DefaultAllocator), array.NewDecimal128Builder(memory.DefaultAllocator, decimals)
		rows := rapid.IntRange(1, 5).Draw(t, "rows")
		values := make([]map[string]*big.Rat, rows)
		for i := range values {
			values[i] = map[string]*big.Rat{}
			if rapid.IntRange(0, 5).Draw(t, "null n") == 0 {
				ints.AppendNull()
			} else {
				n := rapid.SampledFrom([]int64{0, 1, -1, 3, 1 << 40, -1 << 62, -1 << 63, 1<<63 - 1}).Draw(t, "n")
				ints.Append(n)
				values[i]["n"] = new(big.Rat).SetInt64(n)
			}
			if rapid.IntRange(0, 5).Draw(t, "null d") == 0 {
				sums.AppendNull()
			} else {
				d := decimal128.New(rapid.SampledFrom([]int64{0, -1, 5, 1 << 50}).Draw(t, "high"), rapid.SampledFrom([]uint64{0, 7, 10_000, 1<<64 - 1}).Draw(t, "low"))
				sums.Append(d)
				values[i]["d"] = new(big.Rat).SetFrac(d.BigInt(), big.NewInt(10_000))
			}
		}
		rec := array.NewRecord(schema, []arrow.Array{ints.NewArray(), sums.NewArray()}, int64(rows))
		// expr makes an expression and its value in each row, nil for NULL.
		var expr func(depth int) (string, []*big.Rat)
		expr = func(depth int) (string, []*big.Rat) {
			out := make([]*big.Rat, rows)
			switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
			case depth == 0 && kind > 1, kind == 0:
				s := rapid.SampledFrom([]string{"0", "2", "-3", "0.25", "9223372036854775807", "123456789012345678901234567890.5"}).Draw(t, "literal")
				r, _ := new(big.Rat).SetString(s)
				for i := range out {
					out[i] = r
				}
				return s, out
			case kind == 1:
				c := rapid.SampledFrom([]string{"n", "d"}).Draw(t, "column")
				for i := range out {
					out[i] = values[i][c]
				}
				return c, out
			default:
				l, lv := expr(depth - 1)
				r, rv := expr(depth - 1)
				for i := range out {
					if lv[i] == nil || rv[i] == nil {
						continue
					}
					switch out[i] = new(big.Rat); kind {
					case 2:
						out[i].Add(lv[i], rv[i])
					case 3:
						out[i].Sub(lv[i], rv[i])
					default:
						out[i].Mul(lv[i], rv[i])
					}
				}
				return fmt.Sprintf("(%s %c %s)", l, "+-*"[kind-2], r), out
			}
		}
		l, lv := expr(3)
		r, rv := expr(3)
		op := rapid.SampledFrom(operators).Draw(t, "operator")
		condition := "n + 0 = 0 OR " + l + " + 0 " + op + " " + r + " * 1"
		f, err := Parse(condition, schema)
		if err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
		var want []int
		for i := range values {
			n := values[i]["n"]
			zero := n != nil && n.Sign() == 0
			if zero || lv[i] != nil && rv[i] != nil && accepts(op)[lv[i].Cmp(rv[i])+1] {
				want = append(want, i)
			}
		}
		if got, err := f.Rows(rec, nil); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s: rows %v, %v, want %v", condition, got, err, want)
		}
	})
}
