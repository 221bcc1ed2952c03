package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// testFailure is a row that failed a check, or what several have in common. It
// holds what the shop's tables hold, personal data too.
type testFailure struct {
	RunID      string                       `col:"run_id" doc:"The run, as tests.results has it."`
	At         pipeline.Timestamp           `col:"checked_at" doc:"When the checks were evaluated."`
	Check      pipeline.Code                `col:"check" doc:"Name of the check."`
	Table      pipeline.Code                `col:"table" doc:"The table that it is about."`
	Row        string                       `col:"row" doc:"JSON object of the row's columns; of unique and relationships, of the key." pii:"possible"`
	Rows       int64                        `col:"rows" doc:"How many rows it stands for: more than one only where they share a key."`
	SourceFile pipeline.Null[pipeline.Code] `col:"source_file" doc:"File that the row came from, where its table says so."`
	SourceRow  pipeline.Null[int64]         `col:"source_row" doc:"1-based number of the record in that file."`
}

var testFailures = pipeline.Declare[testFailure]("tests.failures", "Rows that failed a check, so many of each check and run as it keeps.")

// FailuresFolder is the folder of a lake's failing rows, a Delta table.
func FailuresFolder(lake string) string { return filepath.Join(lake, "_smelt", "test_failures") }

// keepFailures appends failing rows to those of a lake.
func keepFailures(ctx context.Context, lake string, rows []testFailure) error {
	if len(rows) == 0 {
		return nil
	}
	rec := testFailures.Record(nil, rows)
	defer rec.Release()
	return appendTo(ctx, FailuresFolder(lake), testFailures.Table, rec)
}

// addFailures adds the failing rows that a lake has kept of an evaluation to its
// results. Those of smelts that kept them as text are not read.
func addFailures(ctx context.Context, lake string, e *evaluation) error {
	snapshot, err := deltaio.Load(ctx, FailuresFolder(lake))
	if errors.Is(err, deltaio.ErrNoTable) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range snapshot.Files() {
		if newest(f).Before(e.at) {
			continue
		}
		for rec, err := range snapshot.ScanFile(ctx, f, testFailures.Table, nil) {
			if err != nil {
				return err
			}
			rows, err := testFailures.Rows(rec)
			if err != nil {
				return err
			}
			for _, r := range rows {
				at := slices.IndexFunc(e.results, func(c pipeline.CheckResult) bool { return c.Check == string(r.Check) })
				if r.RunID != e.run || !r.At.Time().Equal(e.at) || at < 0 {
					continue
				}
				c := &e.results[at]
				c.Samples = append(c.Samples, pipeline.FailedRow{Row: json.RawMessage(r.Row), Rows: r.Rows, File: string(r.SourceFile.V), Record: r.SourceRow.V})
			}
		}
	}
	return nil
}
