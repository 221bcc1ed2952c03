package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A kill after any step, within deltaio's too, leaves all the old or all the new
// tables after the next opening; and so does a kill after any step of that.
func TestDeltaCrashAnywhere(t *testing.T) {
	for _, c := range deltaCases {
		t.Run(c.name, func(t *testing.T) {
			tmp := quickDir(t)
			origin := filepath.Join(tmp, "origin")
			c.start(t, origin)
			old, oldVersion := values(t, origin), sound(t, origin)
			published, steps := false, 0
			for n := 0; ; n++ {
				dir := copyTo(t, origin, filepath.Join(tmp, "lake"))
				d, crashed := crashAt(n)
				err := c.run.attempt(t, dir, "2", d)
				if !*crashed && err != nil {
					t.Fatal(err)
				}
				journalled := exists(filepath.Join(dir, "_smelt", "journal.json"))
				broken := ""
				if journalled && n%17 == 0 || n%31 == 0 {
					broken = copyTo(t, dir, filepath.Join(tmp, "broken"))
				}
				published = published || journalled || err == nil // never back to the old ones
				check := func(dir, how string) {
					t.Helper()
					want, v := old, oldVersion
					if published {
						want, v = c.want, "2"
					}
					if got := sound(t, dir); got != v {
						t.Errorf("%s: report of version %q, want %q", how, got, v)
					}
					if d := cmp.Diff(want, values(t, dir)); d != "" {
						t.Errorf("%s: tables differ (-want +got):\n%s", how, d)
					}
					if t.Failed() {
						t.FailNow()
					}
				}
				mustOpen(t, dir).Close()
				check(dir, fmt.Sprintf("killed at step %d", n))
				for m := 0; broken != ""; m++ {
					dir := copyTo(t, broken, filepath.Join(tmp, "again"))
					d, crashed := crashAt(m)
					if l, err := open(dir, d); err == nil {
						unlock(l.lock)
					}
					if err := Recover(dir); err != nil {
						t.Fatal(err)
					}
					check(dir, fmt.Sprintf("killed at step %d, and at step %d of recovery", n, m))
					if !*crashed {
						break
					}
				}
				if !*crashed {
					steps = n
					break
				}
			}
			t.Logf("%d steps", steps)
			if steps < 60 || !published {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}

// logs lists the commits of all tables, below the lake.
func logs(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(dir), "*/*/_delta_log/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A step that fails while the process lives on: Commit's error means the old
// tables, at once, unless it says that they are half published or published.
func TestDeltaFailureAnywhere(t *testing.T) {
	for _, c := range deltaCases {
		t.Run(c.name, func(t *testing.T) {
			tmp := quickDir(t)
			origin := filepath.Join(tmp, "origin")
			c.start(t, origin)
			old, before := values(t, origin), logs(t, origin)
			seen := map[string]int{}
			for _, times := range []int{1, 2, 1000} {
				for n := 0; ; n++ {
					dir := copyTo(t, origin, filepath.Join(tmp, "lake"))
					left, reached := n, 0
					err := c.run.attempt(t, dir, "2", disk{before: func(op, path string) error {
						if left--; left < 0 && reached < times {
							reached++
							return &fs.PathError{Op: op, Path: path, Err: syscall.ENOSPC}
						}
						return nil
					}})
					journalled := exists(filepath.Join(dir, "_smelt", "journal.json"))
					how := "untouched"
					want := old
					switch {
					case err == nil:
						how, want = "done", c.want
					case strings.Contains(err.Error(), "half published"):
						how, want = "half", c.want
						if !journalled {
							t.Error("half published without a journal")
						}
						if times == 1 && !slices.ContainsFunc(logs(t, dir), func(path string) bool { return !slices.Contains(before, path) }) {
							t.Error("half published, but no table has a commit")
						}
					case strings.Contains(err.Error(), "are in place, but"):
						how, want = "in place", c.want
					default:
						wantOutputError(t, err, "no space")
						if journalled {
							t.Error("a journal is left")
						}
					}
					seen[how]++
					if how != "half" {
						if d := cmp.Diff(want, values(t, dir)); d != "" {
							t.Errorf("%s: tables differ (-want +got):\n%s", how, d)
						}
					}
					mustOpen(t, dir).Close()
					if d := cmp.Diff(want, values(t, dir)); d != "" {
						t.Errorf("%s, opened: tables differ (-want +got):\n%s", how, d)
					}
					sound(t, dir)
					if t.Failed() {
						t.Fatalf("step %d, failing %d times, error %v", n, times, err)
					}
					if reached == 0 {
						break
					}
				}
			}
			t.Log(seen)
			if seen["untouched"] < 20 || seen["half"] < 20 || seen["in place"] < 3 || seen["done"] < 3 {
				t.Errorf("failures do not reach around the commits: %v", seen)
			}
		})
	}
}

// A step fails, and while that is taken back the process is killed.
func TestDeltaKilledWhileUndoing(t *testing.T) {
	for _, c := range deltaCases {
		t.Run(c.name, func(t *testing.T) {
			tmp := quickDir(t)
			origin := filepath.Join(tmp, "origin")
			c.start(t, origin)
			old, seen := values(t, origin), map[bool]int{}
			for n := 0; n < 200; n += 3 {
				reached := false
				for more := 0; ; more++ {
					dir := copyTo(t, origin, filepath.Join(tmp, "lake"))
					step, crashed := 0, false
					err := c.run.attempt(t, dir, "2", disk{before: func(op, path string) error {
						step++
						switch reached = reached || step > n; {
						case step == n+1:
							return syscall.ENOSPC
						case step > n+1+more:
							crashed = true
							return errCrash
						}
						return nil
					}})
					if crashed && !errors.Is(err, errCrash) && !exists(filepath.Join(dir, "_smelt", "journal.json")) {
						break // the failure is over, and only tidying up is left
					}
					mustOpen(t, dir).Close()
					got, v := values(t, dir), sound(t, dir)
					want := old
					if v == "2" {
						want = c.want
					}
					seen[v == "2"]++
					if d := cmp.Diff(want, got); d != "" || t.Failed() {
						t.Fatalf("step %d, killed %d later: %v: tables differ (-want +got):\n%s", n, more, err, d)
					}
					if !crashed || more > 30 {
						break
					}
				}
				if !reached {
					break
				}
			}
			t.Log(seen)
			if seen[false] < 15 || seen[true] < 15 {
				t.Errorf("old and new tables: %v", seen)
			}
		})
	}
}

// What a step relies on is synced before it: files and their folders before the
// journal, the journal before the first file moves, moved files before the commit.
func TestDeltaSyncOrder(t *testing.T) {
	dir := t.TempDir()
	startDelta(t, dir)
	var log []string
	err := deltaCases[2].run.attempt(t, dir, "2", disk{before: func(op, path string) error {
		rel, _ := filepath.Rel(dir, path)
		log = append(log, op+" "+filepath.ToSlash(rel))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	journal, removed := slices.Index(log, "rename _smelt/journal.json"), slices.Index(log, "remove _smelt/journal.json")
	report := slices.Index(log, "rename _smelt/run.json")
	synced := slices.Index(log[journal:], "sync _smelt") + journal
	for _, p := range []string{"staging/bronze", "staging/silver", "staging/gold", "staging/state/t", "staging/run.json", "staging/journal.json", "staging"} {
		at := slices.Index(log, "sync _smelt/"+strings.Replace(p, "staging/state", "staging/_smelt/state", 1))
		if at < 0 || at > journal {
			t.Errorf("%s is not synced before the journal", p)
		}
	}
	var order []string
	for i, step := range log {
		op, path, _ := strings.Cut(step, " ")
		table, file, isTable := strings.Cut(path, "/_delta_log/")
		switch {
		case op == "rename" && strings.HasSuffix(path, ".parquet") && !strings.HasPrefix(path, "_smelt/"):
			if i < synced {
				t.Errorf("%s before the journal is synced", step)
			}
			link := slices.IndexFunc(log, func(s string) bool { return strings.HasPrefix(s, "link "+filepath.ToSlash(filepath.Dir(path))+"/") })
			if link < i || !slices.Contains(log[i:link], "sync "+filepath.ToSlash(filepath.Dir(path))) {
				t.Errorf("%s is not synced before the commit", step)
			}
		case op == "link" && isTable:
			order = append(order, table)
			if i < synced || !slices.Contains(log[i:report], "sync "+table+"/_delta_log") {
				t.Errorf("the commit %s of %s is not synced before the report", file, table)
			}
		}
	}
	if d := cmp.Diff([]string{"bronze/b", "silver/s", "gold/g"}, order); d != "" {
		t.Errorf("order of the commits:\n%s", d)
	}
	if journal < 0 || removed < report || !slices.Contains(log[removed:], "sync _smelt") {
		t.Errorf("journal %d, report %d, journal removed %d in\n%s", journal, report, removed, strings.Join(log, "\n"))
	}
}
