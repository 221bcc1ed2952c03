package query

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

// truth is a value of three-valued logic. The order matters: AND is the
// minimum, OR the maximum.
type truth uint8

const (
	isFalse truth = iota
	unknown
	isTrue
)

// batch is what a condition is evaluated on.
type batch struct {
	rows    int
	columns map[string]arrow.Array
}

// node is a part of a condition: one truth for each row of a batch.
type node interface {
	eval(b *batch) ([]truth, error)
}

type (
	both     struct{ left, right node }
	either   struct{ left, right node }
	opposite struct{ of node }
	isNull   struct {
		column  string
		negated bool
	}
	// compare is true where the value's order to any of the literals is accepted.
	compare struct {
		column   string
		literals []literal
		accepted [3]bool
	}
	like struct {
		column string
		pattern
	}
)

func (n both) eval(b *batch) ([]truth, error) {
	left, right, err := evalPair(b, n.left, n.right)
	for i := range left {
		left[i] = min(left[i], right[i])
	}
	return left, err
}

func (n either) eval(b *batch) ([]truth, error) {
	left, right, err := evalPair(b, n.left, n.right)
	for i := range left {
		left[i] = max(left[i], right[i])
	}
	return left, err
}

func evalPair(b *batch, l, r node) (left, right []truth, err error) {
	if left, err = l.eval(b); err != nil {
		return nil, nil, err
	}
	if right, err = r.eval(b); err != nil {
		return nil, nil, err
	}
	return left, right, nil
}

func (n opposite) eval(b *batch) ([]truth, error) {
	out, err := n.of.eval(b)
	for i := range out {
		out[i] = isTrue - out[i]
	}
	return out, err
}

func (n isNull) eval(b *batch) ([]truth, error) {
	col := b.columns[n.column]
	out := make([]truth, b.rows)
	for i := range out {
		if col.IsNull(i) != n.negated {
			out[i] = isTrue
		}
	}
	return out, nil
}

func (n like) eval(b *batch) ([]truth, error) {
	return evalColumn(n.column, b.columns[n.column], func(v value) bool { return n.match(v.text) })
}

func (n compare) eval(b *batch) ([]truth, error) {
	col := b.columns[n.column]
	lits := n.literals
	accepted := n.accepted
	matches := func(order func(*literal) int) bool {
		for i := range lits {
			if accepted[order(&lits[i])+1] {
				return true
			}
		}
		return false
	}
	return evalColumn(n.column, col, func(v value) bool {
		switch v.kind {
		case textual:
			return matches(func(l *literal) int { return bytes.Compare(v.text, l.text) })
		case boolean:
			return matches(func(l *literal) int {
				if v.truth == l.truth {
					return 0
				}
				return 1
			})
		}
		return matches(func(l *literal) int { return l.order(v.number) })
	})
}

// value is one value of a column.
type value struct {
	kind   class // textual, boolean, or numeric for all else
	text   []byte
	truth  bool
	number decimal128.Num
}

// evalColumn tests every value of a column; a NULL is unknown. The values of a
// dictionary are tested once each.
func evalColumn(name string, col arrow.Array, test func(value) bool) ([]truth, error) {
	out := make([]truth, col.Len())
	if d, ok := col.(*array.Dictionary); ok {
		values, err := evalColumn(name, d.Dictionary(), test)
		if err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = unknown
			if d.IsValid(i) {
				out[i] = values[d.GetValueIndex(i)]
			}
		}
		return out, nil
	}
	var get func(i int) value
	switch c := col.(type) {
	case *array.String:
		get = func(i int) value { return value{text: pipeline.StringBytes(c, i)} }
	case *array.Binary:
		get = func(i int) value { return value{text: c.Value(i)} }
	case *array.Boolean:
		get = func(i int) value { return value{kind: boolean, truth: c.Value(i)} }
	case *array.Int64:
		get = func(i int) value { return value{kind: numeric, number: decimal128.FromI64(c.Value(i))} }
	case *array.Int32:
		get = func(i int) value { return value{kind: numeric, number: decimal128.FromI64(int64(c.Value(i)))} }
	case *array.Date32:
		get = func(i int) value { return value{kind: numeric, number: decimal128.FromI64(int64(c.Value(i)))} }
	case *array.Timestamp:
		get = func(i int) value { return value{kind: numeric, number: decimal128.FromI64(int64(c.Value(i)))} }
	case *array.Decimal128:
		get = func(i int) value { return value{kind: numeric, number: c.Value(i)} }
	default:
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Column: name, Msg: fmt.Sprintf("a batch has the column as %s, which cannot be compared", col.DataType())}
	}
	for i := range out {
		switch {
		case col.IsNull(i):
			out[i] = unknown
		case test(get(i)):
			out[i] = isTrue
		}
	}
	return out, nil
}
