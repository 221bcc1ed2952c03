package pipeline

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Int64 parses an integer. A zero fraction is accepted; any other fraction,
// and a number that int64 cannot hold, is Failed.
func (p *Parser) Int64(b []byte) (int64, Status) {
	if n := len(b); n > 0 && n <= 18 {
		v, i, neg := int64(0), 0, false
		if b[0] == '-' && n > 1 {
			i, neg = 1, true
		}
		for ; i < n; i++ {
			d := b[i] - '0'
			if d > 9 {
				break
			}
			v = v*10 + int64(d)
		}
		if i == n && !(neg && n == 1) {
			if p.nulls != nil && p.isNull(b) {
				return 0, Missing
			}
			if neg {
				v = -v
			}
			return v, Parsed
		}
	}
	if len(b) == 0 {
		return 0, Missing
	}
	var d decimalText
	if status := p.scan(b, &d); status != Parsed {
		return 0, status
	}
	u, rest, ok := d.scaled(0, math.MaxInt64)
	if !ok || rest != 0 {
		return 0, Failed
	}
	if d.negative {
		return -int64(u), Parsed
	}
	return int64(u), Parsed
}

// Int32 parses an integer as Int64 does.
func (p *Parser) Int32(b []byte) (int32, Status) {
	v, status := p.Int64(b)
	if status == Parsed && (v > math.MaxInt32 || v < math.MinInt32) {
		return 0, Failed
	}
	return int32(v), status
}

// Decimal parses a number to the Cast's decimal type and returns its unscaled
// value. More digits than the scale are rounded half away from zero (Rounded);
// more integer digits than the type has are Failed.
func (p *Parser) Decimal(b []byte) (int64, Status) {
	// The usual case: at most 17 digits, a point, at most scale digits after it.
	if n := len(b); n > 0 && n <= 17-p.scale {
		if n <= 8 {
			if v, ok := p.brief(word(b), uint32(n)); ok {
				return v, Parsed
			}
		}
		v, i, neg := uint64(0), 0, false
		if b[0] == '-' {
			i, neg = 1, true
		}
		start := i
		for i < n && b[i]-'0' <= 9 {
			v = v*10 + uint64(b[i]-'0')
			i++
		}
		digits, frac := i-start, 0
		if i < n && b[i] == p.decimal && digits > 0 {
			for i++; i < n && b[i]-'0' <= 9; i++ {
				v = v*10 + uint64(b[i]-'0')
				frac++
			}
		}
		if i == n && digits > 0 && frac <= p.scale {
			v *= pow10[p.scale-frac]
			if v <= p.limit {
				if p.nulls != nil && p.isNull(b) {
					return 0, Missing
				}
				if neg {
					return -int64(v), Parsed
				}
				return int64(v), Parsed
			}
		}
	}
	if len(b) == 0 {
		return 0, Missing
	}
	var d decimalText
	if status := p.scan(b, &d); status != Parsed {
		return 0, status
	}
	u, rest, ok := d.scaled(p.scale, p.limit)
	if !ok {
		return 0, Failed
	}
	status := Parsed
	if rest != 0 {
		status = Rounded
	}
	if d.negative {
		return -int64(u), status
	}
	return int64(u), status
}

// Brief is Decimal for a text of n bytes, with which at least 8 begin, if it is
// short and plain, or empty: then it is 0. Where ok is false, Decimal must look.
func (p *Parser) Brief(b []byte, n uint32) (v int64, ok bool) {
	return p.brief(binary.LittleEndian.Uint64(b), n)
}

