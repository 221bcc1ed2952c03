package check

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// Suite holds the checks of some tables, and what was seen of these so far.
type Suite struct {
	tables  map[string]*pipeline.Table
	order   []*pipeline.Table
	states  []*state
	samples int // failing rows that are kept of each check
	scratch *pipeline.Scratch
	start   time.Time

	mu      sync.Mutex // of the states
	written map[string]*seen
}

// seen is what a run has done with a table.
type seen struct {
	rows    int64 // written
	kept    int64 // of earlier runs
	amended bool  // rows of earlier runs are left
}

// state is one check, and what is known of its rows.
type state struct {
	Check
	table *pipeline.Table
	to    *pipeline.Table // relationships, sum_equals
	test  rowTest
	where *query.Filter

	rows, failures int64
	samples        []string
	keys           []*bag         // unique: of all rows; relationships: of the values
	known          []*bag         // relationships: the values of to
	sum, other     pipeline.Total // sum_equals
	newest         int64          // freshness: microseconds
	any            bool           // there is a newest
}

// New returns a suite of checks of tables. A check of a table that is not there,
// or one that says something wrong, is an error of kind pipeline.ErrConfig. So
// many samples of failing rows are kept of each check. What has to be remembered
// goes to temporary files of scratch when it is full; nil has no limit.
func New(tables []*pipeline.Table, checks []Check, samples int, scratch *pipeline.Scratch) (*Suite, error) {
	if scratch == nil {
		scratch = new(pipeline.Scratch)
	}
	s := &Suite{tables: map[string]*pipeline.Table{}, samples: samples, scratch: scratch, start: time.Now(), order: tables, written: map[string]*seen{}}
	var names []string
	for _, t := range tables {
		s.tables[t.Name], names = t, append(names, t.Name)
	}
	ids := map[string]bool{}
	for _, c := range checks {
		t := s.tables[c.Table]
		if t == nil {
			hint := "the tables are " + strings.Join(names, ", ")
			if near := pipeline.Nearest(c.Table, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, c.wrong("there is no such table", hint)
		}
		if err := c.validate(t); err != nil {
			return nil, err
		}
		if ids[c.ID()] {
			return nil, c.wrong("there is another of this name", "give one of them a name")
		}
		ids[c.ID()] = true
		st := &state{Check: c, table: t}
		var err error
		if st.test, err = c.rowTest(t); err != nil {
			return nil, err
		}
		if c.Where != "" {
			if st.where, err = c.parse(c.Where, t); err != nil {
				return nil, err
			}
		}
		if c.To != "" {
			if st.to, err = s.target(&c); err != nil {
				return nil, err
			}
		}
		s.states = append(s.states, st)
	}
	return s, nil
}

// Select returns a suite of some of the checks, which has seen nothing yet. None
// is an error of kind pipeline.ErrConfig.
func (s *Suite) Select(wanted func(c *Check) bool) (*Suite, error) {
	var checks []Check
	for _, st := range s.states {
		if wanted(&st.Check) {
			checks = append(checks, st.Check)
		}
	}
	if len(checks) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "no check is selected"}
	}
	return New(s.order, checks, s.samples, s.scratch)
}

// target returns the table of a check's To.
func (s *Suite) target(c *Check) (*pipeline.Table, error) {
	at := strings.LastIndexByte(c.To, '.')
	t := s.tables[c.To[:at]]
	if t == nil || t.Index(c.To[at+1:]) < 0 {
		return nil, c.wrong(fmt.Sprintf("to: there is no column %q", c.To), "")
	}
	return t, nil
}

// toColumn is the column of To.
func (c *Check) toColumn() string { return c.To[strings.LastIndexByte(c.To, '.')+1:] }

// tally is what one writer of a table sees.
type tally struct {
	suite *Suite
	table *pipeline.Table
	mine  []*state // of the table's checks: what this writer adds
	of    []*state // those, in the suite
	asTo  []*state // checks of which the table has the column To
	known []*bag   // of those: the values
	sums  []pipeline.Total
	rows  int64
	fails []int
	picks []int
	key   []byte
}

// begin returns a tally of a table; nil where no check looks at it.
func (s *Suite) begin(t *pipeline.Table) *tally {
	y := &tally{suite: s, table: t}
	for _, st := range s.states {
		if st.table.Name == t.Name {
			y.of = append(y.of, st)
			mine := &state{Check: st.Check, table: st.table, test: st.test, where: st.where}
			if st.Kind == Unique || st.Kind == Relationships {
				mine.keys = []*bag{newBag(s.scratch)}
			}
			y.mine = append(y.mine, mine)
		}
		if st.to != nil && st.to.Name == t.Name {
			y.asTo, y.known, y.sums = append(y.asTo, st), append(y.known, newBag(s.scratch)), append(y.sums, pipeline.Total{})
		}
	}
	return y
}

// add looks at a batch.
func (y *tally) add(rec arrow.Record) error {
	y.rows += rec.NumRows()
	for _, st := range y.mine {
		if err := y.check(st, rec); err != nil {
			return err
		}
	}
	for i, st := range y.asTo {
		col, err := named(rec, st.toColumn())
		if err != nil {
			return err
		}
		if st.Kind == SumEquals {
			if err := addSum(&y.sums[i], st.toColumn(), col, nil); err != nil {
				return err
			}
		} else if err := y.values(y.known[i], st.toColumn(), col, nil); err != nil {
			return err
		}
	}
	return nil
}

