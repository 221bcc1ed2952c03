package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

func TestSecondRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	_, err := Open(dir)
	wantOutputError(t, err, "another smelt run (process "+fmt.Sprint(os.Getpid())+") is writing to "+dir, "wait for it or use another output")
	if !errors.Is(err, pipeline.ErrBusy) {
		t.Errorf("%v is not of kind busy", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

// A reader that finishes a switch holds the lock for a moment: no reason to
// refuse a run.
func TestOpenWaitsForReaders(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	time.AfterFunc(50*time.Millisecond, func() { l.Close() })
	mustOpen(t, dir).Close()
}

func TestRecoverLeavesARunAlone(t *testing.T) {
	dir := t.TempDir()
	if err := Recover(filepath.Join(dir, "none")); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, "none")) {
		t.Error("Recover makes a folder")
	}
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	if err := write(s, first); err != nil {
		t.Fatal(err)
	}
	if err := Recover(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), first)
}

// Recover waits while a live run is switching its tables.
func TestRecoverWaitsForASwitch(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	defer l.Close()
	if err := os.WriteFile(l.journal(), []byte(`{"version":1}`), 0o666); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	time.AfterFunc(60*time.Millisecond, func() { os.Remove(l.journal()) })
	if err := Recover(dir); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 50*time.Millisecond || d > time.Second {
		t.Errorf("waited %v", d)
	}
}

func TestForeignFilesAreKept(t *testing.T) {
	for _, tc := range []struct {
		name  string
		make  func(table string) error
		wrong string
	}{
		{"a file among the parts", func(p string) error { return os.WriteFile(filepath.Join(p, "notes.txt"), []byte("mine"), 0o666) }, "notes.txt"},
		{"a folder among the parts", func(p string) error { return os.Mkdir(filepath.Join(p, "a folder"), 0o777) }, "a folder"},
		{"another tool's parts", func(p string) error {
			return os.WriteFile(filepath.Join(p, "part-00000-6f1c.snappy.parquet"), nil, 0o666)
		}, "part-00000-6f1c"},
		{"a file in the folder's place", func(p string) error { os.RemoveAll(p); return os.WriteFile(p, []byte("mine"), 0o666) }, "fact_sales"},
		{"a link in the folder's place", func(p string) error { os.RemoveAll(p); return os.Symlink(t.TempDir(), p) }, "fact_sales"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			run(t, dir, first, "1")
			folder := filepath.Join(dir, "silver", "fact_sales")
			late := copyLake(t, dir)

			if err := tc.make(folder); err != nil {
				t.Fatal(err)
			}
			l := mustOpen(t, dir)
			defer l.Close()
			s := l.Sink(textFormat, "txt")
			err := write(s, second)
			wantOutputError(t, err, tc.wrong, "move it away")
			if err := s.Abort(); err != nil {
				t.Fatal(err)
			}

			// It may also come while the run is at work.
			l2 := mustOpen(t, late)
			defer l2.Close()
			s = l2.Sink(textFormat, "txt")
			if err := write(s, second); err != nil {
				t.Fatal(err)
			}
			if err := tc.make(filepath.Join(late, "silver", "fact_sales")); err != nil {
				t.Fatal(err)
			}
			wantOutputError(t, s.Commit(t.Context(), nil), tc.wrong, "move it away")
			if got := version(t, late); got != "1" {
				t.Errorf("report of version %q", got)
			}
			if exists(l2.staging()) {
				t.Error("staging is left")
			}
			for _, d := range []string{dir, late} {
				if _, err := os.Lstat(filepath.Join(d, "silver", "fact_sales")); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A foreign file that comes between a kill and the recovery stops the recovery
// until it is moved away; then the new tables appear.
func TestForeignFileAtRecovery(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, first, "1")
	killed := false
	err := attempt(t, dir, second, disk{before: func(op, path string) error {
		if killed = killed || op == "rename" && strings.HasSuffix(path, filepath.Join("old", "bronze", "sales")); killed {
			return errCrash
		}
		return nil
	}})
	if !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	notes := filepath.Join(dir, "silver", "fact_sales", "notes.txt")
	if err := os.WriteFile(notes, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	wantOutputError(t, Recover(dir), "notes.txt")
	_, err = Open(dir)
	wantOutputError(t, err, "notes.txt")
	if err := os.Remove(notes); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir).Close()
	equal(t, read(t, dir), both)
	tidy(t, dir)
}

func TestForeignJournal(t *testing.T) {
	for _, text := range []string{"", "{", `{"version":99,"tables":[]}`, `{"version":1,"tables":["../../etc.passwd"]}`} {
		dir := t.TempDir()
		run(t, dir, first, "1")
		if err := os.WriteFile(filepath.Join(dir, "_smelt", "journal.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir)
		wantOutputError(t, err, "journal")
		equal(t, read(t, dir), first)
	}
}

func TestUnusableOutput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "lake")} {
		_, err := Open(dir)
		wantOutputError(t, err, dir, "a file stands where a folder is needed")
	}
	// A file where a layer's folder must be.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "silver"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, dir)
	defer l.Close()
	wantOutputError(t, write(l.Sink(textFormat, "txt"), first), "silver", "a file stands where a folder is needed")

	if _, err := os.Stat("/proc/self"); err == nil {
		_, err := Open("/proc/self/lake") // nobody can make a folder there
		wantOutputError(t, err, "/proc/self/lake")
	}
}

// fullFormat writes to a device that is always full.
func fullFormat(path string, t *pipeline.Table) (pipeline.Writer, error) {
	if err := os.Symlink("/dev/full", path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	return &textWriter{f: f}, err
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	dir := t.TempDir()
	run(t, dir, first, "1")
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(fullFormat, "txt")
	wantOutputError(t, write(s, second), "part-00000.txt", "bronze.sales", "no space left", "free some space")
	wantOutputError(t, s.Commit(t.Context(), nil), "still being written")
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), first)
	tidy(t, dir)
}

// An error of the data keeps its kind: only the table is added.
func TestDataErrorsPass(t *testing.T) {
	bad := &pipeline.Error{Kind: pipeline.ErrData, Column: "n", Msg: "NULL"}
	l := mustOpen(t, t.TempDir())
	defer l.Close()
	s := l.Sink(func(string, *pipeline.Table) (pipeline.Writer, error) { return nil, bad }, "txt")
	_, err := s.Create(table("silver.x"), 0)
	if !errors.Is(err, pipeline.ErrData) || errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "silver.x.n: NULL") {
		t.Error(err)
	}
	if bad.Table != "" {
		t.Error("the caller's error was changed")
	}
}

func TestCancelledCommit(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, first, "1")
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	if err := write(s, second); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	equal(t, read(t, dir), first)
	tidy(t, dir)
}

func TestConcurrentParts(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir)
	defer l.Close()
	s := l.Sink(textFormat, "txt")
	want := content{}
	var g errgroup.Group
	for i := range 30 {
		c := content{fmt.Sprintf("%s/%d", []string{"bronze.a", "silver.b", "gold.c"}[i%3], i): {int64(i)}}
		for k, v := range c {
			want[k] = v
		}
		g.Go(func() error { return write(s, c) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	equal(t, read(t, dir), want)
}
