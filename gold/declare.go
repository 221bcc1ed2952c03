package gold

import (
	"slices"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// declare declares a table of columns; a mistake is a bug, found at start-up.
func declare(name, doc string, key []string, columns ...[]pipeline.Column) *pipeline.Table {
	t, err := pipeline.NewTable(name, doc, key, slices.Concat(columns...))
	if err != nil {
		panic("gold: " + err.Error())
	}
	return t
}

// measures returns a column for each measure.
func measures(ms ...*metrics.Measure) []pipeline.Column {
	var out []pipeline.Column
	for _, m := range ms {
		out = append(out, pipeline.Column{Name: m.Name, Doc: m.Doc, Type: m.Type, Nullable: m.Nullable, From: ofFact(m.Columns()...)})
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
	return []pipeline.Column{{Name: c.Name, Doc: c.Doc, Type: c.Type, Nullable: c.Nullable, PII: c.PII, From: []string{t.Name + "." + c.Name}}}
}

// ofFact names columns of the fact, for lineage.
func ofFact(columns ...string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, silver.FactSales.Name+"."+c)
	}
	return out
}
