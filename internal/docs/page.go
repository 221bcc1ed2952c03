// Package docs writes the documentation of a lake: one HTML file that needs
// nothing else, no server and no network.
//
// The page is plain HTML, CSS and JavaScript of the folder page. Its scripts run
// one after the other in one function, in the order of the list below: data →
// index → what views share → views → the shell that routes between them.
package docs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline"
)

//go:embed page
var files embed.FS

// scripts are the page's, in the order that they are put together.
var scripts = []string{
	"data.js", "dom.js", "format.js", "parts.js", "trend.js", "layout.js", "chart.js",
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
	var script strings.Builder
	script.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range scripts {
		script.WriteString(file(name) + "\n")
	}
	script.WriteString("})();\n")
	page := parts{"theme": file("theme.js"), "style": file("page.css"), "data": string(data), "script": script.String()}
	page["policy"] = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src " + hash(page["style"]) +
		"; script-src " + hash(page["theme"]) + " " + hash(page["script"])
	if _, err := w.Write(page.fill(file("page.html"))); err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "the documentation could not be written", Err: err, Hint: "see that the disk has room and the folder can be written to"}
	}
	return nil
}

// parts are what the placeholders of page.html, {{name}}, stand for.
type parts map[string]string

// fill replaces each placeholder once, looking at the template only: what is put
// in may have braces of its own.
func (p parts) fill(template string) []byte {
	var out bytes.Buffer
	for {
		before, rest, found := strings.Cut(template, "{{")
		out.WriteString(before)
		if !found {
			return out.Bytes()
		}
		name, after, _ := strings.Cut(rest, "}}")
		out.WriteString(p[name])
		template = after
	}
}

// hash is how a policy names an inline script or style.
func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// file is an embedded file's text; the list above and the folder are kept in
// step by a test.
func file(name string) string {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic("docs: " + err.Error()) // a file that is not embedded is a bug
	}
	return string(text)
}
