package web

import (
	"os"
	"path/filepath"

	"github.com/smeltdata/smelt/pipeline"
)

// WriteFile writes a file of a folder, which it makes: the file is there in full or
// as it was before. What fails is a *pipeline.Error of kind ErrOutput.
func WriteFile(dir, name string, text []byte) error {
	failed := func(file, msg string, err error) error {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: file, Msg: msg, Err: err, Hint: "--target-path names another folder"}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failed(dir, "cannot make the folder", err)
	}
	f, err := os.CreateTemp(dir, ".aside-*")
	if err != nil {
		return failed(dir, "cannot be written to", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(0o644) // a temporary file is the owner's alone
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return failed(filepath.Join(dir, name), "cannot be written", err)
	}
	return nil
}
