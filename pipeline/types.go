package pipeline

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// The Go types of a declared table's fields. Each stands for one Arrow type;
// money is always an exact decimal, never a float.
type (
	// Date is a calendar day: days since 1970-01-01 (Arrow date32).
	Date int32
	// Timestamp is an instant: microseconds since 1970-01-01T00:00:00Z.
	Timestamp int64
	// Price is a decimal(18,4), held unscaled: 12.5 is 125000.
	Price int64
	// Rate is a decimal(9,6), held unscaled: 0.1 is 100000.
	Rate int64
	// Ratio is a decimal(18,6), held unscaled.
	Ratio int64
	// Sum is a decimal(28,4), held unscaled in 128 bits.
	Sum struct{ decimal128.Num }
	// Code is text of low cardinality or a repeated key: an Arrow dictionary.
	Code string
	// Bytes is raw binary.
	Bytes []byte
)

// Null is a value that may be missing: the Go type of a nullable column.
type Null[T any] struct {
	V     T
	Valid bool
}

// Some returns a present value.
func Some[T any](v T) Null[T] { return Null[T]{V: v, Valid: true} }

// The Arrow types of the columns, as TABLES.md names them.
var (
	StringType    = arrow.BinaryTypes.String
	BinaryType    = arrow.BinaryTypes.Binary
	CodeType      = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	Int64Type     = arrow.PrimitiveTypes.Int64
	Int32Type     = arrow.PrimitiveTypes.Int32
	BoolType      = arrow.FixedWidthTypes.Boolean
	DateType      = arrow.FixedWidthTypes.Date32
	TimestampType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	PriceType     = &arrow.Decimal128Type{Precision: 18, Scale: 4}
	RateType      = &arrow.Decimal128Type{Precision: 9, Scale: 6}
	RatioType     = &arrow.Decimal128Type{Precision: 18, Scale: 6}
	SumType       = &arrow.Decimal128Type{Precision: 28, Scale: 4}
)

// TypeName returns the name that the documentation uses for a column type:
// string, int64, int32, bool, date, ts, price, rate, ratio, sum, binary, or
// Arrow's own name for any other.
func TypeName(t arrow.DataType) string {
	switch {
	case arrow.TypeEqual(t, PriceType):
		return "price"
	case arrow.TypeEqual(t, RateType):
		return "rate"
	case arrow.TypeEqual(t, RatioType):
		return "ratio"
	case arrow.TypeEqual(t, SumType):
		return "sum"
	case arrow.TypeEqual(t, DateType):
		return "date"
	case arrow.TypeEqual(t, TimestampType):
		return "ts"
	case arrow.TypeEqual(t, StringType), arrow.TypeEqual(t, CodeType):
		return "string"
	case t.ID() == arrow.INT64, t.ID() == arrow.INT32, t.ID() == arrow.BOOL, t.ID() == arrow.BINARY:
		return t.Name()
	}
	return t.String()
}

// SameType reports whether two columns hold the same logical type: text counts
// as the same whether it is dictionary-encoded or not.
func SameType(a, b arrow.DataType) bool {
	return arrow.TypeEqual(logical(a), logical(b))
}

func logical(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

// DateOf returns the calendar day of t in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Time returns midnight UTC of the day.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String returns the day as 2006-01-02.
func (d Date) String() string { return d.Time().Format("2006-01-02") }

// Time returns the instant in UTC.
func (t Timestamp) Time() time.Time { return time.UnixMicro(int64(t)).UTC() }

// String returns the instant as RFC 3339 in UTC.
func (t Timestamp) String() string { return t.Time().Format("2006-01-02T15:04:05.999999Z07:00") }
