package csvio

import (
	"bytes"
	"encoding/binary"

	"github.com/smeltdata/smelt/pipeline"
)

// codeCache remembers the codes of short texts that came lately, each in one
// of its places. A column of few values, or with runs of one, never looks further.
type codeCache [1 << cacheBits]struct {
	a, b uint64 // the text's bytes, then zeros
	n    int32  // how many they are; 0 = free
	code int32
}

const (
	cacheBits  = 11
	cachedText = 16 // bytes of the longest
)

// codeBlock is how many texts that the cache does not know wait at most, so
// that the dictionary can look them up together.
const codeBlock = 128

// lookups are the texts of a column that wait for their codes.
type lookups struct {
	n     int
	texts [codeBlock][]byte
	codes [codeBlock]int32
	rows  [codeBlock]int32 // of the texts, in the block of values
	like  []int32          // rows whose text is that of the row before them
	keys  [codeBlock]struct {
		a, b uint64
		n    int32
	}
}

// addCodes adds a column's texts buf[from[i]:to[i]] as codes. buf has cachedText
// bytes more than the texts need.
func (c *column) addCodes(buf []byte, from, to []uint32) {
	out := c.i32[c.n : c.n+len(from)]
	w := c.waiting
	var la, lb uint64 // the last text that waits
	var ln uint32
	for i, at := range from {
		n := to[i] - at
		if n-1 >= cachedText { // none, or too many bytes
			c.wait(i, buf[at:to[i]], 0, 0, 0, out)
			ln = 0
			continue
		}
		text := buf[at : at+cachedText]
		a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
		if n < 8 {
			a, b = a&(1<<(n*8)-1), 0
		} else {
			b &= 1<<((n-8)*8) - 1
		}
		e := &c.cache[place16(a, b)]
		if e.a == a && e.b == b && e.n == int32(n) {
			out[i] = e.code
			continue
		}
		if ln == n && la == a && lb == b {
			w.like = append(w.like, int32(i))
			out[i] = int32(w.n - 1)
			continue
		}
		if c.wait(i, text[:n], a, b, int32(n), out) {
			la, lb, ln = a, b, n
		} else {
			ln = 0
		}
	}
	c.lookUp(out)
}

// place16 is the cache's place of a text.
func place16(a, b uint64) uint64 {
	return (a*0x9e3779b97f4a7c15 ^ b*0xc2b2ae3d27d4eb4f ^ a>>29) >> (64 - cacheBits)
}

// wait notes a text that the cache does not have. It returns false where the
// text is NULL, or is looked up already.
func (c *column) wait(i int, text []byte, a, b uint64, n int32, out []int32) bool {
	v, s := c.parser.Text(text, nil)
	if s != pipeline.Parsed {
		c.null(c.n+i, s, text)
		out[i] = 0
		return false
	}
	if c.waiting.n == 0 && c.last >= 0 && bytes.Equal(c.dict.Bytes(c.last), v) {
		out[i] = c.last
		return false
	}
	w := c.waiting
	w.texts[w.n], w.rows[w.n] = v, int32(i)
	w.keys[w.n].a, w.keys[w.n].b, w.keys[w.n].n = a, b, n
	if w.n++; w.n == codeBlock {
		c.lookUp(out)
		return false
	}
	return true
}

// lookUp finds the codes of the texts that wait.
func (c *column) lookUp(out []int32) {
	w := c.waiting
	if w.n == 0 {
		return
	}
	codes := w.codes[:w.n]
	c.dict.Codes(w.texts[:w.n], codes)
	for k, code := range codes {
		if code < 0 {
			c.full = true
			code, codes[k] = 0, 0
		} else {
			c.last = code
		}
		out[w.rows[k]] = code
		if key := &w.keys[k]; key.n > 0 {
			e := &c.cache[place16(key.a, key.b)]
			e.a, e.b, e.n, e.code = key.a, key.b, key.n, code
		}
	}
	for _, i := range w.like {
		out[i] = codes[out[i]]
	}
	w.n, w.like = 0, w.like[:0]
}
