package bronze

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// TestSpec is a unit test of the mapping: what tables come of a few given records.
type TestSpec struct {
	Name   string
	Doc    string
	Given  []GivenSpec
	Expect []ExpectSpec

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

// GivenSpec is what a test says stands in a source's file, a lookup or a list of
// returned orders, in place of the shop's own.
type GivenSpec struct {
	Input string // the table that a source fills, its kind where it has one, or one of its files; a lookup's name
	Rows  TestRows

	Line, Col int
}

// ExpectSpec is what a table is to hold: exactly these rows, in any order, as far
// as their columns are named.
type ExpectSpec struct {
	Table string
	Where string // a condition of package query: other rows do not count
	Rows  TestRows

	Line, Col int
}

// TestRows are records of a file, or rows of a table: either Text or Rows.
type TestRows struct {
	Text string // a piece of the file itself, header and all; "" = Rows
	Rows []TestRow

	Line, Col int // of the rows; the text's first line is the one after
}

// TestRow is one record or row.
type TestRow struct {
	Cells     []TestCell
	Line, Col int
}

// TestCell is the value of one column, as it is written.
type TestCell struct {
	Column    string
	Value     string
	Null      bool
	Line, Col int
}

var testBlock = &block[TestSpec]{
	name: "test", doc: "A unit test of the mapping: the tables that come of a few given records. smelt test --unit runs it.",
	keys: []key[TestSpec]{
		field("name", text, func(t *TestSpec) *string { return &t.Name }, required, "a return is negative",
			"What it is called."),
		field("doc", text, func(t *TestSpec) *string { return &t.Doc }, "none", "Credit notes carry a C before the number.",
			"Why it should be so."),
		field("given", listOf(givenBlock), func(t *TestSpec) *[]GivenSpec { return &t.Given }, "none", "[{input: sales, rows: [{Order: 1, Qty: 2}]}]",
			"The records of sources and lookups; sources that are not given are empty, lookups are the shop's own."),
		field("expect", listOf(expectBlock), func(t *TestSpec) *[]ExpectSpec { return &t.Expect }, required, "[{table: silver.fact_sales, rows: [{order_id: 1, quantity: 2}]}]",
			"What tables hold then."),
	},
}

var givenBlock = &block[GivenSpec]{
	name: "test input", doc: "What stands in a file of a source or a lookup.",
	keys: []key[GivenSpec]{
		field("input", text, func(g *GivenSpec) *string { return &g.Input }, required, "sales",
			"The table that the source fills, or returns for one of that kind; where several do, one of its files; or a lookup's name."),
		field("rows", testRows, func(g *GivenSpec) *TestRows { return &g.Rows }, required, "[{Order: 1, Qty: 2}]",
			"Its records, each with the file's columns, of which those left out are empty; or, as a text, lines of the file itself with its header and delimiter."),
	},
}

var expectBlock = &block[ExpectSpec]{
	name: "table to expect", doc: "The rows of a table, in any order. Only the columns that are named are compared: texts to the letter, numbers, days and times by value.",
	keys: []key[ExpectSpec]{
		field("table", text, func(e *ExpectSpec) *string { return &e.Table }, required, "silver.fact_sales",
			"The table, of bronze, silver or gold."),
		field("where", text, func(e *ExpectSpec) *string { return &e.Where }, "none", "grain = 'day'",
			"Only rows for which this is true are compared, in the language of smelt show --where."),
		field("rows", testRows, func(e *ExpectSpec) *TestRows { return &e.Rows }, required, "[{order_id: 1, revenue: 19.9}]",
			"All its rows, each with the same columns, null for no value; or, as a text, lines of CSV with a header."),
	},
}

// testRows is a list of rows, or a text that holds some.
var testRows = shape[TestRows]{
	kind: "a list of rows, or a text",
	decode: func(d *decoder, n *node, path string, to *TestRows) error {
		*to = TestRows{Line: n.line, Col: n.col}
		switch n.kind {
		case textNode:
			if to.Text = n.text; strings.TrimSpace(n.text) == "" {
				return d.fail(n, "rows: the text is empty", "write [] for no rows")
			}
			return nil
		case listNode:
		default:
			return d.wrong(n, path, "a list of rows, or a text")
		}
		for i, item := range n.items {
			row := TestRow{Line: item.line, Col: item.col}
			err := d.each(item, d.item(path, i, item), "columns and their values", func(k, v *node, path string) error {
				c := TestCell{Column: k.text, Null: v.null(), Line: k.line, Col: k.col}
				if !c.Null {
					if err := text.decode(d, v, path, &c.Value); err != nil {
						return err
					}
				}
				row.Cells = append(row.Cells, c)
				return nil
			})
			if err != nil {
				return err
			}
			to.Rows = append(to.Rows, row)
		}
		return nil
	},
	schema: func(*schemas) object {
		cell := object{"type": []any{"string", "number", "boolean", "null"}}
		row := object{"type": "object", "additionalProperties": cell}
		return object{"anyOf": []any{object{"type": "string"}, object{"type": "array", "items": row}}}
	},
}

// Parsed returns the rows, those of a text read as CSV with a header: an empty
// field is NULL. Its error is about a line of smelt.yml.
func (r *TestRows) Parsed() ([]TestRow, error) {
	if r.Text == "" {
		return r.Rows, nil
	}
	in := csv.NewReader(strings.NewReader(r.Text))
	in.TrimLeadingSpace = true
	header, err := in.Read()
	var rows []TestRow
	for err == nil {
		var fields []string
		if fields, err = in.Read(); err != nil {
			break
		}
		line, _ := in.FieldPos(0)
		row := TestRow{Line: r.Line + line, Col: 1}
		for i, v := range fields {
			row.Cells = append(row.Cells, TestCell{Column: strings.TrimSpace(header[i]), Value: v, Null: v == "", Line: row.Line, Col: 1})
		}
		rows = append(rows, row)
	}
	if err == io.EOF {
		return rows, nil
	}
	fail := &pipeline.Error{Kind: pipeline.ErrConfig, Line: r.Line, Col: 1, Msg: "rows: not CSV", Err: err}
	var at *csv.ParseError
	if errors.As(err, &at) {
		fail.Line, fail.Err = r.Line+at.Line, at.Err
	}
	return nil, fail
}

// Reads returns the columns of its files that the mapping asks a source for, in
// the order of their first use.
func (s *SourceSpec) Reads(m *Mapping) []string {
	var out []string
	for _, specs := range [][]ColumnSpec{s.Columns, s.Customers, s.Products} {
		for _, c := range specs {
			for _, e := range c.exprs(m) {
				out = appendNew(out, e.Source())
			}
		}
	}
	return out
}

// LookupReads returns the columns that the mapping asks a lookup's files for: its
// key first.
func (m *Mapping) LookupReads(name string) []string {
	out := []string{m.Lookups[name].Key}
	for i := range m.Sources {
		s := &m.Sources[i]
		for _, specs := range [][]ColumnSpec{s.Columns, s.Customers, s.Products} {
			for _, c := range specs {
				for _, e := range c.exprs(m) {
					for at := &e; at.Key != nil; at = at.Key {
						if at.Lookup == name {
							out = appendNew(out, at.Column)
						}
					}
				}
			}
		}
	}
	return out
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// checkTests finds what shows without the tables.
func (m *Mapping) checkTests() *problem {
	names := map[string]bool{}
	for i, t := range m.Tests {
		path := fmt.Sprintf("tests[%d]", i)
		switch {
		case t.Name == "":
			return bad(path, "the test has no name", "name it by what it shows")
		case names[t.Name]:
			return bad(path+".name", fmt.Sprintf("there is another test of the name %q", t.Name), "")
		case len(t.Expect) == 0:
			return bad(path, fmt.Sprintf("test %q expects nothing", t.Name), "name a table and its rows under expect")
		}
		names[t.Name] = true
		for k, g := range t.Given {
			if g.Input == "" {
				return bad(fmt.Sprintf("%s.given[%d]", path, k), "the rows have no input", "name a source's table or a lookup")
			}
			if g.Rows.Line == 0 && g.Rows.Text == "" && g.Rows.Rows == nil {
				return bad(fmt.Sprintf("%s.given[%d]", path, k), "the input has no rows", "write rows: [] for an empty file")
			}
		}
		for k, e := range t.Expect {
			if e.Table == "" {
				return bad(fmt.Sprintf("%s.expect[%d]", path, k), "the rows have no table", "name it, as silver.fact_sales")
			}
			if e.Rows.Line == 0 && e.Rows.Text == "" && e.Rows.Rows == nil {
				return bad(fmt.Sprintf("%s.expect[%d]", path, k), "the table has no rows", "write rows: [] for an empty table")
			}
		}
	}
	return nil
}
