package deltaio

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// Scan streams columns of a snapshot, nil for all, as the types that its schema
// says, file by file in the order of Files. A column that a file lacks is NULL,
// and a partition column has the file's value. With where only the rows that it
// picks are read, and files without such rows, by their statistics and partition
// values, are not opened; its columns must be text.
func Scan(ctx context.Context, s *Snapshot, columns []string, where ...pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		t, err := s.table(columns)
		if err == nil {
			err = s.checkWhere(where)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, f := range s.files {
			if f == nil {
				continue
			}
			for rec, err := range s.scanFile(ctx, f, t, nil, where) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// ScanFile streams columns of one of the snapshot's files, as Scan does, in the
// types of a declared table: text as a dictionary where it is declared so. nil
// columns are all of the declaration's.
func (s *Snapshot) ScanFile(ctx context.Context, f File, t *pipeline.Table, columns []string, where ...pipeline.Where) pipeline.Stream {
	return s.ScanRows(ctx, f, t, columns, nil, where...)
}

// ScanRows is ScanFile that also says which rows of the file a batch has: for
// the time of its step, numbers holds their numbers, from 1 on.
func (s *Snapshot) ScanRows(ctx context.Context, f File, t *pipeline.Table, columns []string, numbers *[]int64, where ...pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		t, err := selected(t, columns)
		if err == nil {
			err = s.checkWhere(where)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		s.scanFile(ctx, &f, t, numbers, where)(yield)
	}
}

// selected returns a declaration of some of a table's columns.
func selected(t *pipeline.Table, columns []string) (*pipeline.Table, error) {
	if columns == nil {
		return t, nil
	}
	var some []pipeline.Column
	for _, name := range columns {
		i := t.Index(name)
		if i < 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Column: name, Msg: "the table has no such column"}
		}
		some = append(some, t.Columns[i])
	}
	return pipeline.NewTable(t.Name, t.Doc, nil, some)
}

// checkWhere refuses a condition that no row can meet by mistake.
func (s *Snapshot) checkWhere(where []pipeline.Where) error {
	for _, w := range where {
		i := s.Schema.Index(w.Column)
		if i < 0 {
			return s.noColumn(w.Column)
		}
		if t := s.Schema.Columns[i].Type; t == nil || t.ID() != arrow.STRING {
			return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.Dir, Column: w.Column, Msg: "rows are picked by text columns only, and it is a " + s.Schema.Columns[i].typeText()}
		}
	}
	return nil
}

// scanFile streams the columns of t of one file.
func (s *Snapshot) scanFile(ctx context.Context, f *File, t *pipeline.Table, numbers *[]int64, where []pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		where, ok := f.within(s.PartitionColumns, where)
		if !ok || !f.mayHold(where) {
			return
		}
		var stored []arrow.Field
		for _, field := range t.Schema.Fields() {
			if !slices.Contains(s.PartitionColumns, field.Name) {
				field.Nullable = true
				stored = append(stored, field)
			}
		}
		constants := map[int]arrow.Array{}
		defer func() {
			for _, c := range constants {
				c.Release()
			}
		}()
		path := s.pathOf(f)
		for rec, err := range parquetio.ReadRows(ctx, path, stored, numbers, where...) {
			if err == nil {
				rec, err = f.complete(rec, t, s.PartitionColumns, constants)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			more := yield(rec, nil)
			rec.Release()
			if !more {
				return
			}
		}
	}
}

// pathOf is where one of the snapshot's files lies.
func (s *Snapshot) pathOf(f *File) string { return filepath.Join(s.Dir, filepath.FromSlash(f.Path)) }

// within settles what the conditions say of partition columns: false if the
// file has no row that they pick. The conditions that are left are to be asked
// of each row; none are left where a partition value is enough.
func (f *File) within(partitions []string, where []pipeline.Where) ([]pipeline.Where, bool) {
	var left []pipeline.Where
	for _, w := range where {
		if !slices.Contains(partitions, w.Column) {
			left = append(left, w)
		} else if v := f.Partition[w.Column]; v != nil && *v != "" && w.Wants([]byte(*v)) {
			return nil, true
		}
	}
	return left, len(where) == 0 || len(left) > 0
}

// complete adds the partition columns to a batch of the others.
func (f *File) complete(rec arrow.Record, t *pipeline.Table, partitions []string, constants map[int]arrow.Array) (arrow.Record, error) {
	n := int(rec.NumRows())
	columns := make([]arrow.Array, len(t.Columns))
	at := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		if !slices.Contains(partitions, c.Name) {
			columns[i] = rec.Column(at)
			at++
			if !c.Nullable && columns[i].NullN() > 0 {
				return nil, &pipeline.Error{Kind: pipeline.ErrData, File: f.Path, Column: c.Name, Msg: "has a NULL, or is missing, where the table says that there is none", Hint: "write the file's rows again"}
			}
			continue
		}
		whole, ok := constants[i]
		if !ok || whole.Len() < n {
			if ok {
				whole.Release()
			}
			var err error
			if whole, err = constant(c.Type, f.Partition[c.Name], n); err != nil {
				delete(constants, i)
				return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: f.Path, Column: c.Name, Msg: "cannot be read", Err: err}
			}
			constants[i] = whole
		}
		columns[i] = array.NewSlice(whole, 0, int64(n))
		defer columns[i].Release()
	}
	return array.NewRecord(t.Schema, columns, rec.NumRows()), nil
}

// constant returns an array of one partition value.
func constant(t arrow.DataType, value *string, n int) (arrow.Array, error) {
	b := array.NewBuilder(memory.DefaultAllocator, t)
	defer b.Release()
	b.Reserve(n)
	for range n {
		if err := appendPartition(b, value); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}

// String names the version for messages.
func (s *Snapshot) String() string { return fmt.Sprintf("%s@v%d", s.name(), s.Version) }
