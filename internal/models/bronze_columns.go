package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// item is a column of a select: an expression and its name.
type item struct{ Name, SQL string }

// join is a lookup that records are joined with.
type join struct{ Model, Alias, Key string }

// place is where something stands in smelt.yml.
type place struct{ line, col int }

// records is what the text of a model says that makes a source's records rows of a
// table. Each step adds columns to those of the step before.
type records struct {
	Source  string
	Of      string // "record." where lookups are joined
	Joins   []join
	Texts   []item // texts, and what else is made of them: name_text, name_found
	Mapped  []item // values that smelt.yml replaces
	Numbers []item // name_number, in plain notation
	Clocks  []item // name_clock and name_offset
	Typed   []item
	Rescued string // JSON of the texts that could not be cast; "" where every one can
	Columns []item // of the table

	p       *Project
	table   *pipeline.Table
	source  *bronze.SourceSpec
	rescues []rescue
	loose   bool // without _batch_id and _rescued_data
}

// rescue is a source column's text that is kept where the cast of a column fails.
type rescue struct{ source, failed, text string }

// records adds the model that makes a source's records rows of a table; whole = with
// _batch_id and _rescued_data.
func (p *Project) records(m Model, source string, s *bronze.SourceSpec, table *pipeline.Table, specs []bronze.ColumnSpec, whole bool) error {
	r := &records{Source: source, p: p, table: table, source: s, loose: !whole}
	if slices.ContainsFunc(p.exprsOf(specs), func(e bronze.Expr) bool { return e.Key != nil }) {
		r.Of = "record."
	}
	for _, c := range table.Columns {
		i := slices.IndexFunc(specs, func(s bronze.ColumnSpec) bool { return s.Column == c.Name })
		switch {
		case i >= 0:
			if err := r.column(&specs[i], c.Type); err != nil {
				return err
			}
		case c.Name == "_source_file" || c.Name == "_source_row":
			r.Columns = append(r.Columns, item{c.Name, c.Name})
		case c.Name == "_batch_id" && whole:
			r.Columns = append(r.Columns, item{c.Name, "'dbt'"})
		case c.Name == "_rescued_data" && whole:
			if r.Rescued = r.rescued(); r.Rescued != "" {
				r.Columns = append(r.Columns, item{c.Name, "rescued"})
			} else {
				r.Columns = append(r.Columns, item{c.Name, "cast(null as string)"})
			}
		case strings.HasPrefix(c.Name, "_"):
		default:
			r.Columns = append(r.Columns, item{c.Name, "cast(null as " + p.castType(c.Type) + ")"})
		}
	}
	return p.bronzeModel("records.sql", m, r)
}

// column adds what one mapped column needs in each step.
func (r *records) column(c *bronze.ColumnSpec, typ arrow.DataType) error {
	p, at := r.p, place{c.Line, c.Col}
	cast := p.Mapping.Cast(r.source, c, typ)
	name := c.Column
	if c.Value != nil {
		literal, err := p.literal(*c.Value, cast)
		r.Columns = append(r.Columns, item{name, literal})
		return err
	}
	exprs := p.exprs(c)
	text := r.direct(exprs[0].Column, cast)
	if len(exprs) > 1 || exprs[0].Key != nil || c.Template != "" || len(c.Map) > 0 {
		text = r.computed(c, cast)
	}
	add := func(name string) {
		if len(c.Map) == 0 {
			r.Texts = append(r.Texts, item{name, text})
			return
		}
		r.Texts = append(r.Texts, item{c.Column + "_found", text})
		r.Mapped = append(r.Mapped, item{name, p.replaced(c)})
	}
	if pipeline.SameType(typ, pipeline.StringType) {
		if c.Integer {
			point := "[.]"
			if d := cast.Number.Decimal; d != 0 && d != '.' {
				point = string(d)
			}
			add(name + "_text")
			r.Typed = append(r.Typed, item{name, call("whole_id", name+"_text", point)})
		} else {
			add(name)
		}
		r.Columns = append(r.Columns, item{name, name})
		return nil
	}
	add(name + "_text")
	if len(exprs) == 1 && exprs[0].Key == nil && len(c.Map) == 0 && c.Template == "" {
		r.rescues = append(r.rescues, rescue{exprs[0].Column, name, name + "_text"})
	} else {
		r.rescueParts(c, exprs)
	}
	typed, err := r.typed(name, cast, at)
	r.Typed = append(r.Typed, item{name, typed})
	r.Columns = append(r.Columns, item{name, name})
	return err
}

