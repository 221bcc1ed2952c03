package register

import (
	"fmt"
	"slices"
)

// constraint is a key that a table gets in Databricks.
type constraint struct {
	table   *Table
	name    string // unique within the schema
	columns []string
	parent  *constraint // of a foreign key: the primary key that it refers to
	rely    bool        // smelt makes sure of it, so the optimizer may count on it
}

// constraintsOf returns the keys that tables can have: only a Delta table has
// any, and only columns that are never NULL make a primary key.
func constraintsOf(tables []Table) []constraint {
	primary := map[string]*constraint{}
	var out []constraint
	for i := range tables {
		t := &tables[i]
		if t.Format != Delta || len(t.Key) == 0 || t.keyMayBeNull() {
			continue
		}
		primary[t.FullName()] = &constraint{table: t, name: t.Name + "_pk", columns: t.Key, rely: t.Unique}
		out = append(out, *primary[t.FullName()])
	}
	for i := range tables {
		t := &tables[i]
		for _, r := range t.References {
			if p := primary[r.Table]; t.Format == Delta && p != nil && slices.Equal(p.columns, []string{r.To}) {
				out = append(out, constraint{table: t, name: t.Name + "_" + r.Column + "_fk", columns: []string{r.Column}, parent: p, rely: p.rely})
			}
		}
	}
	return out
}

func (t *Table) keyMayBeNull() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Nullable && slices.Contains(t.Key, c.Name) })
}

// settled reports whether a catalog has the constraint. A foreign key has to
// be made anew with the primary key that it refers to.
func (c *constraint) settled(s state) bool {
	f := s[c.table.FullName()]
	return f != nil && slices.Equal(f.constraints[c.name], c.columns) && (c.parent == nil || c.parent.settled(s))
}

// constraints drops and adds the keys: foreign keys go before the primary
// keys that they need, and come after them. A foreign key that somebody else
// put on another table is not dropped: the statement that would have to fails.
func constraints(tables []Table, n Names) []statement {
	var dropForeign, dropPrimary, addPrimary, addForeign []statement
	for _, c := range constraintsOf(tables) {
		name := ident(n.parts(c.table.Layer, c.table.Name)...)
		drop := statement{table: c.table, settled: c.settled, need: "to own the table",
			sql: fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", name, ident(c.name))}
		add := statement{table: c.table, settled: c.settled, once: true, need: "to own the table"}
		rely := ""
		if c.rely {
			rely = " RELY"
		}
		if c.parent == nil {
			add.sql = fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY (%s)%s", name, ident(c.name), idents(c.columns), rely)
			dropPrimary, addPrimary = append(dropPrimary, drop), append(addPrimary, add)
			continue
		}
		p := c.parent
		add.need += ", and SELECT on " + n.dotted(p.table)
		add.sql = fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s)%s",
			name, ident(c.name), idents(c.columns), ident(n.parts(p.table.Layer, p.table.Name)...), idents(p.columns), rely)
		dropForeign, addForeign = append(dropForeign, drop), append(addForeign, add)
	}
	if len(addPrimary) > 0 {
		dropForeign = append(dropForeign, dropPrimary...)
		dropForeign[0].note = "Keys: Unity Catalog has no ADD IF NOT EXISTS, so they are dropped and added."
	}
	return slices.Concat(dropForeign, addPrimary, addForeign)
}

// tags marks where a table comes from and which columns are personal.
func tags(t *Table, n Names) []statement {
	name := ident(n.parts(t.Layer, t.Name)...)
	need := "APPLY TAG on the table, or to own it"
	out := []statement{{table: t, need: need, sql: fmt.Sprintf("ALTER TABLE %s SET TAGS ('source' = 'smelt', 'layer' = %s)", name, text(t.Layer))}}
	for _, c := range t.Columns {
		if c.PII != "" {
			out = append(out, statement{table: t, need: need, sql: fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET TAGS ('pii' = %s)", name, ident(c.Name), text(c.PII))})
		}
	}
	return out
}
