package dbt

import (
	"strings"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline"
)

// Named is what of a shop the artefacts call by a name: a table, or a check of one.
type Named struct {
	Name  string // "fact_sales", "not_null_fact_sales_order_id"
	FQN   string // "shop.silver.fact_sales"
	Table string // "silver.fact_sales"; of a check the one that it is about
	Check string // its ID; "" of a table
}

// Select returns what a selection in dbt's words means: names, and names in full as
// in fqn:shop.silver.fact_sales, with spaces between; "" is everything. A name that
// nothing has is an ErrConfig.
func Select(c *catalog.Catalog, selection string) ([]Named, error) {
	all := names(c)
	words := strings.Fields(selection)
	if len(words) == 0 {
		return all, nil
	}
	var out []Named
	for _, word := range words {
		full, isFull := strings.CutPrefix(word, "fqn:")
		n := len(out)
		for _, o := range all {
			if isFull && o.FQN == full || !isFull && o.Name == word {
				out = append(out, o)
			}
		}
		if len(out) == n {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: word, Msg: "there is no such model or test", Hint: "names are those of target/manifest.json, which smelt docs generate writes"}
		}
	}
	return out, nil
}

// names returns everything that has a name: the tables, then the checks.
func names(c *catalog.Catalog) (out []Named) {
	p := newProject(c)
	fqn := func(m *model, name string) string { return p.name + "." + m.layer + "." + name }
	for i := range p.Tables {
		m := p.models[p.Tables[i].Name]
		out = append(out, Named{m.name, fqn(m, m.name), m.table.Name, ""})
	}
	for _, t := range p.checks {
		out = append(out, Named{t.name, fqn(t.model, t.name), t.Table, t.Name})
	}
	return out
}
