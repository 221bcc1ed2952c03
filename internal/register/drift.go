package register

import (
	"fmt"
	"slices"
	"strings"
)

// Drift is one way in which a catalog's table is not the lake's.
type Drift struct {
	Table   string `json:"table"`            // as the catalog calls it
	Column  string `json:"column,omitempty"` // "" where it is about the table
	What    string `json:"what"`             // "missing", "type", "location", …
	Lake    string `json:"lake"`
	Catalog string `json:"catalog"`
}

// found is a table as a catalog has it.
type found struct {
	external bool
	format   string // Delta, Parquet or another, in lower case
	location string
	comment  string
	columns  []foundColumn
	// constraints are the columns of each key, by the constraint's name; nil
	// where the catalog has no constraints at all.
	constraints map[string][]string
	unity       *unityTable // as a Unity Catalog server wrote it
}

// state is what a catalog has of a lake's tables, by their names in the lake.
type state map[string]*found

type foundColumn struct {
	name, text, comment string // text is the type in SQL
	nullable            bool
}

// ours reports whether a table is an external one over the same folder: only
// then is it this lake's, and dropping it loses nothing.
func (f *found) ours(t *Table) bool { return f.external && sameLocation(f.location, t.Location) }

// drift compares a table with what a catalog has; f is nil where it has none.
// nullable says whether that catalog knows which columns may be NULL.
func drift(t *Table, name string, f *found, nullable bool) []Drift {
	var out []Drift
	add := func(column, what, lake, catalog string) {
		if lake != catalog {
			out = append(out, Drift{name, column, what, lake, catalog})
		}
	}
	if f == nil {
		add("", "missing", t.Format, "")
		return out
	}
	if !f.external {
		add("", "kind", "external", "not external")
	}
	add("", "format", t.Format, f.format)
	if !sameLocation(t.Location, f.location) {
		add("", "location", t.Location, f.location)
	}
	add("", "comment", t.Doc, f.comment)
	for i := range t.Columns {
		c := &t.Columns[i]
		j := slices.IndexFunc(f.columns, func(fc foundColumn) bool { return strings.EqualFold(fc.name, c.Name) })
		if j < 0 {
			add(c.Name, "missing", c.dataType().text, "")
			continue
		}
		has := f.columns[j]
		add(c.Name, "type", c.dataType().text, has.text)
		add(c.Name, "position", fmt.Sprint(i), fmt.Sprint(j))
		if nullable {
			add(c.Name, "nullable", yes(c.Nullable), yes(has.nullable))
		}
		add(c.Name, "comment", c.Doc, has.comment)
	}
	for _, c := range f.columns {
		if !slices.ContainsFunc(t.Columns, func(tc Column) bool { return strings.EqualFold(tc.Name, c.name) }) {
			add(c.name, "extra", "", c.text)
		}
	}
	return out
}

// shapeDrift reports whether differences are such that a catalog reads the
// files wrongly, comments and keys apart.
func shapeDrift(all []Drift) bool {
	return slices.ContainsFunc(all, func(d Drift) bool { return d.What != "comment" && d.What != "key" })
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Change says what registering did with a table: "created", "replaced",
// "changed" or "unchanged".
type Change struct {
	Table string `json:"table"`
	What  string `json:"what"`
}
