package gold

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Inputs is what gold tables are made of besides the fact.
type Inputs struct {
	// silver.dim_customers and dim_products, ordered by their key. They need no
	// columns but that and those that a table declares to come from them, or that
	// it is grouped by.
	Customers, Products arrow.Record
	Reference           pipeline.Null[pipeline.Date] // the configured reference_date
	RFM                 bronze.RFM
	Mem                 memory.Allocator // nil = Go's heap
}

// Finish makes the tables and writes each to the writer that create returns for
// it, batch by batch, several tables side by side. Every worker must have added
// its last batch, and none may be added later. It returns warnings for the run's
// report.
func (a *Aggregation) Finish(in Inputs, create func(*pipeline.Table) (pipeline.Writer, error)) (warnings []string, err error) {
	if in.Mem == nil {
		in.Mem = memory.DefaultAllocator
	}
	a.Release()
	if err := a.sum(&in); err != nil {
		return nil, err
	}
	for i, x := range a.indexes {
		if err := a.count(i, x); err != nil {
			return nil, err
		}
	}
	a.countNewCustomers()
	tables := make([]*Finished, len(a.specs))
	var g errgroup.Group
	g.SetLimit(len(a.workers))
	for i, s := range a.specs {
		f := &Finished{Inputs: in, Table: a.tables[i]}
		f.First, f.Newest = a.days()
		if f.Newest.Valid && !f.Reference.Valid {
			f.Reference = pipeline.Some(f.Newest.V + 1)
		}
		for _, l := range a.plan.levels[i] {
			f.Groups = append(f.Groups, &Groups{l})
		}
		tables[i] = f
		g.Go(func() error { return f.finish(s, create) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, f := range tables {
		warnings = append(warnings, f.warnings...)
	}
	return warnings, nil
}

// finish makes one table.
func (f *Finished) finish(s *Spec, create func(*pipeline.Table) (pipeline.Writer, error)) (err error) {
	if f.out, err = create(f.Table); err != nil {
		return err
	}
	defer func() {
		_, failed := f.out.Close()
		err = errors.Join(err, failed)
	}()
	if s.Finish == nil {
		return s.groups(f)
	}
	return s.Finish(f)
}

// sum adds up all sums, of every base and of every level.
func (a *Aggregation) sum(in *Inputs) error {
	var g errgroup.Group
	g.SetLimit(len(a.workers))
	for i, b := range a.plan.bases {
		g.Go(func() error {
			b.sums = a.merge(i)
			for _, l := range b.levels {
				if err := a.rollUp(i, l, b.sums, in); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// merge adds up a base's sums over all workers.
func (a *Aggregation) merge(b int) *sums {
	all := a.workers[0].sums[b]
	all.grow(a.groups[b].len())
	if all.shared() {
		return all
	}
	for _, w := range a.workers[1:] {
		o := w.sums[b]
		for g := range int32(len(o.stripes[0].sums)) {
			all.merge(g, o, g)
		}
		w.sums[b] = nil
	}
	return all
}

// days returns the first and the newest order_date of all lines.
func (a *Aggregation) days() (first, newest pipeline.Null[pipeline.Date]) {
	for _, w := range a.workers {
		switch {
		case w.newest < w.first:
		case !first.Valid:
			first, newest = pipeline.Some(w.first), pipeline.Some(w.newest)
		default:
			first.V, newest.V = min(first.V, w.first), max(newest.V, w.newest)
		}
	}
	return first, newest
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
type Groups struct{ *level }

// Rows returns the groups that have lines, ordered by the dimensions, NULL first.
func (g *Groups) Rows() []int32 { return g.rows() }

// Text returns the value of a text dimension, by its position in By; nil for NULL.
func (g *Groups) Text(group int32, dim int) []byte { return g.text(group, dim) }

// Date returns the value of a date dimension, and whether it is not NULL.
func (g *Groups) Date(group int32, dim int) (pipeline.Date, bool) { return g.date(group, dim) }

// Values gives a group's quantities to v, for Measure.Eval.
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
	id, ok := g.dims[0].reg.days[day]
	if !ok {
		return -1
	}
	return g.found(id)
}

func (g *Groups) found(id int32) int32 {
	if id < 0 || int(id) >= g.groups.len() || !g.sums.has(id, hasLine) {
		return -1
	}
	return id
}

// groups makes the table of a spec without Finish: a row for each group.
func (s *Spec) groups(f *Finished) error {
	g := f.Groups[0]
	b := f.Build(len(g.Rows()))
	var v metrics.Values
	for _, row := range g.Rows() {
		for i, d := range s.By {
			if d.isDate() {
				day, ok := g.Date(row, i)
				b.Date(day, ok)
			} else {
				b.Text(g.Text(row, i))
			}
		}
		g.Values(row, &v)
		b.Measures(&v, s.Measures...)
	}
	return b.Done()
}

// beyond is the warning of quotients that their type cannot hold.
func beyond(column string, n int64) string {
	return fmt.Sprintf("%s is NULL in %d rows because the quotient has more digits than its type", column, n)
}
