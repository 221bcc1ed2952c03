package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Filter is a condition on the rows of a table. It is immutable, and safe for
// concurrent use.
type Filter struct {
	root    node
	columns []string
}

// Parse reads a condition on the columns of a schema. Its errors are
// *pipeline.Error of kind pipeline.ErrConfig, which name the column and the
// nearest one where there is no such column.
func Parse(condition string, schema *arrow.Schema) (*Filter, error) {
	tokens, err := lex(condition)
	if err != nil {
		return nil, err
	}
	p := &parser{condition: condition, tokens: tokens, schema: schema}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, p.unexpected(t, "AND, OR or the end")
	}
	return &Filter{root: root, columns: p.columns}, nil
}

// Columns returns the names of the columns that the condition looks at, in the
// order of their first use.
func (f *Filter) Columns() []string { return slices.Clone(f.columns) }

// Rows appends to dst the indices of the batch's rows for which the condition
// is true, ascending. The batch has, by name, at least the columns that the
// condition looks at, in the types of the schema; text may or may not be
// dictionary-encoded.
func (f *Filter) Rows(rec arrow.Record, dst []int) ([]int, error) {
	b := batch{rows: int(rec.NumRows()), columns: map[string]arrow.Array{}}
	for _, name := range f.columns {
		i := rec.Schema().FieldIndices(name)
		if len(i) == 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Column: name, Msg: "a batch does not have the column"}
		}
		b.columns[name] = rec.Column(i[0])
	}
	result, err := f.root.eval(&b)
	if err != nil {
		return nil, err
	}
	for i, t := range result {
		if t == isTrue {
			dst = append(dst, i)
		}
	}
	return dst, nil
}

// maxDepth bounds how deep parentheses and NOTs nest.
const maxDepth = 500

type parser struct {
	condition string
	tokens    []token
	pos       int
	depth     int
	schema    *arrow.Schema
	columns   []string
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != end {
		p.pos++
	}
	return t
}

// accept takes the next token if it is a given symbol or keyword.
func (p *parser) accept(s string) bool {
	if !p.peek().is(s) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(s string) error {
	if !p.accept(s) {
		return p.unexpected(p.peek(), s)
	}
	return nil
}

func (p *parser) fail(t token, msg, hint string) error {
	return syntaxError(p.condition, t.at, msg, hint)
}

func (p *parser) unexpected(t token, want string) error {
	return p.fail(t, fmt.Sprintf("found %s where %s is expected", t, want), "")
}

func (p *parser) or() (node, error) {
	left, err := p.and()
	for err == nil && p.accept("OR") {
		var right node
		if right, err = p.and(); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) and() (node, error) {
	left, err := p.not()
	for err == nil && p.accept("AND") {
		var right node
		if right, err = p.not(); err == nil {
			left = both{left, right}
		}
	}
	return left, err
}

func (p *parser) not() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.fail(p.peek(), "the condition is nested too deeply", "")
	}
	switch {
	case p.accept("NOT"):
		n, err := p.not()
		return opposite{n}, err
	case p.peek().is("(") && !p.opensOperand():
		p.next()
		n, err := p.or()
		if err == nil {
			err = p.expect(")")
		}
		return n, err
	}
	return p.test()
}

var keywords = []string{"AND", "OR", "NOT", "IS", "NULL", "LIKE", "IN", "BETWEEN", "TRUE", "FALSE"}

func (t token) isKeyword() bool {
	return t.kind == word && slices.Contains(keywords, strings.ToUpper(t.text))
}

func (t token) isColumn() bool { return t.kind == quoted || t.kind == word && !t.isKeyword() }

// test parses a condition on one column, or a comparison of two operands.
func (p *parser) test() (node, error) {
	t := p.peek()
	if t.isColumn() && !p.tokens[p.pos+1].isArithmetic() {
		p.next()
		return p.ofColumn(t)
	}
	if t.kind == number || t.is("(") || t.is("-") || t.isColumn() {
		left, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.comparison(left)
	}
	hint := ""
	if t.kind == text {
		hint = "the column comes first: column = literal"
	}
	return nil, p.fail(t, fmt.Sprintf("found %s where a column is expected", t), hint)
}

