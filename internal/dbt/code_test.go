package dbt

import (
	"regexp"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
)

// TestCode: a table's code is SQL on its own, that reads other tables and files and no
// step that is not in it; without a mapping, or with one that SQL cannot express, it
// is a comment.
func TestCode(t *testing.T) {
	c := shop(t, true)
	m, err := bronze.LoadMapping("../../testdata/adventureworks.yml")
	if err != nil {
		t.Fatal(err)
	}
	c.Mapping = m
	p := newProject(c)
	if p.sql, err = p.sqlOf(); err != nil {
		t.Fatal(err)
	}
	step := regexp.MustCompile(`__dbt__cte__\w+`)
	steps := 0
	for _, table := range c.Tables {
		code, ok := p.sql[table.Name]
		if table.Name == "bronze.rejects" || p.models[table.Name].name == "mine" {
			continue
		}
		if !ok {
			t.Errorf("%s has no code", table.Name)
			continue
		}
		if strings.Contains(code.compiled, "{{") || strings.Contains(code.raw, "incremental_filter") {
			t.Errorf("%s:\n%s", table.Name, code.compiled)
		}
		for _, s := range step.FindAllString(code.compiled, -1) {
			if strings.Count(code.compiled, s+" as (\n") != 1 || !strings.Contains(code.compiled, "with __dbt__cte__") {
				t.Errorf("%s: %s is not a step of\n%s", table.Name, s, code.compiled)
			}
			steps++
		}
		node := p.modelNode(p.models[table.Name])
		if node["compiled"] != true || node["compiled_code"] != code.compiled || node["raw_code"] != code.raw {
			t.Errorf("%s: the manifest has %v", table.Name, node["raw_code"])
		}
	}
	if steps == 0 {
		t.Error("no table reads a step")
	}
	m.Sources[0].Files = []string{"-"} // which no engine reads
	c.Mapping = m
	if p = newProject(c); p.sql != nil {
		t.Error("SQL before there is any")
	}
	if p.sql, err = p.sqlOf(); err != nil || p.sql != nil {
		t.Errorf("SQL of what it cannot express: %v, %v", p.sql, err)
	}
	if node := p.modelNode(p.models["silver.fact_sales"]); node["compiled"] != nil || !strings.HasPrefix(node["raw_code"].(string), "--") {
		t.Errorf("the manifest has %v", node["raw_code"])
	}
}
