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
	t.Parallel()
	python := judgetest.Spark(t)
	dir := t.TempDir()
	smelt(t, dir, "generate", "--rows", "2000", "-o", ".")
	config, err := os.ReadFile(filepath.Join(dir, "smelt.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "parquet.yml"), append(config, "\nformat: parquet\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	smelt(t, dir, "run")
	smelt(t, dir, "run", "-c", "parquet.yml", "-o", "plain")
	lake := filepath.Join(dir, "plain")
	smelt(t, dir, "register", "--sql", "-o", "plain", "--location", "file://"+lake, "--out", "plain.sql")
	// As Delta, with names that need their quotes.
	smelt(t, dir, "register", "--sql", "--location", "s3://shop/lake", "--catalog", "ma`in", "--schema-prefix", "o'clock-", "--out", "odd.sql")
	out, err := exec.Command(python, "-B", abs(t, "../../testdata/judge/register.py"), lake, filepath.Join(dir, "plain.sql"), filepath.Join(dir, "odd.sql")).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
