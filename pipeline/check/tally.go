package check

import (
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// tally is what one writer of a table sees.
type tally struct {
	suite *Suite
	table *pipeline.Table
	mine  []*state     // of the table's checks: what this writer adds
	of    []*state     // those, in the suite
	keys  []*bagWriter // of mine, where values are remembered
	runs  []*runWriter // of mine, where keys are
	asTo  []*state     // checks of which the table has the column To
	known []*bagWriter // of those: the values
	sums  []pipeline.Total
	rows  int64
	stays bool // the rows are of earlier runs
	fails []int
	picks []int
	key   []byte
	batch map[string]pipeline.Total // sums of the batch's columns, so far
}

// begin returns a tally of a table.
func (s *Suite) begin(t *pipeline.Table) *tally {
	y := &tally{suite: s, table: t, batch: map[string]pipeline.Total{}}
	for _, st := range s.states {
		if st.table.Name == t.Name || st.OnFailure == Quarantine && t.Name == quarantineTable {
			y.of = append(y.of, st)
			mine := &state{Check: st.Check, table: st.table, test: st.test, where: st.where, number: st.number}
			if st.number >= 0 {
				mine.dense = newDense()
			}
			y.mine, y.keys, y.runs = append(y.mine, mine), append(y.keys, st.keys.writer()), append(y.runs, st.rowKeys.writer())
		}
		if st.to != nil && st.to.Name == t.Name {
			y.asTo, y.known, y.sums = append(y.asTo, st), append(y.known, st.known.writer()), append(y.sums, pipeline.Total{})
		}
	}
	return y
}

// add looks at a batch.
func (y *tally) add(rec arrow.Record) error {
	y.rows += rec.NumRows()
	clear(y.batch)
	for i, st := range y.mine {
		if st.table.Name != y.table.Name {
			if err := st.quarantined(rec); err != nil {
				return err
			}
			continue
		}
		if err := y.check(i, rec); err != nil {
			return err
		}
		if y.suite.FailFast {
			if err := st.failed(); err != nil {
				return err
			}
		}
	}
	for i, st := range y.asTo {
		col, err := named(rec, st.toColumn())
		if err != nil {
			return err
		}
		if st.Kind == SumEquals {
			sum, err := y.sum(st.toColumn(), col)
			if err != nil {
				return err
			}
			y.sums[i].Merge(sum)
		} else if err := y.values(y.known[i], st.toColumn(), col, nil); err != nil {
			return err
		}
	}
	return nil
}

func (y *tally) check(i int, rec arrow.Record) (err error) {
	st := y.mine[i]
	n := int(rec.NumRows())
	var picks []int // nil = all rows
	looked := int64(n)
	if st.where != nil {
		if y.picks, err = st.where.Rows(rec, y.picks[:0]); err != nil {
			return err
		}
		if picks, looked = y.picks, int64(len(y.picks)); looked == 0 {
			return nil
		}
	}
	st.rows += looked
	switch st.Kind {
	case Unique:
		return y.unique(st, y.runs[i], rec, picks)
	case Relationships:
		col, err := named(rec, st.Columns[0])
		if err != nil {
			return err
		}
		return y.values(y.keys[i], st.Columns[0], col, picks)
	case SumEquals:
		col, err := named(rec, st.Columns[0])
		if err != nil {
			return err
		}
		if picks == nil {
			sum, err := y.sum(st.Columns[0], col)
			st.sum.Merge(sum)
			return err
		}
		return addSum(&st.sum, st.Columns[0], col, picks)
	case Freshness:
		return st.fresh(rec, picks)
	case RowCount, VolumeAnomalies:
		return nil
	}
	if y.fails, err = st.test(rec, y.fails[:0]); err != nil || len(y.fails) == 0 {
		return err
	}
	for _, row := range y.fails {
		if picks != nil {
			if _, ok := slices.BinarySearch(picks, row); !ok {
				continue
			}
		}
		st.failures++
		if len(st.samples) < st.kept() && st.Kind != ShareAnomalies {
			st.samples = append(st.samples, failedRow(rec, row))
		}
	}
	return nil
}

// rowsOf are the rows that are picked, of n; nil picks all.
func rowsOf(n int, picks []int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if picks == nil {
			for i := range n {
				if !yield(i) {
					return
				}
			}
			return
		}
		for _, i := range picks {
			if !yield(i) {
				return
			}
		}
	}
}

