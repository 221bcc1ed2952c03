package pipeline

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// Cast says how the text of a source value becomes a value of a type.
type Cast struct {
	Type     arrow.DataType
	Dates    []string       // strftime patterns, tried in order; none = ISO 8601
	Number   Number         // how numbers are written
	Location *time.Location // of times without an offset; nil = UTC
	Nulls    []string       // texts that mean NULL, besides the empty one
	Integer  bool           // text ids: drop a zero fraction, 17850.0 → 17850
}

// Number says how a source writes its numbers. The zero value is plain digits
// with a decimal point.
type Number struct {
	Decimal     byte // decimal separator; 0 = '.'
	Thousands   byte // thousands separator; 0 = none
	Currency    bool // a currency sign or code before or after the number is dropped
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
	// compiled form; see parse_*.go
}
