package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

var errCrash = errors.New("crash")

// crashAt lets n changes happen and refuses all later ones, as if the process
// had been killed.
func crashAt(n int) (disk, *bool) {
	crashed := new(bool)
	return disk{before: func(string, string) error {
		if n--; n < 0 {
			*crashed = true
			return errCrash
		}
		return nil
	}}, crashed
}

// The crash tests go through many copies of a lake: a small one.
var (
	before = content{"silver.a/0": {1}, "gold.kept/0": {9}}
	during = content{"silver.a/0": {2}, "bronze.new/0": {3}}
	after  = content{"silver.a/0": {2}, "bronze.new/0": {3}, "gold.kept/0": {9}}
)

// attempt runs a write on a lake through a disk and leaves the lake as a killed
// process would: only the lock is released.
func attempt(t *testing.T, dir string, c content, d disk) error {
	t.Helper()
	l, err := open(dir, d)
	if err != nil {
		return err
	}
	defer unlock(l.lock)
	s := l.Sink(textFormat, "txt")
	if err := write(s, c); err != nil {
		return err
	}
	return s.Commit(t.Context(), &pipeline.Report{Version: "2"})
}

// copyLake makes a folder equal to dir.
func copyLake(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A kill after any step leaves all the old or all the new tables after the next
// opening; and so does a kill after any step of that opening.
func TestCrashAnywhere(t *testing.T) {
	for _, start := range []struct {
		name     string
		old, new content
	}{{"empty lake", content{}, during}, {"earlier run", before, after}} {
		t.Run(start.name, func(t *testing.T) {
			origin := filepath.Join(t.TempDir(), "lake")
			if len(start.old) > 0 {
				run(t, origin, start.old, "1")
			} else {
				mustOpen(t, origin).Close()
			}
			oldVersion := version(t, origin)
			published := false
			for n := 0; ; n++ {
				dir := copyLake(t, origin)
				d, crashed := crashAt(n)
				err := attempt(t, dir, during, d)
				if !*crashed && err != nil {
					t.Fatal(err)
				}
				journalled := exists(filepath.Join(dir, "_smelt", "journal.json"))
				broken := ""
				// Copies are slow on some systems, so not for every n; without a
				// journal, recovery only removes.
				if journalled && n%3 == 0 || n%16 == 0 {
					broken = copyLake(t, dir)
				}

				check := func(dir, how string) {
					t.Helper()
					tidy(t, dir)
					want, v := start.old, oldVersion
					if version(t, dir) == "2" {
						want, v = start.new, "2"
					}
					if journalled || err == nil || published {
						want, v = start.new, "2" // never back to the old ones
						published = true
					}
					if got := version(t, dir); got != v {
						t.Errorf("step %d, %s: report of version %q, want %q", n, how, got, v)
					}
					equal(t, read(t, dir), want)
				}
				l := mustOpen(t, dir)
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				check(dir, "opened")
				l = mustOpen(t, dir)
				l.Close()
				check(dir, "opened again")

				for m := 0; broken != ""; m++ {
					dir := copyLake(t, broken)
					d, crashed := crashAt(m)
					l, err := open(dir, d)
					if err == nil {
						unlock(l.lock)
					}
					if err := Recover(dir); err != nil {
						t.Fatal(err)
					}
					check(dir, fmt.Sprintf("killed in step %d of recovery", m))
					if !*crashed {
						break
					}
				}
				if t.Failed() || !*crashed {
					if n < 30 {
						t.Errorf("only %d steps", n)
					}
					break
				}
			}
			if !published {
				t.Error("never published")
			}
		})
	}
}

// A step that fails while the process lives on: Commit's error means the old
// tables, at once, unless it says that they are published.
func TestFailureAnywhere(t *testing.T) {
	origin := filepath.Join(t.TempDir(), "lake")
	run(t, origin, before, "1")
	for _, times := range []int{1, 2, 1000} {
		failures := 0
		for n := 0; ; n++ {
			dir := copyLake(t, origin)
			l := mustOpen(t, dir)
			left, reached := n, 0
			l.disk.before = func(op, path string) error {
				if left--; left < 0 && reached < times {
					reached++
					return syscall.ENOSPC
				}
				return nil
			}
			s := l.Sink(textFormat, "txt")
			err := write(s, during)
			committing := err == nil
			if committing {
				err = s.Commit(t.Context(), &pipeline.Report{Version: "2"})
			}
			journalled := exists(l.journal())
			l.disk.before = nil
			s.Abort()
			switch {
			case err == nil:
				equal(t, read(t, dir), after)
			case journalled:
				if _, err := l.Sink(textFormat, "txt").Create(table("gold.x"), 0); err == nil {
					t.Errorf("step %d: a half published lake takes another run", n)
				}
			default:
				if strings.Contains(err.Error(), "are in place, but") {
					equal(t, read(t, dir), after)
					break
				}
				failures++
				wantOutputError(t, err, "no space", "free some space")
				equal(t, read(t, dir), before)
				if times == 1 && exists(l.staging()) {
					t.Errorf("step %d: staging is left", n)
				}
			}
			l.Close()
			mustOpen(t, dir).Close()
			tidy(t, dir)
			want := before
			if version(t, dir) == "2" {
				want = after
			}
			if err == nil || journalled {
				want = after
			}
			equal(t, read(t, dir), want)
			if t.Failed() {
				t.Fatalf("step %d, failing %d times, error %v", n, times, err)
			}
			if reached == 0 {
				break
			}
		}
		if failures < 10 {
			t.Errorf("%d failures before the journal", failures)
		}
	}
}

// What a step relies on is synced before it.
func TestSyncOrder(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, first, "1")
	var log []string
	err := attempt(t, dir, second, disk{before: func(op, path string) error {
		rel, _ := filepath.Rel(dir, path)
		log = append(log, op+" "+filepath.ToSlash(rel))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	at := func(step string) int {
		t.Helper()
		i := slices.Index(log, step)
		if i < 0 {
			t.Fatalf("no step %q in\n%s", step, strings.Join(log, "\n"))
		}
		return i
	}
	journal := at("rename _smelt/journal.json")
	for _, p := range []string{
		"staging/bronze/sales/part-00000.txt", "staging/silver/new/part-00002.txt", "staging/bronze/sales",
		"staging/silver", "staging", "staging/run.json", "staging/journal.json",
	} {
		if at("sync _smelt/"+p) > journal {
			t.Errorf("%s is synced after the journal", p)
		}
	}
	removed := at("remove _smelt/journal.json")
	last := ""
	for i, step := range log {
		op, path, _ := strings.Cut(step, " ")
		switch {
		case op == "rename" && i > journal:
			last = path
			if !slices.Contains(log[journal:i], "sync _smelt") {
				t.Errorf("%s before the journal is synced", step)
			}
			if !slices.Contains(log[i:removed], "sync "+filepath.ToSlash(filepath.Dir(path))) {
				t.Errorf("%s is not synced before the journal is removed", step)
			}
		case op == "remove" && i < removed && strings.HasPrefix(path, "_smelt/old"):
			t.Errorf("%s before the journal is removed", step)
		}
	}
	if last != "_smelt/run.json" {
		t.Errorf("the report is not switched last, but %s", last)
	}
	if !slices.Contains(log[removed:], "sync _smelt") {
		t.Error("the journal's removal is not synced")
	}
}

// A process that is really killed gives its lock back and loses nothing.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_KILL"); dir != "" {
		renames := 0
		_ = attempt(t, dir, second, disk{before: func(op, path string) error {
			if op == "rename" {
				if renames++; renames == 4 {
					p, _ := os.FindProcess(os.Getpid())
					_ = p.Kill()
					select {}
				}
			}
			return nil
		}})
		t.Fatal("not killed")
	}
	dir := t.TempDir()
	run(t, dir, first, "1")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), "STORE_TEST_KILL="+dir)
	if out, err := cmd.CombinedOutput(); err == nil || strings.Contains(string(out), "not killed") {
		t.Fatalf("%v\n%s", err, out)
	}
	if !exists(filepath.Join(dir, "_smelt", "journal.json")) {
		t.Fatal("killed too early: no journal")
	}
	if err := Recover(dir); err != nil {
		t.Fatal(err)
	}
	tidy(t, dir)
	equal(t, read(t, dir), both)
}
