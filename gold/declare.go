package gold

import (
	"slices"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// declare declares a table of columns; a mistake is a bug, found at start-up.
// rows is what decides which rows it has.
func declare(name, doc string, key, rows []string, columns ...[]pipeline.Column) *pipeline.Table {
	t, err := pipeline.NewTable(name, doc, key, slices.Concat(columns...))
	if err != nil {
		panic("gold: " + err.Error())
	}
	t.RowsFrom = rows
	return t
}

// measures returns a column for each measure.
func measures(ms ...*metrics.Measure) []pipeline.Column {
	var out []pipeline.Column
	for _, m := range ms {
		out = append(out, pipeline.Column{Name: m.Name, Doc: m.Doc, Type: m.Type, Nullable: m.Nullable, From: accumulated(m)})
	}
	return out
}

// attribute returns a column as a dimension table has it.
func attribute(table, column string) []pipeline.Column {
	t := dimTable(table)
	return taken(t, t.Columns[t.MustIndex(column)])
}

// fact returns a column as the fact has it.
func fact(column string) []pipeline.Column {
	return taken(silver.FactSales.Table, silver.FactSales.Columns[silver.FactSales.MustIndex(column)])
}

// taken returns a column of another table, as text where it is text.
func taken(t *pipeline.Table, c pipeline.Column) []pipeline.Column {
	if pipeline.SameType(c.Type, pipeline.StringType) {
		c.Type = pipeline.StringType
	}
	return []pipeline.Column{{Name: c.Name, Doc: c.Doc, Type: c.Type, Nullable: c.Nullable, PII: c.PII, From: from(lineage.Identity, t.Name, c.Name)}}
}

// from declares that something is made from columns of a table, in one way.
func from(kind lineage.Kind, table string, columns ...string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, string(kind)+":"+table+"."+c)
	}
	return out
}

// ofFact is from columns of the fact.
func ofFact(kind lineage.Kind, columns ...string) []string {
	return from(kind, silver.FactSales.Name, columns...)
}

// accumulated is what a measure is made from: the columns of the lines that it
// counts, and the columns that say which lines those are.
func accumulated(m *metrics.Measure) []string {
	var out []string
	add := func(some []string) {
		for _, f := range some {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	for _, b := range m.Needs().Bases() {
		d := b.Definition()
		add(ofFact(lineage.Aggregation, d.Column))
		for _, c := range b.Columns() {
			if c != d.Column {
				add(ofFact(lineage.Filter, c))
			}
		}
	}
	return out
}
