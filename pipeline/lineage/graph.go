package lineage

import "slices"

// Graph answers what a column is made from, and what is made of it. It is
// immutable and safe for concurrent use.
type Graph struct {
	into, out map[Column][]Edge
	columns   map[string][]Column // by table: its columns that anything is known of, in the order of the edges
}

// NewGraph returns the graph of edges, of which repeated ones count once.
func NewGraph(edges []Edge) *Graph {
	g := &Graph{into: map[Column][]Edge{}, out: map[Column][]Edge{}, columns: map[string][]Column{}}
	seen := map[Edge]bool{}
	for _, e := range edges {
		if seen[e] {
			continue
		}
		seen[e] = true
		g.into[e.To] = append(g.into[e.To], e)
		g.out[e.From] = append(g.out[e.From], e)
		for _, c := range []Column{e.From, e.To} {
			if c.Column != "" && !slices.Contains(g.columns[c.Table], c) {
				g.columns[c.Table] = append(g.columns[c.Table], c)
			}
		}
	}
	return g
}

// Into returns the edges that end at a column, or at a table's rows, in the
// order that they were given.
func (g *Graph) Into(c Column) []Edge { return g.into[c] }

// Out returns the edges that begin at a column, in the order that they were given.
func (g *Graph) Out(c Column) []Edge { return g.out[c] }

// Upstream returns every column that c depends on, and every table whose rows
// it depends on, nearest first and then in the order of the edges; c is not
// among them. What decides about the rows of a table is upstream of all its columns.
func (g *Graph) Upstream(c Column) []Column {
	return walk(c, func(c Column) (next []Column) {
		for _, e := range g.into[c] {
			next = append(next, e.From)
		}
		if rows := (Column{Table: c.Table}); c != rows && len(g.into[rows]) > 0 {
			next = append(next, rows)
		}
		return next
	})
}

// Downstream returns every column, and every table's rows, that depend on c, as
// Upstream has them: a is upstream of b where b is downstream of a.
func (g *Graph) Downstream(c Column) []Column {
	return walk(c, func(c Column) (next []Column) {
		if c.Column == "" {
			return g.columns[c.Table]
		}
		for _, e := range g.out[c] {
			next = append(next, e.To)
		}
		return next
	})
}

// walk returns what can be reached from a column, breadth first.
func walk(from Column, next func(Column) []Column) []Column {
	seen := map[Column]bool{from: true}
	var out []Column
	for queue := []Column{from}; len(queue) > 0; queue = queue[1:] {
		for _, c := range next(queue[0]) {
			if !seen[c] {
				seen[c] = true
				out, queue = append(out, c), append(queue, c)
			}
		}
	}
	return out
}
