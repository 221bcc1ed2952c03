package bronze

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Plan is a mapping bound to the header of one input: which fields of the
// source are scanned, and how each column of one or more tables is made of
// them. It is immutable; NewReader gives each goroutine its own Reader.
type Plan struct {
	input  *Input
	header []string // of the source, without the blanks around names
	fields []planField
	tables []tablePlan
}

// planField is one scanned field: a source column in one type.
type planField struct {
	column int
	dict   string // names its dictionary, where its type is CodeType
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

// computedPlan makes a value in three steps: a text out of the leaves, its
// replacement, the cast.
type computedPlan struct {
	name     string // "bronze.sales.quantity"
	value    *string
	leaves   []leafPlan
	template []TemplatePart // nil = the first leaf that has a value
	replace  map[string][]byte
	source   *pipeline.Parser // knows the texts that mean no value
	cast     *pipeline.Parser // does not: what replaces a text is meant
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
	b := binder{m: m, in: in, lookups: lookups, plan: &Plan{input: in, header: trimmed(in.Source.Columns())}}
	for _, t := range targets {
		tp := tablePlan{table: t.Table}
		for _, c := range t.Table.Columns {
			i := slices.IndexFunc(t.Specs, func(s ColumnSpec) bool { return s.Column == c.Name })
			if i < 0 {
				tp.columns = append(tp.columns, columnPlan{direct: -1})
				continue
			}
			cp, err := b.column(&t.Specs[i], c, t.Table)
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
	for _, c := range trimmed(in.Source.Columns()) {
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
	plan    *Plan
}

func (b *binder) column(s *ColumnSpec, c pipeline.Column, table *pipeline.Table) (columnPlan, error) {
	cast := b.m.Cast(b.in.Spec, s, c.Type)
	exprs := s.exprs(b.m)
	if len(exprs) == 1 && exprs[0].Key == nil && s.Template == "" && len(s.Map) == 0 {
		f, err := b.field(exprs[0].Column, cast)
		return columnPlan{direct: f}, err
	}
	comp := &computedPlan{name: table.Name + "." + c.Name, value: s.Value}
	if len(s.Map) > 0 {
		comp.replace = make(map[string][]byte, len(s.Map))
	}
	for from, to := range s.Map {
		comp.replace[from] = []byte(to)
	}
	text := pipeline.Cast{Type: pipeline.StringType, Nulls: cast.Nulls}
	cast.Nulls = nil
	var err error
	if comp.source, err = pipeline.NewParser(text); err != nil {
		return columnPlan{}, err
	}
	if comp.cast, err = pipeline.NewParser(cast); err != nil {
		return columnPlan{}, err
	}
	if s.Template != "" {
		if comp.template, err = ParseTemplate(s.Template, b.m.Lookups); err != nil {
			return columnPlan{}, err
		}
	}
	for _, e := range exprs {
		// What is looked up is worked out once per distinct key. Other texts
		// may all differ: they are read as a dictionary only where the result
		// is one too.
		text.Type = pipeline.StringType
		if e.Key != nil || len(exprs) == 1 && arrow.TypeEqual(c.Type, pipeline.CodeType) {
			text.Type = pipeline.CodeType
		}
		leaf, err := b.leaf(e, text)
		if err != nil {
			return columnPlan{}, err
		}
		comp.leaves = append(comp.leaves, leaf)
	}
	return columnPlan{direct: -1, computed: comp}, nil
}

// leaf binds one expression.
func (b *binder) leaf(e Expr, text pipeline.Cast) (leafPlan, error) {
	var chain []link
	for e.Key != nil {
		l, ok := b.lookups[e.Lookup]
		if !ok {
			return leafPlan{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: e.String(), Msg: fmt.Sprintf("no lookup is called %q", e.Lookup)}
		}
		if err := onceIn(l.header, e.Column); err != nil {
			err.File = l.file
			return leafPlan{}, err
		}
		if file := l.twice[e.Column]; file != "" {
			return leafPlan{}, &pipeline.Error{Kind: pipeline.ErrInput, File: file, Column: e.Column, Msg: "several columns of the file have this name",
				Hint: "give the columns names of your own, in the file's order: names: […]"}
		}
		chain = append(chain, link{l, e.Column})
		e = *e.Key
	}
	slices.Reverse(chain)
	f, err := b.field(e.Column, text)
	return leafPlan{field: f, chain: chain}, err
}

// field returns the index of the scanned field for a source column in a type.
func (b *binder) field(column string, cast pipeline.Cast) (int, error) {
	if err := onceIn(b.plan.header, column); err != nil {
		return -1, err
	}
	pos := slices.Index(b.plan.header, column)
	cast = relevant(cast)
	for i, f := range b.plan.fields {
		if f.column == pos && sameCast(f.cast.Cast, cast) {
			return i, nil
		}
	}
	parser, err := pipeline.NewParser(cast)
	if err != nil {
		return -1, err
	}
	// Sources of one table share the dictionaries of columns of one name: a code
	// stands for a text, whichever file it is from.
	dict := fmt.Sprintf("%s.%s %q %t", b.in.Spec.Table, column, cast.Nulls, cast.Integer)
	b.plan.fields = append(b.plan.fields, planField{column: pos, dict: dict, cast: parser})
	return len(b.plan.fields) - 1, nil
}

// relevant drops what makes no difference to a cast's type.
func relevant(c pipeline.Cast) pipeline.Cast {
	switch c.Type.ID() {
	case arrow.STRING, arrow.DICTIONARY:
		c.Dates, c.Location = nil, nil
		if !c.Integer {
			c.Number = pipeline.Number{}
		}
	case arrow.DATE32, arrow.TIMESTAMP:
		c.Number = pipeline.Number{}
	default:
		c.Dates, c.Location = nil, nil
	}
	return c
}

func sameCast(a, b pipeline.Cast) bool {
	return arrow.TypeEqual(a.Type, b.Type) && slices.Equal(a.Dates, b.Dates) && a.Number == b.Number &&
		a.Location == b.Location && slices.Equal(a.Nulls, b.Nulls) && a.Integer == b.Integer
}

// onceIn says what is wrong where a header does not have a column, or has it
// more than once: then nobody can tell which one is meant.
func onceIn(header []string, column string) *pipeline.Error {
	var at []string
	for i, h := range header {
		if h == column {
			at = append(at, strconv.Itoa(i+1))
		}
	}
	switch len(at) {
	case 0:
		return missingColumn(column, header)
	case 1:
		return nil
	}
	hint := "give the columns names of your own, in the file's order: names: […]; in a Parquet file, rename one"
	if len(header) <= 40 {
		hint = "give the columns names of your own: names: [" + strings.Join(unique(header), ", ") + "]; in a Parquet file, rename one"
	}
	return &pipeline.Error{Kind: pipeline.ErrInput, Column: column, Hint: hint,
		Msg: "columns " + strings.Join(at[:len(at)-1], ", ") + " and " + at[len(at)-1] + " of the file have this name"}
}

// unique returns a header in which each column has a name of its own, as
// smelt.yml writes it: a repeated one gets a number, an empty one its position.
func unique(header []string) []string {
	out, seen := make([]string, len(header)), map[string]bool{}
	for _, h := range header {
		seen[h] = true
	}
	for i, h := range header {
		name := cmp.Or(h, "column "+strconv.Itoa(i+1))
		if slices.Contains(header[:i], h) && h != "" || h == "" && seen[name] {
			base, n := name, 2
			for name = base + " 2"; seen[name]; n++ {
				name = base + " " + strconv.Itoa(n)
			}
			seen[name] = true
		}
		if out[i] = name; strings.ContainsAny(name, ",[]{}:#&*!|>'\"%@`") || strings.Trim(name, "0123456789.-+_") == "" {
			out[i] = strconv.Quote(name)
		}
	}
	return out
}

// trimmed drops the blanks around names.
func trimmed(header []string) []string {
	out := make([]string, len(header))
	for i, h := range header {
		out[i] = strings.TrimSpace(h)
	}
	return out
}
