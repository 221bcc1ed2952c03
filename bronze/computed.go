package bronze

import (
	"bytes"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// computed makes one column that is not simply a source column in a type.
type computed struct {
	*computedPlan
	mem    memory.Allocator
	dict   *pipeline.Dictionary // of the result, where its type is CodeType
	full   bool                 // dict takes no more
	leaves []*leaf
	memo   []value // by the only leaf's code
	last   value   // of a row that no memo has
	buf    []byte  // a filled-in template

	texts    bool    // the result is plain texts
	bits     []int64 // by row: a number, a code, or where the text ends
	valid    []bool
	text     []byte
	constant arrow.Array // of the longest batch so far, where the column is one
}

// value is a cast result.
type value struct {
	bits   int64  // a number, or a code
	text   []byte // a plain text
	status pipeline.Status
}

// unknown marks a value of the memo that is still to be worked out.
const unknown pipeline.Status = 255

func newComputed(p *computedPlan, mem memory.Allocator, dicts Dictionaries) *computed {
	c := &computed{computedPlan: p, mem: mem, texts: p.cast.Cast.Type.ID() == arrow.STRING}
	if p.cast.Cast.Type.ID() == arrow.DICTIONARY {
		c.dict = dicts.of("computed "+p.name, p.name)
	}
	for _, lp := range p.leaves {
		c.leaves = append(c.leaves, newLeaf(lp, p.source))
	}
	return c
}

func (c *computed) release() {
	for _, l := range c.leaves {
		l.recoder.Release()
	}
	if c.constant != nil {
		c.constant.Release()
	}
}

// build makes the column for a batch. Values that cannot be cast are NULL and
// added to rescued under the source columns that they were made of.
func (c *computed) build(in *pipeline.Batch, plan *Plan, rescued []rescue) (arrow.Array, []rescue, int64, error) {
	n := len(in.Rows)
	if c.value != nil {
		return c.repeat(n), rescued, 0, nil
	}
	for _, l := range c.leaves {
		l.bind(in)
	}
	c.bits, c.valid, c.text = c.bits[:0], c.valid[:0], c.text[:0]
	var rounded int64
	for row := range n {
		v, used := c.row(row)
		if v.status == pipeline.Failed {
			for i, l := range c.leaves {
				if text, ok := l.raw(row); ok && (used < 0 || used == i) {
					rescued = append(rescued, rescue{row, plan.fields[l.field].column, text})
				}
			}
		}
		if v.status == pipeline.Rounded {
			rounded++
		}
		c.append(v)
	}
	if c.full || len(c.text) > math.MaxInt32 {
		return nil, nil, 0, &pipeline.Error{Kind: pipeline.ErrInput, File: plan.input.File.Name, Column: c.name,
			Msg: "the texts of the column pass 2 GiB", Hint: "map a shorter text to it"}
	}
	return c.array(), rescued, rounded, nil
}

// repeat returns n times the constant.
func (c *computed) repeat(n int) arrow.Array {
	if c.constant != nil && c.constant.Len() >= n {
		return array.NewSlice(c.constant, 0, int64(n))
	}
	v := c.finish([]byte(*c.value))
	c.bits, c.valid, c.text = c.bits[:0], c.valid[:0], c.text[:0]
	for range n {
		c.append(&v)
	}
	if c.constant != nil {
		c.constant.Release()
	}
	c.constant = c.array()
	c.constant.Retain()
	return c.constant
}

// row returns the value of one row, and which leaf it is of; -1 = of all.
// It is valid until the next row.
func (c *computed) row(row int) (*value, int) {
	only := c.leaves[0]
	if len(c.leaves) > 1 || !only.coded() {
		text, used := c.combine(row)
		c.last = c.finish(text)
		return &c.last, used
	}
	if only.rows.IsNull(row) {
		c.last = value{status: pipeline.Missing}
		return &c.last, 0
	}
	code := int(only.codes[only.index[row]])
	for len(c.memo) <= code {
		c.memo = append(c.memo, value{status: unknown})
	}
	v := &c.memo[code]
	if v.status == unknown {
		text, _ := c.combine(row)
		*v = c.finish(text)
		v.text = bytes.Clone(v.text)
	}
	return v, 0
}

// combine returns the text of a row before it is replaced and cast, and which
// leaf it is of: the filled-in template, which is NULL where a part is (-1), or
// the first leaf that has a value.
func (c *computed) combine(row int) ([]byte, int) {
	if c.template == nil {
		for i, l := range c.leaves {
			if text := l.at(row); len(text) > 0 {
				return text, i
			}
		}
		return nil, -1
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
		if len(text) == 0 {
			return nil, -1
		}
		c.buf = append(c.buf, text...)
	}
	return c.buf, -1
}

// finish replaces a text that the map names and casts it.
func (c *computed) finish(text []byte) (v value) {
	if len(text) == 0 {
		return value{status: pipeline.Missing}
	}
	if c.replace != nil {
		if to, ok := c.replace[string(text)]; ok {
			text = to
		} else if bare := bytes.TrimSpace(text); len(bare) < len(text) {
			if to, ok := c.replace[string(bare)]; ok {
				text = to
			}
		}
	}
	switch c.cast.Cast.Type.ID() {
	case arrow.STRING:
		v.text, v.status = c.cast.Text(text, nil)
	case arrow.DICTIONARY:
		if text, v.status = c.cast.Text(text, nil); v.status == pipeline.Parsed {
			v.bits = int64(c.dict.Code(text))
			c.full = c.full || v.bits < 0
		}
	case arrow.INT64:
		v.bits, v.status = c.cast.Int64(text)
	case arrow.INT32:
		var n int32
		n, v.status = c.cast.Int32(text)
		v.bits = int64(n)
	case arrow.DATE32:
		var d pipeline.Date
		d, v.status = c.cast.Date(text)
		v.bits = int64(d)
	case arrow.TIMESTAMP:
		var t pipeline.Timestamp
		t, v.status = c.cast.Timestamp(text)
		v.bits = int64(t)
	case arrow.DECIMAL128:
		v.bits, v.status = c.cast.Decimal(text)
	default:
		panic("bronze: no column has type " + c.cast.Cast.Type.String()) // the declarations rule it out
	}
	return v
}

// append adds a row's value to the column.
func (c *computed) append(v *value) {
	ok, bits := v.status == pipeline.Parsed || v.status == pipeline.Rounded, v.bits
	if c.texts {
		if ok {
			c.text = append(c.text, v.text...)
		}
		bits = int64(len(c.text))
	}
	c.bits, c.valid = append(c.bits, bits), append(c.valid, ok)
}

// array returns the column of what was appended.
func (c *computed) array() arrow.Array {
	t, n := c.cast.Cast.Type, len(c.bits)
	buffers := []*memory.Buffer{c.bitmap()}
	defer func() {
		for _, b := range buffers {
			if b != nil {
				b.Release()
			}
		}
	}()
	buffer := func(size int) []byte {
		b := memory.NewResizableBuffer(c.mem)
		b.Resize(size)
		buffers = append(buffers, b)
		return b.Bytes()
	}
	switch t.ID() {
	case arrow.STRING:
		offsets := arrow.Int32Traits.CastFromBytes(buffer(4 * (n + 1)))
		offsets[0] = 0
		for i, end := range c.bits {
			offsets[i+1] = int32(end)
		}
		copy(buffer(len(c.text)), c.text)
	case arrow.INT64, arrow.TIMESTAMP:
		copy(arrow.Int64Traits.CastFromBytes(buffer(8*n)), c.bits)
	case arrow.DECIMAL128:
		to := arrow.Decimal128Traits.CastFromBytes(buffer(16 * n))
		for i, v := range c.bits {
			to[i] = decimal128.FromI64(v)
		}
	default:
		to := arrow.Int32Traits.CastFromBytes(buffer(4 * n))
		for i, v := range c.bits {
			to[i] = int32(v)
		}
	}
	nulls := 0
	for _, ok := range c.valid {
		if !ok {
			nulls++
		}
	}
	if c.dict == nil {
		data := array.NewData(t, n, buffers, nil, nulls, 0)
		defer data.Release()
		return array.MakeFromData(data)
	}
	data := array.NewDataWithDictionary(pipeline.CodeType, n, buffers, nulls, 0, c.dict.Values().Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// bitmap returns which rows are not NULL; nil = all.
func (c *computed) bitmap() *memory.Buffer {
	if !slices.Contains(c.valid, false) {
		return nil
	}
	b := memory.NewResizableBuffer(c.mem)
	b.Resize(int(bitutil.BytesForBits(int64(len(c.valid)))))
	clear(b.Bytes())
	for i, ok := range c.valid {
		if ok {
			bitutil.SetBit(b.Bytes(), i)
		}
	}
	return b
}
