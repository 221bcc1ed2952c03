package airflow_test

import (
	"errors"
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
