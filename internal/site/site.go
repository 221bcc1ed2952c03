// Package site is a shop's documentation as files in a folder, and as a server:
// the page for people, and dbt's artefacts for the programs that read them.
package site

import (
	"bytes"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/dbt"
	"github.com/smeltdata/smelt/internal/docs"
	"github.com/smeltdata/smelt/internal/web"
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
	if err := web.WriteFile(dir, Page, page.Bytes()); err != nil {
		return err
	}
	return dbt.Write(dir, c)
}
