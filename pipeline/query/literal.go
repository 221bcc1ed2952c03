package query

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

// class is what a column's values are compared as.
type class uint8

const (
	textual class = iota
	numeric       // integers and decimals, scaled to the column's digits
	boolean
	date
	timestamp
)

func classOf(f arrow.Field) (class, error) {
	typ := f.Type
	if d, ok := typ.(*arrow.DictionaryType); ok {
		typ = d.ValueType
	}
	switch t := typ.(type) {
	case *arrow.StringType, *arrow.BinaryType:
		return textual, nil
	case *arrow.Int64Type, *arrow.Int32Type, *arrow.Decimal128Type:
		return numeric, nil
	case *arrow.BooleanType:
		return boolean, nil
	case *arrow.Date32Type:
		return date, nil
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			return timestamp, nil
		}
	}
	return 0, &pipeline.Error{Kind: pipeline.ErrConfig, Column: f.Name, Msg: fmt.Sprintf("columns of type %s cannot be compared", f.Type), Hint: "only IS [NOT] NULL works on it"}
}

// literal is a literal in the form of its column's values.
type literal struct {
	text  []byte
	truth bool
	// Numbers, dates and timestamps: the largest value of the column's type
	// that is not above the literal, and whether it equals it. beyond is 1 for
	// a literal above all values of 128 bits, −1 for one below.
	floor  decimal128.Num
	exact  bool
	beyond int
}

// order compares a value with the literal: −1, 0 or 1.
func (l *literal) order(v decimal128.Num) int {
	if l.beyond != 0 {
		return -l.beyond
	}
	c := v.Cmp(l.floor)
	if c == 0 && !l.exact {
		return -1
	}
	return c
}

// literal parses the literal that a column is compared with.
func (p *parser) literal(f arrow.Field, typ class) (literal, error) {
	t := p.next()
	if t.is("NULL") {
		return literal{}, p.fail(t, "nothing equals NULL", fmt.Sprintf("use %s IS NULL or %s IS NOT NULL", f.Name, f.Name))
	}
	mismatch := func(want string) (literal, error) {
		msg := fmt.Sprintf("column %s is a %s", f.Name, pipeline.TypeName(f.Type))
		switch {
		case t.kind == end || t.kind == symbol:
			return literal{}, p.unexpected(t, "a literal")
		case typ == boolean:
			return literal{}, p.fail(t, msg, "write TRUE or FALSE")
		}
		return literal{}, p.fail(t, msg+fmt.Sprintf(", which %s does not fit", t), want)
	}
	switch typ {
	case boolean:
		if !t.is("TRUE") && !t.is("FALSE") {
			return mismatch("")
		}
		return literal{truth: t.is("TRUE")}, nil
	case numeric:
		if t.kind != number {
			return mismatch("write a number without quotes")
		}
		scale := 0
		if d, ok := f.Type.(*arrow.Decimal128Type); ok {
			scale = int(d.Scale)
		}
		return numberLiteral(t.text, scale), nil
	case date:
		d, err := time.Parse("2006-01-02", t.text)
		if t.kind != text || err != nil {
			return mismatch("write a date as '2024-01-31'")
		}
		return literal{floor: decimal128.FromI64(int64(pipeline.DateOf(d))), exact: true}, nil
	case timestamp:
		at, ok := parseTime(t.text)
		if t.kind != text || !ok {
			return mismatch("write a time as '2024-01-31 10:00:00', or a date")
		}
		return literal{floor: decimal128.FromI64(at.UnixMicro()), exact: at.Nanosecond()%1000 == 0}, nil
	}
	if t.kind != text {
		hint := "write it in single quotes"
		if t.kind == number || t.kind == word {
			hint = fmt.Sprintf("write '%s'", t.text)
		}
		return mismatch(hint)
	}
	return literal{text: []byte(t.text)}, nil
}

var timeLayouts = []string{
	"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00",
}

func parseTime(s string) (time.Time, bool) {
	s = strings.ToUpper(s)
	if len(s) > 10 && s[10] == 'T' {
		s = s[:10] + " " + s[11:]
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// numberLiteral scales a number's digits to a column with scale decimals.
func numberLiteral(s string, scale int) literal {
	negative := strings.HasPrefix(s, "-")
	whole, fraction, _ := strings.Cut(strings.TrimLeft(s, "+-"), ".")
	fraction = strings.TrimRight(fraction, "0")
	exact := len(fraction) <= scale
	if exact {
		fraction += strings.Repeat("0", scale-len(fraction))
	}
	whole = strings.TrimLeft(whole+fraction[:scale], "0")
	if len(whole) > 38 { // more than any decimal holds
		if negative {
			return literal{beyond: -1}
		}
		return literal{beyond: 1}
	}
	n := new(big.Int)
	if whole != "" {
		n.SetString(whole, 10)
	}
	if negative {
		n.Neg(n)
		if !exact { // digits were cut off towards zero
			n.Sub(n, big.NewInt(1))
		}
	}
	return literal{floor: decimal128.FromBigInt(n), exact: exact}
}
