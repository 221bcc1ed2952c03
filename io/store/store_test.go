package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

// table returns a table of one column of numbers.
func table(name string) *pipeline.Table {
	t, err := pipeline.NewTable(name, "Numbers.", []string{"n"}, []pipeline.Column{{Name: "n", Type: pipeline.Int64Type}})
	if err != nil {
		panic(err)
	}
	return t
}

func record(t *pipeline.Table, values []int64) arrow.Record {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	col := b.NewArray()
	defer col.Release()
	return array.NewRecord(t.Schema, []arrow.Array{col}, int64(len(values)))
}

// textFormat writes one line per row, so that tests read tables as text.
func textFormat(path string, t *pipeline.Table) (pipeline.Writer, error) {
	f, err := os.Create(path)
	return &textWriter{f: f}, err
}

type textWriter struct {
	f     *os.File
	stats pipeline.Stats
}

func (w *textWriter) Write(rec arrow.Record) error {
	for i := range int(rec.NumRows()) {
		n, err := fmt.Fprintln(w.f, rec.Column(0).ValueStr(i))
		if err != nil {
			return err
		}
		w.stats.Rows++
		w.stats.Bytes += int64(n)
	}
	return nil
}

func (w *textWriter) Close() (pipeline.Stats, error) { return w.stats, w.f.Close() }

// content maps "layer.table/part" to lines, or parts to their values.
type content map[string][]int64

// write writes one part per entry, "silver.x/3" being part 3 of silver.x.
func write(s pipeline.Sink, c content) error {
	for _, key := range sortedKeys(c) {
		name, digits, _ := strings.Cut(key, "/")
		var part int
		fmt.Sscan(digits, &part)
		t := table(name)
		w, err := s.Create(t, part)
		if err != nil {
			return err
		}
		rec := record(t, c[key])
		err = w.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
		if _, err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(c content) []string {
	var keys []string
	for k := range c {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// read returns the published tables as they were given to write.
func read(t *testing.T, dir string) content {
	t.Helper()
	got := content{}
	tables, err := Tables(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		parts, err := Parts(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			text, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			var part int
			fmt.Sscanf(filepath.Base(p), "part-%d.", &part)
			var values []int64
			for _, line := range strings.Fields(string(text)) {
				var n int64
				fmt.Sscan(line, &n)
				values = append(values, n)
			}
			got[fmt.Sprintf("%s/%d", name, part)] = values
		}
	}
	return got
}

// run opens a lake, writes and commits.
func run(t *testing.T, dir string, c content, version string) {
	t.Helper()
	l := mustOpen(t, dir)
	s := l.Sink(textFormat, "txt")
	if err := write(s, c); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), &pipeline.Report{Version: version}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, dir string) *Lake {
	t.Helper()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// version returns the version in the lake's report, "" without one.
func version(t *testing.T, dir string) string {
	t.Helper()
	r, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return ""
	}
	return r.Version
}

// tidy fails the test if anything but tables, report and lock is in the lake.
func tidy(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "_smelt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" && e.Name() != "run.json" {
			t.Errorf("left over: _smelt/%s", e.Name())
		}
	}
}

func equal(t *testing.T, got, want content) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("tables differ (-want +got):\n%s", d)
	}
}

func wantOutputError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if !errors.Is(err, pipeline.ErrOutput) {
		t.Fatalf("error %v is not of kind output", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error does not say %q: %v", text, err)
		}
	}
}

var first = content{
	"bronze.sales/0": {1, 2, 3}, "bronze.sales/1": {4},
	"silver.fact_sales/0": {1, 2}, "silver.fact_sales/7": {3},
	"gold.kept/0": {9},
}

var second = content{
	"bronze.sales/0": {10, 20}, "silver.fact_sales/0": {10}, "silver.new/2": {11}, "platinum.x/0": nil,
}

