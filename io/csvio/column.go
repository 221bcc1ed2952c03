package csvio

import (
	"bytes"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// column collects the values of one field of a batch.
type column struct {
	parser *pipeline.Parser
	name   string
	field  int // index in Scan.Fields
	typ    arrow.DataType
	dict   *pipeline.Dictionary
	mem    memory.Allocator

	n       int            // values
	nulls   int            // of them
	rounded int64          // of them
	valid   []byte         // a bit for each value
	values  *memory.Buffer // room for a batch; nil before its first value
	i64     []int64        // views of values, by type: a decimal is two of these
	i32     []int32
	bits    []byte
	text    []byte
	full    bool // the dictionary takes no more
	which   []int32
	rescued *[]pipeline.Rescued
}

// begin makes room for n values.
func (c *column) begin(n int) {
	c.n, c.nulls, c.rounded = 0, 0, 0
	c.text = c.text[:0]
	size := (n + 7) / 8
	c.valid = slices.Grow(c.valid[:0], size)[:size]
	for i := range c.valid {
		c.valid[i] = 0xff
	}
	c.values = memory.NewResizableBuffer(c.mem)
	room := func(bytes int) []byte {
		c.values.Resize(bytes)
		return c.values.Bytes()
	}
	switch c.typ.ID() {
	case arrow.STRING:
		c.i32 = arrow.Int32Traits.CastFromBytes(room(4 * (n + 1)))
		c.i32[0] = 0
	case arrow.DICTIONARY, arrow.INT32, arrow.DATE32:
		c.i32 = arrow.Int32Traits.CastFromBytes(room(4 * n))
	case arrow.INT64, arrow.TIMESTAMP:
		c.i64 = arrow.Int64Traits.CastFromBytes(room(8 * n))
	case arrow.DECIMAL128:
		c.i64 = arrow.Int64Traits.CastFromBytes(room(16 * n))
	case arrow.BOOL:
		c.bits = room(size)
		clear(c.bits)
	}
}

// null makes the value at i NULL; the text of one that cannot be cast is kept.
func (c *column) null(i int, s pipeline.Status, text []byte) {
	c.nulls++
	c.valid[i>>3] &^= 1 << (i & 7)
	if s == pipeline.Failed {
		*c.rescued = append(*c.rescued, pipeline.Rescued{Row: i, Field: c.field, Text: string(text)})
	}
}

// nullIf makes the value at i NULL if none is 1, not 0: a jump would often go wrong.
func (c *column) nullIf(i int, none uint32) {
	c.nulls += int(none)
	c.valid[i>>3] &^= byte(none << (i & 7))
}

// add parses the texts buf[from[i]:to[i]]; it may change from and to. buf has
// slack bytes more than the texts need.
func (c *column) add(buf []byte, from, to []uint32) {
	to = to[:len(from)]
	switch c.typ.ID() {
	case arrow.STRING:
		c.addText(buf, from, to)
	case arrow.DICTIONARY:
		c.addCodes(buf, from, to)
	case arrow.INT64:
		out := c.i64[c.n : c.n+len(from)]
		for i, a := range from {
			b := buf[a:to[i]]
			v, s := c.parser.Int64(b)
			if out[i] = v; s != pipeline.Parsed {
				c.null(c.n+i, s, b)
			}
		}
	case arrow.INT32:
		out := c.i32[c.n : c.n+len(from)]
		for i, a := range from {
			b := buf[a:to[i]]
			v, s := c.parser.Int32(b)
			if out[i] = v; s != pipeline.Parsed {
				c.null(c.n+i, s, b)
			}
		}
	case arrow.DATE32:
		out := c.i32[c.n : c.n+len(from)]
		b := buf[:0]
		v, s := c.parser.Date(b)
		for i, a := range from {
			if t := buf[a:to[i]]; !bytes.Equal(t, b) { // rows often repeat a day
				b = t
				v, s = c.parser.Date(b)
			}
			if out[i] = int32(v); s != pipeline.Parsed {
				c.null(c.n+i, s, b)
			}
		}
	case arrow.TIMESTAMP:
		out := c.i64[c.n : c.n+len(from)]
		b := buf[:0]
		v, s := c.parser.Timestamp(b)
		for i, a := range from {
			if t := buf[a:to[i]]; !bytes.Equal(t, b) {
				b = t
				v, s = c.parser.Timestamp(b)
			}
			if out[i] = int64(v); s != pipeline.Parsed {
				c.null(c.n+i, s, b)
			}
		}
	case arrow.DECIMAL128:
		out := c.i64[2*c.n : 2*(c.n+len(from))]
		for i, a := range from {
			if v, ok := c.parser.Brief(buf[a:], to[i]-a); ok {
				out[2*i], out[2*i+1] = v, 0
				c.nullIf(c.n+i, (to[i]-a-1)>>31) // no bytes
				continue
			}
			b := buf[a:to[i]]
			v, s := c.parser.Decimal(b)
			out[2*i], out[2*i+1] = v, v>>63
			if s == pipeline.Rounded {
				c.rounded++
			} else if s != pipeline.Parsed {
				out[2*i], out[2*i+1] = 0, 0
				c.null(c.n+i, s, b)
			}
		}
	case arrow.BOOL:
		for i, a := range from {
			b := buf[a:to[i]]
			v, s := c.parser.Bool(b)
			if s != pipeline.Parsed {
				c.null(c.n+i, s, b)
			} else if v {
				c.bits[(c.n+i)>>3] |= 1 << ((c.n + i) & 7)
			}
		}
	}
	c.n += len(from)
}

// array hands the values over as an Arrow array.
func (c *column) array() arrow.Array {
	buffers := []*memory.Buffer{nil, c.values}
	if c.nulls > 0 {
		b := memory.NewResizableBuffer(c.mem)
		b.Resize((c.n + 7) / 8)
		copy(b.Bytes(), c.valid)
		buffers[0] = b
	}
	var dict arrow.ArrayData
	width := 8
	switch c.typ.ID() {
	case arrow.STRING:
		text := memory.NewResizableBuffer(c.mem)
		text.Resize(len(c.text))
		copy(text.Bytes(), c.text)
		buffers = append(buffers, text)
		width = 4
	case arrow.DICTIONARY:
		dict = c.dict.Values().Data()
		width = 4
	case arrow.INT32, arrow.DATE32:
		width = 4
	case arrow.DECIMAL128:
		width = 16
	}
	switch c.typ.ID() {
	case arrow.STRING:
		c.values.Resize(width * (c.n + 1))
	case arrow.BOOL:
		c.values.Resize((c.n + 7) / 8)
	default:
		c.values.Resize(width * c.n)
	}
	var data *array.Data
	if dict != nil {
		data = array.NewDataWithDictionary(c.typ, c.n, buffers, c.nulls, 0, dict.(*array.Data))
	} else {
		data = array.NewData(c.typ, c.n, buffers, nil, c.nulls, 0)
	}
	out := array.MakeFromData(data)
	data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	c.values, c.i64, c.i32, c.bits = nil, nil, nil, nil
	return out
}

// release drops what was not handed over.
func (c *column) release() {
	if c.values != nil {
		c.values.Release()
		c.values = nil
	}
}

// tooMuch reports whether the batch should end here, because of its text.
func (c *column) tooMuch() bool { return len(c.text) > math.MaxInt32/16 }
