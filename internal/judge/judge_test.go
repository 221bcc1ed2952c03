package judge

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// judges returns the Python that has the judges' packages.
func judges(t *testing.T) string {
	t.Helper()
	return judgetest.Python(t, "duckdb", "pyarrow", "babel", "pycountry", "yaml")
}

// binary builds smelt once for all tests and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(bin, "smelt")
	out, err := exec.Command("go", "build", "-o", path, "../..").CombinedOutput()
	if err != nil {
		return "", &buildError{err, out}
	}
	return path, nil
})

type buildError struct {
	err error
	out []byte
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + string(e.out) }

var bin string // folder of the binary

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "smelt-judge-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bin = dir
	return m.Run()
}

// smelt runs the binary in a folder.
func smelt(t *testing.T, dir string, args ...string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("smelt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// judge has a lake recomputed, and fails the test where a cell differs.
func judge(t *testing.T, python, lake, config string, args ...string) {
	t.Helper()
	script, err := filepath.Abs("../../testdata/judge/judge.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, append([]string{"-B", script, lake, "--config", config}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	t.Logf("%s", out.Bytes())
	if err != nil {
		t.Errorf("the judge differs: %v", err)
	}
}

func abs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestJudge tests the judge: rows worked out by hand, and broken lakes.
func TestJudge(t *testing.T) {
	out, err := exec.Command(judges(t), "-B", "../../testdata/judge/selftest.py").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestDemo(t *testing.T) {
	python, dir := judges(t), t.TempDir()
	smelt(t, dir, "demo", "shop")
	shop := filepath.Join(dir, "shop")
	judge(t, python, filepath.Join(shop, "lake"), filepath.Join(shop, "smelt.yml"))

	t.Run("other rules", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(shop, "smelt.yml"))
		if err != nil {
			t.Fatal(err)
		}
		text = replaceKeys(text, map[string]string{
			"timezone":       "Asia/Kolkata",
			"currency":       "USD",
			"reference_date": "2025-02-28",
			"rfm":            "{recency: quantile, frequency: quantile, monetary: quantile, measure: sales}",
		})
		config := filepath.Join(shop, "other.yml")
		if err := os.WriteFile(config, text, 0o666); err != nil {
			t.Fatal(err)
		}
		smelt(t, shop, "run", "-c", "other.yml", "-o", "other")
		judge(t, python, filepath.Join(shop, "other"), config)
	})
}

// replaceKeys sets top-level keys of a smelt.yml.
func replaceKeys(text []byte, keys map[string]string) []byte {
	var out []byte
	dropping := false
	for line := range bytes.Lines(text) {
		name, _, isKey := bytes.Cut(line, []byte(":"))
		if isKey && line[0] != ' ' && line[0] != '#' {
			_, dropping = keys[string(name)]
		}
		if !dropping {
			out = append(out, line...)
		}
	}
	for name, value := range keys {
		out = append(out, "\n"+name+": "+value+"\n"...)
	}
	return out
}

func TestGenerated(t *testing.T) {
	python, dir := judges(t), t.TempDir()
	rows := os.Getenv("SMELT_JUDGE_ROWS")
	if rows == "" {
		rows = "100000"
	}
	smelt(t, dir, "generate", "--rows", rows, "--seed", "7", "--messy", "0.03", "-o", "shop")
	smelt(t, dir, "run", "-c", "shop/smelt.yml", "-o", "lake")
	judge(t, python, filepath.Join(dir, "lake"), filepath.Join(dir, "shop", "smelt.yml"))
}

func TestAdventureWorks(t *testing.T) {
	python, dir := judges(t), t.TempDir()
	data := judgetest.Data(t, "adventureworks")
	config := abs(t, "../../testdata/adventureworks.yml")
	smelt(t, dir, "run", "-c", config, "--data", data, "-o", filepath.Join(dir, "lake"))
	judge(t, python, filepath.Join(dir, "lake"), config, "--data", data, "--want", abs(t, "../../testdata/judge/adventureworks.want"))
}

// TestShops judges the hand-made shops of testdata/judge/shops: a smelt.yml, its
// files, and facts about the lake that were worked out by hand.
func TestShops(t *testing.T) {
	python := judges(t)
	shops, err := filepath.Glob("../../testdata/judge/shops/*.txtar")
	if err != nil || len(shops) == 0 {
		t.Fatalf("no shops: %v", err)
	}
	for _, shop := range shops {
		t.Run(strings.TrimSuffix(filepath.Base(shop), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(shop)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range archive.Files {
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			smelt(t, dir, "run", "-c", "smelt.yml", "-o", "lake")
			judge(t, python, filepath.Join(dir, "lake"), filepath.Join(dir, "smelt.yml"), "--want", filepath.Join(dir, "facts.want"))
		})
	}
}
