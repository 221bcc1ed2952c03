package dbt

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// TestWrite: the same catalog gives the same bytes over files that are there
// already, and nothing else is left in the folder.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "target")
	names := []string{"catalog.json", "manifest.json", "run_results.json", "sources.json"}
	var first [][]byte
	for range 2 {
		if err := Write(dir, shop(t, true)); err != nil {
			t.Fatal(err)
		}
		var got []string
		var texts [][]byte
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			got = append(got, e.Name())
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		if !slices.Equal(got, names) {
			t.Fatalf("the folder has %v", got)
		}
		if first != nil && cmp.Diff(first, texts) != "" {
			t.Error("the same catalog gives other bytes")
		}
		first = texts
	}
}

func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := Write(filepath.Join(file, "target"), shop(t, true))
	var e *pipeline.Error
	if !errors.As(err, &e) || !errors.Is(err, pipeline.ErrOutput) || e.File == "" || e.Hint == "" {
		t.Errorf("a folder below a file: %v", err)
	}
	// A folder stands where a file goes: what is there stays, nothing is left aside.
	if err := os.MkdirAll(filepath.Join(dir, "manifest.json", "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, shop(t, true)); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a folder in a file's place: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".dbt-*")); left != nil {
		t.Errorf("left aside: %v", left)
	}
}

