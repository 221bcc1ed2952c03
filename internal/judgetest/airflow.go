package judgetest

import (
	"os"
	"path/filepath"
	"testing"
)

// Airflow returns the folder of the programs of Airflow with astronomer-cosmos, of
// testdata/judge/airflow.txt, which `make judges` installs into $SMELT_AIRFLOW_DIR, and
// skips the test without it, or fails it where SMELT_JUDGES=require.
func Airflow(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	dir := os.Getenv("SMELT_AIRFLOW_DIR")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "smelt", "airflow")
	}
	bin := filepath.Join(dir, "bin")
	// The stamp is written last. That Airflow starts takes seconds, and the test finds out.
	for _, path := range []string{filepath.Join(bin, "airflow"), filepath.Join(dir, "pins.sha256")} {
		if _, err := os.Stat(path); err != nil {
			missing(t, "no Airflow in "+dir+" ("+err.Error()+"): run make judges")
		}
	}
	return bin
}
