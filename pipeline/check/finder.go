package check

import (
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
)

// finder finds the repeated keys of runs, part by part.
type finder struct {
	runs   *runs
	whole  bool    // a first value is a whole key
	most   int     // entries of a part that are held in memory
	all    []entry // of a part
	newest []int32 // 1 + where in all the last one of a hash is
	before []int32 // by entry, the same of the one before it
}

const lookEntries = 256 // of a hash, which are looked at in memory

func newFinder(r *runs) *finder { return &finder{runs: r, most: 1 << 20} }

// each hands the keys that several rows have to found.
func (f *finder) each(found func(first, rest []byte, rows int64)) error {
	for at := range partCount {
		if err := f.part(at, found); err != nil {
			return err
		}
	}
	return nil
}

// part is each for a part.
func (f *finder) part(part int, found func(first, rest []byte, rows int64)) error {
	entries := func(do func(e entry) error) error {
		return f.runs.entries.read(part, func(data []byte) error {
			for ; len(data) > 0; data = data[entrySize:] {
				if err := do(entry{binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if f.runs.entries.size(part) > f.most*entrySize && !f.whole { // many of one hash
		return f.lookAgain(func(do func(first, key []byte) error) error {
			return entries(func(e entry) error { return f.keys(e, do) })
		}, found)
	}
	f.all = f.all[:0]
	err := entries(func(e entry) error {
		f.all = append(f.all, e)
		return nil
	})
	if err != nil {
		return err
	}
	size := 1 << bits.Len(uint(2*len(f.all)))
	f.newest = slices.Grow(f.newest[:0], size)[:size]
	f.before = slices.Grow(f.before[:0], len(f.all))[:len(f.all)]
	clear(f.newest)
	all, newest, before := f.all, f.newest, f.before
	for i, e := range all {
		at := e.hash / partCount & uint64(len(newest)-1)
		for newest[at] > 0 && all[newest[at]-1].hash != e.hash {
			at = (at + 1) & uint64(len(newest)-1)
		}
		before[i], newest[at] = newest[at], int32(i+1)
	}
	for _, last := range newest {
		if last == 0 || !f.doubtful(last) {
			continue
		}
		if err := f.look(last, found); err != nil {
			return err
		}
	}
	return nil
}

// look finds the keys that the entries of a hash, from the last one on, have twice.
func (f *finder) look(last int32, found func(first, rest []byte, rows int64)) error {
	each := func(do func(first, key []byte) error) error {
		for i := last; i > 0; i = f.before[i-1] {
			if err := f.keys(f.all[i-1], do); err != nil {
				return err
			}
		}
		return nil
	}
	entries := 0
	for i := last; i > 0 && entries <= lookEntries; i = f.before[i-1] {
		entries++
	}
	if entries > lookEntries && !f.whole {
		return f.lookAgain(each, found)
	}
	rows := map[[2]string]int64{}
	err := each(func(first, key []byte) error {
		rows[[2]string{string(first), string(key)}]++
		return nil
	})
	for _, k := range slices.SortedFunc(maps.Keys(rows), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if n := rows[k]; n > 1 {
			found([]byte(k[0]), []byte(k[1]), n)
		}
	}
	return err
}

// keys hands the keys of an entry to do.
func (f *finder) keys(e entry, do func(first, key []byte) error) error {
	first, rest, err := f.runs.text(e)
	if err != nil {
		return err
	}
	for k := range keysOf(rest) {
		if err := do(first, k); err != nil {
			return err
		}
	}
	return nil
}

// lookAgain is look for more keys than memory should hold, as rows of few countries
// have: it takes each as a first value of its own.
func (f *finder) lookAgain(each func(func(first, key []byte) error) error, found func(first, rest []byte, rows int64)) error {
	again := newRuns(f.runs.entries.scratch)
	w := again.writer()
	err := each(func(first, key []byte) error {
		whole := binary.AppendUvarint(nil, uint64(len(first)))
		if err := w.begin(slices.Concat(whole, first, key)); err != nil {
			return err
		}
		w.add(nil)
		return nil
	})
	w.done()
	if err != nil {
		return err
	}
	if err := again.flush(); err != nil {
		return err
	}
	g := newFinder(again)
	g.whole = true
	return g.each(func(whole, _ []byte, rows int64) {
		first, key := cut(whole)
		found(first, key, rows)
	})
}

// doubtful reports whether the entries of a hash, from the last one on, may have a
// key twice.
func (f *finder) doubtful(last int32) bool {
	var known [16]uint64 // marks of entries with one key
	n, ones, several := 0, uint64(0), uint64(0)
	for i := last; i > 0; i = f.before[i-1] {
		e := f.all[i-1]
		marks := e.marks()
		switch {
		case e.twice() || n == len(known):
			return true
		case e.alone():
			bit := uint64(1) << (marks % markBits)
			if bit&several != 0 || slices.Contains(known[:n], marks) {
				return true
			}
			known[n] = marks
			n++
			ones |= bit
		case marks&(ones|several) != 0:
			return true
		default:
			several |= marks
		}
	}
	return false
}
