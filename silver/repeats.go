package silver

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// repeats knows the lines whose key may occur more than once, or that may stand
// in several files, and decides which of them lose. It is safe for concurrent use between find and settle,
// and read only afterwards.
type repeats struct {
	rows    map[int][]int64 // by segment: records whose hash occurs again; ascending
	exports map[int]export  // by segment: those whose lines are compared whole
	workers int

	mu      sync.Mutex
	keys    *pipeline.Dictionary // order, line number, return document or not
	best    []candidate          // by key
	overlap *overlap
	losers  map[int][]int64 // by segment; ascending once settled
	settled bool
}

// candidate is a line that competes for its key.
type candidate struct {
	updated int64
	seg     int
	row     int64
}

// compare orders candidates: by updated_at, NULL lowest, then by record order.
func (c candidate) compare(o candidate) int {
	return cmp.Or(cmp.Compare(c.updated, o.updated), cmp.Compare(c.seg, o.seg), cmp.Compare(c.row, o.row))
}

// find finds the records whose hash occurs more than once.
func (r *repeats) find(scans []*KeyScan) error {
	logs := make([]*hashLog, len(scans))
	for i, k := range scans {
		logs[i] = &k.hashes
	}
	again, err := repeatedHashes(logs, len(scans), 4<<20, 8<<10)
	if err != nil {
		return err
	}
	r.rows, r.exports, r.workers = map[int][]int64{}, map[int]export{}, len(scans)
	r.keys, r.losers = pipeline.NewDictionary(), map[int][]int64{}
	for _, k := range scans {
		for seg, s := range k.segments {
			if _, seen := r.rows[seg]; seen {
				return errors.New("silver: two key scans saw one segment")
			}
			r.rows[seg] = s.records(again)
			if s.export != nil {
				r.exports[seg] = *s.export
			}
		}
		again = again[k.hashes.numBlocks()*(blockSize/64):]
		k.segments, k.hashes = nil, hashLog{}
	}
	return nil
}

// records returns the numbers of the records that the set names, in which the
// lines are numbered as in the scan's hashLog.
func (s *segmentKeys) records(set bitset) []int64 {
	var rows []int64
	before := 0 // lines in the pieces before
	for _, p := range s.pieces {
		for at, end := p.first, p.first+p.n; at < end; {
			n := min(64-at&63, end-at)
			for word := set[at>>6] >> (at & 63) & below(n); word != 0; word &= word - 1 {
				rows = append(rows, s.rows.at(before+at-p.first+bits.TrailingZeros64(word)))
			}
			at += n
		}
		before += p.n
	}
	return rows
}

// Repeated returns the numbers of the records of a segment that are to be read
// in full and handed to Resolve, ascending; nil where there are none.
func (m *Model) Repeated(seg int) []int64 { return m.repeats.rows[seg] }

// Resolve takes batches of bronze.sales with the records that Repeated names.
// It may be called concurrently for different segments.
func (m *Model) Resolve(seg int, returns bool, rec arrow.Record) error {
	l, keep, err := m.evaluate(rec, returns)
	defer keep()
	if err != nil {
		return err
	}
	r := &m.repeats
	if from, ok := r.exports[seg]; ok {
		return r.addWhole(m.scratch, seg, from.source, l)
	}
	numbered := rec.Column(saleColumn.lineNumber)
	lines, updated := numbers(nil, numbered), numbers(nil, rec.Column(saleColumn.updatedAt))
	var key []byte
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settled {
		return errors.New("silver: Resolve after Resolved")
	}
	for i, why := range l.reason {
		if why != usable || lines[i] == null {
			continue
		}
		key = append(key[:0], pipeline.StringBytes(l.orders, i)...)
		key = binary.LittleEndian.AppendUint32(key, uint32(lines[i]))
		if l.isReturn[i] {
			key = append(key, 1)
		} else {
			key = append(key, 0)
		}
		if err := r.compete(key, candidate{updated[i], seg, l.source.at(i)}); err != nil {
			return err
		}
	}
	return nil
}

// compete makes a candidate or the best one so far of its key a loser.
func (r *repeats) compete(key []byte, c candidate) error {
	at := r.keys.Code(key)
	switch {
	case at < 0:
		return &pipeline.Error{Kind: pipeline.ErrData, Table: FactSales.Name, Msg: "more than 2 GiB of repeated keys (order_id, line_number)",
			Hint: "leave line_number out of the mapping if lines do not repeat"}
	case int(at) == len(r.best):
		r.best = append(r.best, c)
		return nil
	}
	loser := c
	if best := &r.best[at]; c.compare(*best) > 0 {
		loser, *best = *best, c
	}
	r.losers[loser.seg] = append(r.losers[loser.seg], loser.row)
	return nil
}

// Resolved ends the step: which lines lose is known.
func (m *Model) Resolved() error {
	r := &m.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overlap != nil {
		if err := r.overlap.decide(r.workers, r.exports, r.losers); err != nil {
			return err
		}
	}
	for _, rows := range r.losers {
		slices.Sort(rows)
	}
	r.keys, r.best, r.rows, r.exports, r.overlap, r.settled = nil, nil, nil, nil, nil, true
	m.releaseIdle()
	return nil
}

// evaluate judges lines. The caller calls keep when it has done with them.
func (m *Model) evaluate(rec arrow.Record, returns bool) (_ *lines, keep func(), _ error) {
	if len(m.checks) == 0 {
		l := m.idleLines()
		return l, func() { m.keepLines(l) }, l.read(rec, returns)
	}
	f := m.idleFact()
	return f.lines, func() { m.keepFact(f) }, f.judge(rec, returns)
}

// idleFact is idleLines for lines that checks look at.
func (m *Model) idleFact() *Fact {
	m.idle.Lock()
	defer m.idle.Unlock()
	if n := len(m.idle.facts); n > 0 {
		f := m.idle.facts[n-1]
		m.idle.facts = m.idle.facts[:n-1]
		return f
	}
	return m.NewFact(m.mem)
}

func (m *Model) keepFact(f *Fact) {
	f.forget()
	f.drop()
	m.idle.Lock()
	m.idle.facts = append(m.idle.facts, f)
	m.idle.Unlock()
}

// idleLines returns an evaluator that no other call of Resolve uses.
func (m *Model) idleLines() *lines {
	m.idle.Lock()
	defer m.idle.Unlock()
	if n := len(m.idle.lines); n > 0 {
		l := m.idle.lines[n-1]
		m.idle.lines = m.idle.lines[:n-1]
		return l
	}
	l := newLines(m, m.mem)
	for _, t := range []*textReader{&l.lineType, &l.status, &l.product.textReader, &l.currency.textReader} {
		t.sparse = true
		t.memo = newMemo()
	}
	return l
}

// releaseIdle lets go of the evaluators.
func (m *Model) releaseIdle() {
	m.idle.Lock()
	defer m.idle.Unlock()
	for _, l := range m.idle.lines {
		l.release()
	}
	m.idle.lines = nil
	for _, f := range m.idle.facts {
		f.Release()
	}
	m.idle.facts = nil
}

func (m *Model) keepLines(l *lines) {
	l.drop()
	m.idle.Lock()
	m.idle.lines = append(m.idle.lines, l)
	m.idle.Unlock()
}
