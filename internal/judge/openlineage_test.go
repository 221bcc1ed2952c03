package judge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestLineageEvents has OpenLineage's own client judge the events of runs that end
// in all ways, in a lake of Delta tables and one of Parquet. With
// SMELT_OPENLINEAGE_SPEC, the folder spec of OpenLineage's repository, they are
// validated against the published schemas, too: no package carries these.
func TestLineageEvents(t *testing.T) {
	python := judgetest.Python(t, "openlineage.client", "jsonschema", "rfc3339_validator", "rfc3986_validator")
	dir := t.TempDir()
	events := filepath.Join(dir, "events.jsonl")
	smelt(t, dir, "generate", "--rows", "4000", "--messy", "0.02", "-o", "shop")
	shop := filepath.Join(dir, "shop")
	run := func(code int, args ...string) {
		t.Helper()
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, append(args, "--openlineage", "file:"+events)...)
		cmd.Dir = shop
		cmd.Env = append(os.Environ(), "OPENLINEAGE_PARENT_ID=http://airflow/daily.smelt/01a224c5-6acc-7be0-95d2-eceea0b59b21", "OPENLINEAGE_ROOT_PARENT_ID=http://airflow/daily/01a224c5-6acc-7be0-95d2-eceea0b59b22")
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
			t.Fatalf("smelt %s exits %d:\n%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), out)
		}
	}
	add := func(name string, text string, to string) {
		t.Helper()
		more, err := os.ReadFile(filepath.Join(shop, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shop, to), append(more, text...), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run(0, "run")
	run(99, "run")
	lines, err := os.ReadFile(filepath.Join(shop, "sales_2024.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := bytes.SplitAfter(lines, []byte("\n"))
	if err := os.WriteFile(filepath.Join(shop, "sales_2025.csv"), bytes.Join(append(rows[:1:1], bytes.ReplaceAll(rows[1], []byte(","), []byte("9,"))), nil), 0o666); err != nil {
		t.Fatal(err)
	}
	run(0, "run")
	run(0, "test")
	add("smelt.yml", "  - {table: silver.fact_sales, kind: row_count, max: 1, name: few}\n  - {table: gold.sales_summary, kind: range, columns: orders, max: 1, severity: warn}\n", "strict.yml")
	run(1, "run", "-c", "strict.yml", "--full-refresh")
	run(1, "test", "-c", "strict.yml")
	add("smelt.yml", "\nformat: parquet\n", "plain.yml")
	run(0, "run", "-c", "plain.yml", "-o", "plain")
	if err := os.WriteFile(filepath.Join(shop, "products.csv"), []byte("nothing\nat all\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run(1, "run", "--full-refresh")

	args := []string{"-B", abs(t, "../../testdata/judge/lineage_events.py"), events}
	if spec := os.Getenv("SMELT_OPENLINEAGE_SPEC"); spec != "" {
		args = append(args, spec)
	}
	out, err := exec.Command(python, args...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}

	ends := map[string]int{}
	f, err := os.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var e struct {
			Type string `json:"eventType"`
			Job  struct{ Name string }
		}
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(e.Job.Name, ".silver.") && !strings.Contains(e.Job.Name, ".gold.") && !strings.Contains(e.Job.Name, ".bronze.") {
			ends[e.Type+" "+e.Job.Name]++
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"START shop": 4, "COMPLETE shop": 3, "FAIL shop": 1, "START shop.test": 3, "COMPLETE shop.test": 3,
		"START shop.strict": 1, "FAIL shop.strict": 1, "START shop.strict.test": 2, "FAIL shop.strict.test": 2,
		"START shop.plain": 1, "COMPLETE shop.plain": 1, "START shop.plain.test": 1, "COMPLETE shop.plain.test": 1}
	for name, n := range want {
		if ends[name] != n {
			t.Errorf("%d events %s, want %d: all are %v", ends[name], name, n, ends)
		}
	}
}
