package register

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/catalogtest"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

const bucket = "s3://shop/lake"

// lakeOf writes an empty table for every declaration and returns the lake.
func lakeOf(t *testing.T, format string) string {
	t.Helper()
	declared, err := declarations()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, d := range declared {
		writeTable(t, dir, d, format)
	}
	return dir
}

func writeTable(t *testing.T, lake string, d *pipeline.Table, format string) {
	t.Helper()
	folder := filepath.Join(lake, d.Layer(), d.Base())
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if format == Delta {
		var columns []Column
		for _, c := range d.Columns {
			columns = append(columns, Column{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Doc: c.Doc})
		}
		commit(t, folder, 0, columns)
		return
	}
	w, err := parquetio.Create(filepath.Join(folder, "part-00000.parquet"), d, parquetio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// commit writes a version of a Delta log; without columns it sets no schema.
func commit(t *testing.T, folder string, version int, columns []Column) {
	t.Helper()
	lines := []string{`{"commitInfo":{"operation":"WRITE","metaData":"not this"}}`}
	if columns != nil {
		var fields []any
		for _, c := range columns {
			fields = append(fields, map[string]any{"name": c.Name, "type": c.dataType().json, "nullable": c.Nullable, "metadata": map[string]any{"comment": c.Doc}})
		}
		schema, err := json.Marshal(map[string]any{"type": "struct", "fields": fields})
		if err != nil {
			t.Fatal(err)
		}
		meta, err := json.Marshal(map[string]any{"metaData": map[string]any{"id": "x", "schemaString": string(schema), "partitionColumns": []string{}}})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}`, string(meta))
	}
	log := filepath.Join(folder, "_delta_log")
	if err := os.MkdirAll(log, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(log, fmt.Sprintf("%020d.json", version)), []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// tablesIn reads a lake that lies at bucket.
func tablesIn(t *testing.T, lake string) []Table {
	t.Helper()
	tables, err := Tables(lake, bucket)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// logsOf returns what Databricks finds at the tables' locations.
func logsOf(tables []Table) map[string][]catalogtest.Column {
	out := map[string][]catalogtest.Column{}
	for _, t := range tables {
		for _, c := range t.Columns {
			if t.Format == Delta {
				out[t.Location] = append(out[t.Location], catalogtest.Column{Name: c.Name, Type: c.dataType().text, Nullable: c.Nullable, Comment: c.Doc})
			}
		}
	}
	return out
}
