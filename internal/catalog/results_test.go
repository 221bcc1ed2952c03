package catalog

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// oldResult is a result as the first smelts kept it: without a value, and with
// failing rows as text.
type oldResult struct {
	RunID    string                       `col:"run_id" doc:"."`
	At       pipeline.Timestamp           `col:"checked_at" doc:"."`
	Command  pipeline.Code                `col:"command" doc:"."`
	Check    pipeline.Code                `col:"check" doc:"."`
	Table    pipeline.Code                `col:"table" doc:"."`
	Columns  pipeline.Null[pipeline.Code] `col:"columns" doc:"."`
	Kind     pipeline.Code                `col:"kind" doc:"."`
	Says     pipeline.Code                `col:"says" doc:"."`
	Severity pipeline.Code                `col:"severity" doc:"."`
	Status   pipeline.Code                `col:"status" doc:"."`
	Rows     int64                        `col:"rows" doc:"."`
	Failures int64                        `col:"failures" doc:"."`
	Message  pipeline.Null[string]        `col:"message" doc:"."`
	Samples  pipeline.Null[string]        `col:"samples" doc:"."`
}

var oldResults = pipeline.Declare[oldResult]("tests.results", "One row per check and run.")

// A table of results that an older smelt has made goes on to be read and written.
func TestOldResults(t *testing.T) {
	ctx, lake := context.Background(), t.TempDir()
	rec := oldResults.Record(nil, []oldResult{{RunID: "old", At: 1, Command: "run", Check: "few", Table: "silver.fact_sales", Kind: "expression", Says: "quantity < 9",
		Severity: "error", Status: "error", Rows: 2, Failures: 1, Samples: pipeline.Some("{\"a\":\"x\ny\"}")}})
	defer rec.Release()
	if _, err := deltaio.Write(ctx, ResultsFolder(lake), oldResults.Table, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := LastResults(ctx, lake)
	want := pipeline.CheckResult{Check: "few", Table: "silver.fact_sales", Kind: "expression", Says: "quantity < 9", Severity: "error", Status: "error", Rows: 2, Failures: 1}
	if d := cmp.Diff([]pipeline.CheckResult{want}, got); err != nil || d != "" {
		t.Fatal(err, d)
	}
	value := 0.25
	want.Status, want.Failures, want.Value = "warn", 3, &value
	want.Samples = []pipeline.FailedRow{
		{Row: json.RawMessage(`{"a":"x\ny","n":1.50}`), Rows: 1, File: "s.csv", Record: 7},
		{Row: json.RawMessage(`{"a":null}`), Rows: 2},
	}
	if err := KeepResults(ctx, lake, "run", &pipeline.Report{RunID: "new", Checks: []pipeline.CheckResult{want}}); err != nil {
		t.Fatal(err)
	}
	got, err = LastResults(ctx, lake)
	if d := cmp.Diff([]pipeline.CheckResult{want}, got); err != nil || d != "" {
		t.Fatal(err, d)
	}
	all, err := evaluations(ctx, lake, 10)
	if err != nil || len(all) != 2 || all[1].run != "old" || all[1].results[0].Value != nil {
		t.Fatal(err, all)
	}
}

// What is compared with is what runs have measured that published tables.
func TestMeasured(t *testing.T) {
	ctx, lake := context.Background(), t.TempDir()
	keep := func(id, command, status string, value float64) {
		checks := []pipeline.CheckResult{{Check: "volume", Status: "pass", Value: &value}, {Check: "other", Status: status}}
		if err := KeepResults(ctx, lake, command, &pipeline.Report{RunID: id, Checks: checks}); err != nil {
			t.Fatal(err)
		}
	}
	keep("1", "run", "pass", 10)
	keep("2", "run", "warn", 20.5)
	keep("3", "test", "pass", 30)
	keep("4", "run", "error", 40)
	keep("5", "run", "skipped", 50)
	for _, c := range []struct {
		past, n int
		want    []float64
	}{{0, 9, []float64{50, 20.5, 10}}, {0, 2, []float64{50, 20.5}}, {1, 9, []float64{20.5, 10}}, {9, 9, nil}} {
		got, err := Measured(lake, c.past)(ctx, "volume", c.n)
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("past %d: %v %s", c.past, err, d)
		}
	}
	if got, err := Measured(t.TempDir(), 0)(ctx, "volume", 9); err != nil || got != nil {
		t.Error(got, err)
	}
}
