package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/smeltdata/smelt/pipeline"
)

// disk is every change that the package makes to the file system, one method
// for each. before, where set, is called ahead of each change and may refuse
// it: tests stop a run after any step with it.
type disk struct {
	before func(op, path string) error
}

func (d disk) step(op, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(op, path)
}

// mkdir makes a folder and those above it.
func (d disk) mkdir(path string) error {
	if isDir(path) {
		return nil
	}
	if err := d.step("mkdir", path); err != nil {
		return err
	}
	return os.MkdirAll(path, 0o777)
}

func (d disk) rename(from, to string) error {
	if err := d.step("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// write makes a file with the given content and syncs it.
func (d disk) write(path string, content []byte) error {
	if err := d.step("create", path); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.step("write", path); err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := d.step("sync", path); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// sync makes a file or a folder's entries survive a loss of power. Windows
// cannot sync a folder, and needs not: its file system journals renames.
func (d disk) sync(path string) error {
	if err := d.step("sync", path); err != nil {
		return err
	}
	mode := os.O_RDWR
	if isDir(path) {
		if runtime.GOOS == "windows" {
			return nil
		}
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some network file systems do not know how to sync a folder.
	if err := f.Sync(); err != nil && !(errors.Is(err, syscall.EINVAL) && isDir(path)) {
		return err
	}
	return nil
}

// remove removes a file or an empty folder; one that is not there is no error.
func (d disk) remove(path string) error {
	if err := d.step("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeAll removes a folder and what is in it, entry by entry.
func (d disk) removeAll(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := filepath.Join(path, e.Name())
		if e.IsDir() {
			err = d.removeAll(p)
		} else {
			err = d.remove(p)
		}
		if err != nil {
			return err
		}
	}
	return d.remove(path)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// outputError returns err as an error about the output at path, with advice
// where there is some. An error that names its own place keeps it.
func outputError(path, msg string, err error) error {
	if err == nil {
		return nil
	}
	switch e := err.(type) {
	case *pipeline.Error:
		if e.Hint != "" {
			return err
		}
		advised := *e
		advised.Hint = advice(err)
		return &advised
	case *fs.PathError:
		if e.Path == path {
			err = e.Err // the message names the path already
		}
	case *os.LinkError:
		err = e.Err
	}
	return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: msg, Err: err, Hint: advice(err)}
}

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space or choose another output; the tables of the last run are untouched"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "make the folder writable or choose another output"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return "a file stands where a folder is needed: move it away or choose another output"
	case errors.Is(err, syscall.EXDEV):
		return "the whole output folder must be on one file system: choose another output"
	}
	return ""
}
