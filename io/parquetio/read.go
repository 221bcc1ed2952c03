package parquetio

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/smeltdata/smelt/pipeline"
)

// Read streams columns of one or several files of one table, in the files'
// order, with the Arrow types that their schema says: those of the table's
// declaration where smelt wrote them, but that text is never
// dictionary-encoded. No columns means all. Each file must have the columns,
// with the types that they have in the first.
func Read(ctx context.Context, paths []string, columns []string) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		var schema *arrow.Schema
		for _, path := range paths {
			s, err := openFile(path, path)
			if err != nil {
				yield(nil, err)
				return
			}
			more := s.stream(ctx, columns, &schema, yield)
			s.Close()
			if !more {
				return
			}
		}
	}
}

// Schema returns the columns of a file as Read yields them.
func Schema(path string) (*arrow.Schema, error) {
	s, err := openFile(path, path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	_, fields, err := s.find(nil)
	return arrow.NewSchema(fields, nil), err
}

// stream yields the file's batches; false when no more are wanted.
func (s *source) stream(ctx context.Context, columns []string, schema **arrow.Schema, yield func(arrow.Record, error) bool) bool {
	wanted, fields, err := s.find(columns)
	if err != nil {
		yield(nil, err)
		return false
	}
	if own := arrow.NewSchema(fields, nil); *schema == nil {
		*schema = own
	} else if !own.Equal(*schema) {
		yield(nil, s.fail("", fmt.Sprintf("has other columns than the files before it: %s, not %s", own, *schema), nil))
		return false
	}
	for g := range s.meta.RowGroups {
		r, err := s.openGroup(g, wanted, true)
		if err != nil {
			yield(nil, err)
			return false
		}
		more := r.each(ctx, pipeline.Scan{}, func(columns []arrow.Array, _ int64, m int) bool {
			rec := array.NewRecord(*schema, columns, int64(m))
			defer rec.Release()
			return yield(rec, nil)
		}, func(int64, int) bool { return true }, func(err error) { yield(nil, err) })
		r.close()
		if !more {
			return false
		}
	}
	return true
}

// find returns the positions and Arrow fields of columns.
func (s *source) find(columns []string) (wanted []int, fields []arrow.Field, err error) {
	if len(columns) == 0 {
		for i := range s.leaves {
			if !s.leaves[i].nested {
				wanted = append(wanted, i)
			}
		}
	}
	for _, name := range columns {
		at := -1
		for i := range s.leaves {
			if s.leaves[i].name == name {
				at = i
			}
		}
		if at < 0 {
			e := &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: name, Msg: "is not a column of the file"}
			if n := pipeline.Nearest(name, s.Columns()); n != "" {
				e.Hint = fmt.Sprintf("did you mean %q?", n)
			}
			return nil, nil, e
		}
		wanted = append(wanted, at)
	}
	for _, i := range wanted {
		l := &s.leaves[i]
		if l.nested || l.typ == nil {
			return nil, nil, s.unread(l)
		}
		fields = append(fields, arrow.Field{Name: l.name, Type: l.typ, Nullable: l.optional})
	}
	return wanted, fields, nil
}
