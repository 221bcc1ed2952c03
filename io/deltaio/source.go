package deltaio

import (
	"context"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Open opens the newest version of the table in a folder as a source of
// records. It is a pipeline.Opener. Records are numbered in the order of the
// table's files, which the log keeps as long as nobody rewrites them. A column
// that smelt cannot read (a struct, a list, a map) is not listed.
func Open(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	s, err := Load(ctx, f.Path)
	if err != nil {
		return nil, err
	}
	out := &source{snapshot: s, name: f.Name}
	if out.name == "" {
		out.name = f.Path
	}
	for _, c := range s.Schema.Columns {
		if c.Type != nil {
			out.columns = append(out.columns, c.Name)
		}
	}
	if len(out.columns) == 0 {
		return nil, inputError(f.Path, "the table has no column that smelt reads", ErrUnsupported)
	}
	return out, nil
}

// source is a snapshot that is read record by record. Its files are opened by
// each scan.
type source struct {
	snapshot *Snapshot
	name     string
	columns  []string
}

func (s *source) Columns() []string { return slices.Clone(s.columns) }

func (s *source) Close() error { return nil }

// Split cuts the table between files. Where a file's rows are not known before
// it is read, their numbers are not either, and the table is one segment.
func (s *source) Split(_ context.Context, size int64) ([]pipeline.Segment, error) {
	var out []pipeline.Segment
	var current *segment
	known := s.snapshot.Rows() >= 0
	row := int64(1)
	for _, f := range s.snapshot.files {
		if f == nil {
			continue
		}
		// A file joins the segment that it brings nearer to the size.
		if current == nil || known && current.bytes+f.Size/2 > size {
			current = &segment{source: s, row: row}
			out = append(out, current)
		}
		current.files = append(current.files, f)
		current.bytes += f.Size
		row += f.Rows
	}
	return out, nil
}

// segment is a run of files.
type segment struct {
	source *source
	files  []*File
	row    int64 // number of its first record
	bytes  int64
}

func (g *segment) Bytes() int64 { return g.bytes }

func (g *segment) Scan(ctx context.Context, sc pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) {
		s := g.source
		scan, err := pipeline.NewArrayScan(s.name, s.columns, sc)
		if err != nil {
			yield(nil, err)
			return
		}
		var names []string // each column once, though fields may share one
		at := make([]int, len(sc.Fields))
		for i, f := range sc.Fields {
			name := s.columns[f.Column]
			if at[i] = slices.Index(names, name); at[i] < 0 {
				at[i] = len(names)
				names = append(names, name)
			}
		}
		if len(names) == 0 { // the records are counted still
			names = s.columns[:1]
		}
		t, err := s.snapshot.table(names)
		if err != nil {
			yield(nil, err)
			return
		}
		columns := make([]arrow.Array, len(sc.Fields))
		row := g.row
		for _, f := range g.files {
			if f.Rows >= 0 && !scan.Wants(row, int(f.Rows)) {
				row += f.Rows
				continue
			}
			for rec, err := range s.snapshot.scanFile(ctx, f, t, nil, nil) {
				if err != nil {
					yield(nil, err)
					return
				}
				for i := range columns {
					columns[i] = rec.Column(at[i])
				}
				for b, err := range scan.Batches(columns, row, int(rec.NumRows())) {
					if !yield(b, err) || err != nil {
						return
					}
				}
				row += rec.NumRows()
			}
		}
	}
}
