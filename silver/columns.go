package silver

import (
	"math"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// null stands for NULL in an int64 that holds a date, a time or an amount:
// none of them reaches it.
const null = math.MinInt64

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
	if c, ok := col.(*array.Decimal128); ok && col.NullN() > n/2 {
		for i := range dst {
			dst[i] = missing
		}
		values, valid := c.Values(), validity(col)
		for i := 0; i < n; i += 64 {
			for word := valid.word(i) & below(n-i); word != 0; word &= word - 1 {
				k := i + bits.TrailingZeros64(word)
				dst[k] = int64(values[k].LowBits())
			}
		}
		return dst
	}
	switch c := col.(type) {
	case *array.Int64:
		copy(dst, c.Int64Values())
	case *array.Timestamp:
		copy(dst, micros(c))
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
		for i := 0; i < n; i += 64 {
			for word := ^valid.word(i) & below(n-i); word != 0; word &= word - 1 {
				dst[i+bits.TrailingZeros64(word)] = missing
			}
		}
	}
	return dst
}

// column is a column of numbers that is read in place where it can be.
type column struct {
	values []int64 // nil where all are NULL; valid as long as the array is
	buf    []int64
}

// read reads a column; missing stands for NULL.
func (c *column) read(col arrow.Array, missing int64) []int64 {
	c.values = nil
	whole := col.NullN() == 0
	switch v := col.(type) {
	case *array.Int64:
		if whole {
			c.values = v.Int64Values()
		}
	case *array.Timestamp:
		if whole {
			c.values = micros(v)
		}
	}
	if c.values == nil && col.NullN() < col.Len() {
		c.buf = numbersOr(missing, c.buf, col)
		c.values = c.buf
	}
	return c.values
}

// at returns the value of a row.
func (c *column) at(i int) int64 { return valueAt(c.values, i) }

// valueAt returns the value of a row; null of a column without values.
func valueAt(values []int64, i int) int64 {
	if i < len(values) {
		return values[i]
	}
	return null
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

// codesArray returns a dictionary array of codes, -1 for NULL.
func codesArray(mem memory.Allocator, codes []int32, dict arrow.Array) arrow.Array {
	buf, out := newFixed[int32](mem, len(codes))
	copy(out, codes)
	return codesOf(mem, buf, out, dict)
}

// codesOf is codesArray for codes in a buffer, which it takes over.
func codesOf(mem memory.Allocator, buf *memory.Buffer, codes []int32, dict arrow.Array) arrow.Array {
	some := int32(0)
	for _, c := range codes {
		some |= c
	}
	if some >= 0 {
		return newCodes(len(codes), 0, nil, buf, dict)
	}
	w := newBitWriter(mem, len(codes))
	for i := 0; i < len(codes); i += 64 {
		part := codes[i:min(i+64, len(codes))]
		word := uint64(0)
		for k, c := range part {
			word |= uint64(^uint32(c)>>31) << k
			part[k] = max(c, 0)
		}
		w.add(word, len(part))
	}
	nulls, valid := w.done()
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
	if !slices.Contains(values, null) {
		return 0, nil
	}
	w := newBitWriter(mem, len(values))
	for i := 0; i < len(values); i += 64 {
		part := values[i:min(i+64, len(values))]
		word := uint64(0)
		for k, v := range part {
			if v != null {
				word |= 1 << k
			}
		}
		w.add(word, len(part))
	}
	return w.done()
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
