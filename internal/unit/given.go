package unit

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// inputs are what a test gives in place of files, by the path that its mapping
// names them by. A source without any is an empty file.
type inputs struct {
	m     *bronze.Mapping // a copy, of which sources, lookups and lists name given inputs
	real  *bronze.Mapping
	open  pipeline.Opener
	dir   string // for texts
	given map[string]pipeline.Opener
}

// compile prepares a test. dir is a folder of its own, which is not there yet.
func compile(m *bronze.Mapping, spec *bronze.TestSpec, tables []*pipeline.Table, open pipeline.Opener, dir string) (*test, error) {
	own := *m
	own.Sources, own.Lookups = slices.Clone(m.Sources), maps.Clone(m.Lookups)
	own.Rules.ReturnedOrders = slices.Clone(m.Rules.ReturnedOrders)
	in := &inputs{m: &own, real: m, open: open, dir: dir, given: map[string]pipeline.Opener{}}
	for i := range own.Sources {
		own.Sources[i].Files = nil
	}
	for i := range own.Rules.ReturnedOrders {
		own.Rules.ReturnedOrders[i].Files = nil
	}
	for i := range spec.Given {
		if err := in.give(&spec.Given[i]); err != nil {
			return nil, err
		}
	}
	for i := range own.Sources {
		s := &own.Sources[i]
		if s.Files == nil {
			s.Files = []string{in.add(fmt.Sprintf("given://source %d", i+1), rows(s.Reads(m), nil))}
		}
	}
	for i := range own.Rules.ReturnedOrders {
		r := &own.Rules.ReturnedOrders[i]
		if r.Files == nil {
			r.Files = []string{in.add(fmt.Sprintf("given://list %d", i+1), rows(listReads(r), nil))}
		}
	}
	t := &test{spec: spec, mapping: &own, open: in.opener}
	for i := range spec.Expect {
		e, err := expect(&spec.Expect[i], tables)
		if err != nil {
			return nil, err
		}
		t.expects = append(t.expects, e)
	}
	return t, nil
}

// opener opens given inputs, and the shop's own lookups.
func (in *inputs) opener(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	if given := in.given[f.Path]; given != nil {
		return given(ctx, f)
	}
	return in.open(ctx, f)
}

// add notes an input, and returns its path.
func (in *inputs) add(name string, open pipeline.Opener) string {
	path := name
	for n := 2; in.given[path] != nil; n++ {
		path = fmt.Sprintf("%s/%d", name, n)
	}
	in.given[path] = open
	return path
}

// give puts given rows in place of a source's files, or of a lookup's.
func (in *inputs) give(g *bronze.GivenSpec) error {
	source, err := in.source(g)
	if err != nil {
		return err
	}
	path := "given://" + g.Input
	if source >= 0 {
		s := &in.m.Sources[source]
		open, err := in.rows(g, s.Reads(in.real), s.Read)
		if err == nil {
			s.Files = append(s.Files, in.add(path, open))
		}
		return err
	}
	for i := range in.m.Rules.ReturnedOrders {
		if r := &in.m.Rules.ReturnedOrders[i]; matches(in.real.Rules.ReturnedOrders[i].Files, g.Input) {
			open, err := in.rows(g, listReads(r), r.Read)
			if err == nil {
				r.Files = append(r.Files, in.add(path, open))
			}
			return err
		}
	}
	if l, ok := in.m.Lookups[g.Input]; ok {
		if in.given[path] != nil {
			return wrong(g.Line, g.Col, fmt.Sprintf("lookup %s is given twice", g.Input), "put its rows together")
		}
		open, err := in.rows(g, in.real.LookupReads(g.Input), l.Read)
		if err == nil {
			l.Files = []string{in.add(path, open)}
			in.m.Lookups[g.Input] = l
		}
		return err
	}
	var names []string
	for _, s := range in.real.Sources {
		names = append(names, called(&s))
	}
	names = append(names, slices.Sorted(maps.Keys(in.real.Lookups))...)
	return wrong(g.Line, g.Col, fmt.Sprintf("no source or lookup is called %q", g.Input), near(g.Input, names))
}

// called is what a test calls a source by: its table, or its kind.
func called(s *bronze.SourceSpec) string {
	if s.Kind != "" {
		return s.Kind
	}
	return s.Table
}

// source returns the number of the source that an input stands for; -1 for none.
func (in *inputs) source(g *bronze.GivenSpec) (int, error) {
	var found []int
	var files []string
	for i, s := range in.real.Sources {
		if called(&s) == g.Input {
			found, files = append(found, i), append(files, s.Files...)
		}
	}
	for i, s := range in.real.Sources {
		if found == nil && matches(s.Files, g.Input) {
			found, files = []int{i}, nil
		}
	}
	switch len(found) {
	case 0:
		return -1, nil
	case 1:
		return found[0], nil
	}
	return 0, wrong(g.Line, g.Col, fmt.Sprintf("%d sources are called %s", len(found), g.Input), "name the one that is meant by its files: "+list(files))
}

// matches reports whether a file is one of those that patterns name, or a pattern
// itself.
func matches(patterns []string, file string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := filepath.Match(p, file)
		return p == file || ok && err == nil
	})
}

// listReads returns the columns of a list of returned orders.
func listReads(r *bronze.ReturnedOrdersSpec) []string {
	var out []string
	for _, c := range r.Columns {
		for _, from := range c.From {
			out = append(out, strings.TrimSpace(from))
		}
	}
	return out
}

// rows returns what opens given rows: those of a text are read as a file is that
// read describes, others have the columns that the mapping reads.
func (in *inputs) rows(g *bronze.GivenSpec, reads []string, read pipeline.File) (pipeline.Opener, error) {
	if g.Rows.Text != "" {
		return in.text(g.Rows.Text)
	}
	for _, row := range g.Rows.Rows {
		for _, c := range row.Cells {
			if !slices.Contains(reads, strings.TrimSpace(c.Column)) {
				return nil, wrong(c.Line, c.Col, fmt.Sprintf("the mapping reads no column %q of %s", c.Column, g.Input), near(c.Column, reads))
			}
		}
	}
	return rows(reads, g.Rows.Rows), nil
}

// text returns what opens a text as a CSV file in its source's dialect. It is
// UTF-8 here, as smelt.yml is.
func (in *inputs) text(text string) (pipeline.Opener, error) {
	if err := os.MkdirAll(in.dir, 0o700); err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "no temporary folder", Err: err}
	}
	path := filepath.Join(in.dir, fmt.Sprint(len(in.given)))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "no temporary file", Err: err}
	}
	return func(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
		f.Path, f.Format, f.Compression, f.Encoding = path, "csv", "none", ""
		return in.open(ctx, f)
	}, nil
}

// rows returns what opens records in memory: texts, as a file would have them.
func rows(columns []string, rows []bronze.TestRow) pipeline.Opener {
	var fields []arrow.Field
	for _, c := range columns {
		fields = append(fields, arrow.Field{Name: c, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, row := range rows {
		for i, column := range columns {
			at := slices.IndexFunc(row.Cells, func(c bronze.TestCell) bool { return strings.TrimSpace(c.Column) == column && !c.Null })
			if at < 0 {
				b.Field(i).AppendNull()
			} else {
				b.Field(i).(*array.StringBuilder).Append(row.Cells[at].Value)
			}
		}
	}
	rec := b.NewRecord()
	return func(_ context.Context, f pipeline.File) (pipeline.Source, error) {
		return pipeline.NewArraySource(f.Name, schema, func(context.Context) pipeline.Stream { return pipeline.Of(rec) }), nil
	}
}
