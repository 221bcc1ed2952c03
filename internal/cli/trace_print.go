package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// showTrace prints a row and what it comes from.
func (a *app) showTrace(table *pipeline.Table, out *traced) error {
	if a.json {
		if err := json.NewEncoder(a.out).Encode(out); err != nil {
			return err
		}
	} else {
		p := &plan{out: a.out}
		p.trace(table, out)
		if _, err := a.out.Write(p.Bytes()); err != nil {
			return err
		}
	}
	for _, n := range out.notes {
		a.log("note", n)
	}
	return nil
}

func (p *plan) trace(table *pipeline.Table, out *traced) {
	var key []string
	for _, c := range table.Key {
		if v := out.Row.at(c); v != nil {
			key = append(key, c+" "+printable(*v))
		}
	}
	fmt.Fprintln(p, p.out.style(bold, out.Table)+"  "+strings.Join(key, ", "))
	if n := out.Number; n != nil {
		p.number(n)
	} else {
		p.values(out.Row)
	}
	if out.Bronze != nil {
		file, number := out.Bronze.text("_source_file"), out.Bronze.text("_source_row")
		if out.Table == "silver.quarantine" {
			p.title("bronze." + out.Row.text("table"))
		} else {
			p.title("bronze.sales")
		}
		p.values(*out.Bronze)
		if out.Source == nil {
			p.title(fmt.Sprintf("%s, record %s", printable(file), number))
		}
	}
	if out.Records != nil {
		p.title(fmt.Sprintf("%s of %s, the latest first: it wins", plural(out.Records.Total, "record"), out.Records.Table))
		p.listed(out.Records)
	}
	if out.Lines != nil {
		p.title(fmt.Sprintf("%s of %s", plural(out.Lines.Total, "line"), out.Lines.Table))
		p.listed(out.Lines)
	}
	for _, r := range out.Source {
		p.title(fmt.Sprintf("%s, record %d, as it stands there", printable(r.File), r.Number))
		p.values(r.Values)
	}
}

// number tells what a number is and what its lines come to.
func (p *plan) number(n *takenApart) {
	what := n.Column
	if n.Of != "" {
		p.line("  ", "%s is computed from %s, which is taken apart here", n.Column, n.Of)
		what = n.Of
	}
	p.line("  ", "%s = %s", what, n.Formula)
	p.line("  ", "%s", n.Doc)
	g := &grid{indent: "  ", right: []bool{false, true, false}}
	if len(n.Parts) > 1 {
		for _, part := range n.Parts {
			g.rows = append(g.rows, []string{part.Measure, shown(part.Value), "of " + plural(part.Lines, "line")})
		}
	}
	of := ""
	if len(n.Parts) == 1 {
		of = "of " + plural(n.Parts[0].Lines, "line")
	}
	g.rows = append(g.rows, []string{"all its lines", shown(n.Counted), of})
	switch {
	case !n.Stands:
	case n.Equal:
		g.rows = append(g.rows, []string{"published", shown(n.Published), "equal"})
	default:
		g.rows = append(g.rows, []string{"published", shown(n.Published), p.out.style(red, "NOT EQUAL: the tables are of different runs, or somebody else has changed one")})
	}
	p.grid(g)
}

func shown(v *string) string {
	if v == nil {
		return nullText
	}
	return printable(*v)
}

// values writes a row, a line for each value that is not NULL.
func (p *plan) values(row tracedRow) {
	g := &grid{indent: "  "}
	for _, v := range row {
		if v.Value != nil {
			g.rows = append(g.rows, []string{printable(v.Column), clip(*v.Value, 200)})
		}
	}
	p.grid(g)
}

// listed writes rows below each other.
func (p *plan) listed(l *lines) {
	if len(l.Rows) == 0 {
		return
	}
	g := &grid{indent: "  "}
	for _, v := range l.Rows[0] {
		g.header = append(g.header, v.Column)
		g.right = append(g.right, slices.Contains(numeric, v.Column))
	}
	for _, r := range l.Rows {
		var row []string
		for _, v := range r {
			text := nullText
			if v.Value != nil {
				text = clip(*v.Value, cellWidth)
			}
			row = append(row, text)
		}
		g.rows = append(g.rows, row)
	}
	g.measure()
	fmt.Fprintln(p, p.out.style(bold, g.line(g.header)))
	for _, row := range g.rows {
		fmt.Fprintln(p, g.line(row))
	}
	if more := l.Total - int64(len(l.Rows)); more > 0 {
		fmt.Fprintf(p, "  … %s more; --limit 0 prints all\n", count(more))
	}
}

// numeric are the columns of lines that stand to the right.
var numeric = []string{"quantity", "sales", "returns", "revenue", "discount_amount", "cost", "margin", "_source_row"}
