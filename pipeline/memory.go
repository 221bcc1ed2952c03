package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
)

// Memory is a Sink that keeps the tables in memory, for tests and for programs
// that go on with the result. The zero value is ready for use.
type Memory struct {
	Report *Report // of the run that was committed; nil before

	mu    sync.Mutex
	parts []*memoryPart
}

type memoryPart struct {
	table   *Table
	number  int
	records []arrow.Record
	stats   Stats
}

// Create returns the writer of one part.
func (m *Memory) Create(t *Table, part int) (Writer, error) {
	p := &memoryPart{table: t, number: part}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts = append(m.parts, p)
	return p, nil
}

// Commit makes the tables visible to Table.
func (m *Memory) Commit(_ context.Context, r *Report) error {
	slices.SortStableFunc(m.parts, func(a, b *memoryPart) int {
		return cmp.Or(cmp.Compare(a.table.Name, b.table.Name), cmp.Compare(a.number, b.number))
	})
	m.Report = r
	return nil
}

// Abort drops what was written, unless it was committed.
func (m *Memory) Abort() error {
	if m.Report == nil {
		m.Release()
	}
	return nil
}

// Table returns the batches of a committed table, in row order. They belong to
// the sink: retain what outlives it.
func (m *Memory) Table(name string) []arrow.Record {
	var out []arrow.Record
	if m.Report != nil {
		for _, p := range m.parts {
			if p.table.Name == name {
				out = append(out, p.records...)
			}
		}
	}
	return out
}

// Release frees everything that the sink holds.
func (m *Memory) Release() {
	for _, p := range m.parts {
		for _, r := range p.records {
			r.Release()
		}
	}
	m.parts = nil
}

// Write keeps a batch.
func (p *memoryPart) Write(rec arrow.Record) error {
	if err := p.table.Check(rec); err != nil {
		return err
	}
	for i, c := range p.table.Columns {
		if !c.Nullable && rec.Column(i).NullN() > 0 {
			return &Error{Kind: ErrData, Table: p.table.Name, Column: c.Name, Msg: "NULL in a column that is not nullable"}
		}
	}
	rec.Retain()
	p.records = append(p.records, rec)
	p.stats.Rows += rec.NumRows()
	return nil
}

// Close says how many rows the part holds; it has no size in bytes.
func (p *memoryPart) Close() (Stats, error) { return p.stats, nil }
