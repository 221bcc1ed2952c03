package gold

import (
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// finish makes one table, whose rows a function writes.
func (f *Finished) finish(rows func(*Finished) error, create func(*pipeline.Table) (pipeline.Writer, error)) (err error) {
	if f.out, err = create(f.Table); err != nil {
		return err
	}
	defer func() {
		_, failed := f.out.Close()
		err = errors.Join(err, failed)
	}()
	return rows(f)
}

// Finished is what a Spec's Finish makes its table of.
type Finished struct {
	Inputs                                     // Reference is the newest order_date + 1 where none is configured
	Table         *pipeline.Table              // that it makes
	First, Newest pipeline.Null[pipeline.Date] // order_date of the first and the newest line
	Groups        []*Groups                    // of By × Measures, then those of More

	out      pipeline.Writer
	warnings []string
}

// Write writes the table's next rows, which the caller releases. A Builder does it too.
func (f *Finished) Write(rec arrow.Record) error { return f.out.Write(rec) }

// Warn adds a warning to the run's report.
func (f *Finished) Warn(text string) { f.warnings = append(f.warnings, f.Table.Name+": "+text) }

// Groups are the groups of one Set. A group is a number ≥ 0 without a meaning
// of its own; -1 is a group that no line belongs to.
type Groups struct {
	*level
	find sync.Once
	keys []int32 // by row of the dimension table whose key is the only dimension: its group, or -1
}

// Rows returns the groups that have lines, ordered by the dimensions, NULL first.
func (g *Groups) Rows() []int32 { return g.rows() }

// Text returns the value of a text dimension, by its position in By; nil for NULL.
func (g *Groups) Text(group int32, dim int) []byte { return g.text(group, dim) }

// Date returns the value of a date dimension, and whether it is not NULL.
func (g *Groups) Date(group int32, dim int) (pipeline.Date, bool) { return g.date(group, dim) }

// Values gives a group's quantities to v, for Measure.Eval: those that the set's
// measures need, others are unknown.
func (g *Groups) Values(group int32, v *metrics.Values) { g.values(group, v) }

// FindText returns the group of a value of the only dimension, a text; or -1.
func (g *Groups) FindText(value []byte) int32 {
	return g.found(g.dims[0].reg.find(value))
}

// findKeys is FindText for each row of a dimension table's key.
func (g *Groups) findKeys(col arrow.Array) []int32 {
	g.find.Do(func() {
		value := textOf(col)
		g.keys = make([]int32, col.Len())
		for i := range g.keys {
			g.keys[i] = g.FindText(value(i))
		}
	})
	return g.keys
}

// FindDate returns the group of a value of the only dimension, a date; or -1.
func (g *Groups) FindDate(day pipeline.Date) int32 {
	return g.found(g.dims[0].reg.findDate(day))
}

// groups makes the table of a spec without Finish: a row for each group.
func (s *Spec) groups(f *Finished) error {
	g := f.Groups[0]
	b := f.Build(len(g.Rows()))
	var v metrics.Values
	for _, row := range g.Rows() {
		b.dimensions(g.level, row)
		g.Values(row, &v)
		b.Measures(&v, s.Measures...)
	}
	return b.Done()
}

// beyond is the warning of quotients that their type cannot hold.
func beyond(column string, n int64) string {
	return fmt.Sprintf("%s is NULL in %d rows because the quotient has more digits than its type", column, n)
}
