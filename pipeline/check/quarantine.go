package check

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// byRow are the kinds that look at each row by itself.
var byRow = []Kind{NotNull, AcceptedValues, Range, Regex, Expression}

// Reason is why silver.quarantine says that it has a row which fails the check.
func (c *Check) Reason() string { return "check:" + c.ID() }

// quarantineTable has the rows that are quarantined, in the columns reason, values,
// source_file and source_row.
const quarantineTable = "silver.quarantine"

// validateFailure finds out whether what is to become of failing rows can be done.
func (c *Check) validateFailure() error {
	switch {
	case c.OnFailure == "":
		return nil
	case !slices.Contains(OnFailures, c.OnFailure):
		return c.wrong(fmt.Sprintf("on_failure: %q is none of keep, quarantine and fail", c.OnFailure), "")
	case c.OnFailure == KeepRows && c.Severity == Error:
		return c.wrong("on_failure: keep publishes the rows, severity: error does not", "leave one of them out")
	case c.OnFailure == Fail && c.Severity == Warn:
		return c.wrong("on_failure: fail publishes nothing, severity: warn does", "leave one of them out")
	case c.OnFailure != Quarantine:
		return nil
	case !slices.Contains(byRow, c.Kind):
		return c.wrong(fmt.Sprintf("%s says nothing of a single row, so none can be quarantined", c.Kind), "use on_failure: keep or fail; not_null, accepted_values, range, regex and expression can quarantine")
	case c.Table != "silver.fact_sales":
		return c.wrong("only lines of silver.fact_sales can be quarantined: other tables are made of those, or of what these name", "write the check about silver.fact_sales, or use on_failure: keep or fail")
	}
	return nil
}

// Failing returns what finds the rows that a check fails for, of the kinds that
// look at each row by itself: it appends their numbers in a batch of the table,
// ascending. It belongs to one goroutine. A check that is wrong, or of another
// kind, is an error of kind pipeline.ErrConfig.
func (c *Check) Failing(t *pipeline.Table) (func(rec arrow.Record, dst []int) ([]int, error), error) {
	if err := c.validate(t); err != nil {
		return nil, err
	}
	test, err := c.rowTest(t)
	if err != nil {
		return nil, err
	}
	if test == nil || !slices.Contains(byRow, c.Kind) {
		return nil, c.wrong(fmt.Sprintf("%s does not look at single rows", c.Kind), "")
	}
	if c.Where == "" {
		return test, nil
	}
	where, err := c.parse(c.Where, t)
	if err != nil {
		return nil, err
	}
	var fails, picks []int
	return func(rec arrow.Record, dst []int) ([]int, error) {
		if fails, err = test(rec, fails[:0]); err != nil || len(fails) == 0 {
			return dst, err
		}
		if picks, err = where.Rows(rec, picks[:0]); err != nil {
			return dst, err
		}
		for _, row := range fails {
			if _, ok := slices.BinarySearch(picks, row); ok {
				dst = append(dst, row)
			}
		}
		return dst, nil
	}, nil
}

// quarantined counts the rows of a batch of silver.quarantine that the check has
// put there.
func (st *state) quarantined(rec arrow.Record) error {
	columns := map[string]arrow.Array{}
	for _, name := range []string{"reason", "values", "source_file", "source_row"} {
		col, err := named(rec, name)
		if err != nil {
			return err
		}
		columns[name] = col
	}
	reason := pipeline.CellsOf(columns["reason"])
	values, file := pipeline.CellsOf(columns["values"]), pipeline.CellsOf(columns["source_file"])
	rows, ok := columns["source_row"].(*array.Int64)
	if !ok {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: quarantineTable, Column: "source_row", Msg: "is no whole number"}
	}
	var text []byte
	for i := range int(rec.NumRows()) {
		if text = reason(text[:0], i); string(text) != st.Reason() {
			continue
		}
		st.rows++
		st.failures++
		if len(st.samples) < st.kept() {
			st.samples = append(st.samples, pipeline.FailedRow{Row: values(nil, i), Rows: 1, File: string(file(nil, i)), Record: rows.Value(i)})
		}
	}
	return nil
}
