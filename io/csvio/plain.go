package csvio

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// fewFields are as many as cut finds faster than separate finds all.
const fewFields = 4

var newline, carriage = []byte{'\n'}, []byte{'\r'}

// scan finds the separators in buf[pos:lim], at most tokenBytes, which have no
// quotes; buf has slack bytes after lim. A line does not end at a CR that is the
// last byte before end: an LF may follow.
func (t *tokens) scan(buf []byte, pos, lim, end int) {
	text := buf[pos:lim]
	if t.size > 1 || bytes.IndexByte(text, '\n') < 0 {
		t.scanAny(buf, pos, lim, end)
		return
	}
	t.clear(false)
	t.nul = bytes.IndexByte(text, 0) >= 0
	if t.few < t.width && t.few <= fewFields {
		t.cut(text, pos)
	} else {
		t.separate(buf, pos, lim)
		if t.divide(buf, t.width); t.count != bytes.Count(text, newline) {
			t.divide(buf, math.MaxInt32)
		}
	}
	if !t.returns(buf, pos, bytes.Count(text, carriage)) {
		t.scanAny(buf, pos, lim, end)
	}
}

// cut finds LFs, the few first delimiters of each line, and how many it has.
func (t *tokens) cut(text []byte, pos int) {
	t.odd = !isASCII(text)
	delimiter, n := []byte{t.delimiter}, 0
	for {
		e := bytes.IndexByte(text, '\n')
		if e < 0 {
			break
		}
		seen := bytes.Count(text[:e], delimiter)
		for from, left := 0, min(seen, t.few); left > 0; left-- {
			from += bytes.IndexByte(text[from:], t.delimiter)
			t.at[n] = uint32(pos + from)
			from++
			n++
		}
		t.at[n] = uint32(pos + e)
		t.lines[t.count], t.fields[t.count] = uint32(n), uint32(seen+1)
		t.count++
		n++
		text, pos = text[e+1:], pos+e+1
	}
	t.n = n
}

// separate finds delimiters and LFs alike.
func (t *tokens) separate(buf []byte, pos, lim int) {
	c, all, n := ones*uint64(t.delimiter), uint64(0), 0
	for base := pos; base < lim; base += 64 {
		p := (*[64]byte)(buf[base:])
		x0, x1 := binary.LittleEndian.Uint64(p[0:]), binary.LittleEndian.Uint64(p[8:])
		x2, x3 := binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[24:])
		x4, x5 := binary.LittleEndian.Uint64(p[32:]), binary.LittleEndian.Uint64(p[40:])
		x6, x7 := binary.LittleEndian.Uint64(p[48:]), binary.LittleEndian.Uint64(p[56:])
		all |= x0 | x1 | x2 | x3 | x4 | x5 | x6 | x7
		m := ^mask(others(x0, c)&high>>7 | others(x1, c)&high>>6 | others(x2, c)&high>>5 | others(x3, c)&high>>4 |
			others(x4, c)&high>>3 | others(x5, c)&high>>2 | others(x6, c)&high>>1 | others(x7, c)&high)
		if left := lim - base; left < 64 {
			m &= 1<<left - 1
		}
		n = t.place(n, base, m)
	}
	t.n, t.odd = n, all&high != 0
}

// others sets the top bits of bytes that are neither LF nor the one repeated in c.
func others(x, c uint64) uint64 {
	y := x & low
	return (y^c+low)&(y^ones*'\n'+low) | x
}

// divide finds lines among the separators. Where the one that would end a line of
// width fields is an LF, it does not look at those before: it may miss LFs there.
func (t *tokens) divide(buf []byte, width int) {
	at, count := t.at[:t.n], 0
	for i := 0; i < len(at); {
		j := i + width - 1
		if uint(j) >= uint(len(at)) || buf[at[j]] != '\n' {
			for j = i; j < len(at) && buf[at[j]] != '\n'; j++ {
			}
			if j == len(at) {
				break
			}
		}
		t.lines[count], t.fields[count] = uint32(j), uint32(j-i+1)
		count++
		i = j + 1
	}
	t.count = count
}

// returns has lines end before the CR of a CRLF. It reports whether those are all
// the n CRs that there are.
func (t *tokens) returns(buf []byte, pos, n int) bool {
	if n == 0 {
		return true
	}
	for _, i := range t.lines[:t.count] {
		if p := int(t.at[i]); p > pos && buf[p-1] == '\r' {
			t.at[i]--
			n--
		}
	}
	return n == 0
}

// place adds the positions of the bits of m, which are those of bytes from base on.
func (t *tokens) place(n, base int, m uint64) int {
	// Some more than there are are written: that costs less than to stop in time.
	at := (*[64]uint32)(t.at[n:])
	size := bits.OnesCount64(m)
	from := uint32(base)
	for i := 0; i < size; i += 4 {
		some := (*[4]uint32)(at[i&60:])
		some[0] = from + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		some[1] = from + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		some[2] = from + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		some[3] = from + uint32(bits.TrailingZeros64(m))
		m &= m - 1
	}
	return n + size
}
