package dbt

import (
	"fmt"
	"strings"
)

// exposure is something that people look at.
type exposure struct {
	id      string
	depends []string
	node    object
}

// page is the documentation page, which smelt docs generate writes beside the
// artefacts. It shows every table; the ones it is for are those of gold.
func (p *project) page() exposure {
	e := exposure{id: "exposure." + p.name + ".smelt_docs", depends: []string{}}
	refs := []object{}
	for _, t := range p.Tables {
		if m := p.models[t.Name]; m.layer == "gold" {
			e.depends, refs = append(e.depends, m.id), append(refs, ref(m.name))
		}
	}
	e.node = object{
		"name": "smelt_docs", "resource_type": "exposure", "package_name": p.name, "path": "smelt.yml", "original_file_path": "smelt.yml", "unique_id": e.id,
		"fqn": []string{p.name, "smelt_docs"}, "type": "application", "owner": object{"email": nil, "name": p.name},
		"description": "The documentation page that `smelt docs generate` writes and `smelt docs serve` shows: tables, columns, lineage, checks and runs.",
		"label":       "Documentation", "maturity": nil, "meta": object{}, "tags": []string{},
		"config": object{"enabled": true, "tags": []string{}, "meta": object{}}, "unrendered_config": object{}, "url": nil,
		"depends_on": object{"macros": []string{}, "nodes": e.depends}, "refs": refs, "sources": []string{}, "metrics": []string{}, "created_at": p.created(),
	}
	return e
}

// overview is the text that dbt's page opens with, in Markdown.
func (p *project) overview() string {
	var b strings.Builder
	title := p.Project
	if title == "" {
		title = p.name
	}
	fmt.Fprintf(&b, "# %s\n\nThe tables that [smelt](https://github.com/smeltdata/smelt) makes of the files of this shop: bronze holds the files as they are, typed and renamed; silver is cleansed and modelled; gold are the business's figures. All are made in one pass, and published together only when their checks pass.\n", title)
	if run := p.newest(); run != nil {
		what := "published"
		switch {
		case run.Command == "test":
			what = "which checked what is published"
		case !run.Published:
			what = "**not published**: the tables are those of an earlier run"
		}
		fmt.Fprintf(&b, "\nThe newest run, of %s UTC, %s. Checks: %d passed, %d warned, %d failed, %d skipped.\n", run.At.UTC().Format("2006-01-02 15:04"), what, run.Pass, run.Warn, run.Error, run.Skipped)
	}
	layer := ""
	for _, t := range p.Tables {
		m := p.models[t.Name]
		if m.layer != layer {
			layer = m.layer
			fmt.Fprintf(&b, "\n### %s\n\n", layer)
		}
		fmt.Fprintf(&b, "- [%s](#!/model/%s): %s\n", m.name, m.id, oneLine(t.Doc))
	}
	b.WriteString("\n### How to read it\n\n- The graph in the corner shows which table is made from which; a column's meta, `smelt_lineage`, says it by column.\n- The letters beside a column are its tests: N no NULL, U unique, F a key of another table, A one of some values, + any other rule.\n- A model's code means what smelt does, which works in Go: `smelt export dbt` writes it as a project. It is a comment where SQL cannot say it.\n")
	return b.String()
}