// TestNames: a table that is named as one before it has its layer before its name;
// the tables before keep theirs.
func TestNames(t *testing.T) {
	table := func(name string) catalog.Table { return catalog.Table{Name: name} }
	p := newProject(&catalog.Catalog{Project: "2 shops", Tables: []catalog.Table{table("bronze.sales"), table("gold.sales_summary"), table("gold.gold_sales"), table("gold.sales")}})
	got := map[string]string{}
	for table, m := range p.models {
		got[table] = m.id + " " + m.relation
	}
	want := map[string]string{
		"bronze.sales":       `model._2_shops.sales "_2_shops"."bronze"."sales"`,
		"gold.sales_summary": `model._2_shops.sales_summary "_2_shops"."gold"."sales_summary"`,
		"gold.gold_sales":    `model._2_shops.gold_sales "_2_shops"."gold"."gold_sales"`,
		"gold.sales":         `model._2_shops.gold_gold_sales "_2_shops"."gold"."sales"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestIdentifier(t *testing.T) {
	for text, want := range map[string]string{
		"shop": "shop", "My Shop": "My_Shop", "café — Zürich": "cafe_Zurich", "2026": "_2026", "": "none", "店": "none", "__": "none", "a.b-c_": "a_b_c_", "x!": "x", "!x": "x", "_row": "_row",
	} {
		if got := Identifier(text, "none"); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestLineage: columns know all that they are made from; tables only what is made
// before them, so that there are no circles, and no table that is not there.
func TestLineage(t *testing.T) {
	at := func(table, column string) lineage.Column { return lineage.Column{Table: table, Column: column} }
	p := newProject(&catalog.Catalog{
		Project: "shop", Sources: []catalog.Source{{Name: "source.sales"}},
		Tables: []catalog.Table{{Name: "bronze.sales"}, {Name: "silver.dim", Columns: []catalog.Column{{Name: "id", Type: "string", Formula: "a\n b"}}}, {Name: "silver.fact"}},
		Edges: []lineage.Edge{
			{From: at("silver.fact", "id"), To: at("silver.dim", "id"), Kind: lineage.Filter},
			{From: at("bronze.sales", "id"), To: at("silver.dim", "id"), Kind: lineage.Identity},
			{From: at("source.sales", "Key"), To: at("silver.dim", "id"), Kind: lineage.Join},
			{From: at("silver.dim", "id"), To: at("silver.dim", "name"), Kind: lineage.Transformation},
			{From: at("gold.gone", "id"), To: at("silver.dim", "id"), Kind: lineage.Identity},
			{From: at("silver.dim", "id"), To: at("gold.gone", "id"), Kind: lineage.Identity},
		},
	})
	nodes, refs, sources := p.dependsOn("silver.dim")
	want := []any{[]string{"source.shop.files.sales", "model.shop.sales"}, []object{ref("sales")}, [][]string{{"files", "sales"}}}
	if diff := cmp.Diff(want, []any{nodes, refs, sources}); diff != "" {
		t.Error(diff)
	}
	code := p.comment(p.models["silver.dim"])
	if want := "-- silver.dim is made by smelt, in one pass with all other tables, by Go and not by SQL.\n-- What its columns are made from:\n--   id VARCHAR NOT NULL = a b from bronze.sales.id, gold.gone.id; rows by silver.fact.id (filter), source.sales.Key (join)\n"; code != want {
		t.Errorf("the code is %s", cmp.Diff(want, code))
	}
}

// TestLimits: what dbt makes of severity, warn_if and error_if is what smelt does.
func TestLimits(t *testing.T) {
	ten, half := &check.Limit{Count: 10}, &check.Limit{Percent: 0.5, Relative: true}
	for _, c := range []struct {
		check          catalog.Check
		severity, warn string
		fail, why      string
	}{
		{catalog.Check{Severity: "error"}, "ERROR", "!= 0", "!= 0", "no rule is known"},
		{catalog.Check{Severity: "warn"}, "WARN", "!= 0", "!= 0", "no rule is known"},
		{catalog.Check{Severity: "error", Rule: &check.Check{}}, "ERROR", "!= 0", "!= 0", "defaults"},
		{catalog.Check{Severity: "error", Rule: &check.Check{ErrorIf: ten}}, "ERROR", "> 10", "> 10", "no warning below the error"},
		{catalog.Check{Severity: "error", Rule: &check.Check{WarnIf: ten, ErrorIf: half}}, "ERROR", "> 10", "> 0.5%", "both"},
		{catalog.Check{Severity: "warn", Rule: &check.Check{WarnIf: ten}}, "WARN", "> 10", "!= 0", "dbt does not look at error_if"},
		{catalog.Check{Severity: "warn", Rule: &check.Check{ErrorIf: ten}}, "ERROR", "!= 0", "> 10", "a warning, and beyond ten an error"},
	} {
		severity, warn, fail := limits(&c.check)
		if severity != c.severity || warn != c.warn || fail != c.fail {
			t.Errorf("%s: %s, warn_if %s, error_if %s", c.why, severity, warn, fail)
		}
	}
}

// TestTests: what is known of a rule in full is a test of dbt's own.
func TestTests(t *testing.T) {
	rule := func(c check.Check) *check.Check { return &c }
	c := &catalog.Catalog{Project: "shop", Tables: []catalog.Table{{Name: "silver.dim_customers"}, {Name: "silver.fact_sales"}}}
	add := func(name, kind string, r *check.Check, columns ...string) {
		c.Checks = append(c.Checks, catalog.Check{Name: name, Table: "silver.fact_sales", Kind: kind, Columns: columns, Rule: r, Says: "so it is"})
	}
	add("silver.fact_sales.a.not_null", "not_null", nil, "a")
	add("silver.fact_sales.a+b.unique", "unique", nil, "a", "b")
	add("lines are sales", "accepted_values", rule(check.Check{Values: []string{"sale", "return"}}), "a")
	add("silver.fact_sales.a.accepted_values", "accepted_values", nil, "a") // of an earlier run: its values are unknown
	add("silver.fact_sales.a.relationships", "relationships", rule(check.Check{To: "silver.dim_customers.customer_id"}), "a")
	add("silver.fact_sales.b.relationships", "relationships", rule(check.Check{To: "gold.gone.x"}), "b")
	add("silver.fact_sales.a.range", "range", rule(check.Check{Min: "0"}), "a")
	add("silver.fact_sales.a.null_share", "null_share", nil, "a")
	c.Checks = append(c.Checks, catalog.Check{Name: "x", Table: "gold.gone", Kind: "not_null"})
	var got [][]any
	for _, test := range newProject(c).checks {
		delete(test.kwargs, "model")
		got = append(got, []any{test.name, test.def.macro(), test.namespace, test.kwargs, test.to != nil})
	}
	want := [][]any{
		{"not_null_fact_sales_a", "macro.dbt.test_not_null", nil, object{"column_name": "a"}, false},
		{"smelt_unique_combination_of_columns_fact_sales_a_b", "macro.smelt.test_unique_combination_of_columns", "smelt", object{"combination_of_columns": []string{"a", "b"}}, false},
		{"lines_are_sales", "macro.dbt.test_accepted_values", nil, object{"column_name": "a", "values": []string{"sale", "return"}}, false},
		{"smelt_accepted_values_fact_sales_a", "macro.smelt.test_accepted_values", "smelt", object{"column_name": "a"}, false},
		{"relationships_fact_sales_a", "macro.dbt.test_relationships", nil, object{"column_name": "a", "to": "ref('dim_customers')", "field": "customer_id"}, true},
		{"smelt_relationships_fact_sales_b", "macro.smelt.test_relationships", "smelt", object{"column_name": "b"}, false},
		{"smelt_range_fact_sales_a", "macro.smelt.test_range", "smelt", object{"column_name": "a", "min_value": "0"}, false},
		{"smelt_null_share_fact_sales_a", "macro.smelt.test_null_share", "smelt", object{"column_name": "a", "says": "so it is"}, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestResults: the newest run decides; a run that was refused says which table is
// to blame, and smelt test is about checks only.
func TestResults(t *testing.T) {
	results := func(c *catalog.Catalog) (which string, out map[string]string) {
		text, err := encode(newProject(c).runResults())
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Args    struct{ Which string }
			Results []struct {
				ID       string `json:"unique_id"`
				Status   string
				Failures *int64
				Time     float64 `json:"execution_time"`
				Timing   []struct {
					Began string `json:"started_at"`
					Ended string `json:"completed_at"`
				}
				Response struct {
					Rows *int64 `json:"rows_affected"`
				} `json:"adapter_response"`
			}
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		out = map[string]string{}
		for _, r := range got.Results {
			for _, timing := range r.Timing {
				if timing.Ended != "2026-01-01T00:00:00.000000Z" || timing.Began >= timing.Ended {
					t.Errorf("%s took from %s to %s", r.ID, timing.Began, timing.Ended)
				}
			}
			text, _ := json.Marshal([]any{r.Status, r.Failures, r.Response.Rows, r.Time})
			out[r.ID] = string(text)
		}
		return got.Args.Which, out
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &catalog.Catalog{
		Project: "shop", At: at,
		Tables: []catalog.Table{{Name: "gold.a", Published: true}, {Name: "gold.b"}},
		Checks: []catalog.Check{{Name: "x", Table: "gold.a", Kind: "row_count", Results: []catalog.Result{
			{Run: "3", Status: "warn", Failures: 2}, {Run: "2", Status: "error", Failures: 1}, {Run: "1", Status: "skipped"}}}},
		Runs: []catalog.Run{{ID: "3", Command: "test"}, {ID: "2", At: at, Command: "run", Seconds: 2}, {ID: "1", At: at, Command: "run", Published: true, Seconds: 1.5, Rows: map[string]int64{"gold.a": 7}}},
	}
	id := newProject(c).checks[0].id
	for _, want := range []struct {
		which string
		by    map[string]string
	}{
		{"test", map[string]string{id: `["warn",2,null,0]`}},
		{"build", map[string]string{"model.shop.a": `["error",null,null,2]`, "model.shop.b": `["skipped",null,null,0]`, id: `["fail",1,null,0]`}},
		{"build", map[string]string{"model.shop.a": `["success",null,7,1.5]`, id: `["skipped",null,null,0]`}},
	} {
		which, got := results(c)
		if diff := cmp.Diff(want.by, got); which != want.which || diff != "" {
			t.Errorf("run %s is %s: %s", c.Runs[0].ID, which, diff)
		}
		c.Runs = c.Runs[1:]
	}
}
