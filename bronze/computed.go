package bronze

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// computed makes one column that is not simply a source column in a type.
type computed struct {
	*computedPlan
	mem    memory.Allocator
	dict   *pipeline.Dictionary // of the result, where its type is CodeType
	leaves []*leaf
	memo   map[int32]value // by the only leaf's code
	buf    []byte
	text   []byte
}

// value is a cast result: a number's bits or a dictionary code, or a text.
type value struct {
	bits   int64
	text   []byte
	status pipeline.Status
}

// leaf is one expression at work on the current batch.
type leaf struct {
	leafPlan
	recoder pipeline.Recoder
	values  [][]byte // by code of the recoder: what the lookups give
	codes   []int32
	dict    *array.Dictionary
	strs    *array.String
}

func newComputed(p *computedPlan, mem memory.Allocator, dicts Dictionaries, name string) *computed {
	c := &computed{computedPlan: p, mem: mem, memo: map[int32]value{}}
	if arrow.TypeEqual(p.cast.Cast.Type, pipeline.CodeType) {
		c.dict = dicts.of("computed " + name)
	}
	for _, lp := range p.leaves {
		l := &leaf{leafPlan: lp}
		l.recoder.New = func(text []byte) int32 {
			for _, step := range l.chain {
				text = []byte(step.lookup.Find(string(bytes.TrimSpace(text)), step.column))
			}
			l.values = append(l.values, bytes.Clone(text))
			return int32(len(l.values) - 1)
		}
		c.leaves = append(c.leaves, l)
	}
	return c
}

func (l *leaf) bind(in *pipeline.Batch) {
	switch a := in.Record.Column(l.field).(type) {
	case *array.Dictionary:
		l.dict, l.strs = a, nil
		l.codes = l.recoder.Codes(a.Dictionary())
	case *array.String:
		l.dict, l.strs = nil, a
	}
}

// at returns the leaf's text in a row, nil where it is missing.
func (l *leaf) at(row int) []byte {
	if l.dict != nil {
		if l.dict.IsNull(row) {
			return nil
		}
		return l.values[l.codes[l.dict.GetValueIndex(row)]]
	}
	if l.strs.IsNull(row) {
		return nil
	}
	return pipeline.StringBytes(l.strs, row)
}

// raw returns the source's own text in a row, before any lookup.
func (l *leaf) raw(row int) (string, bool) {
	if l.dict != nil {
		if l.dict.IsNull(row) {
			return "", false
		}
		return l.dict.Dictionary().(*array.String).Value(l.dict.GetValueIndex(row)), true
	}
	return l.strs.Value(row), l.strs.IsValid(row)
}

// build makes the column for a batch. Values that cannot be cast are NULL and
// added to rescued under the source columns that they were made of.
func (c *computed) build(in *pipeline.Batch, plan *Plan, rescued []rescue) (arrow.Array, []rescue, int64) {
	for _, l := range c.leaves {
		l.bind(in)
	}
	n := len(in.Rows)
	b := array.NewBuilder(c.mem, c.cast.Cast.Type)
	defer b.Release()
	b.Reserve(n)
	var codes []int32
	var valid []bool
	if c.dict != nil {
		codes, valid = make([]int32, n), make([]bool, n)
	}
	var rounded int64
	for row := range n {
		v := c.row(row)
		switch v.status {
		case pipeline.Failed:
			for _, l := range c.leaves {
				if text, ok := l.raw(row); ok {
					rescued = append(rescued, rescue{row, plan.fields[l.field].column, text})
				}
			}
		case pipeline.Rounded:
			rounded++
		}
		ok := v.status == pipeline.Parsed || v.status == pipeline.Rounded
		switch {
		case c.dict != nil:
			codes[row], valid[row] = int32(v.bits), ok
		case !ok:
			b.AppendNull()
		default:
			appendValue(b, v)
		}
	}
	if c.dict == nil {
		return b.NewArray(), rescued, rounded
	}
	ib := array.NewInt32Builder(c.mem)
	defer ib.Release()
	ib.AppendValues(codes, valid)
	indices := ib.NewArray()
	defer indices.Release()
	return array.NewDictionaryArray(pipeline.CodeType, indices, c.dict.Values()), rescued, rounded
}

