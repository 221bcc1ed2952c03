package dbt

import (
	"slices"
	"strings"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline/check"
)

// test is what dbt calls a check.
type test struct {
	*catalog.Check
	model     *model
	to        *model // the other table of the rule, or nil
	name, id  string
	def       testDef
	namespace any // "smelt", or nil of dbt's own
	kwargs    object
	column    any // the one that it is about, or nil
}

// testDef is a generic test: dbt's own, or one of the package smelt.
type testDef struct{ pkg, name string }

func (d testDef) macro() string { return "macro." + d.pkg + ".test_" + d.name }

// newTest names a check as dbt does: by the kind, the model and the columns where
// smelt named it, else by the name that the shop gave it.
func (p *project) newTest(m *model, c *catalog.Check) *test {
	t := &test{Check: c, model: m, def: testDef{"smelt", Identifier(c.Kind, "check")}}
	rule := c.Rule
	if rule == nil {
		rule = &check.Check{}
	}
	t.kwargs = object{"model": "{{ get_where_subquery(ref('" + m.name + "')) }}"}
	if len(c.Columns) == 1 {
		t.column, t.kwargs["column_name"] = c.Columns[0], c.Columns[0]
	} else if len(c.Columns) > 1 {
		t.kwargs["combination_of_columns"] = c.Columns
	}
	set := func(key, value string) {
		if value != "" {
			t.kwargs[key] = value
		}
	}
	// to sets what the rule says of a column of another table.
	to := func() bool {
		at := strings.LastIndexByte(rule.To, '.')
		if at < 0 || p.models[rule.To[:at]] == nil {
			return false
		}
		t.to = p.models[rule.To[:at]]
		t.kwargs["to"], t.kwargs["field"] = "ref('"+t.to.name+"')", rule.To[at+1:]
		return true
	}
	// Only what is known in full is a test of dbt's: others would read it wrongly.
	dbts := false
	switch check.Kind(c.Kind) {
	case check.NotNull:
		dbts = t.column != nil
	case check.Unique:
		dbts = t.column != nil
		if !dbts {
			t.def.name = "unique_combination_of_columns" // as dbt's world knows it; dbt takes a primary key from it
		}
	case check.AcceptedValues:
		dbts = len(rule.Values) > 0 && t.column != nil
		if dbts {
			t.kwargs["values"] = rule.Values
		}
	case check.Relationships:
		dbts = to() && t.column != nil
	case check.SumEquals:
		to()
	case check.Range, check.RowCount:
		set("min_value", rule.Min)
		set("max_value", rule.Max)
	case check.Regex:
		set("regex", rule.Pattern)
	case check.Expression:
		set("expression", rule.Condition)
	case check.Freshness:
		if rule.Within > 0 {
			set("within", rule.Within.String())
		}
	default:
		set("says", c.Says)
	}
	prefix := "smelt_"
	if dbts {
		t.def.pkg, prefix = "dbt", ""
	} else {
		t.namespace = "smelt"
	}
	p.kinds[t.def.macro()] = t.def
	t.name = Identifier(c.Name, "check")
	if strings.HasPrefix(c.Name, c.Table+".") && strings.HasSuffix(c.Name, "."+c.Kind) {
		t.name = Identifier(strings.Join(append([]string{prefix + t.def.name, m.name}, c.Columns...), "_"), "check")
	}
	t.id = "test." + p.name + "." + t.name + "." + hash(c.Table + "\n" + c.Name)[:10]
	return t
}

