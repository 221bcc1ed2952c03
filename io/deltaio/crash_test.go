package deltaio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestEveryStepFails writes a file and commits it with each step on the disk
// failing in turn, alone (a full disk, a failing fsync) or with all after it (a
// killed process). The table is then as it was or as it shall be, and the same
// change, read back from its JSON as from a journal, lands exactly once.
func TestEveryStepFails(t *testing.T) {
	ctx := context.Background()
	for _, kind := range []string{"create", "append", "overwrite", "checkpoint"} {
		for _, killed := range []bool{false, true} {
			tried, seen := 0, map[bool]int{}
			for n := 0; ; n++ {
				dir := filepath.Join(t.TempDir(), "silver", "sales")
				before := []string{}
				var base *Snapshot
				commits := map[string]int{"create": 0, "checkpoint": 10}[kind]
				if kind == "append" || kind == "overwrite" {
					commits = 2
				}
				for i := range commits {
					commitSales(t, dir, base, Append, sale{ID: fmt.Sprint(i)})
					base = mustLoad(t, dir)
				}
				if base != nil {
					before = scanned(t, base, []string{"id"})
				}
				after := append(slices.Clone(before), `id="new" `)
				if kind == "overwrite" {
					after = after[commits:]
				}
				slices.Sort(after)

				step, failed := 0, false
				d := table{dir: dir, disk: disk{before: func(op, path string) error {
					step++
					if step-1 == n || killed && step > n {
						failed = true
						return &fs.PathError{Op: op, Path: path, Err: syscall.ENOSPC}
					}
					return nil
				}}}
				mode := Append
				if kind == "overwrite" {
					mode = Overwrite
				}
				c := NewChange(base, mode, "WRITE")
				if base == nil {
					c.Metadata, _ = MetadataOf(sales.Table)
				}
				f, err := writeOne(d, sale{ID: "new"})
				if err == nil {
					c.Add = []File{f}
					journal, e := json.Marshal(c)
					if e != nil {
						t.Fatal(e)
					}
					c = &Change{}
					if e := json.Unmarshal(journal, c); e != nil {
						t.Fatal(e)
					}
					_, err = d.commit(ctx, c)
				}
				if !failed {
					if err != nil {
						t.Fatal(err)
					}
					break
				}
				tried++
				var now []string
				s, loadErr := Load(ctx, dir)
				switch {
				case loadErr == nil:
					now = scanned(t, s, []string{"id"})
				case errors.Is(loadErr, ErrNoTable):
					now = []string{}
				default:
					t.Fatalf("%s, step %d: the table cannot be read: %v", kind, n, loadErr)
				}
				landed := slices.Equal(now, after) && !slices.Equal(now, before)
				seen[landed]++
				if !landed && !slices.Equal(now, before) {
					t.Fatalf("%s, step %d: half a commit: %v", kind, n, now)
				}
				if err == nil && !landed {
					t.Fatalf("%s, step %d: committed, but not there", kind, n)
				}
				if err != nil && landed && !strings.Contains(err.Error(), "disk has not confirmed") {
					t.Fatalf("%s, step %d: there, but: %v", kind, n, err)
				}
				// The next process goes on from the journal, or begins anew.
				if len(c.Add) == 0 {
					c.Add = []File{writeSales(t, dir, sale{ID: "new"})}
				}
				for range 2 {
					if _, err := Commit(ctx, dir, c); err != nil {
						t.Fatalf("%s, step %d: again: %v", kind, n, err)
					}
				}
				equal(t, fmt.Sprintf("%s, step %d", kind, n), scanned(t, mustLoad(t, dir), []string{"id"}), after)
			}
			t.Logf("%s (killed %v): %d steps failed, %d after the commit", kind, killed, tried, seen[true])
			if tried < 6 || seen[true] == 0 || seen[false] == 0 {
				t.Errorf("%s: the failures do not reach around the commit: %v", kind, seen)
			}
		}
	}
}

func writeOne(d table, rows ...sale) (File, error) {
	w, err := d.create(sales.Table, Options{})
	if err != nil {
		return File{}, err
	}
	rec := sales.Record(nil, rows)
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		return File{}, err
	}
	_, err = w.Close()
	return w.File(), err
}
