package silver

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// Checks of silver.fact_sales that quarantine are further reasons why a line cannot
// be used: after silver's own, and like these before lines compete for their key. A
// line whose fact row fails, or whose mirrored return does, gives no row at all. So
// whether it does depends on the line, its customer and its product alone, and
// an incremental run finds the same as one that reads everything.

// maxFactChecks is how many checks can quarantine: a reason is a byte.
const maxFactChecks = 200

// factChecks returns the mapping's checks that quarantine.
func factChecks(m *bronze.Mapping) ([]check.Check, error) {
	var out []check.Check
	for _, c := range m.Checks {
		if c.OnFailure != check.Quarantine {
			continue
		}
		if _, err := c.Failing(FactSales.Table); err != nil {
			if e, ok := err.(*pipeline.Error); ok && e.Line > 0 {
				e.File = m.File
			}
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) > maxFactChecks {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: m.File, Msg: fmt.Sprintf("%d checks quarantine, more than %d", len(out), maxFactChecks), Hint: "put some together as one expression"}
	}
	return out, nil
}

// factTest is a check that quarantines, as one worker applies it.
type factTest struct {
	failing func(rec arrow.Record, dst []int) ([]int, error)
	why     reason
}

// newFactTests returns the tests of one worker, and how the quarantine names their
// reasons.
func (m *Model) newFactTests() (tests []factTest, names []string) {
	for i := range m.checks {
		failing, err := m.checks[i].Failing(FactSales.Table)
		if err != nil {
			panic("silver: " + err.Error()) // New has tried it: a bug
		}
		tests, names = append(tests, factTest{failing, reasons + reason(i)}), append(names, m.checks[i].Reason())
	}
	return tests, names
}

// judge reads and judges a batch of lines, by the checks that quarantine too: for
// these it makes fact rows of all lines that are usable otherwise. forget lets go of
// them.
func (f *Fact) judge(rec arrow.Record, returns bool) error {
	if err := f.read(rec, returns); err != nil {
		return err
	}
	f.customer.set(rec.Column(saleColumn.customerID))
	if _, err := f.customer.load(); err != nil || len(f.tests) == 0 {
		return err
	}
	f.choose(nil, true)
	if f.spans.rows == 0 {
		return nil
	}
	var err error
	if f.tried, err = f.build(rec); err != nil {
		return err
	}
	for _, t := range f.tests {
		if f.fails, err = t.failing(f.tried, f.fails[:0]); err != nil {
			return err
		}
		fails, first := f.fails, 0 // row number of the span's first
		for _, s := range f.spans.list {
			for len(fails) > 0 && fails[0] < first+s.n {
				if line := s.from + fails[0] - first; f.reason[line] == usable {
					f.reason[line] = t.why
				}
				fails = fails[1:]
			}
			first += s.n
		}
	}
	return nil
}

// forget lets go of the rows that judge has made, if they are still there.
func (f *Fact) forget() {
	if f.tried != nil {
		f.tried.Release()
		f.tried = nil
	}
}
