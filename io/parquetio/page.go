package parquetio

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// page is a data page and how far it is read. Its values stand without the
// NULLs; levels say where those are. What it holds is decoded by open.
type page struct {
	encoding format.Encoding
	rows     int
	row      int // next one
	opened   bool

	levels  []byte  // a bitmap: 1 = a value, 0 = NULL; nil = no NULL
	seen    int     // a row, not after the next one
	value   int     // its value, or the one after it
	data    *values // the page's own or its dictionary's
	indices indices // into the dictionary

	// Memory that the chunk's pages use one after the other.
	levelSpace []byte
	own        values
	at         []int32
}

// begin makes a page of n rows the current one.
func (p *page) begin(n int, enc format.Encoding) {
	p.encoding, p.rows, p.row, p.opened = enc, n, 0, false
}

// coded reports whether the page's values are indices into the dictionary.
func (p *page) coded() bool {
	return p.encoding == format.RLEDictionary || p.encoding == plainDictionary
}

// open decodes the page. Without levels it has no NULL.
func (p *page) open(c *chunkReader, levels []byte, levelEncoding format.Encoding, data []byte) (err error) {
	p.levels, p.seen, p.value = nil, 0, 0
	present := p.rows
	if levels != nil {
		if p.levelSpace, err = decodeLevels(p.levelSpace, levels, levelEncoding, p.rows); err != nil {
			return err
		}
		if present = bitutil.CountSetBits(p.levelSpace, 0, p.rows); present < p.rows {
			p.levels = p.levelSpace
		}
	}
	switch {
	case !p.coded():
		p.data = &p.own
		err = p.own.decode(c.leaf, p.encoding, data, present)
	case c.dict == nil:
		err = errors.New("a page of dictionary indices without a dictionary")
	default:
		p.data = &c.dict.values
		err = p.indices.parse(data, present, c.dict.n)
	}
	p.opened = err == nil
	return err
}

// locate opens the page and says where in its data the values of the next n
// rows stand, -1 for NULL: of all of them, or of those that picks counts from
// the next row on, in ascending order. The answer is valid until the next call.
func (c *chunkReader) locate(n int, picks []int32) ([]int32, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	p := &c.page
	if p.levels == nil {
		p.value += p.row - p.seen
	} else {
		p.value += bitutil.CountSetBits(p.levels, p.seen, p.row-p.seen)
	}
	p.seen = p.row
	switch {
	case picks == nil && p.levels == nil:
		p.at = grow(p.at[:0], n)
		for i := range p.at {
			p.at[i] = int32(p.value + i)
		}
	case picks == nil:
		p.at = grow(p.at[:0], n)
		value := int32(p.value)
		for i := range p.at {
			r := p.row + i
			present := int32(p.levels[r>>3] >> (r & 7) & 1)
			p.at[i] = value | (present - 1) // -1 where it is not
			value += present
		}
	case p.levels == nil:
		p.at = grow(p.at[:0], len(picks))
		for i, k := range picks {
			p.at[i] = int32(p.value) + k
		}
	default:
		p.at = grow(p.at[:0], len(picks))
		row, value := p.row, p.value
		for i, k := range picks {
			r := p.row + int(k)
			value += bitutil.CountSetBits(p.levels, row, r-row)
			row = r
			if p.at[i] = int32(value); p.levels[r>>3]>>(r&7)&1 == 0 {
				p.at[i] = -1
			}
		}
	}
	if p.coded() {
		return p.at, p.indices.read(p.at)
	}
	return p.at, nil
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

// read returns the next m rows as an array. Text whose pages share a small
// dictionary comes as a dictionary array.
func (c *chunkReader) read(mem memory.Allocator, m int) (arrow.Array, error) {
	if err := c.next(); err != nil {
		return nil, err
	}
	if c.leaf.physical == format.ByteArray && c.leaf.kind == leafPlain && c.page.coded() && c.dict != nil && c.dict.n <= m && c.left() >= m {
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
		at, err := c.locate(n, nil)
		if err != nil {
			return nil, err
		}
		if err := c.page.data.appendTo(b, c.leaf, at); err != nil {
			return nil, err
		}
		c.page.row += n
		m -= n
	}
	return b.NewArray(), nil
}

// readCodes returns rows of one dictionary-encoded page as they are.
func (c *chunkReader) readCodes(mem memory.Allocator, m int) (arrow.Array, error) {
	if c.dict.text == nil {
		b := array.NewBuilder(mem, c.leaf.typ)
		defer b.Release()
		for i := range c.dict.n {
			appendText(b, c.dict.values.text(int32(i)))
		}
		c.dict.text = b.NewArray()
	}
	at, err := c.locate(m, nil)
	if err != nil {
		return nil, err
	}
	c.page.row += m
	b := array.NewInt32Builder(mem)
	defer b.Release()
	b.Reserve(m)
	for _, i := range at {
		if i < 0 {
			b.AppendNull()
		} else {
			b.UnsafeAppend(i)
		}
	}
	codes := b.NewArray()
	defer codes.Release()
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: c.leaf.typ}
	return array.NewDictionaryArray(t, codes, c.dict.text), nil
}
