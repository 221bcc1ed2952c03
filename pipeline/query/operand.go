package query

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// isArithmetic reports whether a token goes on with a number: a sign may have
// become a part of the number behind it.
func (t token) isArithmetic() bool {
	return t.kind == symbol && (t.text == "+" || t.text == "-" || t.text == "*" || t.text == "/") || t.isSigned()
}

func (t token) isSigned() bool { return t.kind == number && (t.text[0] == '-' || t.text[0] == '+') }

func operandOf(f arrow.Field, typ class) operand {
	digits := 0
	if d, ok := f.Type.(*arrow.Decimal128Type); ok {
		digits = int(d.Scale)
	}
	return column{f.Name, typ, digits}
}

// comparison parses the operator and the right operand of a comparison.
func (p *parser) comparison(left operand) (node, error) {
	op := p.next()
	switch {
	case op.kind == symbol && slices.Contains(operators, op.text):
		return p.with(left, op)
	case op.is("BETWEEN"), op.is("NOT") && p.peek().is("BETWEEN"):
		negated := op.is("NOT") && p.accept("BETWEEN")
		low, err := p.with(left, token{symbol, ">=", op.at})
		if err == nil {
			err = p.expect("AND")
		}
		if err != nil {
			return nil, err
		}
		high, err := p.with(left, token{symbol, "<=", op.at})
		if negated {
			return opposite{both{low, high}}, err
		}
		return both{low, high}, err
	}
	return nil, p.unexpected(op, "an operator (+ - * = != < <= > >= BETWEEN)")
}

// with compares an operand with the one that follows.
func (p *parser) with(left operand, op token) (node, error) {
	t := p.peek()
	right, err := p.sum()
	if err != nil {
		return nil, err
	}
	l, r := left.class(), right.class()
	if temporal(l) && temporal(r) {
		l = r
	}
	hint := ""
	if temporal(l) != temporal(r) {
		hint = "write dates and times in single quotes: '2024-01-31'"
	}
	switch {
	case l != r:
		return nil, p.fail(t, fmt.Sprintf("%s is a %s, with which %s %s does not compare", describe(right), right.class(), left.class(), describe(left)), hint)
	case l == textual:
		return texts{left.(column).name, right.(column).name, accepts(op.text)}, nil
	case l == boolean && op.text != "=" && op.text != "!=" && op.text != "<>":
		return nil, p.fail(op, fmt.Sprintf("%s is true or false, which %s does not compare", describe(left), op), "use = or !=")
	}
	return between{left, right, accepts(op.text)}, nil
}

func temporal(c class) bool { return c == date || c == timestamp }

func (c class) String() string {
	return [...]string{textual: "text", numeric: "number", boolean: "boolean", date: "date", timestamp: "timestamp"}[c]
}

func describe(o operand) string {
	switch o := o.(type) {
	case column:
		return "column " + o.name
	case constant:
		return "the number"
	}
	return "the sum or product"
}

// sum parses products that are added or subtracted.
func (p *parser) sum() (operand, error) {
	left, err := p.product()
	for err == nil {
		t := p.peek()
		op := byte('+')
		switch {
		case t.is("+"), t.is("-"):
			op = p.next().text[0]
		case t.isSigned():
		case t.is("/"):
			return nil, p.fail(t, "there is no division", "multiply the other side instead")
		default:
			return left, nil
		}
		var right operand
		if right, err = p.product(); err == nil {
			left, err = p.compute(t, op, left, right)
		}
	}
	return nil, err
}

func (p *parser) product() (operand, error) {
	left, err := p.factor()
	for err == nil && p.peek().is("*") {
		t := p.next()
		var right operand
		if right, err = p.factor(); err == nil {
			left, err = p.compute(t, '*', left, right)
		}
	}
	return left, err
}

// maxDigits bounds how many digits may stand after the point of what is computed.
const maxDigits = 100

func (p *parser) compute(t token, op byte, left, right operand) (operand, error) {
	for _, o := range []operand{left, right} {
		if o.class() != numeric {
			return nil, p.fail(t, fmt.Sprintf("%s is for numbers: %s is a %s", t, describe(o), o.class()), "")
		}
	}
	out := arithmetic{op, left, right}
	if out.scale() > maxDigits {
		return nil, p.fail(t, fmt.Sprintf("more than %d digits after the point", maxDigits), "")
	}
	return out, nil
}

func (p *parser) factor() (operand, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.fail(p.peek(), "the condition is nested too deeply", "")
	}
	switch t := p.next(); {
	case t.is("("):
		o, err := p.sum()
		if err == nil {
			err = p.expect(")")
		}
		return o, err
	case t.is("-"):
		o, err := p.factor()
		if err != nil {
			return nil, err
		}
		return p.compute(t, '-', constant{0, new(big.Int)}, o)
	case t.kind == number:
		whole, fraction, _ := strings.Cut(t.text, ".")
		n, ok := new(big.Int).SetString(whole+fraction, 10)
		if !ok || len(fraction) > maxDigits {
			return nil, p.fail(t, "the number has too many digits", "")
		}
		return constant{len(fraction), n}, nil
	case t.isColumn():
		f, err := p.column(t)
		if err != nil {
			return nil, err
		}
		typ, err := classOf(f)
		if err != nil {
			return nil, err
		}
		return operandOf(f, typ), nil
	default:
		hint := ""
		if t.kind == text {
			hint = "texts, dates and times are compared with a column: column = 'text'"
		}
		return nil, p.fail(t, fmt.Sprintf("found %s where a column or a number is expected", t), hint)
	}
}

// opensOperand reports whether the parenthesis that comes next stands around an
// operand, and not around a condition: an operator follows it.
func (p *parser) opensOperand() bool {
	depth := 0
	for i := p.pos; i < len(p.tokens); i++ {
		switch t := p.tokens[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			if depth--; depth == 0 {
				next := p.tokens[i+1]
				return next.isArithmetic() || next.is("BETWEEN") || next.kind == symbol && slices.Contains(operators, next.text) ||
					next.is("NOT") && p.tokens[i+2].is("BETWEEN")
			}
		}
	}
	return false
}
