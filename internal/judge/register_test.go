package judge

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestRegisterSQL has Spark parse what smelt register --sql prints, for Delta
// and for Parquet tables, run its check of locations and create the Parquet tables.
func TestRegisterSQL(t *testing.T) {
	python := judgetest.Spark(t)
	dir := t.TempDir()
	smelt(t, dir, "generate", "--rows", "2000", "-o", ".")
	smelt(t, dir, "run")
	lake := filepath.Join(dir, "lake")
	smelt(t, dir, "register", "--sql", "--location", "file://"+lake, "--out", "plain.sql")
	// As Delta, with names that need their quotes. A folder without commits
	// stands for a log that has its schema in a checkpoint.
	tables, err := filepath.Glob(filepath.Join(lake, "[a-z]*", "*"))
	if err != nil || len(tables) < 13 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		if err := os.MkdirAll(filepath.Join(table, "_delta_log"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	smelt(t, dir, "register", "--sql", "--location", "s3://shop/lake", "--catalog", "ma`in", "--schema-prefix", "o'clock-", "--out", "odd.sql")
	out, err := exec.Command(python, "-B", abs(t, "../../testdata/judge/register.py"), lake, filepath.Join(dir, "plain.sql"), filepath.Join(dir, "odd.sql")).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