// brief reads digits, with a point after the first one or a later one if there is
// any, out of the first n bytes of x. In what a column's values differ, it does not
// jump: that would often go wrong.
func (p *Parser) brief(x uint64, n uint32) (v int64, ok bool) {
	const ones, tops, zeros = 0x0101010101010101, 0x8080808080808080, 0x3030303030303030
	if n > p.short || p.nulls != nil && p.nullsLen[n] {
		return 0, false
	}
	// The last byte of the text is the last one of x, with zeros before the first.
	x = x<<(64-8*n) | zeros>>(8*n)
	m := x ^ ones*uint64(p.decimal)
	m = (m - ones) &^ m & tops
	after := uint(bits.TrailingZeros64(m)) + 1 // where what follows the point begins
	if m == 0 {
		after = 0
	}
	keep := ^uint64(0) << after
	digits := (x&keep | (x<<8|'0')&^keep) ^ zeros
	frac := (8 - after/8) & 7
	if (digits|(digits+0x7676767676767676))&tops != 0 || // a byte is over 9
		after-1 < uint(72-8*n) || // the point is before all digits
		frac > uint(p.scale) {
		return 0, false
	}
	digits = digits*10 + digits>>8 // of each two
	u := ((digits&0xff000000ff)*(100+1_000_000<<32) + (digits>>16&0xff000000ff)*(1+10_000<<32)) >> 32
	u *= pow10[uint(p.scale)-frac]
	return int64(u), u <= p.limit
}

// word returns at most 8 bytes, the first one lowest.
func word(b []byte) uint64 {
	switch n := len(b); {
	case n == 8:
		return binary.LittleEndian.Uint64(b)
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*n-32)
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<(n/2*8) | uint64(b[n-1])<<(8*n-8)
	}
	return 0
}

// decimalText is a number taken apart: its significant digits without leading
// zeros, and where the point stands. Digits beyond the kept ones can only decide
// whether a number was rounded: no type holds as many.
type decimalText struct {
	negative bool
	kept     [24]byte // the first digits, 0 to 9
	n        int      // digits in all
	rest     byte     // non-zero where a digit that is not kept is
	point    int      // digits before the decimal point; may be negative or past the end
}

// add appends a digit.
func (d *decimalText) add(digit byte) {
	if d.n < len(d.kept) {
		d.kept[d.n] = digit
	} else {
		d.rest |= digit
	}
	d.n++
}

// maxExponent bounds exponents, so that the point's position cannot overflow.
const maxExponent = 10_000

// scaled returns |number| × 10^scale rounded half away from zero; rest is
// non-zero where digits were lost. ok is false where it passes limit.
func (d *decimalText) scaled(scale int, limit uint64) (u uint64, rest byte, ok bool) {
	keep := d.point + scale
	digits := d.kept[:min(d.n, len(d.kept))]
	for i := range min(keep, d.n) {
		if u > limit/10 { // before the kept digits end: the first is not 0
			return 0, 0, false
		}
		u = u*10 + uint64(digits[i])
	}
	for i := d.n; i < keep && u > 0; i++ {
		if u > limit/10 {
			return 0, 0, false
		}
		u *= 10
	}
	rest = d.rest
	for i := max(keep, 0); i < len(digits); i++ {
		rest |= digits[i]
	}
	if keep >= 0 && keep < len(digits) && digits[keep] >= 5 {
		u++
	}
	return u, rest, u <= limit
}

