package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A report of a run that published some tables says of all which are behind.
func TestBeside(t *testing.T) {
	report := func(run, files string, selected bool, tables ...string) *Report {
		r := &Report{RunID: run, Digests: map[string]string{"smelt": "1"}}
		for _, f := range strings.Fields(files) {
			r.Sources = append(r.Sources, SourceReport{File: f, Hash: "of " + f})
		}
		for _, name := range tables {
			r.Tables = append(r.Tables, TableReport{Name: name, Rows: 1})
		}
		if selected {
			r.Selected = tables
		}
		return r
	}
	says := func(r *Report) string {
		base := "none"
		if r.Base != nil {
			base = r.Base.RunID
		}
		var tables []string
		for _, t := range r.Tables {
			tables = append(tables, fmt.Sprintf("%s:%s", t.Name, t.Behind))
		}
		slices.Sort(r.Selected)
		return fmt.Sprintf("base %s, selected %v, %v", base, r.Selected, tables)
	}
	all := report("A", "f", false, "s.f", "g.x", "g.y")
	for _, c := range []struct {
		name string
		runs []*Report // after each other, the last is looked at
		want string
	}{
		{"the first", []*Report{report("S", "f", true, "g.x")}, "base none, selected [g.x], [g.x:]"},
		{"again without a run of all", []*Report{report("S", "f", true, "g.x"), report("T", "f f2", true, "g.y")}, "base none, selected [g.y], [g.x:S g.y:]"},
		{"newer files", []*Report{all, report("S", "f f2", true, "g.x")}, "base A, selected [g.x], [s.f:A g.x: g.y:A]"},
		{"the same files", []*Report{all, report("S", "f", true, "g.x")}, "base none, selected [], [s.f: g.x: g.y:]"},
		{"two of the same newer files", []*Report{all, report("S", "f f2", true, "g.x"), report("T", "f f2", true, "g.y")}, "base A, selected [g.x g.y], [s.f:A g.x: g.y:]"},
		{"all, one after the other", []*Report{all, report("S", "f f2", true, "g.x", "g.y"), report("T", "f f2", true, "s.f")}, "base A, selected [g.x g.y s.f], [s.f: g.x: g.y:]"},
		{"ever newer files", []*Report{all, report("S", "f f2", true, "g.x"), report("T", "f f3", true, "g.y")}, "base A, selected [g.y], [s.f:A g.x:S g.y:]"},
		{"back to the old files, in part", []*Report{all, report("S", "f f2", true, "g.x"), report("T", "f", true, "g.y")}, "base A, selected [g.y], [s.f:A g.x:S g.y:]"},
		{"back to the old files", []*Report{all, report("S", "f f2", true, "g.x"), report("T", "f", true, "g.x")}, "base none, selected [], [s.f: g.x: g.y:]"},
	} {
		var last *Report
		for _, r := range c.runs {
			again := *r
			again.Tables, again.Selected = slices.Clone(r.Tables), slices.Clone(r.Selected)
			if r.Selected != nil {
				again.Beside(last)
			}
			last = &again
		}
		if got := says(last); got != c.want {
			t.Errorf("%s: %s\nnot %s", c.name, got, c.want)
		}
	}
}
