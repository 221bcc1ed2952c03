package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// checkSamples is how many failing rows are kept of each check.
const checkSamples = 100

// suite returns the checks of all tables of a shop: those that they declare, and
// its own, of smelt.yml.
func suite(own []check.Check, config string, scratch *pipeline.Scratch) (*check.Suite, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	checks, err := gold.Checks()
	if err != nil {
		return nil, err
	}
	s, err := check.New(tables, append(checks, own...), checkSamples, scratch)
	var e *pipeline.Error
	if errors.As(err, &e) && e.Line > 0 {
		e.File = config
	}
	return s, err
}

// testResult is a row of the results that a lake keeps: one per check and run.
type testResult struct {
	RunID    string                       `col:"run_id" doc:"The run, or what smelt test called itself."`
	At       pipeline.Timestamp           `col:"checked_at" doc:"When the checks were evaluated."`
	Command  pipeline.Code                `col:"command" doc:"run or test."`
	Check    pipeline.Code                `col:"check" doc:"Name of the check."`
	Table    pipeline.Code                `col:"table" doc:"The table that it is about."`
	Columns  pipeline.Null[pipeline.Code] `col:"columns" doc:"Its columns, separated by commas."`
	Kind     pipeline.Code                `col:"kind" doc:"What it demands: not_null, unique, …"`
	Says     pipeline.Code                `col:"says" doc:"The rule in words."`
	Severity pipeline.Code                `col:"severity" doc:"error or warn."`
	Status   pipeline.Code                `col:"status" doc:"pass, warn, error, or skipped where it could not be told."`
	Rows     int64                        `col:"rows" doc:"Rows that were looked at."`
	Failures int64                        `col:"failures" doc:"Rows that failed."`
	Message  pipeline.Null[string]        `col:"message" doc:"What is wrong, or why it was skipped."`
	Samples  pipeline.Null[string]        `col:"samples" doc:"Some of the failing rows, one a line."`
}

var testResults = pipeline.Declare[testResult]("tests.results", "One row per check and run.")

// resultsOf is the folder of a lake's results, a Delta table.
func resultsOf(lake string) string { return filepath.Join(lake, "_smelt", "test_results") }

// keepResults appends the results of checks to those of a lake.
func keepResults(ctx context.Context, out, command string, r *pipeline.Report) error {
	if len(r.Checks) == 0 {
		return nil
	}
	now := pipeline.Timestamp(time.Now().UnixMicro())
	text := func(s string) pipeline.Null[string] { return pipeline.Null[string]{V: s, Valid: s != ""} }
	var rows []testResult
	for _, c := range r.Checks {
		columns := pipeline.Code(strings.Join(c.Columns, ","))
		rows = append(rows, testResult{RunID: r.RunID, At: now, Command: pipeline.Code(command), Check: pipeline.Code(c.Check), Table: pipeline.Code(c.Table),
			Columns: pipeline.Null[pipeline.Code]{V: columns, Valid: columns != ""}, Kind: pipeline.Code(c.Kind), Says: pipeline.Code(c.Says),
			Severity: pipeline.Code(c.Severity), Status: pipeline.Code(c.Status), Rows: c.Rows, Failures: c.Failures, Message: text(c.Message), Samples: text(strings.Join(c.Samples, "\n"))})
	}
	rec := testResults.Record(nil, rows)
	defer rec.Release()
	_, err := deltaio.Write(ctx, resultsOf(out), testResults.Table, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{})
	return err
}

// checks prints what came of the checks of a run: those that did not pass, and
// how many there are.
func (a *app) checks(results []pipeline.CheckResult) {
	n := map[string]int64{}
	for _, c := range results {
		n[c.Status]++
		if c.Status == "error" || c.Status == "warn" {
			fmt.Fprintln(a.out, wrap(fmt.Sprintf("%s %s: %s", c.Status, c.Check, check.Wrong(c)), "  ", a.out.room()))
		}
	}
	line := fmt.Sprintf("checks: %d passed", n["pass"])
	for _, status := range []string{"warn", "error", "skipped"} {
		if n[status] > 0 {
			line += fmt.Sprintf(", %d %s", n[status], map[string]string{"warn": "warned", "error": "failed", "skipped": "skipped"}[status])
		}
	}
	fmt.Fprintln(a.out, line)
}

// lastResults reads the results that were kept last.
func lastResults(ctx context.Context, out string) ([]pipeline.CheckResult, error) {
	snapshot, err := deltaio.Load(ctx, resultsOf(out))
	if errors.Is(err, deltaio.ErrNoTable) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: out, Msg: "nothing was checked here yet", Hint: "smelt run checks the tables that it makes, smelt test those that are there"}
	}
	if err != nil {
		return nil, err
	}
	var last []testResult
	for rec, err := range deltaio.Scan(ctx, snapshot, nil) {
		if err != nil {
			return nil, err
		}
		rows, err := testResults.Rows(rec)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if len(last) > 0 && r.At < last[0].At {
				continue
			}
			if len(last) > 0 && r.At > last[0].At {
				last = nil
			}
			last = append(last, r)
		}
	}
	var results []pipeline.CheckResult
	for _, r := range last {
		c := pipeline.CheckResult{Check: string(r.Check), Table: string(r.Table), Kind: string(r.Kind), Says: string(r.Says), Severity: string(r.Severity),
			Status: string(r.Status), Rows: r.Rows, Failures: r.Failures, Message: r.Message.V}
		if r.Columns.Valid {
			c.Columns = strings.Split(string(r.Columns.V), ",")
		}
		if r.Samples.Valid {
			c.Samples = strings.Split(r.Samples.V, "\n")
		}
		results = append(results, c)
	}
	return results, nil
}
