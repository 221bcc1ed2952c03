package catalogtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is a table of the metastore behind Databricks.
type Table struct {
	Type, Format, Location, Comment string // "EXTERNAL", "DELTA"
	Columns                         []Column
	Primary                         *Key
	Foreign                         []Key
	Tags                            map[string]string // "key" or "column.key"
}

// Column is a column of a Table. Type is in SQL, in lower case.
type Column struct {
	Name, Type, Comment string
	Nullable            bool
}

// Key is a constraint.
type Key struct {
	Name    string
	Columns []string
	Parent  string // of a foreign key: catalog.schema.table
	Rely    bool
}

// metastore runs SQL statements: those that registering takes, as Databricks
// documents them, and no others.
type metastore struct {
	catalogs []string
	schemas  map[string]string // by name: the comment
	tables   map[string]*Table // by catalog.schema.table
	logs     map[string][]Column
}

// sqlError is why a statement failed.
type sqlError struct{ class, message string }

func fail(class, format string, args ...any) {
	panic(sqlError{class, fmt.Sprintf(format, args...)})
}

// execute runs a statement and returns the rows of a query.
func (m *metastore) execute(sql string) (rows [][]*string, failed *sqlError) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case syntaxError:
			failed = &sqlError{"PARSE_SYNTAX_ERROR", string(e)}
		case sqlError:
			failed = &e
		default:
			panic(e)
		}
	}()
	all, err := tokens(sql)
	if err != nil {
		panic(syntaxError(err.Error()))
	}
	p := &parser{all: all}
	switch {
	case p.try("CREATE", "SCHEMA", "IF", "NOT", "EXISTS"):
		m.createSchema(p)
	case p.try("CREATE", "TABLE", "IF", "NOT", "EXISTS"):
		m.createTable(p)
	case p.try("DROP", "TABLE", "IF", "EXISTS"):
		name := p.name(3)
		p.end()
		delete(m.tables, name)
	case p.try("COMMENT", "ON", "TABLE"):
		t := m.table(p.name(3))
		p.want("IS")
		t.Comment = p.take('s')
		p.end()
	case p.try("MSCK", "REPAIR", "TABLE"):
		t := m.table(p.name(3))
		p.want("SYNC", "METADATA")
		p.end()
		t.Columns = slices.Clone(m.logs[t.Location])
	case p.try("ALTER", "TABLE"):
		m.alter(p)
	case p.try("SELECT"):
		rows = m.query(p)
	default:
		p.fail()
	}
	return rows, nil
}

func (m *metastore) table(name string) *Table {
	t := m.tables[name]
	if t == nil {
		fail("TABLE_OR_VIEW_NOT_FOUND", "the table %s cannot be found", name)
	}
	return t
}

func (t *Table) column(name string) *Column {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	fail("UNRESOLVED_COLUMN", "there is no column %s", name)
	return nil
}

func (m *metastore) createSchema(p *parser) {
	name := p.name(2)
	comment := ""
	if p.try("COMMENT") {
		comment = p.take('s')
	}
	p.end()
	if catalog, _, _ := strings.Cut(name, "."); !slices.Contains(m.catalogs, catalog) {
		fail("NO_SUCH_CATALOG_EXCEPTION", "Catalog '%s' was not found", catalog)
	}
	if _, ok := m.schemas[name]; !ok {
		m.schemas[name] = comment
	}
}

