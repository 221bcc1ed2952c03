package dbt

import (
	"strings"
	"time"
)

// catalog is catalog.json: what is published, and the files that were read.
func (p *project) catalog() object {
	nodes, sources := entries{}, entries{}
	for i := range p.Tables {
		t := &p.Tables[i]
		if !t.Published {
			continue
		}
		m := p.models[t.Name]
		columns := entries{}
		for j, c := range t.Columns {
			columns = append(columns, entry{c.Name, object{"type": dataType(c.Type), "index": j + 1, "name": c.Name, "comment": orNil(c.Doc)}})
		}
		_, base, _ := strings.Cut(t.Name, ".")
		nodes = append(nodes, entry{m.id, p.relation(m.id, m.layer, base, "BASE TABLE", t.Doc, columns, t.Rows, t.Bytes, t.Modified)})
	}
	for _, s := range p.Sources {
		if len(s.Files) == 0 {
			continue
		}
		columns := entries{}
		for j, c := range s.Columns {
			columns = append(columns, entry{c, object{"type": "", "index": j + 1, "name": c, "comment": nil}}) // files say no type
		}
		var rows, bytes int64
		var newest time.Time
		for _, f := range s.Files {
			rows, bytes = rows+f.Records, bytes+f.Bytes
			if f.Modified.After(newest) {
				newest = f.Modified
			}
		}
		id := p.sources[s.Name]
		if s.Table == "" {
			rows = -1 // those of lookups and lists are not counted
		}
		sources = append(sources, entry{id, p.relation(id, "files", fileGroup(s.Name), "FILES", describe(s), columns, rows, bytes, newest)})
	}
	return object{"metadata": p.metadata("catalog/v1"), "nodes": nodes, "sources": sources, "errors": nil}
}

// relation is one table, or one group of files, in the catalog.
func (p *project) relation(id, schema, name, kind, doc string, columns entries, rows, bytes int64, modified time.Time) object {
	stat := func(id, label, description string, value any, include bool) entry {
		return entry{id, object{"id": id, "label": label, "value": value, "include": include, "description": description}}
	}
	stats := entries{
		stat("has_stats", "Has Stats?", "Whether figures are known", true, false),
		stat("bytes", "Size", "Bytes of its files", bytes, true),
	}
	if rows >= 0 { // files of other programs need not say
		stats = append(stats, stat("num_rows", "Rows", "Rows, or records of files", rows, true))
	}
	if !modified.IsZero() {
		stats = append(stats, stat("last_modified", "Last Modified", "When it was written last, UTC", modified.UTC().Format("2006-01-02 15:04 UTC"), true))
	}
	return object{
		"metadata": object{"type": kind, "schema": schema, "name": name, "database": p.name, "comment": orNil(doc), "owner": nil},
		"columns":  columns, "stats": stats, "unique_id": id,
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
