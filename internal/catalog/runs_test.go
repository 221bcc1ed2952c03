package catalog

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

type number struct {
	N int64 `col:"n" doc:"N."`
}

var numbers = pipeline.Declare[number]("a.b", "Numbers.", "n")

// write commits a version of a table of numbers.
func write(t *testing.T, dir string, mode deltaio.Mode, run string, rows int) {
	t.Helper()
	rec := numbers.Record(nil, make([]number, rows))
	defer rec.Release()
	o := deltaio.WriteOptions{}
	if run != "" {
		o.Info = map[string]any{"smeltRun": run}
	}
	if _, err := deltaio.Write(context.Background(), dir, numbers.Table, mode, pipeline.Of(rec), o); err != nil {
		t.Fatal(err)
	}
}

// The rows after each version follow from the log, whether rows were added or
// replaced, and however few of the versions are looked at.
func TestCommits(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	var want []int64
	rows := int64(0)
	for i := range maxRuns + 12 {
		switch i % 5 {
		case 3:
			rows = int64(i)
			write(t, dir, deltaio.Overwrite, "run "+strconv.Itoa(i), i)
		default:
			rows += 2
			write(t, dir, deltaio.Append, "run "+strconv.Itoa(i), 2)
		}
		want = append(want, rows)
	}
	s, err := deltaio.Load(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &lake{dir: dir}
	if err := l.commits(ctx, s, "a.b"); err != nil {
		t.Fatal(err)
	}
	if len(l.versions) != maxRuns {
		t.Fatalf("%d versions", len(l.versions))
	}
	known := 0
	for i, v := range l.versions {
		at := len(want) - 1 - i
		if v.run != "run "+strconv.Itoa(at) || v.table != "a.b" || v.at.IsZero() {
			t.Errorf("version %d: %+v", at, v)
		}
		if v.rows >= 0 {
			known++
			if v.rows != want[at] {
				t.Errorf("version %d: %d rows, want %d", at, v.rows, want[at])
			}
		}
	}
	if known < maxRuns*9/10 {
		t.Errorf("of %d versions only %d tell their rows", maxRuns, known)
	}
}

// A run is known by what it has committed, by what came of its checks, or by its
// report.
func TestRuns(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	past := []evaluation{
		{run: "failed", at: day(9), command: "run", results: []pipeline.CheckResult{{Status: "error"}, {Status: "pass"}, {Status: "warn"}, {Status: "skipped"}}},
		{run: "tested", at: day(8), command: "test", results: []pipeline.CheckResult{{Status: "pass"}}},
		{run: "killed", at: day(7), command: "run", results: []pipeline.CheckResult{{Status: "pass"}}},
		{run: "second", at: day(5), command: "run", results: []pipeline.CheckResult{{Status: "pass"}, {Status: "pass"}}},
		{run: "of old", at: day(1), command: "run", results: []pipeline.CheckResult{{Status: "pass"}}},
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "_smelt"), 0o777); err != nil {
		t.Fatal(err)
	}
	l := &lake{dir: dir, report: &pipeline.Report{RunID: "second", Seconds: 1.5, Full: "why", Tables: []pipeline.TableReport{{Name: "a", Rows: 30}, {Name: "b", Rows: 7}}}, versions: []version{
		{table: "a", run: "second", at: day(5), rows: 30}, {table: "a", run: "", at: day(4), rows: 20}, {table: "a", run: "first", at: day(2), rows: 10},
		{table: "b", run: "first", at: day(3), rows: 7}, {table: "c", run: "second", at: day(6), rows: -1},
	}}
	var got []string
	for _, r := range runs(past, l) {
		line := r.At.Format("2 ") + r.Command + " " + r.ID
		if r.Published {
			line += " published"
		}
		for _, name := range []string{"a", "b", "c"} {
			if n, ok := r.Rows[name]; ok {
				line += " " + name + "=" + strconv.FormatInt(n, 10)
			}
		}
		for _, n := range []int{r.Pass, r.Warn, r.Error, r.Skipped} {
			line += " " + strconv.Itoa(n)
		}
		if r.Seconds > 0 {
			line += " " + r.Full
		}
		got = append(got, line)
	}
	want := []string{
		"9 run failed 1 1 1 1",
		"8 test tested 1 0 0 0",
		"7 run killed 1 0 0 0",
		"5 run second published a=30 b=7 2 0 0 0 why",
		"3 run first published a=10 b=7 0 0 0 0",
		"1 run of old published 1 0 0 0", // the logs do not reach back to it
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Of a table only the first rows are read, however many files it has.
func TestSampleBreaksOff(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	folder := filepath.Join(dir, "a", "b")
	write(t, folder, deltaio.Append, "", maxRows+5)
	write(t, folder, deltaio.Append, "", 1)
	s, err := deltaio.Load(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, s.Files()[1].Path), []byte("damaged"), 0o666); err != nil {
		t.Fatal(err)
	}
	got := table(t, collect(t, Options{Lake: dir}), "a.b")
	if got.Rows != maxRows+6 || got.Files != 2 || got.Version != 1 || len(got.Sample) != maxRows {
		t.Errorf("%d rows in %d files, version %d, %d sample rows", got.Rows, got.Files, got.Version, len(got.Sample))
	}
}
