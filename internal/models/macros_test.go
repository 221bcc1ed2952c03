package models

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// TestArithmetic has DuckDB and Spark divide random numbers near every limit, and
// compares with math/big.
func TestArithmetic(t *testing.T) {
	r := judgetest.Random(t)
	judgetest.Rules(t, macros(), func(sql.Dialect) []judgetest.Rule {
		return []judgetest.Rule{
			quotients(r, "prices", "decimal(28, 4)", 24, 4, "bigint", 19, 0, 4),
			quotients(r, "ratios", "decimal(28, 4)", 24, 4, "decimal(28, 4)", 24, 4, 6),
			quotients(r, "counts", "bigint", 19, 0, "bigint", 19, 0, 6),
			quotients(r, "rates", "decimal(18, 4)", 14, 4, "decimal(30, 6)", 24, 6, 4),
		}
	})
}

// quotients is the macro quotient over a and b of types of so many digits before
// and behind the point.
func quotients(r *rand.Rand, name, aType string, aWhole, aScale int, bType string, bWhole, bScale, digits int) judgetest.Rule {
	rule := judgetest.Rule{
		Name: name, Columns: []string{"a", "b"}, Type: "decimal(18," + strconv.Itoa(digits) + ")",
		SQL: "{{ quotient('cast(a as " + aType + ")', 'cast(b as " + bType + ")', " + strconv.Itoa(digits) + ") }}",
	}
	add := func(a, b *big.Int) { // unscaled
		rule.Rows = append(rule.Rows, []any{decimalText(a, aScale), decimalText(b, bScale), roundedQuotient(a, b, bScale-aScale+digits, digits)})
	}
	for range 6_000 {
		a, b := number(r, aWhole+aScale), number(r, bWhole+bScale)
		switch r.IntN(4) {
		case 0: // a result that is a half, or nearly
			half := number(r, min(12, aWhole))
			a = half.Mul(half.Lsh(half, 1).Add(half, big.NewInt(1)), b)
			a.Rsh(a, 1).Add(a, big.NewInt(r.Int64N(3)-1))
			for aWhole+aScale < len(a.Text(10)) {
				a.Quo(a, big.NewInt(10))
			}
		case 1: // a result near the type's limit
			limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(18-digits+aScale-bScale)), nil)
			if a = limit.Mul(limit, b).Add(limit, big.NewInt(r.Int64N(5)-2)); len(a.Text(10)) > aWhole+aScale {
				continue
			}
		}
		if r.IntN(2) == 0 {
			a.Neg(a)
		}
		if r.IntN(2) == 0 {
			b.Neg(b)
		}
		add(fit(a, aType), fit(b, bType))
	}
	rule.Rows = append(rule.Rows, []any{nil, "1", nil}, []any{"1", nil, nil}, []any{"1", "0", nil}, []any{"0", "0", nil})
	return rule
}

// number returns a number of at most so many digits, of each length as often.
func number(r *rand.Rand, digits int) *big.Int {
	switch r.IntN(12) {
	case 0:
		return new(big.Int)
	case 1: // the largest of its length
		n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(1+r.IntN(digits))), nil)
		return n.Sub(n, big.NewInt(1))
	}
	text := strings.Repeat("0", digits)
	var b strings.Builder
	for range 1 + r.IntN(len(text)) {
		b.WriteByte(byte('0' + r.IntN(10)))
	}
	n, _ := new(big.Int).SetString(b.String(), 10)
	return n
}

// fit keeps a bigint within 64 bits.
func fit(n *big.Int, kind string) *big.Int {
	for kind == "bigint" && !n.IsInt64() {
		n.Quo(n, big.NewInt(10))
	}
	return n
}

// roundedQuotient returns a / b × 10^shift, rounded half away from zero, as a
// decimal(18, digits); nil where there is none.
func roundedQuotient(a, b *big.Int, shift, digits int) any {
	if b.Sign() == 0 {
		return nil
	}
	q := new(big.Rat).SetFrac(a, b)
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil))
	if shift < 0 {
		scale.Inv(scale)
	}
	text := q.Mul(q, scale).FloatString(0) // rounds half away from zero
	if len(strings.TrimPrefix(text, "-")) > 18 {
		return nil
	}
	n, _ := new(big.Int).SetString(text, 10)
	return decimalText(n, digits)
}

// decimalText writes an unscaled number with its point.
func decimalText(n *big.Int, scale int) string {
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
}
