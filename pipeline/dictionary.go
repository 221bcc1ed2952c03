package pipeline

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/zeebo/xxh3"
)

// Dictionary gives each distinct text a code: 0, 1, 2 … in order of first
// appearance. It belongs to one goroutine; the arrays it hands out are
// immutable and stay valid while it grows.
type Dictionary struct {
	data      []byte
	offsets   []int32     // len = values + 1
	base      *Dictionary // that it began with; nil = none
	slots     []slot      // of the values that the base does not have
	mask      uint64
	first     []slot      // where Codes looks first: the base's slots, or its own
	firstMask uint64      // the mask of first
	seen      uint64      // of no use, but what is read into it is read
	snapshot  arrow.Array // of the values so far; nil when stale
}

// key stands for a text: it is the text itself where that is short, so that a
// look at its slot is enough, else a hash that the text must confirm.
type key struct {
	a uint64 // the first bytes, then zeros; or the hash
	b uint32 // the other bytes, and on top 1 + how many there are; or longKey
}

// slot is a place of the hash table; code 0 = free.
type slot struct {
	a    uint64 // the key's: embedded, it would take 24 bytes and not 16
	b    uint32
	code int32 // code + 1
}

func (s *slot) is(k key) bool { return s.a == k.a && s.b == k.b }

const (
	shortText = 11 // bytes of the longest text that is its own key
	longKey   = 0xff << 24
)

// NewDictionary returns an empty dictionary.
func NewDictionary() *Dictionary {
	d := &Dictionary{data: []byte{}, offsets: make([]int32, 1, 256), slots: make([]slot, 512), mask: 511}
	d.first, d.firstMask = d.slots, d.mask
	return d
}

// Over returns a dictionary that begins with the texts of d, under their codes.
// It shares d's memory, so that many may begin with one large dictionary. d must
// not grow any more, and not be over another one itself.
func (d *Dictionary) Over() *Dictionary {
	if d.base != nil {
		panic("pipeline: a dictionary over a dictionary over another")
	}
	n := d.Len()
	o := NewDictionary()
	if n == 0 {
		return o
	}
	o.base, o.data, o.offsets = d, d.data[:len(d.data):len(d.data)], d.offsets[:n+1:n+1]
	o.first, o.firstMask = d.slots, d.mask
	return o
}

// Len returns the number of values.
func (d *Dictionary) Len() int { return len(d.offsets) - 1 }

// Bytes returns the text of a code, which is never nil; valid until the
// dictionary is dropped.
func (d *Dictionary) Bytes(code int32) []byte {
	return d.data[d.offsets[code]:d.offsets[code+1]]
}

// Code returns the code of a text, a new one if it has none. It returns -1
// when the dictionary's text would pass 2 GiB, Arrow's limit.
func (d *Dictionary) Code(b []byte) int32 { return d.code(b, keyOf(b)) }

// Find returns the code of a text, or -1 if it has none.
func (d *Dictionary) Find(b []byte) int32 {
	k := keyOf(b)
	if code := d.inherited(b, k); code >= 0 {
		return code
	}
	_, code := d.find(b, k)
	return code
}

// inherited returns the code that a text has in the base, or -1.
func (d *Dictionary) inherited(b []byte, k key) int32 {
	if d.base == nil {
		return -1
	}
	_, code := d.base.find(b, k)
	return code
}

// TextSlack is how many bytes more than its texts a buffer of Codes must have.
const TextSlack = 16

// A table of more slots than these does not stay in the processor's cache. Then
// Codes has lookAhead texts wait for memory together, not each by itself.
const (
	cachedSlots = 1 << 13
	lookAhead   = 64
)

// Codes is Code for each of the texts buf[from[i]:to[i]], but an empty one gets
// no code: it returns how many of the codes are -1.
func (d *Dictionary) Codes(buf []byte, from, to []uint32, codes []int32) (none int) {
	for len(from) > 0 {
		n := min(lookAhead, len(from))
		if len(d.first) > cachedSlots {
			d.fetch(buf, from[:n], to[:n])
		}
		ends, out := to[:n], codes[:n]
		for i, at := range from[:n] {
			size := ends[i] - at
			if size-1 >= shortText { // none, or too many bytes
				out[i] = -1
				if size > 0 {
					out[i] = d.Code(buf[at:ends[i]])
				}
				none -= int(out[i] >> 31)
				continue
			}
			k := shortKey(buf[at:][:TextSlack], size)
			if s := &d.first[k.hash()&d.firstMask]; s.is(k) {
				out[i] = s.code - 1
				continue
			}
			out[i] = d.code(buf[at:ends[i]], k)
			none -= int(out[i] >> 31)
		}
		from, to, codes = from[n:], to[n:], codes[n:]
	}
	return none
}

