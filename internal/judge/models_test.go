package judge

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/internal/models"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// TestBronzeModels runs the SQL of bronze over a shop that uses what smelt.yml can say
// of files and columns, in DuckDB and Spark, and compares each table with the lake's.
func TestBronzeModels(t *testing.T) {
	t.Parallel()
	engines := map[sql.Dialect]string{sql.DuckDB: judgetest.Python(t, "duckdb")}
	t.Run("spark", func(t *testing.T) { engines[sql.Spark] = judgetest.Spark(t) })
	archive, err := txtar.ParseFile("../../testdata/judge/files.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		data := f.Data
		if f.Name == "customers.csv" { // which smelt.yml says is in Latin-1
			if data, err = charmap.ISO8859_1.NewEncoder().Bytes(data); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	smelt(t, dir, "run", "-c", "smelt.yml", "-o", "lake")
	mapping, err := bronze.LoadMapping(filepath.Join(dir, "smelt.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for dialect, python := range engines {
		t.Run(string(dialect), func(t *testing.T) {
			project, err := models.New("shop", mapping, dialect)
			if err != nil {
				t.Fatal(err)
			}
			var shop struct {
				Sources [][2]string `json:"sources"`
				Models  [][2]string `json:"models"`
			}
			for i := range project.Sources {
				text, err := project.Read(&project.Sources[i], dir)
				if err != nil {
					t.Fatal(err)
				}
				shop.Sources = append(shop.Sources, [2]string{project.Sources[i].Name, text})
			}
			for _, m := range project.Models {
				if m.Layer != "bronze" {
					continue
				}
				in := func(schema string) func(string) string {
					return func(name string) string { return schema + "." + name }
				}
				text, err := project.Compile(m, in("models"), in("files"))
				if err != nil {
					t.Fatal(err)
				}
				shop.Models = append(shop.Models, [2]string{m.Name, text})
			}
			data, err := json.Marshal(shop)
			if err != nil {
				t.Fatal(err)
			}
			for file, data := range map[string][]byte{"models.json": data, "want.json": []byte(steps)} {
				if err := os.WriteFile(filepath.Join(dir, file), data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			script := abs(t, "../../testdata/judge/models_sql.py")
			out, err := exec.Command(python, "-B", script, string(dialect), dir).Output()
			t.Logf("%s", out)
			if e, ok := err.(*exec.ExitError); ok && !strings.Contains(string(out), "=> ") {
				t.Logf("%s", e.Stderr)
			}
			if err != nil || !strings.Contains(string(out), "=> 5 compared, 0 differ") {
				t.Errorf("not all is equal: %v", err)
			}
		})
	}
}

// steps are the rows of the steps that are no tables of the lake, worked out by hand.
const steps = `{
	"int_returned_orders": [
		["S1-1", null, "2024-01-31 23:00:00", "back.csv", "1"],
		["S2-1", null, null, "back.csv", "2"],
		["S2-2", "p1", null, "back_parts.csv", "1"],
		["S1-2", "p2", null, "back_parts.csv", "2"]
	],
	"int_sales_products": [
		["p1", "Bear", null, null, null, null, "1234.5600", null, null, "sales_9.csv", "1"],
		["p2", null, null, null, null, null, "1234.5679", null, null, "sales_9.csv", "2"],
		["p3", "Cup", null, null, null, null, null, null, null, "sales_9.csv", "3"],
		["p1", "Bear two", null, null, null, null, "-0.0001", null, null, "sales_10.csv", "1"],
		[null, null, null, null, null, null, null, null, null, "sales_10.csv", "2"],
		["p9", "Cup; blue", null, null, null, null, "1.5000", null, null, "sales_10.csv", "3"],
		["p1", null, null, null, null, null, "5.0000", null, null, "old/2023/sales 1+1.csv", "1"]
	]
}`
