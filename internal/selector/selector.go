// Package selector says which tables and checks a selection means. The language
// is the useful part of dbt's node selection:
//
//	silver                       a layer
//	gold.customer_metrics        a table; customer_metrics, where one layer has it
//	gold.*sales*                 tables by a pattern: * any text, ? a character, [ab] one of some
//	tag:pii                      tables with a column that tells of a person
//	silver.fact_sales.quantity.range, *.range    checks by name or pattern
//	kind:unique  severity:warn   checks by what they demand, and what they mean
//	+x  x+  +x+  2+x  x+1        x and what it is made of, what is made of it, so many steps far
//	@x                           x, what is made of it, and all that this is made of
//	a b                          either
//	a,b                          both
//
// A table that is selected stands for all of its checks where checks are meant.
package selector

import (
	"maps"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// Space is what can be selected from. It is not changed once it is made.
type Space struct {
	tables []*pipeline.Table
	checks []check.Check
	graph  graph
}

// New returns the space of tables, whose graph is that of their lineage, and
// of their checks; nil where only tables can be selected.
func New(tables []*pipeline.Table, checks []check.Check) *Space {
	return &Space{tables: tables, checks: checks, graph: newGraph(tables)}
}

// set is a set of names: of tables, or of checks.
type set map[string]bool

// Tables returns the names of the tables that a selection means, in the order of
// the space's: those that one of selected means, none standing for all, without
// those that one of excluded does. Something that selects nothing is an error of
// kind pipeline.ErrConfig that says what there is, and so is an empty selection.
func (s *Space) Tables(selected, excluded []string) ([]string, error) {
	all := set{}
	for _, t := range s.tables {
		all[t.Name] = true
	}
	chosen, err := s.choose(selected, excluded, all, func(a atom) (set, error) {
		m, err := s.resolve(a)
		if err == nil && m.tables == nil {
			err = notTables(a)
		}
		return m.tables, err
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range s.tables {
		if chosen[t.Name] {
			out = append(out, t.Name)
		}
	}
	return out, nil
}

// Checks returns the names of the checks that a selection means, as Tables does
// for tables. A table stands for its checks.
func (s *Space) Checks(selected, excluded []string) (map[string]bool, error) {
	all := set{}
	for i := range s.checks {
		all[s.checks[i].ID()] = true
	}
	return s.choose(selected, excluded, all, func(a atom) (set, error) {
		m, err := s.resolve(a)
		if err != nil || m.tables == nil {
			return m.checks, err
		}
		return s.where(func(c *check.Check) bool { return m.tables[c.Table] }), nil
	})
}

// Ancestors returns tables and all that they are made of.
func (s *Space) Ancestors(tables []string) map[string]bool {
	from := set{}
	for _, name := range tables {
		from[name] = true
	}
	return s.graph.walk(from, s.graph.from, unbounded)
}

// choose evaluates a selection by what of makes of its atoms.
func (s *Space) choose(selected, excluded []string, all set, of func(atom) (set, error)) (set, error) {
	chosen, err := s.union(selected, of)
	if err != nil {
		return nil, err
	}
	if len(strings.Fields(strings.Join(selected, " "))) == 0 {
		if len(selected) > 0 {
			return nil, wrong("", "the selection is empty", "leave --select out to select everything")
		}
		chosen = all
	}
	less, err := s.union(excluded, of)
	if err != nil {
		return nil, err
	}
	chosen = maps.Clone(chosen)
	maps.DeleteFunc(chosen, func(name string, _ bool) bool { return less[name] })
	if len(chosen) == 0 {
		return nil, wrong(strings.Join(selected, " "), "nothing is selected", "parts that a comma joins select what all of them mean; --exclude takes away")
	}
	return chosen, nil
}

// union evaluates expressions: what any of their parts means, parts being what
// spaces separate, of which each is what all means that commas join.
func (s *Space) union(expressions []string, of func(atom) (set, error)) (set, error) {
	out := set{}
	for _, part := range strings.Fields(strings.Join(expressions, " ")) {
		var both set
		for _, text := range strings.Split(part, ",") {
			a, err := s.parse(text)
			if err != nil {
				return nil, err
			}
			m, err := of(a)
			if err != nil {
				return nil, err
			}
			if both == nil {
				both = maps.Clone(m)
			} else {
				maps.DeleteFunc(both, func(name string, _ bool) bool { return !m[name] })
			}
		}
		maps.Copy(out, both)
	}
	return out, nil
}
