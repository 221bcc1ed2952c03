package bronze

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files is an opener of small tables: by virtual path, or else the text of a
// file on disk. A line is a record, a | separates fields, ∅ is NULL, and a line
// that begins with ! is a record that cannot be split.
type files map[string]string

func (f files) open(_ context.Context, file pipeline.File) (pipeline.Source, error) {
	text, ok := f[file.Path]
	if !ok {
		b, err := os.ReadFile(file.Path)
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: file.Name, Msg: "no such table", Err: fs.ErrNotExist}
		}
		text = string(b)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	header := strings.Split(lines[0], "|")
	s := &textSource{}
	fields := make([]arrow.Field, len(header))
	for i, name := range header {
		fields[i] = arrow.Field{Name: name, Type: pipeline.StringType, Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for i, line := range lines[1:] {
		if raw, ok := strings.CutPrefix(line, "!"); ok {
			s.rejects = append(s.rejects, pipeline.Rejected{Row: int64(i + 1), Offset: int64(i), Error: "ragged", Raw: []byte(raw)})
			continue
		}
		s.rows = append(s.rows, int64(i+1))
		for c, text := range strings.Split(line, "|") {
			if text == "∅" {
				b.Field(c).AppendNull()
			} else {
				b.Field(c).(*array.StringBuilder).Append(text)
			}
		}
	}
	rec := b.NewRecord()
	s.Source = pipeline.NewArraySource(file.Name, rec.Schema(), func(context.Context) pipeline.Stream { return pipeline.Of(rec) })
	return s, nil
}

// textSource is an array source that numbers records past the rejected ones.
type textSource struct {
	pipeline.Source
	rows    []int64
	rejects []pipeline.Rejected
}

func (s *textSource) Split(ctx context.Context, size int64) ([]pipeline.Segment, error) {
	segments, err := s.Source.Split(ctx, size)
	return []pipeline.Segment{textSegment{segments[0], s}}, err
}

type textSegment struct {
	pipeline.Segment
	s *textSource
}

func (t textSegment) Scan(ctx context.Context, scan pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) {
		if rejects := t.s.rejects; rejects != nil {
			// A batch may hold nothing else.
			columns := make([]arrow.Array, len(scan.Fields))
			fields := make([]arrow.Field, len(scan.Fields))
			for i, f := range scan.Fields {
				b := array.NewBuilder(memory.DefaultAllocator, f.Cast.Cast.Type)
				columns[i] = b.NewArray()
				fields[i] = arrow.Field{Name: fmt.Sprint(i), Type: f.Cast.Cast.Type, Nullable: true}
			}
			rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, 0)
			if !yield(&pipeline.Batch{Record: rec, Rejects: rejects, Skipped: 2}, nil) {
				return
			}
		}
		for b, err := range t.Segment.Scan(ctx, scan) {
			if err == nil {
				rows := slices.Clone(b.Rows)
				for i, r := range rows {
					rows[i] = t.s.rows[r-1]
				}
				b.Rows = rows
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// parse returns the mapping of a text.
func parse(t testing.TB, text string) *Mapping {
	t.Helper()
	m, err := ParseMapping("smelt.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// result is what was read of all inputs.
type result struct {
	rows    [][]string // by target: the columns that are not NULL
	counts  pipeline.SourceReport
	rejects []pipeline.Rejected
}

// readAll reads all inputs of a mapping, batch rows at a time (0 = the usual).
// targets nil = the inputs' own tables.
func readAll(t testing.TB, m *Mapping, f files, batch int, targets func(in *Input) []Target) (out result, err error) {
	t.Helper()
	ctx := context.Background()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	if targets == nil {
		targets = func(in *Input) []Target { return []Target{in.Main()} }
	}
	lookups, err := LoadLookups(ctx, m, f.open)
	if err != nil {
		return out, err
	}
	inputs, err := OpenInputs(ctx, m, f.open)
	defer func() {
		if err := CloseInputs(inputs); err != nil {
			t.Error(err)
		}
	}()
	if err != nil {
		return out, err
	}
	dicts := Dictionaries{}
	for _, in := range inputs {
		plan, err := in.Bind(m, lookups, targets(in)...)
		if err != nil {
			return out, err
		}
		r := plan.NewReader(mem, "batch-1", dicts)
		defer r.Release()
		segments, err := in.Source.Split(ctx, 1<<20)
		if err != nil {
			return out, err
		}
		for _, seg := range segments {
			if batch > 0 {
				seg = cutSegment{seg, batch}
			}
			for b, err := range r.Scan(ctx, seg, nil) {
				if err != nil {
					return out, err
				}
				out.rejects = append(out.rejects, b.Rejects...)
				for len(out.rows) < len(b.Records) {
					out.rows = append(out.rows, nil)
				}
				for i, rec := range b.Records {
					out.rows[i] = append(out.rows[i], showRows(rec)...)
				}
			}
		}
		out.counts.Merge(r.Counts())
	}
	return out, nil
}

// cutSegment scans in batches of a size.
type cutSegment struct {
	pipeline.Segment
	rows int
}

func (c cutSegment) Scan(ctx context.Context, s pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	s.BatchRows = c.rows
	return c.Segment.Scan(ctx, s)
}

// showRows returns, of each row, the columns that are not NULL, without the run's id.
func showRows(rec arrow.Record) []string {
	rows := make([]string, rec.NumRows())
	for r := range rows {
		var parts []string
		for i, c := range rec.Columns() {
			name := rec.ColumnName(i)
			switch {
			case c.IsNull(r) || name == "_batch_id" && c.ValueStr(r) == "batch-1":
			case name == "_source_file":
				parts = append(parts, "@"+c.ValueStr(r))
			case name == "_source_row":
				parts[len(parts)-1] += ":" + c.ValueStr(r)
			case c.DataType().ID() == arrow.TIMESTAMP:
				parts = append(parts, name+"="+pipeline.Timestamp(c.(*array.Timestamp).Value(r)).String())
			default:
				parts = append(parts, name+"="+c.ValueStr(r))
			}
		}
		rows[r] = strings.Join(parts, " ")
	}
	return rows
}
