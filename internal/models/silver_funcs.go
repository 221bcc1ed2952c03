package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
	"github.com/smeltdata/smelt/silver"
)

// silverFuncs are what the templates of silver ask of the mapping. Tables are
// bronze's, without the layer.
func (p *Project) silverFuncs() template.FuncMap {
	m := p.Mapping
	return template.FuncMap{
		"fills":      m.Fills, // whether files fill a table
		"maps":       p.maps,
		"derives":    p.derives,
		"lines":      p.lines,
		"attributes": p.attributes,
		"isText":     func(table, column string) bool { return typeOf(table, column) == "string" },
		"type":       func(table, column string) string { return typeOf(table, column) },
		"columns":    attributeColumns,
		"comma": func(table, column string) string {
			if columns := attributeColumns(table); column == columns[len(columns)-1] {
				return ""
			}
			return ","
		},
		"list":           func(table string) string { return strings.Join(attributeColumns(table), ",\n        ") },
		"text":           p.text,
		"recordOrder":    func(table string) string { return strings.Join(p.recordOrder(table), ", ") },
		"newestFirst":    func(table string) string { return strings.Join(p.recordOrder(table), " desc, ") + " desc" },
		"returnsSources": p.returnsSources,
		"spelled":        p.spelled,
		"keys":           p.keys,
		"rowJSON":        p.rowJSON,
		"quoted":         p.Dialect.Text,
		"folded":         p.folded,
		"clean":          silver.CleanText,
		"length":         utf8.RuneCountInString,
		"has":            func(list []string, s string) bool { return slices.Contains(list, s) },
		"zone":           func() string { return p.Dialect.Text(cmp.Or(m.Location, time.UTC).String()) },
		"validDays":      func() string { return fmt.Sprintf("date '%s' and date '%s'", m.Rules.DateFrom, m.Rules.DateTo) },
	}
}

// bronzeTable returns the declaration of a table of bronze.
func bronzeTable(name string) *pipeline.Table {
	return map[string]*pipeline.Table{"customers": bronze.Customers.Table, "products": bronze.Products.Table, "sales": bronze.Sales.Table}[name]
}

// typeOf is a bronze column's type in SQL.
func typeOf(table, column string) string {
	t := bronzeTable(table)
	switch c := t.Columns[t.MustIndex(column)].Type; {
	case pipeline.SameType(c, pipeline.StringType):
		return "string"
	case c == pipeline.DateType:
		return "date"
	case c.ID() == arrow.DECIMAL128:
		d := c.(*arrow.Decimal128Type)
		return fmt.Sprintf("decimal(%d,%d)", d.Precision, d.Scale)
	default:
		panic("models: no column of that type is an attribute") // a bug
	}
}

// attributeColumns are the columns of customers or products besides the key and
// those of the record.
func attributeColumns(table string) []string {
	var out []string
	for _, c := range bronzeTable(table).Columns[1:] {
		if !strings.HasPrefix(c.Name, "_") && c.Name != "currency" {
			out = append(out, c.Name)
		}
	}
	return out
}

// text is a column of cleaned texts. One that no source fills is NULL as it is.
func (p *Project) text(table, column string) string {
	if !p.maps(table, column) {
		return column
	}
	return "{{ clean_text('" + column + "') }} as " + column
}

// maps reports whether a source fills the column of a table.
func (p *Project) maps(table, column string) bool {
	return slices.ContainsFunc(p.Mapping.Sources, func(s bronze.SourceSpec) bool {
		return s.Table == table && slices.ContainsFunc(s.Columns, func(c bronze.ColumnSpec) bool { return c.Column == column })
	})
}

// lines is the model of what sales lines say of customers or products: a step of
// bronze where they say more than the key, which is in the sales.
func (p *Project) lines(table string) string {
	name := "int_sales_" + table
	if slices.ContainsFunc(p.Models, func(m *Model) bool { return m.Name == name }) {
		return name
	}
	return "sales"
}

// derives reports whether sales lines make rows of customers or products.
func (p *Project) derives(table string) bool {
	return slices.ContainsFunc(p.Mapping.Sources, func(s bronze.SourceSpec) bool { return p.Mapping.Derives(table, &s) })
}

// attributes returns the columns of customers or products that sales lines fill.
func (p *Project) attributes(table string) []string {
	var out []string
	for _, s := range p.Mapping.Sources {
		specs := s.Customers
		if table == "products" {
			specs = s.Products
		}
		for _, c := range specs {
			if s.Table == "sales" && !slices.Contains(out, c.Column) {
				out = append(out, c.Column)
			}
		}
	}
	return out
}

// spelled returns the columns of products that get one spelling for each value.
func (p *Project) spelled() []string {
	var out []string
	for _, c := range []string{"category", "subcategory", "brand"} {
		if p.maps("products", c) || slices.Contains(p.attributes("products"), c) {
			out = append(out, c)
		}
	}
	return out
}

// keys returns the tables whose records may lack a key, and the key.
func (p *Project) keys() map[string]string {
	out := map[string]string{}
	for _, table := range []string{"customers", "products"} {
		if p.Mapping.Fills(table) {
			out[table] = bronzeTable(table).Columns[0].Name
		}
	}
	return out
}

// returnsSources is the condition that a record comes from a source of returns; "" without one.
func (p *Project) returnsSources() string {
	var out []string
	for _, s := range p.Mapping.Sources {
		if s.Table == "sales" && s.Kind == "returns" {
			out = append(out, p.fromFiles(s.Files))
		}
	}
	return strings.Join(out, " or ")
}

// folded is a list of texts as SQL writes it, cleaned and in lower case; "" of none.
func (p *Project) folded(texts []string) string {
	var out []string
	for _, t := range texts {
		if t = silver.CleanText(t); t != "" {
			out = append(out, p.Dialect.Text(strings.ToLower(t)))
		}
	}
	return strings.Join(out, ", ")
}

// rowJSON is a row of a bronze table as JSON: its columns that are not NULL, as
// texts. of goes before each column: "record.".
func (p *Project) rowJSON(table, of string) string {
	var members []string
	for _, c := range bronzeTable(table).Columns {
		value := of + c.Name
		switch {
		case pipeline.SameType(c.Type, pipeline.TimestampType):
			value = "{{ utc_text('" + value + "') }}"
		case !pipeline.SameType(c.Type, pipeline.StringType):
			value = "cast(" + value + " as string)"
		}
		members = append(members, "'"+c.Name+"', "+value)
	}
	list := "(\n        " + strings.Join(members, ",\n        ") + "\n    )"
	if p.Dialect == sql.Spark {
		return "to_json(named_struct" + list + ")"
	}
	// The patch leaves out what is NULL.
	return "cast(json_merge_patch('{}', json_object" + list + ") as string)"
}

// silverMacros are what the models of silver call besides the rules.
func silverMacros() []*sql.Macro {
	return []*sql.Macro{{
		Name:   "utc_text",
		Doc:    "An instant as text, in UTC and without trailing zeros: 2024-01-31T09:00:00Z.",
		Args:   []string{"moment"},
		DuckDB: `regexp_replace(strftime({{ moment }}, '%Y-%m-%dT%H:%M:%S.%f'), '[.]?0+$', '') || 'Z'`,
		Spark:  `regexp_replace(date_format({{ moment }}, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"), '[.]?0+$', '') || 'Z'`,
	}}
}
