package register

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// The formats of a table.
const (
	Delta   = "delta"
	Parquet = "parquet"
)

// Table is a table as a catalog gets it.
type Table struct {
	Layer    string // "silver": its schema in the catalog, after a prefix
	Name     string // "dim_customers"
	Location string // URI of its folder, without a slash at the end
	Format   string // Delta or Parquet
	Doc      string // "" where no declaration knows the table
	Columns  []Column
	// Key are the columns that a row is unique by; nil where unknown.
	// Unique says that smelt itself made sure of it.
	Key        []string
	Unique     bool
	References []Reference
}

// Column is a column of a Table.
type Column struct {
	Name     string
	Type     arrow.DataType
	Nullable bool
	Doc      string
	PII      string // what it tells of a person: "email", "name", …; "" = nothing
}

// Reference says that a column's values are the key of another table; NULL
// refers to nothing. Every Reference is one that smelt keeps: silver adds a row
// for a key that no file describes, gold copies the key.
type Reference struct {
	Column string
	Table  string // "silver.dim_customers"
	To     string
}

// FullName returns the table's name within the lake: "silver.dim_customers".
func (t *Table) FullName() string { return t.Layer + "." + t.Name }

// Tables returns the published tables of a lake in the order of their names.
// Their columns, types and nullability are those of the files; the
// declarations add what those mean. location is the URI of the lake's folder.
// It returns an error where the lake cannot be read, has no tables, or has a
// column that no catalog can name.
func Tables(dir, location string) ([]Table, error) {
	names, err := namesIn(dir)
	if err != nil {
		return nil, err
	}
	declared, err := declarations()
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, name := range names {
		layer, base, _ := strings.Cut(name, ".")
		t := Table{Layer: layer, Name: base, Location: strings.TrimRight(location, "/") + "/" + layer + "/" + base}
		d := declared[name]
		if t.Format, t.Columns, err = stored(dir, name); err != nil {
			return nil, err
		}
		if d != nil {
			t.describe(d, declared)
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.PII == "" {
				c.PII = personal[c.Name]
			}
		}
		if err := t.check(); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// namesIn lists the tables of a lake.
func namesIn(dir string) ([]string, error) {
	names, err := store.Tables(dir)
	if err == nil && len(names) == 0 {
		err = &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "there are no tables here", Hint: "smelt run makes them; -o names another folder"}
	}
	return names, err
}

// stored returns a table's format and its columns as its files say.
func stored(dir, name string) (format string, columns []Column, err error) {
	folder := filepath.Join(dir, filepath.FromSlash(strings.Replace(name, ".", "/", 1)))
	columns, err = logged(folder)
	if !errors.Is(err, deltaio.ErrNoTable) {
		return Delta, columns, err
	}
	parts, err := store.Parts(dir, name)
	if err != nil {
		return "", nil, err
	}
	schema, err := parquetio.Schema(parts[0])
	if err != nil {
		return "", nil, err
	}
	for _, f := range schema.Fields() {
		columns = append(columns, Column{Name: f.Name, Type: f.Type, Nullable: f.Nullable})
	}
	return Parquet, columns, nil
}

// declarations returns the tables that smelt declares, by name.
func declarations() (map[string]*pipeline.Table, error) {
	out := map[string]*pipeline.Table{}
	tables, err := gold.Declarations()
	for _, t := range tables {
		out[t.Name] = t
	}
	return out, err
}

// describe adds what a declaration says to what the files say.
func (t *Table) describe(d *pipeline.Table, declared map[string]*pipeline.Table) {
	t.Doc, t.Key = d.Doc, d.Key
	t.Unique = d.Layer() == "gold" // one row is made per key
	for i := range t.Columns {
		c := &t.Columns[i]
		j := d.Index(c.Name)
		if j < 0 {
			continue // someone else added it
		}
		of := d.Columns[j]
		c.Doc, c.PII = of.Doc, of.PII
		if slices.Contains(of.Checks, "unique") && slices.Equal(d.Key, []string{c.Name}) {
			t.Unique = true
		}
		if to := referred(d, &of, declared); to != nil {
			t.References = append(t.References, Reference{Column: c.Name, Table: to.Name, To: to.Key[0]})
		}
	}
	for _, k := range d.Key {
		if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == k }) {
			t.Key, t.Unique = nil, false // the files are of an older smelt
		}
	}
}

// referred returns the table whose key a column holds: the one that the check
// relationships= names, or the one that a gold table copies its own key from.
func referred(d *pipeline.Table, c *pipeline.Column, declared map[string]*pipeline.Table) *pipeline.Table {
	name := ""
	for _, check := range c.Checks {
		if to, ok := strings.CutPrefix(check, "relationships="); ok {
			name = to
		}
	}
	if name == "" && d.Layer() == "gold" && len(c.From) == 1 && slices.Equal(d.Key, []string{c.Name}) {
		if of, kind, err := lineage.Parse(c.From[0]); err == nil && kind == lineage.Identity {
			name = of.String()
		}
	}
	i := strings.LastIndex(name, ".")
	if i < 0 {
		return nil
	}
	if to := declared[name[:i]]; to != nil && slices.Equal(to.Key, []string{name[i+1:]}) {
		return to
	}
	return nil
}

// personal are the names of columns that tell who someone is, and what they tell,
// in tables that no declaration knows.
var personal = map[string]string{
	"first_name": "name", "last_name": "name", "full_name": "name",
	"email": "email", "phone": "phone", "address": "address", "birth_date": "birth_date",
}
