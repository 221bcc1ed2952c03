package parquetio

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// layout is how one column of a table stands in a Parquet file.
type layout struct {
	column    *pipeline.Column
	physical  format.Type
	width     int   // bytes of a FIXED_LEN_BYTE_ARRAY
	limit     int64 // of a decimal held in an integer: the largest unscaled value; 0 = none
	precision int32 // of a decimal
	text      bool  // UTF-8
	element   format.SchemaElement
	compare   func(a, b []byte) int // orders plain values
}

// layoutOf returns the layout of a column, or an error for a type that no
// column type of the pipeline stands for.
func layoutOf(c *pipeline.Column) (layout, error) {
	l := layout{column: c}
	e := format.SchemaElement{Name: c.Name, RepetitionType: thrift.New(format.Required)}
	if c.Nullable {
		e.RepetitionType = thrift.New(format.Optional)
	}
	annotate := func(lt format.LogicalTypeValue, ct deprecated.ConvertedType) {
		e.LogicalType = format.LogicalType{Value: lt}
		e.ConvertedType = thrift.New(ct)
	}
	t := c.Type
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	switch t := t.(type) {
	case *arrow.StringType:
		l.physical, l.text = format.ByteArray, true
		annotate(&format.StringType{}, deprecated.UTF8)
	case *arrow.BinaryType:
		l.physical = format.ByteArray
	case *arrow.Int64Type:
		l.physical = format.Int64
	case *arrow.Int32Type:
		l.physical = format.Int32
	case *arrow.BooleanType:
		l.physical = format.Boolean
	case *arrow.Date32Type:
		l.physical = format.Int32
		annotate(&format.DateType{}, deprecated.Date)
	case *arrow.TimestampType:
		if t.Unit != arrow.Microsecond || t.TimeZone != "UTC" {
			return l, unsupported(c)
		}
		l.physical = format.Int64
		annotate(&format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}, deprecated.TimestampMicros)
	case *arrow.Decimal128Type:
		l.precision = t.Precision
		switch {
		case t.Precision <= 9:
			l.physical, l.limit = format.Int32, maxUnscaled(t.Precision)
		case t.Precision <= 18:
			l.physical, l.limit = format.Int64, maxUnscaled(t.Precision)
		default:
			l.physical, l.width = format.FixedLenByteArray, decimalWidth(t.Precision)
			e.TypeLength = thrift.New(int32(l.width))
		}
		annotate(&format.DecimalType{Precision: t.Precision, Scale: t.Scale}, deprecated.Decimal)
		e.Precision, e.Scale = thrift.New(t.Precision), thrift.New(t.Scale)
	default:
		return l, unsupported(c)
	}
	e.Type = thrift.New(l.physical)
	l.element = e
	l.compare = comparators[l.physical]
	return l, nil
}

func unsupported(c *pipeline.Column) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Column: c.Name, Msg: fmt.Sprintf("type %s cannot be written to Parquet", c.Type),
		Hint: "use one of the pipeline package's column types"}
}

func maxUnscaled(precision int32) int64 {
	v := int64(1)
	for range precision {
		v *= 10
	}
	return v - 1
}

// decimalWidth is the number of bytes that two's complement needs for a
// precision: 12 for decimal(28,4), 16 for 38 digits.
func decimalWidth(precision int32) int {
	return (int(precision)*3322/1000 + 2 + 7) / 8 // log2(10) = 3.3219…, and the sign
}

var comparators = map[format.Type]func(a, b []byte) int{
	format.Boolean: func(a, b []byte) int { return cmp.Compare(a[0], b[0]) },
	format.Int32: func(a, b []byte) int {
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	},
	format.Int64: func(a, b []byte) int {
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	},
	format.ByteArray:         bytes.Compare,
	format.FixedLenByteArray: compareSigned,
}

// compareSigned orders big-endian two's complement numbers of one width.
func compareSigned(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a, b)
}

// union returns the bounds of what a, which may be nil, and b bound.
func (l *layout) union(a, b bounds) bounds {
	if a.min == nil || l.compare(b.min, a.min) < 0 {
		a.min = b.min
	}
	if a.max == nil || l.compare(b.max, a.max) > 0 {
		a.max = b.max
	}
	return a
}

// schemaOf returns the file's schema: the root and one element per column.
func schemaOf(layouts []layout) ([]format.SchemaElement, []format.ColumnOrder) {
	elements := []format.SchemaElement{{Name: "schema", NumChildren: thrift.New(int32(len(layouts)))}}
	orders := make([]format.ColumnOrder, len(layouts))
	for i, l := range layouts {
		elements = append(elements, l.element)
		orders[i] = format.ColumnOrder{Value: &format.TypeDefinedOrder{}}
	}
	return elements, orders
}
