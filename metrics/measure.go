package metrics

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Measure is one business measure. Measures are immutable once declared and
// safe for concurrent use; they are compared by address.
//
// Exactly one of three forms holds: Num and Den are set (a quotient), Terms is
// set (a sum of measures of one scale), or neither (the quantity Base).
type Measure struct {
	Name     string         // the column's name in a gold table
	Doc      string         // one sentence with the formula and the unit, for people
	Unit     string         // "orders", "shop currency", "fraction", …
	Formula  string         // in terms of the contract
	Type     arrow.DataType // pipeline.Int64Type, SumType, PriceType, RatioType or DateType
	Nullable bool

	Base     Base
	Terms    []*Measure
	Num, Den *Measure
}

// State says what became of a measure's value.
type State uint8

// The states of a value.
const (
	Known    State = iota
	Missing        // NULL: unknown, or a denominator of 0
	Beyond         // NULL: a quotient that its type cannot hold; worth a warning
	Overflow       // an error: a sum or count that its type cannot hold
)

// Eval finishes the measure from a group's accumulated values. The result is
// unscaled (Scale says by what) or, for a date, days.
func (m *Measure) Eval(v *Values) (pipeline.Total, State) {
	switch {
	case m.Den != nil:
		num, state := m.Num.exact(v)
		if state != Known {
			return pipeline.Total{}, state
		}
		den, state := m.Den.exact(v)
		if state != Known {
			return pipeline.Total{}, state
		}
		if den.Sign() == 0 {
			return pipeline.Total{}, Missing
		}
		q, ok := pipeline.Quotient(num, den, m.digits(), pipeline.MaxPrice)
		if !ok {
			return pipeline.Total{}, Beyond
		}
		return pipeline.TotalOf(q), Known
	default:
		t, state := m.exact(v)
		if state == Known && !m.fits(t) {
			return pipeline.Total{}, Overflow
		}
		return t, state
	}
}

// exact returns an accumulated or summed measure in full width: a quotient
// divides what its parts really are, not what their columns can hold.
func (m *Measure) exact(v *Values) (pipeline.Total, State) {
	if m.Den != nil {
		return m.Eval(v)
	}
	if m.Terms == nil {
		t, ok := v.Get(m.Base)
		if !ok {
			return pipeline.Total{}, Missing
		}
		return t, Known
	}
	var sum pipeline.Total
	for _, term := range m.Terms {
		t, state := term.exact(v)
		if state != Known {
			return pipeline.Total{}, state
		}
		sum.Merge(t)
	}
	return sum, Known
}

func (m *Measure) fits(t pipeline.Total) bool {
	if m.Scale() > 0 {
		_, ok := t.Sum()
		return ok
	}
	_, ok := t.Int64()
	return ok
}

// digits is how far the numerator is scaled before the division.
func (m *Measure) digits() int { return m.Scale() - m.Num.Scale() + m.Den.Scale() }

// Scale returns the number of decimals of the measure's type.
func (m *Measure) Scale() int {
	if d, ok := m.Type.(*arrow.Decimal128Type); ok {
		return int(d.Scale)
	}
	return 0
}

// Needs returns the quantities that have to be accumulated for the measure.
func (m *Measure) Needs() Needs {
	var n Needs
	switch {
	case m.Den != nil:
		return m.Num.Needs() | m.Den.Needs()
	case m.Terms != nil:
		for _, t := range m.Terms {
			n |= t.Needs()
		}
		return n
	}
	return n.With(m.Base)
}

// Columns returns the columns of silver.fact_sales that the measure is
// computed from, each once.
func (m *Measure) Columns() []string {
	var out []string
	for _, b := range m.Needs().Bases() {
		for _, c := range b.Columns() {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// Check returns an error where a measure built by a user makes no sense.
func (m *Measure) Check() error {
	fail := func(msg string) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: m.Name, Msg: "measure: " + msg}
	}
	switch {
	case m.Name == "" || m.Type == nil:
		return fail("has no name or no type")
	case (m.Num == nil) != (m.Den == nil), m.Den != nil && m.Terms != nil:
		return fail("is neither a quantity, a sum of measures nor a quotient")
	case m.Den != nil:
		if t := pipeline.TypeName(m.Type); t != "price" && t != "ratio" {
			return fail("a quotient is a price or a ratio, not " + t)
		}
		if d := m.digits(); d < 0 || d > 18 {
			return fail(fmt.Sprintf("the quotient's parts differ by %d decimals", d))
		}
		if !m.Nullable {
			return fail("a quotient is NULL where its denominator is 0, so it must be Nullable")
		}
		if err := m.Num.Check(); err != nil {
			return err
		}
		return m.Den.Check()
	case m.Terms != nil:
		for _, t := range m.Terms {
			if t.Scale() != m.Scale() {
				return fail("its terms have another scale")
			}
			if t.Nullable && !m.Nullable {
				return fail("a term can be NULL, so it must be Nullable")
			}
			if err := t.Check(); err != nil {
				return err
			}
		}
	case int(m.Base) >= NumBases:
		return fail("accumulates an unknown quantity")
	}
	return nil
}
