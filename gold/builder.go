package gold

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Builder makes a table's batch row by row: each call gives the next column
// its value. The first value that a column cannot hold becomes Done's error.
type Builder struct {
	f      *Finished
	cols   []array.Builder
	beyond []int64 // by column: quotients that its type cannot hold
	next   int
	err    error
}

// Build returns a builder of the table's rows, about n of them.
func (f *Finished) Build(n int) *Builder {
	b := &Builder{f: f, beyond: make([]int64, len(f.Table.Columns))}
	for _, c := range f.Table.Columns {
		col := array.NewBuilder(f.Mem, c.Type)
		col.Reserve(n)
		b.cols = append(b.cols, col)
	}
	return b
}

func (b *Builder) column() (int, array.Builder) {
	i := b.next
	b.next = (b.next + 1) % len(b.cols)
	return i, b.cols[i]
}

// Text gives the next column a text; nil is NULL.
func (b *Builder) Text(v []byte) {
	i, col := b.column()
	if v == nil {
		b.null(i)
		return
	}
	if s, ok := col.(*array.StringBuilder); ok {
		s.BinaryBuilder.Append(v)
		return
	}
	b.wrong(i, "a text")
}

// Date gives the next column a day; NULL unless valid.
func (b *Builder) Date(d pipeline.Date, valid bool) {
	i, col := b.column()
	if !valid {
		b.null(i)
		return
	}
	if c, ok := col.(*array.Date32Builder); ok {
		c.Append(arrow.Date32(d))
		return
	}
	b.wrong(i, "a date")
}

// Bool gives the next column true or false.
func (b *Builder) Bool(v bool) {
	i, col := b.column()
	if c, ok := col.(*array.BooleanBuilder); ok {
		c.Append(v)
		return
	}
	b.wrong(i, "a bool")
}

// Int gives the next column a whole number.
func (b *Builder) Int(v int64) { b.Number(pipeline.TotalOf(v), metrics.Known) }

// Number gives the next column, of any type of number or a date, an unscaled
// value of its own scale. Only a Known one counts.
func (b *Builder) Number(t pipeline.Total, s metrics.State) {
	i, col := b.column()
	switch {
	case s == metrics.Missing:
		b.null(i)
		return
	case s == metrics.Beyond:
		b.beyond[i]++
		b.null(i)
		return
	case s == metrics.Overflow:
		b.fail(i, "the sum is larger than the column can hold")
		col.AppendNull()
		return
	}
	v, small := t.Int64()
	switch col := col.(type) {
	case *array.Int64Builder:
		col.Append(v)
	case *array.Int32Builder:
		small = small && int64(int32(v)) == v
		col.Append(int32(v))
	case *array.Date32Builder:
		small = small && int64(int32(v)) == v
		col.Append(arrow.Date32(v))
	case *array.Decimal128Builder:
		n := decimal128.New(t.Hi, t.Lo)
		small = n.FitsInPrecision(b.f.Table.Columns[i].Type.(*arrow.Decimal128Type).Precision)
		col.Append(n)
	default:
		b.wrong(i, "a number")
		return
	}
	if !small {
		b.fail(i, "the sum is larger than the column can hold")
	}
}

// Measures gives the next columns the measures of a group.
func (b *Builder) Measures(v *metrics.Values, measures ...*metrics.Measure) {
	for _, m := range measures {
		b.Number(m.Eval(v))
	}
}

// Share gives the next column the ratio part / whole; NULL where whole ≤ 0.
func (b *Builder) Share(part, whole pipeline.Total) {
	b.Number(quotient(part, whole, 6))
}

// quotient returns a / b with so many digits; Missing where b ≤ 0.
func quotient(a, b pipeline.Total, digits int) (pipeline.Total, metrics.State) {
	if b.Sign() <= 0 {
		return pipeline.Total{}, metrics.Missing
	}
	q, ok := pipeline.Quotient(a, b, digits, pipeline.MaxPrice)
	if !ok {
		return pipeline.Total{}, metrics.Beyond
	}
	return pipeline.TotalOf(q), metrics.Known
}

func (b *Builder) null(i int) {
	if !b.f.Table.Columns[i].Nullable {
		b.fail(i, "NULL in a column that is not nullable")
	}
	b.cols[i].AppendNull()
}

func (b *Builder) wrong(i int, have string) {
	b.fail(i, fmt.Sprintf("%s for a column of type %s", have, pipeline.TypeName(b.f.Table.Columns[i].Type)))
	b.cols[i].AppendNull()
}

func (b *Builder) fail(i int, msg string) {
	if b.err == nil {
		b.err = &pipeline.Error{Kind: pipeline.ErrData, Table: b.f.Table.Name, Column: b.f.Table.Columns[i].Name, Row: int64(b.cols[0].Len()), Msg: msg}
	}
}

// Done returns the rows as a batch, which the caller releases.
func (b *Builder) Done() ([]arrow.Record, error) {
	cols := make([]arrow.Array, len(b.cols))
	for i, col := range b.cols {
		cols[i] = col.NewArray()
		col.Release()
		defer cols[i].Release()
		if b.beyond[i] > 0 {
			b.f.Warn(beyond(b.f.Table.Columns[i].Name, b.beyond[i]))
		}
	}
	if b.err == nil && b.next != 0 {
		b.err = fmt.Errorf("gold: the last row of %s has %d of %d columns", b.f.Table.Name, b.next, len(b.cols))
	}
	if b.err != nil {
		return nil, b.err
	}
	return []arrow.Record{array.NewRecord(b.f.Table.Schema, cols, int64(cols[0].Len()))}, nil
}
