package parquetio

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/float16"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// page is a decoded data page and how far it is read. Its values stand without
// the NULLs; levels say where those are.
type page struct {
	levels  []byte  // 1 = a value, 0 = NULL; nil = no NULL
	indices []int32 // into the dictionary; nil = plain values
	data    *values // the page's own or its dictionary's
	rows    int
	row     int // next one
	value   int // next one

	// Memory that the chunk's pages use one after the other.
	levelSpace []byte
	indexSpace []int32
	own        values
}

// open decodes a page of n rows. Without levels it has no NULL.
func (p *page) open(c *chunkReader, n int, levels []byte, levelEncoding, enc format.Encoding, data []byte) (err error) {
	p.rows, p.row, p.value, p.levels, p.indices = n, 0, 0, nil, nil
	present := n
	if levels != nil {
		if p.levelSpace, err = decodeLevels(p.levelSpace, levels, levelEncoding, n); err != nil {
			return err
		}
		present = 0
		for _, v := range p.levelSpace {
			present += int(v)
		}
		if present < n {
			p.levels = p.levelSpace
		}
	}
	if enc != format.RLEDictionary && enc != plainDictionary {
		p.data = &p.own
		return p.own.decode(c.leaf, enc, data, present)
	}
	if c.dict == nil {
		return errors.New("a page of dictionary indices without a dictionary")
	}
	p.data = &c.dict.values
	p.indexSpace, err = decodeIndices(p.indexSpace, data, present, c.dict.n)
	p.indices = p.indexSpace[:len(p.indexSpace):len(p.indexSpace)]
	if p.indices == nil {
		p.indices = []int32{}
	}
	return err
}

// plainDictionary is what older writers call both encodings of a dictionary.
//
//lint:ignore SA1019 deprecated for writers, not for readers
const plainDictionary = format.PlainDictionary

// dictionary is the values that a column chunk's pages refer to.
type dictionary struct {
	values
	text arrow.Array // the same, of texts, once it is wanted
}

// newDictionary decodes a dictionary page, whose bytes it keeps.
func newDictionary(src []byte, h *format.DictionaryPageHeader, l *leaf) (*dictionary, error) {
	n := int(h.NumValues)
	if n < 0 || n > 8*len(src) {
		return nil, fmt.Errorf("a dictionary of %d values in %d bytes", n, len(src))
	}
	enc := h.Encoding
	if enc == plainDictionary {
		enc = format.Plain
	}
	d := new(dictionary)
	return d, d.decode(l, enc, src, n)
}

func (d *dictionary) release() {
	if d.text != nil {
		d.text.Release()
	}
}

// read returns the next m rows as an array, or passes over them. Text whose
// pages share a small dictionary comes as a dictionary array.
func (c *chunkReader) read(mem memory.Allocator, m int, skip bool) (arrow.Array, error) {
	if skip {
		for m > 0 {
			if err := c.next(); err != nil {
				return nil, err
			}
			n := min(m, c.left())
			c.page.skip(n)
			m -= n
		}
		return nil, nil
	}
	if err := c.next(); err != nil {
		return nil, err
	}
	if !c.text && c.leaf.physical == format.ByteArray && c.leaf.kind == leafPlain &&
		c.page.indices != nil && c.dict.n <= m && c.left() >= m {
		return c.readCodes(mem, m)
	}
	b := array.NewBuilder(mem, c.leaf.typ)
	defer b.Release()
	b.Reserve(m)
	for m > 0 {
		if err := c.next(); err != nil {
			return nil, err
		}
		n := min(m, c.left())
		if err := c.page.appendTo(b, c.leaf, n); err != nil {
			return nil, err
		}
		m -= n
	}
	return b.NewArray(), nil
}

func (p *page) skip(n int) {
	if p.levels == nil {
		p.value += n
	} else {
		for _, v := range p.levels[p.row : p.row+n] {
			p.value += int(v & 1)
		}
	}
	p.row += n
}

// readCodes returns rows of one dictionary-encoded page as they are.
func (c *chunkReader) readCodes(mem memory.Allocator, m int) (arrow.Array, error) {
	p := &c.page
	if c.dict.text == nil {
		b := array.NewBuilder(mem, c.leaf.typ)
		defer b.Release()
		for i := range c.dict.n {
			appendText(b, c.dict.data[c.dict.offsets[i]:c.dict.offsets[i+1]])
		}
		c.dict.text = b.NewArray()
	}
	b := array.NewInt32Builder(mem)
	defer b.Release()
	b.Reserve(m)
	each(p, m, b.AppendNull, func(i int) { b.UnsafeAppend(p.indices[i]) })
	codes := b.NewArray()
	defer codes.Release()
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: c.leaf.typ}
	return array.NewDictionaryArray(t, codes, c.dict.text), nil
}

// each calls null for each NULL of the next n rows, and value with the position
// of each value.
func each(p *page, n int, null func(), value func(int)) {
	for r := p.row; r < p.row+n; r++ {
		if p.levels != nil && p.levels[r]&1 == 0 {
			null()
			continue
		}
		value(p.value)
		p.value++
	}
	p.row += n
}

