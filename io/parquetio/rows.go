package parquetio

import (
	"context"
	"errors"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/smeltdata/smelt/pipeline"
)

// rowsReader reads rows of a file, row group after row group, in steps: the
// filters say which rows of a step are picked, and the outputs take those. Its
// memory is bounded by pages, whatever a row group says of its size.
type rowsReader struct {
	ctx     context.Context
	mem     memory.Allocator
	source  *source
	schema  *arrow.Schema
	columns []*rowsColumn // those of the file that are needed, each once
	outputs []*output     // one per field
	filters []*filter     // of columns that the file has
	all     bool          // there was no where

	picks   []int32
	rows    []int64  // of the batch: their numbers, from 1 on
	numbers *[]int64 // where the batch's consumer finds them; nil = it does not ask
}

// rowsColumn is a column of the file that is read.
type rowsColumn struct {
	leaf    int
	chunk   *chunkReader // of the row group
	outputs []*output
	part    []int32
}

const (
	stepRows  = 8 << 10
	batchRows = 8 << 10 // a batch is yielded when it has these rows at least
)

// rows prepares to read fields; without a where all rows are picked.
func (s *source) rows(ctx context.Context, mem memory.Allocator, fields []arrow.Field, where []pipeline.Where) (*rowsReader, error) {
	r := &rowsReader{ctx: ctx, mem: mem, source: s, schema: arrow.NewSchema(fields, nil), all: len(where) == 0}
	for _, f := range fields {
		var l *leaf
		at := s.index(f.Name)
		if at >= 0 {
			l = &s.leaves[at]
			if l.nested || l.typ == nil {
				r.release()
				return nil, s.unread(l)
			}
			if !convertible(l.typ, f.Type) {
				r.release()
				return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: l.name, Value: l.declared, Msg: "cannot be read as " + f.Type.String()}
			}
		}
		o := newOutput(mem, f, l)
		r.outputs = append(r.outputs, o)
		if l != nil {
			c := r.column(at)
			c.outputs = append(c.outputs, o)
		}
	}
	for i := range where {
		at := s.index(where[i].Column)
		if at < 0 {
			continue // NULL is not wanted
		}
		l := &s.leaves[at]
		if !l.inByteOrder() {
			r.release()
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: where[i].Column, Value: l.declared, Msg: "is not text, by which rows could be picked"}
		}
		r.filters = append(r.filters, &filter{where: &where[i], column: r.column(at)})
	}
	return r, nil
}

// column returns the column of a leaf.
func (r *rowsReader) column(leaf int) *rowsColumn {
	for _, c := range r.columns {
		if c.leaf == leaf {
			return c
		}
	}
	c := &rowsColumn{leaf: leaf}
	r.columns = append(r.columns, c)
	return c
}

func (r *rowsReader) release() {
	r.closeGroup()
	for _, o := range r.outputs {
		o.builder.Release()
	}
}

// run yields all batches; false when no more are wanted.
func (r *rowsReader) run(yield func(arrow.Record, error) bool) (more bool, err error) {
	first := int64(1)
	for g := range r.source.meta.RowGroups {
		more, err := r.group(g, first, yield)
		r.closeGroup()
		if err != nil || !more {
			return false, err
		}
		first += r.source.meta.RowGroups[g].NumRows
	}
	return r.flush(yield)
}

func (r *rowsReader) closeGroup() {
	for _, c := range r.columns {
		if c.chunk != nil {
			c.chunk.close()
			c.chunk = nil
		}
	}
}

// group reads a row group whose first row has the number first.
func (r *rowsReader) group(g int, first int64, yield func(arrow.Record, error) bool) (more bool, err error) {
	if err := r.ctx.Err(); err != nil {
		return false, err
	}
	var active []*filter
	for _, f := range r.filters {
		ok, err := f.open(r.source, g)
		if err != nil {
			return false, err
		}
		if ok {
			active = append(active, f)
		}
	}
	if !r.all && len(active) == 0 {
		return true, nil
	}
	for _, c := range r.columns {
		if c.chunk, err = r.source.openChunk(g, c.leaf); err != nil {
			return false, err
		}
	}
	for left := r.source.meta.RowGroups[g].NumRows; left > 0; {
		if err := r.ctx.Err(); err != nil {
			return false, err
		}
		n := int(min(left, stepRows))
		if !r.all {
			if n, err = r.pick(active, n); err != nil {
				return false, err
			}
		}
		if err := r.take(first, n); err != nil {
			return false, err
		}
		if len(r.rows) >= batchRows {
			if more, err := r.flush(yield); err != nil || !more {
				return false, err
			}
		}
		left -= int64(n)
		first += int64(n)
	}
	return true, nil
}

