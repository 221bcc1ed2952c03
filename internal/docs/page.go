// Package docs writes the documentation of a lake: one HTML file that needs
// nothing else, no server and no network.
//
// The page is plain HTML, CSS and JavaScript of the folder page. Its scripts run
// one after the other in one function, in the order of the list below: data →
// index → what views share → views → the shell that routes between them.
package docs

import (
	"embed"
	"encoding/json"
	"io"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/pagekit"
	"github.com/smeltdata/smelt/pipeline"
)

//go:embed page
var files embed.FS

// scripts are the page's, in the order that they are put together, after the
// shared dom.js.
var scripts = []string{
	"data.js", "links.js", "lazy.js", "format.js", "parts.js", "trend.js", "layout.js", "chart.js",
	"view_overview.js", "view_tables.js", "view_table.js", "view_checks.js", "view_check.js", "view_runs.js", "view_run.js",
	"view_sources.js", "view_graph.js", "view_entities.js", "view_lineage.js",
	"search.js", "app.js",
}

// Page writes the documentation of c as one HTML file in UTF-8, complete without
// any other file or request. The browser is told to run nothing but the page's
// own script and to fetch nothing (a Content-Security-Policy by hashes); what
// the catalog says is data to it and never markup. It returns a *pipeline.Error
// of kind ErrOutput when w cannot be written, and of kind ErrData when the
// catalog has a number that JSON does not know.
func Page(w io.Writer, c *catalog.Catalog) error {
	data, err := json.Marshal(c) // which writes <, >, & and U+2028 as escapes
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: "the documentation's data could not be written as JSON", Err: err,
			Hint: "a duration of a run is no number; run smelt again"}
	}
	all := []string{pagekit.File("dom.js")}
	for _, name := range scripts {
		all = append(all, file(name))
	}
	theme, style, script := pagekit.File("theme.js"), pagekit.File("base.css")+file("page.css"), pagekit.Script(all...)
	page := pagekit.Parts{"theme": theme, "style": style, "data": string(data), "script": script,
		"policy": pagekit.Policy([]string{style}, []string{theme, script}, "img-src data:")}
	if _, err := w.Write(page.Fill(file("page.html"))); err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "the documentation could not be written", Err: err, Hint: "see that the disk has room and the folder can be written to"}
	}
	return nil
}

// file is an embedded file's text; the list above and the folder are kept in
// step by a test.
func file(name string) string { return pagekit.Read(files, "page/"+name) }
