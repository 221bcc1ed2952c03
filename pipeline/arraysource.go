package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// NewArraySource returns a Source over batches that come from anywhere else: a
// table in memory, a database, a service. name is what errors call it. batches
// starts a new stream each time that it is called, always with the same rows;
// the source may call it several times, and from several goroutines. Its
// batches have the schema's columns, of any types that CastArray reads. Records
// are numbered from 1 in the order of the stream.
func NewArraySource(name string, schema *arrow.Schema, batches func(context.Context) Stream) Source {
	return &arraySource{name: name, schema: schema, batches: batches}
}

type arraySource struct {
	name    string
	schema  *arrow.Schema
	batches func(context.Context) Stream
}

func (s *arraySource) Columns() []string {
	names := make([]string, s.schema.NumFields())
	for i := range names {
		names[i] = s.schema.Field(i).Name
	}
	return names
}

// Split returns the whole stream as one segment: it can only be read in one go.
func (s *arraySource) Split(context.Context, int64) ([]Segment, error) { return []Segment{s}, nil }

func (s *arraySource) Bytes() int64 { return 0 }
func (s *arraySource) Close() error { return nil }

func (s *arraySource) Scan(ctx context.Context, sc Scan) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		a, err := NewArrayScan(s.name, s.Columns(), sc)
		if err != nil {
			yield(nil, err)
			return
		}
		columns := make([]arrow.Array, len(sc.Fields))
		first := int64(1)
		for rec, err := range s.batches(ctx) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && !sameColumns(rec.Schema(), s.schema) {
				err = errors.New("a batch has other columns than the source's schema")
			}
			if err != nil {
				yield(nil, inSource(s.name, err))
				return
			}
			for i, f := range sc.Fields {
				columns[i] = rec.Column(f.Column)
			}
			for b, err := range a.Batches(columns, first, int(rec.NumRows())) {
				if !yield(b, err) || err != nil {
					return
				}
			}
			first += rec.NumRows()
		}
	}
}

func sameColumns(a, b *arrow.Schema) bool {
	return slices.EqualFunc(a.Fields(), b.Fields(), func(a, b arrow.Field) bool {
		return a.Name == b.Name && arrow.TypeEqual(a.Type, b.Type)
	})
}

// inSource names the source in an error.
func inSource(name string, err error) error {
	var e *Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Kind: ErrInput, File: name, Msg: "reading", Err: err}
}

// ArrayScan turns Arrow arrays into the batches that a Scan wants: it picks the
// wanted records, casts the fields and keeps batches to their size. A Source
// whose records come as arrays is built on it. It belongs to one goroutine.
type ArrayScan struct {
	name   string
	scan   Scan
	schema *arrow.Schema
}

// NewArrayScan prepares a scan of the source that errors call name, with these
// columns. It returns an error for a type that no source value can become.
func NewArrayScan(name string, columns []string, s Scan) (*ArrayScan, error) {
	if s.BatchRows <= 0 {
		s.BatchRows = 8192
	}
	if s.Mem == nil {
		s.Mem = memory.DefaultAllocator
	}
	s.Fields = slices.Clone(s.Fields)
	fields := make([]arrow.Field, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Column < 0 || f.Column >= len(columns) {
			return nil, &Error{Kind: ErrConfig, File: name, Msg: fmt.Sprintf("the source has %d columns, none at position %d", len(columns), f.Column)}
		}
		if _, ok := f.Cast.Cast.Type.(*arrow.DictionaryType); ok && f.Dict == nil {
			f.Dict = NewDictionary()
		}
		fields[i] = arrow.Field{Name: columns[f.Column], Type: f.Cast.Cast.Type, Nullable: true}
	}
	return &ArrayScan{name: name, scan: s, schema: arrow.NewSchema(fields, nil)}, nil
}

// Wants reports whether any of the n records from first on is wanted.
func (a *ArrayScan) Wants(first int64, n int) bool {
	return n > 0 && (a.scan.Rows == nil || len(a.wanted(first, n)) > 0)
}

// wanted returns those of the wanted records that lie in a range.
func (a *ArrayScan) wanted(first int64, n int) []int64 {
	from, _ := slices.BinarySearch(a.scan.Rows, first)
	to, _ := slices.BinarySearch(a.scan.Rows, first+int64(n))
	return a.scan.Rows[from:to]
}

// Batches yields the wanted ones of n records, of which the first has the
// number first. columns holds one array of n values per field of the scan; it
// is not kept. A batch is valid until the next step.
func (a *ArrayScan) Batches(columns []arrow.Array, first int64, n int) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for from := 0; from < n; from += a.scan.BatchRows {
			m := min(a.scan.BatchRows, n-from)
			if !a.Wants(first+int64(from), m) {
				continue
			}
			b, err := a.batch(columns, first, from, m)
			if err != nil {
				yield(nil, err)
				return
			}
			more := yield(b, nil)
			b.Record.Release()
			if !more {
				return
			}
		}
	}
}

// batch casts m records from position from on.
func (a *ArrayScan) batch(columns []arrow.Array, first int64, from, m int) (*Batch, error) {
	b := &Batch{Rounded: make([]int64, len(a.scan.Fields))}
	if a.scan.Rows == nil {
		b.Rows = make([]int64, m)
		for i := range b.Rows {
			b.Rows[i] = first + int64(from+i)
		}
	} else {
		b.Rows = slices.Clone(a.wanted(first+int64(from), m))
	}
	out := make([]arrow.Array, 0, len(columns))
	defer func() {
		for _, c := range out {
			c.Release()
		}
	}()
	for i, f := range a.scan.Fields {
		in, err := a.pick(columns[i], first, from, m, b.Rows)
		if err != nil {
			return nil, inSource(a.name, err)
		}
		c, rescued, rounded, err := CastArray(a.scan.Mem, in, f.Cast, f.Dict)
		in.Release()
		if err != nil {
			var e *Error
			if errors.As(err, &e) && e.File == "" {
				e.File, e.Column = a.name, a.schema.Field(i).Name
			}
			return nil, err
		}
		out = append(out, c)
		b.Rounded[i] = rounded
		for _, r := range rescued {
			b.Rescued = append(b.Rescued, Rescued{Row: r.Row, Field: i, Text: r.Text})
		}
	}
	slices.SortStableFunc(b.Rescued, func(x, y Rescued) int { return x.Row - y.Row })
	b.Record = array.NewRecord(a.schema, out, int64(len(b.Rows)))
	return b, nil
}

// pick returns the records of a batch out of a column, which is a slice of it,
// or, where only some are wanted, their runs put together.
func (a *ArrayScan) pick(column arrow.Array, first int64, from, m int, rows []int64) (arrow.Array, error) {
	if len(rows) == m {
		return array.NewSlice(column, int64(from), int64(from+m)), nil
	}
	var runs []arrow.Array
	defer func() {
		for _, r := range runs {
			r.Release()
		}
	}()
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && rows[j] == rows[j-1]+1 {
			j++
		}
		runs = append(runs, array.NewSlice(column, rows[i]-first, rows[j-1]-first+1))
		i = j
	}
	return array.Concatenate(runs, a.scan.Mem)
}
