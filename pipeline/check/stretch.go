package check

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// stretch is runs that ascend. Its text has all but the least and the most, which
// have entries.
type stretch struct {
	least, most string
	text        chunk
}

// lane gathers runs of a writer that begin alike, as orders of one shop do and its
// returns do, into a stretch.
type lane struct {
	runs        int // seen
	least, most []byte
	text        []byte // each but least: what its first value shares with the one before, what it does not, its keys
	last        int    // where most begins in it
}

const (
	laneRuns  = 8 << 10   // runs after which a stretch ends: a value far too great spoils no more
	laneText  = 16 << 10  // bytes after which it does
	maxStrays = 256 << 10 // runs that do not ascend, after which there are no more stretches
)

// put adds a run to the stretch that it may go on with, or enters it. Twice says
// that it has a key twice.
func (w *runWriter) put(first, rest []byte, twice bool) error {
	if w.runs.strayed.Load() > maxStrays {
		w.strays = nil
		return w.enter(first, rest, twice)
	}
	at := first[min(1, len(first)-1)] // of texts the first byte after their length
	l := w.lanes[at]
	if l == nil {
		l = &lane{}
		w.lanes[at] = l
	}
	if l.runs >= laneRuns || len(l.text) >= laneText {
		if err := w.endLane(l); err != nil {
			return err
		}
	}
	l.runs++
	switch {
	case l.runs == 1:
		l.least, l.most = append(l.least[:0], first...), append(l.most[:0], first...)
	case twice || bytes.Compare(first, l.most) <= 0:
		w.strays = append(w.strays, string(first))
		w.runs.strayed.Add(1)
	default:
		n := 0
		for n < min(len(first), len(l.most)) && first[n] == l.most[n] {
			n++
		}
		l.last = len(l.text)
		l.text = binary.AppendUvarint(l.text, uint64(n))
		for _, b := range [2][]byte{first[n:], rest} {
			l.text = append(binary.AppendUvarint(l.text, uint64(len(b))), b...)
		}
		l.most = append(l.most[:n], first[n:]...)
		return nil
	}
	return w.enter(first, rest, twice)
}

// endLane ends the stretch of a lane.
func (w *runWriter) endLane(l *lane) error {
	if l.runs == 0 {
		return nil
	}
	if len(l.text) > 0 {
		err := stretch{least: string(l.most)}.each(l.text[l.last:], func(_, rest []byte) error { return w.enter(l.most, rest, false) })
		if err != nil {
			return err
		}
		l.text = l.text[:l.last]
	}
	s := stretch{least: string(l.least), most: string(l.most)}
	if len(l.text) > 0 {
		var err error
		w.runs.entries.held.Add(int64(len(l.text)))
		if s.text, err = w.runs.entries.keep(l.text); err != nil {
			return err
		}
		if s.text.data != nil {
			l.text = nil
		}
	}
	w.runs.mu.Lock()
	defer w.runs.mu.Unlock()
	w.runs.stretches = append(w.runs.stretches, s)
	l.runs, l.text = 0, l.text[:0]
	return nil
}

// endLanes ends the run at hand and all stretches.
func (w *runWriter) endLanes() error {
	if err := w.end(); err != nil {
		return err
	}
	for _, l := range w.lanes {
		if l != nil {
			if err := w.endLane(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// disentangle enters all runs of stretches that share their bounds with another,
// and of the others those that share their first value with an entry.
func (r *runs) disentangle() error {
	var strays []string // the first values of entries that may lie within stretches
	for _, w := range r.free {
		strays = append(strays, w.strays...)
	}
	var buf []byte
	enter := func(s stretch, wanted func(first []byte) bool) error {
		text, err := r.entries.get(s.text, &buf)
		if err != nil {
			return err
		}
		return s.each(text, func(first, rest []byte) error {
			if !wanted(first) {
				return nil
			}
			return r.free[0].enter(first, rest, false)
		})
	}
	// Those that end first leave the most room for others.
	slices.SortFunc(r.stretches, func(a, b stretch) int { return strings.Compare(a.most, b.most) })
	apart := r.stretches[:0]
	for _, s := range r.stretches {
		if n := len(apart); n == 0 || apart[n-1].most <= s.least {
			apart = append(apart, s)
			continue
		}
		strays = append(strays, s.least, s.most)
		err := enter(s, func(first []byte) bool {
			if len(strays) <= maxStrays {
				strays = append(strays, string(first))
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	all := r.strayed.Load() > maxStrays || len(strays) > maxStrays
	slices.Sort(strays)
	for _, s := range apart {
		from, _ := slices.BinarySearch(strays, s.least)
		to, _ := slices.BinarySearch(strays, s.most)
		if !all && from == to {
			continue
		}
		within := strays[from:to]
		err := enter(s, func(first []byte) bool {
			for len(within) > 0 && within[0] < string(first) {
				within = within[1:]
			}
			return all || len(within) > 0 && within[0] == string(first)
		})
		if err != nil {
			return err
		}
	}
	r.stretches = nil
	return nil
}

// each hands the runs of a stretch's text to f, which must not keep them.
func (s stretch) each(text []byte, f func(first, rest []byte) error) error {
	for first := []byte(s.least); len(text) > 0; {
		n, k := binary.Uvarint(text)
		own, others := cut(text[k:])
		first = append(first[:n], own...)
		var rest []byte
		rest, text = cut(others)
		if err := f(first, rest); err != nil {
			return err
		}
	}
	return nil
}
