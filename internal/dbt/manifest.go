package dbt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/internal/catalog"
)

// shown is what dbt says of docs by default.
var shown = object{"show": true, "node_color": nil}

// created is when things were made, in seconds since 1970.
func (p *project) created() float64 { return float64(p.At.UnixMilli()) / 1000 }

// manifest is manifest.json: models, tests, sources and how they hang together.
func (p *project) manifest() object {
	var nodes, sources, exposures entries
	parents := map[string][]string{}
	add := func(to *entries, id string, depends []string, node object) {
		*to = append(*to, entry{id, node})
		parents[id] = depends
	}
	for _, s := range p.Sources {
		add(&sources, p.sources[s.Name], nil, p.sourceNode(s))
	}
	for i := range p.Tables {
		m := p.models[p.Tables[i].Name]
		depends, _, _ := p.dependsOn(m.table.Name)
		add(&nodes, m.id, depends, p.modelNode(m))
	}
	for _, t := range p.checks {
		depends := []string{t.model.id}
		if t.to != nil && t.to != t.model {
			depends = []string{t.to.id, t.model.id} // OpenLineage's reader takes the last one for the test's own
		}
		add(&nodes, t.id, depends, p.testNode(t))
	}
	page := p.page()
	add(&exposures, page.id, page.depends, page.node)
	overview := "doc." + p.name + ".__overview__"

	m := p.metadata("manifest/v12")
	m["project_name"], m["project_id"] = p.name, hash(p.name)[:32]
	m["user_id"], m["send_anonymous_usage_stats"] = nil, false
	m["adapter_type"] = "duckdb"
	m["quoting"] = object{"database": true, "schema": true, "identifier": true, "column": nil}
	m["run_started_at"] = m["invocation_started_at"]
	parentMap, childMap := maps(slices.Concat(nodes, sources, exposures), parents)
	return object{
		"metadata": m, "nodes": nodes, "sources": sources, "macros": p.macros(), "exposures": exposures,
		"docs": entries{{overview, object{
			"name": "__overview__", "resource_type": "doc", "package_name": p.name, "path": "overview.md", "original_file_path": "docs/overview.md",
			"unique_id": overview, "block_contents": p.overview(),
		}}},
		"parent_map": parentMap, "child_map": childMap,
		"metrics": object{}, "groups": object{}, "selectors": object{}, "disabled": object{}, "group_map": object{},
		"saved_queries": object{}, "semantic_models": object{}, "unit_tests": object{}, "functions": object{},
	}
}

// maps returns what each node is made from, and what is made from it.
func maps(nodes entries, parents map[string][]string) (parentMap, childMap entries) {
	children := map[string][]string{}
	for _, n := range nodes {
		for _, from := range parents[n.key] {
			children[from] = append(children[from], n.key)
		}
	}
	for _, n := range nodes {
		parentMap = append(parentMap, entry{n.key, append([]string{}, parents[n.key]...)})
		slices.Sort(children[n.key])
		childMap = append(childMap, entry{n.key, append([]string{}, children[n.key]...)})
	}
	return parentMap, childMap
}

// yaml and sql are where a dbt project would have the model; smelt has no such
// files, but dbt's page makes its tree of them.
func (m *model) yaml() string { return "models/" + m.layer + "/" + m.name + ".yml" }
func (m *model) sql() string  { return m.layer + "/" + m.name + ".sql" }

