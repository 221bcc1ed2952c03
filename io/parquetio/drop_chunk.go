package parquetio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// chunkDrop copies one column chunk but for some rows, page by page, into the
// column of a writer.
//
// The bounds of texts are what is not plain to see: a page's may be those of the
// whole dictionary, and long ones are cut. So the texts that go are looked at:
// a bound of the chunk that is exact and none of them is still one of its texts.
// Where that does not tell, those pages are read that may hold a text beyond the
// ones known.
type chunkDrop struct {
	column *column
	in     *chunkReader
	open   func() (*chunkReader, error) // another reader of the chunk
	index  pageBounds
	goes   []int64 // rows of the chunk, from 0 on, ascending

	whole      []bool // by page: it is copied as it stands
	lost       bounds // of the texts that go
	found      bounds // of the pages that were made again: exact
	dictionary int64  // bytes of its page before compression

	goPicks, stayPicks []int32
	bits               []byte
}

func (d *chunkDrop) run(was *footerBounds) error {
	c, in := d.column, d.in
	for row := int64(0); in.rows > 0; row += int64(in.page.rows) {
		if err := d.readPage(); err != nil {
			return err
		}
		page := len(d.whole)
		if page == len(d.index.NullPages) {
			return fmt.Errorf("there are more pages than the %d of the page index", page)
		}
		if n, nulls := int64(in.page.rows), d.index.NullCounts[page]; nulls > n || d.index.NullPages[page] != (nulls == n) {
			return fmt.Errorf("page %d has %d rows, of which %d are NULL by the page index", page, n, nulls)
		}
		if err := d.copyPage(page, row); err != nil {
			return err
		}
	}
	if len(d.whole) != len(d.index.NullPages) {
		return fmt.Errorf("there are %d pages, and %d in the page index", len(d.whole), len(d.index.NullPages))
	}
	if !slices.ContainsFunc(c.pages, func(p pageInfo) bool { return p.encoding == format.RLEDictionary }) {
		c.dictionary.reset()
		c.raw -= d.dictionary
	}
	if c.layout.physical == format.ByteArray {
		return d.textBounds(was)
	}
	for _, p := range c.pages { // whose bounds are exact
		if p.bounds.min != nil {
			c.widen(p.bounds)
		}
	}
	return nil
}

// readPage reads the next data page's header, and copies a dictionary before it.
func (d *chunkDrop) readPage() error {
	in := d.in
	for {
		if err := in.readHeader(); err != nil {
			return err
		}
		switch h := &in.head; {
		case h.Type == format.DataPage && h.DataPageHeader.Valid:
			return in.begin(h.DataPageHeader.V.NumValues, h.DataPageHeader.V.Encoding)
		case h.Type != format.DictionaryPage:
			return fmt.Errorf("a page of the kind %s, which smelt does not write", h.Type)
		}
		before := d.column.raw
		body, err := d.copyBody(&d.column.dictionary)
		if err != nil {
			return err
		}
		d.dictionary = d.column.raw - before
		if err := in.openDictionary(body); err != nil {
			return err
		}
	}
}

// copyBody copies a page as it stands.
func (d *chunkDrop) copyBody(dst *blocks) (body []byte, err error) {
	if body, err = d.in.readBody(); err != nil {
		return nil, err
	}
	dst.append(d.in.header)
	dst.append(body)
	d.column.raw += int64(len(d.in.header)) + int64(d.in.head.UncompressedPageSize)
	return body, nil
}

// copyPage copies the page that was read, which begins with a row of the chunk,
// or makes it again of the rows that stay.
func (d *chunkDrop) copyPage(page int, row int64) error {
	c, in := d.column, d.in
	n := in.page.rows
	from, _ := slices.BinarySearch(d.goes, row)
	to, _ := slices.BinarySearch(d.goes, row+int64(n))
	goes := d.goes[from:to]
	d.whole = append(d.whole, len(goes) == 0)
	if len(goes) == 0 {
		info := pageInfo{offset: c.chunk.n, rows: n, nulls: int(d.index.NullCounts[page]), encoding: in.page.encoding, bounds: d.index.bounds(page)}
		if _, err := d.copyBody(&c.chunk); err != nil {
			return err
		}
		c.addPage(info)
		return nil
	}
	d.goPicks, d.stayPicks = d.goPicks[:0], d.stayPicks[:0]
	for i := range int32(n) {
		if len(goes) > 0 && row+int64(i) == goes[0] {
			d.goPicks, goes = append(d.goPicks, i), goes[1:]
		} else {
			d.stayPicks = append(d.stayPicks, i)
		}
	}
	if c.layout.physical == format.ByteArray {
		at, err := in.locate(n, d.goPicks)
		if err != nil {
			return err
		}
		d.lost = c.layout.extend(d.lost, in.page.data.bounds(&c.layout, at))
	}
	if len(d.stayPicks) == 0 {
		return nil
	}
	at, err := in.locate(n, d.stayPicks)
	if err != nil {
		return err
	}
	made := len(c.pages)
	if in.page.coded() {
		for part := range slices.Chunk(at, c.pageRows) {
			if err := d.codePage(part); err != nil {
				return err
			}
		}
	} else if err := d.valuePages(at); err != nil {
		return err
	}
	for _, p := range c.pages[made:] {
		d.found = c.layout.extend(d.found, p.bounds)
	}
	return nil
}

