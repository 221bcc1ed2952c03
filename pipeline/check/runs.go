package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// runs holds the keys of rows, and finds those that several rows have. Rows that
// follow each other and share the first column's value, as the lines of an order
// do, are a run. Runs that ascend, as in most files, make a stretch: where nothing
// else lies between its bounds, its keys are unique. Any other run has an entry of
// two numbers, and is looked at again only where the numbers leave a doubt.
type runs struct {
	entries parts // by hash

	mu        sync.Mutex
	free      []*runWriter
	texts     []chunk // what is written down of entries, by number
	stretches []stretch
	strayed   atomic.Int64 // how many runs did not ascend
}

// entry is what is known of a run without looking at it.
type entry struct {
	hash uint64 // of the first value
	rest uint64 // from the top: number of its chunk, where it begins there, its marks, alone, twice
}

const (
	entrySize   = 16
	runKeys     = 4 << 10 // bytes of a run's keys, about
	chunkBits   = 20
	offsetBits  = 16 // a chunk has no more than partChunk bytes, or a single run
	markBits    = 62 - chunkBits - offsetBits
	marksOfRest = 1<<markBits - 1
)

func (e entry) chunk() int  { return int(e.rest >> (64 - chunkBits)) }
func (e entry) offset() int { return int(e.rest >> (markBits + 2) & (1<<offsetBits - 1)) }

// marks are a bit for each key, by its hash, or the hash of the only one: keys of
// different marks are different.
func (e entry) marks() uint64 { return e.rest >> 2 & marksOfRest }
func (e entry) alone() bool   { return e.rest&2 != 0 } // it has one key
func (e entry) twice() bool   { return e.rest&1 != 0 } // it may have a key twice

func newRuns(scratch *pipeline.Scratch) *runs { return &runs{entries: parts{scratch: scratch}} }

// runWriter adds keys to runs. It belongs to one goroutine until it is done.
type runWriter struct {
	runs    *runs
	entries [partCount][]byte
	text    []byte // the chunk that is being filled
	number  int    // its number
	lanes   [256]*lane
	strays  []string // first values of runs that do not ascend
	used    bool

	// The run at hand.
	first, rest []byte
	last        int // where the last key begins in rest; -1 = not known
	rows        int
	unordered   bool // a key may not be greater than the one before
}

// writer returns a writer that nobody uses; that of no runs is none.
func (r *runs) writer() *runWriter {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.free); n > 0 {
		w := r.free[n-1]
		r.free = r.free[:n-1]
		return w
	}
	return &runWriter{runs: r}
}

// done gives a writer back.
func (w *runWriter) done() {
	if w == nil {
		return
	}
	w.runs.mu.Lock()
	defer w.runs.mu.Unlock()
	w.runs.free = append(w.runs.free, w)
}

// begin sees to it that the run at hand is one of this first value.
func (w *runWriter) begin(first []byte) error {
	if w.rows > 0 && len(w.rest) < runKeys && bytes.Equal(first, w.first) {
		return nil
	}
	err := w.end()
	w.first, w.used = append(w.first[:0], first...), true
	return err
}

// add adds a row to the run by what its key has after the first column.
func (w *runWriter) add(rest []byte) {
	switch {
	case w.rows == 0 || w.unordered:
	case w.last < 0:
		w.unordered = true
	default:
		before, _ := cut(w.rest[w.last:])
		w.unordered = bytes.Compare(before, rest) >= 0
	}
	w.last = len(w.rest)
	w.rest = append(binary.AppendUvarint(w.rest, uint64(len(rest))), rest...)
	w.rows++
}

// addAll adds the keys of so many rows, which ascend, to a run that has none yet.
func (w *runWriter) addAll(rest []byte, rows int) {
	w.rest, w.last, w.rows = append(w.rest, rest...), -1, rows
}

// end puts the run at hand where it belongs, if there is one.
func (w *runWriter) end() error {
	if w.rows == 0 {
		return nil
	}
	err := w.put(w.first, w.rest, w.unordered && repeats(w.rest, w.rows))
	w.rest, w.rows, w.unordered = w.rest[:0], 0, false
	return err
}

