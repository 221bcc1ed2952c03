package register

import (
	"context"
	"fmt"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Register makes the catalog hold the tables, and says what it did with each.
// Only what does not stand already is written. It is an error, before anything
// is written, where a name is taken by a table that is not over the lake's folder.
func (d *Databricks) Register(ctx context.Context, tables []Table, n Names) ([]Change, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	before, err := d.state(ctx, tables, n)
	if err != nil {
		return nil, err
	}
	if err := clash(tables, before, n); err != nil {
		return nil, err
	}
	p := planFor(tables, n)
	if err := d.makeSchemas(ctx, p.schemas, n); err != nil {
		return nil, err
	}
	changes := make([]Change, len(tables))
	made := false
	for i := range tables {
		t := &tables[i]
		changes[i] = Change{n.dotted(t), "unchanged"}
		f := before[t.FullName()]
		switch {
		case f == nil:
			changes[i].What = "created"
		case f.format != t.Format, t.Format == Parquet && len(drift(t, "", f, false)) > 0:
			// It is external and over this folder: dropping it loses no data.
			changes[i].What = "replaced"
			if _, err := d.run(ctx, statement{table: t, sql: "DROP TABLE IF EXISTS " + ident(n.parts(t.Layer, t.Name)...), need: "to own the table"}); err != nil {
				return nil, err
			}
		default:
			continue
		}
		d.note("creating " + changes[i].Table)
		if _, err := d.run(ctx, p.tables[i]); err != nil {
			return nil, err
		}
		made = true
	}
	now := before
	if made {
		if now, err = d.state(ctx, tables, n); err != nil {
			return nil, err
		}
		if err := d.stands(tables, now, n); err != nil {
			return nil, err
		}
	}
	synced, err := d.settle(ctx, p.sync, tables, now, changes)
	if err == nil && synced {
		now, err = d.state(ctx, tables, n)
	}
	if err == nil {
		_, err = d.settle(ctx, p.describe, tables, now, changes)
	}
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// makeSchemas creates the schemas that are missing. IF NOT EXISTS is not
// enough: it takes CREATE SCHEMA even where there is nothing to create.
func (d *Databricks) makeSchemas(ctx context.Context, all []statement, n Names) error {
	var names []string
	for _, s := range all {
		names = append(names, text(s.schema))
	}
	rows, err := d.run(ctx, statement{need: "USE CATALOG on " + n.Catalog,
		sql: "SELECT t.schema_name FROM " + ident(n.Catalog, "information_schema", "schemata") + " AS t WHERE lower(t.schema_name) IN (" + strings.Join(names, ", ") + ")"})
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, r := range rows {
		if len(r) == 1 && r[0] != nil {
			have[strings.ToLower(*r[0])] = true
		}
	}
	for _, s := range all {
		if have[s.schema] {
			continue
		}
		if _, err := d.run(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// settle runs the statements whose outcome does not stand already; done says
// whether there were any that could tell.
func (d *Databricks) settle(ctx context.Context, all []statement, tables []Table, now state, changes []Change) (done bool, err error) {
	for _, s := range all {
		if s.settled != nil && s.settled(now) {
			continue
		}
		if s.settled != nil { // tags are set again without a look
			done = true
			for i := range tables {
				if &tables[i] == s.table && changes[i].What == "unchanged" {
					changes[i].What = "changed"
					d.note("describing " + changes[i].Table)
				}
			}
		}
		if _, err := d.run(ctx, s); err != nil {
			return done, err
		}
	}
	return done, nil
}

// Check returns how the catalog differs from the lake, and changes nothing.
func (d *Databricks) Check(ctx context.Context, tables []Table, n Names) ([]Drift, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	s, err := d.state(ctx, tables, n)
	if err != nil {
		return nil, err
	}
	var out []Drift
	for i := range tables {
		t := &tables[i]
		out = append(out, drift(t, n.dotted(t), s[t.FullName()], t.Format == Delta)...)
	}
	for _, c := range constraintsOf(tables) {
		if f := s[c.table.FullName()]; f != nil && !c.settled(s) {
			out = append(out, Drift{n.dotted(c.table), c.name, "key", strings.Join(c.columns, ", "), strings.Join(f.constraints[c.name], ", ")})
		}
	}
	return out, nil
}

// clash returns an error for the first name that is somebody else's table.
func clash(tables []Table, s state, n Names) error {
	for i := range tables {
		t := &tables[i]
		f := s[t.FullName()]
		if f == nil || f.ours(t) {
			continue
		}
		where := f.location
		if where == "" {
			where = "no location"
		}
		if !f.external {
			where += ", and not external"
		}
		return &pipeline.Error{Kind: pipeline.ErrOutput, Table: n.dotted(t), Value: where, Msg: "this name is taken by a table of other files than " + t.Location,
			Hint: "use another --catalog or --schema-prefix, or drop that table"}
	}
	return nil
}

// stands checks what CREATE TABLE IF NOT EXISTS does not say: that each table
// is there, and over the lake's folder.
func (d *Databricks) stands(tables []Table, s state, n Names) error {
	if err := clash(tables, s, n); err != nil {
		return err
	}
	for i := range tables {
		if t := &tables[i]; s[t.FullName()] == nil {
			return &pipeline.Error{Kind: pipeline.ErrOutput, Table: n.dotted(t), Msg: "the table was created, but information_schema does not show it",
				Hint: "a table of somebody else that you may not see has this name: use another --catalog or --schema-prefix"}
		}
	}
	return nil
}

// state reads what the catalog has of the tables.
func (d *Databricks) state(ctx context.Context, tables []Table, n Names) (state, error) {
	byName := map[string]*Table{} // schema and table as the catalog has them, in lower case
	schemas := map[string]bool{}
	var list []string
	for i := range tables {
		t := &tables[i]
		schema := strings.ToLower(n.schema(t.Layer))
		byName[schema+"."+strings.ToLower(t.Name)] = t
		if !schemas[schema] {
			schemas[schema] = true
			list = append(list, text(schema))
		}
	}
	where := "WHERE lower(t.table_schema) IN (" + strings.Join(list, ", ") + ")"
	out := state{}
	read := func(columns int, sql string, row func(f *found, cells []string)) error {
		rows, err := d.run(ctx, statement{sql: sql, need: "USE CATALOG on " + n.Catalog})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if len(r) != columns {
				return d.fail(statement{}, fmt.Sprintf("a row of information_schema has %d cells, not %d", len(r), columns), "")
			}
			cells := make([]string, len(r))
			for i, c := range r {
				if c != nil {
					cells[i] = *c
				}
			}
			t := byName[strings.ToLower(cells[0]+"."+cells[1])]
			if t == nil {
				continue
			}
			f := out[t.FullName()]
			if f == nil {
				f = &found{constraints: map[string][]string{}}
				out[t.FullName()] = f
			}
			row(f, cells[2:])
		}
		return nil
	}
	schema := func(name string) string { return ident(n.Catalog, "information_schema", name) }
	err := read(6, "SELECT t.table_schema, t.table_name, t.table_type, t.data_source_format, t.storage_path, t.comment FROM "+schema("tables")+" AS t "+where,
		func(f *found, c []string) {
			f.external, f.format, f.location, f.comment = c[0] == "EXTERNAL", strings.ToLower(c[1]), c[2], c[3]
		})
	if err == nil && len(out) > 0 {
		err = read(6, "SELECT t.table_schema, t.table_name, t.column_name, t.full_data_type, t.is_nullable, t.comment FROM "+schema("columns")+" AS t "+where+
			" ORDER BY t.table_schema, t.table_name, t.ordinal_position",
			func(f *found, c []string) {
				f.columns = append(f.columns, foundColumn{name: c[0], text: strings.ToLower(c[1]), nullable: c[2] == "YES", comment: c[3]})
			})
	}
	if err == nil && len(out) > 0 {
		err = read(4, "SELECT t.table_schema, t.table_name, t.constraint_name, t.column_name FROM "+schema("key_column_usage")+" AS t "+where+
			" ORDER BY t.table_schema, t.table_name, t.constraint_name, t.ordinal_position",
			func(f *found, c []string) { f.constraints[c[0]] = append(f.constraints[c[0]], c[1]) })
	}
	return out, err
}
