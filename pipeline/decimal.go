package pipeline

import (
	"math/big"
	"math/bits"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// The largest unscaled values that the decimal types hold.
const (
	MaxPrice = 999_999_999_999_999_999 // decimal(18,4), also Ratio's
	MaxRate  = 999_999_999             // decimal(9,6)
)

// Total is an exact running sum of int64 values in 128 bits. The zero value is
// 0. 2^63 values cannot overflow it.
type Total struct {
	Lo uint64
	Hi int64
}

// Add adds v.
func (t *Total) Add(v int64) {
	lo, carry := bits.Add64(t.Lo, uint64(v), 0)
	t.Lo = lo
	t.Hi += v>>63 + int64(carry)
}

// Merge adds another total.
func (t *Total) Merge(o Total) {
	lo, carry := bits.Add64(t.Lo, o.Lo, 0)
	t.Lo = lo
	t.Hi += o.Hi + int64(carry)
}

// Sub returns t − o.
func (t Total) Sub(o Total) Total {
	lo, borrow := bits.Sub64(t.Lo, o.Lo, 0)
	return Total{Lo: lo, Hi: t.Hi - o.Hi - int64(borrow)}
}

// Plus returns t + o.
func (t Total) Plus(o Total) Total { t.Merge(o); return t }

// Sign returns -1, 0 or 1.
func (t Total) Sign() int {
	switch {
	case t.Hi < 0:
		return -1
	case t.Hi == 0 && t.Lo == 0:
		return 0
	}
	return 1
}

// Cmp compares two totals.
func (t Total) Cmp(o Total) int { return t.Sub(o).Sign() }

// Int64 returns the total and whether it fits.
func (t Total) Int64() (int64, bool) {
	return int64(t.Lo), t.Hi == int64(t.Lo)>>63
}

// Sum returns the total as a decimal(28,4) whose unscaled value it is, and
// whether it fits.
func (t Total) Sum() (Sum, bool) {
	n := decimal128.New(t.Hi, t.Lo)
	return Sum{n}, n.FitsInPrecision(28)
}

// TotalOf returns v as a Total.
func TotalOf(v int64) Total { return Total{Lo: uint64(v), Hi: v >> 63} }

// TotalOfSum returns the unscaled value of a Sum.
func TotalOfSum(s Sum) Total { return Total{Lo: s.LowBits(), Hi: s.HighBits()} }

func (t Total) abs() (hi, lo uint64) {
	if t.Hi >= 0 {
		return uint64(t.Hi), t.Lo
	}
	lo, borrow := bits.Sub64(0, t.Lo, 0)
	hi, _ = bits.Sub64(0, uint64(t.Hi), borrow)
	return hi, lo
}

func (t Total) big() *big.Int {
	hi, lo := t.abs()
	b := new(big.Int).SetUint64(hi)
	b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(lo))
	if t.Hi < 0 {
		b.Neg(b)
	}
	return b
}

// Quotient returns a / b, times 10^digits, rounded half away from zero:
// sign × floor((2·|a|·10^digits + |b|) / (2·|b|)). ok is false where b is 0 or
// the result's absolute value is over limit. (TABLES.md, "Quotients are exact".)
func Quotient(a, b Total, digits int, limit int64) (q int64, ok bool) {
	if b.Sign() == 0 {
		return 0, false
	}
	negative := (a.Sign() < 0) != (b.Sign() < 0)
	ahi, alo := a.abs()
	bhi, blo := b.abs()
	scale := 2 * pow10[digits]
	if bhi == 0 && blo < 1<<62 {
		// 2·|a|·10^digits + |b| in 128 bits, if it fits.
		over, _ := bits.Mul64(ahi, scale)
		hi, lo := bits.Mul64(alo, scale)
		if ahi*scale == 0 && over == 0 {
			var carry uint64
			lo, carry = bits.Add64(lo, blo, 0)
			hi, carry = bits.Add64(hi, 0, carry)
			if d := 2 * blo; carry == 0 && hi < d {
				u, _ := bits.Div64(hi, lo, d)
				if u > uint64(limit) {
					return 0, false
				}
				if negative {
					return -int64(u), true
				}
				return int64(u), true
			}
		}
	}
	n, d := a.big(), b.big()
	n.Abs(n).Mul(n, new(big.Int).SetUint64(scale))
	d.Abs(d)
	n.Add(n, d).Quo(n, d.Lsh(d, 1))
	if !n.IsInt64() || n.Int64() > limit {
		return 0, false
	}
	if negative {
		return -n.Int64(), true
	}
	return n.Int64(), true
}

var pow10 = [...]uint64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
	10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000,
	1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000}

// FormatDecimal renders an unscaled value with its scale: 125000, 4 → "12.5000".
func FormatDecimal(v int64, scale int) string {
	return string(AppendDecimal(nil, v, scale))
}

// AppendDecimal is FormatDecimal into a buffer.
func AppendDecimal(dst []byte, v int64, scale int) []byte {
	u := uint64(v)
	if v < 0 {
		dst, u = append(dst, '-'), -u
	}
	var buf [24]byte
	i := len(buf)
	for n := 0; n <= scale || u > 0; n++ {
		if n == scale && scale > 0 {
			i--
			buf[i] = '.'
		}
		i--
		buf[i] = byte('0' + u%10)
		u /= 10
	}
	return append(dst, buf[i:]...)
}

// String renders the amount with four decimals.
func (p Price) String() string { return FormatDecimal(int64(p), 4) }

// String renders the rate with six decimals.
func (r Rate) String() string { return FormatDecimal(int64(r), 6) }

// String renders the ratio with six decimals.
func (r Ratio) String() string { return FormatDecimal(int64(r), 6) }

// String renders the sum with four decimals.
func (s Sum) String() string {
	v := s.BigInt().String()
	sign := ""
	if strings.HasPrefix(v, "-") {
		sign, v = "-", v[1:]
	}
	if len(v) < 5 {
		v = strings.Repeat("0", 5-len(v)) + v
	}
	return sign + v[:len(v)-4] + "." + v[len(v)-4:]
}