// enter writes a run down, and makes its entry.
func (w *runWriter) enter(first, rest []byte, twice bool) error {
	if size := len(first) + len(rest) + 2*binary.MaxVarintLen64; len(w.text)+size > partChunk {
		if err := w.endText(); err != nil {
			return err
		}
	}
	if len(w.text) == 0 {
		if cap(w.text) == 0 {
			w.text = make([]byte, 0, partChunk)
		}
		w.runs.mu.Lock()
		w.number = len(w.runs.texts)
		w.runs.texts = append(w.runs.texts, chunk{})
		w.runs.mu.Unlock()
		if w.number >= 1<<chunkBits {
			return errors.New("too many different keys")
		}
	}
	e := entry{xxh3.Hash(first), uint64(w.number)<<(64-chunkBits) | uint64(len(w.text))<<(markBits+2)}
	if key, others := cut(rest); len(others) == 0 {
		e.rest |= xxh3.Hash(key)&marksOfRest<<2 | 2
	} else {
		for k := range keysOf(rest) {
			e.rest |= 4 << (xxh3.Hash(k) & marksOfRest % markBits)
		}
	}
	if twice {
		e.rest |= 1
	}
	for _, b := range [][]byte{first, rest} {
		w.text = append(binary.AppendUvarint(w.text, uint64(len(b))), b...)
	}
	return w.note(e)
}

// note keeps an entry.
func (w *runWriter) note(e entry) error {
	at := e.hash % partCount
	p := w.entries[at]
	if p == nil {
		p = make([]byte, 0, partBuffer/entrySize*entrySize)
	}
	for _, v := range []uint64{e.hash, e.rest} {
		p = binary.LittleEndian.AppendUint64(p, v)
	}
	w.entries[at] = p
	if len(p) < cap(p) {
		return nil
	}
	w.entries[at] = p[:0]
	return w.runs.entries.put(int(at), p)
}

// endText gives the chunk that is being filled away.
func (w *runWriter) endText() error {
	if len(w.text) == 0 {
		return nil
	}
	w.runs.entries.held.Add(int64(len(w.text)))
	c, err := w.runs.entries.keep(w.text)
	w.runs.mu.Lock()
	w.runs.texts[w.number], w.text = c, w.text[:0]
	if c.data != nil {
		w.text = nil
	}
	w.runs.mu.Unlock()
	return err
}

// empty reports whether no key was added. All writers are done.
func (r *runs) empty() bool {
	return !slices.ContainsFunc(r.free, func(w *runWriter) bool { return w.used })
}

// flush takes what writers, all of which are done, still have. No key is added
// after it.
func (r *runs) flush() error {
	for _, w := range r.free {
		if err := w.endLanes(); err != nil {
			return err
		}
	}
	if err := r.disentangle(); err != nil {
		return err
	}
	free := r.free
	r.free = nil
	for _, w := range free {
		if err := w.endText(); err != nil {
			return err
		}
		for at, p := range w.entries {
			if len(p) == 0 {
				continue
			}
			if err := r.entries.put(at, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// text reads a run.
func (r *runs) text(e entry) (first, rest []byte, err error) {
	c, at := r.texts[e.chunk()], e.offset()
	get := func(n int) ([]byte, error) {
		n = min(n, c.size-at)
		if c.data != nil {
			return c.data[at : at+n], nil
		}
		data := make([]byte, n)
		return data, r.entries.spill.Load().Get(data, c.at+int64(at))
	}
	for _, n := range []int{256, 2 * runKeys, c.size} { // most are short
		data, err := get(n)
		if err != nil {
			return nil, nil, err
		}
		if first, data = cut(data); data == nil {
			continue
		}
		if rest, data = cut(data); data != nil {
			break
		}
	}
	return first, rest, nil
}

// keysOf are the keys of a run, after the first column.
func keysOf(rest []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(rest) > 0 {
			var k []byte
			if k, rest = cut(rest); !yield(k) {
				return
			}
		}
	}
}

// repeats reports whether a run has a key twice.
func repeats(rest []byte, rows int) bool {
	if rows <= 8 { // as orders have lines
		for len(rest) > 0 {
			var k []byte
			k, rest = cut(rest)
			for other := range keysOf(rest) {
				if bytes.Equal(k, other) {
					return true
				}
			}
		}
		return false
	}
	seen := map[string]bool{}
	for k := range keysOf(rest) {
		if seen[string(k)] {
			return true
		}
		seen[string(k)] = true
	}
	return false
}
