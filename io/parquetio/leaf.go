package parquetio

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// leaf is one column of a file that holds values.
type leaf struct {
	name     string // of the column; all that are nested in one have its name
	top      int    // position of the column among the schema's elements
	nested   bool   // in a group, a list or a map
	optional bool
	physical format.Type
	width    int // of a FIXED_LEN_BYTE_ARRAY
	kind     leafKind
	typ      arrow.DataType // what it is read as; nil where it cannot be
	declared string         // the type in the file's words
}

// plainWidth is the number of bytes that each plain value has; 0 = any, or not
// whole bytes.
func (l *leaf) plainWidth() int {
	switch l.physical {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return l.width
	}
	return 0
}

// leafKind says how physical values become Arrow's.
type leafKind uint8

const (
	leafPlain leafKind = iota // as they stand
	leafDecimal
	leafInt96
	leafUUID
	leafHalf // 16-bit float
)

// leavesOf lists the columns of a schema, which is a tree in depth-first order.
func leavesOf(schema []format.SchemaElement) ([]leaf, error) {
	if len(schema) == 0 {
		return nil, errors.New("it is empty")
	}
	var out []leaf
	at := 1
	var walk func(top, depth int, children int32) error
	walk = func(top, depth int, children int32) error {
		if depth > maxDepth {
			return errors.New("it is nested too deeply")
		}
		for range children {
			if at >= len(schema) {
				return errors.New("it ends too early")
			}
			e := &schema[at]
			if depth == 0 {
				top = at
			}
			at++
			if e.Type.Valid {
				l := leafOf(e)
				l.name, l.top, l.nested = schema[top].Name, top, depth > 0 || e.RepetitionType.Valid && e.RepetitionType.V == format.Repeated
				out = append(out, l)
			} else if err := walk(top, depth+1, e.NumChildren.V); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(0, 0, schema[0].NumChildren.V); err != nil {
		return nil, err
	}
	if at != len(schema) {
		return nil, fmt.Errorf("it has %d elements that belong to no group", len(schema)-at)
	}
	return out, nil
}

// leafOf reads a column's type from its logical type, or from the older
// converted type.
func leafOf(e *format.SchemaElement) leaf {
	l := leaf{physical: e.Type.V, width: int(e.TypeLength.V), optional: e.RepetitionType.Valid && e.RepetitionType.V == format.Optional}
	logical := e.LogicalType.Value
	converted := deprecated.ConvertedType(-1)
	if e.ConvertedType.Valid {
		converted = e.ConvertedType.V
	}
	if logical == nil {
		logical = logicalOf(e, converted)
	}
	l.declared = l.physical.String()
	switch {
	case logical != nil:
		l.declared = fmt.Sprintf("%s %v", l.declared, logical)
	case converted == deprecated.Interval:
		l.declared += " INTERVAL"
	}
	if d, ok := logical.(*format.DecimalType); ok {
		l.kind = leafDecimal
		bytes := l.physical == format.ByteArray || l.physical == format.FixedLenByteArray
		switch {
		case d.Scale < 0 || d.Scale > d.Precision || !bytes && l.physical != format.Int32 && l.physical != format.Int64:
		case d.Precision > 0 && d.Precision <= 38:
			l.typ = &arrow.Decimal128Type{Precision: d.Precision, Scale: d.Scale}
		case bytes && d.Precision > 38 && d.Precision <= 76:
			l.typ = &arrow.Decimal256Type{Precision: d.Precision, Scale: d.Scale}
		}
		return l
	}
	switch l.physical {
	case format.Boolean:
		l.typ = pipeline.BoolType
	case format.Float:
		l.typ = arrow.PrimitiveTypes.Float32
	case format.Double:
		l.typ = arrow.PrimitiveTypes.Float64
	case format.Int96:
		l.kind, l.typ = leafInt96, pipeline.TimestampType
	case format.Int32:
		l.typ = pipeline.Int32Type
		switch t := logical.(type) {
		case *format.DateType:
			l.typ = pipeline.DateType
		case *format.TimeType:
			l.typ = arrow.FixedWidthTypes.Time32ms
		case *format.IntType:
			if !t.IsSigned {
				l.typ = arrow.PrimitiveTypes.Uint32
			}
		}
	case format.Int64:
		l.typ = pipeline.Int64Type
		switch t := logical.(type) {
		case *format.TimestampType:
			l.typ = timestampType(t)
		case *format.TimeType:
			l.typ = arrow.FixedWidthTypes.Time64us
			if _, ok := t.Unit.Value.(*format.NanoSeconds); ok {
				l.typ = arrow.FixedWidthTypes.Time64ns
			}
		case *format.IntType:
			if !t.IsSigned {
				l.typ = arrow.PrimitiveTypes.Uint64
			}
		}
	case format.ByteArray:
		l.typ = pipeline.BinaryType
		switch logical.(type) {
		case *format.StringType, *format.EnumType, *format.JsonType:
			l.typ = pipeline.StringType
		}
	case format.FixedLenByteArray:
		if l.width <= 0 {
			return l
		}
		switch logical.(type) {
		case *format.UUIDType:
			l.kind, l.typ = leafUUID, pipeline.StringType
		case *format.Float16Type:
			if l.width == 2 {
				l.kind, l.typ = leafHalf, arrow.PrimitiveTypes.Float32
			}
		default:
			if converted != deprecated.Interval {
				l.typ = pipeline.BinaryType
			}
		}
	}
	return l
}

// logicalOf returns the logical type that a converted type stands for.
func logicalOf(e *format.SchemaElement, c deprecated.ConvertedType) format.LogicalTypeValue {
	millis, micros := format.TimeUnit{Value: &format.MilliSeconds{}}, format.TimeUnit{Value: &format.MicroSeconds{}}
	switch c {
	case deprecated.UTF8:
		return &format.StringType{}
	case deprecated.Enum:
		return &format.EnumType{}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Decimal:
		return &format.DecimalType{Precision: e.Precision.V, Scale: e.Scale.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{}
	}
	return nil
}

func timestampType(t *format.TimestampType) arrow.DataType {
	out := &arrow.TimestampType{Unit: arrow.Microsecond}
	switch t.Unit.Value.(type) {
	case *format.MilliSeconds:
		out.Unit = arrow.Millisecond
	case *format.NanoSeconds:
		out.Unit = arrow.Nanosecond
	}
	if t.IsAdjustedToUTC {
		out.TimeZone = "UTC"
	}
	return out
}
