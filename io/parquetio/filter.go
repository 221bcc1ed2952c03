package parquetio

import (
	"bytes"
	"errors"
	"slices"

	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// filter picks rows by a text column. What it can tell without a look at values
// it tells by the bounds of row groups and of pages; values in a dictionary are
// judged once, all others unless they repeat the one before.
type filter struct {
	where  *pipeline.Where
	column *rowsColumn

	pages pageBounds  // of the row group; empty = not known
	of    *dictionary // that wants is about
	wants []bool
	any   bool // one of wants is true
}

// inByteOrder reports whether a column can be a filter's: then its values are bytes
// as they stand, and bounds are in byte order.
func (l *leaf) inByteOrder() bool {
	return !l.nested && l.typ != nil && l.physical == format.ByteArray && l.kind == leafPlain
}

// open prepares for a row group; false when it has no row that is wanted.
func (f *filter) open(s *source, group int) (bool, error) {
	f.pages = pageBounds{}
	at := f.column.leaf
	c := &s.meta.RowGroups[group].Columns[at]
	if at >= len(s.meta.ColumnOrders) || !s.meta.ColumnOrders[at].TypeOrder.Valid {
		return true, nil // bounds, if any, are in an order that is not ours
	}
	// A bound that is not there is nil.
	if b := &c.MetaData.Statistics; !f.where.Overlaps(b.MinValue.V, b.MaxValue.V) {
		return false, nil
	}
	if f.where.Values != nil {
		if ok, err := s.mayHold(&c.MetaData, f.where.Values); err != nil {
			return false, s.fail(s.leaves[at].name, "its Bloom filter is damaged", err)
		} else if !ok {
			return false, nil
		}
	}
	if c.ColumnIndexLength == 0 {
		return true, nil
	}
	var err error
	if f.pages, err = s.readPageBounds(c); err != nil {
		return false, s.fail(s.leaves[at].name, "its page index is damaged", err)
	}
	return true, nil
}

// excluded reports whether the page has no row that is wanted, by its bounds.
func (f *filter) excluded(page int) bool {
	p := &f.pages
	return page < len(p.NullPages) && (p.NullPages[page] || !f.where.Overlaps(p.MinValues[page], p.MaxValues[page]))
}

// pick adds those of the page's next n rows that are wanted to picks, which stay
// in ascending order.
func (f *filter) pick(picks []int32, n int) ([]int32, error) {
	c := f.column.chunk
	if f.excluded(c.pages - 1) {
		return picks, nil
	}
	before := len(picks)
	if c.page.coded() && c.dict != nil {
		f.judge(c.dict)
		if !f.any {
			return picks, nil
		}
	}
	at, err := c.locate(n, nil)
	if err != nil {
		return picks, err
	}
	if c.page.coded() {
		for row, i := range at {
			if i >= 0 && f.wants[i] {
				picks = append(picks, int32(row))
			}
		}
	} else {
		picks = f.compare(picks, c.page.data, at)
	}
	if before > 0 && len(picks) > before {
		slices.Sort(picks)
		picks = slices.Compact(picks)
	}
	return picks, nil
}

// judge finds out which values of a dictionary are wanted.
func (f *filter) judge(d *dictionary) {
	if f.of == d {
		return
	}
	f.of, f.any, f.wants = d, false, grow(f.wants[:0], d.n)
	for i := range f.wants {
		f.wants[i] = f.where.Wants(d.values.text(int32(i)))
		f.any = f.any || f.wants[i]
	}
}

// compare adds the rows whose text at these positions is wanted.
func (f *filter) compare(picks []int32, v *values, at []int32) []int32 {
	var last []byte
	wanted := false
	for row, i := range at {
		if i < 0 {
			continue
		}
		if text := v.text(i); last == nil || !bytes.Equal(text, last) {
			last, wanted = text, f.where.Wants(text)
		}
		if wanted {
			picks = append(picks, int32(row))
		}
	}
	return picks
}

// pageBounds is what a column index says of a chunk's pages.
type pageBounds struct {
	NullPages  []bool   `thrift:"1,required"`
	MinValues  [][]byte `thrift:"2,required"`
	MaxValues  [][]byte `thrift:"3,required"`
	NullCounts []int64  `thrift:"5,optional"`
}

// readPageBounds reads the column index of a chunk.
func (s *source) readPageBounds(c *footerColumn) (p pageBounds, err error) {
	at, n := c.ColumnIndexOffset, int64(c.ColumnIndexLength)
	if at < 0 || n < 0 || n > s.size || at > s.size-n {
		return p, errors.New("it lies outside the file")
	}
	b := make([]byte, n)
	if _, err := s.file.ReadAt(b, at); err != nil {
		return p, err
	}
	if _, err := unmarshal(b, &p); err != nil {
		return p, err
	}
	if len(p.MinValues) != len(p.NullPages) || len(p.MaxValues) != len(p.NullPages) {
		return p, errors.New("its lists have different lengths")
	}
	return p, nil
}
