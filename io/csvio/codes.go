package csvio

import "github.com/smeltdata/smelt/pipeline"

// addCodes adds a column's texts buf[from[i]:to[i]] as codes. It may change
// from and to. buf has slack bytes more than the texts need.
func (c *column) addCodes(buf []byte, from, to []uint32) {
	if !c.parser.Verbatim() {
		for i, at := range from {
			b := buf[at:to[i]]
			v, s := c.parser.Text(b, nil)
			if s != pipeline.Parsed {
				to[i] = at
			} else if len(v) < len(b) { // it is a part of b
				from[i] = at + uint32(cap(b)-cap(v))
				to[i] = from[i] + uint32(len(v))
			}
		}
	}
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
