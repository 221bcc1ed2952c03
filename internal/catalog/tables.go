package catalog

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// lake is what a catalog is told of a lake's folder.
type lake struct {
	dir      string
	report   *pipeline.Report // of the last run; nil = none
	personal pii
	versions []version // of its Delta tables, see runs
}

// pii says which columns are personal, and what they tell.
type pii struct {
	declared map[string]string   // by "table.column"
	names    map[string]string   // by column: for columns that no declaration knows
	columns  map[string][]string // of the declared tables, in order
}

// personal notes the personal columns of declarations. A column that another
// program has added is so where a declared one of its name is.
func personal(declared []*pipeline.Table) pii {
	p := pii{declared: map[string]string{}, names: map[string]string{}, columns: map[string][]string{}}
	for _, t := range declared {
		for _, c := range t.Columns {
			p.columns[t.Name] = append(p.columns[t.Name], c.Name)
			p.declared[t.Name+"."+c.Name] = c.PII
			if c.PII != "" && !(c.PII == "possible" && p.names[c.Name] != "") {
				p.names[c.Name] = c.PII
			}
		}
	}
	return p
}

// Personal returns what says of a column what it tells of a person, "email", and ""
// where that is nothing: by the declaration of its table, and in tables that no
// declaration knows by its name.
func Personal() (func(table, column string) string, error) {
	declared, err := gold.Declarations()
	return personal(declared).of, err
}

// of says what a column tells of a person; "" is nothing.
func (p pii) of(table, column string) string {
	if told, ok := p.declared[table+"."+column]; ok {
		return told
	}
	return p.names[column]
}

// tables lists the declared tables, then others that are in the lake.
func (l *lake) tables(ctx context.Context, declared []*pipeline.Table, rules []check.Check) ([]Table, error) {
	names, err := store.Tables(l.dir)
	if err != nil {
		return nil, err
	}
	out := []Table{}
	for _, t := range declared {
		shown := describe(t, declared, rules)
		if i := slices.Index(names, t.Name); i >= 0 {
			names = slices.Delete(names, i, i+1)
			if err := l.published(ctx, &shown); err != nil {
				return nil, err
			}
		}
		out = append(out, shown)
	}
	if l.report != nil {
		for _, r := range l.report.Tables {
			if i := slices.IndexFunc(out, func(t Table) bool { return t.Name == r.Name }); i >= 0 {
				out[i].Behind = r.Behind
			}
		}
	}
	for _, name := range names {
		shown := Table{Name: name, Columns: []Column{}, Key: []string{}, Sample: [][]*string{}, Rows: -1, Version: -1}
		// What another program has put there may be of a kind that smelt does not read.
		if err := l.published(ctx, &shown); err != nil && !errors.Is(err, deltaio.ErrUnsupported) {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// describe says what a declaration and the rules tell of a table.
func describe(t *pipeline.Table, declared []*pipeline.Table, rules []check.Check) Table {
	out := Table{Name: t.Name, Doc: t.Doc, Key: append([]string{}, t.Key...), Version: -1, Columns: []Column{}, Sample: [][]*string{}}
	measures := gold.MeasuresOf(t.Name)
	for _, c := range t.Columns {
		column := Column{Name: c.Name, Doc: c.Doc, Type: pipeline.TypeName(c.Type), Nullable: c.Nullable, PII: c.PII, References: reference(t, c.Name, declared, rules)}
		if m := measures[c.Name]; m != nil {
			column.Formula, column.Unit = m.Formula, m.Unit
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

// reference says which other table a column's values are in: a check of
// relationships demands it; and a gold table that has a row per customer or
// product is keyed as the dimension is.
func reference(t *pipeline.Table, column string, declared []*pipeline.Table, rules []check.Check) *Reference {
	for _, r := range rules {
		if r.Kind == check.Relationships && r.Table == t.Name && slices.Equal(r.Columns, []string{column}) {
			table, to := columnOf(r.To)
			return &Reference{Table: table, Column: to}
		}
	}
	if t.Layer() != "gold" || !slices.Equal(t.Key, []string{column}) {
		return nil
	}
	for _, of := range declared {
		if of.Layer() == "silver" && slices.Equal(of.Key, t.Key) {
			return &Reference{Table: of.Name, Column: column}
		}
	}
	return nil
}

// published adds what the lake says of a table: columns that no declaration
// knows, sizes, its version, and some rows.
func (l *lake) published(ctx context.Context, t *Table) error {
	t.Published = true
	folder, err := store.DeltaFolder(l.dir, t.Name)
	if err != nil {
		return l.parquet(ctx, t)
	}
	s, err := deltaio.Load(ctx, folder)
	if err != nil {
		return of(t.Name, err)
	}
	files := s.Files()
	t.Rows, t.Files, t.Version, t.Modified = s.Rows(), len(files), s.Version, s.Time.UTC()
	for _, f := range files {
		t.Bytes += f.Size
	}
	if t.Doc == "" {
		t.Doc = s.Description
	}
	var there []string
	for _, c := range s.Schema.Columns {
		if c.Type != nil {
			there = append(there, c.Name)
			l.also(t, arrow.Field{Name: c.Name, Type: c.Type, Nullable: c.Nullable}, c.Comment)
			continue
		}
		t.Columns = append(t.Columns, Column{Name: c.Name, Doc: c.Comment, Type: strings.Trim(string(c.Delta), `"`), Nullable: c.Nullable, PII: l.personal.of(t.Name, c.Name)})
	}
	if err := l.commits(ctx, s, t.Name); err != nil {
		return err
	}
	return l.sample(t, there, func(columns []string) pipeline.Stream { return deltaio.Scan(ctx, s, columns) })
}

// parquet is published of a folder of Parquet files.
func (l *lake) parquet(ctx context.Context, t *Table) error {
	parts, err := store.Parts(l.dir, t.Name)
	if err != nil {
		return of(t.Name, err)
	}
	schema, err := parquetio.Schema(parts[0])
	if err != nil {
		return of(t.Name, err)
	}
	t.Rows, t.Files, t.Version = -1, len(parts), -1
	for _, path := range parts {
		info, err := os.Stat(path)
		if err != nil {
			return &pipeline.Error{Kind: pipeline.ErrInput, File: path, Table: t.Name, Msg: "cannot be looked at", Err: err}
		}
		t.Bytes += info.Size()
		if at := info.ModTime().UTC(); at.After(t.Modified) {
			t.Modified = at
		}
	}
	if l.report != nil {
		for _, r := range l.report.Tables {
			if r.Name == t.Name {
				t.Rows = r.Rows
			}
		}
	}
	var there []string
	for _, f := range schema.Fields() {
		there = append(there, f.Name)
		l.also(t, f, "")
	}
	return l.sample(t, there, func(columns []string) pipeline.Stream { return parquetio.Read(ctx, parts, columns) })
}

// also adds a column of the lake that no declaration knows.
func (l *lake) also(t *Table, f arrow.Field, doc string) {
	if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == f.Name }) {
		t.Columns = append(t.Columns, Column{Name: f.Name, Doc: doc, Type: pipeline.TypeName(f.Type), Nullable: f.Nullable, PII: l.personal.of(t.Name, f.Name)})
	}
}

// of names the table of an error that does not.
func of(table string, err error) error {
	var e *pipeline.Error
	if !errors.As(err, &e) || e.Table != "" {
		return err
	}
	named := *e
	named.Table = table
	return &named
}
