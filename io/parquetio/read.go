package parquetio

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
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
			more := withFile(path, yield, func(s *source) (*rowsReader, error) {
				_, fields, err := s.find(columns)
				if err != nil {
					return nil, err
				}
				if own := arrow.NewSchema(fields, nil); schema == nil {
					schema = own
				} else if !own.Equal(schema) {
					return nil, s.fail("", fmt.Sprintf("has other columns than the files before it: %s, not %s", own, schema), nil)
				}
				return s.rows(ctx, memory.DefaultAllocator, fields, nil)
			})
			if !more {
				return
			}
		}
	}
}

// ReadAs streams columns of a Parquet file of one of our tables, which others
// may have written again, as the wanted types: text, dictionary-encoded or not,
// int32, int64, bool, date32, timestamps in microseconds UTC, decimal128 or
// binary, or the very type that Read gives. All fields are nullable: a column
// that the file lacks is NULL. Text that is dictionary-encoded keeps its codes
// from batch to batch; the dictionary only grows.
//
// Times may stand in the file as INT96 (read as Spark does) or in any unit, but
// not without a zone; decimals and integers in any width. A value that the type
// cannot hold exactly, and text that is not UTF-8, is an error that names the
// file, the column and the row, and so is a column of another kind.
//
// With wheres only the rows that any of them picks come, in the file's order and
// in batches of some 8,000 rows. Their columns must be text, and need not be
// among the fields. What statistics or a dictionary exclude is not read, nor are
// pages without a row that is picked decompressed; a damage in them goes unseen.
func ReadAs(ctx context.Context, path string, fields []arrow.Field, where ...pipeline.Where) pipeline.Stream {
	return readAs(ctx, memory.DefaultAllocator, path, fields, nil, where)
}

// ReadRows is ReadAs that also says which rows of the file a batch has: for the
// time of its step, numbers holds their numbers, from 1 on.
func ReadRows(ctx context.Context, path string, fields []arrow.Field, numbers *[]int64, where ...pipeline.Where) pipeline.Stream {
	return readAs(ctx, memory.DefaultAllocator, path, fields, numbers, where)
}

func readAs(ctx context.Context, mem memory.Allocator, path string, fields []arrow.Field, numbers *[]int64, where []pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		withFile(path, yield, func(s *source) (*rowsReader, error) {
			nullable := make([]arrow.Field, len(fields))
			for i, f := range fields {
				nullable[i] = arrow.Field{Name: f.Name, Type: f.Type, Nullable: true}
			}
			r, err := s.rows(ctx, mem, nullable, where)
			if err == nil {
				r.numbers = numbers
			}
			return r, err
		})
	}
}

// withFile opens a file and yields what a reader of it reads; false when no more
// is wanted.
func withFile(path string, yield func(arrow.Record, error) bool, open func(*source) (*rowsReader, error)) bool {
	s, err := openFile(path, path)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer s.Close()
	r, err := open(s)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer r.release()
	more, err := r.run(yield)
	if err != nil {
		yield(nil, err)
		return false
	}
	return more
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

// index returns the position of a column among the leaves, or -1.
func (s *source) index(name string) int {
	for i := range s.leaves {
		if s.leaves[i].name == name {
			return i
		}
	}
	return -1
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
		at := s.index(name)
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
