package parquetio

import (
	"bytes"
	"slices"

	"github.com/zeebo/xxh3"
)

// textDictionary is the dictionary of a row group: each distinct text has a
// code, in order of first use.
type textDictionary struct {
	data  []byte
	ends  []uint32   // by code: where the text ends in data
	slots []textSlot // of the first codes, found by value; none before that is asked for
	found int        // how many codes that are
}

type textSlot struct {
	hash uint32 // upper half of the text's hash
	code uint32 // code + 1; 0 = free
}

// Limits of a dictionary.
const (
	maxTexts     = 128 << 10
	maxDictBytes = 2 << 20 // of its plain encoding
)

const fewSlots = 2 << 10

// reset forgets all texts, and keeps the memory.
func (d *textDictionary) reset() {
	if d.data == nil {
		d.data = []byte{} // not nil, for a nil text is no bound
	}
	d.data, d.ends, d.slots, d.found = d.data[:0], d.ends[:0], d.slots[:0], 0
}

func (d *textDictionary) len() int { return len(d.ends) }

// bytes is the size of the plain encoding.
func (d *textDictionary) bytes() int { return len(d.data) + 4*len(d.ends) }

func (d *textDictionary) text(code uint32) []byte {
	start := uint32(0)
	if code > 0 {
		start = d.ends[code-1]
	}
	return d.data[start:d.ends[code]]
}

// add gives a text the next code. It reports false when the dictionary is full.
func (d *textDictionary) add(b []byte) bool {
	if d.bytes()+len(b)+4 > maxDictBytes || len(d.ends) == maxTexts {
		return false
	}
	d.data = append(d.data, b...)
	d.ends = append(d.ends, uint32(len(d.data)))
	return true
}

// code returns the code of a text, which it adds if there is none; false when
// the dictionary is full.
func (d *textDictionary) code(b []byte) (uint32, bool) {
	if d.found < len(d.ends) || len(d.slots) == 0 {
		d.index(max(fewSlots, len(d.slots)))
	}
	hash := xxh3.Hash(b)
	mask := uint64(len(d.slots) - 1)
	i := hash & mask
	for ; d.slots[i].code != 0; i = (i + 1) & mask {
		if s := d.slots[i]; s.hash == uint32(hash>>32) && bytes.Equal(d.text(s.code-1), b) {
			return s.code - 1, true
		}
	}
	if !d.add(b) {
		return 0, false
	}
	d.found++
	d.slots[i] = textSlot{uint32(hash >> 32), uint32(d.found)}
	if 2*d.found > len(d.slots) {
		d.index(4 * len(d.slots))
	}
	return uint32(d.found - 1), true
}

// index makes all texts be found, in n slots or more.
func (d *textDictionary) index(n int) {
	for n < 2*len(d.ends) {
		n *= 4
	}
	d.slots = grow(d.slots[:0], n)
	clear(d.slots)
	mask := uint64(n - 1)
	for d.found = range d.ends {
		hash := xxh3.Hash(d.text(uint32(d.found)))
		i := hash & mask
		for d.slots[i].code != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = textSlot{uint32(hash >> 32), uint32(d.found + 1)}
	}
	d.found = len(d.ends)
}

// fewCodes is how many codes are told apart to find a page's bounds.
const fewCodes = 256

// pageBounds returns bounds of a page's codes: exact ones where the codes lie
// close together, which those of few values and of values in order do. Others
// that lie in a range not larger than the page have the bounds of the range.
// The rest gets none: the row group's are as good.
func (d *textDictionary) pageBounds(codes []uint32) bounds {
	lo, hi := uint32(0), uint32(d.len()-1)
	if hi >= fewCodes {
		lo, hi = codes[0], codes[0]
		for some := range slices.Chunk(codes, 1<<10) {
			for _, c := range some {
				lo, hi = min(lo, c), max(hi, c)
			}
			if int(hi-lo) >= max(fewCodes, len(codes)) {
				return bounds{}
			}
		}
	}
	if hi-lo >= fewCodes {
		return d.bounds(int(lo), int(hi))
	}
	// Most pages have the least and the greatest of all these near their start.
	first, last := d.extremes(lo, hi, func(uint32) bool { return true })
	var seen [fewCodes]bool
	for some := range slices.Chunk(codes, 1<<10) {
		for _, c := range some {
			seen[uint8(c-lo)] = true
		}
		if seen[first-lo] && seen[last-lo] {
			return bounds{d.text(first), d.text(last)}
		}
	}
	first, last = d.extremes(lo, hi, func(c uint32) bool { return seen[c-lo] })
	return bounds{d.text(first), d.text(last)}
}

// extremes returns the codes of the least and the greatest text among those
// codes of a range that are in the page.
func (d *textDictionary) extremes(lo, hi uint32, in func(code uint32) bool) (least, most uint32) {
	for !in(lo) {
		lo++
	}
	least, most = lo, lo
	for c := lo + 1; c <= hi; c++ {
		if in(c) {
			if d.less(c, least) {
				least = c
			} else if d.less(most, c) {
				most = c
			}
		}
	}
	return least, most
}

// bounds returns the least and the greatest text of a range of codes. Most are
// ruled out by their first eight bytes.
func (d *textDictionary) bounds(from, to int) bounds {
	least, most := d.text(uint32(from)), d.text(uint32(from))
	lo, hi := prefix(least), prefix(most)
	for c := from + 1; c <= to; c++ {
		v := d.text(uint32(c))
		p := prefix(v)
		if p > lo && p < hi {
			continue
		}
		if p <= lo && bytes.Compare(v, least) < 0 {
			least, lo = v, p
		} else if p >= hi && bytes.Compare(v, most) > 0 {
			most, hi = v, p
		}
	}
	return bounds{least, most}
}

func (d *textDictionary) less(a, b uint32) bool {
	return a != b && bytes.Compare(d.text(a), d.text(b)) < 0
}
