package airflow_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/airflow"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

func options(t *testing.T) airflow.Options {
	tables, err := gold.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	return airflow.Options{Name: "shop", Shop: "/srv/shop", Config: "smelt.yml", Zone: "UTC", Tables: tables, Granularity: airflow.Table}
}

// Every table has a check: smelt test --select of one that has none fails, and so would its task.
func TestEachTableIsTested(t *testing.T) {
	checks, err := gold.Checks()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range options(t).Tables {
		if !slices.ContainsFunc(checks, func(c check.Check) bool { return c.Table == table.Name }) {
			t.Errorf("%s has no check", table.Name)
		}
	}
}

func TestID(t *testing.T) {
	for name, want := range map[string]string{"shop": "shop", "Müller & Söhne": "M_ller___S_hne", "a.b": "a_b", "..": "shop", "": "shop", "店": "shop", "-x-": "x", "2024": "2024"} {
		if o := (&airflow.Options{Name: name}); o.ID() != want {
			t.Errorf("%q is %q, not %q", name, o.ID(), want)
		}
	}
}

// Texts of the shop stay texts in Python, and words in the shell.
func TestQuotes(t *testing.T) {
	o := options(t)
	o.Name, o.Shop, o.Config = "Max \"Moritz\" \\ Söhne", `/srv/a "b" \c`, "it's.yml"
	o.Tables = []*pipeline.Table{{Name: "bronze.customers", Doc: `A "row" \n of it.`}}
	text, err := airflow.DAG(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`SHOP = "/srv/a \"b\" \\c"`, `" run -c 'it'\"'\"'s.yml'{{`, `"A \"row\" \\n of it."`, `dag_id="Max__Moritz____S_hne"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}

func TestWrong(t *testing.T) {
	for what, change := range map[string]func(o *airflow.Options){
		"granularity": func(o *airflow.Options) { o.Granularity = "row" },
		"shop":        func(o *airflow.Options) { o.Shop = "/srv/{{ x }}" },
		"config":      func(o *airflow.Options) { o.Config = "{% x %}.yml" },
		"project":     func(o *airflow.Options) { o.DBT = &airflow.DBT{Dir: "a\nb", Profile: "shop", Target: "duckdb"} },
		"spark":       func(o *airflow.Options) { o.DBT = &airflow.DBT{Dir: "/srv/shop/dbt", Profile: "shop", Target: "spark"} },
	} {
		o := options(t)
		change(&o)
		if _, err := airflow.DAG(o); !errors.Is(err, pipeline.ErrConfig) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A project's profile, target and data are those of its files; what is no project is said so.
func TestReadDBT(t *testing.T) {
	for _, c := range []struct{ project, profiles, files string }{
		{"profile: shop\nvars: {data: ..}\n", "shop: {target: duckdb}\n", "/srv/shop"},
		{"profile: shop\nvars: {data: /Volumes/x}\n", "shop: {target: databricks}\n", ""},
		{"profile: shop\nvars: {data: 's3://x/y'}\n", "shop: {target: databricks}\n", ""},
		{"profile: shop\n", "other: {target: duckdb}\n", "wrong"},
		{"profile: \"sh'op\"\n", "\"sh'op\": {target: duckdb}\n", "wrong"},
		{"profile: [\n", "shop: {target: duckdb}\n", "wrong"},
		{"", "", "wrong"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"dbt_project.yml": c.project, "profiles.yml": c.profiles} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		d, err := airflow.ReadDBT(dir)
		if c.files == "wrong" {
			if !errors.Is(err, pipeline.ErrInput) {
				t.Errorf("%q, %q: %v", c.project, c.profiles, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		d.Dir = "/srv/shop/dbt"
		if got := d.Files(); got != c.files {
			t.Errorf("%q finds the files in %q, not %q", c.project, got, c.files)
		}
	}
}
