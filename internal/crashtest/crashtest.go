// Package crashtest kills smelt. Its tests start `smelt run` as a process of its
// own and kill it, at random moments and while its tables are being published;
// let its writes fail; start two at once; and let delta-rs write to the same
// tables. After each a plain `smelt run` must give the tables of a run that
// nobody disturbed, with every record accounted for and no file left over.
//
// SMELT_KILLS sets how many kills there are: 25 by default, 300 for a soak. The
// steps of a single commit, one by one, are killed by the tests of io/store.
//
// What other tests share is Orphans.
package crashtest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Orphans returns what should not be in a lake while no run is at work: files in
// the folder of a Delta table that no commit of its log has added, tables whose
// log is empty, and what a run keeps in _smelt only until its end. Hidden files
// in a log are what a killed commit has written aside, which is Vacuum's to
// remove. Logs must not have been cleaned up.
func Orphans(lake string) (paths []string, err error) {
	for _, name := range []string{"journal.json", "staging", "old"} {
		path := filepath.Join(lake, "_smelt", name)
		if _, err := os.Lstat(path); err == nil {
			paths = append(paths, path)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	logs, err := filepath.Glob(filepath.Join(lake, "*", "*", "_delta_log"))
	if err != nil {
		return nil, err
	}
	for _, log := range logs {
		if strings.HasPrefix(log, filepath.Join(lake, "_smelt")) {
			continue // what a killed run has not committed of its checks' results is Vacuum's to remove
		}
		more, err := orphansOf(log)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
	}
	return paths, nil
}

func orphansOf(log string) (paths []string, err error) {
	commits, err := filepath.Glob(filepath.Join(log, "[0-9]*.json"))
	if err != nil {
		return nil, err
	}
	if len(commits) == 0 {
		paths = append(paths, log)
	}
	added := []string{filepath.Base(log)}
	for _, commit := range commits {
		text, err := os.ReadFile(commit)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			var action struct{ Add struct{ Path string } }
			if err := json.Unmarshal([]byte(line), &action); err != nil {
				return nil, err
			}
			added = append(added, action.Add.Path)
		}
	}
	files, err := os.ReadDir(filepath.Dir(log))
	for _, f := range files {
		if !slices.Contains(added, f.Name()) {
			paths = append(paths, filepath.Join(filepath.Dir(log), f.Name()))
		}
	}
	return paths, err
}
