package silver

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// repeats knows the lines whose key may occur more than once, and decides
// which of them lose. It is safe for concurrent use between find and settle,
// and read only afterwards.
type repeats struct {
	rows map[int][]int64 // by segment: records whose key's hash occurs again; ascending

	mu      sync.Mutex
	keys    *pipeline.Dictionary // order, line number, return document or not
	best    []candidate          // by key
	losers  map[int][]int64      // by segment; ascending once settled
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
	var batches [][]uint64
	for _, k := range scans {
		for _, s := range k.segments {
			batches = append(batches, s.hashes...)
		}
	}
	again := repeatedHashes(batches)
	r.rows = map[int][]int64{}
	r.keys, r.losers = pipeline.NewDictionary(), map[int][]int64{}
	for _, k := range scans {
		for seg, s := range k.segments {
			if r.rows[seg] != nil {
				return errors.New("silver: two key scans saw one segment")
			}
			if again.n > 0 {
				r.rows[seg] = s.records(again)
			}
		}
		k.segments = nil
	}
	return nil
}

// records returns the numbers of the records whose hash is in the set.
func (s *segmentKeys) records(set hashSet) []int64 {
	var rows []int64
	i := 0
	for _, batch := range s.hashes {
		for _, h := range batch {
			if h != 0 && set.has(h) {
				rows = append(rows, s.rows.at(i))
			}
			i++
		}
	}
	return rows
}

// repeatedHashes returns the hashes that occur more than once. It takes them in
// rounds, by their upper bits, which bounds the memory, and in a round in
// parts, by the bits below, so that the set of a part stays in the cache.
func repeatedHashes(batches [][]uint64) hashSet {
	const roundSize, rounds, partSize = 4 << 20, 8, 32 << 10
	total := 0
	for _, b := range batches {
		total += len(b)
	}
	roundBits := 0
	for 1<<roundBits < rounds && total>>roundBits > roundSize {
		roundBits++
	}
	partBits := 0
	for total>>(roundBits+partBits) > partSize {
		partBits++
	}
	seen, again := newHashSet(partSize), newHashSet(0)
	var buf []uint64
	ends := make([]int, 1<<partBits)
	for round := range uint64(1) << roundBits {
		// Sort the round's hashes by part.
		clear(ends)
		for _, batch := range batches {
			for _, h := range batch {
				if h>>(64-roundBits) == round {
					ends[h<<roundBits>>(64-partBits)]++
				}
			}
		}
		n := 0
		for p, count := range ends {
			ends[p] = n
			n += count
		}
		buf = resize(buf, n)
		for _, batch := range batches {
			for _, h := range batch {
				if h>>(64-roundBits) == round {
					p := h << roundBits >> (64 - partBits)
					buf[ends[p]] = h
					ends[p]++
				}
			}
		}
		start := 0
		for _, end := range ends {
			seen.clear()
			for _, h := range buf[start:end] {
				if h != 0 && !seen.add(h) {
					again.add(h)
				}
			}
			start = end
		}
	}
	return again
}

// hashSet is a set of hashes other than 0, by open addressing.
type hashSet struct {
	slots []uint64
	n     int
}

// newHashSet returns a set with room for n hashes before it grows.
func newHashSet(n int) hashSet {
	size := 64
	for size < n+n/2 {
		size *= 2
	}
	return hashSet{slots: make([]uint64, size)}
}

func (s *hashSet) clear() {
	clear(s.slots)
	s.n = 0
}

func (s *hashSet) has(h uint64) bool {
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if v := s.slots[i]; v == h || v == 0 {
			return v == h
		}
	}
}

// add adds a hash and reports whether it is new.
func (s *hashSet) add(h uint64) bool {
	mask := uint64(len(s.slots) - 1)
	i := h & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == h {
			return false
		}
	}
	s.slots[i] = h
	if s.n++; s.n*4 > len(s.slots)*3 {
		old := s.slots
		s.slots, s.n = make([]uint64, len(old)*2), 0
		for _, h := range old {
			if h != 0 {
				s.add(h)
			}
		}
	}
	return true
}

// Repeated returns the numbers of the records of a segment that are to be read
// in full and handed to Resolve, ascending; nil where there are none.
func (m *Model) Repeated(seg int) []int64 { return m.repeats.rows[seg] }

// Resolve takes batches of bronze.sales with the records that Repeated names.
// It may be called concurrently for different segments.
func (m *Model) Resolve(seg int, returns bool, rec arrow.Record) error {
	l := m.idleLines()
	defer m.keepLines(l)
	if err := l.read(rec, returns); err != nil {
		return err
	}
	numbered := rec.Column(saleColumn.lineNumber)
	lines, updated := numbers(nil, numbered), numbers(nil, rec.Column(saleColumn.updatedAt))
	var key []byte
	r := &m.repeats
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
	for _, rows := range r.losers {
		slices.Sort(rows)
	}
	r.keys, r.best, r.rows, r.settled = nil, nil, nil, true
	return nil
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

func (m *Model) keepLines(l *lines) {
	l.drop()
	m.idle.Lock()
	m.idle.lines = append(m.idle.lines, l)
	m.idle.Unlock()
}
