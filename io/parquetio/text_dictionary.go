package parquetio

import (
	"bytes"

	"github.com/zeebo/xxh3"
)

// textDictionary is the dictionary of a row group: each distinct text has a
// code, in order of first use.
type textDictionary struct {
	data     []byte
	ends     []uint32 // by code: where the text ends in data
	prefixes []uint64 // by code: see prefix
	hashes   []uint64 // by code
	slots    []textSlot
	seen     byte // of no use, but what is read into it is read
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
	d.data, d.ends, d.prefixes, d.hashes = d.data[:0], d.ends[:0], d.prefixes[:0], d.hashes[:0]
	d.slots = grow(d.slots[:0], fewSlots)
	clear(d.slots)
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

// code returns the code of a text; false when it has none and the dictionary is
// full.
func (d *textDictionary) code(b []byte) (uint32, bool) { return d.find(b, xxh3.Hash(b)) }

func (d *textDictionary) find(b []byte, hash uint64) (uint32, bool) {
	upper := uint32(hash >> 32)
	mask := uint64(len(d.slots) - 1)
	i := hash & mask
	for ; d.slots[i].code != 0; i = (i + 1) & mask {
		if s := d.slots[i]; s.hash == upper && bytes.Equal(d.text(s.code-1), b) {
			return s.code - 1, true
		}
	}
	if d.bytes()+len(b)+4 > maxDictBytes || len(d.ends) == maxTexts {
		return 0, false
	}
	d.data = append(d.data, b...)
	d.ends = append(d.ends, uint32(len(d.data)))
	d.prefixes = append(d.prefixes, prefix(b))
	d.hashes = append(d.hashes, hash)
	n := uint32(len(d.ends))
	d.slots[i] = textSlot{upper, n}
	if 2*int(n) > len(d.slots) {
		d.rehash(4 * len(d.slots))
	}
	return n - 1, true
}

func (d *textDictionary) rehash(n int) {
	d.slots = grow(d.slots[:0], n)
	clear(d.slots)
	mask := uint64(n - 1)
	for c, hash := range d.hashes {
		i := hash & mask
		for d.slots[i].code != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = textSlot{uint32(hash >> 32), uint32(c + 1)}
	}
}

// together is how many texts are looked up together: memory is waited for once
// for all of them.
const together = 32

// codesOf returns the codes of texts, up to together of them; fewer when the
// dictionary is full.
func (d *textDictionary) codesOf(texts [][]byte, codes *[together]uint32) []uint32 {
	var hashes [together]uint64
	for i, b := range texts {
		hashes[i] = xxh3.Hash(b)
	}
	mask := uint64(len(d.slots) - 1)
	for i := range texts {
		d.seen ^= byte(d.slots[hashes[i]&mask].hash)
	}
	for i, b := range texts {
		var ok bool
		if codes[i], ok = d.find(b, hashes[i]); !ok {
			return codes[:i]
		}
	}
	return codes[:len(texts)]
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
		for _, c := range codes {
			lo, hi = min(lo, c), max(hi, c)
		}
	}
	if hi-lo >= fewCodes {
		if int(hi-lo) >= len(codes) {
			return bounds{}
		}
		return d.bounds(int(lo), int(hi))
	}
	var seen [fewCodes]bool
	for _, c := range codes {
		seen[uint8(c-lo)] = true
	}
	least, most := codes[0], codes[0]
	for c := lo; c <= hi; c++ {
		if seen[uint8(c-lo)] {
			if d.less(c, least) {
				least = c
			} else if d.less(most, c) {
				most = c
			}
		}
	}
	return bounds{d.text(least), d.text(most)}
}

// bounds returns the least and the greatest text of a range of codes.
func (d *textDictionary) bounds(from, to int) bounds {
	least, most := uint32(from), uint32(from)
	lo, hi := d.prefixes[from], d.prefixes[from]
	for c := uint32(from); int(c) <= to; c++ {
		p := d.prefixes[c]
		if p > lo && p < hi {
			continue
		}
		if d.less(c, least) {
			least, lo = c, p
		} else if d.less(most, c) {
			most, hi = c, p
		}
	}
	return bounds{d.text(least), d.text(most)}
}

func (d *textDictionary) less(a, b uint32) bool {
	if x, y := d.prefixes[a], d.prefixes[b]; x != y {
		return x < y
	}
	return a != b && bytes.Compare(d.text(a), d.text(b)) < 0
}
