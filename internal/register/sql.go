package register

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// statement is one SQL statement of a registration. Each may be run again,
// where repeatable says so, with the same outcome.
type statement struct {
	sql    string
	table  *Table // nil: of a schema or of all tables
	schema string // that it creates, in lower case
	note   string // what a reader of the script should know; "" = nothing
	need   string // privileges that it takes

	once    bool             // it fails where it has been done already
	settled func(state) bool // whether a catalog has it already; nil = it is always run
}

// plan is a registration in the order in which it must be run.
type plan struct {
	schemas  []statement
	tables   []statement // that there is a table of each name
	location statement   // raises where one of them is somebody else's
	sync     []statement // that the catalog knows what a Delta table's log says now
	describe []statement // what the tables mean, written only to tables that are ours
}

// planFor makes the plan for tables.
func planFor(tables []Table, n Names) plan {
	var p plan
	layers := map[string]bool{}
	for i := range tables {
		t := &tables[i]
		if !layers[t.Layer] {
			layers[t.Layer] = true
			p.schemas = append(p.schemas, statement{sql: fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS %s COMMENT %s", ident(n.parts(t.Layer)...), text(about(t.Layer))),
				schema: strings.ToLower(n.schema(t.Layer)), need: "USE CATALOG and CREATE SCHEMA on the catalog"})
		}
		p.tables = append(p.tables, createTable(t, n))
	}
	p.location = checkLocations(tables, n)
	for i := range tables {
		if t := &tables[i]; t.Format == Delta {
			p.sync = append(p.sync, statement{table: t, sql: "MSCK REPAIR TABLE " + ident(n.parts(t.Layer, t.Name)...) + " SYNC METADATA", need: "MODIFY and SELECT on the table",
				settled: func(s state) bool { return !shapeDrift(drift(t, "", s[t.FullName()], true)) }})
			p.describe = append(p.describe, describe(t, n)...)
		}
	}
	p.describe = append(p.describe, constraints(tables, n)...)
	for i := range tables {
		p.describe = append(p.describe, tags(&tables[i], n)...)
	}
	return p
}

// Script returns the SQL that registers tables in Databricks: statements that
// end in ; each, with comments. It can be run again and again; it stops where
// a table of another location has one of the names. Only constraints that
// smelt itself keeps are marked RELY.
func Script(tables []Table, n Names) []byte {
	var b bytes.Buffer
	b.WriteString(`-- Registers the tables of a lake in Unity Catalog, on Databricks. Written by "smelt register --sql".
-- It may be run again: what stands already stays as it is. It writes no rows.
-- Run all of it, and stop at the first error: the check of locations guards what follows it.
-- RELY marks what smelt itself makes sure of in every run: the keys of dimensions and gold tables,
-- which have one row per key, and the references to them, since silver adds a row for every customer and
-- product that only a sale names. A guest's customer_id is NULL and refers to nothing. The keys of bronze,
-- fact and quarantine tables name a record of a file; they are not marked.
`)
	p := planFor(tables, n)
	section := func(title string, all []statement) {
		if len(all) > 0 {
			fmt.Fprintf(&b, "\n-- %s\n", title)
		}
		for _, s := range all {
			if s.note != "" {
				fmt.Fprintf(&b, "-- %s\n", s.note)
			}
			fmt.Fprintf(&b, "%s;\n", s.sql)
		}
	}
	section("One schema for each layer.", p.schemas)
	section("External tables: a Delta table's columns come from its log.", p.tables)
	section("IF NOT EXISTS passes over a table of the same name that lies elsewhere: this raises an error then.", []statement{p.location})
	section("A table that was registered before learns what columns its log has now.", p.sync)
	section("What the tables mean. Comments and NOT NULL are written to a Delta table's log.", p.describe)
	return b.Bytes()
}

// ident quotes the parts of a name.
func ident(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = "`" + strings.ReplaceAll(p, "`", "``") + "`"
	}
	return strings.Join(quoted, ".")
}

// idents quotes names and puts commas between them.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = ident(name)
	}
	return strings.Join(quoted, ", ")
}