// node is the test in the manifest.
func (p *project) testNode(t *test) object {
	severity, warn, fail := limits(t.Check)
	var where any
	if t.Rule != nil && t.Rule.Where != "" {
		where = t.Rule.Where
	}
	call := "{{ test_" + t.def.name + "(**_dbt_generic_test_kwargs) }}"
	if t.def.pkg != "dbt" {
		call = "{{ " + t.def.pkg + ".test_" + t.def.name + "(**_dbt_generic_test_kwargs) }}"
	}
	models := []*model{t.model}
	if t.to != nil && t.to != t.model {
		// dbt's page takes the model of relationships from the end, of others from
		// the beginning.
		if models = append(models, t.to); t.def.pkg == "dbt" {
			slices.Reverse(models)
		}
	}
	nodes, refs := []string{}, []object{}
	for _, m := range models {
		nodes, refs = append(nodes, m.id), append(refs, ref(m.name))
	}
	tags := []string{}
	if c := column(t.model.table, t.column); c != nil {
		tags = columnTags(c)
	}
	description := t.Says
	if t.Doc != "" {
		description = t.Doc
	}
	return object{
		"database": p.name, "schema": "dbt_test__audit", "name": t.name, "resource_type": "test", "package_name": p.name,
		"path": t.name + ".sql", "original_file_path": t.model.yaml(), "unique_id": t.id,
		"fqn": []string{p.name, t.model.layer, t.name}, "alias": t.name, "checksum": object{"name": "none", "checksum": ""},
		"config": object{
			"enabled": true, "alias": nil, "schema": "dbt_test__audit", "database": nil, "tags": []string{}, "meta": object{}, "group": nil, "static_analysis": nil,
			"materialized": "test", "severity": severity, "store_failures": nil, "store_failures_as": nil, "where": where, "limit": nil,
			"fail_calc": "count(*)", "warn_if": warn, "error_if": fail,
		},
		"tags": tags, "description": description, "columns": object{}, "meta": object{}, "group": nil, "docs": shown, "patch_path": nil, "build_path": nil,
		"unrendered_config": object{}, "created_at": p.created(), "relation_name": nil, "raw_code": call, "doc_blocks": []string{}, "language": "sql",
		"refs": refs, "sources": []string{}, "metrics": []string{}, "functions": []string{},
		"depends_on":    object{"macros": []string{t.def.macro()}, "nodes": nodes},
		"compiled_path": nil, "contract": object{"enforced": false, "alias_types": true, "checksum": nil},
		"column_name": t.column, "file_key_name": "models." + t.model.name, "attached_node": t.model.id,
		"test_metadata": object{"name": t.def.name, "kwargs": t.kwargs, "namespace": t.namespace},
	}
}

// limits says in dbt's words how many failing rows are too many. dbt looks at
// error_if only where the severity is ERROR, and at it first; of a limit in
// percent it knows nothing, which is there to be read.
func limits(c *catalog.Check) (severity, warn, fail string) {
	const any = "!= 0"
	severity, warn, fail = "ERROR", any, any
	if c.Severity == string(check.Warn) {
		severity = "WARN"
	}
	if c.Rule == nil {
		return severity, warn, fail
	}
	over := func(l *check.Limit) string {
		if l == nil || *l == (check.Limit{}) {
			return any
		}
		return "> " + l.String()
	}
	warn, fail = over(c.Rule.WarnIf), over(c.Rule.ErrorIf)
	switch {
	case severity == "WARN" && c.Rule.ErrorIf != nil:
		severity = "ERROR" // only beyond error_if; a warning before it
	case severity == "ERROR" && c.Rule.WarnIf == nil:
		warn = fail // never a warning: the error comes first
	}
	return severity, warn, fail
}

// macros are the generic tests' definitions. They hold no SQL: a test's rule is
// evaluated in Go.
func (p *project) macros() entries {
	var out entries
	ids := make([]string, 0, len(p.kinds))
	for id := range p.kinds {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		d := p.kinds[id]
		path := "tests/generic/" + d.name + ".sql"
		out = append(out, entry{id, object{
			"name": "test_" + d.name, "resource_type": "macro", "package_name": d.pkg, "path": path, "original_file_path": path, "unique_id": id,
			"macro_sql":  "{% test " + d.name + "(model) %}\n  {# smelt evaluates this rule in Go, while it writes the table. #}\n{% endtest %}",
			"depends_on": object{"macros": []string{}}, "description": "A rule that smelt evaluates while it writes the table.",
			"meta": object{}, "docs": shown, "config": object{"meta": object{}, "docs": shown}, "patch_path": nil, "arguments": []string{}, "created_at": p.created(), "supported_languages": nil,
		}})
	}
	return out
}
