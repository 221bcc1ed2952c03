package pipeline

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func total(t *rapid.T, name string) Total {
	a := Total{Lo: rapid.Uint64().Draw(t, name+" lo"), Hi: rapid.Int64Range(-1<<40, 1<<40).Draw(t, name+" hi")}
	if rapid.Bool().Draw(t, name+" small") {
		return TotalOf(rapid.Int64Range(-20, 20).Draw(t, name))
	}
	return a
}

func TestTotalAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum Total
		want := new(big.Int)
		for _, v := range rapid.SliceOf(rapid.Int64()).Draw(t, "values") {
			sum.Add(v)
			want.Add(want, big.NewInt(v))
		}
		if sum.big().Cmp(want) != 0 {
			t.Fatalf("sum %v, want %v", sum.big(), want)
		}
		a, b := total(t, "a"), total(t, "b")
		if got := a.Sub(b).big(); got.Cmp(new(big.Int).Sub(a.big(), b.big())) != 0 {
			t.Fatalf("difference %v", got)
		}
		if a.Cmp(b) != a.big().Cmp(b.big()) {
			t.Fatalf("order of %v and %v", a.big(), b.big())
		}
	})
}

// TestQuotientAgainstBig holds Quotient to the formula of the contract:
// sign × floor((2·|a|·10^k + |b|) / (2·|b|)).
func TestQuotientAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := total(t, "a"), total(t, "b")
		k := rapid.IntRange(0, 10).Draw(t, "k")
		limit := rapid.SampledFrom([]int64{MaxPrice, MaxRate, math.MaxInt64, 7}).Draw(t, "limit")
		got, ok := Quotient(a, b, k, limit)
		if b.Sign() == 0 {
			if ok {
				t.Fatal("a denominator of 0 gave a value")
			}
			return
		}
		x, y := a.big(), b.big()
		sign := int64(x.Sign() * y.Sign())
		x.Abs(x).Mul(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil)).Lsh(x, 1)
		y.Abs(y)
		want := x.Add(x, y).Div(x, new(big.Int).Lsh(y, 1))
		if fits := want.IsInt64() && want.Int64() <= limit; fits != ok {
			t.Fatalf("ok %t for %v, limit %d", ok, want, limit)
		}
		if ok && got != sign*want.Int64() {
			t.Fatalf("%d, want %d × %v", got, sign, want)
		}
	})
}

func TestFormatDecimal(t *testing.T) {
	for _, c := range []struct {
		v     int64
		scale int
		want  string
	}{
		{0, 4, "0.0000"}, {125000, 4, "12.5000"}, {-1, 4, "-0.0001"}, {7, 0, "7"}, {-70, 0, "-70"},
		{math.MinInt64, 4, "-922337203685477.5808"}, {100000, 6, "0.100000"},
	} {
		if got := FormatDecimal(c.v, c.scale); got != c.want {
			t.Errorf("FormatDecimal(%d, %d) = %s, want %s", c.v, c.scale, got, c.want)
		}
	}
	s, ok := TotalOf(-5).Sum()
	if !ok || s.String() != "-0.0005" {
		t.Errorf("Sum of -5 is %s, %t", s, ok)
	}
	if _, ok := (Total{Hi: 1 << 40}).Sum(); ok {
		t.Error("2^104 fits a decimal(28,4)")
	}
}
