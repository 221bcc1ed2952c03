package parquetio

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// CopyWithout appends the rows of a Parquet file but for some, whose numbers in
// the file are given: from 1 on, ascending. What stays is not decoded: pages
// without a row that goes are copied as they stand, and so are dictionaries,
// which may then hold values that no row has. Statistics and page indexes are
// those of the rows that stay; bounds of pages may be wider.
//
// False says that it has done nothing, for the file is not as this writer makes
// it (another program did, or the columns or the compression are others), or
// more rows go than stay, which are better written anew. Damage in the file is
// an error as it is when the file is read; each page's checksum is looked at.
func (w *Writer) CopyWithout(ctx context.Context, path string, rows []int64) (bool, error) {
	if w.err != nil {
		return false, w.err
	}
	if w.closed {
		return false, w.closedError()
	}
	s, err := openFile(path, path)
	if err != nil {
		return false, err
	}
	defer s.Close()
	if ok, err := w.canCopy(s, rows); !ok || err != nil {
		return false, err
	}
	if w.err = w.endGroup(); w.err == nil {
		w.err = w.copyWithout(ctx, s, rows)
	}
	return true, w.err
}

// canCopy reports whether the file's pages can be pages of the writer's file.
func (w *Writer) canCopy(s *source, rows []int64) (bool, error) {
	total, last := int64(0), int64(0)
	for _, g := range s.meta.RowGroups {
		total += g.NumRows
	}
	for _, row := range rows {
		if row <= last || row > total {
			return false, &pipeline.Error{Kind: pipeline.ErrInput, Table: w.table.Name, File: s.name, Row: row, Msg: fmt.Sprintf("is to go, but is not one of the file's %d rows, or not in order", total), Hint: "this is a bug in smelt: please report it"}
		}
		last = row
	}
	if 2*int64(len(rows)) > total || !strings.HasPrefix(s.meta.CreatedBy, createdByUs) {
		return false, nil
	}
	schema, _ := schemaOf(w.layouts)
	ours, err := marshalSchema(schema)
	if err != nil {
		return false, err
	}
	theirs, err := marshalSchema(s.meta.Schema)
	if err != nil || !bytes.Equal(ours, theirs) {
		return false, nil // a schema that cannot be written is not ours
	}
	for _, g := range s.meta.RowGroups {
		for i := range g.Columns {
			if c := &g.Columns[i]; c.MetaData.Codec != w.compress.codec || c.ColumnIndexLength == 0 && g.NumRows > 0 {
				return false, nil
			}
		}
	}
	return true, nil
}

func marshalSchema(schema []format.SchemaElement) ([]byte, error) {
	return marshal(struct {
		Schema thrift.Slice[format.SchemaElement] `thrift:"1,required"`
	}{schema})
}

// copyWithout copies row group after row group. One that loses all rows is left
// out.
func (w *Writer) copyWithout(ctx context.Context, s *source, rows []int64) error {
	first := int64(1)
	var goes []int64 // rows of the row group, from 0 on
	for g, rg := range s.meta.RowGroups {
		goes = goes[:0]
		for len(rows) > 0 && rows[0] < first+rg.NumRows {
			goes, rows = append(goes, rows[0]-first), rows[1:]
		}
		first += rg.NumRows
		if int64(len(goes)) == rg.NumRows {
			continue
		}
		for i, c := range w.columns {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.copyChunk(c, g, i, goes); err != nil {
				return err
			}
		}
		w.group = rg.NumRows - int64(len(goes))
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	return nil
}

// copyChunk makes a column chunk of the writer's of one of the file's, whose
// schema is the writer's. Errors name the column.
func (s *source) copyChunk(c *column, group, leaf int, goes []int64) error {
	name := s.leaves[leaf].name
	from := &s.meta.RowGroups[group].Columns[leaf]
	index, err := s.readPageBounds(from)
	if err == nil {
		err = index.check(c, s.meta.RowGroups[group].NumRows, from.MetaData.Statistics.NullCount)
	}
	if err != nil {
		return s.fail(name, "its page index is damaged", err)
	}
	open := func() (*chunkReader, error) { return s.openChunk(group, leaf) }
	in, err := open()
	if err != nil {
		return err
	}
	defer in.close()
	d := &chunkDrop{column: c, in: in, open: open, index: index, goes: goes}
	if err := guard(func() error { return d.run(&from.MetaData.Statistics) }); err != nil {
		return s.fail(name, "cannot be read", err)
	}
	if c.sought == nil {
		return nil
	}
	filter, err := s.bloom(&from.MetaData)
	if err != nil {
		return s.fail(name, "its Bloom filter is damaged", err)
	}
	c.sought.copy(filter)
	return nil
}

// check refuses a column index whose numbers cannot be true of a chunk of some
// rows and NULLs.
func (p *pageBounds) check(c *column, rows, nulls int64) error {
	if len(p.NullCounts) != len(p.NullPages) {
		return fmt.Errorf("%d of its %d pages say how many NULLs they have", len(p.NullCounts), len(p.NullPages))
	}
	for i, n := range p.NullCounts {
		if nulls -= n; n < 0 || n > rows {
			return fmt.Errorf("page %d has %d NULLs", i, n)
		}
		if p.NullPages[i] {
			continue
		}
		for _, b := range [][]byte{p.MinValues[i], p.MaxValues[i]} {
			if width := c.layout.plainWidth(); width > 0 && len(b) != width {
				return fmt.Errorf("a bound of page %d has %d bytes", i, len(b))
			}
		}
		if c.layout.compare(p.MinValues[i], p.MaxValues[i]) > 0 {
			return fmt.Errorf("the bounds of page %d are the wrong way round", i)
		}
	}
	if nulls != 0 {
		return fmt.Errorf("its NULLs are %d fewer than the row group's", nulls)
	}
	return nil
}

// bounds returns those of a page, nil for one of NULLs.
func (p *pageBounds) bounds(page int) bounds {
	if p.NullPages[page] {
		return bounds{}
	}
	return copied(bounds{p.MinValues[page], p.MaxValues[page]})
}

// inside reports whether a page has no value outside of bounds.
func (p *pageBounds) inside(page int, l *layout, b bounds) bool {
	return p.NullPages[page] || b.min != nil && l.compare(p.MinValues[page], b.min) >= 0 && l.compare(p.MaxValues[page], b.max) <= 0
}

// plainWidth is the number of bytes that each plain value has; 0 = any.
func (l *layout) plainWidth() int {
	switch l.physical {
	case format.Boolean:
		return 1
	case format.Int32:
		return 4
	case format.Int64:
		return 8
	}
	return l.width
}
