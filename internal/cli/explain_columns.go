package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// tables lists every table with its columns.
func (p *plan) tables() {
	for _, t := range []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table} {
		p.mapped(t)
	}
	for _, t := range []*pipeline.Table{bronze.Rejects.Table, silver.DimCustomers.Table, silver.DimProducts.Table, silver.FactSales.Table, silver.Quarantine.Table} {
		p.table(t, nil)
	}
	for _, s := range gold.Seed() {
		if t, err := s.Declaration(); err == nil { // the seed's own are sound: gold's tests see to it
			p.table(t, formulas(s))
		}
	}
}

// formulas are those of a gold table's measures, by column.
func formulas(s *gold.Spec) map[string]string {
	out := map[string]string{}
	for name, m := range s.ByColumn() {
		out[name] = m.Formula
	}
	return out
}

// table lists the columns of a table with what they are computed from.
func (p *plan) table(t *pipeline.Table, formulas map[string]string) {
	p.title(fmt.Sprintf("%s: %s", t.Name, t.Doc))
	g := &grid{indent: "  "}
	for _, c := range t.Columns {
		g.rows = append(g.rows, []string{c.Name, typeOf(c), cmp.Or(formulas[c.Name], madeFrom(c.From))})
	}
	p.grid(g)
}

// mapped lists the columns of a bronze table with what smelt.yml says of them.
func (p *plan) mapped(t *pipeline.Table) {
	p.title(fmt.Sprintf("%s: %s", t.Name, t.Doc))
	sources := 0
	list := func(from string, specs []bronze.ColumnSpec) {
		if from != "" {
			p.line("  ", "from %s", from)
		}
		g := &grid{indent: "  "}
		for _, s := range specs {
			g.rows = append(g.rows, []string{s.Column, typeOf(t.Columns[t.MustIndex(s.Column)]), p.sourceOf(s)})
		}
		p.grid(g)
		var rest []string
		for _, c := range t.Columns {
			mapped := slices.ContainsFunc(specs, func(s bronze.ColumnSpec) bool { return s.Column == c.Name })
			if !mapped && !strings.HasPrefix(c.Name, "_") {
				rest = append(rest, c.Name)
			}
		}
		if len(rest) > 0 && from != derivedFrom {
			p.line("  ", "not mapped, NULL: %s", strings.Join(rest, ", "))
		}
		sources++
	}
	several := 0
	for _, s := range p.m.Sources {
		if "bronze."+s.Table == t.Name {
			several++
		}
	}
	for _, s := range p.m.Sources {
		if "bronze."+s.Table == t.Name {
			from := ""
			if several > 1 {
				from = strings.Join(s.Files, ", ")
			}
			list(from, s.Columns)
		}
	}
	if sources == 0 {
		p.line("  ", "has no file and stays empty: the sales lines name the rows of its dimension")
	}
	for _, s := range p.m.Sources {
		derived := s.Customers
		if t == bronze.Products.Table {
			derived = s.Products
		}
		if len(derived) > 0 && t != bronze.Sales.Table {
			list(derivedFrom, derived)
		}
	}
	var own []string
	for _, c := range t.Columns {
		if strings.HasPrefix(c.Name, "_") {
			own = append(own, c.Name)
		}
	}
	p.line("  ", "of each record: %s", strings.Join(own, ", "))
}

const derivedFrom = "the sales lines, for keys that no file has"

// grid prints without a header; a plan is a buffer, so nothing can fail.
func (p *plan) grid(g *grid) {
	g.measure()
	for _, row := range g.rows {
		fmt.Fprintln(p, g.line(row))
	}
}

func typeOf(c pipeline.Column) string {
	if c.Nullable {
		return pipeline.TypeName(c.Type) + "?"
	}
	return pipeline.TypeName(c.Type)
}

// madeFrom lists what a declaration says that something is made from, the columns
// of one table together: "bronze.sales: order_id, status".
func madeFrom(from []string) string {
	var order []string
	columns := map[string][]string{}
	for _, f := range from {
		c, _, err := lineage.Parse(f)
		if err != nil {
			continue // gold.Lineage reports it
		}
		if columns[c.Table] == nil {
			order = append(order, c.Table)
		}
		if !slices.Contains(columns[c.Table], c.Column) {
			columns[c.Table] = append(columns[c.Table], c.Column)
		}
	}
	var out []string
	for _, t := range order {
		out = append(out, named(t, columns[t]))
	}
	return strings.Join(out, "; ")
}

