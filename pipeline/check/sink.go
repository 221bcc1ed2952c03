package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Sink returns a sink that looks at what is written to another, and commits it
// where no check fails. The report that is committed has the checks' results.
// Before that, or before a run whose checks fail gets an error of kind
// pipeline.ErrCheck that names them, evaluated is given the report; its error
// fails the run. Where inner is a pipeline.Lake, so is the sink, and an Onlooker;
// checks of a run that only adds rows are about these, but for row_count, and for
// unique, which knows the rows that stay and that they may contradict.
func (s *Suite) Sink(inner pipeline.Sink, evaluated func(ctx context.Context, r *pipeline.Report) error) pipeline.Sink {
	out := &sink{Sink: inner, suite: s, evaluated: evaluated}
	if lake, ok := inner.(pipeline.Lake); ok {
		return &lakeSink{sink: out, Lake: lake}
	}
	return out
}

type sink struct {
	pipeline.Sink
	suite     *Suite
	evaluated func(ctx context.Context, r *pipeline.Report) error // may be nil
}

// Only implements pipeline.Selective, where the inner sink does. Rows that are not
// written are looked at nevertheless.
func (s *sink) Only(publish func(table string) bool) error {
	inner, ok := s.Sink.(pipeline.Selective)
	if !ok {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "the sink cannot publish some tables only"}
	}
	return inner.Only(publish)
}

// Create opens a part whose batches are looked at.
func (s *sink) Create(t *pipeline.Table, part int) (pipeline.Writer, error) {
	w, err := s.Sink.Create(t, part)
	if err != nil || t.Layer() == pipeline.StateLayer {
		return w, err
	}
	return &writer{Writer: w, tally: s.suite.begin(t)}, nil
}

type writer struct {
	pipeline.Writer
	tally *tally
}

// Write looks at a batch, and writes it.
func (w *writer) Write(rec arrow.Record) error {
	if err := w.tally.add(rec); err != nil {
		return err
	}
	return w.Writer.Write(rec)
}

// Close counts what the part has.
func (w *writer) Close() (pipeline.Stats, error) {
	stats, err := w.Writer.Close()
	if w.tally != nil && err == nil {
		w.tally.done()
		w.tally = nil
	}
	return stats, err
}

// Commit evaluates the checks, and publishes the tables where none fails.
func (s *sink) Commit(ctx context.Context, r *pipeline.Report) error {
	lake, _ := s.Sink.(pipeline.Lake)
	s.suite.full = r.Full
	results, err := s.suite.results(ctx, lake)
	if err != nil {
		return err
	}
	r.Checks = results
	if s.evaluated != nil {
		if err := s.evaluated(ctx, r); err != nil {
			return err
		}
	}
	if err := Failed(results); err != nil {
		return err
	}
	return s.Sink.Commit(ctx, r)
}

// Failed returns the error of the checks that failed; nil for none.
func Failed(results []pipeline.CheckResult) error {
	const hint = "nothing was published; smelt test --last --show-failures shows the rows"
	var failed []string
	table := ""
	for _, c := range results {
		if c.Status == "error" {
			failed, table = append(failed, fmt.Sprintf("%s: %s", c.Check, Wrong(c))), c.Table
		}
	}
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return &pipeline.Error{Kind: pipeline.ErrCheck, Table: table, Msg: "check " + failed[0], Hint: hint}
	}
	return &pipeline.Error{Kind: pipeline.ErrCheck, Msg: fmt.Sprintf("%d checks failed:\n  %s", len(failed), strings.Join(failed, "\n  ")), Hint: hint}
}

// Wrong says what is wrong with a failed check.
func Wrong(c pipeline.CheckResult) string {
	if c.Message != "" {
		return c.Message
	}
	return fmt.Sprintf("%d of %d rows fail: %s", c.Failures, c.Rows, c.Says)
}

// lakeSink is a sink that is a lake.
type lakeSink struct {
	*sink
	pipeline.Lake
}

func (s *lakeSink) Create(t *pipeline.Table, part int) (pipeline.Writer, error) {
	return s.sink.Create(t, part)
}

func (s *lakeSink) Commit(ctx context.Context, r *pipeline.Report) error {
	return s.sink.Commit(ctx, r)
}

func (s *lakeSink) Abort() error { return s.sink.Abort() }

// Restart forgets what was seen.
func (s *lakeSink) Restart() error {
	s.suite.reset()
	return s.Lake.Restart()
}

// Amend notes that rows of earlier runs are kept.
func (s *lakeSink) Amend(ctx context.Context, t *pipeline.Table, columns []string, lose func(rec arrow.Record, lose []bool) error, where ...pipeline.Where) (pipeline.TableReport, error) {
	kept, err := s.Lake.Amend(ctx, t, columns, lose, where...)
	s.suite.mu.Lock()
	defer s.suite.mu.Unlock()
	w := s.suite.of(t.Name)
	w.amended, w.kept = true, kept.Rows
	return kept, err
}

// Stay implements pipeline.Onlooker: no new row may have the key of one that stays.
func (s *lakeSink) Stay(t *pipeline.Table, rec arrow.Record) error {
	y := s.suite.begin(t)
	y.stays = true
	defer y.done()
	for i, st := range y.mine {
		if st.Kind != Unique || st.table.Name != t.Name {
			continue
		}
		if err := y.check(i, rec); err != nil {
			return err
		}
	}
	return nil
}

// reset forgets all that was seen.
func (s *Suite) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = map[string]*seen{}
	for _, st := range s.states {
		*st = state{Check: st.Check, table: st.table, to: st.to, test: st.test, where: st.where, number: st.number}
		st.begin(s.scratch)
	}
}
