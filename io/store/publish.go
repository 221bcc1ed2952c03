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
// A Delta table is published by a commit to its log instead, which can be
// repeated too: one that is in the log already is not committed again. Commits
// cannot be taken back. They come first, in the journal's order.
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

// publish makes the staged tables visible: see the package documentation.
// journalled reports whether the journal may be on the disk when it returns:
// then a later recover finishes the switch, and staging must be left alone.
func (l *Lake) publish(ctx context.Context, j journal, parts []string, r *pipeline.Report) (journalled bool, err error) {
	if err := l.prepare(ctx, j.Tables, parts, r); err != nil {
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
		return true, l.abandon(committed, err)
	}
	return true, l.half(err)
}

// prepare does all that can fail for a foreseeable reason: it checks what will
// be replaced, writes the report beside the tables and syncs both.
func (l *Lake) prepare(ctx context.Context, tables, parts []string, r *pipeline.Report) error {
	for _, name := range tables {
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
	for _, name := range tables {
		paths = append(paths, filepath.Join(l.staging(), relative(name)))
	}
	for _, layer := range layers(tables) {
		dir := filepath.Join(l.dir, layer)
		if err := l.disk.mkdir(dir); err != nil {
			return outputError(dir, "cannot make the folder", err)
		}
		paths = append(paths, filepath.Join(l.staging(), layer))
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

// forward brings every table of the journal, and the report, to its new state.
// committed are the Delta tables that were published, also after an error.
func (l *Lake) forward(j journal) (committed []string, err error) {
	draft := filepath.Join(l.staging(), "run.json")
	if !exists(draft) { // it is moved last
		return nil, nil
	}
	r, err := readReport(draft)
	if err != nil {
		return nil, err
	}
	if r.Versions == nil {
		r.Versions = map[string]pipeline.TableVersion{}
	}
	for _, c := range j.Changes {
		if err := l.commit(c, r); err != nil {
			return committed, err
		}
		committed = append(committed, c.Table)
	}
	for _, name := range j.Tables {
		rel := relative(name)
		target := filepath.Join(l.dir, rel)
		if !exists(filepath.Join(l.staging(), rel)) {
			continue
		}
		if exists(target) {
			// Looked at again: recovery may come days later.
			if err := onlyParts(target); err != nil {
				return committed, err
			}
			if err := l.move(target, filepath.Join(l.old(), rel)); err != nil {
				return committed, err
			}
		}
		if err := l.move(filepath.Join(l.staging(), rel), target); err != nil {
			return committed, err
		}
	}
	if len(j.Changes) > 0 {
		// It names the versions now.
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = l.disk.write(draft+".new", append(text, '\n'))
		}
		if err == nil {
			err = l.disk.rename(draft+".new", draft)
		}
		if err != nil {
			return committed, outputError(draft, "cannot write the report", err)
		}
	}
	return committed, l.move(draft, l.report())
}

// commit publishes a Delta table, and notes its version in the report.
func (l *Lake) commit(c tableChange, r *pipeline.Report) error {
	rel := relative(c.Table)
	target, staged := filepath.Join(l.dir, rel), filepath.Join(l.staging(), rel)
	if exists(target) && !isDelta(target) && hasParts(target) {
		// A run before has written it as a folder of part files.
		if err := onlyParts(target); err != nil {
			return err
		}
		if err := l.move(target, filepath.Join(l.old(), rel)); err != nil {
			return err
		}
	}
	if err := l.disk.mkdir(target); err != nil {
		return outputError(target, "cannot make the folder", err)
	}
	for _, f := range c.Change.Add {
		path := filepath.FromSlash(f.Path)
		if !exists(filepath.Join(staged, path)) {
			continue
		}
		if err := l.move(filepath.Join(staged, path), filepath.Join(target, path)); err != nil {
			return err
		}
	}
	for _, dir := range []string{target, filepath.Dir(target), l.dir} {
		if err := l.disk.sync(dir); err != nil {
			return outputError(dir, "cannot sync the folder", err)
		}
	}
	if strings.HasPrefix(c.Table, "gold.") {
		inputs := map[string]int64{}
		for name, v := range r.Versions {
			if strings.HasPrefix(name, "silver.") {
				inputs[name] = v.Version
			}
		}
		c.Change.Info["smeltInputs"] = inputs
	}
	if err := l.disk.step("commit", target); err != nil {
		return outputError(target, "cannot commit", err)
	}
	ctx := context.Background() // it is not to be left half done
	version, err := deltaio.Commit(ctx, target, c.Change)
	if err != nil {
		return tableError(c.Table, err)
	}
	s, err := deltaio.Load(ctx, target)
	if err != nil {
		return tableError(c.Table, err)
	}
	r.Versions[c.Table] = pipeline.TableVersion{ID: s.ID, Version: version}
	return nil
}

// isDelta reports whether a folder holds a Delta table.
func isDelta(dir string) bool { return exists(filepath.Join(dir, "_delta_log")) }

// hasParts reports whether a folder holds part files of a table that is switched as a folder.
func hasParts(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return partName.MatchString(e.Name()) })
}

