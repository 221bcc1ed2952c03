// Package lineage tells which columns a column is made from, and how.
//
// What is known stands in the declarations of the tables, beside the code that
// computes them: Column.From of what a value is made from, and Table.RowsFrom of
// what decides which rows a table has at all, declared once and not with each of
// its columns: its joins, its group keys, its filters, and what one row wins by
// against another. A kind says how. Direct ones are values that a value is made
// of; a column that only picks rows, orders them or finds them is indirect.
// Tests change every column and see that what changes has declared it.
package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Kind says how a column takes part in another one's value. The words are those
// of OpenLineage's columnLineage facet: the first three are direct (the value is
// made of it), the others indirect (it decides which rows count, or where).
type Kind string

const (
	Identity       Kind = "identity"       // the value as it is
	Transformation Kind = "transformation" // computed, cast, renamed to a rule
	Aggregation    Kind = "aggregation"    // summed, counted, the least of, …
	Join           Kind = "join"           // rows are matched by it
	GroupBy        Kind = "group_by"       // rows are put together by it
	Filter         Kind = "filter"         // it decides which rows count
	Sort           Kind = "sort"           // it decides which row comes first, or wins
)

var kinds = []Kind{Identity, Transformation, Aggregation, Join, GroupBy, Filter, Sort}

// Direct reports whether values are made of the column's values.
func (k Kind) Direct() bool { return k == Identity || k == Transformation || k == Aggregation }

// Column is a column of a table, or of a source's files, whose table begins with
// "source.". As the end of an Edge, a table without a column is its rows.
type Column struct {
	Table  string `json:"table"`
	Column string `json:"column"`
}

// String returns "silver.fact_sales.revenue"; of a table's rows, the table.
func (c Column) String() string {
	if c.Column == "" {
		return c.Table
	}
	return c.Table + "." + c.Column
}

// Edge says that the column To is made from the column From. Where To.Column is
// "", From decides which rows the table has.
type Edge struct {
	From Column `json:"from"`
	To   Column `json:"to"`
	Kind Kind   `json:"kind"`
}

// Parse reads what a declaration says that something is made from:
// "layer.table.column" is a transformation, "kind:layer.table.column" says
// another kind. Another text is an error.
func Parse(text string) (Column, Kind, error) {
	kind, name := Transformation, text
	if before, after, ok := strings.Cut(text, ":"); ok {
		kind, name = Kind(before), after
	}
	parts := strings.SplitN(name, ".", 3)
	if !slices.Contains(kinds, kind) || len(parts) != 3 || slices.Contains(parts, "") {
		return Column{}, "", fmt.Errorf("lineage %q: want layer.table.column, or kind:layer.table.column", text)
	}
	return Column{parts[0] + "." + parts[1], parts[2]}, kind, nil
}

// Of returns the edges that a table declares: of its rows, then of its columns,
// in their order. An error names the column whose declaration is wrong.
func Of(t *pipeline.Table) ([]Edge, error) {
	var out []Edge
	add := func(to string, from []string) error {
		for _, text := range from {
			c, kind, err := Parse(text)
			if err != nil {
				return &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Column: to, Msg: "declares what it is made from", Err: err}
			}
			out = append(out, Edge{From: c, To: Column{t.Name, to}, Kind: kind})
		}
		return nil
	}
	err := add("", t.RowsFrom)
	for _, c := range t.Columns {
		if err == nil {
			err = add(c.Name, c.From)
		}
	}
	return out, err
}
