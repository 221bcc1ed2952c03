package silver

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// null stands for NULL in an int64 that holds a date, a time or an amount:
// none of them reaches it.
const null = math.MinInt64

// bitmap is the validity of an array: nil bits mean that every value is there.
type bitmap struct {
	bits   []byte
	offset int
}

func validity(a arrow.Array) bitmap {
	if a.NullN() == 0 {
		return bitmap{}
	}
	return bitmap{a.NullBitmapBytes(), a.Data().Offset()}
}

func (b bitmap) has(i int) bool {
	if b.bits == nil {
		return true
	}
	i += b.offset
	return b.bits[i>>3]>>(i&7)&1 != 0
}

// numbers reads a column of integers, dates, times or decimals as int64, NULL
// as null.
func numbers(dst []int64, col arrow.Array) []int64 { return numbersOr(null, dst, col) }

// numbersOr is numbers with another value for NULL.
func numbersOr(missing int64, dst []int64, col arrow.Array) []int64 {
	n := col.Len()
	dst = resize(dst, n)
	if col.NullN() == n {
		for i := range dst {
			dst[i] = missing
		}
		return dst
	}
	switch c := col.(type) {
	case *array.Int64:
		copy(dst, c.Int64Values())
	case *array.Timestamp:
		for i, v := range c.TimestampValues() {
			dst[i] = int64(v)
		}
	case *array.Decimal128:
		for i, v := range c.Values() {
			dst[i] = int64(v.LowBits())
		}
	case *array.Int32:
		for i, v := range c.Int32Values() {
			dst[i] = int64(v)
		}
	case *array.Date32:
		for i, v := range c.Date32Values() {
			dst[i] = int64(v)
		}
	}
	if valid := validity(col); valid.bits != nil {
		for i := range dst {
			if !valid.has(i) {
				dst[i] = missing
			}
		}
	}
	return dst
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// fixed is the numeric types that arrays are made of here.
type fixed interface {
	int32 | int64 | decimal128.Num
}

// newFixed returns a buffer of n values and a view of them.
func newFixed[T fixed](mem memory.Allocator, n int) (*memory.Buffer, []T) {
	var zero T
	buf := memory.NewResizableBuffer(mem)
	switch any(zero).(type) {
	case int32:
		buf.Resize(n * 4)
	case int64:
		buf.Resize(n * 8)
	default:
		buf.Resize(n * arrow.Decimal128SizeBytes)
	}
	return buf, castBuffer[T](buf.Bytes())
}

func castBuffer[T fixed](b []byte) []T {
	var out any
	var zero T
	switch any(zero).(type) {
	case int32:
		out = arrow.Int32Traits.CastFromBytes(b)
	case int64:
		out = arrow.Int64Traits.CastFromBytes(b)
	default:
		out = arrow.Decimal128Traits.CastFromBytes(b)
	}
	return out.([]T)
}

// newArray returns an array of buffers that it takes over. valid may be nil.
func newArray(typ arrow.DataType, n, nulls int, valid, values *memory.Buffer) arrow.Array {
	data := array.NewData(typ, n, []*memory.Buffer{valid, values}, nil, nulls, 0)
	values.Release()
	if valid != nil {
		valid.Release()
	}
	defer data.Release()
	return array.MakeFromData(data)
}

// newCodes is newArray for a dictionary array.
func newCodes(n, nulls int, valid, values *memory.Buffer, dict arrow.Array) arrow.Array {
	data := array.NewDataWithDictionary(pipeline.CodeType, n, []*memory.Buffer{valid, values}, nulls, 0, dict.Data().(*array.Data))
	values.Release()
	if valid != nil {
		valid.Release()
	}
	defer data.Release()
	return array.NewDictionaryData(data)
}

// newBits returns a bitmap of n bits, all unset.
func newBits(mem memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(int(bitutil.BytesForBits(int64(n))))
	memory.Set(buf.Bytes(), 0)
	return buf
}

// codesArray returns a dictionary array of codes, -1 for NULL.
func codesArray(mem memory.Allocator, codes []int32, dict arrow.Array) arrow.Array {
	buf, out := newFixed[int32](mem, len(codes))
	nulls := 0
	for i, c := range codes {
		nulls += int(uint32(c) >> 31)
		out[i] = max(c, 0)
	}
	if nulls == 0 {
		return newCodes(len(codes), 0, nil, buf, dict)
	}
	valid := newBits(mem, len(codes))
	bits := valid.Bytes()
	for i, c := range codes {
		bits[i>>3] |= byte(^uint32(c)>>31) << (i & 7)
	}
	return newCodes(len(codes), nulls, valid, buf, dict)
}

// longsArray returns an array of int64 values, null for NULL: integers or times.
func longsArray(mem memory.Allocator, typ arrow.DataType, values []int64) arrow.Array {
	buf, out := newFixed[int64](mem, len(values))
	copy(out, values)
	nulls, valid := nullBits(mem, values)
	return newArray(typ, len(values), nulls, valid, buf)
}

// pricesArray returns an array of decimals from unscaled values, null for NULL.
func pricesArray(mem memory.Allocator, values []int64) arrow.Array {
	buf, out := newFixed[decimal128.Num](mem, len(values))
	for i, v := range values {
		out[i] = decimal128.New(v>>63, uint64(v))
	}
	nulls, valid := nullBits(mem, values)
	return newArray(pipeline.PriceType, len(values), nulls, valid, buf)
}

// datesArray returns an array of days, null for NULL.
func datesArray(mem memory.Allocator, values []int64) arrow.Array {
	buf, out := newFixed[int32](mem, len(values))
	for i, v := range values {
		out[i] = int32(v)
	}
	nulls, valid := nullBits(mem, values)
	return newArray(pipeline.DateType, len(values), nulls, valid, buf)
}

func nullBits(mem memory.Allocator, values []int64) (int, *memory.Buffer) {
	nulls := 0
	for _, v := range values {
		if v == null {
			nulls++
		}
	}
	if nulls == 0 {
		return 0, nil
	}
	valid := newBits(mem, len(values))
	bits := valid.Bytes()
	for i, v := range values {
		if v != null {
			bits[i>>3] |= 1 << (i & 7)
		}
	}
	return nulls, valid
}

// take returns the rows of an array that sel names, in its order. The array is
// of one of the types that a line's columns have.
func take(mem memory.Allocator, col arrow.Array, sel []int32) arrow.Array {
	if s, ok := col.(*array.String); ok {
		return takeStrings(mem, s, sel)
	}
	nulls, valid := 0, (*memory.Buffer)(nil)
	if from := validity(col); from.bits != nil {
		valid = newBits(mem, len(sel))
		bits := valid.Bytes()
		for j, i := range sel {
			if from.has(int(i)) {
				bits[j>>3] |= 1 << (j & 7)
			} else {
				nulls++
			}
		}
	}
	switch c := col.(type) {
	case *array.Dictionary:
		return newCodes(len(sel), nulls, valid, takeFixed(mem, c.Indices().(*array.Int32).Int32Values(), sel), c.Dictionary())
	case *array.Int32:
		return newArray(col.DataType(), len(sel), nulls, valid, takeFixed(mem, c.Int32Values(), sel))
	case *array.Int64:
		return newArray(col.DataType(), len(sel), nulls, valid, takeFixed(mem, c.Int64Values(), sel))
	case *array.Timestamp:
		b := arrow.TimestampTraits.CastToBytes(c.TimestampValues())
		return newArray(col.DataType(), len(sel), nulls, valid, takeFixed(mem, arrow.Int64Traits.CastFromBytes(b), sel))
	default:
		return newArray(col.DataType(), len(sel), nulls, valid, takeFixed(mem, col.(*array.Decimal128).Values(), sel))
	}
}

func takeFixed[T fixed](mem memory.Allocator, src []T, sel []int32) *memory.Buffer {
	buf, out := newFixed[T](mem, len(sel))
	for j, i := range sel {
		out[j] = src[i]
	}
	return buf
}

func takeStrings(mem memory.Allocator, col *array.String, sel []int32) arrow.Array {
	n := len(sel)
	starts, texts, from := col.ValueOffsets(), col.ValueBytes(), validity(col)
	offsets, ends := newFixed[int32](mem, n+1)
	size, nulls := int32(0), 0
	ends[0] = 0
	for j, i := range sel {
		if from.has(int(i)) {
			size += starts[i+1] - starts[i] // fits: see shareStrings
		} else {
			nulls++
		}
		ends[j+1] = size
	}
	values := memory.NewResizableBuffer(mem)
	values.Resize(int(size))
	dst := values.Bytes()
	for j, i := range sel {
		if at, end := ends[j], ends[j+1]; at < end {
			copy(dst[at:end], texts[starts[i]-starts[0]:])
		}
	}
	var valid *memory.Buffer
	if nulls > 0 {
		valid = newBits(mem, n)
		bits := valid.Bytes()
		for j, i := range sel {
			if from.has(int(i)) {
				bits[j>>3] |= 1 << (j & 7)
			}
		}
	}
	data := array.NewData(pipeline.StringType, n, []*memory.Buffer{valid, offsets, values}, nil, nulls, 0)
	offsets.Release()
	values.Release()
	if valid != nil {
		valid.Release()
	}
	defer data.Release()
	return array.NewStringData(data)
}

// plainStrings returns a text column as a string array, which the caller
// releases: the column itself unless it is dictionary-encoded.
func plainStrings(mem memory.Allocator, col arrow.Array) *array.String {
	d, ok := col.(*array.Dictionary)
	if !ok {
		col.Retain()
		return col.(*array.String)
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	for i := range d.Len() {
		if v, ok := textAt(d, i); ok {
			b.BinaryBuilder.Append(v)
		} else {
			b.AppendNull()
		}
	}
	return b.NewStringArray()
}

// textAt returns the text at a row of a text column and whether it is there.
func textAt(col arrow.Array, i int) ([]byte, bool) {
	if col.IsNull(i) {
		return nil, false
	}
	switch c := col.(type) {
	case *array.String:
		return pipeline.StringBytes(c, i), true
	case *array.Dictionary:
		values, i := c.Dictionary().(*array.String), c.GetValueIndex(i)
		if values.IsNull(i) {
			return nil, false
		}
		return pipeline.StringBytes(values, i), true
	}
	return nil, false
}
