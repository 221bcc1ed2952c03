package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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
type journal struct {
	Version int      `json:"version"`
	Tables  []string `json:"tables"`
}

const journalVersion = 1

// publish makes the staged tables visible: see the package documentation.
// journalled reports whether the journal may be on the disk when it returns:
// then a later recover finishes the switch, and staging must be left alone.
func (l *Lake) publish(ctx context.Context, tables, parts []string, r *pipeline.Report) (journalled bool, err error) {
	if err := l.prepare(ctx, tables, parts, r); err != nil {
		return false, err
	}
	j := journal{Version: journalVersion, Tables: tables}
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
	if err := l.forward(j); err != nil {
		return l.undo(j, err)
	}
	return true, l.settle(j)
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
func (l *Lake) forward(j journal) error {
	for _, name := range j.Tables {
		rel := relative(name)
		target := filepath.Join(l.dir, rel)
		if !exists(filepath.Join(l.staging(), rel)) {
			continue
		}
		if exists(target) {
			// Looked at again: recovery may come days later.
			if err := onlyParts(target); err != nil {
				return err
			}
			if err := l.move(target, filepath.Join(l.old(), rel)); err != nil {
				return err
			}
		}
		if err := l.move(filepath.Join(l.staging(), rel), target); err != nil {
			return err
		}
	}
	if draft := filepath.Join(l.staging(), "run.json"); exists(draft) {
		return l.move(draft, l.report())
	}
	return nil
}

// back brings every table to its old state. The report, which is switched
// last, is still the old one.
func (l *Lake) back(j journal) error {
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
		if e, ok := cause.(*pipeline.Error); ok {
			plain := *e
			plain.Hint = "" // it says that nothing was touched
			cause = &plain
		}
		return true, &pipeline.Error{Kind: pipeline.ErrOutput, Err: cause,
			Msg:  "the tables in " + l.dir + " are half published",
			Hint: "the next smelt command on that folder finishes it; first remove the cause"}
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
	bad := json.Unmarshal(text, &j) != nil || j.Version != journalVersion
	for _, name := range j.Tables {
		bad = bad || !tableName.MatchString(name)
	}
	if bad {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: l.journal(), Msg: "not a journal of this version of smelt",
			Hint: "finish with the version that wrote it, or choose another output"}
	}
	if err := l.forward(j); err != nil {
		return err
	}
	return l.settle(j)
}
