package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// forward brings every table of the journal, and the report, to its new state.
// committed are the Delta tables that were published, also after an error. It
// goes on from wherever an earlier forward or back was broken off.
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
		done, err := l.commit(c, r)
		if done {
			committed = append(committed, c.Table)
		}
		if err != nil {
			return committed, err
		}
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

// commit publishes a Delta table, and notes its version in the report. done
// says whether its log has the commit, also after an error.
func (l *Lake) commit(c tableChange, r *pipeline.Report) (done bool, err error) {
	rel := relative(c.Table)
	target, staged := filepath.Join(l.dir, rel), filepath.Join(l.staging(), rel)
	if exists(target) && !isDelta(target) && hasParts(target) {
		// A run before has written it as a folder of part files.
		if err := onlyParts(target); err != nil {
			return false, err
		}
		if err := l.move(target, filepath.Join(l.old(), rel)); err != nil {
			return false, err
		}
	}
	if err := l.disk.mkdir(target); err != nil {
		return false, outputError(target, "cannot make the folder", err)
	}
	for _, f := range c.Change.Add {
		path := filepath.FromSlash(f.Path)
		if !exists(filepath.Join(staged, path)) {
			continue
		}
		if err := l.move(filepath.Join(staged, path), filepath.Join(target, path)); err != nil {
			return false, err
		}
	}
	for _, dir := range []string{target, filepath.Dir(target), l.dir} {
		if err := l.disk.sync(dir); err != nil {
			return false, outputError(dir, "cannot sync the folder", err)
		}
	}
	if strings.HasPrefix(c.Table, "gold.") {
		inputs, from := map[string]int64{}, ""
		for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
			if len(r.Selected) > 0 && !slices.Contains(r.Selected, name) {
				continue // it is computed from rows that the table does not have
			}
			if v := r.Versions[name].Version; strings.HasPrefix(name, "silver.") {
				inputs[name] = v
				from += fmt.Sprintf(" %s@v%d", name, v)
			}
		}
		// Once for programs, and once for people: DESCRIBE HISTORY shows userMetadata.
		c.Change.Info["smeltInputs"] = inputs
		if from == "" {
			from = " tables that are not published"
		}
		c.Change.UserMetadata += ", from" + from
	}
	ctx := deltaio.Watch(context.Background(), l.disk.before) // it is not to be left half done
	version, err := deltaio.Commit(ctx, target, c.Change)
	if err != nil {
		return version >= 0, tableError(c.Table, err)
	}
	s, err := deltaio.Load(ctx, target)
	if err != nil {
		return true, tableError(c.Table, err)
	}
	r.Versions[c.Table] = pipeline.TableVersion{ID: s.ID, Version: version}
	return true, nil
}

// back brings every table but the committed ones to its old state, and what the
// run has written to staging again, so that forward can follow it as well. The
// report, which is switched last, is still the old one.
func (l *Lake) back(j journal, committed []string) error {
	for _, c := range j.Changes {
		if slices.Contains(committed, c.Table) {
			continue
		}
		if err := l.takeBack(c); err != nil {
			return tableError(c.Table, err)
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

// takeBack moves the files of a change that was not committed out of the table.
func (l *Lake) takeBack(c tableChange) error {
	rel := relative(c.Table)
	target, staged, old := filepath.Join(l.dir, rel), filepath.Join(l.staging(), rel), filepath.Join(l.old(), rel)
	// Where the disk has not said how a commit ended, or the log does not reach
	// back so far any more, the files may be the table's after all.
	named := map[string]bool{}
	s, err := deltaio.Load(context.Background(), target)
	if err != nil && !errors.Is(err, deltaio.ErrNoTable) {
		return err
	}
	if s != nil {
		for _, f := range s.Files() {
			named[f.Path] = true
		}
	}
	for _, f := range c.Change.Add {
		path := filepath.FromSlash(f.Path)
		if named[f.Path] || !exists(filepath.Join(target, path)) {
			continue
		}
		if err := l.move(filepath.Join(target, path), filepath.Join(staged, path)); err != nil {
			return err
		}
	}
	if s != nil { // it is a table, maybe one that somebody else has made now
		return nil
	}
	log := filepath.Join(target, "_delta_log") // empty, but for what was written aside
	empty, _ := filepath.Glob(filepath.Join(log, ".*"))
	empty = append(empty, log)
	if exists(old) { // else it may be the folder of part files itself
		empty = append(empty, target)
	}
	for _, path := range empty {
		if err := l.disk.remove(path); err != nil {
			return outputError(path, "cannot be removed, and is no table yet", err)
		}
	}
	if exists(old) {
		return l.move(old, target)
	}
	return nil
}

// move renames a file or folder; the folder that it moves to is made.
func (l *Lake) move(from, to string) error {
	err := l.disk.mkdir(filepath.Dir(to))
	if err == nil {
		err = l.disk.rename(from, to)
	}
	return outputError(to, "cannot publish", err)
}

// isDelta reports whether a folder holds a Delta table.
func isDelta(dir string) bool { return exists(filepath.Join(dir, "_delta_log")) }

// hasParts reports whether a folder holds part files of a table that is switched as a folder.
func hasParts(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return partName.MatchString(e.Name()) })
}
