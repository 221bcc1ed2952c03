package check

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Each hands the batches of all columns of a table to f, from several workers at
// once, which are numbered from 0.
type Each func(ctx context.Context, t *pipeline.Table, columns []string, f func(worker int, rec arrow.Record) error) error

// Tables checks tables that are there, one after the other, with so many workers at
// most. Tables that no check looks at are not read.
func (s *Suite) Tables(ctx context.Context, workers int, each Each) ([]pipeline.CheckResult, error) {
	for _, t := range s.order {
		if !s.looksAt(t) {
			continue
		}
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, c.Name)
		}
		tallies := make([]*tally, max(1, workers))
		for i := range tallies {
			tallies[i] = s.begin(t)
		}
		err := each(ctx, t, columns, func(worker int, rec arrow.Record) error { return tallies[worker].add(rec) })
		if err != nil {
			return nil, err
		}
		for _, y := range tallies {
			y.done()
		}
	}
	s.full = "the tables are looked at as they are"
	return s.results(ctx, nil)
}

// looksAt reports whether any check needs a table.
func (s *Suite) looksAt(t *pipeline.Table) bool {
	for _, st := range s.states {
		if st.table.Name == t.Name || st.to != nil && st.to.Name == t.Name || st.OnFailure == Quarantine && t.Name == quarantineTable {
			return true
		}
	}
	return false
}
