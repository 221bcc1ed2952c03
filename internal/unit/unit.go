// Package unit runs the unit tests of a mapping, tests: in smelt.yml: it gives the
// whole pipeline a few records in place of the shop's files, and compares the
// tables that come of them with those that a test expects.
//
// Nothing is faked in between: the given texts are parsed as the mapping says,
// cleansed, joined and counted by gold.Run, which writes to memory here. Checks of
// the tables are not evaluated.
package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
)

// Result is what came of a test.
type Result struct {
	Test    string        `json:"test"`
	File    string        `json:"file,omitempty"` // smelt.yml, and where the test stands in it
	Line    int           `json:"line,omitempty"`
	Status  string        `json:"status"`            // pass, fail, or error where no tables came of what is given
	Message string        `json:"message,omitempty"` // the error
	Seconds float64       `json:"seconds"`
	Tables  []TableResult `json:"tables"` // that were compared, in the order of the test
}

// TableResult compares the rows of one table.
type TableResult struct {
	Table    string   `json:"table"`
	Where    string   `json:"where,omitempty"`
	Columns  []string `json:"columns"`  // that are compared
	Expected int      `json:"expected"` // rows
	Actual   int      `json:"actual"`
	Rows     []Row    `json:"rows,omitempty"` // that are not as expected
}

// Row is a row that is not as expected.
type Row struct {
	Status string `json:"status"` // differs, missing (expected only) or unexpected (actual only)
	Cells  []Cell `json:"cells"`  // by column
}

// Cell is a value of a row; nil is NULL, and what a row that is not there has.
type Cell struct {
	Column   string  `json:"column"`
	Expected *string `json:"expected"`
	Actual   *string `json:"actual"`
}

// Run runs the tests of a mapping that wanted names, several at once; open opens
// the shop's own lookups, and texts of records. Tests that fail are results; an
// error of kind pipeline.ErrConfig, with the place in smelt.yml, is a test that
// names what there is not. The mapping has been checked, and is not changed.
func Run(ctx context.Context, m *bronze.Mapping, open pipeline.Opener, wanted func(name string) bool) ([]Result, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "smelt-unit-")
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "no temporary folder", Err: err}
	}
	defer os.RemoveAll(dir)
	var tests []*test
	for i := range m.Tests {
		spec := &m.Tests[i]
		if !wanted(spec.Name) {
			continue
		}
		t, err := compile(m, spec, tables, open, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			var e *pipeline.Error
			if errors.As(err, &e) && e.Kind == pipeline.ErrConfig && e.File == "" {
				e.File, e.Msg = m.File, fmt.Sprintf("test %q: %s", spec.Name, e.Msg)
			}
			return nil, err
		}
		tests = append(tests, t)
	}
	results := make([]Result, len(tests))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range tests {
		g.Go(func() error {
			results[i] = t.run(ctx)
			return ctx.Err()
		})
	}
	return results, g.Wait()
}

// test is a test that is ready to run.
type test struct {
	spec    *bronze.TestSpec
	mapping *bronze.Mapping // with the given inputs in place of the shop's
	open    pipeline.Opener
	expects []*expectation
}

func (t *test) run(ctx context.Context) Result {
	start := time.Now()
	r := Result{Test: t.spec.Name, File: t.mapping.File, Line: t.spec.Line, Status: "pass"}
	sink := &memorySink{of: map[string][]*expectation{}}
	for _, e := range t.expects {
		sink.of[e.table.Name] = append(sink.of[e.table.Name], e)
	}
	_, err := gold.Run(ctx, t.mapping, t.open, sink, gold.Workers(1))
	if err != nil {
		r.Status, r.Message = "error", err.Error()
	}
	for _, e := range t.expects {
		if err != nil {
			break
		}
		table := e.compare()
		if r.Tables = append(r.Tables, table); len(table.Rows) > 0 {
			r.Status = "fail"
		}
	}
	r.Seconds = time.Since(start).Seconds()
	return r
}

// wrong is an error about a place in smelt.yml.
func wrong(line, col int, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Line: line, Col: col, Msg: msg, Hint: hint}
}

// near is a hint: the nearest of the right names, or all of them.
func near(name string, right []string) string {
	if n := pipeline.Nearest(name, right); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return "there are " + list(right)
}

func list(names []string) string {
	s := ""
	for i, n := range slices.Compact(slices.Clone(names)) {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}
