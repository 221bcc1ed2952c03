package bronze

import (
	"fmt"
	"maps"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// Plan is a mapping bound to the header of one input: which fields of the
// source are scanned, and how each column of one or more tables is made of
// them. It is immutable; NewReader gives each goroutine its own Reader.
type Plan struct {
	input  *Input
	fields []planField
	tables []tablePlan
}

// planField is one scanned field: a source column in one type.
type planField struct {
	column int
	key    string // source column and cast: the identity of its dictionary
	cast   *pipeline.Parser
}

// tablePlan is how one table's rows are made.
type tablePlan struct {
	table   *pipeline.Table
	columns []columnPlan
}

// columnPlan is how one column is made: straight from a field, computed, or NULL.
type columnPlan struct {
	direct   int // index of a field whose type is the column's; -1 = not direct
	computed *computedPlan
}

// computedPlan makes a value row by row, or once per distinct value where it
// depends on one field only.
type computedPlan struct {
	leaves   []leafPlan
	template []TemplatePart // nil = the first non-empty leaf
	replace  map[string]string
	value    *string
	cast     *pipeline.Parser
	sources  []int // positions of the source columns it is made of, ascending
}

// leafPlan is one expression of a computed column.
type leafPlan struct {
	field int
	chain []link // lookups, innermost first
}

type link struct {
	lookup *Lookup
	column string
}

// Target is one table that a Plan makes, with the columns that are mapped. A
// column of the table without a spec is NULL.
type Target struct {
	Table *pipeline.Table
	Specs []ColumnSpec
}

// Main is the input's own table with all mapped columns.
func (in *Input) Main() Target {
	return Target{Table: tableOf(in.Spec.Table), Specs: in.Spec.Columns}
}

// Keys is the input's own table with only the named columns mapped.
func (in *Input) Keys(columns ...string) Target {
	t := Target{Table: tableOf(in.Spec.Table)}
	for _, c := range in.Spec.Columns {
		if slices.Contains(columns, c.Column) {
			t.Specs = append(t.Specs, c)
		}
	}
	return t
}

// Derived is a customers or products table made of a sales input's lines: the
// attributes that its spec maps, the line's key and its updated_at.
func (in *Input) Derived(table *pipeline.Table) Target {
	t := Target{Table: table}
	attributes, key := in.Spec.Customers, "customer_id"
	if table == Products.Table {
		attributes, key = in.Spec.Products, "product_id"
	}
	t.Specs = append(t.Specs, attributes...)
	mapped := func(name string) bool {
		return slices.ContainsFunc(t.Specs, func(c ColumnSpec) bool { return c.Column == name })
	}
	for _, c := range in.Spec.Columns {
		if (c.Column == key || c.Column == "updated_at") && !mapped(c.Column) {
			t.Specs = append(t.Specs, c)
		}
	}
	return t
}

func tableOf(name string) *pipeline.Table {
	switch name {
	case "customers":
		return Customers.Table
	case "products":
		return Products.Table
	}
	return Sales.Table
}

// Bind builds the plan that makes the targets from the input. A mapped column
// that the file does not have is an error.
func (in *Input) Bind(m *Mapping, lookups Lookups, targets ...Target) (*Plan, error) {
	b := binder{m: m, in: in, lookups: lookups, header: in.Source.Columns(), plan: &Plan{input: in}}
	for _, t := range targets {
		tp := tablePlan{table: t.Table}
		for _, c := range t.Table.Columns {
			i := slices.IndexFunc(t.Specs, func(s ColumnSpec) bool { return s.Column == c.Name })
			if i < 0 {
				tp.columns = append(tp.columns, columnPlan{direct: -1})
				continue
			}
			cp, err := b.column(&t.Specs[i], c)
			if err != nil {
				return nil, inFile(err, in.File.Name)
			}
			tp.columns = append(tp.columns, cp)
		}
		b.plan.tables = append(b.plan.tables, tp)
	}
	return b.plan, nil
}

// Unmapped returns the input's columns that its spec does not name.
func (in *Input) Unmapped(m *Mapping) []string {
	used := map[string]bool{}
	for _, specs := range [][]ColumnSpec{in.Spec.Columns, in.Spec.Customers, in.Spec.Products} {
		for _, s := range specs {
			for _, e := range s.exprs(m) {
				used[e.Source()] = true
			}
		}
	}
	var out []string
	for _, c := range in.Source.Columns() {
		if !used[c] {
			out = append(out, c)
		}
	}
	return out
}

// exprs returns the expressions of a spec that Check has accepted.
func (s *ColumnSpec) exprs(m *Mapping) []Expr {
	var out []Expr
	for _, from := range s.From {
		if e, err := ParseExpr(from, m.Lookups); err == nil {
			out = append(out, e)
		}
	}
	if s.Template != "" {
		parts, _ := ParseTemplate(s.Template, m.Lookups)
		for _, p := range parts {
			if p.Expr != nil {
				out = append(out, *p.Expr)
			}
		}
	}
	return out
}

type binder struct {
	m       *Mapping
	in      *Input
	lookups Lookups
	header  []string
	plan    *Plan
}

func (b *binder) column(s *ColumnSpec, c pipeline.Column) (columnPlan, error) {
	cast := b.m.Cast(b.in.Spec, s, c.Type)
	exprs := s.exprs(b.m)
	if len(exprs) == 1 && exprs[0].Key == nil && s.Template == "" && len(s.Map) == 0 {
		f, err := b.field(exprs[0].Column, cast)
		return columnPlan{direct: f}, err
	}
	parser, err := pipeline.NewParser(cast)
	if err != nil {
		return columnPlan{}, err
	}
	comp := &computedPlan{replace: maps.Clone(s.Map), value: s.Value, cast: parser}
	if s.Template != "" {
		if comp.template, err = ParseTemplate(s.Template, b.m.Lookups); err != nil {
			return columnPlan{}, err
		}
	}
	for _, e := range exprs {
		leaf, err := b.leaf(e, cast.Nulls, len(exprs) == 1)
		if err != nil {
			return columnPlan{}, err
		}
		comp.leaves = append(comp.leaves, leaf)
		comp.sources = append(comp.sources, b.plan.fields[leaf.field].column)
	}
	slices.Sort(comp.sources)
	comp.sources = slices.Compact(comp.sources)
	return columnPlan{direct: -1, computed: comp}, nil
}

// leaf binds one expression. Its source column is read as text; as a
// dictionary where each distinct value is worth being worked out once.
func (b *binder) leaf(e Expr, nulls []string, alone bool) (leafPlan, error) {
	var chain []link
	for e.Key != nil {
		l, ok := b.lookups[e.Lookup]
		if !ok {
			return leafPlan{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: e.String(), Msg: fmt.Sprintf("no lookup is called %q", e.Lookup)}
		}
		if _, ok := l.columns[e.Column]; !ok {
			err := missingColumn(e.Column, slices.Sorted(maps.Keys(l.columns)))
			err.Msg = fmt.Sprintf("lookup %s has no such column", e.Lookup)
			return leafPlan{}, err
		}
		chain = append(chain, link{l, e.Column})
		e = *e.Key
	}
	slices.Reverse(chain)
	cast := pipeline.Cast{Type: pipeline.StringType, Nulls: nulls}
	if alone || len(chain) > 0 {
		cast.Type = pipeline.CodeType
	}
	f, err := b.field(e.Column, cast)
	return leafPlan{field: f, chain: chain}, err
}

// field returns the index of the scanned field for a source column in a type.
func (b *binder) field(column string, cast pipeline.Cast) (int, error) {
	pos := slices.Index(b.header, column)
	if pos < 0 {
		return -1, missingColumn(column, b.header)
	}
	if slices.Contains(b.header[pos+1:], column) {
		return -1, &pipeline.Error{Kind: pipeline.ErrInput, Column: column, Msg: "the file has several columns of this name",
			Hint: "give the columns names of your own with names: […] and header: true"}
	}
	key := fmt.Sprintf("%d|%s|%v|%v|%v|%q|%t", b.in.Spec.Line, column, cast.Type, cast.Dates, cast.Number, cast.Nulls, cast.Integer)
	if cast.Location != nil {
		key += "|" + cast.Location.String()
	}
	for i, f := range b.plan.fields {
		if f.key == key {
			return i, nil
		}
	}
	parser, err := pipeline.NewParser(cast)
	if err != nil {
		return -1, err
	}
	b.plan.fields = append(b.plan.fields, planField{column: pos, key: key, cast: parser})
	return len(b.plan.fields) - 1, nil
}
