package judgetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PowerBI returns the folder of what reads Power BI projects, of
// testdata/judge/powerbi.txt: bin/python with the Python packages, and node with
// those of npm. `make judges` installs it into $SMELT_POWERBI_DIR. It skips the
// test without it, or fails it where SMELT_JUDGES=require.
func PowerBI(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	dir := os.Getenv("SMELT_POWERBI_DIR")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "smelt", "powerbi")
	}
	err := exec.Command(filepath.Join(dir, "bin", "python"), "-c", "import dotnetcore2, pbi_cli, pythonnet, tmdlparser, pbir_utils").Run()
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "node", "node_modules", "@microsoft", "powerquery-parser"))
	}
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil {
		missing(t, "no readers of Power BI projects in "+dir+" ("+err.Error()+"): run make judges")
	}
	return dir
}