func (m *metastore) createTable(p *parser) {
	name := p.name(3)
	t := &Table{Type: "EXTERNAL", Tags: map[string]string{}}
	if p.all[p.at].text == "(" {
		p.list(func() {
			c := Column{Name: p.take('i'), Type: p.typeName(), Nullable: true}
			if p.try("NOT", "NULL") {
				c.Nullable = false
			}
			if p.try("COMMENT") {
				c.Comment = p.take('s')
			}
			t.Columns = append(t.Columns, c)
		})
	}
	p.want("USING")
	if t.Format = p.take('w'); t.Format != "DELTA" && t.Format != "PARQUET" {
		fail("DATA_SOURCE_NOT_FOUND", "there is no format %s", t.Format)
	}
	if p.try("COMMENT") {
		t.Comment = p.take('s')
	}
	p.want("LOCATION")
	t.Location = p.take('s')
	p.end()
	if m.tables[name] != nil {
		return
	}
	if schema := name[:strings.LastIndex(name, ".")]; !has(m.schemas, schema) {
		fail("SCHEMA_NOT_FOUND", "the schema %s cannot be found", schema)
	}
	if !strings.HasPrefix(t.Location, "s3://") && !strings.HasPrefix(t.Location, "abfss://") && !strings.HasPrefix(t.Location, "gs://") {
		fail("NO_SUCH_EXTERNAL_LOCATION_EXCEPTION", "No parent external location found for path '%s'", t.Location)
	}
	for other, o := range m.tables {
		if o.Location == t.Location {
			fail("LOCATION_OVERLAP", "Input path url '%s' overlaps with other external tables or volumes: %s", t.Location, other)
		}
	}
	switch {
	case t.Format == "DELTA" && t.Columns == nil:
		if t.Columns = slices.Clone(m.logs[t.Location]); t.Columns == nil {
			fail("DELTA_PATH_DOES_NOT_EXIST", "%s doesn't exist, or is not a Delta table", t.Location)
		}
	case t.Format == "PARQUET" && slices.ContainsFunc(t.Columns, func(c Column) bool { return !c.Nullable }):
		fail("INVALID_OPERATION", "NOT NULL is for Delta tables")
	}
	m.tables[name] = t
}

func has[V any](m map[string]V, key string) bool { _, ok := m[key]; return ok }

func (m *metastore) alter(p *parser) {
	name := p.name(3)
	t := m.table(name)
	switch {
	case p.try("SET", "TAGS"):
		m.tags(p, t, "")
	case p.try("DROP", "CONSTRAINT", "IF", "EXISTS"):
		key := p.take('i')
		p.end()
		if t.Primary != nil && t.Primary.Name == key {
			for other, o := range m.tables {
				if slices.ContainsFunc(o.Foreign, func(k Key) bool { return k.Parent == name }) {
					fail("CANNOT_DROP_PRIMARY_KEY", "A foreign key of %s depends on the primary key", other)
				}
			}
			t.Primary = nil
		}
		t.Foreign = slices.DeleteFunc(t.Foreign, func(k Key) bool { return k.Name == key })
	case p.try("ADD", "CONSTRAINT"):
		m.addKey(p, name, t)
	case p.try("ALTER", "COLUMN"):
		for {
			c := t.column(p.take('i'))
			switch {
			case p.try("COMMENT"):
				c.Comment = p.take('s')
			case p.try("SET", "NOT", "NULL"):
				if t.Format != "DELTA" {
					fail("UNSUPPORTED_FEATURE", "NOT NULL is for Delta tables")
				}
				c.Nullable = false
			case p.try("SET", "TAGS"):
				m.tags(p, t, c.Name+".")
				return
			default:
				p.fail()
			}
			if !p.try(",") {
				break
			}
		}
		p.end()
	default:
		p.fail()
	}
}

func (m *metastore) tags(p *parser, t *Table, prefix string) {
	p.list(func() {
		key := p.take('s')
		p.want("=")
		t.Tags[prefix+key] = p.take('s')
	})
	p.end()
}

func (m *metastore) addKey(p *parser, name string, t *Table) {
	if t.Format != "DELTA" {
		fail("UNSUPPORTED_FEATURE", "constraints are for Delta tables")
	}
	k := Key{Name: p.take('i')}
	foreign := p.try("FOREIGN", "KEY")
	if !foreign {
		p.want("PRIMARY", "KEY")
	}
	k.Columns = p.idents()
	if foreign {
		p.want("REFERENCES")
		k.Parent = p.name(3)
		to := p.idents()
		if parent := m.table(k.Parent); parent.Primary == nil || !slices.Equal(parent.Primary.Columns, to) {
			fail("FOREIGN_KEY_MISMATCH", "%s has no primary key of these columns", k.Parent)
		}
	}
	k.Rely = p.try("RELY")
	p.end()
	for _, c := range k.Columns {
		if t.column(c).Nullable && !foreign {
			fail("CANNOT_CREATE_PRIMARY_KEY", "Cannot create the primary key %s because its child column(s) %s is nullable", k.Name, c)
		}
	}
	taken := t.Primary != nil && (!foreign || t.Primary.Name == k.Name) || slices.ContainsFunc(t.Foreign, func(o Key) bool { return o.Name == k.Name })
	switch {
	case taken:
		fail("CONSTRAINT_ALREADY_EXISTS", "the constraint %s of %s already exists", k.Name, name)
	case foreign:
		t.Foreign = append(t.Foreign, k)
	default:
		t.Primary = &k
	}
}

