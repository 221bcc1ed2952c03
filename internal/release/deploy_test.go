package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

const deploy = "../../docs/deploy/"

// judged runs a judge, which must be content and say nothing; or, where wrong is given,
// must find that.
func judged(t *testing.T, wrong, program string, args ...string) {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	switch {
	case wrong == "" && err != nil:
		t.Errorf("%v\n%s", err, out)
	case wrong != "" && (err == nil || !strings.Contains(string(out), wrong)):
		t.Errorf("%q was not found: %v\n%s", wrong, err, out)
	}
}

// changed writes a file of the repository with a change to a temporary folder.
func changed(t *testing.T, path, old, new string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", path, old)
	}
	path = filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSystemd: systemd reads the units, the timer with its service. It asks for the
// program, which is not installed here: the test's own stands for it.
func TestSystemd(t *testing.T) {
	analyze := judgetest.Program(t, "systemd-analyze")
	const installed = "/usr/local/bin/smelt"
	for _, unit := range []string{"smelt.service", "smelt-schedule.service"} {
		good := changed(t, deploy+unit, installed, os.Args[0])
		units := []string{good}
		if unit == "smelt.service" {
			units = append(units, filepath.Join(filepath.Dir(good), "smelt.timer"))
			text, err := os.ReadFile(deploy + "smelt.timer")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(units[1], text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, units...)...).CombinedOutput()
		if err != nil || len(out) > 0 { // warnings have no exit code of their own
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
		judged(t, "is not executable", analyze, "verify", "--man=no", changed(t, deploy+unit, installed, "/nowhere/smelt"))
	}
}

// TestKubernetes: the resources are what Kubernetes' schemas say, and nothing beside.
func TestKubernetes(t *testing.T) {
	python := judgetest.Python(t, "kubernetes_validate")
	judged(t, "", python, "-m", "kubernetes_validate", "--strict", "--no-warn", deploy+"cronjob.yaml")
	judged(t, "timezone", python, "-m", "kubernetes_validate", "--strict", "--no-warn", changed(t, deploy+"cronjob.yaml", "timeZone:", "timezone:"))
}
