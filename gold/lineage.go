package gold

import (
	"fmt"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// Lineage returns what every column of every table that a run writes is made
// from, and what decides which rows a table has (an edge to the table without a
// column): by the tables' declarations and, with a mapping, from the columns of
// its files on. A mapping must have passed Check. Sources are named as
// bronze.Mapping's SourceName does. An own spec that is wrong is an error.
func Lineage(m *bronze.Mapping, own ...*Spec) ([]lineage.Edge, error) {
	var out []lineage.Edge
	if m != nil {
		out = sourceLineage(m)
	}
	tables, err := Declarations(own...)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		edges, err := lineage.Of(t)
		if err != nil {
			return nil, err
		}
		out = append(out, edges...)
	}
	return out, nil
}

// sourceLineage returns the edges that begin at the files of a mapping.
func sourceLineage(m *bronze.Mapping) []lineage.Edge {
	var out []lineage.Edge
	facts := silver.FactSales.Name
	for i := range m.Sources {
		in := &bronze.Input{InputFile: &bronze.InputFile{Source: i, Spec: &m.Sources[i]}}
		out = append(out, m.Lineage(i, in.Main())...)
		if m.Sources[i].Overlap != "" { // lines that several files carry are found by all that they say
			for _, s := range m.Sources[i].Columns {
				out = append(out, lineage.Edge{From: lineage.Column{Table: bronze.Sales.Name, Column: s.Column}, To: lineage.Column{Table: facts}, Kind: lineage.GroupBy})
			}
		}
		for _, d := range []struct{ raw, dim *pipeline.Table }{{bronze.Customers.Table, silver.DimCustomers.Table}, {bronze.Products.Table, silver.DimProducts.Table}} {
			if m.Derives(d.raw.Base(), in.Spec) {
				out = append(out, past(m.Lineage(i, in.Derived(d.raw)), d.dim)...)
			}
		}
	}
	for i, list := range m.Rules.ReturnedOrders {
		name := "source.returned_orders"
		if i > 0 {
			name = fmt.Sprintf("%s_%d", name, i+1)
		}
		for _, s := range list.Columns {
			for _, column := range s.From {
				from := lineage.Column{Table: name, Column: strings.TrimSpace(column)}
				if s.Column == "returned_at" {
					out = append(out, lineage.Edge{From: from, To: lineage.Column{Table: facts, Column: "ordered_at"}, Kind: lineage.Transformation},
						lineage.Edge{From: from, To: lineage.Column{Table: facts, Column: "order_date"}, Kind: lineage.Transformation})
				} else {
					out = append(out, lineage.Edge{From: from, To: lineage.Column{Table: facts}, Kind: lineage.Join})
				}
			}
		}
	}
	return out
}

// past leads edges to columns of a raw table on to what the dimension makes of
// them: customers and products that sales lines describe have no rows in bronze.
func past(edges []lineage.Edge, dim *pipeline.Table) []lineage.Edge {
	declared, _ := lineage.Of(dim) // Lineage returns its error
	var out []lineage.Edge
	for _, e := range edges {
		for _, d := range declared {
			if d.From != e.To {
				continue
			}
			if !e.Kind.Direct() || d.Kind == lineage.Identity {
				d.Kind = e.Kind
			}
			out = append(out, lineage.Edge{From: e.From, To: d.To, Kind: d.Kind})
		}
	}
	return out
}
