package parquetio

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/float16"
	"github.com/parquet-go/parquet-go/format"
)

// appendTo appends the values at some positions, -1 for NULL, to a builder of
// the leaf's type, which has room for them.
func (v *values) appendTo(b array.Builder, l *leaf, at []int32) error {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		for _, i := range at {
			if i < 0 {
				b.AppendNull()
			} else {
				b.UnsafeAppend(v.bools[i>>3]>>(i&7)&1 != 0)
			}
		}
	case *array.Int32Builder:
		gather(at, v.i32, b.AppendNull, b.UnsafeAppend)
	case *array.Uint32Builder:
		gather(at, v.i32, b.AppendNull, func(x int32) { b.UnsafeAppend(uint32(x)) })
	case *array.Date32Builder:
		gather(at, v.i32, b.AppendNull, func(x int32) { b.UnsafeAppend(arrow.Date32(x)) })
	case *array.Time32Builder:
		gather(at, v.i32, b.AppendNull, func(x int32) { b.UnsafeAppend(arrow.Time32(x)) })
	case *array.Int64Builder:
		gather(at, v.i64, b.AppendNull, b.UnsafeAppend)
	case *array.Uint64Builder:
		gather(at, v.i64, b.AppendNull, func(x int64) { b.UnsafeAppend(uint64(x)) })
	case *array.Time64Builder:
		gather(at, v.i64, b.AppendNull, func(x int64) { b.UnsafeAppend(arrow.Time64(x)) })
	case *array.TimestampBuilder:
		if l.kind == leafInt96 {
			for _, i := range at {
				if i < 0 {
					b.AppendNull()
				} else {
					b.UnsafeAppend(instantOf(v.i96[i]))
				}
			}
			return nil
		}
		gather(at, v.i64, b.AppendNull, func(x int64) { b.UnsafeAppend(arrow.Timestamp(x)) })
	case *array.Float32Builder:
		if l.kind == leafHalf {
			return v.bytes(l, at, b.AppendNull, func(x []byte) error {
				b.UnsafeAppend(float16.FromBits(uint16(x[0]) | uint16(x[1])<<8).Float32())
				return nil
			})
		}
		gather(at, v.f32, b.AppendNull, b.UnsafeAppend)
	case *array.Float64Builder:
		gather(at, v.f64, b.AppendNull, b.UnsafeAppend)
	case *array.Decimal128Builder:
		switch l.physical {
		case format.Int32:
			gather(at, v.i32, b.AppendNull, func(x int32) { b.UnsafeAppend(decimal128.FromI64(int64(x))) })
		case format.Int64:
			gather(at, v.i64, b.AppendNull, func(x int64) { b.UnsafeAppend(decimal128.FromI64(x)) })
		default:
			return v.bytes(l, at, b.AppendNull, func(x []byte) error {
				d, ok := decimalOf(x)
				if !ok {
					return fmt.Errorf("a decimal of %d bytes is out of range", len(x))
				}
				b.UnsafeAppend(d)
				return nil
			})
		}
	case *array.Decimal256Builder:
		return v.bytes(l, at, b.AppendNull, func(x []byte) error {
			d, ok := longDecimalOf(x)
			if !ok {
				return fmt.Errorf("a decimal of %d bytes is out of range", len(x))
			}
			b.UnsafeAppend(d)
			return nil
		})
	default:
		if err := v.reserve(b, l, at); err != nil {
			return err
		}
		return v.bytes(l, at, b.AppendNull, func(x []byte) error {
			if l.kind == leafUUID && len(x) == 16 {
				x = uuidText(x)
			}
			appendText(b, x)
			return nil
		})
	}
	return nil
}

// gather calls add with the value at each position, and null for each NULL.
func gather[T any](at []int32, values []T, null func(), add func(T)) {
	for _, i := range at {
		if i < 0 {
			null()
		} else {
			add(values[i])
		}
	}
}

// bytes calls add with each of the byte arrays, of any or of one length, at some
// positions.
func (v *values) bytes(l *leaf, at []int32, null func(), add func([]byte) error) error {
	for _, i := range at {
		if i < 0 {
			null()
			continue
		}
		var x []byte
		if l.physical == format.FixedLenByteArray {
			x = v.data[int(i)*l.width : (int(i)+1)*l.width]
		} else {
			x = v.text(i)
		}
		if err := add(x); err != nil {
			return err
		}
	}
	return nil
}

// reserve makes room for the texts at some positions. An array holds 2 GiB.
func (v *values) reserve(b array.Builder, l *leaf, at []int32) error {
	size := len(at) * l.width
	if l.physical != format.FixedLenByteArray {
		size = 0
		for _, i := range at {
			if i >= 0 {
				size += int(v.offsets[i+1] - v.offsets[i])
			}
		}
	}
	text, ok := b.(interface {
		DataLen() int
		ReserveData(int)
	})
	if ok && text.DataLen()+size > math.MaxInt32 {
		return fmt.Errorf("the texts of %d rows pass 2 GiB", len(at))
	}
	if ok {
		text.ReserveData(size)
	}
	return nil
}

func appendText(b array.Builder, v []byte) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.BinaryBuilder.Append(v)
	case *array.BinaryBuilder:
		b.Append(v)
	}
}
