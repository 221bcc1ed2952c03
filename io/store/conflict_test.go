package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/io/deltaio"
)

// foreign appends a row to a Delta table as another writer would.
func foreign(t *testing.T, dir, name string, n int64) {
	t.Helper()
	folder := filepath.Join(dir, relative(name))
	s, err := deltaio.Load(t.Context(), folder)
	if err != nil && !errors.Is(err, deltaio.ErrNoTable) {
		t.Fatal(err)
	}
	c := deltaio.NewChange(s, deltaio.Append, "WRITE")
	if s == nil {
		if c.Metadata, err = deltaio.MetadataOf(table(name)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := deltaio.Create(folder, table(name), deltaio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := record(table(name), []int64{n})
	defer rec.Release()
	err = w.Write(rec)
	if _, e := w.Close(); err == nil {
		err = e
	}
	c.Add = []deltaio.File{w.File()}
	if err == nil {
		_, err = deltaio.Commit(t.Context(), folder, c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Another writer commits to a table just before the run does: where no table was
// published yet all stand as they were, else those before it are published and the
// next run is told to begin anew. The writer's row stands in any case. The run may
// be killed at any step after that, and finished by the next one.
func TestDeltaConflict(t *testing.T) {
	amend := deltaCases[2]
	for _, tc := range []struct {
		table     string // that the other writer appends to
		early     bool   // before the run commits at all
		start     func(t *testing.T, dir string)
		run       deltaRun
		want      map[string][]int64
		published string
		why       string // the next run begins anew
	}{
		{"bronze.b", true, amend.start, amend.run, map[string][]int64{"bronze.b": {1, 2, 99}, "silver.s": {1, 2, 3}, "gold.g": {6}, "state.t": {6}},
			"", "bronze.b has been changed"},
		{"silver.s", true, amend.start, amend.run, map[string][]int64{"bronze.b": {1, 2}, "silver.s": {1, 2, 3, 99}, "gold.g": {6}, "state.t": {6}},
			"", "silver.s has been changed"},
		{"bronze.b", false, amend.start, amend.run, map[string][]int64{"bronze.b": {1, 2, 99}, "silver.s": {1, 2, 3}, "gold.g": {6}, "state.t": {6}},
			"", "bronze.b has been changed"},
		{"silver.s", false, amend.start, amend.run, map[string][]int64{"bronze.b": {1, 2, 4}, "silver.s": {1, 2, 3, 99}, "gold.g": {6}, "state.t": {6}},
			"bronze.b", "bronze.b has been changed"},
		{"silver.s", false, func(t *testing.T, dir string) { mustOpen(t, dir).Close() }, deltaFirst, map[string][]int64{"bronze.b": {1, 2}, "silver.s": {99}},
			"bronze.b", ""},
		{"silver.s", false, deltaCases[3].start, deltaFirst, map[string][]int64{"bronze.b": {1, 2}, "silver.s": {99}},
			"bronze.b", ""},
	} {
		t.Run(fmt.Sprintf("%s %s early %v", tc.published, tc.table, tc.early), func(t *testing.T) {
			tmp := quickDir(t)
			origin := filepath.Join(tmp, "origin")
			tc.start(t, origin)
			link := filepath.Join(relative(tc.table), "_delta_log")
			for kill := -1; ; kill++ { // -1 = not at all
				dir := copyTo(t, origin, filepath.Join(tmp, "lake"))
				done, after, killed := false, 0, false
				err := tc.run.attempt(t, dir, "2", disk{before: func(op, path string) error {
					switch {
					case done:
						if after++; kill >= 0 && after > kill {
							killed = true
							return errCrash
						}
					case tc.early && op == "create", !tc.early && op == "link" && strings.Contains(path, link):
						done = true
						foreign(t, dir, tc.table, 99)
					}
					return nil
				}})
				if kill < 0 {
					wantOutputError(t, err, tc.table+": ", "WRITE by smelt/", "run again")
					if !errors.Is(err, deltaio.ErrConflict) {
						t.Error(err)
					}
					if tc.published != "" {
						wantOutputError(t, err, "only "+tc.published+" are published", "makes all tables anew")
					}
				} else {
					mustOpen(t, dir).Close()
				}
				noOrphans(t, dir)
				if d := cmp.Diff(tc.want, values(t, dir)); d != "" {
					t.Errorf("tables differ (-want +got):\n%s", d)
				}
				l := mustOpen(t, dir)
				last, why, e := l.Delta(DeltaOptions{}).Last(t.Context())
				l.Close()
				if e != nil || last != nil && last.Version != "1" || !strings.Contains(why, tc.why) {
					t.Errorf("the next run is told %v, %q, %v", last, why, e)
				}
				// The next run replaces all tables, and is undisturbed.
				if err := deltaFirst.attempt(t, dir, "3", disk{}); err != nil {
					t.Fatal(err)
				}
				if v := sound(t, dir); v != "3" {
					t.Errorf("version %q", v)
				}
				if d := cmp.Diff(deltaCases[0].want, values(t, dir)); d != "" {
					t.Errorf("after the next run tables differ (-want +got):\n%s", d)
				}
				if t.Failed() {
					t.Fatalf("killed %d steps after the other's commit: %v", kill, err)
				}
				if kill >= 0 && !killed {
					if kill < 5 && !tc.early {
						t.Errorf("only %d steps after the conflict", kill)
					}
					break
				}
			}
		})
	}
}

// A run that replaces a table replaces the rows that another writer has added
// meanwhile, and the report names that version: the next run sees no change.
func TestDeltaOverwriteGoesOn(t *testing.T) {
	dir := quickDir(t)
	startDelta(t, dir)
	done := false
	err := deltaCases[1].run.attempt(t, dir, "2", disk{before: func(op, path string) error {
		if op == "link" && !done && strings.Contains(path, filepath.Join("silver", "s", "_delta_log")) {
			done = true
			foreign(t, dir, "silver.s", 99)
		}
		return nil
	}})
	if err != nil || !done {
		t.Fatal(err)
	}
	if v := sound(t, dir); v != "2" {
		t.Errorf("version %q", v)
	}
	if d := cmp.Diff(deltaCases[1].want, values(t, dir)); d != "" {
		t.Error(d)
	}
}

// The commit is in the log, but nobody can say so: its files stay the table's.
func TestDeltaUnconfirmedCommit(t *testing.T) {
	dir := quickDir(t)
	startDelta(t, dir)
	linked := false
	err := deltaCases[2].run.attempt(t, dir, "2", disk{before: func(op, path string) error {
		if op == "sync" && linked {
			return errors.New("input/output error")
		}
		linked = linked || op == "link"
		return nil
	}})
	wantOutputError(t, err, "half published", "disk has not confirmed")
	mustOpen(t, dir).Close()
	if v := sound(t, dir); v != "2" {
		t.Errorf("version %q", v)
	}
	if d := cmp.Diff(deltaCases[2].want, values(t, dir)); d != "" {
		t.Error(d)
	}
}
