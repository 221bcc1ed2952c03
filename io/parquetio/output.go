package parquetio

import (
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/smeltdata/smelt/pipeline"
)

// output collects a field of a batch. What is not text that is to be
// dictionary-encoded is collected in the file's type, and becomes the field's
// when the batch is finished.
type output struct {
	field   arrow.Field
	leaf    *leaf         // nil = the file lacks the column
	builder array.Builder // of the file's type, or of codes

	dict  *pipeline.Dictionary // nil = the field is not dictionary-encoded
	of    *dictionary          // what codes belongs to
	codes []int32              // by index into it: the code; -1 = not met
}

func newOutput(mem memory.Allocator, f arrow.Field, l *leaf) *output {
	o := &output{field: f, leaf: l}
	switch {
	case isCode(f.Type):
		o.dict, o.builder = pipeline.NewDictionary(), array.NewInt32Builder(mem)
	case l == nil:
		o.builder = array.NewBuilder(mem, f.Type)
	default:
		o.builder = array.NewBuilder(mem, l.typ)
	}
	return o
}

func isCode(t arrow.DataType) bool { return arrow.TypeEqual(t, pipeline.CodeType) }

// append appends values of the page, for which the builder has room.
func (o *output) append(c *chunkReader, at []int32) error {
	if o.dict == nil {
		return c.page.data.appendTo(o.builder, c.leaf, at)
	}
	b := o.builder.(*array.Int32Builder)
	add := func(code int32) { b.UnsafeAppend(code) }
	if !c.page.coded() {
		return c.page.data.bytes(c.leaf, at, b.AppendNull, func(v []byte) error { return o.code(v, add) })
	}
	if o.of != c.dict {
		o.of = c.dict
		o.codes = grow(o.codes[:0], c.dict.n)
		for i := range o.codes {
			o.codes[i] = -1
		}
	}
	for _, i := range at {
		switch {
		case i < 0:
			b.AppendNull()
		case o.codes[i] >= 0:
			b.UnsafeAppend(o.codes[i])
		default:
			at := [1]int32{i}
			err := c.dict.bytes(c.leaf, at[:], nil, func(v []byte) error {
				return o.code(v, func(code int32) { o.codes[i] = code; add(code) })
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// code calls add with the code of a text.
func (o *output) code(v []byte, add func(int32)) error {
	if o.leaf.kind == leafUUID {
		v = uuidText(v)
	}
	if !utf8.Valid(v) {
		return &rowError{row: o.builder.Len(), value: string(v), msg: notText}
	}
	code := o.dict.Code(v)
	if code < 0 {
		return &rowError{row: o.builder.Len(), msg: "the distinct texts of the column pass 2 GiB"}
	}
	add(code)
	return nil
}

// finish returns what was appended, which the caller releases. The builder is
// empty then.
func (o *output) finish(mem memory.Allocator) (arrow.Array, error) {
	a := o.builder.NewArray()
	defer a.Release()
	if o.dict != nil {
		return array.NewDictionaryArray(o.field.Type, a, o.dict.Values()), nil
	}
	return convert(mem, a, o.field.Type)
}
