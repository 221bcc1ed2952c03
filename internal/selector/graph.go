package selector

import (
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// graph says which tables a table is made of, and which are made of it. There may
// be cycles: a dimension has rows that only the fact names, and the fact takes
// values from the dimension.
type graph struct{ from, to map[string]set }

const unbounded = 1 << 30

func newGraph(tables []*pipeline.Table) graph {
	g := graph{map[string]set{}, map[string]set{}}
	for _, t := range tables {
		g.from[t.Name], g.to[t.Name] = set{}, set{}
	}
	for _, t := range tables {
		edges, _ := lineage.Of(t) // gold.Declarations has said what is wrong
		for _, e := range edges {
			if of := e.From.Table; g.from[of] != nil && of != t.Name {
				g.from[t.Name][of], g.to[of][t.Name] = true, true
			}
		}
	}
	return g
}

// walk returns tables and those that at most so many steps lead to.
func (g graph) walk(tables set, next map[string]set, steps int) set {
	seen, reached := set{}, tables
	for ; len(reached) > 0 && steps >= 0; steps-- {
		further := set{}
		for name := range reached {
			seen[name] = true
		}
		for name := range reached {
			for other := range next[name] {
				if !seen[other] {
					further[other] = true
				}
			}
		}
		reached = further
	}
	return seen
}
