package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// journal is the promise that a switch will be finished. While it is on the
// disk, each of its tables is in one of these states, by which of its folders
// exist:
//
//	staging  published  old
//	   x         x              not switched yet
//	   x                  (x)   in between, or new and not switched yet
//	             x        (x)   switched
//
// The state says what is left to do, so finishing can be interrupted and
// repeated, and so can undoing.
//
// A Delta table is published by moving the new files to its folder and a commit
// to its log instead. That can be repeated too: a commit that is in the log is
// not made again. It cannot be taken back, but the files of one that was not made
// can. Commits come first, in the journal's order.
type journal struct {
	Version int           `json:"version"`
	Changes []tableChange `json:"changes,omitempty"`
	Tables  []string      `json:"tables"` // folders
}

// tableChange is what is to be committed to a Delta table. Its files lie in
// staging, or in the table's folder already.
type tableChange struct {
	Table  string          `json:"table"`
	Change *deltaio.Change `json:"change"`
}

const journalVersion = 2

// names returns all of the journal's tables.
func (j *journal) names() []string {
	names := slices.Clone(j.Tables)
	for _, c := range j.Changes {
		names = append(names, c.Table)
	}
	return names
}

// publish makes the staged tables visible: see the package documentation.
// journalled reports whether the journal may be on the disk when it returns:
// then a later recover finishes the switch, and staging must be left alone.
func (l *Lake) publish(ctx context.Context, j journal, parts []string, r *pipeline.Report) (journalled bool, err error) {
	if err := l.prepare(ctx, j, parts, r); err != nil {
		return false, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return false, outputError(l.journal(), "cannot write the journal", err)
	}
	draft := filepath.Join(l.staging(), "journal.json")
	if err := l.disk.write(draft, text); err != nil {
		return false, outputError(draft, "cannot write the journal", err)
	}
	if err := l.disk.rename(draft, l.journal()); err != nil {
		return false, outputError(l.journal(), "cannot write the journal", err)
	}
	if err := l.disk.sync(l.state()); err != nil {
		return l.undo(j, outputError(l.state(), "cannot sync the folder", err))
	}
	committed, err := l.forward(j)
	switch {
	case err == nil:
		return true, l.settle(j)
	case len(committed) == 0:
		return l.undo(j, err)
	case errors.Is(err, deltaio.ErrConflict):
		if l.abandon(j, committed) != nil {
			return true, l.half(err)
		}
		return true, &pipeline.Error{Kind: pipeline.ErrOutput, Err: err,
			Msg:  "of the run's tables only " + strings.Join(committed, ", ") + " are published",
			Hint: "run again: that makes all tables anew"}
	}
	return true, l.half(err)
}

// prepare does all that can fail for a foreseeable reason: it checks what will
// be replaced, writes the report beside the tables and syncs both.
func (l *Lake) prepare(ctx context.Context, j journal, parts []string, r *pipeline.Report) error {
	for _, name := range j.Tables {
		if err := onlyParts(filepath.Join(l.dir, relative(name))); err != nil {
			return err
		}
	}
	if err := l.disk.removeAll(l.old()); err != nil {
		return outputError(l.old(), "cannot remove leftovers", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return outputError(l.report(), "cannot write the report", err)
	}
	if err := l.disk.mkdir(l.staging()); err != nil {
		return outputError(l.staging(), "cannot make the folder", err)
	}
	draft := filepath.Join(l.staging(), "run.json")
	if err := l.disk.write(draft, append(text, '\n')); err != nil {
		return outputError(draft, "cannot write the report", err)
	}
	paths := parts
	for _, name := range j.Tables { // the writers of a Delta table sync its files and their folder
		paths = append(paths, filepath.Join(l.staging(), relative(name)))
	}
	for _, layer := range layers(j.names()) {
		dir := filepath.Join(l.dir, layer)
		if err := l.disk.mkdir(dir); err != nil {
			return outputError(dir, "cannot make the folder", err)
		}
		if staged := filepath.Join(l.staging(), layer); exists(staged) { // not where rows only go
			paths = append(paths, staged)
		}
	}
	for _, p := range append(paths, l.staging(), l.state(), l.dir) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.disk.sync(p); err != nil {
			return outputError(p, "cannot sync", err)
		}
	}
	// The folder above may belong to somebody else; most often it is older.
	_ = l.disk.sync(filepath.Dir(filepath.Clean(l.dir)))
	return nil
}

