package cli

import (
	"github.com/apache/arrow/go/v17/arrow"
)

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
