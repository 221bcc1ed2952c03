package silver

import (
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// rowJSON renders rows of batches as JSON. It belongs to one goroutine.
type rowJSON struct {
	schema *arrow.Schema // of the last batch
	names  [][]byte      // of its columns: "name":
}

// append appends row i of a batch as a compact JSON object of its non-NULL
// columns, in order, every value a string: decimals with their full scale,
// times in RFC 3339 in UTC.
func (j *rowJSON) append(dst []byte, rec arrow.Record, i int) []byte {
	if j.schema != rec.Schema() {
		j.schema, j.names = rec.Schema(), j.names[:0]
		for _, f := range j.schema.Fields() {
			j.names = append(j.names, append(appendJSONString(nil, []byte(f.Name)), ':'))
		}
	}
	dst = append(dst, '{')
	first := true
	for c, col := range rec.Columns() {
		if col.IsNull(i) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, j.names[c]...)
		dst = appendJSONValue(dst, col, i)
	}
	return append(dst, '}')
}

func appendJSONValue(dst []byte, col arrow.Array, i int) []byte {
	switch c := col.(type) {
	case *array.String:
		return appendJSONString(dst, pipeline.StringBytes(c, i))
	case *array.Dictionary:
		if values, ok := c.Dictionary().(*array.String); ok {
			return appendJSONString(dst, pipeline.StringBytes(values, c.GetValueIndex(i)))
		}
	}
	dst = append(dst, '"')
	switch c := col.(type) {
	case *array.Int64:
		dst = strconv.AppendInt(dst, c.Value(i), 10)
	case *array.Int32:
		dst = strconv.AppendInt(dst, int64(c.Value(i)), 10)
	case *array.Date32:
		dst = append(dst, pipeline.Date(c.Value(i)).String()...)
	case *array.Timestamp:
		dst = append(dst, pipeline.Timestamp(c.Value(i)).String()...)
	case *array.Decimal128:
		scale := int(c.DataType().(*arrow.Decimal128Type).Scale)
		dst = pipeline.AppendDecimal(dst, int64(c.Value(i).LowBits()), scale)
	default:
		return appendJSONString(dst[:len(dst)-1], []byte(col.ValueStr(i)))
	}
	return append(dst, '"')
}

// appendJSONString appends a JSON string literal. Bytes that are not UTF-8
// become U+FFFD.
func appendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if n := literal(s[i:]); n > 0 {
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		}
		b := s[i]
		if b >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	return append(dst, '"')
}

// literal returns how many bytes at the start stand for themselves in a JSON
// string.
func literal(s []byte) int {
	for i, b := range s {
		if b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			return i
		}
	}
	return len(s)
}
