package deltaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

const overwriteHint = "overwrite the table with its new schema (--overwrite-schema), which replaces all of its rows"

// Evolve returns the metadata of the table after it has taken over what is new
// in a declaration: nullable columns, which become the last ones, comments and
// the description. nil means that there is nothing new. A declaration without
// some of the table's columns, or with a NOT NULL column where the table has a
// nullable one, changes nothing there. Any other difference is an error.
func (s *Snapshot) Evolve(t *pipeline.Table) (*Metadata, error) {
	want, err := SchemaOf(t)
	if err != nil {
		return nil, err
	}
	m := s.Metadata
	m.Schema = &Schema{Columns: slices.Clone(s.Schema.Columns)}
	changed := false
	set := func(old *string, value string) {
		if value != "" && *old != value {
			*old, changed = value, true
		}
	}
	set(&m.Description, t.Doc)
	for _, c := range want.Columns {
		at := m.Schema.Index(c.Name)
		if at < 0 {
			if !c.Nullable {
				return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Msg: "is new and NOT NULL: the rows that are there have no value of it", Hint: "make the column nullable, or " + overwriteHint}
			}
			for _, o := range m.Schema.Columns {
				if strings.EqualFold(o.Name, c.Name) {
					return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Value: o.Name, Msg: "differs from a column of the table in upper and lower case only", Hint: "use one name, or " + overwriteHint}
				}
			}
			m.Schema.Columns = append(m.Schema.Columns, c)
			changed = true
			continue
		}
		o := &m.Schema.Columns[at]
		switch {
		case !sameDelta(o, &c):
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Msg: fmt.Sprintf("is a %s, in the table a %s", c.typeText(), o.typeText()), Hint: overwriteHint}
		case c.Nullable && !o.Nullable:
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Msg: "is nullable, in the table NOT NULL", Hint: overwriteHint}
		}
		set(&o.Comment, c.Comment)
	}
	if !changed {
		return nil, nil
	}
	return &m, nil
}

func sameDelta(a, b *Column) bool { return a.normal() == b.normal() }

// AddColumns makes a table take over what is new in a declaration, as Evolve
// says, and returns its version: the old one where nothing is new.
func AddColumns(ctx context.Context, dir string, t *pipeline.Table) (int64, error) {
	for attempt := 0; ; attempt++ {
		s, err := Load(ctx, dir)
		if err != nil {
			return -1, err
		}
		m, err := s.Evolve(t)
		if err != nil {
			return -1, err
		}
		if m == nil {
			return s.Version, nil
		}
		c := NewChange(s, Append, "ADD COLUMNS")
		c.DataChange, c.Metadata = false, m
		if len(m.Schema.Columns) == len(s.Schema.Columns) {
			c.Operation = "CHANGE COLUMN"
		}
		version, err := Commit(ctx, dir, c)
		if errors.Is(err, ErrConflict) && attempt < maxRebuilds {
			continue
		}
		return version, err
	}
}

// maxRebuilds is how often an operation is prepared again after a conflict.
const maxRebuilds = 10

// fits returns the declaration that rows of t have in the table's files: the
// table's own NOT NULLs, in t's order. A column that the table has not, or has
// with another type, is an error, and so is a NOT NULL column that t lacks.
func (s *Snapshot) fits(t *pipeline.Table) (*pipeline.Table, error) {
	want, err := SchemaOf(t)
	if err != nil {
		return nil, err
	}
	out := *t
	out.Columns = slices.Clone(t.Columns)
	fields := slices.Clone(t.Schema.Fields())
	for i := range want.Columns {
		c := &want.Columns[i]
		at := s.Schema.Index(c.Name)
		if at < 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Msg: "is not a column of the table", Hint: "add it first (AddColumns), or " + overwriteHint}
		}
		o := &s.Schema.Columns[at]
		if !sameDelta(o, c) {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: c.Name, Msg: fmt.Sprintf("is a %s, in the table a %s", c.typeText(), o.typeText()), Hint: overwriteHint}
		}
		out.Columns[i].Nullable, fields[i].Nullable = o.Nullable, o.Nullable
	}
	for _, o := range s.Schema.Columns {
		if t.Index(o.Name) < 0 && (!o.Nullable || slices.Contains(s.PartitionColumns, o.Name)) {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: s.Dir, Column: o.Name, Msg: "is missing: the table has it, NOT NULL or as a partition column"}
		}
	}
	out.Schema = arrow.NewSchema(fields, nil)
	return &out, nil
}

// replaced returns the metadata of a table that is overwritten with another
// schema: it stays the same table, with its properties.
func (s *Snapshot) replaced(m *Metadata) *Metadata {
	out := *m
	out.Configuration = maps.Clone(s.Configuration)
	return &out
}
