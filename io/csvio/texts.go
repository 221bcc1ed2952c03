package csvio

import (
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

// addCodes adds the texts as codes of the dictionary.
func (c *column) addCodes(buf []byte, from, to []uint32) {
	c.texts(buf, from, to)
	out := c.i32[c.n:][:len(from)]
	if c.dict.Codes(buf, from, to, out) == 0 {
		return
	}
	for i, code := range out {
		if code < 0 {
			c.full = c.full || from[i] < to[i]
			out[i] = 0
			c.null(c.n+i, pipeline.Missing, nil)
		}
	}
}
