package parquetio

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/smeltdata/smelt/pipeline"
)

const notText = "the value is not UTF-8 text"

// convertible reports whether values of a type that a file is read as may become
// those of another. That says nothing yet of each value.
func convertible(from, to arrow.DataType) bool {
	if arrow.TypeEqual(from, to) {
		return true
	}
	switch to := to.(type) {
	case *arrow.StringType, *arrow.BinaryType:
		return isText(from)
	case *arrow.DictionaryType:
		return isCode(to) && isText(from)
	case *arrow.Int32Type, *arrow.Int64Type:
		switch from.ID() {
		case arrow.INT32, arrow.INT64, arrow.UINT32, arrow.UINT64:
			return true
		}
	case *arrow.TimestampType:
		t, ok := from.(*arrow.TimestampType)
		return ok && t.TimeZone == "UTC" && arrow.TypeEqual(to, pipeline.TimestampType)
	case *arrow.Decimal128Type:
		return from.ID() == arrow.DECIMAL128
	}
	return false
}

func isText(t arrow.DataType) bool { return t.ID() == arrow.STRING || t.ID() == arrow.BINARY }

// convert returns an array of the wanted type, to which its own is convertible.
// A value that the type cannot hold is a rowError. The caller releases the result.
func convert(mem memory.Allocator, in arrow.Array, to arrow.DataType) (arrow.Array, error) {
	switch t := to.(type) {
	case *arrow.StringType, *arrow.BinaryType:
		if t.ID() == arrow.STRING {
			if err := checkText(in); err != nil {
				return nil, err
			}
		}
		// Text and bytes lie in memory alike.
		d := in.Data()
		data := array.NewData(to, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
		defer data.Release()
		return array.MakeFromData(data), nil
	case *arrow.Decimal128Type:
		return convertDecimals(mem, in, t)
	}
	if arrow.TypeEqual(in.DataType(), to) {
		in.Retain()
		return in, nil
	}
	b := array.NewBuilder(mem, to)
	defer b.Release()
	b.Reserve(in.Len())
	for i := range in.Len() {
		if in.IsNull(i) {
			b.AppendNull()
			continue
		}
		v, ok := wholeOf(in, i)
		switch b := b.(type) {
		case *array.Int32Builder:
			ok = ok && v == int64(int32(v))
			b.UnsafeAppend(int32(v))
		case *array.Int64Builder:
			b.UnsafeAppend(v)
		case *array.TimestampBuilder:
			b.UnsafeAppend(arrow.Timestamp(v))
		}
		if !ok {
			return nil, &rowError{row: i, value: in.ValueStr(i), msg: fmt.Sprintf("%s cannot hold the value", to)}
		}
	}
	return b.NewArray(), nil
}

// wholeOf returns an integer, or a time in microseconds; false where that is not
// exact.
func wholeOf(a arrow.Array, i int) (int64, bool) {
	switch a := a.(type) {
	case *array.Int32:
		return int64(a.Value(i)), true
	case *array.Int64:
		return a.Value(i), true
	case *array.Uint32:
		return int64(a.Value(i)), true
	case *array.Uint64:
		v := a.Value(i)
		return int64(v), v <= math.MaxInt64
	case *array.Timestamp:
		v := int64(a.Value(i))
		switch a.DataType().(*arrow.TimestampType).Unit {
		case arrow.Millisecond:
			return v * 1000, v*1000/1000 == v
		case arrow.Nanosecond:
			return v / 1000, v%1000 == 0
		}
		return v, true
	}
	return 0, false
}

// checkText finds text that is not UTF-8. Nearly always a look at all of it does.
func checkText(a arrow.Array) error {
	offsets, text := textOf(a)
	if len(offsets) == 0 {
		return nil
	}
	text = text[:offsets[len(offsets)-1]-offsets[0]]
	fine := utf8.Valid(text)
	for i := 0; fine && i < a.Len(); i++ {
		o := int(offsets[i] - offsets[0])
		fine = o == len(text) || utf8.RuneStart(text[o])
	}
	for i := 0; !fine && i < a.Len(); i++ {
		if v := text[offsets[i]-offsets[0] : offsets[i+1]-offsets[0]]; !utf8.Valid(v) {
			return &rowError{row: i, value: string(v), msg: notText}
		}
	}
	return nil
}

// convertDecimals changes the scale, and finds values with too many digits: a
// file's own precision may be a promise that they break.
func convertDecimals(mem memory.Allocator, in arrow.Array, to *arrow.Decimal128Type) (arrow.Array, error) {
	a, from := in.(*array.Decimal128), in.DataType().(*arrow.Decimal128Type)
	tooLarge := func(i int) error {
		return &rowError{row: i, value: in.ValueStr(i), msg: fmt.Sprintf("%s cannot hold the value", to)}
	}
	same := from.Scale == to.Scale
	b := array.NewDecimal128Builder(mem, to)
	defer b.Release()
	if !same {
		b.Reserve(a.Len())
	}
	for i, v := range a.Values() {
		if a.IsNull(i) {
			if !same {
				b.AppendNull()
			}
			continue
		}
		if !same {
			scaled, err := v.Rescale(from.Scale, to.Scale)
			if err != nil {
				return nil, tooLarge(i)
			}
			v = scaled
			b.UnsafeAppend(v)
		}
		if !fits(v, to.Precision) {
			return nil, tooLarge(i)
		}
	}
	if !same {
		return b.NewArray(), nil
	}
	d := in.Data()
	data := array.NewData(to, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
	defer data.Release()
	return array.MakeFromData(data), nil
}

// fits is FitsInPrecision, which takes longer.
func fits(v decimal128.Num, precision int32) bool {
	if x := int64(v.LowBits()); v.HighBits() == x>>63 {
		limit := maxUnscaled(min(precision, 18))
		return precision > 18 || x >= -limit && x <= limit
	}
	return v.FitsInPrecision(precision)
}
