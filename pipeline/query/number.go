package query

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// numbers are the values of an operand in a batch: integers, of which as many
// digits as the operand's scale stand after the point. Those that 64 bits cannot
// hold are in large, whatever stands for them in small.
type numbers struct {
	small []int64
	large map[int]*big.Int
	null  []bool // nil = none is
}

// operand is what a comparison compares: a column, or what is computed of some.
type operand interface {
	class() class
	scale() int // digits after the point
	eval(b *batch) (numbers, error)
}

type (
	column struct {
		name   string
		kind   class
		digits int
	}
	constant struct {
		digits int
		value  *big.Int
	}
	// arithmetic is left + right, left − right or left · right.
	arithmetic struct {
		op          byte
		left, right operand
	}
)

func (o column) class() class     { return o.kind }
func (o constant) class() class   { return numeric }
func (o arithmetic) class() class { return numeric }

func (o column) scale() int   { return o.digits }
func (o constant) scale() int { return o.digits }

func (o arithmetic) scale() int {
	if o.op == '*' {
		return o.left.scale() + o.right.scale()
	}
	return max(o.left.scale(), o.right.scale())
}

const dayMicros = 24 * 60 * 60 * 1_000_000

// eval reads a column. Days are the times of their midnights.
func (o column) eval(b *batch) (numbers, error) {
	col := b.columns[o.name]
	n := numbers{small: make([]int64, col.Len())}
	switch c := col.(type) {
	case *array.Int64:
		copy(n.small, c.Int64Values())
	case *array.Int32:
		for i, v := range c.Int32Values() {
			n.small[i] = int64(v)
		}
	case *array.Date32:
		for i, v := range c.Date32Values() {
			n.small[i] = int64(v) * dayMicros
		}
	case *array.Timestamp:
		for i, v := range c.TimestampValues() {
			n.small[i] = int64(v)
		}
	case *array.Boolean:
		for i := range n.small {
			if c.Value(i) {
				n.small[i] = 1
			}
		}
	case *array.Decimal128:
		for i, v := range c.Values() {
			n.small[i] = int64(v.LowBits())
			if v.HighBits() != n.small[i]>>63 && c.IsValid(i) {
				n.setLarge(i, v.BigInt())
			}
		}
	default:
		return n, &pipeline.Error{Kind: pipeline.ErrData, Column: o.name, Msg: fmt.Sprintf("a batch has the column as %s, which cannot be compared", col.DataType())}
	}
	if col.NullN() > 0 {
		for i := range n.small {
			if col.IsNull(i) {
				n.setNull(i)
			}
		}
	}
	return n, nil
}

func (o constant) eval(b *batch) (numbers, error) {
	n := numbers{small: make([]int64, b.rows)}
	for i := range n.small {
		if o.value.IsInt64() {
			n.small[i] = o.value.Int64()
		} else {
			n.setLarge(i, o.value)
		}
	}
	return n, nil
}

func (o arithmetic) eval(b *batch) (numbers, error) {
	l, r, err := evalOperands(b, o.left, o.right, o.op != '*')
	if err != nil {
		return numbers{}, err
	}
	out := numbers{small: l.small}
	for i, v := range l.small {
		if l.isNull(i) || r.isNull(i) {
			out.setNull(i)
			continue
		}
		ok := l.large[i] == nil && r.large[i] == nil
		if ok {
			switch w := r.small[i]; o.op {
			case '+':
				out.small[i], ok = add(v, w)
			case '-':
				out.small[i], ok = sub(v, w)
			default:
				out.small[i], ok = mul(v, w)
			}
		}
		if ok {
			continue
		}
		x, y, z := big.NewInt(v), r.at(i), new(big.Int)
		if large := l.large[i]; large != nil {
			x = large
		}
		switch o.op {
		case '+':
			z.Add(x, y)
		case '-':
			z.Sub(x, y)
		default:
			z.Mul(x, y)
		}
		out.set(i, z)
	}
	return out, nil
}

// evalOperands evaluates both operands, and brings them to one scale if wanted.
func evalOperands(b *batch, left, right operand, aligned bool) (l, r numbers, err error) {
	if l, err = left.eval(b); err != nil {
		return l, r, err
	}
	if r, err = right.eval(b); err != nil {
		return l, r, err
	}
	if aligned {
		l.shift(right.scale() - left.scale())
		r.shift(left.scale() - right.scale())
	}
	return l, r, nil
}

