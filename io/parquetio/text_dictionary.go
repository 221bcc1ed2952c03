package parquetio

import (
	"bytes"

	"github.com/smeltdata/smelt/pipeline"
)

// textDictionary is the dictionary of a row group: each distinct text has a
// code, in order of first use. The texts themselves are kept from row group to
// row group, under numbers of their own, so that each is hashed once.
type textDictionary struct {
	texts    *pipeline.Dictionary
	codes    []int32  // by number: the code + 1; 0 = not in the row group
	used     []int32  // by code: the number
	prefixes []uint64 // by code: see prefix
	bytes    int      // of the row group's plain encoding
	kept     int      // bytes of texts
}

// Limits of a row group's dictionary.
const (
	maxTexts     = 128 << 10
	maxDictBytes = 2 << 20
)

// Limits of what is kept for the next row group.
const (
	maxKeptTexts = 2 * maxTexts
	maxKeptBytes = 4 * maxDictBytes
)

// tooLong stands for the number of a text that no dictionary takes.
const tooLong = -2

// nextGroup begins a row group, and may keep the texts: those of a dictionary
// that was given up will not come again. It reports whether it dropped them.
func (d *textDictionary) nextGroup(keep bool) bool {
	for _, id := range d.used {
		d.codes[id] = 0
	}
	keep = keep && d.texts != nil && d.texts.Len() <= maxKeptTexts && d.kept <= maxKeptBytes
	if !keep {
		d.texts, d.codes, d.kept = pipeline.NewDictionary(), d.codes[:0], 0
	}
	d.used, d.prefixes, d.bytes = d.used[:0], d.prefixes[:0], 0
	return !keep
}

func (d *textDictionary) len() int { return len(d.used) }

func (d *textDictionary) text(code uint32) []byte { return d.texts.Bytes(d.used[code]) }

// code returns the code of a text; false when the dictionary is full.
func (d *textDictionary) code(b []byte) (uint32, bool) {
	if len(b) > maxDictBytes {
		return 0, false
	}
	n := d.texts.Len()
	id := d.texts.Code(b)
	if int(id) == n {
		d.kept += len(b)
	}
	return d.use(id)
}

// numbers finds the numbers of texts.
func (d *textDictionary) numbers(texts [][]byte, ids []int32) {
	n := d.texts.Len()
	d.texts.Codes(texts, ids)
	for i, id := range ids {
		if int(id) >= n {
			d.kept += len(texts[i])
		}
	}
}

// use returns the code of the text of a number; false when the dictionary is
// full.
func (d *textDictionary) use(id int32) (uint32, bool) {
	if id < 0 {
		return 0, false
	}
	if int(id) >= len(d.codes) {
		d.codes = resized(d.codes, d.texts.Len())
	}
	if c := d.codes[id]; c != 0 {
		return uint32(c - 1), true
	}
	b := d.texts.Bytes(id)
	if d.bytes+len(b)+4 > maxDictBytes || len(d.used) == maxTexts {
		return 0, false
	}
	d.bytes += len(b) + 4
	d.used = append(d.used, id)
	d.prefixes = append(d.prefixes, prefix(b))
	d.codes[id] = int32(len(d.used))
	return uint32(len(d.used) - 1), true
}

// fewCodes is how many codes are told apart to find a page's bounds.
const fewCodes = 256

// pageBounds returns bounds of a page's codes: exact ones where the codes lie
// close together, which those of few values and of values in order do. Others
// that lie in a range not larger than the page have the bounds of the range.
// The rest gets none: the row group's are as good.
func (d *textDictionary) pageBounds(codes []uint32) bounds {
	lo, hi := uint32(0), uint32(len(d.used)-1)
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