// gather adds the next n rows out of a page's or its dictionary's values.
func gather[T any](p *page, n int, values []T, null func(), add func(T)) {
	for r := p.row; r < p.row+n; r++ {
		if p.levels != nil && p.levels[r]&1 == 0 {
			null()
			continue
		}
		i := p.value
		p.value++
		if p.indices != nil {
			i = int(p.indices[i])
		}
		add(values[i])
	}
	p.row += n
}

// appendTo appends the next n rows to a builder of the leaf's type.
func (p *page) appendTo(b array.Builder, l *leaf, n int) error {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		gather(p, n, p.data.bools, b.AppendNull, func(v byte) { b.UnsafeAppend(v != 0) })
	case *array.Int32Builder:
		gather(p, n, p.data.i32, b.AppendNull, b.UnsafeAppend)
	case *array.Uint32Builder:
		gather(p, n, p.data.i32, b.AppendNull, func(v int32) { b.UnsafeAppend(uint32(v)) })
	case *array.Date32Builder:
		gather(p, n, p.data.i32, b.AppendNull, func(v int32) { b.UnsafeAppend(arrow.Date32(v)) })
	case *array.Time32Builder:
		gather(p, n, p.data.i32, b.AppendNull, func(v int32) { b.UnsafeAppend(arrow.Time32(v)) })
	case *array.Int64Builder:
		gather(p, n, p.data.i64, b.AppendNull, b.UnsafeAppend)
	case *array.Uint64Builder:
		gather(p, n, p.data.i64, b.AppendNull, func(v int64) { b.UnsafeAppend(uint64(v)) })
	case *array.Time64Builder:
		gather(p, n, p.data.i64, b.AppendNull, func(v int64) { b.UnsafeAppend(arrow.Time64(v)) })
	case *array.TimestampBuilder:
		if l.kind == leafInt96 {
			gather(p, n, p.data.i96, b.AppendNull, func(v deprecated.Int96) { b.UnsafeAppend(instantOf(v)) })
		} else {
			gather(p, n, p.data.i64, b.AppendNull, func(v int64) { b.UnsafeAppend(arrow.Timestamp(v)) })
		}
	case *array.Float32Builder:
		if l.kind == leafHalf {
			return p.texts(l, n, b.AppendNull, func(v []byte) error {
				b.UnsafeAppend(float16.FromBits(uint16(v[0]) | uint16(v[1])<<8).Float32())
				return nil
			})
		}
		gather(p, n, p.data.f32, b.AppendNull, b.UnsafeAppend)
	case *array.Float64Builder:
		gather(p, n, p.data.f64, b.AppendNull, b.UnsafeAppend)
	case *array.Decimal128Builder:
		switch l.physical {
		case format.Int32:
			gather(p, n, p.data.i32, b.AppendNull, func(v int32) { b.UnsafeAppend(decimal128.FromI64(int64(v))) })
		case format.Int64:
			gather(p, n, p.data.i64, b.AppendNull, func(v int64) { b.UnsafeAppend(decimal128.FromI64(v)) })
		default:
			return p.texts(l, n, b.AppendNull, func(v []byte) error {
				d, ok := decimalOf(v)
				if !ok {
					return fmt.Errorf("a decimal of %d bytes is out of range", len(v))
				}
				b.UnsafeAppend(d)
				return nil
			})
		}
	case *array.Decimal256Builder:
		return p.texts(l, n, b.AppendNull, func(v []byte) error {
			d, ok := longDecimalOf(v)
			if !ok {
				return fmt.Errorf("a decimal of %d bytes is out of range", len(v))
			}
			b.UnsafeAppend(d)
			return nil
		})
	default:
		if err := p.reserveText(b, l, n); err != nil {
			return err
		}
		return p.texts(l, n, b.AppendNull, func(v []byte) error {
			if l.kind == leafUUID && len(v) == 16 {
				v = uuidText(v)
			}
			appendText(b, v)
			return nil
		})
	}
	return nil
}

// reserveText makes room for the texts of the next n rows. An array holds 2 GiB.
func (p *page) reserveText(b array.Builder, l *leaf, n int) error {
	present := n
	if p.levels != nil {
		present = 0
		for _, v := range p.levels[p.row : p.row+n] {
			present += int(v)
		}
	}
	size, o := present*l.width, p.data.offsets
	switch {
	case l.physical == format.FixedLenByteArray:
	case p.indices == nil:
		size = int(o[p.value+present] - o[p.value])
	default:
		size = 0
		for _, i := range p.indices[p.value : p.value+present] {
			size += int(o[i+1] - o[i])
		}
	}
	text, ok := b.(interface {
		DataLen() int
		ReserveData(int)
	})
	if ok && text.DataLen()+size > math.MaxInt32 {
		return fmt.Errorf("the texts of %d rows pass 2 GiB", n)
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

// texts calls add with the next n rows of byte arrays of any or of one length.
func (p *page) texts(l *leaf, n int, null func(), add func([]byte) error) (err error) {
	data, offsets := p.data.data, p.data.offsets
	each(p, n, null, func(i int) {
		if p.indices != nil {
			i = int(p.indices[i])
		}
		var v []byte
		if l.physical == format.FixedLenByteArray {
			v = data[i*l.width : (i+1)*l.width]
		} else {
			v = data[offsets[i]:offsets[i+1]]
		}
		if err == nil {
			err = add(v)
		}
	})
	return err
}