// ofColumn parses what a test says of a column.
func (p *parser) ofColumn(t token) (node, error) {
	f, err := p.column(t)
	if err != nil {
		return nil, err
	}
	if p.accept("IS") {
		negated := p.accept("NOT")
		if err := p.expect("NULL"); err != nil {
			return nil, err
		}
		return isNull{f.Name, negated}, nil
	}
	typ, err := classOf(f)
	if err != nil {
		return nil, err
	}
	op := p.peek()
	if op.kind == symbol && slices.Contains(operators, op.text) {
		p.next()
		return p.against(f, typ, op)
	}
	negated := p.accept("NOT")
	var n node
	switch {
	case p.accept("LIKE"):
		if typ != textual {
			return nil, p.fail(op, fmt.Sprintf("LIKE is for texts: column %s is a %s", f.Name, pipeline.TypeName(f.Type)), "")
		}
		t := p.next()
		if t.kind != text {
			return nil, p.unexpected(t, "a pattern in single quotes")
		}
		n = like{f.Name, compilePattern(t.text)}
	case p.accept("IN"):
		if n, err = p.list(f, typ); err != nil {
			return nil, err
		}
	case p.accept("BETWEEN"):
		if n, err = p.bounds(f, typ, op); err != nil {
			return nil, err
		}
	case typ == boolean && !negated:
		return compare{f.Name, []literal{{truth: true}}, accepts("=")}, nil
	default:
		return nil, p.unexpected(p.peek(), "an operator (= != < <= > >= IS LIKE IN BETWEEN)")
	}
	if negated {
		n = opposite{n}
	}
	return n, nil
}

// bounds parses what follows column BETWEEN, which includes both.
func (p *parser) bounds(f arrow.Field, typ class, at token) (node, error) {
	low, err := p.against(f, typ, token{symbol, ">=", at.at})
	if err == nil {
		err = p.expect("AND")
	}
	if err != nil {
		return nil, err
	}
	high, err := p.against(f, typ, token{symbol, "<=", at.at})
	return both{low, high}, err
}

// against parses what a column is compared with: a literal of its type, another
// column, or what is computed of some.
func (p *parser) against(f arrow.Field, typ class, op token) (node, error) {
	if typ == boolean && op.text != "=" && op.text != "!=" && op.text != "<>" {
		return nil, p.fail(op, fmt.Sprintf("column %s is true or false, which %s does not compare", f.Name, op), "use = or !=")
	}
	t := p.peek()
	if t.isColumn() && (typ != textual || p.has(t)) || t.is("(") || t.is("-") || t.kind == number && p.tokens[p.pos+1].isArithmetic() {
		return p.with(operandOf(f, typ), op)
	}
	lit, err := p.literal(f, typ)
	if err != nil {
		return nil, err
	}
	return compare{f.Name, []literal{lit}, accepts(op.text)}, nil
}

var operators = []string{"=", "!=", "<>", "<", "<=", ">", ">="}

// accepts says for which orders of value and literal, −1, 0 and 1, an operator
// is true: accepted[order+1].
func accepts(op string) (accepted [3]bool) {
	switch op {
	case "=":
		return [3]bool{false, true, false}
	case "<":
		return [3]bool{true, false, false}
	case "<=":
		return [3]bool{true, true, false}
	case ">":
		return [3]bool{false, false, true}
	case ">=":
		return [3]bool{false, true, true}
	}
	return [3]bool{true, false, true}
}

func (p *parser) list(f arrow.Field, typ class) (node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	n := compare{column: f.Name, accepted: accepts("=")}
	for {
		lit, err := p.literal(f, typ)
		if err != nil {
			return nil, err
		}
		n.literals = append(n.literals, lit)
		if !p.accept(",") {
			return n, p.expect(")")
		}
	}
}

// has reports whether a token may be meant as a column.
func (p *parser) has(t token) bool {
	return t.kind == quoted || slices.ContainsFunc(p.schema.Fields(), func(f arrow.Field) bool { return strings.EqualFold(f.Name, t.text) })
}

// column finds the column that a token names.
func (p *parser) column(t token) (arrow.Field, error) {
	var names, folded []string
	found := -1
	for i, f := range p.schema.Fields() {
		names = append(names, f.Name)
		if f.Name == t.text {
			found = i
			folded = nil
			break
		}
		if t.kind == word && strings.EqualFold(f.Name, t.text) {
			found = i
			folded = append(folded, f.Name)
		}
	}
	if len(folded) > 1 {
		return arrow.Field{}, p.fail(t, fmt.Sprintf("column %s may be %s", t.text, strings.Join(folded, " or ")), "write it as it stands")
	}
	if found < 0 {
		hint := "the columns are " + strings.Join(names, ", ")
		if near := pipeline.Nearest(t.text, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		return arrow.Field{}, p.fail(t, fmt.Sprintf("there is no column %q", t.text), hint)
	}
	f := p.schema.Field(found)
	if !slices.Contains(p.columns, f.Name) {
		p.columns = append(p.columns, f.Name)
	}
	return f, nil
}
