package models

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// bronzeModels adds the models of the layer bronze, and the sources that they read:
//
//   - int_lookup_<name>: a lookup's columns as texts without blanks around them, key
//     among them, one row per key
//   - customers, products, sales: the tables. One that several sources fill is put
//     together of int_<source>_records, one that none fills is empty
//   - int_sales_customers, int_sales_products: what the sales lines say of customers
//     and products, where a source has columns of these: a row per line of each source
//     that makes such rows (Mapping.Derives), with the table's columns but _batch_id
//     and _rescued_data. Elsewhere lines say no more than the key, which sales has
//   - int_returned_orders: the records of the lists of returned orders: order_id,
//     product_id, returned_at, _source_file, _source_row. There where a list is.
func (p *Project) bronzeModels() error {
	for _, step := range []func() error{p.lookups, p.tables, p.returnedOrders} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// bronzeTables are the tables of bronze that files fill, in their order.
var bronzeTables = []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table}

// cannot is what SQL cannot express of a part of smelt.yml.
func (p *Project) cannot(line, col int, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, File: p.Mapping.File, Line: line, Col: col, Msg: msg + ": SQL cannot express that here", Hint: hint}
}

// bronzeModel renders a model and adds it.
func (p *Project) bronzeModel(file string, m Model, data any) error {
	text, err := render("bronze/"+file, data, nil)
	if err != nil {
		return err
	}
	m.Layer, m.SQL = "bronze", text
	p.Models = append(p.Models, &m)
	return nil
}

