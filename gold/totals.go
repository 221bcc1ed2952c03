package gold

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// Totals are the groups of every set of some specs, with all that was counted
// of them: what the tables are made of, and what a later run amends instead of
// counting the whole fact again. They may be read side by side.
type Totals struct {
	specs   []*Spec
	tables  []*pipeline.Table // by spec
	plan    *plan
	workers int // that may work at once
}

// newTotals checks the specs and returns their totals, of nothing yet.
func newTotals(specs []*Spec, workers int) (*Totals, error) {
	t := &Totals{specs: specs, workers: max(1, workers)}
	names := map[string]bool{}
	for _, s := range specs {
		table, err := s.Declaration()
		if err != nil {
			return nil, err
		}
		if names[table.Name] {
			return nil, s.fail("", "there are two tables of this name")
		}
		names[table.Name] = true
		t.tables = append(t.tables, table)
	}
	t.plan = newPlan(specs)
	return t, nil
}

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

// share makes the inputs safe to be read side by side: Arrow makes the values of a
// dictionary array when they are first asked for, without a lock.
func (in *Inputs) share() {
	for _, rec := range []arrow.Record{in.Customers, in.Products} {
		if rec == nil {
			continue
		}
		for _, col := range rec.Columns() {
			if d, ok := col.(*array.Dictionary); ok {
				d.Dictionary()
			}
		}
	}
}

// Totals counts what was added. Of in it takes the attributes that sets are
// grouped by; a column that is missing there is an error, and so is a temporary
// file that cannot be read. Every worker must have added its last batch; the
// Aggregation is used up.
func (a *Aggregation) Totals(in Inputs) (*Totals, error) {
	a.Release()
	in.share()
	if err := a.sum(&in); err != nil {
		return nil, err
	}
	for i, x := range a.indexes {
		if err := a.count(i, x); err != nil {
			return nil, err
		}
	}
	a.countNewCustomers()
	return a.counted, nil
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

// Tables makes the tables and writes each to the writer that create returns for
// it, batch by batch, several tables side by side. It returns warnings for the
// run's report. An error is one of create or of a writer, or names the table,
// column and row of a value that its column cannot hold.
func (t *Totals) Tables(in Inputs, create func(*pipeline.Table) (pipeline.Writer, error)) (warnings []string, err error) {
	if in.Mem == nil {
		in.Mem = memory.DefaultAllocator
	}
	in.share()
	first, newest := t.days()
	if newest.Valid && !in.Reference.Valid {
		in.Reference = pipeline.Some(newest.V + 1)
	}
	groups := map[*level]*Groups{}
	tables := make([]*Finished, len(t.specs))
	var g errgroup.Group
	g.SetLimit(t.workers)
	for i, s := range t.specs {
		f := &Finished{Inputs: in, Table: t.tables[i], First: first, Newest: newest}
		for _, l := range t.plan.levels[i] {
			if groups[l] == nil {
				groups[l] = &Groups{level: l}
			}
			f.Groups = append(f.Groups, groups[l])
		}
		rows := s.Finish
		if rows == nil {
			rows = s.groups
		}
		tables[i] = f
		g.Go(func() error { return f.finish(rows, create) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, f := range tables {
		warnings = append(warnings, f.warnings...)
	}
	return warnings, nil
}

// days returns the first and the newest order_date of all lines.
func (t *Totals) days() (first, newest pipeline.Null[pipeline.Date]) {
	l := t.plan.days
	if rows := l.rows(); len(rows) > 0 {
		first.V, first.Valid = l.date(rows[0], 0)
		newest.V, newest.Valid = l.date(rows[len(rows)-1], 0)
	}
	return first, newest
}