// typed is the cast of a column's text, which may need steps before.
func (r *records) typed(name string, cast pipeline.Cast, at place) (string, error) {
	p, text := r.p, name+"_text"
	switch t := pipeline.TypeName(cast.Type); t {
	case "date":
		if len(cast.Dates) == 0 {
			return call("iso_date", text), nil
		}
		clock, _, err := p.clock(text, cast, at)
		return "cast(" + clock + " as date)", err
	case "ts":
		clock, offset, err := p.clock(text, cast, at)
		r.Clocks = append(r.Clocks, item{name + "_clock", clock})
		if offset == "" {
			return p.instant(name+"_clock", "", cast), err
		}
		r.Clocks = append(r.Clocks, item{name + "_offset", offset})
		return p.instant(name+"_clock", name+"_offset", cast), err
	default:
		if n := cast.Number; isParquet(r.source) && (n.Decimal != 0 && n.Decimal != '.' || n.Thousands != 0) {
			return "", p.cannot(at.line, at.col, name+": decimal and thousands of Parquet files, which may hold numbers already",
				"leave decimal and thousands out, or write the files as csv")
		}
		if cast.Number != (pipeline.Number{}) {
			r.Numbers = append(r.Numbers, item{name + "_number", p.number(text, cast.Number)})
			text = name + "_number"
		}
		macro := map[string]string{"price": "to_price", "rate": "to_rate", "int64": "to_bigint", "int32": "to_int"}[t]
		return call(macro, text), nil
	}
}

// isParquet reports whether any of a source's files is Parquet.
func isParquet(s *bronze.SourceSpec) bool {
	return slices.ContainsFunc(s.Files, func(f string) bool {
		read := s.Read
		read.Path = f
		return read.IsParquet()
	})
}

// direct is the text of a source column that nothing but a cast is done to.
func (r *records) direct(column string, cast pipeline.Cast) string {
	value := r.Of + r.p.ident(column)
	if !pipeline.SameType(cast.Type, pipeline.StringType) {
		return r.notNull(value, cast.Nulls, call("given", value))
	}
	return r.notNull(value, cast.Nulls, "nullif("+value+", '')")
}

// notNull is then, but NULL where a text is one of those that mean no value.
func (r *records) notNull(value string, nulls []string, then string) string {
	if len(nulls) == 0 {
		return then
	}
	var list []string
	bare := true // no text has blanks around it
	for _, n := range nulls {
		list = append(list, quoted(r.p.Dialect, n))
		bare = bare && strings.TrimSpace(n) == n
	}
	in := " in (" + strings.Join(list, ", ") + ")"
	if cond := r.p.trimmed(value) + in; bare {
		return "case when " + cond + " then null else " + then + " end"
	} else {
		return "case when " + cond + " or " + value + in + " then null else " + then + " end"
	}
}

// computed is the text of a column that is made of several source columns or of
// lookups, or that is replaced.
func (r *records) computed(c *bronze.ColumnSpec, cast pipeline.Cast) string {
	parts := r.p.template(c)
	if parts == nil {
		var values []string
		for _, e := range r.p.exprs(c) {
			values = append(values, r.leaf(e, cast.Nulls))
		}
		return coalesce(values)
	}
	var pieces []string
	for _, part := range parts {
		if part.Expr == nil {
			pieces = append(pieces, quoted(r.p.Dialect, part.Text))
		} else {
			pieces = append(pieces, r.leaf(*part.Expr, cast.Nulls))
		}
	}
	return strings.Join(pieces, " || ")
}

// replaced is a column's text after its map: an exact match goes before one
// without the blanks around.
func (p *Project) replaced(c *bronze.ColumnSpec) string {
	found := c.Column + "_found"
	var exact, bare string
	for _, from := range slices.Sorted(maps.Keys(c.Map)) {
		to := "null"
		if c.Map[from] != "" {
			to = quoted(p.Dialect, c.Map[from])
		}
		is := " = " + quoted(p.Dialect, from) + " then " + to
		if strings.TrimSpace(from) != from {
			exact += "\n            when " + found + is
		} else {
			bare += "\n            when " + p.trimmed(found) + is
		}
	}
	return "case" + exact + bare + "\n            else " + found + "\n        end"
}

// leaf is the text of an expression, NULL where it is blank or means no value.
func (r *records) leaf(e bronze.Expr, nulls []string) string {
	if e.Key == nil {
		value := r.Of + r.p.ident(e.Column)
		return r.notNull(value, nulls, call("given", value))
	}
	value := r.lookup(e, nulls)
	if len(nulls) == 0 {
		return value
	}
	return r.notNull(value, nulls, value)
}

