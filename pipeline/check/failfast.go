package check

import (
	"fmt"

	"github.com/smeltdata/smelt/pipeline"
)

// failed returns the error of a check of single rows that has failed, whatever is
// still to come; nil where that cannot be said yet. A share of the rows cannot,
// unless none may fail.
func (st *state) failed() error {
	_, fail := st.Limits()
	if fail == nil || st.failures == 0 || fail.Relative && fail.Percent > 0 || !fail.Exceeded(st.failures, st.rows) {
		return nil
	}
	row := ""
	if len(st.samples) > 0 {
		row = string(st.samples[0].Row)
	}
	return &pipeline.Error{Kind: pipeline.ErrCheck, Table: st.Table,
		Msg:  fmt.Sprintf("check %s: %s: not so of %s", st.ID(), st.Says(), row),
		Hint: "stopped there (--fail-fast), and nothing was published; without it all failing rows are counted, and kept for smelt test --last"}
}
