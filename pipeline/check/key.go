package check

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

// A key is the values of some columns in a row, as bytes: equal keys are equal
// bytes, whatever the arrays are like.

// appender appends a column's value of a row to a key; false for NULL.
type appender func(dst []byte, i int) ([]byte, bool)

func appenderOf(name string, col arrow.Array) (appender, error) {
	text := func(dst, v []byte) []byte { return append(binary.AppendUvarint(dst, uint64(len(v))), v...) }
	var value func(dst []byte, i int) []byte
	switch c := col.(type) {
	case *array.String:
		value = func(dst []byte, i int) []byte { return text(dst, pipeline.StringBytes(c, i)) }
	case *array.Binary:
		value = func(dst []byte, i int) []byte { return text(dst, c.Value(i)) }
	case *array.Int64:
		value = func(dst []byte, i int) []byte { return binary.AppendVarint(dst, c.Value(i)) }
	case *array.Int32:
		value = func(dst []byte, i int) []byte { return binary.AppendVarint(dst, int64(c.Value(i))) }
	case *array.Date32:
		value = func(dst []byte, i int) []byte { return binary.AppendVarint(dst, int64(c.Value(i))) }
	case *array.Timestamp:
		value = func(dst []byte, i int) []byte { return binary.AppendVarint(dst, int64(c.Value(i))) }
	case *array.Boolean:
		value = func(dst []byte, i int) []byte {
			if c.Value(i) {
				return append(dst, 1)
			}
			return append(dst, 0)
		}
	case *array.Decimal128:
		value = func(dst []byte, i int) []byte {
			v := c.Value(i)
			return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(v.HighBits())), v.LowBits())
		}
	case *array.Dictionary:
		of, err := appenderOf(name, c.Dictionary())
		if err != nil {
			return nil, err
		}
		if codes, ok := c.Indices().(*array.Int32); ok && isNull(c) == nil && c.Dictionary().Len() <= 1<<10 {
			// Each of few texts is made once.
			made := make([][]byte, c.Dictionary().Len())
			values := codes.Int32Values()
			return func(dst []byte, i int) ([]byte, bool) {
				k := values[i]
				if made[k] == nil {
					made[k], _ = of(nil, int(k))
				}
				return append(dst, made[k]...), true
			}, nil
		}
		before, known := -1, []byte(nil) // the last code, and its text
		return func(dst []byte, i int) ([]byte, bool) {
			if c.IsNull(i) {
				return dst, false
			}
			if code := c.GetValueIndex(i); code != before {
				v, ok := of(known[:0], code)
				if !ok {
					return dst, false
				}
				before, known = code, v
			}
			return append(dst, known...), true
		}, nil
	default:
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Column: name, Msg: fmt.Sprintf("a column of %s cannot be a key", col.DataType())}
	}
	if col.NullN() == 0 {
		if c, ok := col.(*array.Int32); ok {
			values := c.Int32Values()
			return func(dst []byte, i int) ([]byte, bool) { return binary.AppendVarint(dst, int64(values[i])), true }, nil
		}
		return func(dst []byte, i int) ([]byte, bool) { return value(dst, i), true }, nil
	}
	return func(dst []byte, i int) ([]byte, bool) {
		if col.IsNull(i) {
			return dst, false
		}
		return value(dst, i), true
	}, nil
}

// readKey is a key as a JSON object: {"order_id":"S1","line_number":2}.
func readKey(t *pipeline.Table, columns []string, key []byte) []byte {
	out := []byte{'{'}
	for i, name := range columns {
		typ := t.Columns[t.MustIndex(name)].Type
		if d, ok := typ.(*arrow.DictionaryType); ok {
			typ = d.ValueType
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(pipeline.AppendJSON(out, []byte(name)), ':')
		switch typ := typ.(type) {
		case *arrow.StringType, *arrow.BinaryType:
			n, k := binary.Uvarint(key)
			out = pipeline.AppendJSON(out, key[k:k+int(n)])
			key = key[k+int(n):]
		case *arrow.BooleanType:
			out = strconv.AppendBool(out, key[0] == 1)
			key = key[1:]
		case *arrow.Decimal128Type:
			v := decimal128.New(int64(binary.BigEndian.Uint64(key)), binary.BigEndian.Uint64(key[8:]))
			out = append(out, v.ToString(typ.Scale)...)
			key = key[16:]
		default:
			n, k := binary.Varint(key)
			switch typ.ID() {
			case arrow.DATE32:
				out = pipeline.AppendJSON(out, []byte(pipeline.Date(n).Time().Format("2006-01-02")))
			case arrow.TIMESTAMP:
				out = pipeline.AppendJSON(out, []byte(pipeline.Timestamp(n).Time().Format("2006-01-02T15:04:05.999999Z07:00")))
			default:
				out = strconv.AppendInt(out, n, 10)
			}
			key = key[k:]
		}
	}
	return append(out, '}')
}
