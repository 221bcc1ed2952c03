package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/crashtest"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// deltaRun is a run that writes Delta tables: parts as content has them, of
// tables that are replaced but for those to be amended, which lose some values.
type deltaRun struct {
	create content
	amend  map[string][]int64
}

// attempt makes a run through a disk and leaves the lake as a killed process
// would: only the lock is released.
func (r deltaRun) attempt(t *testing.T, dir, version string, d disk) error {
	t.Helper()
	l, err := open(dir, d)
	if err != nil {
		return err
	}
	defer unlock(l.lock)
	s := l.Delta(DeltaOptions{})
	err = r.write(t, s)
	if err == nil {
		err = s.Commit(t.Context(), &pipeline.Report{Version: version, RunID: version})
	}
	if err != nil && !errors.Is(err, errCrash) {
		err = errors.Join(err, s.Abort())
	}
	return err
}

func (r deltaRun) write(t *testing.T, s pipeline.Lake) error {
	t.Helper()
	if len(r.amend) > 0 {
		if last, why, err := s.Last(t.Context()); last == nil || why != "" || err != nil {
			t.Fatalf("the lake cannot be amended: %v, %s, %v", last, why, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.amend)) {
		_, err := s.Amend(t.Context(), table(name), []string{"n"}, func(rec arrow.Record, lose []bool) error {
			for i, n := range rec.Column(0).(*array.Int64).Int64Values() {
				lose[i] = slices.Contains(r.amend[name], n)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return write(s, r.create)
}

// values returns the rows of all tables of a lake, sorted; also those of the
// layer state, which only smelt reads.
func values(t *testing.T, dir string) map[string][]int64 {
	t.Helper()
	got := map[string][]int64{}
	names, err := Tables(dir)
	if err != nil {
		t.Fatal(err)
	}
	states, _ := os.ReadDir(filepath.Join(dir, "_smelt", "state"))
	for _, e := range states {
		names = append(names, "state."+e.Name())
	}
	for _, name := range names {
		got[name] = []int64{}
		if parts, err := Parts(dir, name); err == nil && strings.HasSuffix(parts[0], ".txt") {
			for key, v := range read(t, dir) {
				if strings.HasPrefix(key, name+"/") {
					got[name] = append(got[name], v...)
				}
			}
		} else {
			opened, err := OpenTable(t.Context(), dir, name, At{})
			if err != nil {
				t.Fatal(err)
			}
			for rec, err := range opened.Scan(t.Context(), nil) {
				if err != nil {
					t.Fatal(err)
				}
				got[name] = append(got[name], rec.Column(0).(*array.Int64).Int64Values()...)
			}
		}
		slices.Sort(got[name])
	}
	return got
}

// sound fails the test if a lake has orphans, a report whose versions are not the
// tables', or gold that names other versions of silver. It returns the report's
// version.
func sound(t *testing.T, dir string) string {
	t.Helper()
	noOrphans(t, dir)
	r, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return ""
	}
	inputs := map[string]int64{}
	for name, v := range r.Versions {
		s, err := deltaio.Load(t.Context(), filepath.Join(dir, relative(name)))
		if err != nil {
			t.Fatal(err)
		}
		if s.ID != v.ID || s.Version != v.Version {
			t.Errorf("%s is at version %d, the report says %d", name, s.Version, v.Version)
		}
		if strings.HasPrefix(name, "silver.") {
			inputs[name] = v.Version
		}
	}
	for name := range r.Versions {
		if !strings.HasPrefix(name, "gold.") {
			continue
		}
		history, err := deltaio.History(t.Context(), filepath.Join(dir, relative(name)))
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]int64
		if err := json.Unmarshal(history[0].Info["smeltInputs"], &said); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(inputs, said); d != "" {
			t.Errorf("%s names other versions of silver:\n%s", name, d)
		}
	}
	return r.Version
}

// noOrphans fails the test if a file is left over in a lake.
func noOrphans(t *testing.T, dir string) {
	t.Helper()
	orphans, err := crashtest.Orphans(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range orphans {
		t.Errorf("orphan: %s", path)
	}
}

// The runs that are broken off.
var (
	deltaFirst = deltaRun{create: content{"bronze.b/0": {1, 2}, "silver.s/0": {1}, "silver.s/1": {2, 3}, "gold.g/0": {6}, "state.t/0": {6}}}
	deltaCases = []struct {
		name  string
		start func(t *testing.T, dir string)
		run   deltaRun
		want  map[string][]int64
	}{
		{"first run", func(t *testing.T, dir string) { mustOpen(t, dir).Close() }, deltaFirst,
			map[string][]int64{"bronze.b": {1, 2}, "silver.s": {1, 2, 3}, "gold.g": {6}, "state.t": {6}}},
		{"overwrite", startDelta, deltaRun{create: content{"bronze.b/0": {4}, "silver.s/0": {5}, "silver.new/0": {6}, "gold.g/0": {7}, "state.t/0": {8}}},
			map[string][]int64{"bronze.b": {4}, "silver.s": {5}, "silver.new": {6}, "gold.g": {7}, "state.t": {8}}},
		{"amend", startDelta, deltaRun{create: content{"bronze.b/0": {4}, "silver.s/0": {5}, "gold.g/0": {7}, "state.t/0": {8}},
			amend: map[string][]int64{"bronze.b": nil, "silver.s": {1, 2}}},
			map[string][]int64{"bronze.b": {1, 2, 4}, "silver.s": {3, 5}, "gold.g": {7}, "state.t": {8}}},
		{"parquet to delta", func(t *testing.T, dir string) { run(t, dir, content{"bronze.b/0": {9}, "silver.s/0": {9}}, "1") }, deltaFirst,
			map[string][]int64{"bronze.b": {1, 2}, "silver.s": {1, 2, 3}, "gold.g": {6}, "state.t": {6}}},
	}
)

func startDelta(t *testing.T, dir string) {
	t.Helper()
	if err := deltaFirst.attempt(t, dir, "1", disk{}); err != nil {
		t.Fatal(err)
	}
}

// quickDir returns a folder in memory, where the system has one: the crash tests
// copy and sync a lake thousands of times.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "store")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func copyTo(t *testing.T, from, to string) string {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		t.Fatal(err)
	}
	return to
}

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
