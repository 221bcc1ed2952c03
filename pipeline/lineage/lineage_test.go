package lineage

import (
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"bronze.sales.quantity":                   "transformation bronze.sales.quantity",
		"filter:silver.fact_sales.line_type":      "filter silver.fact_sales.line_type",
		"identity:source.sales.Unit price. (EUR)": "identity source.sales.Unit price. (EUR)",
	} {
		c, kind, err := Parse(text)
		if got := string(kind) + " " + c.String(); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "quantity", "bronze.sales", "bronze.sales.", "fliter:bronze.sales.quantity"} {
		if _, _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestOf(t *testing.T) {
	table, err := pipeline.NewTable("gold.x", "", nil, []pipeline.Column{{Name: "a", Type: pipeline.Int64Type, From: []string{"aggregation:s.t.a", "filter:s.t.b"}}})
	if err != nil {
		t.Fatal(err)
	}
	table.RowsFrom = []string{"group_by:s.t.k"}
	edges, err := Of(table)
	want := []Edge{{Column{"s.t", "k"}, Column{"gold.x", ""}, GroupBy}, {Column{"s.t", "a"}, Column{"gold.x", "a"}, Aggregation}, {Column{"s.t", "b"}, Column{"gold.x", "a"}, Filter}}
	if err != nil || !slices.Equal(edges, want) {
		t.Errorf("%v, %v", edges, err)
	}
	table.Columns[0].From = []string{"nothing"}
	if _, err := Of(table); err == nil || !strings.Contains(err.Error(), "gold.x.a") {
		t.Errorf("a wrong declaration: %v", err)
	}
}

func TestGraph(t *testing.T) {
	c := func(text string) Column { table, column, _ := strings.Cut(text, "."); return Column{table, column} }
	var edges []Edge
	for _, text := range []string{"s.x b.a", "s.k b.k", "b.k f.", "b.a f.v", "f.v g.m", "f.w g.n", "g.m f.w", "b.a f.v"} { // g.m → f.w: tables may refer to each other
		from, to, _ := strings.Cut(text, " ")
		edges = append(edges, Edge{c(from), c(to), Transformation})
	}
	g := NewGraph(edges)
	text := func(columns []Column) string {
		var out []string
		for _, c := range columns {
			out = append(out, c.String())
		}
		return strings.Join(out, " ")
	}
	for column, want := range map[string]string{"g.m": "f.v b.a f s.x b.k s.k", "s.x": "", "g.n": "f.w g.m f f.v b.k b.a s.k s.x"} {
		if got := text(g.Upstream(c(column))); got != want {
			t.Errorf("upstream of %s: %s", column, got)
		}
	}
	for column, want := range map[string]string{"s.x": "b.a f.v g.m f.w g.n", "s.k": "b.k f f.v f.w g.m g.n", "g.n": ""} {
		if got := text(g.Downstream(c(column))); got != want {
			t.Errorf("downstream of %s: %s", column, got)
		}
	}
	if len(g.Out(c("b.a"))) != 1 || len(g.Into(c("f.v"))) != 1 {
		t.Error("a repeated edge counts twice")
	}
}