// codePage makes a page of codes of the dictionary, -1 for NULL.
func (d *chunkDrop) codePage(at []int32) error {
	c := d.column
	codes := c.intCodes[:0]
	d.bits = grow(d.bits[:0], (len(at)+7)/8)
	clear(d.bits)
	for i, code := range at {
		if code >= 0 {
			codes = append(codes, uint32(code))
			d.bits[i>>3] |= 1 << (i & 7)
		}
	}
	c.intCodes = codes
	info := pageInfo{offset: c.chunk.n, rows: len(at), nulls: len(at) - len(codes)}
	c.body = c.body[:0]
	if c.layout.column.Nullable {
		c.valid.add(d.bits, 0, info.rows, info.nulls)
		c.body = c.valid.appendLevels(c.body)
		c.valid.reset()
	}
	if len(codes) > 0 {
		c.body = appendIndices(c.body, codes, d.in.dict.n)
		info.encoding, info.bounds = format.RLEDictionary, copied(d.in.dict.bounds(&c.layout, at))
	}
	return c.packPage(info)
}

// valuePages makes pages of values that are in no dictionary, in the encoding
// that they have.
func (d *chunkDrop) valuePages(at []int32) error {
	c, l := d.column, d.in.leaf
	b := array.NewBuilder(memory.DefaultAllocator, l.typ)
	defer b.Release()
	b.Reserve(len(at))
	if err := d.in.page.data.appendTo(b, l, at); err != nil {
		return err
	}
	rows := b.NewArray()
	defer rows.Release()
	c.stage.keep(d.in.page.encoding)
	if err := c.append(rows, 0, rows.Len()); err != nil {
		return err
	}
	return c.endPage(false)
}

// textBounds finds the bounds of the texts that stay.
func (d *chunkDrop) textBounds(was *footerBounds) error {
	c, l := d.column, &d.column.layout
	found := d.found
	if lo := was.MinValue.V; was.MinValue.Valid && was.IsMinExact.V && (d.lost.min == nil || l.compare(d.lost.min, lo) > 0) {
		found = l.extend(found, copied(bounds{lo, lo}))
	}
	if hi := was.MaxValue.V; was.MaxValue.Valid && was.IsMaxExact.V && (d.lost.max == nil || l.compare(d.lost.max, hi) < 0) {
		found = l.extend(found, copied(bounds{hi, hi}))
	}
	var in *chunkReader
	for page, whole := range d.whole {
		if !whole || d.index.inside(page, l, found) {
			continue
		}
		if in == nil {
			var err error
			if in, err = d.open(); err != nil {
				return err
			}
			defer in.close()
		}
		for in.pages <= page {
			if err := in.readPage(); err != nil {
				return err
			}
		}
		at, err := in.locate(in.page.rows, nil)
		if err != nil {
			return err
		}
		found = l.extend(found, in.page.data.bounds(l, at))
	}
	c.bounds = found
	return nil
}

// extend extends bounds by others, of which it keeps a copy. Either may be nil.
func (l *layout) extend(a, b bounds) bounds {
	if b.min == nil || a.min != nil && l.compare(b.min, a.min) >= 0 && l.compare(b.max, a.max) <= 0 {
		return a
	}
	return l.union(a, copied(b))
}

// bounds returns the least and the greatest of the texts or integers at some
// positions, of which negative ones are passed over; nil where there is none.
// Most texts are ruled out by their first eight bytes.
func (v *values) bounds(l *layout, at []int32) bounds {
	b := bounds{}
	span := noSpan
	var lo, hi uint64
	for _, i := range at {
		switch {
		case i < 0:
		case l.physical == format.Int32:
			span.min, span.max = min(span.min, int64(v.i32[i])), max(span.max, int64(v.i32[i]))
		case l.physical == format.Int64:
			span.min, span.max = min(span.min, v.i64[i]), max(span.max, v.i64[i])
		default:
			text := v.text(i)
			p := prefix(text)
			if b.min == nil || p <= lo && bytes.Compare(text, b.min) < 0 {
				b.min, lo = text, p
			}
			if b.max == nil || p >= hi && bytes.Compare(text, b.max) > 0 {
				b.max, hi = text, p
			}
		}
	}
	if span.min <= span.max {
		width := l.plainWidth()
		b.min = binary.LittleEndian.AppendUint64(nil, uint64(span.min))[:width]
		b.max = binary.LittleEndian.AppendUint64(nil, uint64(span.max))[:width]
	}
	return b
}
