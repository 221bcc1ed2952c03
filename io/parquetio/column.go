package parquetio

import (
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// column collects one column of the current row group: the page that is being
// filled, and the encoded pages before it.
type column struct {
	layout   layout
	pageRows int
	stage    stage
	valid    validity
	*buffers

	// How many of the next pages are not worth compressing where they are about
	// as large as the one that was not: a page of another width may well be.
	stored, storedSize int

	chunk      blocks // finished data pages, headers included
	dictionary blocks // the dictionary page, once the row group is finished
	raw        int64  // both before compression

	rows   int64 // in finished pages
	nulls  int64
	bounds bounds // of finished pages; nil when they hold no value
	pages  []pageInfo
	sought *sought // nil where the column is not
}

// pageInfo is what the page indexes say of one data page.
type pageInfo struct {
	offset   int // in the chunk
	size     int
	rows     int
	nulls    int
	encoding format.Encoding
	bounds   bounds // copies; nil on a page of NULLs
	open     bool   // the bounds are the dictionary's
}

func newColumn(l layout, o Options, b *buffers) *column {
	c := &column{layout: l, pageRows: o.PageRows, stage: newStage(l, o.PageRows, b), valid: newValidity(o.PageRows), buffers: b}
	if l.column.Sought && l.physical == format.ByteArray {
		c.sought = new(sought)
	}
	return c
}

// append adds rows [from, to) of an array. Errors carry the row in the array.
func (c *column) append(arr arrow.Array, from, to int) error {
	if _, ok := arr.(*array.Dictionary); ok && c.layout.physical != format.ByteArray {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: fmt.Sprintf("a batch has %s: only text may be dictionary-encoded", arr.DataType())}
	}
	bitmap, offset := bitmapOf(arr)
	if bitmap != nil && !c.layout.column.Nullable {
		for i := from; i < to; i++ {
			if arr.IsNull(i) {
				return &rowError{row: i, msg: "NULL in a column that is not nullable"}
			}
		}
	}
	allNull := arr.NullN() == arr.Len()
	if c.sought != nil {
		c.sought.add(arr, from, to)
	}
	for from < to {
		n := min(to-from, c.pageRows-c.valid.rows)
		if !allNull {
			var err error
			if n, err = c.stage.take(arr, from, n); err != nil {
				return err
			}
		}
		nulls := 0
		if allNull {
			nulls = n
		} else if bitmap != nil {
			nulls = n - bitutil.CountSetBits(bitmap, offset+from, n)
		}
		c.valid.add(bitmap, offset+from, n, nulls)
		from += n
		if c.valid.rows == c.pageRows || c.stage.full() {
			if err := c.endPage(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// size is about how many bytes the column holds.
func (c *column) size() int { return c.chunk.n + c.stage.size() }

// endPage encodes the page that is being filled.
func (c *column) endPage(last bool) error {
	v := &c.valid
	if v.rows == 0 {
		return nil
	}
	info := pageInfo{offset: c.chunk.n, rows: v.rows, nulls: v.nulls}
	c.body = c.body[:0]
	if c.layout.column.Nullable {
		c.body = v.appendLevels(c.body)
	}
	if v.nulls < v.rows {
		var b bounds
		var err error
		if c.body, info.encoding, b, err = c.stage.page(c.body, last && len(c.pages) == 0); err != nil {
			return err
		}
		if info.open = b.min == nil && info.encoding == format.RLEDictionary; !info.open {
			info.bounds = copied(b)
			c.widen(info.bounds)
		}
	}
	v.reset()
	return c.packPage(info)
}

// packPage appends the page whose body is made.
func (c *column) packPage(info pageInfo) error {
	err := c.appendPage(&c.chunk, pageHeader{Type: format.DataPage, DataPageHeader: thrift.New(dataPageHeader{
		NumValues: int32(info.rows), Encoding: info.encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})}, c.body)
	c.addPage(info)
	return err
}

// addPage counts the page that was appended.
func (c *column) addPage(info pageInfo) {
	info.size = c.chunk.n - info.offset
	c.rows += int64(info.rows)
	c.nulls += int64(info.nulls)
	c.pages = append(c.pages, info)
}

// copied returns bounds that stay. They are never nil: an empty text is a value.
func copied(b bounds) bounds { return bounds{append([]byte{}, b.min...), append([]byte{}, b.max...)} }

// widen extends the chunk's bounds by a page's.
func (c *column) widen(b bounds) { c.bounds = c.layout.union(c.bounds, b) }

// appendPage compresses a page and appends it with its header. A data page that
// hardly shrank is taken for a sign that the next ones will not either; now and
// then one is tried again.
func (c *column) appendPage(dst *blocks, h pageHeader, body []byte) error {
	if len(body) > maxPageBytes {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: fmt.Sprintf("a value makes a Parquet page of %d bytes; the limit is %d", len(body), maxPageBytes)}
	}
	var packed []byte
	switch {
	case h.Type == format.DictionaryPage:
		packed = c.compress.compress(body)
	case c.stored > 0 && abs(len(body)-c.storedSize) <= len(body)/32:
		c.stored--
		packed = c.compress.store(body)
	default:
		packed = c.compress.compress(body)
		if len(body) > 1<<10 && len(packed) > len(body)/16*13 {
			c.stored, c.storedSize = storedPages, len(body)
		}
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(body)), int32(len(packed))
	h.CRC = int32(crc32.ChecksumIEEE(packed))
	head, err := marshal(h)
	if err != nil {
		return err
	}
	dst.append(head)
	dst.append(packed)
	c.raw += int64(len(head) + len(body))
	return nil
}

// finish ends the row group's last page and makes its dictionary page, where
// pages need one.
func (c *column) finish() error {
	if err := c.endPage(true); err != nil {
		return err
	}
	values, n, b := c.stage.dictionary()
	if n == 0 {
		return nil
	}
	b = copied(b)
	for i := range c.pages {
		if p := &c.pages[i]; p.open {
			p.bounds = b
			c.widen(b)
		}
	}
	return c.appendPage(&c.dictionary, pageHeader{Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(n), Encoding: format.Plain})}, values)
}

func abs(n int) int { return max(n, -n) }

// storedPages is how many pages are stored after one that hardly shrank.
const storedPages = 15

// nextGroup forgets the row group.
func (c *column) nextGroup() {
	c.stage.nextGroup()
	c.chunk.reset()
	c.dictionary.reset()
	c.raw, c.rows, c.nulls, c.bounds, c.pages, c.stored = 0, 0, 0, bounds{}, c.pages[:0], 0
}

// statistics describes the whole chunk.
func (c *column) statistics() statistics {
	s := statistics{NullCount: c.nulls}
	if c.bounds.min == nil {
		return s
	}
	lo, exact := c.lower(c.bounds.min)
	s.MinValue, s.IsMinExact = thrift.New(lo), thrift.New(exact)
	hi, exact := c.upper(c.bounds.max)
	s.MaxValue, s.IsMaxExact = thrift.New(hi), thrift.New(exact)
	return s
}

func (c *column) lower(b []byte) ([]byte, bool) {
	if c.layout.physical != format.ByteArray {
		return b, true
	}
	return lowerBound(b, c.layout.text)
}

func (c *column) upper(b []byte) ([]byte, bool) {
	if c.layout.physical != format.ByteArray {
		return b, true
	}
	return upperBound(b, c.layout.text)
}

// indexes returns the chunk's column index, and its offset index where the
// first data page begins at byte offset of the file.
func (c *column) indexes(offset int64) (format.ColumnIndex, format.OffsetIndex) {
	var ci format.ColumnIndex
	var oi format.OffsetIndex
	up, down := true, true
	var before bounds
	var row int64
	for _, p := range c.pages {
		lo, hi := []byte{}, []byte{}
		if p.bounds.min != nil {
			lo, _ = c.lower(p.bounds.min)
			hi, _ = c.upper(p.bounds.max)
			if before.min != nil {
				up = up && c.layout.compare(before.min, lo) <= 0 && c.layout.compare(before.max, hi) <= 0
				down = down && c.layout.compare(before.min, lo) >= 0 && c.layout.compare(before.max, hi) >= 0
			}
			before = bounds{lo, hi}
		}
		ci.NullPages = append(ci.NullPages, p.bounds.min == nil)
		ci.MinValues = append(ci.MinValues, lo)
		ci.MaxValues = append(ci.MaxValues, hi)
		ci.NullCounts = append(ci.NullCounts, int64(p.nulls))
		oi.PageLocations = append(oi.PageLocations, format.PageLocation{Offset: offset + int64(p.offset), CompressedPageSize: int32(p.size), FirstRowIndex: row})
		row += int64(p.rows)
	}
	switch {
	case up:
		ci.BoundaryOrder = format.Ascending
	case down:
		ci.BoundaryOrder = format.Descending
	}
	return ci, oi
}

// encodings lists what the chunk's pages use, and how many of each.
func (c *column) encodings(dictionary bool) (list []format.Encoding, stats []format.PageEncodingStats) {
	list = append(list, format.RLE)
	add := func(t format.PageType, e format.Encoding) {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
		for i := range stats {
			if stats[i].PageType == t && stats[i].Encoding == e {
				stats[i].Count++
				return
			}
		}
		stats = append(stats, format.PageEncodingStats{PageType: t, Encoding: e, Count: 1})
	}
	if dictionary {
		add(format.DictionaryPage, format.Plain)
	}
	for _, p := range c.pages {
		add(format.DataPage, p.encoding)
	}
	return list, stats
}

// withoutNullValues returns a text column whose NULLs all stand in the array
// itself: a dictionary that holds NULL is expanded. The caller releases it.
func withoutNullValues(mem memory.Allocator, arr arrow.Array) arrow.Array {
	d, ok := arr.(*array.Dictionary)
	if !ok || d.Dictionary().NullN() == 0 {
		arr.Retain()
		return arr
	}
	offsets, text := textOf(d.Dictionary())
	b := array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary)
	defer b.Release()
	for i := range d.Len() {
		if d.IsNull(i) || d.Dictionary().IsNull(d.GetValueIndex(i)) {
			b.AppendNull()
			continue
		}
		c := d.GetValueIndex(i)
		b.Append(text[offsets[c]-offsets[0] : offsets[c+1]-offsets[0]])
	}
	return b.NewBinaryArray()
}
