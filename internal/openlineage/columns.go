package openlineage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline/lineage"
)

// lineageOf returns what a table is made of: the datasets, with what the run has
// read of them, and by column; nil where no edge tells. A bronze table without
// edges holds what files have beside the columns of the others: it is of all files.
func lineageOf(r *Reporter, o *Outcome, t *Table) (inputs []dataset, _ *columnLineage) {
	edges := through(o.Edges, t.Name)
	read := map[string]bool{} // tables
	for _, e := range edges {
		read[e.From.Table] = true
	}
	if len(edges) == 0 && t.Layer() == "bronze" {
		for _, s := range o.Sources {
			read[s.Name] = true
		}
	}
	places := map[string][]datasetID{} // where the columns of a table are
	for i := range o.Sources {
		s := &o.Sources[i]
		if !read[s.Name] {
			continue
		}
		columns := columnsOf(o.Edges, s.Name)
		for k := range s.Files {
			inputs = append(inputs, s.Files[k].dataset(r, columns))
			places[s.Name] = append(places[s.Name], inputs[len(inputs)-1].datasetID)
		}
	}
	for i := range o.Tables {
		if s := &o.Tables[i]; read[s.Name] {
			inputs = append(inputs, s.asInput(r))
			places[s.Name] = []datasetID{inputs[len(inputs)-1].datasetID}
		}
	}
	if len(edges) == 0 {
		return merged(inputs), nil
	}
	return merged(inputs), byColumn(r, edges, places, len(t.Columns))
}

// merged has each dataset once: two sources may name the same files.
func merged(all []dataset) (out []dataset) {
	for _, d := range all {
		if !slices.ContainsFunc(out, func(o dataset) bool { return o.datasetID == d.datasetID }) {
			out = append(out, d)
		}
	}
	return out
}

// columnsOf lists the columns of a source that any table is made of.
func columnsOf(edges []lineage.Edge, source string) (out []string) {
	for _, e := range edges {
		if e.From.Table == source && !slices.Contains(out, e.From.Column) {
			out = append(out, e.From.Column)
		}
	}
	return out
}

// byColumn makes the facet of the edges to a table of so many columns. What has
// an indirect part in all of them is said of the dataset instead.
func byColumn(r *Reporter, edges []lineage.Edge, places map[string][]datasetID, columns int) *columnLineage {
	type part struct {
		from lineage.Column
		kind lineage.Kind
	}
	parts := map[part]int{}
	for _, e := range edges {
		parts[part{e.From, e.Kind}]++
	}
	out := &columnLineage{base: r.base("facets/1-2-0/ColumnLineageDatasetFacet.json"), Fields: map[string]madeOf{}}
	done := map[part]bool{}
	for _, e := range edges {
		p := part{e.From, e.Kind}
		if whole := e.To.Column == "" || !e.Kind.Direct() && parts[p] == columns; whole {
			if !done[p] {
				out.Dataset = add(out.Dataset, e, places)
			}
			done[p] = true
			continue
		}
		out.Fields[e.To.Column] = madeOf{add(out.Fields[e.To.Column].Inputs, e, places)}
	}
	for _, m := range out.Fields {
		slices.SortStableFunc(m.Inputs, compareFields)
	}
	slices.SortStableFunc(out.Dataset, compareFields)
	return out
}

func compareFields(a, b inputField) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Field, b.Field))
}

// add adds an edge to the fields that a column is made of: a field once, with
// all that is done with it.
func add(to []inputField, e lineage.Edge, places map[string][]datasetID) []inputField {
	t := transformation{Type: "INDIRECT", Subtype: strings.ToUpper(string(e.Kind))}
	if e.Kind.Direct() {
		t.Type = "DIRECT"
	}
	for _, id := range places[e.From.Table] {
		i := slices.IndexFunc(to, func(f inputField) bool { return f.datasetID == id && f.Field == e.From.Column })
		switch {
		case i < 0:
			to = append(to, inputField{id, e.From.Column, []transformation{t}})
		case !slices.Contains(to[i].Transformations, t):
			to[i].Transformations = append(to[i].Transformations, t)
		}
	}
	return to
}

// through returns the edges from other tables to one. What a column has from
// another column of its own table it has from what that is made of: a table is
// not an input of its own job.
func through(edges []lineage.Edge, table string) []lineage.Edge {
	to := map[string][]lineage.Edge{} // by column
	var columns []string
	for _, e := range edges {
		if e.To.Table == table {
			if to[e.To.Column] == nil {
				columns = append(columns, e.To.Column)
			}
			to[e.To.Column] = append(to[e.To.Column], e)
		}
	}
	var out []lineage.Edge
	seen := map[lineage.Edge]bool{}
	var follow func(to lineage.Column, edges []lineage.Edge, kind lineage.Kind)
	follow = func(column lineage.Column, edges []lineage.Edge, kind lineage.Kind) {
		for _, e := range edges {
			made := lineage.Edge{From: e.From, To: column, Kind: compose(kind, e.Kind)}
			if seen[made] {
				continue
			}
			seen[made] = true
			if e.From.Table == table {
				follow(column, to[e.From.Column], made.Kind)
			} else {
				out = append(out, made)
			}
		}
	}
	for _, c := range columns {
		follow(lineage.Column{Table: table, Column: c}, to[c], lineage.Identity)
	}
	return out
}

// compose is how a column takes part in another, of which a third is made.
func compose(outer, inner lineage.Kind) lineage.Kind {
	switch {
	case outer == lineage.Identity || !inner.Direct() && outer.Direct():
		return inner
	case inner == lineage.Identity || !outer.Direct():
		return outer
	case outer == lineage.Aggregation || inner == lineage.Aggregation:
		return lineage.Aggregation
	}
	return lineage.Transformation
}