// shift multiplies by 10 to the power of digits, where that is positive.
func (n *numbers) shift(digits int) {
	if digits <= 0 {
		return
	}
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	for i, v := range n.small {
		if n.isNull(i) {
			continue
		}
		if n.large[i] == nil && factor.IsInt64() {
			if w, ok := mul(v, factor.Int64()); ok {
				n.small[i] = w
				continue
			}
		}
		n.set(i, new(big.Int).Mul(n.at(i), factor))
	}
}

func (n *numbers) isNull(i int) bool { return n.null != nil && n.null[i] }

func (n *numbers) setNull(i int) {
	if n.null == nil {
		n.null = make([]bool, len(n.small))
	}
	n.null[i] = true
}

func (n *numbers) setLarge(i int, v *big.Int) {
	if n.large == nil {
		n.large = map[int]*big.Int{}
	}
	n.large[i] = v
}

func (n *numbers) set(i int, v *big.Int) {
	if v.IsInt64() {
		n.small[i] = v.Int64()
		delete(n.large, i)
	} else {
		n.setLarge(i, v)
	}
}

func (n *numbers) at(i int) *big.Int {
	if v := n.large[i]; v != nil {
		return v
	}
	return big.NewInt(n.small[i])
}

func add(a, b int64) (int64, bool) {
	s := a + b
	return s, (a^s)&(b^s) >= 0
}

func sub(a, b int64) (int64, bool) {
	d := a - b
	return d, (a^b)&(a^d) >= 0
}

func mul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi) // of the product of signed numbers
	if a < 0 {
		h -= b
	}
	if b < 0 {
		h -= a
	}
	return int64(lo), h == int64(lo)>>63 && a != math.MinInt64 && b != math.MinInt64
}

// between is true where the order of the operands is accepted.
type between struct {
	left, right operand
	accepted    [3]bool
}

func (n between) eval(b *batch) ([]truth, error) {
	l, r, err := evalOperands(b, n.left, n.right, true)
	if err != nil {
		return nil, err
	}
	out := make([]truth, b.rows)
	for i, v := range l.small {
		order := 0
		switch w := r.small[i]; {
		case l.isNull(i) || r.isNull(i):
			out[i] = unknown
			continue
		case l.large[i] != nil || r.large[i] != nil:
			order = l.at(i).Cmp(r.at(i))
		case v < w:
			order = -1
		case v > w:
			order = 1
		}
		if n.accepted[order+1] {
			out[i] = isTrue
		}
	}
	return out, nil
}

// texts is true where the order of two columns of texts is accepted.
type texts struct {
	left, right string
	accepted    [3]bool
}

func (n texts) eval(b *batch) ([]truth, error) {
	l, err := textsOf(n.left, b.columns[n.left])
	if err != nil {
		return nil, err
	}
	r, err := textsOf(n.right, b.columns[n.right])
	if err != nil {
		return nil, err
	}
	out := make([]truth, b.rows)
	for i := range out {
		v, ok := l(i)
		w, there := r(i)
		switch {
		case !ok || !there:
			out[i] = unknown
		case n.accepted[bytes.Compare(v, w)+1]:
			out[i] = isTrue
		}
	}
	return out, nil
}

// textsOf returns a function that gives a column's texts, false for NULL.
func textsOf(name string, col arrow.Array) (func(i int) ([]byte, bool), error) {
	switch c := col.(type) {
	case *array.String:
		return func(i int) ([]byte, bool) { return pipeline.StringBytes(c, i), c.IsValid(i) }, nil
	case *array.Binary:
		return func(i int) ([]byte, bool) { return c.Value(i), c.IsValid(i) }, nil
	case *array.Dictionary:
		values, err := textsOf(name, c.Dictionary())
		if err != nil {
			return nil, err
		}
		return func(i int) ([]byte, bool) {
			if c.IsNull(i) {
				return nil, false
			}
			return values(c.GetValueIndex(i))
		}, nil
	}
	return nil, &pipeline.Error{Kind: pipeline.ErrData, Column: name, Msg: fmt.Sprintf("a batch has the column as %s, which is no text", col.DataType())}
}