// fetch brings the slots of at most lookAhead texts into the processor's cache.
func (d *Dictionary) fetch(buf []byte, from, to []uint32) {
	var hashes [lookAhead]uint64
	for i, at := range from {
		if size := to[i] - at; size <= shortText {
			hashes[i] = shortKey(buf[at:][:TextSlack], size).hash()
		} else {
			hashes[i] = key{xxh3.Hash(buf[at:to[i]]), longKey}.hash()
		}
	}
	seen := uint64(0)
	for _, h := range hashes[:len(from)] {
		seen ^= d.first[h&d.firstMask].a
	}
	d.seen = seen
}

// shapes are, by a short text's size, which bytes are in its key, and its length there.
var shapes = func() (s [shortText + 1]key) {
	for n := range s {
		s[n] = key{1<<(n*8) - 1, uint32(1<<(max(n, 8)*8-64) - 1)}
	}
	return s
}()

// shortKey is keyOf for the first bytes of a text that goes on.
func shortKey(t []byte, size uint32) key {
	m := &shapes[size]
	return key{binary.LittleEndian.Uint64(t) & m.a, binary.LittleEndian.Uint32(t[8:])&m.b | (size+1)<<24}
}

func keyOf(t []byte) key {
	n := len(t)
	switch {
	case n > shortText:
		return key{xxh3.Hash(t), longKey}
	case n > 8:
		return key{word(t[:8]), binary.LittleEndian.Uint32(t[n-4:])>>((12-n)*8) | uint32(n+1)<<24}
	}
	return key{word(t), uint32(n+1) << 24}
}

func (k key) hash() uint64 {
	high, low := bits.Mul64(k.a^0x9e3779b97f4a7c15, uint64(k.b)^0xc2b2ae3d27d4eb4f)
	return high ^ low
}

// find returns where the text's slot is, or the free one for it, and its code or -1.
func (d *Dictionary) find(b []byte, k key) (at uint64, code int32) {
	for i := k.hash() & d.mask; ; i = (i + 1) & d.mask {
		s := &d.slots[i]
		if s.code == 0 || s.is(k) && (k.b != longKey || bytes.Equal(d.Bytes(s.code-1), b)) {
			return i, s.code - 1
		}
	}
}

func (d *Dictionary) code(b []byte, k key) int32 {
	if code := d.inherited(b, k); code >= 0 {
		return code
	}
	at, code := d.find(b, k)
	if code >= 0 || len(d.data)+len(b) > math.MaxInt32 {
		return code
	}
	if d.base != nil {
		d.data, d.offsets = slightly(d.data, len(b)), slightly(d.offsets, 1)
	}
	d.data = append(d.data, b...)
	d.offsets = append(d.offsets, int32(len(d.data)))
	code = int32(d.Len())
	d.slots[at] = slot{k.a, k.b, code}
	d.snapshot = nil
	own := d.Len()
	if d.base != nil {
		own -= d.base.Len()
	}
	if uint64(own)*2 > d.mask {
		d.grow()
	}
	return code - 1
}

// slightly makes room for n more elements, and a few: what came with a large base
// is to be copied when the first of one's own follows, not to grow by a quarter.
func slightly[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return append(make([]T, 0, len(s)+len(s)/32+n+1024), s...)
}

func (d *Dictionary) grow() {
	old := d.slots
	d.mask = d.mask*2 + 1
	if d.mask <= cachedSlots {
		d.mask = d.mask*2 + 1 // for a while, room costs less than texts in each other's way
	}
	d.slots = make([]slot, d.mask+1)
	for _, s := range old {
		if s.code == 0 {
			continue
		}
		i := key{s.a, s.b}.hash() & d.mask
		for d.slots[i].code != 0 {
			i = (i + 1) & d.mask
		}
		d.slots[i] = s
	}
	if d.base == nil || d.mask > d.firstMask {
		d.first, d.firstMask = d.slots, d.mask
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
	if Extends(values, r.last) {
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

// Extends reports whether a begins with all the values of b.
func Extends(a, b *array.String) bool {
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

// StringBytes returns a string array's value without copying it. An empty one
// may be nil.
func StringBytes(a *array.String, i int) []byte {
	o := a.ValueOffsets() // already starts at the array's offset
	return a.ValueBytes()[o[i]-o[0] : o[i+1]-o[0]]
}
