package parquetio

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// castTypes are what source columns become.
var castTypes = []arrow.DataType{pipeline.StringType, pipeline.CodeType, pipeline.Int64Type, pipeline.DateType, pipeline.TimestampType, pipeline.PriceType, pipeline.BoolType}

// compareColumns scans the columns of a file as text, or into all the types that
// a column may be mapped to, and compares with CastArray of the rows that went in.
func compareColumns(t *testing.T, path string, schema *arrow.Schema, want []arrow.Array, all bool) {
	t.Helper()
	ctx, name := context.Background(), filepath.Base(path)
	s, err := Open(ctx, pipeline.File{Path: path, Name: name})
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	at := map[string]int{}
	for i, c := range s.Columns() {
		at[c] = i
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	segments, err := s.Split(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range schema.Fields() {
		types := castTypes
		if !all {
			types = castTypes[:1]
		}
		for _, to := range types {
			p, err := pipeline.NewParser(pipeline.Cast{Type: to, Location: tokyo})
			if err != nil {
				t.Fatal(err)
			}
			position, ok := at[f.Name]
			if !ok {
				t.Fatalf("%s: no column %q among %q", name, f.Name, s.Columns())
			}
			cast, rescued, rounded, err := pipeline.CastArray(nil, want[i], p, nil)
			if err != nil {
				t.Fatalf("%s: %s as %s: %v", name, f.Name, to, err)
			}
			if !compareColumn(t, segments, position, p, cast, rescued, rounded) {
				t.Errorf("%s: %s (%s) as %s", name, f.Name, f.Type, to)
			}
			cast.Release()
		}
	}
}

func compareColumn(t *testing.T, segments []pipeline.Segment, column int, p *pipeline.Parser, want arrow.Array, rescued []pipeline.CastFailure, rounded int64) bool {
	t.Helper()
	row := 0
	for _, g := range segments {
		for b, err := range g.Scan(context.Background(), pipeline.Scan{Fields: []pipeline.Field{{Column: column, Cast: p}}, BatchRows: 3000}) {
			if err != nil {
				t.Error(err)
				return false
			}
			rounded -= b.Rounded[0]
			c := b.Record.Column(0)
			if row+c.Len() > want.Len() {
				t.Errorf("more than %d rows", want.Len())
				return false
			}
			same := c.DataType().ID() != arrow.DICTIONARY && array.SliceEqual(want, int64(row), int64(row+c.Len()), c, 0, int64(c.Len()))
			for i := 0; i < c.Len() && !same; i++ {
				if c.IsNull(i) != want.IsNull(row+i) || c.IsValid(i) && text(c, i) != text(want, row+i) {
					t.Errorf("row %d is %s, want %s", row+i, c.ValueStr(i), want.ValueStr(row+i))
					return false
				}
			}
			for _, r := range b.Rescued {
				if len(rescued) == 0 || rescued[0].Row != row+r.Row || rescued[0].Text != r.Text {
					t.Errorf("row %d is rescued as %q, want %.1v", row+r.Row, r.Text, rescued)
					return false
				}
				rescued = rescued[1:]
			}
			row += c.Len()
		}
	}
	if row != want.Len() || len(rescued) > 0 || rounded != 0 {
		t.Errorf("%d rows of %d, %d not rescued, %d not rounded", row, want.Len(), len(rescued), rounded)
		return false
	}
	return true
}

// text renders a value fast.
func text(a arrow.Array, i int) string {
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	}
	return a.ValueStr(i)
}

// readErrors scans every column as text, and returns the first error of each, by
// column.
func readErrors(path string) (columns []string, failed map[string]error, err error) {
	ctx := context.Background()
	s, err := Open(ctx, pipeline.File{Path: path, Name: filepath.Base(path)})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	p, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return nil, nil, err
	}
	segments, err := s.Split(ctx, 1<<20)
	if err != nil {
		return nil, nil, err
	}
	failed = map[string]error{}
	for i, name := range s.Columns() {
		for _, g := range segments {
			for _, err := range g.Scan(ctx, pipeline.Scan{Fields: []pipeline.Field{{Column: i, Cast: p}}}) {
				if err != nil && failed[name] == nil {
					failed[name] = err
				}
			}
		}
	}
	return s.Columns(), failed, nil
}

// named reports whether an error names the file and the column.
func named(err error, file, column string) bool {
	var e *pipeline.Error
	return errors.As(err, &e) && e.File == file && e.Column == column && e.Msg != ""
}
