// Package powerbi writes a shop's tables as a Power BI project: a semantic model
// in TMDL and a report on it in PBIR, as text files that Power BI Desktop opens
// and Git keeps.
//
// New makes the Model from the declarations of package metrics and of the tables;
// Files is the project that it becomes, and Write puts it into a folder. New and
// Files are pure: the same options give the same bytes, on every machine.
package powerbi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/internal/export"
	"github.com/smeltdata/smelt/pipeline"
)

// The model's tables that a report speaks of. Gold tables have their own names.
const (
	FactTable      = "fact_sales"
	CustomersTable = "dim_customers"
	ProductsTable  = "dim_products"
	CalendarTable  = "calendar"
	// MeasuresTable holds every measure and nothing else. They cannot be in
	// fact_sales: Power BI compares names without case, and a table must not have
	// a measure Revenue beside a column revenue. "Measures" itself is reserved.
	MeasuresTable = "metrics"
)

// Model is a semantic model. Names of its tables are unique, names of measures in
// the whole model, names of columns and measures in a table; all without regard
// to case, as Power BI compares them.
type Model struct {
	Name          string // the project's, "shop"
	Tables        []Table
	Relationships []Relationship
	Expressions   []Expression // parameters and shared queries
}

// Table is a table of a model.
type Table struct {
	Name        string
	Doc         string // of people, one paragraph
	Hidden      bool
	IsDate      bool // the table that time is told by; its column "date" has each day once
	Columns     []Column
	Measures    []Measure
	Hierarchies []Hierarchy
	Query       string // in M: where the rows come from
}

// Type is what Power BI keeps a column as.
type Type string

// The types of columns.
const (
	Text     Type = "string"
	Whole    Type = "int64"
	Money    Type = "decimal" // exact: 19 digits, 4 of them decimals
	Fraction Type = "double"
	DateTime Type = "dateTime" // a day
	Bool     Type = "boolean"
)

// Column is a column of a table.
type Column struct {
	Name     string // as in the lake
	Doc      string
	Type     Type
	Format   string // Power BI's format string; "" = none
	Sum      bool   // its sum makes sense: Power BI sums it by itself
	SortBy   string // column of the same table that orders it; "" = itself
	Category string // what a map makes of it: "Country", "StateOrProvince", "City"; "" = nothing
	Hidden   bool
	Key      bool
}

// Measure is a measure of the MeasuresTable.
type Measure struct {
	Name    string // Title of Of: "Return rate"
	Of      string // the name in package metrics; "" = one that only this model has
	Doc     string // one sentence
	Unit    string // "shop currency", "fraction", "orders", …
	Formula string // for people
	DAX     string
	Format  string
	Folder  string // that Power BI shows it in
}

// Hierarchy is a way down: Levels are columns of the table, coarse to fine.
type Hierarchy struct {
	Name   string
	Levels []string
}

// Relationship says that each row of From belongs to at most one row of To. A
// filter on To filters From; where One holds, rows belong to each other one to
// one and filters act both ways.
type Relationship struct {
	From, To Field // columns
	One      bool
}

// Expression is a query that tables' queries are made of, or a parameter.
type Expression struct {
	Name, Doc, M string
	Parameter    bool
}

// Field is a column of a table, or a measure.
type Field struct{ Table, Name string }

// String writes f as DAX does: 'fact_sales'[revenue].
func (f Field) String() string { return "'" + f.Table + "'[" + f.Name + "]" }

// Table returns a table by its name, nil where there is none.
func (m *Model) Table(name string) *Table {
	i := slices.IndexFunc(m.Tables, func(t Table) bool { return strings.EqualFold(t.Name, name) })
	if i < 0 {
		return nil
	}
	return &m.Tables[i]
}

// Column returns the column that f names, nil where there is none.
func (m *Model) Column(f Field) *Column {
	t := m.Table(f.Table)
	if t == nil {
		return nil
	}
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, f.Name) })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}

// Measure returns a measure by its name, nil where there is none.
func (m *Model) Measure(name string) *Measure {
	for _, t := range m.Tables {
		i := slices.IndexFunc(t.Measures, func(x Measure) bool { return strings.EqualFold(x.Name, name) })
		if i >= 0 {
			return &t.Measures[i]
		}
	}
	return nil
}

// Field returns an error where f is neither a column nor a measure of its table.
func (m *Model) Field(f Field) error {
	if m.Column(f) != nil {
		return nil
	}
	var names []string
	if t := m.Table(f.Table); t != nil {
		for _, x := range t.Measures {
			if strings.EqualFold(x.Name, f.Name) {
				return nil
			}
			names = append(names, x.Name)
		}
		for _, c := range t.Columns {
			names = append(names, c.Name)
		}
	}
	hint := ""
	if near := pipeline.Nearest(f.Name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return &pipeline.Error{Kind: pipeline.ErrConfig, Table: f.Table, Column: f.Name, Msg: fmt.Sprintf("the model has no %s", f), Hint: hint}
}

// File is a file of the project.
type File = export.File

// acronyms are words that titles write as they are spoken.
var acronyms = map[string]string{"aov": "AOV", "clv": "CLV", "yoy": "YoY", "id": "ID", "rfm": "RFM", "abc": "ABC"}

// Title returns a name as people read it: "return_rate" → "Return rate", "aov" → "AOV".
func Title(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		if a, ok := acronyms[w]; ok {
			words[i] = a
		} else if i == 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