// pick finds the picked ones of the next rows: n of them, or as many as the
// filters' pages have.
func (r *rowsReader) pick(active []*filter, n int) (int, error) {
	for _, f := range active {
		if err := r.guard(f.column, f.column.chunk.next); err != nil {
			return 0, err
		}
		n = min(n, f.column.chunk.left())
	}
	r.picks = r.picks[:0]
	for _, f := range active {
		if err := r.guard(f.column, func() (err error) {
			r.picks, err = f.pick(r.picks, n)
			return err
		}); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// take appends the picked ones of the next n rows to the outputs.
func (r *rowsReader) take(first int64, n int) error {
	picks, taken := r.picks, len(r.picks)
	if r.all {
		picks, taken = nil, n
	}
	for i := range taken {
		row := int64(i)
		if picks != nil {
			row = int64(picks[i])
		}
		r.rows = append(r.rows, first+row)
	}
	for _, c := range r.columns {
		if taken == 0 || len(c.outputs) == 0 {
			c.chunk.skip(n)
			continue
		}
		for _, o := range c.outputs {
			o.builder.Reserve(taken)
		}
		if err := r.guard(c, func() error { return c.read(n, picks) }); err != nil {
			return err
		}
	}
	for _, o := range r.outputs {
		if o.leaf == nil {
			o.builder.AppendNulls(taken)
		}
	}
	return nil
}

// read appends the picked ones of the next n rows, or all, to the outputs.
func (c *rowsColumn) read(n int, picks []int32) error {
	all := picks == nil
	for done := 0; done < n; {
		if err := c.chunk.next(); err != nil {
			return err
		}
		k := min(n-done, c.chunk.left())
		part := picks
		if !all {
			end := 0
			for end < len(picks) && int(picks[end]) < done+k {
				end++
			}
			part = c.part[:0]
			for _, p := range picks[:end] {
				part = append(part, p-int32(done))
			}
			c.part, picks = part, picks[end:]
		}
		if all || len(part) > 0 {
			at, err := c.chunk.locate(k, part)
			if err != nil {
				return err
			}
			for _, o := range c.outputs {
				if err := o.append(c.chunk, at); err != nil {
					return err
				}
			}
		}
		c.chunk.page.row += k
		done += k
	}
	return nil
}

// guard runs f, and says in its error where it happened.
func (r *rowsReader) guard(c *rowsColumn, f func() error) error {
	if err := guard(f); err != nil {
		return r.fail(r.source.leaves[c.leaf].name, err)
	}
	return nil
}

// fail adds the file, the column and, where the error is one of a value, the row.
func (r *rowsReader) fail(column string, err error) error {
	var v *rowError
	if errors.As(err, &v) {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: r.source.name, Column: column, Row: r.rows[v.row], Value: v.value, Msg: v.msg}
	}
	return r.source.fail(column, "cannot be read", err)
}

// flush yields the rows that were taken, if any; false when no more are wanted.
func (r *rowsReader) flush(yield func(arrow.Record, error) bool) (more bool, err error) {
	n := len(r.rows)
	if n == 0 {
		return true, nil
	}
	columns := make([]arrow.Array, 0, len(r.outputs))
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for _, o := range r.outputs {
		a, err := o.finish(r.mem)
		if err != nil {
			return false, r.fail(o.field.Name, err)
		}
		columns = append(columns, a)
	}
	if r.numbers != nil {
		*r.numbers = r.rows
	}
	r.rows = r.rows[:0]
	rec := array.NewRecord(r.schema, columns, int64(n))
	defer rec.Release()
	return yield(rec, nil), nil
}
