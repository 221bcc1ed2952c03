package gold

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Builder makes a table row by row: each call gives the next column its value.
// Rows are written as they come, some at a time. The first value that a column
// cannot hold, or the first row that cannot be written, becomes Done's error.
type Builder struct {
	f       *Finished
	cols    []array.Builder
	beyond  []int64 // by column: quotients that its type cannot hold
	next    int
	left    int   // rows that are expected to come, after those in cols
	written int64 // rows
	err     error
}

// batchRows is how many rows a Builder writes at a time.
const batchRows = 64 << 10

// Build returns a builder of the table's rows, about n of them.
func (f *Finished) Build(n int) *Builder {
	b := &Builder{f: f, beyond: make([]int64, len(f.Table.Columns)), left: n}
	for _, c := range f.Table.Columns {
		b.cols = append(b.cols, array.NewBuilder(f.Mem, c.Type))
	}
	b.reserve()
	return b
}

func (b *Builder) reserve() {
	n := min(b.left, batchRows)
	b.left -= n
	for _, col := range b.cols {
		col.Reserve(n)
	}
}

func (b *Builder) column() (int, array.Builder) {
	i := b.next
	if i == 0 && b.cols[0].Len() == batchRows {
		b.write()
		b.reserve()
	}
	b.next = (b.next + 1) % len(b.cols)
	return i, b.cols[i]
}

// write writes the rows that are there; after an error it drops them.
func (b *Builder) write() {
	cols := make([]arrow.Array, len(b.cols))
	for i, col := range b.cols {
		cols[i] = col.NewArray()
		defer cols[i].Release()
	}
	n := int64(cols[0].Len())
	if b.err != nil || n == 0 {
		return
	}
	rec := array.NewRecord(b.f.Table.Schema, cols, n)
	defer rec.Release()
	b.err = b.f.Write(rec)
	b.written += n
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

// dimensions gives the next columns the values of a group's dimensions.
func (b *Builder) dimensions(l *level, group int32) {
	for i, d := range l.dims {
		if d.reg.texts == nil {
			b.Date(l.date(group, i))
		} else {
			b.Text(l.text(group, i))
		}
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
		b.err = &pipeline.Error{Kind: pipeline.ErrData, Table: b.f.Table.Name, Column: b.f.Table.Columns[i].Name, Row: b.written + int64(b.cols[0].Len()), Msg: msg}
	}
}

// Done writes the last rows. It is called once, also where the table is given up.
func (b *Builder) Done() error {
	if b.err == nil && b.next != 0 {
		b.err = fmt.Errorf("gold: the last row of %s has %d of %d columns", b.f.Table.Name, b.next, len(b.cols))
	}
	b.write()
	for i, col := range b.cols {
		col.Release()
		if b.beyond[i] > 0 {
			b.f.Warn(beyond(b.f.Table.Columns[i].Name, b.beyond[i]))
		}
	}
	return b.err
}
