package check

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// Suite holds the checks of some tables, and what was seen of these so far.
type Suite struct {
	tables  map[string]*pipeline.Table
	order   []*pipeline.Table
	states  []*state
	scratch *pipeline.Scratch
	start   time.Time
	full    string                                                            // why all tables were written anew; "" = rows of earlier runs may be left
	past    func(ctx context.Context, check string, n int) ([]float64, error) // may be nil

	// FailFast makes a run or Tables end at the first row that certainly fails a
	// check of single rows, with an error of kind pipeline.ErrCheck.
	FailFast bool

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
	samples        []pipeline.FailedRow
	keys           *bag           // relationships: the values
	rowKeys        *runs          // unique: the keys that are not dense
	number         int            // unique: which column is the integer of dense keys; -1 = none
	dense          *dense         // unique: the keys of few texts and an integer
	known          *bag           // relationships: the values of to
	sum, other     pipeline.Total // sum_equals
	newest         int64          // freshness: microseconds
	any            bool           // there is a newest
}

// New returns a suite of checks of tables. A check of a table that is not there,
// or one that says something wrong, is an error of kind pipeline.ErrConfig. What
// has to be remembered goes to temporary files of scratch when it is full; nil has
// no limit.
func New(tables []*pipeline.Table, checks []Check, scratch *pipeline.Scratch) (*Suite, error) {
	if scratch == nil {
		scratch = new(pipeline.Scratch)
	}
	s := &Suite{tables: map[string]*pipeline.Table{}, scratch: scratch, start: time.Now(), order: tables, written: map[string]*seen{}}
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
		st := &state{Check: c, table: t, number: -1}
		if c.Kind == Unique {
			st.number = denseColumns(t, c.Columns)
		}
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
		st.begin(s.scratch)
		s.states = append(s.states, st)
	}
	return s, nil
}

// begin makes what a check remembers keys in; nil for the kinds that do not.
func (st *state) begin(scratch *pipeline.Scratch) {
	switch st.Kind {
	case Unique:
		st.rowKeys, st.dense = newRuns(scratch), newDense()
	case Relationships:
		st.keys, st.known = newBag(scratch), newBag(scratch)
	}
}

// Remember tells the suite what earlier runs have measured: past returns up to n
// values of a check (pipeline.CheckResult.Value), the newest first. Without it the
// kinds that compare with earlier runs are skipped.
func (s *Suite) Remember(past func(ctx context.Context, check string, n int) ([]float64, error)) {
	s.past = past
}

// Select returns a suite of some of the checks, which has seen nothing yet.
func (s *Suite) Select(wanted func(c *Check) bool) (*Suite, error) {
	var checks []Check
	for _, st := range s.states {
		if wanted(&st.Check) {
			checks = append(checks, st.Check)
		}
	}
	some, err := New(s.order, checks, s.scratch)
	if err == nil {
		some.past = s.past
	}
	return some, err
}

// target returns the table of a check's To.
func (s *Suite) target(c *Check) (*pipeline.Table, error) {
	t := s.tables[c.ToTable()]
	if t == nil || t.Index(c.toColumn()) < 0 {
		return nil, c.wrong(fmt.Sprintf("to: there is no column %q", c.To), "")
	}
	if c.Kind == SumEquals {
		for _, side := range []struct {
			table  *pipeline.Table
			column string
		}{{s.tables[c.Table], c.Columns[0]}, {t, c.toColumn()}} {
			if _, ok := scaleOf(side.table, side.column); !ok {
				return nil, c.wrong(fmt.Sprintf("%s.%s is no number, so it has no sum", side.table.Name, side.column), "sum_equals is for columns of numbers")
			}
		}
	}
	return t, nil
}

// ToTable is the table of To.
func (c *Check) ToTable() string { return c.To[:max(0, strings.LastIndexByte(c.To, '.'))] }

// toColumn is the column of To.
func (c *Check) toColumn() string { return c.To[strings.LastIndexByte(c.To, '.')+1:] }

func (s *Suite) of(table string) *seen {
	w := s.written[table]
	if w == nil {
		w = new(seen)
		s.written[table] = w
	}
	return w
}
