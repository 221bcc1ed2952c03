package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

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

// ResultsFolder is the folder of a lake's results, a Delta table.
func ResultsFolder(lake string) string { return filepath.Join(lake, "_smelt", "test_results") }

// KeepResults appends the results of the checks of a report, if it has any, to
// those of a lake. command is run or test.
func KeepResults(ctx context.Context, lake, command string, r *pipeline.Report) error {
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
	_, err := deltaio.Write(ctx, ResultsFolder(lake), testResults.Table, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{})
	return err
}

// LastResults reads the results that a lake has kept last. Where it has none the
// error is of kind pipeline.ErrInput.
func LastResults(ctx context.Context, lake string) ([]pipeline.CheckResult, error) {
	last, err := evaluations(ctx, lake, 1)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: lake, Msg: "nothing was checked here yet", Hint: "smelt run checks the tables that it makes, smelt test those that are there"}
	}
	return last[0].results, nil
}

// evaluation is what came of the checks of one run, or of one smelt test.
type evaluation struct {
	run     string
	at      time.Time
	command string
	results []pipeline.CheckResult
}

// evaluations reads the newest n that a lake has kept, the newest first: of a run
// that was evaluated twice, the last one. There may be none.
func evaluations(ctx context.Context, lake string, n int) ([]evaluation, error) {
	snapshot, err := deltaio.Load(ctx, ResultsFolder(lake))
	if errors.Is(err, deltaio.ErrNoTable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// A file holds one evaluation, or many that smelt maintain has put together. Its
	// statistics say how new they are, so older files need not be opened.
	type dated struct {
		deltaio.File
		newest time.Time
	}
	var files []dated
	for _, f := range snapshot.Files() {
		files = append(files, dated{f, newest(f)})
	}
	slices.SortStableFunc(files, func(a, b dated) int { return b.newest.Compare(a.newest) })
	var out []evaluation
	for _, f := range files {
		if len(out) >= n && f.newest.Before(out[n-1].at) {
			break
		}
		for rec, err := range snapshot.ScanFile(ctx, f.File, testResults.Table, nil) {
			if err != nil {
				return nil, err
			}
			rows, err := testResults.Rows(rec)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				out = add(out, &r)
			}
		}
		slices.SortStableFunc(out, func(a, b evaluation) int { return b.at.Compare(a.at) })
		seen := map[string]bool{}
		out = slices.DeleteFunc(out, func(e evaluation) bool {
			again := seen[e.run]
			seen[e.run] = true
			return again
		})
	}
	return out[:min(len(out), n)], nil
}

// newest is a time that no result of a file is after: with a millisecond to spare,
// which is how exact Delta's statistics are.
func newest(f deltaio.File) time.Time {
	var stats struct {
		Max struct {
			At time.Time `json:"checked_at"`
		} `json:"maxValues"`
	}
	if err := json.Unmarshal([]byte(f.Stats), &stats); err != nil || stats.Max.At.IsZero() {
		return time.Unix(1<<40, 0) // unknown: it may be
	}
	return stats.Max.At.Add(time.Millisecond)
}

// add puts a row to the evaluation that it is of, mostly the last one.
func add(out []evaluation, r *testResult) []evaluation {
	at := time.UnixMicro(int64(r.At)).UTC()
	i := len(out) - 1
	for i >= 0 && (out[i].run != r.RunID || !out[i].at.Equal(at)) {
		i--
	}
	if i < 0 {
		out, i = append(out, evaluation{run: r.RunID, at: at, command: string(r.Command)}), len(out)
	}
	c := pipeline.CheckResult{Check: string(r.Check), Table: string(r.Table), Kind: string(r.Kind), Says: string(r.Says), Severity: string(r.Severity),
		Status: string(r.Status), Rows: r.Rows, Failures: r.Failures, Message: r.Message.V}
	if r.Columns.Valid {
		c.Columns = strings.Split(string(r.Columns.V), ",")
	}
	if r.Samples.Valid {
		c.Samples = strings.Split(r.Samples.V, "\n")
	}
	out[i].results = append(out[i].results, c)
	return out
}

// count says how many checks of an evaluation have a status.
func (e *evaluation) count(status string) int {
	n := 0
	for _, c := range e.results {
		if c.Status == status {
			n++
		}
	}
	return n
}