// named lists columns of a table: "bronze.sales: order_id, status", or that they
// are all that it has.
func named(table string, columns []string) string {
	for _, t := range []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table} {
		if t.Name == table && len(t.Columns) == len(columns) {
			return table + ": all columns"
		}
	}
	return table + ": " + strings.Join(columns, ", ")
}

// sourceOf writes where a bronze column comes from.
func (p *plan) sourceOf(c bronze.ColumnSpec) string {
	var out string
	switch {
	case c.Value != nil:
		out = fmt.Sprintf("always %q", *c.Value)
	case c.Template != "":
		out = fmt.Sprintf("template %q", c.Template)
	default:
		out = strings.Join(c.From, ", else ")
	}
	var how []string
	for _, key := range slices.Sorted(maps.Keys(c.Map)) {
		how = append(how, fmt.Sprintf("%s → %s", key, cmp.Or(c.Map[key], "NULL")))
	}
	if len(c.Dates) > 0 {
		how = append(how, "dates "+strings.Join(c.Dates, ", else "))
	}
	if c.Location != nil {
		how = append(how, "in "+c.Location.String())
	}
	if c.Number != nil {
		how = append(how, numberOf(*c.Number))
	}
	if c.Nulls != nil {
		how = append(how, "NULL for "+quoted(c.Nulls))
	}
	if c.Integer {
		how = append(how, "without a zero fraction")
	}
	if len(how) > 0 {
		out += " (" + strings.Join(how, "; ") + ")"
	}
	return out
}

// readingOf tells how the files of a source are read, where smelt.yml says so.
func readingOf(s *bronze.SourceSpec) []string {
	var out []string
	if d := dialect(s.Read); d != "" {
		out = append(out, d)
	}
	if s.Number != (pipeline.Number{}) {
		out = append(out, numberOf(s.Number))
	}
	if len(s.Nulls) > 0 {
		out = append(out, "NULL for "+quoted(s.Nulls))
	}
	if s.Location != nil {
		out = append(out, "times without an offset in "+s.Location.String())
	}
	return out
}

func dialect(f pipeline.File) string {
	var out []string
	for _, k := range []struct{ name, value string }{
		{"", f.Format}, {"", f.Compression}, {"delimiter", f.Delimiter}, {"quote", f.Quote}, {"escape", f.Escape}, {"", f.Encoding}, {"comments", f.Comment},
	} {
		switch {
		case k.value == "":
		case k.name == "":
			out = append(out, k.value)
		default:
			out = append(out, fmt.Sprintf("%s %q", k.name, k.value))
		}
	}
	if f.SkipRows > 0 {
		out = append(out, plural(int64(f.SkipRows), "line")+" before the header")
	}
	if f.SkipFooter > 0 {
		out = append(out, plural(int64(f.SkipFooter), "line")+" after the records")
	}
	if f.HeaderRows > 1 {
		out = append(out, plural(int64(f.HeaderRows), "record")+" of header")
	}
	switch {
	case f.NoHeader:
		out = append(out, "no header: "+strings.Join(f.Names, ", "))
	case f.Names != nil:
		out = append(out, "in place of the header: "+strings.Join(f.Names, ", "))
	}
	return strings.Join(out, ", ")
}

// numberOf shows how numbers are written, by an example.
func numberOf(n pipeline.Number) string {
	thousands := ""
	if n.Thousands != 0 {
		thousands = string(rune(n.Thousands))
	}
	example := "1" + thousands + "234" + string(rune(cmp.Or(n.Decimal, '.'))) + "56"
	if n.Currency {
		example = "€ " + example
	}
	if n.Percent {
		example += " %"
	}
	if n.Parentheses {
		example = "(" + example + ") for below 0"
	}
	return "numbers as " + example
}

func quoted(texts []string) string {
	var out []string
	for _, t := range texts {
		out = append(out, fmt.Sprintf("%q", t))
	}
	return strings.Join(out, ", ")
}
