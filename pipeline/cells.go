package pipeline

import (
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// Cell appends the value of a row, which is not NULL, as plain text: numbers
// with all their digits, days and times as ISO 8601 has them.
type Cell func(dst []byte, row int) []byte

// CellsOf returns how the values of a column are written.
func CellsOf(col arrow.Array) Cell {
	switch c := col.(type) {
	case *array.String:
		return func(dst []byte, row int) []byte { return append(dst, StringBytes(c, row)...) }
	case *array.Binary:
		return func(dst []byte, row int) []byte { return appendBinary(dst, c.Value(row)) }
	case *array.Dictionary:
		of := CellsOf(c.Dictionary())
		return func(dst []byte, row int) []byte { return of(dst, c.GetValueIndex(row)) }
	case *array.Int64:
		return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, c.Value(row), 10) }
	case *array.Int32:
		return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, int64(c.Value(row)), 10) }
	case *array.Boolean:
		return func(dst []byte, row int) []byte { return strconv.AppendBool(dst, c.Value(row)) }
	case *array.Date32:
		return func(dst []byte, row int) []byte {
			return Date(c.Value(row)).Time().AppendFormat(dst, "2006-01-02")
		}
	case *array.Decimal128:
		scale := int(c.DataType().(*arrow.Decimal128Type).Scale)
		return func(dst []byte, row int) []byte {
			n := c.Value(row)
			if low := int64(n.LowBits()); n.HighBits() == low>>63 {
				return AppendDecimal(dst, low, scale)
			}
			return appendBig(dst, n.BigInt(), scale)
		}
	case *array.Timestamp:
		if c.DataType().(*arrow.TimestampType).Unit == arrow.Microsecond {
			return func(dst []byte, row int) []byte {
				return Timestamp(c.Value(row)).Time().AppendFormat(dst, "2006-01-02T15:04:05.999999Z07:00")
			}
		}
	}
	return func(dst []byte, row int) []byte { return append(dst, col.ValueStr(row)...) }
}

// appendBig writes an unscaled decimal that 64 bits do not hold.
func appendBig(dst []byte, n *big.Int, scale int) []byte {
	if n.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(n).String()
	if scale == 0 {
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...) // more than 18 digits, and a scale is at most 6
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// appendBinary writes bytes that are most often text as text; other bytes than
// UTF-8's as \xff.
func appendBinary(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'x', hex[b[0]>>4], hex[b[0]&15])
		} else {
			dst = append(dst, b[:n]...)
		}
		b = b[n:]
	}
	return dst
}

// AppendJSON appends a JSON string.
func AppendJSON(dst, text []byte) []byte {
	dst = append(dst, '"')
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch c := text[0]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
		default:
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return append(dst, '"')
}
