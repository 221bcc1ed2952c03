package pipeline

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
)

// Cast says how the text of a source value becomes a value of a type.
type Cast struct {
	Type     arrow.DataType
	Dates    []string       // strftime patterns, tried in order; none = ISO 8601
	Number   Number         // how numbers are written
	Location *time.Location // of times without an offset; nil = UTC
	Nulls    []string       // texts that mean NULL, besides the empty one; blanks around them do not count
	Integer  bool           // text ids: drop a zero fraction, 17850.0 → 17850
}

// Number says how a source writes its numbers. The zero value is plain digits
// with a decimal point.
type Number struct {
	Decimal     byte // decimal separator; 0 = '.'
	Thousands   byte // thousands separator; 0 = none
	Currency    bool // a currency sign or three-letter code before or after the number is dropped
	Percent     bool // 12.5% is 0.125, 12.5 is 12.5
	Parentheses bool // (12.50) is -12.50
}

// Status is the outcome of parsing one value.
type Status uint8

// The outcomes of parsing one value.
const (
	Parsed  Status = iota
	Missing        // empty, or one of the texts that mean NULL
	Rounded        // parsed, with more digits than the type's scale
	Failed         // the type cannot hold it
)

// Parser parses text values of one source column. It is immutable and safe
// for concurrent use.
type Parser struct {
	Cast Cast

	decimal  byte
	scale    int      // of a decimal type
	limit    uint64   // largest unscaled absolute value of a decimal type
	short    uint32   // bytes of a decimal that Brief reads at most
	layouts  []layout // compiled Dates
	zone     *Zone
	nulls    [][]byte
	nullsLen [256]bool // lengths that a null text has, capped at 255
}

// NewParser compiles a Cast. A type that no column has, a bad date pattern or
// separators that cannot be told apart are errors.
func NewParser(c Cast) (*Parser, error) {
	p := &Parser{Cast: c, decimal: c.Number.Decimal}
	if p.decimal == 0 {
		p.decimal = '.'
	}
	if p.decimal == c.Number.Thousands {
		return nil, &Error{Kind: ErrConfig, Msg: fmt.Sprintf("decimal and thousands separator are both %q", p.decimal)}
	}
	for _, sep := range []byte{p.decimal, c.Number.Thousands} {
		if sep >= utf8.RuneSelf || '0' <= sep && sep <= '9' || sep == '-' || sep == '+' {
			return nil, &Error{Kind: ErrConfig, Msg: fmt.Sprintf("%q cannot separate the digits of a number", sep)}
		}
	}
	switch t := c.Type.(type) {
	case *arrow.Decimal128Type:
		if t.Precision > 18 {
			return nil, &Error{Kind: ErrConfig, Msg: fmt.Sprintf("no source column can have type %s", t)}
		}
		p.scale, p.limit = int(t.Scale), pow10[t.Precision]-1
		p.short = uint32(max(0, min(8, 17-p.scale)))
	case *arrow.StringType, *arrow.DictionaryType, *arrow.Int64Type, *arrow.Int32Type, *arrow.BooleanType, *arrow.Date32Type, *arrow.TimestampType:
	default:
		return nil, &Error{Kind: ErrConfig, Msg: fmt.Sprintf("no source column can have type %v", c.Type)}
	}
	for _, pattern := range c.Dates {
		l, err := compileLayout(pattern)
		if err != nil {
			return nil, err
		}
		p.layouts = append(p.layouts, l)
	}
	p.zone = NewZone(c.Location)
	for _, n := range c.Nulls {
		p.nulls = append(p.nulls, []byte(n))
		p.nullsLen[min(len(n), 255)] = true
	}
	return p, nil
}

// Zone returns the time zone of values without an offset.
func (p *Parser) Zone() *Zone { return p.zone }

func (p *Parser) isNull(b []byte) bool {
	if p.nulls == nil || !p.nullsLen[min(len(b), 255)] {
		return false
	}
	for _, n := range p.nulls {
		if bytes.Equal(b, n) {
			return true
		}
	}
	return false
}

// Text returns the value as text, as it stands. With Integer, a zero fraction
// is dropped: the result may then be a part of b. buf is not used otherwise.
func (p *Parser) Text(b, _ []byte) ([]byte, Status) {
	if len(b) == 0 || p.nulls != nil && (p.isNull(b) || p.isNull(trim(b))) {
		return nil, Missing
	}
	if p.Cast.Integer {
		b = dropZeroFraction(b, p.decimal)
	}
	return b, Parsed
}

// Verbatim reports whether Text returns every text as it stands, if not empty.
func (p *Parser) Verbatim() bool { return p.nulls == nil && !p.Cast.Integer }

// dropZeroFraction cuts ".0…" off a text that is otherwise all digits, with
// or without a sign and blanks around it.
func dropZeroFraction(b []byte, decimal byte) []byte {
	t := trim(b)
	digits := bytes.TrimPrefix(t, []byte{'-'})
	i := 0
	for i < len(digits) && digits[i]-'0' <= 9 {
		i++
	}
	if i == 0 || i == len(digits) || digits[i] != decimal {
		return b
	}
	for _, c := range digits[i+1:] {
		if c != '0' {
			return b
		}
	}
	return t[:len(t)-len(digits)+i]
}

// Bool parses true, t, yes, y, 1 and false, f, no, n, 0, in any case.
func (p *Parser) Bool(b []byte) (bool, Status) {
	t := trim(b)
	if len(t) == 0 || p.isNull(b) || p.isNull(t) {
		return false, Missing
	}
	for _, s := range [...]string{"true", "t", "yes", "y", "1"} {
		if bytes.EqualFold(t, []byte(s)) {
			return true, Parsed
		}
	}
	for _, s := range [...]string{"false", "f", "no", "n", "0"} {
		if bytes.EqualFold(t, []byte(s)) {
			return false, Parsed
		}
	}
	return false, Failed
}

// trim drops blanks around a number or a date: white space, no-break spaces too.
func trim(b []byte) []byte {
	if len(b) > 0 && b[0] > ' ' && b[0] < utf8.RuneSelf {
		if last := b[len(b)-1]; last > ' ' && last < utf8.RuneSelf {
			return b
		}
	}
	return bytes.TrimSpace(b)
}
