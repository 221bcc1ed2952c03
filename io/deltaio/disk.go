package deltaio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// disk is every change that the package makes to the file system, but for the
// content of data files, one method for each. before, where set, is called
// ahead of each change and may refuse it: tests stop after any step with it.
type disk struct {
	before func(op, path string) error
}

type watchKey struct{}

// Watch returns a context under which Commit calls before ahead of each change
// to the disk, and fails where it returns an error: tests of what is built upon
// tables stop within a commit with it. nil does nothing.
func Watch(ctx context.Context, before func(op, path string) error) context.Context {
	return context.WithValue(ctx, watchKey{}, before)
}

func watched(ctx context.Context) disk {
	before, _ := ctx.Value(watchKey{}).(func(op, path string) error)
	return disk{before}
}

func (d disk) step(op, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(op, path)
}

// mkdir makes a folder and those above it, and makes them last.
func (d disk) mkdir(path string) error {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return nil
	}
	if err := d.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := d.step("mkdir", path); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// writeAside makes a synced file that no reader looks at, beside path.
func (d disk) writeAside(path string, content []byte) (aside string, err error) {
	aside = filepath.Join(filepath.Dir(path), asidePrefix+newUUID())
	if err := d.step("create", aside); err != nil {
		return "", err
	}
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	err = d.step("write", aside)
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = d.step("sync", aside)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = d.remove(aside)
		return "", err
	}
	return aside, nil
}

// asidePrefix begins the names of files that are not in place yet. What a
// killed process leaves of them is removed by Vacuum.
const asidePrefix = ".smelt-tmp-"

// putNew makes a file with the given content, whole and synced, if there is
// none: otherwise its error is fs.ErrExist, and nothing is changed. Of several
// that try at once one succeeds. Where placed is true the file is there, though
// the error may say that the disk has not confirmed it.
func (d disk) putNew(path string, content []byte) (placed bool, err error) {
	aside, err := d.writeAside(path, content)
	if err != nil {
		return false, err
	}
	defer func() { _ = d.remove(aside) }()
	if err := d.step("link", path); err != nil {
		return false, err
	}
	if err := os.Link(aside, path); err != nil {
		return false, err
	}
	return true, d.syncDir(filepath.Dir(path))
}

// replace makes a file with the given content, or puts it in an older one's
// place: readers see the old or the new one, whole.
func (d disk) replace(path string, content []byte) error {
	aside, err := d.writeAside(path, content)
	if err != nil {
		return err
	}
	if err = d.step("rename", path); err == nil {
		err = os.Rename(aside, path)
	}
	if err != nil {
		_ = d.remove(aside)
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// syncDir makes a folder's entries survive a loss of power. Windows cannot sync
// a folder, and needs not; some network file systems do not know how to.
func (d disk) syncDir(path string) error {
	if err := d.step("sync", path); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// remove removes a file; one that is not there is no error.
func (d disk) remove(path string) error {
	if err := d.step("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
