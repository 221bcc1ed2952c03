package catalog

import (
	"slices"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// edges are those between the columns of files, if a mapping is given, and of
// tables, as far as the declarations tell what a value is made of.
func edges(tables []*pipeline.Table, m *bronze.Mapping) []lineage.Edge {
	out := []lineage.Edge{}
	if m != nil {
		for i, s := range sources(m, nil)[:len(m.Sources)] {
			spec := &m.Sources[i]
			for _, set := range []struct {
				table   string
				columns []bronze.ColumnSpec
			}{{spec.Table, spec.Columns}, {"customers", spec.Customers}, {"products", spec.Products}} {
				for j := range set.columns {
					c := &set.columns[j]
					kind := lineage.Transformation
					if len(c.From) == 1 && c.Template == "" && len(c.Map)+len(c.Dates) == 0 && c.Number == nil {
						kind = lineage.Identity
					}
					for _, from := range madeOf(m, c) {
						out = append(out, lineage.Edge{From: lineage.Column{Table: s.Name, Column: from}, To: lineage.Column{Table: "bronze." + set.table, Column: c.Column}, Kind: kind})
					}
				}
			}
		}
	}
	for _, t := range tables {
		measures := measuresOf(t.Name)
		for _, c := range t.Columns {
			for _, text := range c.From {
				table, column := columnOf(text)
				kind := lineage.Transformation
				of := named(tables, table)
				switch {
				case measures[c.Name] != nil:
					kind = lineage.Aggregation
				case len(c.From) == 1 && of != nil && of.Index(column) >= 0 && pipeline.SameType(of.Columns[of.Index(column)].Type, c.Type):
					kind = lineage.Identity
				}
				e := lineage.Edge{From: lineage.Column{Table: table, Column: column}, To: lineage.Column{Table: t.Name, Column: c.Name}, Kind: kind}
				if !slices.Contains(out, e) {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// named returns the table of a name; nil where it is not there.
func named(tables []*pipeline.Table, name string) *pipeline.Table {
	i := slices.IndexFunc(tables, func(t *pipeline.Table) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return tables[i]
}