// layers returns the folders that hold the tables, once each.
func layers(tables []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, name := range tables {
		if layer := filepath.Dir(relative(name)); !seen[layer] {
			seen[layer] = true
			out = append(out, layer)
		}
	}
	return out
}

// abandon gives up what is left of a journal after another writer's commit
// stood against it. The next run finds the committed tables changed, and makes
// all of them anew.
func (l *Lake) abandon(j journal, committed []string) error {
	if err := l.takenBack(j, committed); err != nil {
		return err
	}
	_ = l.disk.removeAll(l.old())
	_ = l.disk.removeAll(l.staging())
	return nil
}

// takenBack takes back what is not committed, and ends the journal.
func (l *Lake) takenBack(j journal, committed []string) error {
	err := l.back(j, committed)
	if err == nil {
		err = l.syncTables(j.names())
	}
	if err == nil {
		err = l.disk.remove(l.journal())
	}
	if err == nil {
		err = l.disk.sync(l.state())
	}
	return err
}

// half is the error of a switch that can neither be finished nor be taken back now.
func (l *Lake) half(cause error) error {
	if e, ok := cause.(*pipeline.Error); ok {
		plain := *e
		plain.Hint = "" // it says that nothing was touched
		cause = &plain
	}
	return &pipeline.Error{Kind: pipeline.ErrOutput, Err: cause,
		Msg:  "the tables in " + l.dir + " are half published",
		Hint: "the next smelt command on that folder finishes it; first remove the cause"}
}

// undo takes the switch back after cause; what the run has written is for the
// caller to remove. If that fails too, the journal stays for a later recover.
func (l *Lake) undo(j journal, cause error) (journalled bool, err error) {
	if err := l.takenBack(j, nil); err != nil {
		return true, l.half(cause)
	}
	return false, cause
}

// settle makes the switched tables durable, then removes the journal, then
// what it replaced. After the journal nothing can go wrong: what cannot be
// removed now is removed by the next Open.
func (l *Lake) settle(j journal) error {
	err := l.syncTables(j.Tables)
	if err == nil {
		err = l.disk.remove(l.journal())
	}
	if err == nil {
		err = l.disk.sync(l.state())
	}
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: l.dir, Err: err,
			Msg: "the new tables are in place, but the disk has not confirmed it", Hint: "check the disk, then run again"}
	}
	_ = l.disk.removeAll(l.old())
	_ = l.disk.removeAll(l.staging())
	return nil
}

// syncTables syncs the folders in and among which tables were moved.
func (l *Lake) syncTables(names []string) error {
	dirs := layers(names)
	for _, name := range names {
		dirs = append(dirs, relative(name))
	}
	for _, rel := range dirs {
		for _, dir := range []string{filepath.Join(l.old(), rel), filepath.Join(l.staging(), rel), filepath.Join(l.dir, rel)} {
			if exists(dir) {
				if err := l.disk.sync(dir); err != nil {
					return err
				}
			}
		}
	}
	return l.disk.sync(l.state())
}

// recover finishes a switch that was broken off and removes what a killed run
// has left. The caller holds the lock.
func (l *Lake) recover() error {
	text, err := os.ReadFile(l.journal())
	if errors.Is(err, fs.ErrNotExist) {
		for _, dir := range []string{l.staging(), l.old()} {
			if err := l.disk.removeAll(dir); err != nil {
				return outputError(dir, "cannot remove what an earlier run has left", err)
			}
		}
		return nil
	}
	if err != nil {
		return outputError(l.journal(), "cannot read the journal", err)
	}
	var j journal
	bad := json.Unmarshal(text, &j) != nil || j.Version < 1 || j.Version > journalVersion
	for _, name := range j.Tables {
		bad = bad || !tableName.MatchString(name)
	}
	for _, c := range j.Changes {
		bad = bad || !tableName.MatchString(c.Table) || c.Change == nil
	}
	if bad {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: l.journal(), Msg: "not a journal of this version of smelt",
			Hint: "finish with the version that wrote it, or choose another output"}
	}
	committed, err := l.forward(j)
	if errors.Is(err, deltaio.ErrConflict) {
		// Nobody was told that the run has ended well, and the next one sees what happened.
		return l.abandon(j, committed)
	}
	if err != nil {
		return err
	}
	return l.settle(j)
}
