// Package export puts the files of a project that smelt exports, for Power BI or for
// dbt, into a folder which may hold an earlier export of it.
package export

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// File is a file of a project.
type File struct {
	Path string // relative to the project's folder, "/"-separated
	Data []byte
}

// listed is the file that lists a project's files, by which the next export knows
// that a folder is its own, and what in it.
const listed = ".smelt-export"

// Write puts the files of a project into dir, which is made. It replaces the files
// of an export that was there, deletes those that are no more, and leaves all
// others alone. A folder with other content, or a file of someone else in the way,
// is an error of kind pipeline.ErrOutput, and nothing is written then. An export
// that was interrupted is finished by the next.
func Write(dir string, files []File) error {
	fail := func(path, msg, hint string, err error) error {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: msg, Hint: hint, Err: err}
	}
	before, err := former(dir)
	if err != nil {
		return err
	}
	var now []string
	for _, f := range files {
		now = append(now, f.Path)
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if have, err := os.ReadFile(path); err == nil && !slices.Contains(before, f.Path) && !bytes.Equal(have, f.Data) {
			return fail(path, "is not of a former export", "move it away, or name another folder", nil)
		}
	}
	list := func(paths []string) error {
		slices.Sort(paths)
		text := strings.Join(slices.Compact(paths), "\n") + "\n"
		if err := replace(filepath.Join(dir, listed), []byte(text)); err != nil {
			return fail(dir, "cannot write the project", "", err)
		}
		return nil
	}
	if err := list(slices.Concat(before, now)); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := replace(path, f.Data); err != nil {
			return fail(path, "cannot write the project", "", err)
		}
	}
	for _, path := range before {
		if !slices.Contains(now, path) {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fail(filepath.Join(dir, path), "cannot delete what the project has no more", "", err)
			}
			prune(dir, path)
		}
	}
	return list(now)
}

// former returns the files of the export in dir; an error where dir holds
// something else.
func former(dir string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, listed))
	if err == nil {
		paths := strings.Split(strings.TrimSpace(string(text)), "\n")
		if i := slices.IndexFunc(paths, func(p string) bool { return !filepath.IsLocal(filepath.FromSlash(p)) }); i >= 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: filepath.Join(dir, listed), Value: paths[i], Msg: "lists a file outside of its folder", Hint: "delete the folder, or name another one"}
		}
		return paths, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "is not a folder to write a project to", Err: err}
	}
	if len(entries) > 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "has other content than a former export", Hint: "name an empty or a new folder"}
	}
	return nil, nil
}

// replace writes a file whole, or leaves it as it was. One that has the content
// already is not touched.
func replace(path string, data []byte) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	aside := path + ".tmp"
	if err := os.WriteFile(aside, data, 0o666); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	return os.Rename(aside, path)
}

// prune deletes the folders of a deleted file that are empty now.
func prune(dir, path string) {
	for path = filepath.Dir(filepath.FromSlash(path)); path != "."; path = filepath.Dir(path) {
		if os.Remove(filepath.Join(dir, path)) != nil {
			return // it holds something
		}
	}
}