// scan takes a number apart as the Cast's Number says.
func (p *Parser) scan(b []byte, d *decimalText) Status {
	t := trim(b)
	if len(t) == 0 || p.isNull(b) || p.isNull(t) {
		return Missing
	}
	f := p.Cast.Number
	if f.Parentheses && len(t) > 2 && t[0] == '(' && t[len(t)-1] == ')' {
		d.negative, t = true, trim(t[1:len(t)-1])
	}
	percent := false
	sign := func() bool { // a sign before the number, once
		if len(t) > 0 && (t[0] == '-' || t[0] == '+') && !d.negative {
			if d.negative, t = t[0] == '-', t[1:]; f.Currency {
				t = trim(t)
			}
			return true
		}
		return false
	}
	signed := sign()
	if f.Currency {
		var front, back bool
		t, front = cutCurrency(t)
		if front && !signed {
			signed = sign()
		}
		if !front {
			t, back = cutCurrencyEnd(t)
		}
		if n := len(t); (front || back) && !signed && n > 1 && t[n-1] == '-' && !d.negative {
			d.negative, t = true, trim(t[:n-1])
		}
	}
	if n := len(t); n > 1 && f.Percent && t[n-1] == '%' {
		percent, t = true, trim(t[:n-1])
	}
	if n := len(t); n > 1 && (f.Currency || f.Parentheses) && t[n-1] == '-' && !signed && !d.negative {
		d.negative, t = true, trim(t[:n-1])
	}
	i, n := 0, len(t)
	seen, group, groups := 0, 0, 0
	for ; i < n; i++ {
		c := t[i]
		if c-'0' <= 9 {
			seen++
			group++
			if c != '0' || d.n > 0 {
				d.add(c - '0')
			}
			continue
		}
		width := thousandsWidth(t[i:], f.Thousands)
		if width == 0 || group == 0 || group > 3 {
			break
		}
		groups, group = groups+1, 0
		i += width - 1
	}
	if groups > 0 && group != 3 {
		return Failed
	}
	d.point = d.n
	if i < n && t[i] == p.decimal {
		for i++; i < n && t[i]-'0' <= 9; i++ {
			seen++
			if t[i] != '0' || d.n > 0 {
				d.add(t[i] - '0')
			} else {
				d.point--
			}
		}
	}
	if seen == 0 {
		return Failed
	}
	if i < n && (t[i] == 'e' || t[i] == 'E') {
		exponent, negative := 0, false
		if i++; i < n && (t[i] == '-' || t[i] == '+') {
			negative = t[i] == '-'
			i++
		}
		start := i
		for ; i < n && t[i]-'0' <= 9; i++ {
			exponent = min(exponent*10+int(t[i]-'0'), maxExponent)
		}
		if i == start {
			return Failed
		}
		if negative {
			exponent = -exponent
		}
		d.point += exponent
	}
	if i != n {
		return Failed
	}
	if percent {
		d.point -= 2
	}
	return Parsed
}

// thousandsWidth returns how many bytes of a thousands separator t begins
// with. A blank stands for the no-break spaces too, and ' for ’.
func thousandsWidth(t []byte, separator byte) int {
	if separator == 0 {
		return 0
	}
	if t[0] == separator {
		return 1
	}
	switch r, size := utf8.DecodeRune(t); {
	case separator == ' ' && (r == '\u00a0' || r == '\u202f' || r == '\u2009'), separator == '\'' && r == '’':
		return size
	}
	return 0
}

// currencyWords are the signs of currencies that are letters.
var currencyWords = [][]byte{[]byte("zł"), []byte("kr."), []byte("kr"), []byte("Kč"), []byte("Ft"), []byte("lei"), []byte("Fr.")}

func cutCurrency(t []byte) ([]byte, bool) {
	for i := 0; i < len(t) && i <= 3; i++ { // R$ and US$ are signs with letters before them
		if r, size := utf8.DecodeRune(t[i:]); unicode.Is(unicode.Sc, r) {
			return trim(t[i+size:]), true
		}
		if t[i] < 'A' || t[i] > 'Z' {
			break
		}
	}
	if len(t) > 3 && isCode(t[:3]) {
		return trim(t[3:]), true
	}
	for _, w := range currencyWords {
		if len(t) > len(w) && bytes.EqualFold(t[:len(w)], w) {
			return trim(t[len(w):]), true
		}
	}
	return t, false
}

func cutCurrencyEnd(t []byte) ([]byte, bool) {
	if r, size := utf8.DecodeLastRune(t); unicode.Is(unicode.Sc, r) {
		return trim(t[:len(t)-size]), true
	}
	if n := len(t); n > 3 && isCode(t[n-3:]) {
		return trim(t[:n-3]), true
	}
	for _, w := range currencyWords {
		if n := len(t) - len(w); n > 0 && bytes.EqualFold(t[n:], w) {
			return trim(t[:n]), true
		}
	}
	return t, false
}

// CutCurrency cuts a currency's sign or code off the beginning of a number, or
// else off its end; an empty sign says that there is none.
func CutCurrency(text []byte) (rest, sign []byte) {
	if rest, ok := cutCurrency(text); ok {
		return rest, trim(text[:len(text)-len(rest)])
	}
	if rest, ok := cutCurrencyEnd(text); ok {
		return rest, trim(text[len(rest):])
	}
	return text, nil
}

// isCode reports whether three bytes look like a currency code: EUR.
func isCode(t []byte) bool {
	for _, c := range t {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
