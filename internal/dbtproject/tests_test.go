package dbtproject

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline/check"
)

// TestYAML: what a check is as a test, with limits as dbt understands them.
func TestYAML(t *testing.T) {
	three, half := &check.Limit{Count: 3}, &check.Limit{Percent: 0.5, Relative: true}
	for _, c := range []struct {
		check check.Check
		want  string
	}{
		{check.Check{Kind: check.NotNull, Columns: []string{"city"}}, "- not_null\n"},
		{check.Check{Kind: check.NotNull, Columns: []string{"city"}, Severity: check.Warn, Doc: "Cities: known."}, `- not_null:
    description: 'Cities: known.'
    config:
      severity: warn
`},
		{check.Check{Kind: check.AcceptedValues, Columns: []string{"channel"}, Values: []string{"web", "yes"}, ErrorIf: three}, `- accepted_values:
    name: accepted_values_fact_sales_channel
    arguments:
      values: [web, 'yes']
    config:
      fail_calc: coalesce(sum(n_records), 0)
      error_if: '> 3'
      warn_if: '> 3'
`},
		{check.Check{Kind: check.Range, Columns: []string{"order_date"}, Min: "2024-01-31", Where: `"channel" = 'web'`, WarnIf: half, ErrorIf: three}, `- range:
    name: range_fact_sales_order_date
    arguments:
      min_value: date '2024-01-31'
    config:
      where: channel = 'web'
      error_if: '> 3'
      warn_if: '* 100 > 0.5 * (select count(*) from silver.fact_sales where channel = ''web'')'
`},
		{check.Check{Kind: check.Freshness, Columns: []string{"ordered_at"}, Within: 36 * time.Hour, Name: "new orders"}, `- freshness:
    name: new_orders
    arguments:
      within: interval '36' hour
`},
	} {
		c.check.Table = "silver.fact_sales"
		p := small(t)
		p.checks = nil
		if err := p.tests([]check.Check{c.check}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.checks[0].yaml("")); diff != "" {
			t.Error(diff)
		}
	}
	p := small(t)
	if err := p.tests([]check.Check{{Table: "silver.fact_sales", Kind: check.Expression, Condition: "gone = 1"}}); err == nil {
		t.Error("a condition on a column that is not there")
	}
}

// TestFiles: every check of a table with a model is a test with a name of its own,
// every column has its docs, and no file is there twice.
func TestFiles(t *testing.T) {
	p := small(t)
	files, err := p.Files()
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, f := range files {
		if text[f.Path] != "" {
			t.Errorf("%s is there twice", f.Path)
		}
		text[f.Path] = string(f.Data)
	}
	for _, m := range p.Models {
		if text["models/"+m.Layer+"/"+m.Name+".sql"] == "" || !strings.Contains(text["models/"+m.Layer+"/schema.yml"], "- name: "+m.Name+"\n") {
			t.Errorf("%s is not there, or has no docs", m.Name)
		}
		if m.Table != nil {
			for _, c := range m.Table.Columns {
				if !strings.Contains(text["models/"+m.Layer+"/schema.yml"], "- name: "+c.Name+"\n        description: ") {
					t.Errorf("%s.%s has no docs", m.Name, c.Name)
				}
			}
		}
	}
	names := map[string]bool{}
	for id, name := range p.Tests() {
		if names[name] {
			t.Errorf("%s: another test is named %s", id, name)
		}
		names[name] = true
	}
	if len(names) < 40 {
		t.Errorf("%d tests only", len(names))
	}
	for _, e := range p.Exposures() {
		if len(e.Models) < 2 {
			t.Errorf("the page %s shows %v", e.Name, e.Models)
		}
	}
}

func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"plain text": "plain text", "yes": "'yes'", "it's": "it's", "a: b": "'a: b'", "": "''", "12": "'12'", "a\nb": `"a\nb"`, "trailing ": "'trailing '", "[x]": "'[x]'",
	} {
		if got := scalar(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if got, want := described("Says {{ so }}: yes"), "'{% raw %}Says {{ so }}: yes{% endraw %}'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// small is the project of a small shop.
func small(t *testing.T) *Project {
	t.Helper()
	m, err := bronze.LoadMapping("../../testdata/adventureworks.yml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Name: "small shop", Mapping: m, Target: DuckDB})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
