package parquetio

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
)

// judge runs one of testdata's Python programs.
func judge(t *testing.T, script string, args ...string) {
	t.Helper()
	python := judgetest.Python(t, "duckdb", "pyarrow", "polars")
	out, err := exec.Command(python, append([]string{"-B", filepath.Join("testdata", script)}, args...)...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// TestJudgeWritten has pyarrow, DuckDB and Polars read what the writer wrote, or
// copied without some rows: values, schema, statistics, checksums and filters.
func TestJudgeWritten(t *testing.T) {
	judgetest.Python(t, "duckdb", "pyarrow", "polars")
	dir := t.TempDir()
	add := func(name string, file []byte, rec arrow.Record) {
		if err := os.WriteFile(filepath.Join(dir, name+".parquet"), file, 0o666); err != nil {
			t.Fatal(err)
		}
		saveArrow(t, filepath.Join(dir, name+".arrow"), rec)
	}
	r := rand.New(rand.NewPCG(5, 5))
	mem := memory.DefaultAllocator
	for i := range 8 {
		table := everyType()
		rec := randomRows(r, mem, table, []int{0, 1, 9, 2000, 5000}[i%5])
		o := Options{Compression: []string{"snappy", "zstd", "none"}[i%3], RowGroupRows: []int{0, 700}[i%2], PageRows: []int{0, 100}[i/2%2]}
		cut := recut(r, mem, rec)
		add(fmt.Sprintf("random%d", i), written(t, table, o, cut...), rec)
		stagetest.Release(cut)
	}
	for i := range 6 {
		table := everyType()
		rec := randomRows(r, mem, table, 3000)
		o := Options{Compression: []string{"snappy", "zstd", "none"}[i%3], RowGroupRows: []int{0, 700}[i%2], PageRows: []int{0, 100}[i/2%2]}
		path := saved(t, written(t, table, o, recut(r, mem, rec)...))
		goes := randomGoes(r, path, rec)
		file, _, _ := dropped(t, table, o, path, goes)
		add(fmt.Sprintf("dropped%d", i), file, without(rec, goes))
	}
	rec := randomRows(r, mem, everyType(), 100_000)
	add("large", written(t, everyType(), Options{RowGroupRows: 60_000}, rec), rec)
	sales := saleBatches(100_000, 100_000)
	add("sales", written(t, saleLines, Options{}, sales...), sales[0])
	judge(t, "read.py", dir)
}

func saveArrow(t *testing.T, path string, rec arrow.Record) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// loadArrow reads the columns of an Arrow file.
func loadArrow(t *testing.T, path string) (*arrow.Schema, []arrow.Array) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	columns := make([][]arrow.Array, r.Schema().NumFields())
	for i := range r.NumRecords() {
		rec, err := r.RecordAt(i)
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range rec.Columns() {
			columns[k] = append(columns[k], c)
		}
	}
	out := make([]arrow.Array, len(columns))
	for k, list := range columns {
		if len(list) == 0 {
			out[k] = array.MakeArrayOfNull(memory.DefaultAllocator, r.Schema().Field(k).Type, 0)
			continue
		}
		if out[k], err = array.Concatenate(list, memory.DefaultAllocator); err != nil {
			t.Fatal(err)
		}
	}
	return r.Schema(), out
}

// TestJudgeRead reads the files of pyarrow, DuckDB and Polars, in every
// encoding and compression they have, and compares with the rows they were
// given.
func TestJudgeRead(t *testing.T) {
	judgetest.Python(t, "duckdb", "pyarrow", "polars")
	dir := t.TempDir()
	judge(t, "write.py", dir)
	compareFolder(t, dir)
}

// compareFolder compares each x.parquet in a folder with the x.arrow beside it.
func compareFolder(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for i, path := range files {
		schema, want := loadArrow(t, strings.TrimSuffix(path, ".parquet")+".arrow")
		compareColumns(t, path, schema, want, i%7 == 0)
	}
}

// TestJudgeSize compares the size of a table of a million rows with what others
// make of it.
func TestJudgeSize(t *testing.T) {
	judgetest.Python(t, "duckdb", "pyarrow", "polars")
	batches := saleBatches(1_000_000, 16<<10)
	for _, codec := range []string{"snappy", "zstd"} {
		judge(t, "size.py", saved(t, written(t, saleLines, Options{Compression: codec}, batches...)), codec)
	}
}

// TestJudgeReadAs picks rows of a table that pyarrow, DuckDB and Polars wrote
// again, and compares them with those of the table itself.
func TestJudgeReadAs(t *testing.T) {
	judgetest.Python(t, "duckdb", "pyarrow", "polars")
	r := rand.New(rand.NewPCG(9, 9))
	for i, table := range []*pipeline.Table{everyType(), saleLines} {
		rec := randomRows(r, memory.DefaultAllocator, table, 12_000)
		dir := t.TempDir()
		judge(t, "rewrite.py", saved(t, written(t, table, Options{}, rec)), dir)
		files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
		if err != nil || len(files) < 17 {
			t.Fatalf("%d files: %v", len(files), err)
		}
		for _, path := range files {
			for round := range 5 {
				compareRows(t, fmt.Sprintf("%s, table %d, round %d", filepath.Base(path), i, round), r, path, rec)
			}
		}
	}
}
