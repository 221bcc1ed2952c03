package openlineage

import (
	"fmt"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Declared returns the edges that the tables' declarations name, and those from
// the columns of a mapping's sources to bronze, in the order of the tables.
func Declared(tables []*pipeline.Table, m *bronze.Mapping) []lineage.Edge {
	var out []lineage.Edge
	for i := range m.Sources {
		s, from := &m.Sources[i], SourceName(m, i)
		for _, group := range []struct {
			table   string
			columns []bronze.ColumnSpec
		}{{s.Table, s.Columns}, {"customers", s.Customers}, {"products", s.Products}} {
			for _, c := range group.columns {
				kind := lineage.Identity
				if len(c.From) > 1 || len(c.Map) > 0 {
					kind = lineage.Transformation
				}
				for _, text := range c.From {
					if !strings.ContainsAny(text, "[]") {
						out = append(out, lineage.Edge{From: lineage.Column{Table: from, Column: text}, To: lineage.Column{Table: "bronze." + group.table, Column: c.Column}, Kind: kind})
					}
				}
			}
		}
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			for _, from := range c.From {
				at := strings.LastIndexByte(from, '.')
				kind := lineage.Transformation
				if len(c.From) == 1 && from[at+1:] == c.Name {
					kind = lineage.Identity
				}
				out = append(out, lineage.Edge{From: lineage.Column{Table: from[:at], Column: from[at+1:]}, To: lineage.Column{Table: t.Name, Column: c.Name}, Kind: kind})
			}
		}
	}
	return out
}

// SourceName is what edges call a source of a mapping: source.sales, and
// source.sales_2 for the second one of the table.
func SourceName(m *bronze.Mapping, source int) string {
	n := 0
	for i := range source + 1 {
		if m.Sources[i].Table == m.Sources[source].Table {
			n++
		}
	}
	if n == 1 {
		return "source." + m.Sources[source].Table
	}
	return fmt.Sprintf("source.%s_%d", m.Sources[source].Table, n)
}