// values notes the values of a column, and how many rows have each: of a
// dictionary each once, of others each that is not the one before.
func (y *tally) values(b *bagWriter, name string, col arrow.Array, picks []int) error {
	add, err := appenderOf(name, col)
	if err != nil {
		return err
	}
	if d, ok := col.(*array.Dictionary); ok {
		if values, ok := d.Dictionary().(*array.String); ok {
			return b.count(d, values, picks)
		}
	}
	var before []byte
	rows := int64(0)
	flush := func() error {
		if rows == 0 {
			return nil
		}
		return b.add(before, rows)
	}
	for i := range rowsOf(col.Len(), picks) {
		key, ok := add(y.key[:0], i)
		if y.key = key; !ok {
			continue
		}
		if rows > 0 && string(key) == string(before) {
			rows++
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		before, rows = append(before[:0], key...), 1
	}
	return flush()
}

// done adds what the tally has seen to the suite.
func (y *tally) done() {
	s := y.suite
	for _, w := range append(y.keys, y.known...) {
		w.done()
	}
	for _, w := range y.runs {
		w.done()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !y.stays {
		s.of(y.table.Name).rows += y.rows
	}
	for i, st := range y.of {
		mine := y.mine[i]
		st.rows, st.failures = st.rows+mine.rows, st.failures+mine.failures
		st.samples = append(st.samples, mine.samples[:min(len(mine.samples), st.kept()-len(st.samples))]...)
		if mine.dense != nil {
			st.dense.merge(mine.dense)
		}
		st.sum.Merge(mine.sum)
		if mine.any && (!st.any || mine.newest > st.newest) {
			st.any, st.newest = true, mine.newest
		}
	}
	for i, st := range y.asTo {
		st.other.Merge(y.sums[i])
	}
}

// fresh finds the newest value of a batch.
func (st *state) fresh(rec arrow.Record, picks []int) error {
	col, err := named(rec, st.Columns[0])
	if err != nil {
		return err
	}
	var value func(i int) int64
	switch c := col.(type) {
	case *array.Date32:
		value = func(i int) int64 { return int64(c.Value(i)) * 86_400_000_000 }
	case *array.Timestamp:
		value = func(i int) int64 { return int64(c.Value(i)) }
	default:
		return &pipeline.Error{Kind: pipeline.ErrConfig, Table: st.Table, Column: st.Columns[0], Msg: "freshness is of days or times, which the column has none of"}
	}
	for i := range rowsOf(col.Len(), picks) {
		if col.IsValid(i) && (!st.any || value(i) > st.newest) {
			st.any, st.newest = true, value(i)
		}
	}
	return nil
}

// sum returns the sum of a column of the batch, which several checks may ask for.
func (y *tally) sum(name string, col arrow.Array) (sum pipeline.Total, err error) {
	sum, ok := y.batch[name]
	if !ok {
		if err := addSum(&sum, name, col, nil); err != nil {
			return sum, err
		}
		y.batch[name] = sum
	}
	return sum, nil
}

// addSum adds a column's values in some rows, nil being all, in the smallest unit
// of its type.
func addSum(sum *pipeline.Total, name string, col arrow.Array, picks []int) error {
	var add func(i int)
	switch c := col.(type) {
	case *array.Decimal128:
		if picks == nil && c.NullN() == 0 {
			for _, v := range c.Values() {
				sum.Merge(pipeline.Total{Lo: v.LowBits(), Hi: v.HighBits()})
			}
			return nil
		}
		add = func(i int) { v := c.Value(i); sum.Merge(pipeline.Total{Lo: v.LowBits(), Hi: v.HighBits()}) }
	case *array.Int64:
		add = func(i int) { sum.Add(c.Value(i)) }
	case *array.Int32:
		add = func(i int) { sum.Add(int64(c.Value(i))) }
	default:
		return &pipeline.Error{Kind: pipeline.ErrConfig, Column: name, Msg: "is no number, so it has no sum"}
	}
	for i := range rowsOf(col.Len(), picks) {
		if col.IsValid(i) {
			add(i)
		}
	}
	return nil
}
