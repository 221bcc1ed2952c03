package judge

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/dbtproject"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// dbtShop is a shop whose tables dbt makes too.
type dbtShop struct {
	name         string
	config, data string
	lake         string
	known        map[string]pipeline.CheckResult // what smelt's checks say, by ID
}

// TestDBT has smelt and dbt make the same shops' tables, on DuckDB and on Spark, and
// compares every cell, what came of every check, and the SQL that dbt has compiled
// with that of models.Compile. The last shop's files come in two parts. Its table
// of parity is in the log.
func TestDBT(t *testing.T) {
	t.Parallel()
	judges, dbt := judges(t), judgetest.DBT(t)
	shops := dbtShops(t, judges)

	t.Run("duckdb", func(t *testing.T) {
		t.Parallel()
		for _, s := range shops {
			project := s.export(t, dbtproject.DuckDB)
			parityOf(t, dbt, "build", project)
			s.parity(t, judges, project, filepath.Join(project, s.name+".duckdb"), dbtproject.DuckDB)
			if s.name == "small" {
				docs(t, dbt, project, s.name)
			}
		}
	})
	t.Run("spark", func(t *testing.T) {
		t.Parallel()
		spark := judgetest.SparkDBT(t)
		args := []string{"build", "--spark"}
		for _, s := range shops {
			args = append(args, s.export(t, dbtproject.Spark))
		}
		parityOf(t, spark, args...)
		for i, s := range shops {
			s.parity(t, judges, args[i+2], filepath.Join(args[i+2], "tables"), dbtproject.Spark)
		}
	})
}

// dbtShops makes the shops, of well-formed records alone, and their lakes.
func dbtShops(t *testing.T, python string) []*dbtShop {
	t.Helper()
	aw, root := judgetest.Data(t, "adventureworks"), t.TempDir()
	var out []*dbtShop
	for _, g := range []struct{ name, rows, seed, messy string }{{"demo", "100000", "1", "0.02"}, {"messy", "200000", "5", "0.05"}, {"small", "3000", "7", "0.1"}} {
		dir := filepath.Join(root, g.name)
		smelt(t, root, "generate", "--rows", g.rows, "--seed", g.seed, "--messy", g.messy, "-o", dir)
		s := &dbtShop{name: g.name, config: filepath.Join(dir, "smelt.yml"), data: dir, lake: filepath.Join(dir, "lake")}
		smelt(t, dir, "run")
		parityOf(t, python, "mend", s.lake, dir)
		smelt(t, dir, "run", "--full-refresh")
		out = append(out, s)
	}
	s := &dbtShop{name: "adventureworks", config: abs(t, "../../testdata/adventureworks.yml"), data: aw, lake: filepath.Join(root, "aw")}
	smelt(t, root, "run", "-c", s.config, "--data", aw, "-o", s.lake)
	out = append(out, s)

	// The small shop has rules of all kinds too, of which some fail: they are looked
	// at when its tables are there.
	small := out[2]
	text, err := os.ReadFile(small.config)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("testdata/dbt_checks.yml")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, rules...)
	small.config = filepath.Join(small.data, "checks.yml")
	if err := os.WriteFile(small.config, text, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, s := range out {
		s.checks(t)
	}
	return out
}

// checks has smelt test the lake.
func (s *dbtShop) checks(t *testing.T) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(path, "--json", "test", "-c", s.config, "-o", s.lake).Output() // 1 where a check fails
	var results []pipeline.CheckResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.known = map[string]pipeline.CheckResult{}
	for _, r := range results {
		s.known[r.Check] = r
	}
}

// export writes the shop's project, and for the small shop half of its files.
func (s *dbtShop) export(t *testing.T, target dbtproject.Target) string {
	t.Helper()
	project := filepath.Join(t.TempDir(), s.name)
	smelt(t, ".", "export", "dbt", "-c", s.config, "-o", project, "--target", string(target), "--name", s.name, "--data", s.data)
	if s.name == "small" {
		half := filepath.Join(project, "half")
		if err := os.Mkdir(half, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"customers.csv", "products.csv", "sales_2023.csv"} {
			text, err := os.ReadFile(filepath.Join(s.data, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(half, name), text, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return project
}

// parity compares what dbt made with what smelt did.
func (s *dbtShop) parity(t *testing.T, python, project, tables string, target dbtproject.Target) {
	t.Helper()
	t.Logf("%s on %s\n%s", s.name, target, parityOf(t, python, "compare", s.lake, tables))
	m, err := bronze.LoadMapping(s.config)
	if err != nil {
		t.Fatal(err)
	}
	p, err := dbtproject.New(dbtproject.Options{Name: s.name, Mapping: m, Target: target, Data: s.data})
	if err != nil {
		t.Fatal(err)
	}
	s.outcomes(t, p, project)
	s.compiled(t, p, project)
}

// outcomes compares dbt's tests with smelt's checks.
func (s *dbtShop) outcomes(t *testing.T, p *dbtproject.Project, project string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "target", "run_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results struct {
		Results []struct {
			ID       string `json:"unique_id"`
			Status   string
			Failures *int64
			Message  string
		}
	}
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range results.Results {
		if parts := strings.Split(r.ID, "."); parts[0] == "test" {
			failures := int64(-1)
			if r.Failures != nil {
				failures = *r.Failures
			}
			got[parts[2]] = fmt.Sprintf("%s %d", r.Status, failures)
		}
	}
	word := map[string]string{"pass": "pass", "warn": "warn", "error": "fail"}
	compared := 0
	for id, name := range p.Tests() {
		r, known := s.known[id]
		if !known {
			t.Errorf("%s: smelt knows no check %s", s.name, id)
			continue
		}
		if want := fmt.Sprintf("%s %d", word[r.Status], r.Failures); got[name] != want {
			t.Errorf("%s: dbt's test %s: %q, smelt's check %s: %q", s.name, name, got[name], id, want)
		}
		compared++
	}
	t.Logf("%s: %d tests as smelt's checks", s.name, compared)
}

// compiled compares what dbt made of the models' text with what models.Compile does.
func (s *dbtShop) compiled(t *testing.T, p *dbtproject.Project, project string) {
	t.Helper()
	var manifest struct {
		Nodes map[string]struct {
			Name     string
			Relation string `json:"relation_name"`
		}
	}
	text, err := os.ReadFile(filepath.Join(project, "target", "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
	relations := map[string]string{}
	for _, n := range manifest.Nodes {
		relations[n.Name] = n.Relation
	}
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, m := range p.Models {
		got, err := os.ReadFile(filepath.Join(project, "target", "compiled", s.name, "models", m.Layer, m.Name+".sql"))
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := p.Compile(m, func(name string) string { return relations[name] }, func(name string) string {
			if p.Target == dbtproject.Spark {
				return "files." + name
			}
			return fmt.Sprintf(`"%s"."files"."%s"`, s.name, name)
		})
		if err != nil {
			t.Error(err)
			continue
		}
		incremental := len(m.UniqueKey) > 0 && s.name == "small" // the second run has another condition
		if a, b := plain(string(got)), plain(want); a != b && !incremental {
			t.Errorf("%s: dbt compiles %s to\n%s\nand models.Compile to\n%s", s.name, m.Name, a, b)
		}
	}
}

// parityOf has Python run parity.py, and returns what it printed.
func parityOf(t *testing.T, python string, args ...string) string {
	t.Helper()
	cmd := exec.Command(python, append([]string{"-B", abs(t, "../../testdata/judge/parity.py")}, args...)...)
	cmd.Env = append(os.Environ(), "DO_NOT_TRACK=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("parity.py %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
