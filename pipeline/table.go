package pipeline

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// Table is a table's declaration: the one place that its schema, its
// documentation, its checks and its lineage come from.
type Table struct {
	Name     string // layer and table, "silver.fact_sales"
	Doc      string // one sentence, its grain
	Columns  []Column
	Key      []string // the columns that a row is unique by and ordered by
	RowsFrom []string // what decides which rows there are, as Column.From says it
	Schema   *arrow.Schema
}

// Column is one column of a Table.
type Column struct {
	Name     string
	Doc      string
	Type     arrow.DataType
	Nullable bool
	From     []string // what the value is made from: "layer.table.column", computed, or "kind:layer.table.column"; see package lineage
	Checks   []string // "not_null", "unique", "accepted_values=sale|return", …
	PII      string   // what it tells of a person: "email", "name", …; "possible" of source text as it came; "" = nothing
	Sought   bool     // rows are looked for by single texts of it: files keep what tells fast that they have none
}

// Layer returns the part of the name before the dot: "silver".
func (t *Table) Layer() string { layer, _, _ := strings.Cut(t.Name, "."); return layer }

// Base returns the part of the name after the dot: "fact_sales".
func (t *Table) Base() string { _, base, _ := strings.Cut(t.Name, "."); return base }

// Index returns the position of a column, or -1.
func (t *Table) Index(column string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == column {
			return i
		}
	}
	return -1
}

// MustIndex returns the position of a column that the declaration is known to
// have; it panics where it does not, which is a bug at start-up.
func (t *Table) MustIndex(column string) int {
	i := t.Index(column)
	if i < 0 {
		panic(fmt.Sprintf("pipeline: %s has no column %q", t.Name, column))
	}
	return i
}

// NewTable builds a table from columns made at run time, as user-defined gold
// tables are. It returns an error for a bad or a repeated name.
func NewTable(name, doc string, key []string, columns []Column) (*Table, error) {
	if layer, base, ok := strings.Cut(name, "."); !ok || !isName(layer) || !isName(base) {
		return nil, fmt.Errorf("table name %q: want layer.table in lower case, digits and _", name)
	}
	t := &Table{Name: name, Doc: doc, Columns: columns, Key: key}
	fields := make([]arrow.Field, len(columns))
	seen := map[string]bool{}
	for i, c := range columns {
		if !isName(c.Name) || seen[c.Name] {
			return nil, fmt.Errorf("table %s: column name %q is repeated or not lower case, digits and _", name, c.Name)
		}
		seen[c.Name] = true
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: c.Nullable}
	}
	for _, k := range key {
		if !seen[k] {
			return nil, fmt.Errorf("table %s: key column %q is not a column", name, k)
		}
	}
	t.Schema = arrow.NewSchema(fields, nil)
	return t, nil
}

// TableOf is a Table whose rows are the Go struct T.
type TableOf[T any] struct {
	*Table
	fields []field
}

// field is how one struct field moves between Go and Arrow.
type field struct {
	offset uintptr
	kind   reflect.Type // the type inside Null, or the field's own
	valid  uintptr      // offset of Valid when nullable
	null   bool
}

// Declare reads the tags of struct T once and returns its table:
//
//	col:"name"            the column's name; a field without it is an error
//	doc:"…"               what it holds, its unit and formula
//	from:"a.b.c join:d.e.f"  what it is made from, see Column.From
//	check:"not_null …"    checks, separated by spaces
//	pii:"email"           see Column.PII
//	sought:"yes"          see Column.Sought
//
// A field of type Null[…] is nullable. Declare panics on a bad declaration:
// that is a bug, found at start-up.
func Declare[T any](name, doc string, key ...string) *TableOf[T] {
	rt := reflect.TypeFor[T]()
	var columns []Column
	var fields []field
	for i := range rt.NumField() {
		f := rt.Field(i)
		c := Column{Name: f.Tag.Get("col"), Doc: f.Tag.Get("doc"), From: strings.Fields(f.Tag.Get("from")), Checks: strings.Fields(f.Tag.Get("check")),
			PII: f.Tag.Get("pii"), Sought: f.Tag.Get("sought") == "yes"}
		if c.Name == "" || c.Doc == "" {
			panic(fmt.Sprintf("pipeline: %s: field %s needs the tags col and doc", name, f.Name))
		}
		m := field{offset: f.Offset, kind: f.Type}
		if f.Type.Kind() == reflect.Struct && strings.HasPrefix(f.Type.Name(), "Null[") {
			value, _ := f.Type.FieldByName("V")
			valid, _ := f.Type.FieldByName("Valid")
			m.null, m.kind, m.valid = true, value.Type, f.Offset+valid.Offset
		}
		t, ok := arrowTypes[m.kind]
		if !ok {
			panic(fmt.Sprintf("pipeline: %s: field %s has type %s, which no column type stands for", name, f.Name, f.Type))
		}
		c.Type, c.Nullable = t, m.null
		columns, fields = append(columns, c), append(fields, m)
	}
	t, err := NewTable(name, doc, key, columns)
	if err != nil {
		panic("pipeline: " + err.Error())
	}
	return &TableOf[T]{Table: t, fields: fields}
}

// WithRows declares what decides which rows there are, see Table.RowsFrom, and
// returns the table.
func (t *TableOf[T]) WithRows(from ...string) *TableOf[T] {
	t.RowsFrom = from
	return t
}

var arrowTypes = map[reflect.Type]arrow.DataType{
	reflect.TypeFor[string]():    StringType,
	reflect.TypeFor[Code]():      CodeType,
	reflect.TypeFor[Bytes]():     BinaryType,
	reflect.TypeFor[int64]():     Int64Type,
	reflect.TypeFor[int32]():     Int32Type,
	reflect.TypeFor[bool]():      BoolType,
	reflect.TypeFor[Date]():      DateType,
	reflect.TypeFor[Timestamp](): TimestampType,
	reflect.TypeFor[Price]():     PriceType,
	reflect.TypeFor[Rate]():      RateType,
	reflect.TypeFor[Ratio]():     RatioType,
	reflect.TypeFor[Sum]():       SumType,
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