func appendValue(b array.Builder, v value) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.BinaryBuilder.Append(v.text)
	case *array.Int64Builder:
		b.Append(v.bits)
	case *array.Int32Builder:
		b.Append(int32(v.bits))
	case *array.BooleanBuilder:
		b.Append(v.bits != 0)
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.bits))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.bits))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(v.bits))
	default:
		panic(fmt.Sprintf("bronze: no column has a %T", b)) // the declarations rule it out
	}
}

// row returns the value of one row.
func (c *computed) row(row int) value {
	if len(c.leaves) == 0 {
		return c.once(-1, func() []byte { return []byte(*c.value) })
	}
	if only := c.leaves[0]; len(c.leaves) == 1 && only.dict != nil {
		if only.dict.IsNull(row) {
			return value{status: pipeline.Missing}
		}
		return c.once(only.codes[only.dict.GetValueIndex(row)], func() []byte { return c.combine(row) })
	}
	return c.finish(c.combine(row))
}

// once works a value out once per code.
func (c *computed) once(code int32, text func() []byte) value {
	v, ok := c.memo[code]
	if !ok {
		v = c.finish(text())
		v.text = bytes.Clone(v.text)
		c.memo[code] = v
	}
	return v
}

// combine returns the text of a row before values are replaced and cast: the
// filled-in template, which is NULL where a part is, or the first leaf that is
// not empty.
func (c *computed) combine(row int) []byte {
	if c.template == nil {
		for _, l := range c.leaves {
			if text := l.at(row); len(bytes.TrimSpace(text)) > 0 {
				return text
			}
		}
		return nil
	}
	c.buf = c.buf[:0]
	next := 0
	for _, part := range c.template {
		if part.Expr == nil {
			c.buf = append(c.buf, part.Text...)
			continue
		}
		text := c.leaves[next].at(row)
		next++
		if len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		c.buf = append(c.buf, text...)
	}
	return c.buf
}

// finish replaces a text that the map names and casts it.
func (c *computed) finish(text []byte) value {
	if len(text) == 0 {
		return value{status: pipeline.Missing}
	}
	if c.replace != nil {
		if to, ok := c.replace[string(text)]; ok {
			text = []byte(to)
		} else if to, ok := c.replace[string(bytes.TrimSpace(text))]; ok {
			text = []byte(to)
		}
	}
	var v value
	switch t := c.cast.Cast.Type; t.ID() {
	case arrow.STRING, arrow.DICTIONARY:
		c.text, v.status = c.cast.Text(text, c.text[:0])
		v.text = c.text
		if c.dict != nil && v.status == pipeline.Parsed {
			if code := c.dict.Code(v.text); code >= 0 {
				v.bits = int64(code)
			} else {
				v.status = pipeline.Failed
			}
		}
	case arrow.INT64:
		v.bits, v.status = c.cast.Int64(text)
	case arrow.INT32:
		n, status := c.cast.Int32(text)
		v.bits, v.status = int64(n), status
	case arrow.BOOL:
		ok, status := c.cast.Bool(text)
		v.status = status
		if ok {
			v.bits = 1
		}
	case arrow.DATE32:
		d, status := c.cast.Date(text)
		v.bits, v.status = int64(d), status
	case arrow.TIMESTAMP:
		ts, status := c.cast.Timestamp(text)
		v.bits, v.status = int64(ts), status
	case arrow.DECIMAL128:
		v.bits, v.status = c.cast.Decimal(text)
	default:
		v.status = pipeline.Failed
	}
	return v
}
