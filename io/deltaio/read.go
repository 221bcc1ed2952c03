package deltaio

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// readAs streams columns of a Parquet file as the wanted types; of a column
// that the file lacks, NULLs. With where, only the rows that it picks.
func readAs(ctx context.Context, path string, fields []arrow.Field, where ...pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		have, err := parquetio.Schema(path)
		if err != nil {
			yield(nil, err)
			return
		}
		var names []string
		position := map[string]int{}
		want := func(name string) {
			if _, ok := position[name]; !ok && have.HasField(name) {
				position[name] = len(names)
				names = append(names, name)
			}
		}
		for _, f := range fields {
			want(f.Name)
		}
		for _, w := range where {
			want(w.Column)
		}
		if len(names) == 0 { // the number of rows is wanted still
			want(have.Field(0).Name)
		}
		schema := arrow.NewSchema(fields, nil)
		for rec, err := range parquetio.Read(ctx, []string{path}, names) {
			if err != nil {
				yield(nil, err)
				return
			}
			out, err := conform(path, rec, schema, position)
			if err != nil {
				yield(nil, err)
				return
			}
			more := yieldPicked(out, rec, where, position, yield)
			out.Release()
			if !more {
				return
			}
		}
	}
}

// conform returns a batch with the columns of a schema.
func conform(path string, rec arrow.Record, schema *arrow.Schema, position map[string]int) (arrow.Record, error) {
	columns := make([]arrow.Array, schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, f := range schema.Fields() {
		at, ok := position[f.Name]
		switch {
		case !ok:
			columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, int(rec.NumRows()))
		case pipeline.SameType(rec.Column(at).DataType(), f.Type):
			columns[i] = rec.Column(at)
			columns[i].Retain()
		default:
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Column: f.Name, Msg: fmt.Sprintf("has values of type %s, not %s", rec.Column(at).DataType(), f.Type)}
		}
	}
	return array.NewRecord(schema, columns, rec.NumRows()), nil
}

// yieldPicked yields runs of the rows of out that where picks by those of rec.
func yieldPicked(out, rec arrow.Record, where []pipeline.Where, position map[string]int, yield func(arrow.Record, error) bool) bool {
	if len(where) == 0 {
		return yield(out, nil)
	}
	wanted := func(row int) bool {
		for _, w := range where {
			at, ok := position[w.Column]
			if c, isText := (arrow.Array)(nil), false; ok {
				c = rec.Column(at)
				var text *array.String
				if text, isText = c.(*array.String); isText && text.IsValid(row) && w.Wants([]byte(text.Value(row))) {
					return true
				}
			}
		}
		return false
	}
	n := int(rec.NumRows())
	for from := 0; from < n; {
		if !wanted(from) {
			from++
			continue
		}
		to := from + 1
		for to < n && wanted(to) {
			to++
		}
		part := out.NewSlice(int64(from), int64(to))
		more := yield(part, nil)
		part.Release()
		if !more {
			return false
		}
		from = to
	}
	return true
}
