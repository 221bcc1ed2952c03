package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// described is what explain says of a column, in JSON.
type described struct {
	Table    string         `json:"table"`
	Column   string         `json:"column,omitempty"`
	Doc      string         `json:"doc,omitempty"`
	Type     string         `json:"type,omitempty"`
	Nullable bool           `json:"nullable,omitempty"`
	Formula  string         `json:"formula,omitempty"`
	Unit     string         `json:"unit,omitempty"`
	PII      string         `json:"pii,omitempty"`
	Key      []string       `json:"key,omitempty"`
	Columns  []described    `json:"columns,omitempty"` // of a table
	MadeFrom []lineage.Edge `json:"made_from"`         // all that lead to it, nearest first; those without to.column are of a table's rows
	MadeOfIt []lineage.Edge `json:"made_of_it"`        // all that lead on, nearest first, but not by way of rows
	edges    *lineage.Graph // nil in a table's columns
}

// explainColumns explains a table, or a column of one or of a source.
func (a *app) explainColumns(m *bronze.Mapping, name string) error {
	edges, err := gold.Lineage(m)
	if err != nil {
		return err
	}
	tables, err := gold.Declarations()
	if err != nil {
		return err
	}
	d, err := describe(tables, edges, name)
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(d)
	}
	p := &plan{out: a.out, m: m}
	p.describe(d)
	_, err = a.out.Write(p.Bytes())
	return err
}

// describe finds what a name means and what is known of it.
func describe(tables []*pipeline.Table, edges []lineage.Edge, name string) (*described, error) {
	at, t, err := columnNamed(tables, edges, name)
	if err != nil {
		return nil, err
	}
	d := &described{Table: at.Table, Column: at.Column, edges: lineage.NewGraph(edges)}
	of := []lineage.Column{at}
	if t != nil && at.Column == "" {
		d.Doc, d.Key = t.Doc, t.Key
		for i := range t.Columns {
			d.Columns = append(d.Columns, describedColumn(t, i))
			of = append(of, lineage.Column{Table: t.Name, Column: t.Columns[i].Name})
		}
	} else if t != nil {
		c := describedColumn(t, t.MustIndex(at.Column))
		c.edges = d.edges
		d = &c
	}
	d.MadeFrom = paths(of, func(c lineage.Column) []lineage.Edge {
		out := slices.Clone(d.edges.Into(c))
		return append(out, d.edges.Into(lineage.Column{Table: c.Table})...)
	}, func(e lineage.Edge) lineage.Column { return e.From })
	d.MadeOfIt = paths(of, d.edges.Out, func(e lineage.Edge) lineage.Column { return e.To })
	return d, nil
}

func describedColumn(t *pipeline.Table, i int) described {
	c := t.Columns[i]
	d := described{Table: t.Name, Column: c.Name, Doc: c.Doc, Type: pipeline.TypeName(c.Type), Nullable: c.Nullable, PII: c.PII}
	if m := gold.MeasuresOf(t.Name)[c.Name]; m != nil {
		d.Formula, d.Unit = m.Formula, m.Unit
	}
	return d
}

// paths returns all edges that can be walked from some columns, nearest first.
func paths(from []lineage.Column, next func(lineage.Column) []lineage.Edge, end func(lineage.Edge) lineage.Column) []lineage.Edge {
	out, taken, seen := []lineage.Edge{}, map[lineage.Edge]bool{}, map[lineage.Column]bool{}
	for queue := from; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		for _, e := range next(queue[0]) {
			if !taken[e] {
				taken[e] = true
				out, queue = append(out, e), append(queue, end(e))
			}
		}
	}
	return out
}

// columnNamed finds the table or column that a name means: layer.table.column,
// table.column, layer.table, table, or source.name.column.
func columnNamed(tables []*pipeline.Table, edges []lineage.Edge, name string) (lineage.Column, *pipeline.Table, error) {
	if strings.HasPrefix(name, "source.") {
		return sourceNamed(edges, name)
	}
	for _, t := range tables {
		for _, called := range []string{t.Name, t.Base()} {
			if name == called {
				return lineage.Column{Table: t.Name}, t, nil
			}
			column, ok := strings.CutPrefix(name, called+".")
			if !ok || called == t.Base() && slices.ContainsFunc(tables, func(o *pipeline.Table) bool { return strings.HasPrefix(name, o.Name) }) {
				continue
			}
			if t.Index(column) < 0 {
				return lineage.Column{}, nil, noColumn(t, column)
			}
			return lineage.Column{Table: t.Name, Column: column}, t, nil
		}
	}
	var names, bases []string
	for _, t := range tables {
		names, bases = append(names, t.Name), append(bases, t.Base())
	}
	hint := "the tables are " + strings.Join(names, ", ")
	table := name
	if strings.Count(name, ".") == 2 {
		table = name[:strings.LastIndexByte(name, '.')]
	}
	near := pipeline.Nearest(table, names)
	if i := slices.Index(bases, pipeline.Nearest(table, bases)); near == "" && i >= 0 {
		near = names[i]
	}
	if near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return lineage.Column{}, nil, usage(fmt.Sprintf("there is no table %q", table), hint)
}

func noColumn(t *pipeline.Table, column string) error {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	hint := "the columns are " + strings.Join(names, ", ")
	if near := pipeline.Nearest(column, names); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return usage(fmt.Sprintf("%s has no column %q", t.Name, column), hint)
}