// lookup joins what an expression looks up and returns the value.
func (r *records) lookup(e bronze.Expr, nulls []string) string {
	value := r.Of + r.p.ident(e.Key.Column)
	key := r.p.trimmed(value)
	if e.Key.Key != nil {
		key = r.lookup(*e.Key, nulls)
	} else if len(nulls) > 0 {
		key = r.notNull(value, nulls, key)
	}
	name, n := "lookup_"+modelName(e.Lookup), 1
	alias := name
	for _, j := range r.Joins {
		if j.Model != "int_"+name {
			continue
		}
		if j.Key == key {
			return j.Alias + "." + r.p.ident(e.Column)
		}
		n++
		alias = fmt.Sprintf("%s_%d", name, n)
	}
	r.Joins = append(r.Joins, join{"int_" + name, alias, key})
	return alias + "." + r.p.ident(e.Column)
}

// rescueParts keeps the texts of the files that a column is made of: of several in
// from the one that counted, of a template all its parts, of a lookup its key.
func (r *records) rescueParts(c *bronze.ColumnSpec, exprs []bronze.Expr) {
	nulls := r.p.Mapping.Cast(r.source, c, pipeline.StringType).Nulls
	var before []string
	for i, e := range exprs {
		value := "nullif(" + r.Of + r.p.ident(e.Source()) + ", '')"
		if c.Template == "" && len(exprs) > 1 {
			leaf := r.leaf(e, nulls)
			cond := leaf + " is not null"
			for _, b := range before {
				cond += " and " + b + " is null"
			}
			before = append(before, leaf)
			value = "case when " + cond + " then " + value + " end"
		}
		name := fmt.Sprintf("%s_source_%d", c.Column, i+1)
		r.Texts = append(r.Texts, item{name, value})
		// The column has failed only where its own text is given.
		r.rescues = append(r.rescues, rescue{e.Source(), c.Column, "case when " + c.Column + "_text is not null then " + name + " end"})
	}
}

// rescued is the JSON of the texts that could not be cast, NULL where there is none.
func (r *records) rescued() string {
	var members []string
	var order []string
	failed := map[string][]string{}
	for _, f := range r.rescues {
		if failed[f.source] == nil {
			order = append(order, f.source)
		}
		failed[f.source] = append(failed[f.source], "case when "+f.failed+" is null then "+f.text+" end")
	}
	for _, source := range order {
		members = append(members, quoted(r.p.Dialect, source)+", "+coalesce(failed[source]))
	}
	if len(members) == 0 {
		return ""
	}
	list := "(\n            " + strings.Join(members, ",\n            ") + "\n        )"
	if r.p.Dialect == sql.Spark {
		return "nullif(to_json(map_filter(map" + list + ", (name, text) -> text is not null)), '{}')"
	}
	return "nullif(cast(json_merge_patch('{}', json_object" + list + ") as string), '{}')"
}

// literal is a constant in SQL. Check has parsed it already.
func (p *Project) literal(text string, cast pipeline.Cast) (string, error) {
	parser, err := pipeline.NewParser(cast)
	if err != nil {
		return "", err
	}
	b := []byte(text)
	switch t := pipeline.TypeName(cast.Type); t {
	case "string":
		v, _ := parser.Text(b, nil)
		return quoted(p.Dialect, string(v)), nil
	case "int64", "int32":
		v, _ := parser.Int64(b)
		return fmt.Sprintf("cast(%d as %s)", v, p.castType(cast.Type)), nil
	case "date":
		v, _ := parser.Date(b)
		return "date '" + v.String() + "'", nil
	case "ts":
		v, _ := parser.Timestamp(b)
		return "cast('" + v.String() + "' as " + p.castType(cast.Type) + ")", nil
	default:
		v, _ := parser.Decimal(b)
		d := cast.Type.(*arrow.Decimal128Type)
		digits, sign := fmt.Sprintf("%0*d", int(d.Scale)+1, max(v, -v)), ""
		if v < 0 {
			sign = "-"
		}
		point := len(digits) - int(d.Scale)
		return fmt.Sprintf("cast('%s%s.%s' as %s)", sign, digits[:point], digits[point:], p.castType(cast.Type)), nil
	}
}

// castType is a column's type in SQL. Spark's timestamp is an instant, DuckDB's is not.
func (p *Project) castType(t arrow.DataType) string {
	switch name := pipeline.TypeName(t); name {
	case "string", "date":
		return name
	case "int64":
		return "bigint"
	case "int32":
		return "int"
	case "ts":
		if p.Dialect == sql.DuckDB {
			return "timestamptz"
		}
		return "timestamp"
	default:
		d := t.(*arrow.Decimal128Type)
		return fmt.Sprintf("decimal(%d, %d)", d.Precision, d.Scale)
	}
}

// call writes a macro's call, whose arguments hold no quotes of both kinds.
func call(macro string, args ...string) string { return (&sql.Macro{Name: macro}).Call(args...) }

func (p *Project) trimmed(value string) string { return call("trimmed", value) }

func coalesce(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "coalesce(" + strings.Join(values, ", ") + ")"
}

// modelName is a name of smelt.yml as a part of a model's: letters, digits and _.
func modelName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return '_'
	}, name)
}
