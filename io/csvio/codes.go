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

// addCodes adds a column's texts buf[from[i]:to[i]] as codes. buf has cachedText
// bytes more than the texts need.
func (c *column) addCodes(buf []byte, from, to []uint32) {
	out := c.i32[c.n : c.n+len(from)]
	for i, at := range from {
		n := to[i] - at
		if n-1 >= cachedText { // none, or too many
			out[i] = c.code(i, buf[at:to[i]])
			continue
		}
		text := buf[at : at+cachedText]
		a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
		if n < 8 {
			a, b = a&(1<<(n*8)-1), 0
		} else {
			b &= 1<<((n-8)*8) - 1
		}
		e := &c.cache[(a*0x9e3779b97f4a7c15^b*0xc2b2ae3d27d4eb4f^a>>29)>>(64-cacheBits)]
		if e.a == a && e.b == b && e.n == int32(n) {
			out[i] = e.code
			continue
		}
		nulls := c.nulls
		code := c.code(i, text[:n])
		if out[i] = code; c.nulls == nulls {
			e.a, e.b, e.n, e.code = a, b, int32(n), code
		}
	}
}

// code returns the code of the block's i-th text.
func (c *column) code(i int, b []byte) int32 {
	v, s := c.parser.Text(b, nil)
	if s != pipeline.Parsed {
		c.null(c.n+i, s, b)
		return 0
	}
	if c.last >= 0 && bytes.Equal(c.dict.Bytes(c.last), v) {
		return c.last
	}
	if c.last = c.dict.Code(v); c.last < 0 {
		c.full = true
		return 0
	}
	return c.last
}
