package judgetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// DBT returns the Python that has dbt and what reads its artefacts, of
// testdata/judge/dbt.txt, which `make judges` installs into $SMELT_DBT_DIR, and
// skips the test without it, or fails it where SMELT_JUDGES=require.
func DBT(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	dir := os.Getenv("SMELT_DBT_DIR")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "smelt", "dbt")
	}
	python := filepath.Join(dir, "bin", "python")
	if err := exec.Command(python, "-c", "import dbt.version, dbt_artifacts_parser, openlineage.common").Run(); err != nil {
		missing(t, "no dbt in "+dir+" ("+err.Error()+"): run make judges")
	}
	return python
}