// both is what is published when second follows first: a table that second
// does not write is left alone.
var both = content{
	"bronze.sales/0": {10, 20}, "silver.fact_sales/0": {10}, "silver.new/2": {11}, "platinum.x/0": nil,
	"gold.kept/0": {9},
}

func TestCommitReplacesTables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "lake")
	run(t, dir, first, "1")
	equal(t, read(t, dir), first)
	tidy(t, dir)
	run(t, dir, second, "2")
	equal(t, read(t, dir), both)
	tidy(t, dir)
	if v := version(t, dir); v != "2" {
		t.Errorf("report of version %q, want 2", v)
	}
}

func TestNothingVisibleBeforeCommit(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, first, "1")
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	if err := write(s, second); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), first)
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), first)
	tidy(t, dir)
	if _, err := s.Create(table("gold.x"), 0); err == nil {
		t.Error("an aborted sink makes parts")
	}
	if err := s.Commit(t.Context(), nil); err == nil {
		t.Error("an aborted sink commits")
	}
	// The lake takes a new run.
	s = l.Sink(textFormat, "txt")
	if err := write(s, second); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Error("Abort after Commit:", err)
	}
	equal(t, read(t, dir), both)
}

func TestCloseAborts(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	if err := write(l.Sink(textFormat, "txt"), first); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), content{})
	tidy(t, dir)
}

func TestReportIsCompleted(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	if err := write(s, first); err != nil {
		t.Fatal(err)
	}
	r := &pipeline.Report{Tables: []pipeline.TableReport{{Name: "silver.fact_sales"}, {Name: "gold.kept", Rows: 5, Bytes: 6, Parts: 7, Seconds: 8}}}
	if err := s.Commit(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	written, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range written.Tables {
		if written.Tables[i].Seconds <= 0 {
			t.Errorf("%s took no time", written.Tables[i].Name)
		}
		written.Tables[i].Seconds = 0
	}
	want := []pipeline.TableReport{
		{Name: "silver.fact_sales", Rows: 3, Bytes: 6, Parts: 2},
		{Name: "gold.kept", Rows: 5, Bytes: 6, Parts: 7},
		{Name: "bronze.sales", Rows: 4, Bytes: 8, Parts: 2},
	}
	if d := cmp.Diff(want, written.Tables); d != "" {
		t.Error(d)
	}
}

func TestSinkRefusesMisuse(t *testing.T) {
	l := mustOpen(t, t.TempDir())
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	w, err := s.Create(table("silver.x"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(table("silver.x"), 0); err == nil {
		t.Error("the same part twice")
	}
	if _, err := s.Create(table("silver.x"), -1); err == nil {
		t.Error("a negative part")
	}
	for _, name := range []string{"_smelt.x", "../x.y", "x", "silver.x/y", "a.b.c"} {
		if _, err := s.Create(&pipeline.Table{Name: name}, 0); err == nil {
			t.Errorf("table name %q", name)
		}
	}
	if _, err := l.Sink(textFormat, "txt").Create(table("silver.y"), 0); err == nil {
		t.Error("two unfinished sinks")
	}
	wantOutputError(t, s.Commit(t.Context(), nil), "silver.x", "still being written")
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestPartsAreOrderedByNumber(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, content{"silver.x/100000": {3}, "silver.x/99999": {2}, "silver.x/3": {1}}, "1")
	parts, err := Parts(dir, "silver.x")
	if err != nil {
		t.Fatal(err)
	}
	for i := range parts {
		parts[i] = filepath.Base(parts[i])
	}
	if d := cmp.Diff([]string{"part-00003.txt", "part-99999.txt", "part-100000.txt"}, parts); d != "" {
		t.Error(d)
	}
	if _, err := Parts(dir, "silver.none"); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("a missing table: %v", err)
	}
	if tables, err := Tables(filepath.Join(dir, "none")); len(tables) != 0 || err != nil {
		t.Errorf("a missing lake: %v, %v", tables, err)
	}
}
