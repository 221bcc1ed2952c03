package judge

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestParquet runs the same shop from CSV and from Parquet of every flavour that
// pyarrow, Polars, DuckDB and pandas make. All tables must be the same, cell for
// cell; what cannot be read must be refused by name.
func TestParquet(t *testing.T) {
	t.Parallel()
	python := judgetest.Python(t, "duckdb", "pyarrow", "polars", "pandas")
	script, dir := abs(t, "../../testdata/judge/flavours.py"), t.TempDir()
	flavours := func(task string) {
		t.Helper()
		out, err := exec.Command(python, "-B", script, task, dir).CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Fatalf("%s: %v", task, err)
		}
	}
	flavours("write")
	shops, err := filepath.Glob(filepath.Join(dir, "*", "*", "smelt.yml"))
	if err != nil || len(shops) < 80 {
		t.Fatalf("%d shops: %v", len(shops), err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, shop := range shops {
		shop = filepath.Dir(shop)
		cmd := exec.Command(path, "run")
		cmd.Dir = shop
		out, err := cmd.CombinedOutput()
		name, _ := filepath.Rel(dir, shop)
		want, no := os.ReadFile(filepath.Join(shop, "want"))
		switch {
		case no != nil && err != nil:
			t.Errorf("%s: %v\n%s", name, err, out)
		case no == nil && (err == nil || !strings.Contains(string(out), string(want)) || strings.Contains(string(out), "goroutine")):
			t.Errorf("%s: %v, want %q\n%s", name, err, want, out)
		}
	}
	flavours("compare")
}