// sourceNamed finds a column of the files that smelt.yml maps.
func sourceNamed(edges []lineage.Edge, name string) (lineage.Column, *pipeline.Table, error) {
	var names []string
	for _, e := range edges {
		if !strings.HasPrefix(e.From.Table, "source.") {
			continue
		}
		if e.From.String() == name {
			return e.From, nil, nil
		}
		if !slices.Contains(names, e.From.String()) {
			names = append(names, e.From.String())
		}
	}
	hint := "no smelt.yml says what the files are: -c names one"
	if names != nil {
		hint = "mapped are " + strings.Join(names, ", ")
	}
	if near := pipeline.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return lineage.Column{}, nil, usage(fmt.Sprintf("no column %q of the files is mapped", name), hint)
}

// describe writes what is known of a table or column.
func (p *plan) describe(d *described) {
	at := lineage.Column{Table: d.Table, Column: d.Column}
	fmt.Fprintln(p, p.out.style(bold, at.String()))
	if d.Doc != "" {
		p.line("  ", "%s", d.Doc)
	}
	facts := &grid{indent: "  "}
	add := func(name, value string) {
		if value != "" {
			facts.rows = append(facts.rows, []string{name, value})
		}
	}
	if d.Nullable {
		d.Type += ", NULL is possible"
	}
	add("type", d.Type)
	add("formula", d.Formula)
	add("unit", d.Unit)
	add("personal", d.PII)
	add("key", strings.Join(d.Key, ", "))
	p.grid(facts)
	if d.Columns != nil {
		p.title("columns")
		g := &grid{indent: "  "}
		for _, c := range d.Columns {
			from := c.Formula
			if from == "" {
				from = kindsFrom(d.edges.Into(lineage.Column{Table: d.Table, Column: c.Column}))
			}
			typ := c.Type
			if c.Nullable {
				typ += "?"
			}
			g.rows = append(g.rows, []string{c.Column, typ, from})
		}
		p.grid(g)
	} else if len(d.edges.Into(at)) > 0 {
		p.title("made from")
		p.tree(d.edges, at, "  ", map[lineage.Column]bool{at: true})
	}
	p.rowsOf(d)
	p.onward(d, at)
}

// tree writes what a column is made from, and what that is made from. What is
// there already is not written out again.
func (p *plan) tree(g *lineage.Graph, of lineage.Column, indent string, seen map[lineage.Column]bool) {
	for _, e := range g.Into(of) {
		mark, again := "-", ""
		if !e.Kind.Direct() {
			mark = "~"
		}
		if seen[e.From] && len(g.Into(e.From)) > 0 {
			again = ", see above"
		} else if p.m != nil && strings.HasPrefix(e.From.String(), "bronze.") && e.From.Column[0] != '_' && len(g.Into(e.From)) == 0 {
			again = ", not mapped: NULL"
		}
		fmt.Fprintf(p, "%s%s %s  %s\n", indent, mark, e.From, p.out.style(dim, string(e.Kind)+again))
		if !seen[e.From] {
			seen[e.From] = true
			p.tree(g, e.From, indent+"  ", seen)
		}
	}
}

// rowsOf writes what decides which rows the tables have that it is made from.
func (p *plan) rowsOf(d *described) {
	var tables []string
	for _, e := range d.MadeFrom {
		if e.To.Column == "" && !slices.Contains(tables, e.To.Table) && (d.Columns == nil || e.To.Table == d.Table) {
			tables = append(tables, e.To.Table)
		}
	}
	if tables == nil {
		return
	}
	p.title("which rows there are")
	for _, t := range tables {
		p.line("  ", "~ %s: %s", t, kindsFrom(d.edges.Into(lineage.Column{Table: t})))
	}
}

// kindsFrom lists what edges begin at, those of one kind and table together:
// "group_by silver.fact_sales: country, state".
func kindsFrom(edges []lineage.Edge) string {
	type group struct {
		kind  lineage.Kind
		table string
	}
	var order []group
	columns := map[group][]string{}
	for _, e := range edges {
		g := group{e.Kind, e.From.Table}
		if columns[g] == nil {
			order = append(order, g)
		}
		columns[g] = append(columns[g], e.From.Column)
	}
	var out []string
	for _, g := range order {
		out = append(out, string(g.kind)+" "+named(g.table, columns[g]))
	}
	return strings.Join(out, "; ")
}

// onward writes what is made of a table or column: at first hand with the kind,
// then on the way.
func (p *plan) onward(d *described, at lineage.Column) {
	type use struct {
		to   lineage.Column
		kind lineage.Kind
	}
	var first []use
	var tables []string
	later := map[string][]string{}
	for _, e := range d.MadeOfIt {
		switch {
		case d.Columns != nil && e.To.Table == d.Table:
		case d.Columns == nil && e.From == at:
			if u := (use{e.To, e.Kind}); !slices.Contains(first, u) {
				first = append(first, u)
			}
		case e.To.Column != "":
			if later[e.To.Table] == nil {
				tables = append(tables, e.To.Table)
			}
			if !slices.Contains(later[e.To.Table], e.To.Column) {
				later[e.To.Table] = append(later[e.To.Table], e.To.Column)
			}
		}
	}
	if first == nil && tables == nil {
		return
	}
	p.title("made of it")
	for _, u := range first {
		mark, what := "-", u.to.String()
		if !u.kind.Direct() {
			mark = "~"
		}
		if u.to.Column == "" {
			what = "the rows of " + u.to.Table
		}
		fmt.Fprintf(p, "  %s %s  %s\n", mark, what, p.out.style(dim, string(u.kind)))
	}
	for _, t := range tables {
		if d.Columns == nil {
			p.line("  ", "and of that %s: %s", t, strings.Join(later[t], ", "))
		} else {
			p.line("  ", "%s: %s", t, strings.Join(later[t], ", "))
		}
	}
}
