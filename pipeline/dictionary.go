package pipeline

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/zeebo/xxh3"
)

// Dictionary gives each distinct text a code: 0, 1, 2 … in order of first
// appearance. It belongs to one goroutine; the arrays it hands out are
// immutable and stay valid while it grows.
type Dictionary struct {
	data     []byte
	offsets  []int32 // len = values + 1
	slots    []slot
	mask     uint64
	seen     byte        // of no use, but what is read into it is read
	snapshot arrow.Array // of the values so far; nil when stale
}

type slot struct {
	hash uint32 // upper half of the value's hash
	code int32  // code + 1; 0 = free
}

// NewDictionary returns an empty dictionary.
func NewDictionary() *Dictionary {
	return &Dictionary{offsets: make([]int32, 1, 1024), slots: make([]slot, 2048), mask: 2047}
}

// Len returns the number of values.
func (d *Dictionary) Len() int { return len(d.offsets) - 1 }

// Bytes returns the text of a code; valid until the dictionary is dropped.
func (d *Dictionary) Bytes(code int32) []byte {
	return d.data[d.offsets[code]:d.offsets[code+1]]
}

// Code returns the code of a text, a new one if it has none. It returns -1
// when the dictionary's text would pass 2 GiB, Arrow's limit.
func (d *Dictionary) Code(b []byte) int32 { return d.code(b, xxh3.Hash(b)) }

// lookAhead is how many texts Codes looks up at a time.
const lookAhead = 32

// Codes is Code for many texts. It waits for memory once for some of them
// together, not once for each: in a large dictionary that is most of the time.
func (d *Dictionary) Codes(texts [][]byte, codes []int32) {
	var hashes [lookAhead]uint64
	var starts [lookAhead]int32
	for len(texts) > 0 {
		n := min(lookAhead, len(texts))
		some := texts[:n]
		for i, b := range some {
			hashes[i] = xxh3.Hash(b)
		}
		// What follows brings into the cache what code will look at.
		for i := range some {
			starts[i] = max(0, d.slots[hashes[i]&d.mask].code-1)
		}
		for i := range some {
			starts[i] = d.offsets[starts[i]]
		}
		for i := range some {
			if at := int(starts[i]); at < len(d.data) {
				d.seen ^= d.data[at]
			}
		}
		for i, b := range some {
			codes[i] = d.code(b, hashes[i])
		}
		texts, codes = texts[n:], codes[n:]
	}
}

func (d *Dictionary) code(b []byte, h uint64) int32 {
	hi := uint32(h >> 32)
	for i := h & d.mask; ; i = (i + 1) & d.mask {
		s := d.slots[i]
		if s.code == 0 {
			return d.add(b, i, hi)
		}
		if s.hash == hi && bytes.Equal(d.Bytes(s.code-1), b) {
			return s.code - 1
		}
	}
}

// Find returns the code of a text, or -1 if it has none.
func (d *Dictionary) Find(b []byte) int32 {
	h := xxh3.Hash(b)
	hi := uint32(h >> 32)
	for i := h & d.mask; ; i = (i + 1) & d.mask {
		s := d.slots[i]
		if s.code == 0 {
			return -1
		}
		if s.hash == hi && bytes.Equal(d.Bytes(s.code-1), b) {
			return s.code - 1
		}
	}
}

func (d *Dictionary) add(b []byte, at uint64, hi uint32) int32 {
	if len(d.data)+len(b) > 1<<31-1 {
		return -1
	}
	d.data = append(d.data, b...)
	d.offsets = append(d.offsets, int32(len(d.data)))
	code := int32(len(d.offsets) - 1) // code + 1
	d.slots[at] = slot{hi, code}
	d.snapshot = nil
	if uint64(code)*2 > d.mask {
		d.grow()
	}
	return code - 1
}

func (d *Dictionary) grow() {
	d.mask = d.mask*4 + 3
	d.slots = make([]slot, d.mask+1)
	for c := range int32(d.Len()) {
		h := xxh3.Hash(d.Bytes(c))
		i := h & d.mask
		for d.slots[i].code != 0 {
			i = (i + 1) & d.mask
		}
		d.slots[i] = slot{uint32(h >> 32), c + 1}
	}
}

// Values returns the texts as an Arrow string array, indexed by code: the same
// array until the dictionary grows. It shares the dictionary's memory, so
// nothing needs to be released.
func (d *Dictionary) Values() arrow.Array {
	if d.snapshot == nil {
		n := d.Len()
		data := array.NewData(StringType, n, []*memory.Buffer{nil,
			memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(d.offsets[: n+1 : n+1])),
			memory.NewBufferBytes(d.data[:len(d.data):len(d.data)])}, nil, 0, 0)
		d.snapshot = array.NewStringData(data)
	}
	return d.snapshot
}

// Recoder translates the codes of successive dictionary arrays, whose
// dictionaries may grow or change, into the caller's own codes. It calls its
// function once for each new value, not once for each row. It belongs to one
// goroutine.
type Recoder struct {
	// New returns the caller's code of a value.
	New   func(value []byte) int32
	last  *array.String
	codes []int32
}

// Codes returns, for each code of the dictionary, the caller's. The slice is
// valid until the next call.
func (r *Recoder) Codes(dict arrow.Array) []int32 {
	values := dict.(*array.String)
	if values == r.last {
		return r.codes
	}
	start := 0
	if extends(values, r.last) {
		start = r.last.Len()
	}
	r.codes = r.codes[:start]
	for i := start; i < values.Len(); i++ {
		code := int32(-1)
		if values.IsValid(i) {
			code = r.New(StringBytes(values, i))
		}
		r.codes = append(r.codes, code)
	}
	values.Retain()
	if r.last != nil {
		r.last.Release()
	}
	r.last = values
	return r.codes
}

// Release lets go of the last dictionary seen.
func (r *Recoder) Release() {
	if r.last != nil {
		r.last.Release()
		r.last, r.codes = nil, nil
	}
}

// extends reports whether a begins with all the values of b.
func extends(a, b *array.String) bool {
	if b == nil || b.Len() == 0 || a.Len() < b.Len() || a.NullN() > 0 || b.NullN() > 0 || a.Offset() != 0 || b.Offset() != 0 {
		return false
	}
	n := b.Len()
	ao, bo := a.ValueOffsets(), b.ValueOffsets()
	if &ao[0] != &bo[0] && !equalInt32(ao[:n+1], bo[:n+1]) {
		return false
	}
	av, bv := a.ValueBytes()[:ao[n]-ao[0]], b.ValueBytes()[:bo[n]-bo[0]]
	return len(av) == 0 || &av[0] == &bv[0] || bytes.Equal(av, bv)
}

func equalInt32(a, b []int32) bool {
	return bytes.Equal(arrow.Int32Traits.CastToBytes(a), arrow.Int32Traits.CastToBytes(b))
}

// StringBytes returns a string array's value without copying it.
func StringBytes(a *array.String, i int) []byte {
	o := a.ValueOffsets() // already starts at the array's offset
	return a.ValueBytes()[o[i]-o[0] : o[i+1]-o[0]]
}