// abandon gives up what is left of a journal after another writer's commit
// stood against it. The next run finds the tables changed, and makes them anew.
func (l *Lake) abandon(committed []string, cause error) error {
	err := l.disk.remove(l.journal())
	if err == nil {
		err = l.disk.sync(l.state())
	}
	if err != nil {
		return l.half(cause)
	}
	_ = l.disk.removeAll(l.old())
	_ = l.disk.removeAll(l.staging())
	return &pipeline.Error{Kind: pipeline.ErrOutput, Err: cause,
		Msg:  "of the run's tables only " + strings.Join(committed, ", ") + " are published",
		Hint: "run again: as long as no run has ended well, the next one makes all tables anew"}
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

// back brings every table to its old state. The report, which is switched
// last, is still the old one.
func (l *Lake) back(j journal) error {
	for _, c := range j.Changes { // none is committed: what was moved is no part of a table
		rel := relative(c.Table)
		target, old := filepath.Join(l.dir, rel), filepath.Join(l.old(), rel)
		for _, f := range c.Change.Add {
			if err := l.disk.remove(filepath.Join(target, filepath.FromSlash(f.Path))); err != nil {
				return err
			}
		}
		if exists(old) {
			if err := l.disk.remove(target); err != nil {
				return err
			}
			if err := l.move(old, target); err != nil {
				return err
			}
		}
	}
	for _, name := range j.Tables {
		rel := relative(name)
		target, old, staged := filepath.Join(l.dir, rel), filepath.Join(l.old(), rel), filepath.Join(l.staging(), rel)
		if !exists(staged) {
			if err := l.move(target, staged); err != nil {
				return err
			}
		}
		if exists(old) {
			if err := l.move(old, target); err != nil {
				return err
			}
		}
	}
	return nil
}

// undo takes the switch back after cause, and removes the journal and what the
// run has written. If that fails too, the journal stays for a later recover.
func (l *Lake) undo(j journal, cause error) (journalled bool, err error) {
	err = l.back(j)
	if err == nil {
		err = l.syncTables(j)
	}
	if err == nil {
		err = l.disk.remove(l.journal())
	}
	if err == nil {
		err = l.disk.sync(l.state())
	}
	if err != nil {
		return true, l.half(cause)
	}
	return false, cause
}

// settle makes the switched tables durable, then removes the journal, then
// what it replaced. After the journal nothing can go wrong: what cannot be
// removed now is removed by the next Open.
func (l *Lake) settle(j journal) error {
	err := l.syncTables(j)
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

func (l *Lake) syncTables(j journal) error {
	for _, layer := range layers(j.Tables) {
		for _, dir := range []string{filepath.Join(l.old(), layer), filepath.Join(l.staging(), layer), filepath.Join(l.dir, layer)} {
			if exists(dir) {
				if err := l.disk.sync(dir); err != nil {
					return err
				}
			}
		}
	}
	return l.disk.sync(l.state())
}

// move renames a file or folder; the folder that it moves to is made.
func (l *Lake) move(from, to string) error {
	err := l.disk.mkdir(filepath.Dir(to))
	if err == nil {
		err = l.disk.rename(from, to)
	}
	return outputError(to, "cannot publish", err)
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
		_ = l.abandon(committed, err)
		return nil
	}
	if err != nil {
		return err
	}
	return l.settle(j)
}
