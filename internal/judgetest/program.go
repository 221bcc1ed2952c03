package judgetest

import (
	"os/exec"
	"testing"
)

// Program returns the path of a program that judges, of the PATH or of what make judges
// installs. It skips the test without it, or fails it where SMELT_JUDGES=require.
func Program(t testing.TB, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	for _, at := range []string{name, dir(t) + "/bin/" + name} {
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	missing(t, "no "+name+" on the PATH, nor in "+dir(t)+": run make judges")
	return ""
}
