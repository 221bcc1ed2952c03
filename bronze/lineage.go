package bronze

import (
	"fmt"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// SourceName returns the name of a source of the mapping by its index, as
// lineage has it: "source.sales", and for the second of a table "source.sales_2".
func (m *Mapping) SourceName(source int) string {
	n := 0
	for _, s := range m.Sources[:source+1] {
		if s.Table == m.Sources[source].Table {
			n++
		}
	}
	name := "source." + m.Sources[source].Table
	if n > 1 {
		name = fmt.Sprintf("%s_%d", name, n)
	}
	return name
}

// Lineage returns the edges from the columns of the mapping's files to the
// columns of a target that a source fills, as the target's plan reads them. A
// lookup is a source of its own, "source.lookup.<name>": the line's key and the
// key of its file are joined. Texts that stay as they are are identities, casts,
// replacements, alternatives and templates transformations; constants have no edge.
// A value that cannot be cast goes to _rescued_data, where the table has it.
func (m *Mapping) Lineage(source int, t Target) []lineage.Edge {
	var out []lineage.Edge
	spec, name := &m.Sources[source], m.SourceName(source)
	rescued := t.Table.Index("_rescued_data") >= 0
	add := func(table, column, to string, kind lineage.Kind) {
		e := lineage.Edge{From: lineage.Column{Table: table, Column: column}, To: lineage.Column{Table: t.Table.Name, Column: to}, Kind: kind}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	for i := range t.Specs {
		s := &t.Specs[i]
		text := pipeline.SameType(t.Table.Columns[t.Table.MustIndex(s.Column)].Type, pipeline.StringType)
		exprs := s.exprs(m)
		kind := lineage.Transformation
		if len(exprs) == 1 && s.Template == "" && text && !s.Integer && len(s.Map)+len(s.Nulls)+len(spec.Nulls) == 0 {
			kind = lineage.Identity
		}
		for _, e := range exprs {
			of := kind
			for ; e.Key != nil; e = *e.Key {
				lookup := "source.lookup." + e.Lookup
				add(lookup, e.Column, s.Column, of)
				add(lookup, m.Lookups[e.Lookup].Key, s.Column, lineage.Join)
				of = lineage.Join
			}
			add(name, e.Column, s.Column, of)
			if rescued && !text && of != lineage.Join {
				add(name, e.Column, "_rescued_data", lineage.Transformation)
			}
		}
	}
	return out
}
