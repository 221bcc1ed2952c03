package dashboard

import (
	"embed"
	"encoding/json"
	"io"
	"slices"

	"github.com/smeltdata/smelt/internal/pagekit"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

//go:embed page
var files embed.FS

// scripts are the page's, in the order that they are put together, after the
// shared dom.js: book → figures → how they are written → the chart → views →
// the shell that routes between them.
var scripts = []string{
	"data.js", "derive.js", "cube.js", "format.js", "state.js", "ask.js",
	"colours.js", "chart.js", "parts.js", "plots.js", "world.js",
	"view_start.js", "view_sales.js", "view_customers.js", "view_products.js", "view_regions.js", "view_own.js",
	"filters.js", "app.js",
}

// Page writes the dashboards of b as one HTML file in UTF-8, complete without any
// other file. A page of mode "build" makes no request; one of mode "serve" asks the
// server that it came from for api/figures?from=&to=&country=&…, which answers with
// Figures as JSON, and listens to api/events, where "published" says that there are
// new ones. The browser is told to run nothing but the page's own scripts (a
// Content-Security-Policy by hashes); what the book says is data to it and never
// markup. It returns a *pipeline.Error of kind ErrOutput when w cannot be written,
// and of kind ErrData when the book has a number that JSON does not know.
func Page(w io.Writer, b *Book) error {
	book, err := json.Marshal(b) // which writes <, >, & and U+2028 as escapes
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: "the dashboards' figures could not be written as JSON", Err: err, Hint: "a figure is no number; run smelt again"}
	}
	codes, err := json.Marshal(countryCodes(b))
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: "the codes of countries could not be written as JSON", Err: err}
	}
	if _, err := w.Write(assembled(b.Mode, string(book), string(codes))); err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "the dashboards could not be written", Err: err, Hint: "see that the disk has room and the folder can be written to"}
	}
	return nil
}

// assembled puts the page together.
func assembled(mode, book, codes string) []byte {
	all := []string{pagekit.File("dom.js")}
	for _, name := range scripts {
		all = append(all, file(name))
	}
	theme, charts, script := pagekit.File("theme.js"), file("vendor/echarts.min.js"), pagekit.Script(all...)
	style := pagekit.File("base.css") + file("page.css")
	more := []string{"img-src data: blob:"} // a chart becomes a picture by way of one
	if mode == "serve" {
		more = append(more, "connect-src 'self'")
	}
	parts := pagekit.Parts{"theme": theme, "style": style, "book": book, "codes": codes, "world": file("world.json"), "charts": charts, "script": script,
		"policy": pagekit.Policy([]string{style}, []string{theme, charts, script}, more...)}
	return parts.Fill(file("page.html"))
}

// countryCodes are the ISO 3166-1 alpha-2 codes, which the map knows, of the
// countries of b that have one.
func countryCodes(b *Book) map[string]string {
	codes := map[string]string{}
	add := func(countries []string) {
		for _, c := range countries {
			if code := silver.CountryCode(c); code != "" {
				codes[c] = code
			}
		}
	}
	if i := slices.IndexFunc(b.Dimensions, func(d Dimension) bool { return d.Name == "country" }); i >= 0 {
		add(b.Dimensions[i].Values)
	}
	if b.Figures != nil && len(b.Figures.By["country"].Keys) > 0 { // one country alone is no dimension
		add(b.Figures.By["country"].Keys[0])
	}
	return codes
}

// file is an embedded file's text; the list above and the folder are kept in
// step by a test.
func file(name string) string { return pagekit.Read(files, "page/"+name) }