// modelNode is a table in the manifest.
func (p *project) modelNode(m *model) object {
	t := m.table
	_, base, _ := strings.Cut(t.Name, ".")
	depends, refs, sources := p.dependsOn(t.Name)
	written, compiled := p.sql[t.Name]
	code := written.raw
	if !compiled {
		code = p.comment(m)
	}
	tags := []string{m.layer}
	var columns entries
	nullable := map[string]bool{}
	contract := ""
	for i := range t.Columns {
		c := &t.Columns[i]
		if nullable[c.Name] = c.Nullable; c.PII != "" && !slices.Contains(tags, "pii") {
			tags = append(tags, "pii")
		}
		contract += fmt.Sprintf("|%s %s %t", c.Name, dataType(c.Type), c.Nullable)
		columns = append(columns, entry{c.Name, p.columnNode(t, c)})
	}
	// A primary key has no NULL; a key that may have one is only unique.
	constraints, primary := []object{}, []string{}
	if len(t.Key) > 0 && !slices.ContainsFunc(t.Key, func(c string) bool { return nullable[c] }) {
		k := constraint("primary_key")
		k["columns"] = t.Key
		constraints, primary = append(constraints, k), t.Key
	}
	// Bronze and silver grow by what a run adds; gold is written anew.
	materialized, onChange, key := "table", "ignore", any(nil)
	if m.layer != "gold" {
		materialized, onChange = "incremental", "append_new_columns"
		if len(t.Key) > 0 {
			key = t.Key
		}
	}
	enforced := object{"enforced": true, "alias_types": true}
	node := object{
		"database": p.name, "schema": m.layer, "name": m.name, "resource_type": "model", "package_name": p.name,
		"path": m.sql(), "original_file_path": "models/" + m.sql(), "unique_id": m.id, "fqn": []string{p.name, m.layer, m.name}, "alias": base,
		"checksum": object{"name": "sha256", "checksum": hash(code)},
		"config": object{
			"enabled": true, "alias": base, "schema": m.layer, "database": nil, "tags": tags, "meta": object{}, "group": nil, "static_analysis": nil,
			"materialized": materialized, "incremental_strategy": nil, "batch_size": nil, "lookback": 1, "begin": nil, "persist_docs": object{},
			"post-hook": []string{}, "pre-hook": []string{}, "quoting": object{}, "column_types": object{}, "full_refresh": nil, "unique_key": key,
			"on_schema_change": onChange, "on_configuration_change": "apply", "grants": object{}, "packages": []string{}, "docs": shown,
			"contract": enforced, "event_time": nil, "concurrent_batches": nil, "access": "protected", "freshness": nil,
		},
		"tags": tags, "description": t.Doc, "columns": columns, "meta": object{}, "group": nil, "docs": shown,
		"patch_path": p.name + "://" + m.yaml(), "build_path": nil, "unrendered_config": object{}, "created_at": p.created(),
		"relation_name": m.relation, "raw_code": code, "doc_blocks": []string{}, "language": "sql",
		"refs": refs, "sources": sources, "metrics": []string{}, "functions": []string{},
		"depends_on": object{"macros": []string{}, "nodes": depends}, "compiled_path": nil,
		"contract": object{"enforced": true, "alias_types": true, "checksum": hash(contract)},
		"access":   "protected", "constraints": constraints, "version": nil, "latest_version": nil, "deprecation_date": nil,
		"primary_key": primary, "time_spine": nil,
	}
	if compiled {
		node["compiled"], node["compiled_code"], node["extra_ctes"], node["extra_ctes_injected"] = true, written.compiled, []string{}, true
	}
	return node
}

// columnNode is a column in the manifest, with its lineage in its meta.
func (p *project) columnNode(t *catalog.Table, c *catalog.Column) object {
	meta := object{}
	for key, value := range map[string]string{"formula": c.Formula, "unit": c.Unit, "pii": c.PII} {
		if value != "" {
			meta[key] = value
		}
	}
	var from []object
	for _, e := range p.made[t.Name].columns[c.Name] {
		from = append(from, object{"table": e.From.Table, "column": e.From.Column, "kind": e.Kind})
	}
	if from != nil {
		meta["smelt_lineage"] = from
	}
	constraints := []object{}
	if !c.Nullable {
		constraints = append(constraints, constraint("not_null"))
	}
	tags := columnTags(c)
	return object{
		"name": c.Name, "description": c.Doc, "meta": meta, "data_type": dataType(c.Type), "constraints": constraints, "quote": nil,
		"config": object{"meta": meta, "tags": tags}, "tags": tags, "granularity": nil, "doc_blocks": []string{},
	}
}

// column returns a table's column, nil where it has none of the name.
func column(t *catalog.Table, name any) *catalog.Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

func columnTags(c *catalog.Column) []string {
	if c.PII != "" {
		return []string{"pii"}
	}
	return []string{}
}

func constraint(kind string) object {
	return object{"type": kind, "name": nil, "expression": nil, "warn_unenforced": true, "warn_unsupported": true, "to": nil, "to_columns": []string{}}
}

// comment stands where dbt has a model's SQL: it says what the columns are made from.
func (p *project) comment(m *model) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s is made by smelt, in one pass with all other tables, by Go and not by SQL.\n-- What its columns are made from:\n", m.table.Name)
	for _, c := range m.table.Columns {
		fmt.Fprintf(&b, "--   %s %s", c.Name, dataType(c.Type))
		if !c.Nullable {
			b.WriteString(" NOT NULL")
		}
		if c.Formula != "" {
			b.WriteString(" = " + oneLine(c.Formula))
		}
		var values, rows []string
		for _, e := range p.made[m.table.Name].columns[c.Name] {
			from := e.From.Table + "." + e.From.Column
			if e.Kind.Direct() {
				values = append(values, from)
			} else {
				rows = append(rows, from+" ("+string(e.Kind)+")")
			}
		}
		if values != nil {
			b.WriteString(" from " + strings.Join(values, ", "))
		}
		if rows != nil {
			b.WriteString("; rows by " + strings.Join(rows, ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// oneLine keeps a comment in its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
