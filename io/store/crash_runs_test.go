package store

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
