package selector

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// shop is a small one: gold.a of silver.f, which is of bronze.x and silver.d, which
// has rows of silver.f; gold.b is of gold.a, and bronze.f stands alone.
func shop() *Space {
	table := func(name string, from ...string) *pipeline.Table {
		return &pipeline.Table{Name: name, Columns: []pipeline.Column{{Name: "c", From: from}}}
	}
	d := table("silver.d", "bronze.x.c")
	d.Columns[0].PII = "name"
	d.RowsFrom = []string{"silver.f.c"}
	return New([]*pipeline.Table{
		table("bronze.x"), table("bronze.f"), d, table("silver.f", "bronze.x.c", "join:silver.d.c", "silver.f.c"),
		table("gold.a_sales", "silver.f.c"), table("gold.b", "gold.a_sales.c", "filter:source.orders.c"),
	}, []check.Check{
		{Table: "bronze.x", Kind: check.NotNull, Columns: []string{"c"}},
		{Table: "silver.f", Kind: check.Unique, Columns: []string{"c", "d"}},
		{Table: "silver.f", Kind: check.RowCount, Min: "1", Severity: check.Warn, Name: "enough"},
		{Table: "gold.b", Kind: check.NotNull, Columns: []string{"c"}},
	})
}

func TestTables(t *testing.T) {
	for _, c := range []struct{ selected, excluded, want string }{
		{"", "", "bronze.x bronze.f silver.d silver.f gold.a_sales gold.b"},
		{"silver", "", "silver.d silver.f"},
		{"silver.f", "", "silver.f"},
		{"b", "", "gold.b"},
		{"gold.*sales", "", "gold.a_sales"},
		{"*sales gold.b", "", "gold.a_sales gold.b"},
		{"[bg]*.?", "", "bronze.x bronze.f gold.b"},
		{"tag:pii", "", "silver.d"},
		{"+gold.a_sales", "", "bronze.x silver.d silver.f gold.a_sales"},
		{"1+gold.a_sales", "", "silver.f gold.a_sales"},
		{"2+gold.b,silver", "", "silver.f"},
		{"silver.f+1", "", "silver.d silver.f gold.a_sales"},
		{"0+b+0", "", "gold.b"},
		{"1+a_sales+", "", "silver.f gold.a_sales gold.b"},
		{"@bronze.x", "", "bronze.x silver.d silver.f gold.a_sales gold.b"},
		{"silver+", "silver", "gold.a_sales gold.b"},
		{"", "bronze,*.f +gold.b", "error: nothing is selected"},
		{"silver,gold", "", "error: nothing is selected"},
		{" ", "", "error: the selection is empty"},
		{"f", "", `error: there are several tables of this name (value "f")`},
		{"slver", "", `error: there is no such layer, table or check (value "slver")`},
		{"silver.*x", "", "error: no table and no check matches the pattern"},
		{"[", "", "error: is not a pattern"},
		{"tag:gold", "", "error: no table has this tag"},
		{"path:x", "", `error: nothing is selected by "path"`},
		{"kind:unique", "", "error: selects checks, and tables are meant"},
		{"enough", "", "error: selects checks, and tables are meant"},
		{"silver,", "", "error: is not a selection"},
		{"@b+", "", "error: is not a selection"},
		{"b++", "", "error: is not a selection"},
		{"b+x", "", "error: is not a selection"},
	} {
		var selected, excluded []string
		if c.selected != "" {
			selected = []string{c.selected}
		}
		if c.excluded != "" {
			excluded = []string{c.excluded}
		}
		tables, err := shop().Tables(selected, excluded)
		compare(t, c.selected+" − "+c.excluded, tables, err, c.want)
	}
}

