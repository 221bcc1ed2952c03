package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// testResult is a row of the results that a lake keeps: one per check and run.
type testResult struct {
	RunID    string                        `col:"run_id" doc:"The run, or what smelt test called itself."`
	At       pipeline.Timestamp            `col:"checked_at" doc:"When the checks were evaluated."`
	Command  pipeline.Code                 `col:"command" doc:"run or test."`
	Check    pipeline.Code                 `col:"check" doc:"Name of the check."`
	Table    pipeline.Code                 `col:"table" doc:"The table that it is about."`
	Columns  pipeline.Null[pipeline.Code]  `col:"columns" doc:"Its columns, separated by commas."`
	Kind     pipeline.Code                 `col:"kind" doc:"What it demands: not_null, unique, …"`
	Says     pipeline.Code                 `col:"says" doc:"The rule in words."`
	Severity pipeline.Code                 `col:"severity" doc:"error or warn."`
	Status   pipeline.Code                 `col:"status" doc:"pass, warn, error, or skipped where it could not be told."`
	Rows     int64                         `col:"rows" doc:"Rows that were looked at."`
	Failures int64                         `col:"failures" doc:"Rows that failed."`
	Message  pipeline.Null[string]         `col:"message" doc:"What is wrong, or why it was skipped."`
	Value    pipeline.Null[pipeline.Ratio] `col:"value" doc:"What was measured of the table as a whole: rows, or a share from 0 to 1."`
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
	var failed []testFailure
	for _, c := range r.Checks {
		columns := pipeline.Code(strings.Join(c.Columns, ","))
		rows = append(rows, testResult{RunID: r.RunID, At: now, Command: pipeline.Code(command), Check: pipeline.Code(c.Check), Table: pipeline.Code(c.Table),
			Columns: pipeline.Null[pipeline.Code]{V: columns, Valid: columns != ""}, Kind: pipeline.Code(c.Kind), Says: pipeline.Code(c.Says),
			Severity: pipeline.Code(c.Severity), Status: pipeline.Code(c.Status), Rows: c.Rows, Failures: c.Failures, Message: text(c.Message), Value: ratio(c.Value)})
		for _, f := range c.Samples {
			failed = append(failed, testFailure{RunID: r.RunID, At: now, Check: pipeline.Code(c.Check), Table: pipeline.Code(c.Table), Row: string(f.Row), Rows: f.Rows,
				SourceFile: pipeline.Null[pipeline.Code]{V: pipeline.Code(f.File), Valid: f.File != ""}, SourceRow: pipeline.Null[int64]{V: f.Record, Valid: f.Record > 0}})
		}
	}
	if err := keepFailures(ctx, lake, failed); err != nil {
		return err
	}
	rec := testResults.Record(nil, rows)
	defer rec.Release()
	return appendTo(ctx, ResultsFolder(lake), testResults.Table, rec)
}

// appendTo appends rows to a table of results, which takes over the columns that
// an older smelt did not know.
func appendTo(ctx context.Context, dir string, t *pipeline.Table, rec arrow.Record) error {
	if _, err := deltaio.AddColumns(ctx, dir, t); err != nil && !errors.Is(err, deltaio.ErrNoTable) {
		return err
	}
	_, err := deltaio.Write(ctx, dir, t, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{})
	return err
}

// ratio is a measured value as the table holds it.
func ratio(v *float64) pipeline.Null[pipeline.Ratio] {
	if v == nil || !(math.Abs(*v) < 1e12) {
		return pipeline.Null[pipeline.Ratio]{}
	}
	return pipeline.Some(pipeline.Ratio(math.Round(*v * 1e6)))
}

// measured is ratio's opposite.
func measured(v pipeline.Null[pipeline.Ratio]) *float64 {
	if !v.Valid {
		return nil
	}
	f := float64(v.V) / 1e6
	return &f
}

// LastResults reads the results that a lake has kept last, with the failing rows
// that were kept. Where it has none the
// error is of kind pipeline.ErrInput.
func LastResults(ctx context.Context, lake string) ([]pipeline.CheckResult, error) {
	last, err := evaluations(ctx, lake, 1)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: lake, Msg: "nothing was checked here yet", Hint: "smelt run checks the tables that it makes, smelt test those that are there"}
	}
	return last[0].results, addFailures(ctx, lake, &last[0])
}

// Measured returns what earlier runs have measured of a check, as check.Suite's
// Remember wants it: those that published tables. past says how many of the newest
// are passed over: of tables that are there, the run that they are of.
func Measured(lake string, past int) func(ctx context.Context, check string, n int) ([]float64, error) {
	var runs []evaluation
	return func(ctx context.Context, check string, n int) ([]float64, error) {
		if runs == nil {
			all, err := evaluations(ctx, lake, maxMeasured)
			if err != nil {
				return nil, err
			}
			runs = slices.DeleteFunc(all, func(e evaluation) bool { return e.command != "run" || e.count("error") > 0 })
			runs = runs[min(past, len(runs)):]
		}
		var out []float64
		for _, e := range runs {
			for _, c := range e.results {
				if c.Check == check && c.Value != nil && len(out) < n {
					out = append(out, *c.Value)
				}
			}
		}
		return out, nil
	}
}

// maxMeasured is how many runs and tests are looked through for values.
const maxMeasured = 400

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
		Status: string(r.Status), Rows: r.Rows, Failures: r.Failures, Message: r.Message.V, Value: measured(r.Value)}
	if r.Columns.Valid {
		c.Columns = strings.Split(string(r.Columns.V), ",")
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
