// Package site is a shop's documentation as files in a folder, and as a server:
// the page for people, and dbt's artefacts for the programs that read them.
package site

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/dbt"
	"github.com/smeltdata/smelt/internal/docs"
	"github.com/smeltdata/smelt/pipeline"
)

// Page is the file that people open.
const Page = "index.html"

// Write writes the documentation of a catalog into a folder, which it makes: the
// page, and beside it dbt's artefacts. A file is there in full or as it was before.
func Write(dir string, c *catalog.Catalog) error {
	var page bytes.Buffer
	if err := docs.Page(&page, c); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failed(dir, "cannot make the folder", err)
	}
	if err := dbt.Write(dir, c); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".index-*.html")
	if err != nil {
		return failed(dir, "cannot write the page", err)
	}
	_, err = f.Write(page.Bytes())
	if err == nil {
		err = f.Chmod(0o644) // a temporary file is the owner's alone
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, Page))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return failed(filepath.Join(dir, Page), "cannot write the page", err)
	}
	return nil
}

func failed(file, msg string, err error) error {
	return &pipeline.Error{Kind: pipeline.ErrOutput, File: file, Msg: msg, Err: err, Hint: "--target-path names another folder"}
}