// lookups adds a source and a step for each lookup that a column uses.
func (p *Project) lookups() error {
	used := map[string][]string{}
	for i := range p.Mapping.Sources {
		s := &p.Mapping.Sources[i]
		for _, e := range p.exprsOf(s.Columns, s.Customers, s.Products) {
			for ; e.Key != nil; e = *e.Key {
				if !slices.Contains(used[e.Lookup], e.Column) {
					used[e.Lookup] = append(used[e.Lookup], e.Column)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		l, columns := p.Mapping.Lookups[name], used[name]
		source := "lookup_" + modelName(name)
		at := place{l.Line, l.Col}
		all := columns
		if !slices.Contains(all, l.Key) {
			all = append([]string{l.Key}, all...)
		}
		if err := p.source(source, "The lookup "+name+" of smelt.yml.", l.Files, l.Read, all, at); err != nil {
			return err
		}
		data := struct {
			Source, Key, Newest string
			Fill                bool
			Columns             []item
		}{Source: source, Key: p.trimmed(p.ident(l.Key)), Fill: l.Fill, Newest: strings.Join(p.orderOf(l.Files), " desc, ") + " desc"}
		for _, c := range columns {
			data.Columns = append(data.Columns, item{Name: p.ident(c), SQL: "nullif(" + p.trimmed(p.ident(c)) + ", '')"})
		}
		doc := "The lookup " + name + ": the last record of each key."
		if l.Fill {
			doc = "The lookup " + name + ": of each key, the last value of each column that is not empty."
		}
		if err := p.bronzeModel("lookup.sql", Model{Name: "int_" + source, Doc: doc}, data); err != nil {
			return err
		}
	}
	return nil
}

// tables adds the sources, and the tables and steps that they fill.
func (p *Project) tables() error {
	m, number := p.Mapping, map[string]int{}
	names := make([]string, len(m.Sources))
	for i := range m.Sources {
		s := &m.Sources[i]
		number[s.Table]++
		if names[i] = s.Table; number[s.Table] > 1 {
			names[i] = fmt.Sprintf("%s_%d", s.Table, number[s.Table])
		}
		if s.Overlap != "" {
			return p.cannot(s.Line, s.Col, "overlap: "+s.Overlap, "leave it out and export each line once")
		}
		var columns []string
		for _, e := range p.exprsOf(s.Columns, s.Customers, s.Products) {
			if c := e.Source(); !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
		if err := p.source(names[i], "Files that fill bronze."+s.Table+".", s.Files, s.Read, columns, place{s.Line, s.Col}); err != nil {
			return err
		}
	}
	for _, t := range bronzeTables {
		_, name, _ := strings.Cut(t.Name, ".")
		var parts []string
		for i := range m.Sources {
			s := &m.Sources[i]
			if s.Table != name {
				continue
			}
			model := Model{Name: name, Table: t, Doc: t.Doc}
			if number[name] > 1 {
				model = Model{Name: "int_" + names[i] + "_records", Doc: "The records of the source " + names[i] + " as rows of bronze." + name + "."}
				parts = append(parts, model.Name)
			}
			if err := p.records(model, names[i], s, t, s.Columns, true); err != nil {
				return err
			}
		}
		if number[name] == 1 {
			continue
		}
		if err := p.together(Model{Name: name, Table: t, Doc: t.Doc}, parts, t.Columns); err != nil {
			return err
		}
	}
	for _, t := range bronzeTables[:2] {
		if err := p.derived(t, names); err != nil {
			return err
		}
	}
	return nil
}

// derived adds what sales lines say of customers or products.
func (p *Project) derived(t *pipeline.Table, names []string) error {
	m, key := p.Mapping, t.Columns[0].Name
	_, name, _ := strings.Cut(t.Name, ".")
	var from []int
	described := false
	for i := range m.Sources {
		s := &m.Sources[i]
		if m.Derives(name, s) {
			from = append(from, i)
			described = described || name == "customers" && len(s.Customers) > 0 || name == "products" && len(s.Products) > 0
		}
	}
	if !described {
		return nil
	}
	var parts []string
	doc := "What the sales lines say of " + name + ", one row per line."
	for _, i := range from {
		s := &m.Sources[i]
		specs := slices.Clone(s.Customers)
		if name == "products" {
			specs = slices.Clone(s.Products)
		}
		for _, c := range s.Columns {
			mapped := slices.ContainsFunc(specs, func(a bronze.ColumnSpec) bool { return a.Column == c.Column })
			if (c.Column == key || c.Column == "updated_at") && !mapped {
				specs = append(specs, c)
			}
		}
		model := Model{Name: "int_sales_" + name, Doc: doc}
		if len(from) > 1 {
			model = Model{Name: "int_" + names[i] + "_" + name + "_records", Doc: "What the lines of the source " + names[i] + " say of " + name + "."}
			parts = append(parts, model.Name)
		}
		if err := p.records(model, names[i], s, t, specs, false); err != nil {
			return err
		}
	}
	if len(parts) == 0 {
		return nil
	}
	columns := slices.DeleteFunc(slices.Clone(t.Columns), func(c pipeline.Column) bool { return c.Name == "_batch_id" || c.Name == "_rescued_data" })
	return p.together(Model{Name: "int_sales_" + name, Doc: doc}, parts, columns)
}

// together adds the model of a table that is made of several steps, or of none.
func (p *Project) together(m Model, parts []string, columns []pipeline.Column) error {
	data := struct {
		Parts   []string
		Columns []string
		Nulls   []item
	}{Parts: parts}
	for _, c := range columns {
		data.Columns = append(data.Columns, c.Name)
		data.Nulls = append(data.Nulls, item{Name: c.Name, SQL: "cast(null as " + p.castType(c.Type) + ")"})
	}
	return p.bronzeModel("table.sql", m, data)
}

// returnedOrders adds the step of the lists of orders that came back.
func (p *Project) returnedOrders() error {
	type list struct {
		Source, Order, Product, Text, Clock, Moment string
	}
	var lists []list
	for i := range p.Mapping.Rules.ReturnedOrders {
		spec := &p.Mapping.Rules.ReturnedOrders[i]
		l := list{Source: "returned_orders"}
		if i > 0 {
			l.Source = fmt.Sprintf("returned_orders_%d", i+1)
		}
		var columns []string
		text := func(column string) (*bronze.ColumnSpec, string) {
			for j := range spec.Columns {
				c := &spec.Columns[j]
				if c.Column != column {
					continue
				}
				var values []string
				for _, from := range c.From {
					from = strings.TrimSpace(from)
					columns = append(columns, from)
					values = append(values, "nullif("+p.trimmed(p.ident(from))+", '')")
				}
				return c, coalesce(values)
			}
			return nil, "cast(null as string)"
		}
		_, l.Order = text("order_id")
		_, l.Product = text("product_id")
		var at *bronze.ColumnSpec
		if at, l.Text = text("returned_at"); at == nil {
			at = &bronze.ColumnSpec{}
		}
		cast := pipeline.Cast{Dates: at.Dates, Location: cmp.Or(at.Location, spec.Location, p.Mapping.Location)}
		var offset string
		var err error
		if l.Clock, offset, err = p.clock("returned_text", cast, place{spec.Line, spec.Col}); err != nil {
			return err
		}
		l.Moment = p.instant("returned_clock", "", cast)
		if offset != "" {
			l.Clock += " as returned_clock,\n        " + offset + " as returned_offset"
			l.Moment = p.instant("returned_clock", "returned_offset", cast)
		} else {
			l.Clock += " as returned_clock"
		}
		slices.Sort(columns)
		if err := p.source(l.Source, "A list of orders that came back.", spec.Files, spec.Read, slices.Compact(columns), place{spec.Line, spec.Col}); err != nil {
			return err
		}
		lists = append(lists, l)
	}
	if len(lists) == 0 {
		return nil
	}
	fail := "error"
	if p.Dialect == sql.Spark {
		fail = "raise_error"
	}
	return p.bronzeModel("returned_orders.sql", Model{Name: "int_returned_orders",
		Doc: "The records of the lists of returned orders; without a product it is the whole order that came back."},
		struct {
			Lists []list
			Fail  string
		}{lists, fail})
}

// exprsOf returns what columns are made of.
func (p *Project) exprsOf(lists ...[]bronze.ColumnSpec) []bronze.Expr {
	var out []bronze.Expr
	for _, specs := range lists {
		for i := range specs {
			out = append(out, p.exprs(&specs[i])...)
		}
	}
	return out
}

// exprs returns what a column that Check has accepted is made of.
func (p *Project) exprs(c *bronze.ColumnSpec) []bronze.Expr {
	var out []bronze.Expr
	for _, from := range c.From {
		if e, err := bronze.ParseExpr(from, p.Mapping.Lookups); err == nil {
			out = append(out, e)
		}
	}
	for _, part := range p.template(c) {
		if part.Expr != nil {
			out = append(out, *part.Expr)
		}
	}
	return out
}

func (p *Project) template(c *bronze.ColumnSpec) []bronze.TemplatePart {
	if c.Template == "" {
		return nil
	}
	parts, _ := bronze.ParseTemplate(c.Template, p.Mapping.Lookups)
	return parts
}
