package dbt

import (
	"fmt"
	"strings"
	"time"

	"github.com/smeltdata/smelt/internal/catalog"
)

// named is how many files of a source are named.
const named = 3

// noCriteria: smelt has no threshold for how old files may be.
func noCriteria() object {
	never := object{"count": nil, "period": nil}
	return object{"warn_after": never, "error_after": never, "filter": nil}
}

// sourceNode is a group of files in the manifest.
func (p *project) sourceNode(s catalog.Source) object {
	name := fileGroup(s.Name)
	columns := entries{}
	for _, c := range s.Columns {
		columns = append(columns, entry{c, object{
			"name": c, "description": "", "meta": object{}, "data_type": nil, "constraints": []string{}, "quote": nil,
			"config": object{"meta": object{}, "tags": []string{}}, "tags": []string{}, "granularity": nil, "doc_blocks": []string{},
		}})
	}
	return object{
		"database": p.name, "schema": "files", "name": name, "resource_type": "source", "package_name": p.name,
		"path": "smelt.yml", "original_file_path": "smelt.yml", "unique_id": p.sources[s.Name], "fqn": []string{p.name, "files", name},
		"source_name": "files", "source_description": "The files of the shop, as smelt.yml names them.", "loader": "", "identifier": name,
		"quoting":         object{"database": nil, "schema": nil, "identifier": nil, "column": nil},
		"loaded_at_field": nil, "loaded_at_query": nil, "freshness": noCriteria(), "external": nil,
		"description": describe(s), "columns": columns, "meta": object{}, "source_meta": object{}, "tags": []string{},
		"config":     object{"enabled": true, "event_time": nil, "freshness": noCriteria(), "loaded_at_field": nil, "loaded_at_query": nil, "meta": object{}, "tags": []string{}, "static_analysis": nil},
		"patch_path": nil, "unrendered_config": object{}, "relation_name": nil, "created_at": p.created(),
		"unrendered_database": nil, "unrendered_schema": nil, "doc_blocks": []string{},
	}
}

// describe names the first files of a source, and the table that they fill.
func describe(s catalog.Source) string {
	of := "Files beside the tables'"
	if s.Table != "" {
		of = "Files of bronze." + s.Table
	}
	if len(s.Files) == 0 {
		return of + "; none was read yet."
	}
	var names []string
	for _, f := range s.Files[:min(len(s.Files), named)] {
		names = append(names, f.Name)
	}
	out := of + ": " + strings.Join(names, ", ")
	if more := len(s.Files) - len(names); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out + "."
}

// freshness is sources.json: how old the newest file of each source was.
func (p *project) freshness() object {
	results := []object{}
	for _, s := range p.Sources {
		var newest time.Time
		for _, f := range s.Files {
			if f.Modified.After(newest) {
				newest = f.Modified
			}
		}
		if newest.IsZero() {
			continue // nothing of it was read yet
		}
		results = append(results, object{
			"unique_id": p.sources[s.Name], "max_loaded_at": stamp(newest), "snapshotted_at": stamp(p.At),
			"max_loaded_at_time_ago_in_s": p.At.Sub(newest).Seconds(), "status": "pass", "criteria": noCriteria(),
			"adapter_response": object{}, "timing": []string{}, "thread_id": "smelt", "execution_time": 0,
		})
	}
	return object{"metadata": p.metadata("sources/v3"), "results": results, "elapsed_time": 0}
}
