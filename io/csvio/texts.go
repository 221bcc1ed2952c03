package csvio

import (
	"encoding/binary"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// texts puts from and to on what the parser makes of the texts: parts of them, or
// nothing for NULLs.
func (c *column) texts(buf []byte, from, to []uint32) {
	if c.parser.Verbatim() {
		return
	}
	for i, at := range from {
		b := buf[at:to[i]]
		v, s := c.parser.Text(b, nil)
		if s != pipeline.Parsed {
			to[i] = at
		} else if len(v) < len(b) {
			from[i] = at + uint32(cap(b)-cap(v))
			to[i] = from[i] + uint32(len(v))
		}
	}
}

// addText adds the texts as they stand.
func (c *column) addText(buf []byte, from, to []uint32) {
	c.texts(buf, from, to)
	ends := c.i32[c.n+1:][:len(from)]
	text, size := c.text[:cap(c.text)], len(c.text)
	for i, at := range from {
		n := int(to[i] - at)
		if n == 0 {
			c.null(c.n+i, pipeline.Missing, nil)
		}
		if len(text) < size+n+slack {
			text = slices.Grow(text[:size], n+slack+size/2)
			text = text[:cap(text)]
		}
		if n <= 16 { // in one go, with some bytes more
			*(*[16]byte)(text[size:]) = *(*[16]byte)(buf[at:])
		} else {
			copy(text[size:], buf[at:to[i]])
		}
		size += n
		ends[i] = int32(size)
	}
	c.text = text[:size]
}

// manyCodes do not stay in the processor's cache.
const manyCodes = 1 << 13

// addCodes adds the texts as codes of the dictionary. Where looking one up takes
// long, one that repeats the one before is not looked up.
func (c *column) addCodes(buf []byte, from, to []uint32) {
	c.texts(buf, from, to)
	out := c.i32[c.n:][:len(from)]
	different, many := len(from), c.dict.Len() >= manyCodes
	if many {
		different = c.repeats(buf, from, to)
	}
	none := c.dict.Codes(buf, from[:different], to[:different], out[:different])
	if none > 0 {
		for i, code := range out[:different] {
			c.full = c.full || code < 0 && from[i] < to[i]
		}
	}
	if many {
		for i := len(out) - 1; i >= 0; i-- {
			out[i] = out[c.which[i]]
		}
	}
	if none > 0 {
		for i, code := range out {
			c.nullIf(c.n+i, uint32(code)>>31)
			out[i] = max(code, 0)
		}
	}
}

// repeats puts the texts that do not repeat the one before first, in their order,
// and returns how many they are. In c.which is which of them each text was.
func (c *column) repeats(buf []byte, from, to []uint32) int {
	c.which = slices.Grow(c.which[:0], len(from))[:len(from)]
	to = to[:len(from)]
	var before [2]uint64
	last, n := ^uint32(0), -1
	for i, at := range from {
		end := to[i]
		size := end - at
		p := (*[16]byte)(buf[at:])
		x := binary.LittleEndian.Uint64(p[:8]) << (64 - 8*min(size, 8))
		y := binary.LittleEndian.Uint64(p[8:]) << (128 - 8*max(size, 8))
		differs := x ^ before[0] | y ^ before[1] | uint64(size^last) | uint64(size)&^15 // longer ones always do
		n += int((differs | -differs) >> 63)
		c.which[i] = int32(n)
		from[n], to[n] = at, end
		before[0], before[1], last = x, y, size
	}
	return n + 1
}