func (y *tally) check(st *state, rec arrow.Record) (err error) {
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
		return y.unique(st, rec, picks)
	case Relationships:
		col, err := named(rec, st.Columns[0])
		if err != nil {
			return err
		}
		return y.values(st.keys[0], st.Columns[0], col, picks)
	case SumEquals:
		col, err := named(rec, st.Columns[0])
		if err != nil {
			return err
		}
		return addSum(&st.sum, st.Columns[0], col, picks)
	case Freshness:
		return st.fresh(rec, picks)
	case RowCount:
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
		if len(st.samples) < y.suite.samples {
			st.samples = append(st.samples, rowText(rec, row))
		}
	}
	return nil
}

// rowText is a row as JSON.
func rowText(rec arrow.Record, row int) string {
	part := rec.NewSlice(int64(row), int64(row+1))
	defer part.Release()
	text, err := part.MarshalJSON()
	if err != nil {
		return fmt.Sprint(part)
	}
	return strings.Trim(strings.TrimSpace(string(text)), "[]\n")
}

// unique notes the keys of the rows that have one.
func (y *tally) unique(st *state, rec arrow.Record, picks []int) error {
	columns := make([]appender, len(st.Columns))
	for i, name := range st.Columns {
		col, err := named(rec, name)
		if err != nil {
			return err
		}
		if columns[i], err = appenderOf(name, col); err != nil {
			return err
		}
	}
	for k := range st.looked(rec, picks) {
		row := k
		if picks != nil {
			row = picks[k]
		}
		y.key = y.key[:0]
		whole := true
		for _, add := range columns {
			var ok bool
			if y.key, ok = add(y.key, row); !ok {
				whole = false
				break
			}
		}
		if whole {
			if err := st.keys[0].add(y.key, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (st *state) looked(rec arrow.Record, picks []int) int {
	if picks != nil {
		return len(picks)
	}
	return int(rec.NumRows())
}

// values notes the values of a column, and how many rows have each: of a
// dictionary each once, of others each that is not the one before.
func (y *tally) values(b *bag, name string, col arrow.Array, picks []int) error {
	add, err := appenderOf(name, col)
	if err != nil {
		return err
	}
	n := col.Len()
	if picks != nil {
		n = len(picks)
	}
	at := func(k int) int {
		if picks != nil {
			return picks[k]
		}
		return k
	}
	if d, ok := col.(*array.Dictionary); ok {
		counts := make([]int64, d.Dictionary().Len())
		for k := range n {
			if i := at(k); d.IsValid(i) {
				counts[d.GetValueIndex(i)]++
			}
		}
		of, err := appenderOf(name, d.Dictionary())
		if err != nil {
			return err
		}
		for code, rows := range counts {
			if rows == 0 {
				continue
			}
			if key, ok := of(y.key[:0], code); ok {
				y.key = key
				if err := b.add(key, rows); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var before []byte
	rows := int64(0)
	flush := func() error {
		if rows == 0 {
			return nil
		}
		return b.add(before, rows)
	}
	for k := range n {
		key, ok := add(y.key[:0], at(k))
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(y.table.Name).rows += y.rows
	for i, st := range y.of {
		mine := y.mine[i]
		st.rows, st.failures = st.rows+mine.rows, st.failures+mine.failures
		st.samples = append(st.samples, mine.samples[:min(len(mine.samples), s.samples-len(st.samples))]...)
		st.keys = append(st.keys, mine.keys...)
		st.sum.Merge(mine.sum)
		if mine.any && (!st.any || mine.newest > st.newest) {
			st.any, st.newest = true, mine.newest
		}
	}
	for i, st := range y.asTo {
		st.known = append(st.known, y.known[i])
		st.other.Merge(y.sums[i])
	}
}

func (s *Suite) of(table string) *seen {
	w := s.written[table]
	if w == nil {
		w = new(seen)
		s.written[table] = w
	}
	return w
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
	for k := range st.looked(rec, picks) {
		i := k
		if picks != nil {
			i = picks[k]
		}
		if col.IsValid(i) && (!st.any || value(i) > st.newest) {
			st.any, st.newest = true, value(i)
		}
	}
	return nil
}

// addSum adds a column's values in some rows, nil being all, in the smallest unit
// of its type.
func addSum(sum *pipeline.Total, name string, col arrow.Array, picks []int) error {
	var add func(i int)
	switch c := col.(type) {
	case *array.Decimal128:
		add = func(i int) { v := c.Value(i); sum.Merge(pipeline.Total{Lo: v.LowBits(), Hi: v.HighBits()}) }
	case *array.Int64:
		add = func(i int) { sum.Add(c.Value(i)) }
	case *array.Int32:
		add = func(i int) { sum.Add(int64(c.Value(i))) }
	default:
		return &pipeline.Error{Kind: pipeline.ErrConfig, Column: name, Msg: "is no number, so it has no sum"}
	}
	if picks == nil {
		for i := range col.Len() {
			if col.IsValid(i) {
				add(i)
			}
		}
		return nil
	}
	for _, i := range picks {
		if col.IsValid(i) {
			add(i)
		}
	}
	return nil
}
