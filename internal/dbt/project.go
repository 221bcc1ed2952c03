package dbt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// project is a catalog with the names that dbt knows things by.
type project struct {
	*catalog.Catalog
	name    string
	models  map[string]*model  // by table
	sources map[string]string  // unique IDs, by source
	checks  []*test            // those whose table is there
	made    map[string]madeBy  // by table
	kinds   map[string]testDef // of the checks, by macro
	sql     map[string]code    // by table
}

// model is what dbt calls a table.
type model struct {
	table       *catalog.Table
	layer, name string
	id          string // model.shop.fact_sales
	relation    string // "shop"."silver"."fact_sales"
}

// madeBy is what a table is made from.
type madeBy struct {
	from    []string                  // tables and sources, in the order of the project
	columns map[string][]lineage.Edge // by column
}

func newProject(c *catalog.Catalog) *project {
	p := &project{Catalog: c, name: Identifier(c.Project, "shop"), models: map[string]*model{}, sources: map[string]string{}, made: map[string]madeBy{}, kinds: map[string]testDef{}}
	order := map[string]int{}
	for _, s := range c.Sources {
		order[s.Name] = len(order)
		p.sources[s.Name] = "source." + p.name + ".files." + fileGroup(s.Name)
	}
	// A model's name must be the only one of the project: a table that is named as
	// one before it has its layer before its name. Those of smelt itself come first
	// and all differ, so what a shop declares changes none of their names.
	taken := map[string]bool{}
	for i := range c.Tables {
		t := &c.Tables[i]
		order[t.Name] = len(order)
		layer, base, _ := strings.Cut(t.Name, ".")
		name := Identifier(base, "table")
		for taken[name] {
			name = layer + "_" + name
		}
		taken[name] = true
		p.models[t.Name] = &model{table: t, layer: layer, name: name, id: "model." + p.name + "." + name, relation: quoted(p.name, layer, base)}
	}
	p.lineage(order)
	for i := range c.Checks {
		if m := p.models[c.Checks[i].Table]; m != nil {
			p.checks = append(p.checks, p.newTest(m, &c.Checks[i]))
		}
	}
	return p
}

// lineage sorts the edges by what they lead to. An edge that leads back to a
// table before is kept with its column only: dbt's graph of tables has no circles.
func (p *project) lineage(order map[string]int) {
	for _, e := range p.Edges {
		to := p.models[e.To.Table]
		if to == nil {
			continue
		}
		m := p.made[e.To.Table]
		if m.columns == nil {
			m.columns = map[string][]lineage.Edge{}
		}
		m.columns[e.To.Column] = append(m.columns[e.To.Column], e)
		if at, ok := order[e.From.Table]; ok && at < order[e.To.Table] && !slices.Contains(m.from, e.From.Table) {
			m.from = append(m.from, e.From.Table)
		}
		p.made[e.To.Table] = m
	}
	for t, m := range p.made {
		slices.SortFunc(m.from, func(a, b string) int { return order[a] - order[b] })
		p.made[t] = m
	}
}

// dependsOn returns what a table is made from as unique IDs, refs and sources.
func (p *project) dependsOn(table string) (nodes []string, refs []object, sources [][]string) {
	nodes, refs, sources = []string{}, []object{}, [][]string{}
	for _, f := range p.made[table].from {
		if id, ok := p.sources[f]; ok {
			nodes, sources = append(nodes, id), append(sources, []string{"files", fileGroup(f)})
			continue
		}
		nodes, refs = append(nodes, p.models[f].id), append(refs, ref(p.models[f].name))
	}
	return nodes, refs, sources
}

func ref(model string) object { return object{"name": model, "package": nil, "version": nil} }

// fileGroup is the name of a source without "source.".
func fileGroup(source string) string {
	return Identifier(strings.TrimPrefix(source, "source."), "files")
}

// quoted writes a relation's name.
func quoted(parts ...string) string {
	for i, s := range parts {
		parts[i] = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}

// Identifier makes a text a name that dbt takes: letters, digits and underscores,
// no digit first. Accents are left out, and whatever else there is between two of
// them is one underscore. A text of none of them is the name of last resort.
func Identifier(text, otherwise string) string {
	b := []byte{}
	named, gap := false, false
	for _, r := range norm.NFD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if gap && named {
				b = append(b, '_')
			}
			b, gap = append(b, byte(r)), false
			named = named || r != '_'
		default:
			gap = true
		}
	}
	switch {
	case !named:
		return otherwise
	case unicode.IsDigit(rune(b[0])):
		return "_" + string(b)
	}
	return string(b)
}

// dataType spells a column's type, which the documentation names in short, as
// DuckDB does. One that it does not know stays as it is.
func dataType(name string) string {
	name = strings.TrimSuffix(name, "?")
	if t, ok := dataTypes[name]; ok {
		return t
	}
	return name
}

var dataTypes = map[string]string{
	"string": "VARCHAR", "binary": "BLOB", "bool": "BOOLEAN", "int32": "INTEGER", "int64": "BIGINT",
	"date": "DATE", "ts": "TIMESTAMP WITH TIME ZONE",
	"price": "DECIMAL(18,4)", "rate": "DECIMAL(9,6)", "ratio": "DECIMAL(18,6)", "sum": "DECIMAL(28,4)",
}
