package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/smeltdata/smelt/internal/unit"
	"github.com/smeltdata/smelt/pipeline"
)

// unitTests runs the unit tests of a shop's mapping, those that are selected by
// name or by a pattern of path.Match; none selects all.
func (a *app) unitTests(ctx context.Context, s *shop, selected []string) error {
	m, err := s.mapping()
	if err != nil {
		return err
	}
	results, err := unit.Run(ctx, m, open, func(name string) bool {
		return len(selected) == 0 || slices.ContainsFunc(selected, func(pattern string) bool {
			ok, err := path.Match(pattern, name)
			return pattern == name || ok && err == nil
		})
	})
	if err != nil {
		return err
	}
	switch {
	case len(m.Tests) == 0:
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.config, Msg: "has no unit tests", Hint: "write some under tests:, with given and expected rows"}
	case len(results) == 0:
		return usage("no unit test is selected", "tests are selected by name: "+m.Tests[0].Name)
	}
	if a.json {
		err = json.NewEncoder(a.out).Encode(results)
	} else {
		err = a.showUnitTests(results)
	}
	if err == nil && slices.ContainsFunc(results, func(r unit.Result) bool { return r.Status != "pass" }) {
		err = &pipeline.Error{Kind: pipeline.ErrCheck, Msg: "unit tests fail"}
	}
	return err
}

// showUnitTests prints the tests that did not pass, and how many there are.
func (a *app) showUnitTests(results []unit.Result) error {
	n := map[string]int64{}
	for _, r := range results {
		if n[r.Status]++; r.Status == "pass" {
			continue
		}
		fmt.Fprintf(a.out, "%s %s (%s:%d)\n", r.Status, a.out.style(bold, r.Test), r.File, r.Line)
		if r.Message != "" {
			fmt.Fprintln(a.out, wrap("  "+r.Message, "  ", a.out.room()))
		}
		for _, t := range r.Tables {
			if err := a.showDifferences(&t); err != nil {
				return err
			}
		}
	}
	line := fmt.Sprintf("unit tests: %d passed", n["pass"])
	if n["fail"] > 0 {
		line += fmt.Sprintf(", %d failed", n["fail"])
	}
	if n["error"] > 0 {
		line += fmt.Sprintf(", %d could not be run", n["error"])
	}
	_, err := fmt.Fprintln(a.out, line)
	return err
}

// showDifferences prints the rows of a table that are not as expected: what is
// expected of a row stands above what it is, where the two differ.
func (a *app) showDifferences(t *unit.TableResult) error {
	if len(t.Rows) == 0 {
		return nil
	}
	where := ""
	if t.Where != "" {
		where = " where " + t.Where
	}
	fmt.Fprintf(a.out, "  %s%s: %s expected, %s there\n", t.Table, where, plural(int64(t.Expected), "row"), count(int64(t.Actual)))
	text := func(v *string) string {
		if v == nil {
			return "NULL"
		}
		return clip(*v, 60)
	}
	g := grid{header: append([]string{""}, t.Columns...), indent: "    "}
	for _, r := range t.Rows {
		want, got := []string{"expected"}, []string{"actual"}
		for _, c := range r.Cells {
			want, got = append(want, text(c.Expected)), append(got, text(c.Actual))
			if r.Status == "differs" && want[len(want)-1] == got[len(got)-1] {
				got[len(got)-1] = "" // the same
			}
		}
		switch r.Status {
		case "missing":
			want[0] = "missing"
			g.rows = append(g.rows, want)
		case "unexpected":
			got[0] = "unexpected"
			g.rows = append(g.rows, got)
		default:
			g.rows = append(g.rows, want, got)
		}
	}
	return g.print(a.out)
}
