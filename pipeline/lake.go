package pipeline

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
)

// StateLayer is the layer of tables that only the next run reads. A Lake
// replaces them with each run, and shows them to nobody else.
const StateLayer = "state"

// Lake is a Sink that holds the tables of earlier runs and can read them back:
// what an incremental run works on. At Commit a table that was created is
// replaced by what was written, or joined by it where it was amended; a table
// that was neither created nor amended stays as it is.
type Lake interface {
	Sink
	// Last returns the report of the run that the tables are from, nil where
	// there is none; and why they cannot be built upon, "" where they can:
	// somebody else has changed one of them, for instance.
	Last(ctx context.Context) (last *Report, why string, err error)
	// Read streams columns of a table as the last run left it, in the types of
	// its declaration. The order of the rows is the parts', then the rows'.
	Read(ctx context.Context, t *Table, columns []string, where ...Where) Stream
	// Each is Read by so many workers at once: f gets the batches of one part after
	// the other from one worker, those of several parts side by side.
	Each(ctx context.Context, workers int, t *Table, columns []string, f func(worker int, rec arrow.Record) error, where ...Where) error
	// Restart discards what was created and amended so far.
	Restart() error
	// Amend keeps the rows that a table has, but those that lose names: it gets
	// batches of the columns, which hold the rows that where picks and maybe
	// others, and sets lose[i] for each row i that is to go. nil keeps all. It may
	// be called from several goroutines at once. Amend returns what is kept, and
	// must not be called twice for one table.
	Amend(ctx context.Context, t *Table, columns []string, lose func(rec arrow.Record, lose []bool) error, where ...Where) (kept TableReport, err error)
}

// Onlooker is a Lake that looks at rows. A run that builds upon another also shows
// it earlier rows that stay, those that a new one may contradict, in lent batches.
// It may be called from one goroutine at a time.
type Onlooker interface {
	Stay(t *Table, rec arrow.Record) error
}