// text returns a string literal. A $ is escaped too, since notebooks and
// sessions replace ${…} before they parse.
func text(s string) string { return "'" + escapes.Replace(s) + "'" }

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "$", `\$`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`)

func createTable(t *Table, n Names) statement {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s", ident(n.parts(t.Layer, t.Name)...))
	s := statement{table: t, need: fmt.Sprintf("USE CATALOG, USE SCHEMA and CREATE TABLE, and CREATE EXTERNAL TABLE on the external location above %s", t.Location)}
	if t.Format == Delta {
		fmt.Fprintf(&b, " USING DELTA LOCATION %s", text(t.Location))
		s.sql = b.String()
		return s
	}
	// Databricks takes NOT NULL and keys for Delta tables only.
	b.WriteString(" (")
	for i := range t.Columns {
		c := &t.Columns[i]
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  %s %s", ident(c.Name), strings.ToUpper(c.dataType().text))
		if c.Doc != "" {
			fmt.Fprintf(&b, " COMMENT %s", text(c.Doc))
		}
	}
	b.WriteString("\n) USING PARQUET")
	if t.Doc != "" {
		fmt.Fprintf(&b, " COMMENT %s", text(t.Doc))
	}
	fmt.Fprintf(&b, " LOCATION %s", text(t.Location))
	s.sql = b.String()
	return s
}

// checkLocations raises an error that names every table that is not an
// external one of its format at its location.
func checkLocations(tables []Table, n Names) statement {
	schema := []string{"information_schema", "tables"}
	if n.Catalog != "" {
		schema = append([]string{n.Catalog}, schema...)
	}
	var b strings.Builder
	b.WriteString(`SELECT assert_true(count(*) = 0, concat('smelt: these names are taken by tables of other files; rename or drop them, or use --schema-prefix: ',
  array_join(sort_array(collect_list(concat(want.table_schema, '.', want.table_name, ' at ', coalesce(have.storage_path, 'no location'), ', not ', want.location))), '; ')))
FROM VALUES`)
	for i, t := range tables {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  (%s, %s, %s, %s)", text(strings.ToLower(n.schema(t.Layer))), text(t.Name), text(strings.ToUpper(t.Format)), text(plainLocation(t.Location)))
	}
	fmt.Fprintf(&b, "\nAS want (table_schema, table_name, format, location)\nLEFT JOIN %s AS have\n", ident(schema...))
	// A table that the session may not see has no row in have, and counts as taken.
	b.WriteString(`  ON lower(have.table_schema) = want.table_schema AND lower(have.table_name) = want.table_name
WHERE (have.table_type = 'EXTERNAL' AND have.data_source_format = want.format AND trim(TRAILING '/' FROM have.storage_path) = want.location) IS NOT TRUE`)
	return statement{sql: b.String(), need: "USE CATALOG, and to see the tables in information_schema"}
}

// describe states what a Delta table's columns and the table mean.
func describe(t *Table, n Names) []statement {
	name := ident(n.parts(t.Layer, t.Name)...)
	var out []statement
	if t.Doc != "" {
		out = append(out, statement{table: t, sql: "COMMENT ON TABLE " + name + " IS " + text(t.Doc), need: "MODIFY on the table, or to own it",
			settled: func(s state) bool { return s[t.FullName()].comment == t.Doc }})
	}
	var comments, required []string
	for _, c := range t.Columns {
		if c.Doc != "" {
			comments = append(comments, ident(c.Name)+" COMMENT "+text(c.Doc))
		}
		if !c.Nullable {
			required = append(required, ident(c.Name)+" SET NOT NULL")
		}
	}
	alter := func(changes []string, same func(Column, foundColumn) bool) {
		if len(changes) > 0 {
			out = append(out, statement{table: t, sql: "ALTER TABLE " + name + " ALTER COLUMN\n  " + strings.Join(changes, ",\n  "), need: "MODIFY on the table",
				settled: func(s state) bool { return everyColumn(t, s[t.FullName()], same) }})
		}
	}
	alter(comments, func(c Column, f foundColumn) bool { return c.Doc == "" || c.Doc == f.comment })
	alter(required, func(c Column, f foundColumn) bool { return c.Nullable || !f.nullable })
	return out
}

func everyColumn(t *Table, f *found, same func(Column, foundColumn) bool) bool {
	return !slices.ContainsFunc(t.Columns, func(c Column) bool {
		return !slices.ContainsFunc(f.columns, func(fc foundColumn) bool { return strings.EqualFold(fc.name, c.Name) && same(c, fc) })
	})
}
