// Package judgetest finds what judges smelt's output in tests: Python with the
// packages of testdata/judge/requirements.txt, which `make judges` installs into
// $SMELT_JUDGES_DIR, and the public data sets of $SMELT_SHARED.
package judgetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Python returns the Python that has the judges' modules, and skips the test
// without it, or fails it where SMELT_JUDGES=require. Short tests are not judged.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	dir := os.Getenv("SMELT_JUDGES_DIR")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "smelt", "judges")
	}
	python := filepath.Join(dir, "bin", "python")
	err := exec.Command(python, "-c", "import "+strings.Join(modules, ", ")).Run()
	if err == nil {
		return python
	}
	if os.Getenv("SMELT_JUDGES") == "require" {
		t.Fatalf("no judges in %s (%v): run make judges", dir, err)
	}
	t.Skipf("no judges in %s: run make judges", dir)
	return ""
}

// Spark returns the Python that has Spark with Delta, which `make judges-spark`
// installs into $SMELT_SPARK_DIR, and skips the test without it, or fails it
// where SMELT_JUDGES=require and SMELT_SPARK_DIR is set.
func Spark(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("judging takes a while")
	}
	dir := os.Getenv("SMELT_SPARK_DIR")
	required := dir != "" && os.Getenv("SMELT_JUDGES") == "require"
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "smelt", "spark")
	}
	python := filepath.Join(dir, "bin", "python")
	found := exec.Command(python, "-c", "import glob, os, pyarrow, pyspark; glob.glob(os.path.join(os.path.dirname(pyspark.__file__), 'jars', 'delta-spark*'))[0]")
	if err := found.Run(); err != nil {
		if required {
			t.Fatalf("no Spark with Delta in %s (%v): run make judges-spark", dir, err)
		}
		t.Skipf("no Spark with Delta in %s: run make judges-spark", dir)
	}
	return python
}

// Data returns a folder of the public data sets, and skips the test without it.
// They are in $SMELT_SHARED, which must have them all where it is set; by
// default in shared/data beside the repository.
func Data(t testing.TB, name string) string {
	t.Helper()
	shared := os.Getenv("SMELT_SHARED")
	if shared == "" {
		shared = filepath.Join(root(t), "..", "shared", "data")
	}
	dir, err := filepath.Abs(filepath.Join(shared, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("SMELT_SHARED") != "" {
			t.Fatalf("SMELT_SHARED has no %s: %v", name, err)
		}
		t.Skipf("no %s: %v; SMELT_SHARED names the folder that holds it", name, err)
	}
	return dir
}

// root returns the repository's folder, which is above every test's.
func root(t testing.TB) string {
	dir := "."
	for range 8 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Join(dir, "..")
	}
	t.Fatal("no go.mod above the test's folder")
	return ""
}
