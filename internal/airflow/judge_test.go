package airflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/internal/airflow"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/store"
)

// field is an Airflow of a test's own: its folder, its database, its DAGs, and shops
// below shops/.
type field struct {
	*testing.T
	dir, bin string
	env      []string
}

// TestJudgeAirflow has real Airflow, on SQLite and without a scheduler, read and run
// what smelt exports for it.
func TestJudgeAirflow(t *testing.T) {
	f := &field{T: t, bin: judgetest.Airflow(t), dir: t.TempDir()}
	for _, dir := range []string{"bin", "dags", "shops"} {
		if err := os.Mkdir(f.path(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-o", f.path("bin", "smelt"), "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.env = append(os.Environ(),
		"PATH="+strings.Join([]string{f.path("bin"), f.bin, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"AIRFLOW_HOME="+f.dir, "AIRFLOW__CORE__LOAD_EXAMPLES=False", "AIRFLOW__CORE__UNIT_TEST_MODE=False",
		"AIRFLOW__COSMOS__ENABLE_TELEMETRY=False", "DO_NOT_TRACK=true",
		// Airflow reports lineage too, to a file of its own.
		`AIRFLOW__OPENLINEAGE__TRANSPORT={"type": "file", "log_file_path": "`+f.path("airflow.jsonl")+`", "append": true}`,
		"SMELT_OPENLINEAGE=file:"+f.path("smelt.jsonl"))

	f.shop("shop", airflow.Pipeline)
	f.shop("layers", airflow.Layer)
	f.shop("tables", airflow.Table)
	f.drawn("drawn")
	f.write(f.path("dags", "broken.py"), "from airflow.sdk import DAG\nDAG(of='nothing')\n")
	for _, g := range []airflow.Granularity{airflow.Pipeline, airflow.Layer} {
		f.dbt("dbt_"+string(g), g)
	}

	f.airflow(0, "db", "migrate")
	out := f.airflow(-1, "dags", "list-import-errors", "--local", "--output", "plain")
	if !strings.Contains(out, "broken.py") {
		t.Errorf("Airflow finds nothing wrong with a broken DAG:\n%s", out)
	}
	for _, name := range []string{"shop", "layers", "tables", "drawn", "dbt_pipeline", "dbt_layer"} {
		if strings.Contains(out, name+".py") {
			t.Errorf("Airflow cannot import %s.py:\n%s", name, out)
		}
	}
	if t.Failed() {
		return
	}
	if err := os.Remove(f.path("dags", "broken.py")); err != nil {
		t.Fatal(err)
	}

	t.Run("pipeline", func(t *testing.T) { f.with(t).pipeline() })
	t.Run("table", func(t *testing.T) { f.with(t).table() })
	t.Run("cosmos", func(t *testing.T) { f.with(t).cosmos() })
}

// pipeline: the first try is killed, the second makes the tables; then there is nothing
// new; then a check fails.
func (f *field) pipeline() {
	f.killOnce("shop")
	f.airflow(0, "dags", "test", "shop", "2026-03-01")
	f.states("shop", map[string]string{"run": "success 2", "test": "success 1"})
	f.published("shop")
	var want []string
	for _, table := range options(f.T).Tables {
		want = append(want, "smelt://shop/"+strings.ReplaceAll(table.Name, ".", "/"))
	}
	slices.Sort(want)
	if got := f.state("shop").Assets; !slices.Equal(got, want) {
		f.Errorf("events of assets %q, not %q", got, want)
	}
	f.parents("shop.run", "shop")

	f.airflow(0, "dags", "test", "shop", "2026-03-02")
	f.states("shop", map[string]string{"run": "skipped 1", "test": "skipped 0"})

	f.breakIt("shop")
	out := f.airflow(1, "dags", "test", "shop", "2026-03-03")
	f.states("shop", map[string]string{"run": "failed 3", "test": "upstream_failed 0"})
	if !strings.Contains(out, "run of shop has failed") {
		f.Errorf("on_failure was not called:\n%s", out)
	}
	if strings.Count(out, "run of shop has failed") != 1 {
		f.Errorf("on_failure was called for each try:\n%s", out)
	}
	f.published("shop")
}

// table: of tables that are published one by one, the one whose check fails does not
// come out, and all others do.
func (f *field) table() {
	path := f.path("shops", "tables", "smelt.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	const checks = "\nchecks:"
	if strings.Count(string(text), checks) != 1 {
		f.Fatalf("%s has no checks", path)
	}
	f.write(path, strings.Replace(string(text), checks, checks+"\n  - {table: gold.sales_summary, kind: range, columns: orders, max: 0}\n#", 1))
	f.airflow(1, "dags", "test", "tables", "2026-03-01")
	want := map[string]string{}
	for _, table := range options(f.T).Tables {
		want[table.Base()+".run"], want[table.Base()+".test"] = "success 1", "success 1"
	}
	want["sales_summary.run"], want["sales_summary.test"] = "failed 3", "upstream_failed 0"
	f.states("tables", want)
}

// cosmos: one pass, a task for each model and its tests; then a check fails.
func (f *field) cosmos() {
	out := f.airflow(0, "dags", "test", "drawn", "2026-03-01")
	want := map[string]string{}
	for _, table := range options(f.T).Tables {
		want[table.Base()+".run"], want[table.Base()+".test"] = "success 1", "success 1"
	}
	f.states("drawn", want)
	f.published("drawn")
	if n := strings.Count(out, "13 tables, "); n != 1 {
		f.Errorf("%d passes, not 1:\n%s", n, out)
	}

	f.breakIt("drawn")
	f.airflow(1, "dags", "test", "drawn", "2026-03-02")
	want["fact_sales.run"], want["fact_sales.test"] = "failed 3", "upstream_failed 0"
	got := f.state("drawn").Tasks
	for _, name := range []string{"customers", "dim_customers", "fact_sales"} {
		for _, task := range []string{name + ".run", name + ".test"} {
			if fmt.Sprintf("%v %v", got[task][0], got[task][1]) != want[task] {
				f.Errorf("%s is %v, not %s", task, got[task], want[task])
			}
		}
	}
	if s := got["sales_summary.run"][0]; s != "upstream_failed" {
		f.Errorf("sales_summary.run is %v", s)
	}
}

func (f *field) with(t *testing.T) *field {
	c := *f
	c.T = t
	return &c
}

func (f *field) path(names ...string) string {
	return filepath.Join(append([]string{f.dir}, names...)...)
}

func (f *field) write(path, text string) {
	f.Helper()
	if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
		f.Fatal(err)
	}
}

// airflow runs a command of Airflow's, which must exit with the code, -1 for any, and
// returns what it printed.
func (f *field) airflow(code int, args ...string) string {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(f.bin, "airflow"), args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = f.env, f.dir, 10*time.Second
	began := time.Now()
	out, err := cmd.CombinedOutput()
	f.Logf("airflow %s: %.0f s", strings.Join(args, " "), time.Since(began).Seconds())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		f.Fatalf("airflow %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	if got := cmd.ProcessState.ExitCode(); code >= 0 && got != code {
		f.Fatalf("airflow %s: exit code %d, not %d\n%s", strings.Join(args, " "), got, code, out)
	}
	return string(out)
}

// shop makes a sample shop and exports its DAG, which waits a second before a retry.
func (f *field) shop(name string, g airflow.Granularity) {
	f.Helper()
	if _, err := synth.Generate(f.Context(), f.path("shops", name), synth.DemoOptions, nil); err != nil {
		f.Fatal(err)
	}
	f.smelt(name, "export", "airflow", "--granularity", string(g), "-o", f.path("dags"))
	f.impatient(f.path("dags", name+".py"))
}

// dbt exports the DAG of a dbt project.
func (f *field) dbt(name string, g airflow.Granularity) {
	f.Helper()
	o := options(f.T)
	o.Name, o.Granularity, o.DBT = name, g, &airflow.DBT{Dir: "/srv/shop/dbt", Profile: "shop", Target: "duckdb"}
	text, err := airflow.DAG(o)
	if err != nil {
		f.Fatal(err)
	}
	f.write(f.path("dags", name+".py"), string(text))
}

// drawn makes a sample shop and the DAG of docs/airflow.md that has cosmos draw it.
func (f *field) drawn(name string) {
	f.Helper()
	shop := f.path("shops", name)
	if _, err := synth.Generate(f.Context(), shop, synth.DemoOptions, nil); err != nil {
		f.Fatal(err)
	}
	f.smelt(name, "docs", "generate")
	f.write(filepath.Join(shop, "dbt_project.yml"), "name: "+name+"\n")
	page, err := os.ReadFile("../../docs/airflow.md")
	if err != nil {
		f.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```python\n")
	text, _, _ = strings.Cut(text, "```")
	text = strings.NewReplacer("/srv/shop", shop, `"shop"`, `"`+name+`"`).Replace(text)
	path := f.path("dags", name+".py")
	f.write(path, text)
	f.impatient(path)
}

// impatient has a DAG's retries come after a second.
func (f *field) impatient(path string) {
	f.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	const minute = "timedelta(minutes=1)"
	if !strings.Contains(string(text), minute) {
		f.Fatalf("%s does not wait for %s", path, minute)
	}
	f.write(path, strings.ReplaceAll(string(text), minute, "timedelta(seconds=1)"))
}

func (f *field) smelt(shop string, args ...string) {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), f.path("bin", "smelt"), args...)
	cmd.Dir = f.path("shops", shop)
	if out, err := cmd.CombinedOutput(); err != nil {
		f.Fatalf("smelt %v: %v\n%s", args, err, out)
	}
}

// killOnce puts in the place of smelt, for one DAG, a program that kills the first run
// while it writes.
func (f *field) killOnce(shop string) {
	f.Helper()
	f.write(f.path("bin", "killed"), `#!/bin/sh
if [ "$1" = run ] && [ ! -e killed ]; then
	touch killed
	smelt "$@" &
	until [ -e lake/_smelt/staging/silver ] || ! kill -0 $!; do sleep 0.01; done
	kill -9 $!
	wait $!
	exit
fi
exec smelt "$@"
`)
	path := f.path("dags", shop+".py")
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.write(path, strings.Replace(string(text), `SMELT = "smelt"`, `SMELT = "killed"`, 1))
}

// breakIt lets an export come in whose prices break a check of the fact.
func (f *field) breakIt(shop string) {
	f.Helper()
	if _, err := synth.Broken(f.Context(), f.path("shops", shop), synth.DemoOptions); err != nil {
		f.Fatal(err)
	}
}

// published fails where a table is not in the lake.
func (f *field) published(shop string) {
	f.Helper()
	names, err := store.Tables(f.path("shops", shop, "lake"))
	if err != nil {
		f.Fatal(err)
	}
	for _, table := range options(f.T).Tables {
		if !slices.Contains(names, table.Name) {
			f.Errorf("%s is not in the lake", table.Name)
		}
	}
}

// state is what Airflow's database says of the newest run of a DAG.
type state struct {
	Tasks  map[string][2]any // state and number of tries
	Assets []string          // that have had an event
}

func (f *field) state(dag string) (s state) {
	f.Helper()
	out, err := exec.CommandContext(f.Context(), filepath.Join(f.bin, "python"), "../../testdata/judge/airflow_state.py", f.path("airflow.db"), dag).Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		f.Fatalf("%v\n%s", err, out)
	}
	return s
}

// states compares the states of all tasks, as "success 1".
func (f *field) states(dag string, want map[string]string) {
	f.Helper()
	got := map[string]string{}
	for task, s := range f.state(dag).Tasks {
		got[task] = fmt.Sprintf("%v %v", s[0], s[1])
	}
	if !maps.Equal(got, want) {
		for _, task := range slices.Sorted(maps.Keys(want)) {
			if got[task] != want[task] {
				f.Errorf("%s of %s is %q, not %q", task, dag, got[task], want[task])
			}
		}
		if len(got) != len(want) {
			f.Errorf("%s has the tasks %v", dag, slices.Sorted(maps.Keys(got)))
		}
	}
}

// parents fails where smelt's lineage events do not name the task, and the DAG, as
// those who started the run.
func (f *field) parents(task, dag string) {
	f.Helper()
	text, err := os.ReadFile(f.path("smelt.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	type job struct {
		Job struct{ Name string } `json:"job"`
	}
	found := false
	for line := range strings.Lines(string(text)) {
		var event struct {
			Job struct{ Name string }
			Run struct {
				Facets struct {
					Parent struct {
						job
						Root job
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			f.Fatal(err)
		}
		p := event.Run.Facets.Parent
		if event.Job.Name == "shop" && p.Job.Name == task && p.Root.Job.Name == dag {
			found = true
		}
	}
	if !found {
		f.Errorf("no event of smelt's has %s as its parent and %s as its root:\n%.2000s", task, dag, text)
	}
}