func TestChecks(t *testing.T) {
	const x, f, b = "bronze.x.c.not_null", "silver.f.c+d.unique", "gold.b.c.not_null"
	for _, c := range []struct{ selected, want string }{
		{"silver", "enough " + f},
		{"+silver.f", "enough " + f + " " + x},
		{"kind:not_null", x + " " + b},
		{"kind:not_null,gold", b},
		{"severity:warn", "enough"},
		{"severity:error silver,enough", "enough " + x + " " + b + " " + f},
		{f, f},
		{"*.unique", f},
		{"gold.b.*", b},
		{"gold.*", b}, // a pattern of tables
		{"kind:range", "error: no check is so"},
		{"kind:unique,enough", "error: nothing is selected"},
		{"+enough", "error: + and @ follow what tables are made of, and these are checks"},
		{"enuogh", "error: there is no such layer, table or check"},
	} {
		checks, err := shop().Checks([]string{c.selected}, nil)
		names := slices.Sorted(maps.Keys(checks))
		want := c.want
		if !strings.HasPrefix(want, "error") {
			sorted := strings.Fields(want)
			slices.Sort(sorted)
			want = strings.Join(sorted, " ")
		}
		compare(t, c.selected, names, err, want)
	}
}

func compare(t *testing.T, what string, names []string, err error, want string) {
	t.Helper()
	got := strings.Join(names, " ")
	if err != nil {
		got, _, _ = strings.Cut("error: "+err.Error(), "\n")
	}
	if got != want && (err == nil || !strings.HasPrefix(got, want)) {
		t.Errorf("%s: %s\nnot %s", what, got, want)
	}
}

func TestHints(t *testing.T) {
	_, err := shop().Tables([]string{"gold.a_sale"}, nil)
	if err == nil || !strings.Contains(err.Error(), "did you mean gold.a_sales? there are the layers bronze, gold, silver and the tables bronze.x,") {
		t.Error(err)
	}
}

// What + and numbers reach is what a path of so many steps leads to, whatever the
// graph; and a selection is the union, the intersection and the difference of sets.
func TestWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "tables")
		edge := make([][]bool, n) // edge[a][b]: b is made of a
		var tables []*pipeline.Table
		for i := range n {
			edge[i] = make([]bool, n)
			tables = append(tables, &pipeline.Table{Name: fmt.Sprintf("l.t%d", i)})
		}
		for a := range n {
			for b := range n {
				if edge[a][b] = rapid.IntRange(0, 3).Draw(t, "edge") == 0; edge[a][b] {
					tables[b].Columns = append(tables[b].Columns, pipeline.Column{Name: "c", From: []string{tables[a].Name + ".c"}})
				}
			}
		}
		var far func(a, b, steps int) bool // whether a path from a leads to b
		far = func(a, b, steps int) bool {
			if a == b {
				return true
			}
			for next := range n {
				if steps > 0 && edge[a][next] && far(next, b, steps-1) {
					return true
				}
			}
			return false
		}
		s := New(tables, nil)
		sets := [3]map[string]bool{}
		var texts [3]string
		for i := range sets {
			of := rapid.IntRange(0, n-1).Draw(t, "of")
			up, down := rapid.IntRange(0, 3).Draw(t, "up"), rapid.IntRange(0, 3).Draw(t, "down")
			text := fmt.Sprintf("%d+t%d+%d", up, of, down)
			switch {
			case up == 3 && down == 3:
				up, down, text = n, n, fmt.Sprintf("+t%d+", of)
			case up == 3:
				up, text = n, fmt.Sprintf("+t%d+%d", of, down)
			}
			sets[i], texts[i] = map[string]bool{}, text
			for j := range n {
				if far(of, j, down) || far(j, of, up) {
					sets[i][tables[j].Name] = true
				}
			}
		}
		named := func(wanted func(in string) bool) (out []string) {
			for _, table := range tables {
				if wanted(table.Name) {
					out = append(out, table.Name)
				}
			}
			return out
		}
		want := named(func(in string) bool { return sets[0][in] && sets[1][in] || sets[2][in] })
		got, err := s.Tables([]string{texts[0] + "," + texts[1], texts[2]}, nil)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Fatalf("%s: %v %s", texts, err, d)
		}
		less, err := s.Tables([]string{texts[0]}, []string{texts[1]})
		want = named(func(in string) bool { return sets[0][in] && !sets[1][in] })
		if d := cmp.Diff(want, less); d != "" || (err != nil) != (want == nil) {
			t.Fatalf("%s without %s: %v %s", texts[0], texts[1], err, d)
		}
	})
}
