package cli

import (
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/internal/celltext"
)

// cell appends the value of a row as plain text.
type cell = celltext.Cell

// cellsOf returns how the values of a column are written.
func cellsOf(col arrow.Array) cell { return celltext.Of(col) }

// isNumber reports whether a type's values are numbers.
func isNumber(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT64, arrow.INT32, arrow.DECIMAL128:
		return true
	}
	return false
}

// appendCSV appends a field, in quotes where it needs them. An empty text is
// quoted: without quotes a field is NULL.
func appendCSV(dst, text []byte) []byte {
	needs := len(text) == 0
	for _, c := range text {
		if c == ',' || c == '"' || c == '\n' || c == '\r' {
			needs = true
			break
		}
	}
	if !needs {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendJSON appends a JSON string.
func appendJSON(dst, text []byte) []byte {
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
