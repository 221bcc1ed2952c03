package store

import (
	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Only implements pipeline.Selective. The report that Commit is given is completed
// by the tables that stay.
func (s *sink) Only(publish func(table string) bool) error {
	s.only = publish
	return nil
}

// publishes reports whether a table is published.
func (s *sink) publishes(table string) bool { return s.only == nil || s.only(table) }

// counter is the writer of a part of a table that is not published.
type counter struct{ rows int64 }

// Write counts a batch.
func (c *counter) Write(rec arrow.Record) error { c.rows += rec.NumRows(); return nil }

// Close says how many rows there were.
func (c *counter) Close() (pipeline.Stats, error) { return pipeline.Stats{Rows: c.rows}, nil }
