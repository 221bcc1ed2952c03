package bronze

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// isDelta reports whether a path is the folder of a Delta table.
func isDelta(path string) bool {
	info, err := os.Stat(filepath.Join(path, "_delta_log"))
	return err == nil && info.IsDir()
}

// logName matches what says what a version of a Delta table is: its commit, or a
// checkpoint, which may outlive it.
var logName = regexp.MustCompile(`^([0-9]{20})\.(json|checkpoint\..*)$`)

// identifyDelta says which version of which Delta table is in a folder: the hash
// is that of the newest commit, its name and its bytes. No other version has the
// same: commits are never written over, name the time, and the first one has the
// table's id. A version that only moves rows counts too, as it numbers the
// records anew. Size is that of all data files that are there, those of older
// versions too. Errors are those of the file system.
func identifyDelta(dir string) (Identity, error) {
	log := filepath.Join(dir, "_delta_log")
	entries, err := os.ReadDir(log)
	if err != nil {
		return Identity{}, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !logName.MatchString(e.Name()) })
	if len(entries) == 0 {
		return Identity{}, fs.ErrNotExist
	}
	newest := slices.MaxFunc(entries, func(a, b fs.DirEntry) int {
		x, y := logName.FindStringSubmatch(a.Name()), logName.FindStringSubmatch(b.Name())
		return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2])) // json is after checkpoint
	})
	text, err := os.ReadFile(filepath.Join(log, newest.Name()))
	if err != nil {
		return Identity{}, err
	}
	h := sha256.New()
	h.Write([]byte(newest.Name() + "\x00"))
	h.Write(text)
	id := Identity{Hash: hex.EncodeToString(h.Sum(nil))}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if path == log {
				return fs.SkipDir
			}
			return err
		}
		info, err := e.Info()
		if err == nil {
			id.Size += info.Size()
		}
		return nil // a file that was just deleted
	})
	return id, err
}