// query answers SELECT t.a, … FROM catalog.information_schema.… AS t WHERE
// lower(t.table_schema) IN (…) [ORDER BY …], or schema_name for schemata.
func (m *metastore) query(p *parser) [][]*string {
	var columns []string
	for {
		p.want("T", ".")
		columns = append(columns, p.take('w'))
		if !p.try(",") {
			break
		}
	}
	p.want("FROM")
	parts := strings.Split(p.name(3), ".")
	if parts[1] != "information_schema" {
		p.fail()
	}
	if !slices.Contains(m.catalogs, parts[0]) {
		fail("NO_SUCH_CATALOG_EXCEPTION", "Catalog '%s' was not found", parts[0])
	}
	by := "TABLE_SCHEMA"
	if parts[2] == "schemata" {
		by = "SCHEMA_NAME"
	}
	p.want("AS", "T", "WHERE", "LOWER", "(", "T", ".", by, ")", "IN")
	var schemas []string
	p.list(func() { schemas = append(schemas, p.take('s')) })
	if p.try("ORDER", "BY") {
		for p.at < len(p.all) && (p.try("T") || p.try(".") || p.try(",") || p.all[p.at].kind == 'w') {
			if p.at < len(p.all) && p.all[p.at].kind == 'w' && p.all[p.at].text != "T" {
				p.at++
			}
		}
	}
	p.end()
	var out [][]*string
	add := func(cells map[string]string, null ...string) {
		row := make([]*string, len(columns))
		for i, c := range columns {
			v, ok := cells[c]
			if !ok {
				fail("UNRESOLVED_COLUMN", "information_schema.%s has no %s", parts[2], c)
			}
			if !slices.Contains(null, c) {
				row[i] = &v
			}
		}
		out = append(out, row)
	}
	if parts[2] == "schemata" {
		for _, name := range slices.Sorted(maps.Keys(m.schemas)) {
			if catalog, schema, _ := strings.Cut(name, "."); catalog == parts[0] && slices.Contains(schemas, schema) {
				add(map[string]string{"CATALOG_NAME": catalog, "SCHEMA_NAME": schema})
			}
		}
		return out
	}
	for _, name := range slices.Sorted(maps.Keys(m.tables)) {
		of := strings.Split(name, ".")
		if of[0] != parts[0] || !slices.Contains(schemas, of[1]) {
			continue
		}
		t := m.tables[name]
		base := map[string]string{"TABLE_CATALOG": of[0], "TABLE_SCHEMA": of[1], "TABLE_NAME": of[2]}
		with := func(more map[string]string) map[string]string { maps.Copy(more, base); return more }
		switch parts[2] {
		case "tables":
			var null []string
			if t.Comment == "" {
				null = append(null, "COMMENT")
			}
			add(with(map[string]string{"TABLE_TYPE": t.Type, "DATA_SOURCE_FORMAT": t.Format, "STORAGE_PATH": t.Location, "COMMENT": t.Comment}), null...)
		case "columns":
			for i, c := range t.Columns {
				nullable := map[bool]string{true: "YES", false: "NO"}[c.Nullable]
				add(with(map[string]string{"COLUMN_NAME": c.Name, "ORDINAL_POSITION": fmt.Sprint(i), "FULL_DATA_TYPE": c.Type, "IS_NULLABLE": nullable, "COMMENT": c.Comment}))
			}
		case "key_column_usage":
			keys := slices.Clone(t.Foreign)
			if t.Primary != nil {
				keys = append(keys, *t.Primary)
			}
			slices.SortFunc(keys, func(a, b Key) int { return cmp.Compare(a.Name, b.Name) })
			for _, k := range keys {
				for _, c := range k.Columns {
					add(with(map[string]string{"CONSTRAINT_NAME": k.Name, "COLUMN_NAME": c}))
				}
			}
		default:
			fail("TABLE_OR_VIEW_NOT_FOUND", "there is no information_schema.%s", parts[2])
		}
	}
	return out
}
