package pipeline

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
)

// Sink is where a run's tables go. Nothing that is written is visible before
// Commit; Commit makes all of it visible, Abort none of it.
type Sink interface {
	// Create returns the writer of one part of a table. A table is its parts in
	// the order of their numbers; numbers may be missing, but every table has
	// at least one part, if only an empty one. Create and the writers of
	// different parts may be used concurrently.
	Create(t *Table, part int) (Writer, error)
	// Commit publishes every table whose writers are closed, with the run's
	// report. No Create may follow.
	Commit(ctx context.Context, r *Report) error
	// Abort discards what was written. After Commit it does nothing.
	Abort() error
}

// Selective is a Sink that can publish some of a run's tables only.
type Selective interface {
	Sink
	// Only is called before the first Create. Of tables that publish does not name
	// rows are counted, and nothing is written: they stay as they are.
	Only(publish func(table string) bool) error
}

// Writer writes the record batches of one part of a table.
type Writer interface {
	// Write appends a batch, whose columns match the table's schema (text may
	// or may not be dictionary-encoded). A NULL in a column that is not
	// nullable is an error. The batch is not kept.
	Write(rec arrow.Record) error
	// Close finishes the part and says what it holds.
	Close() (Stats, error)
}

// Stats says how large a written part is; zero where none came of it, for it had
// no rows.
type Stats struct {
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}
