package csvio

import (
	"encoding/binary"
	"math/bits"
)

const (
	low  = 0x7f7f7f7f7f7f7f7f
	high = 0x8080808080808080
	ones = 0x0101010101010101
	// atLine added to a byte's lower bits sets its top bit unless the byte is at
	// most CR, as the line ends, NUL and a tab are.
	atLine = 0x7272727272727272
)

// tokenBytes is how much is tokenised at a time.
const tokenBytes = 32 << 10

// tokens are the separators of a stretch of text that begins where a record
// does. Each step looks at 64 bytes, of which it makes masks, a bit for a byte.
type tokens struct {
	at    []uint32 // positions of the delimiters and of where lines end
	lines []uint32 // indexes in at of where lines end
	n     int      // of at
	count int      // of lines
	odd   uint64   // a top bit is set where some byte is not ASCII
	nul   bool
	// The stretch has quotes, and some of them are doubled or escaped.
	quoted, doubled bool
}

func newTokens() *tokens {
	return &tokens{at: make([]uint32, tokenBytes+slack), lines: make([]uint32, tokenBytes+slack)}
}

// zero has the top bit of each byte of x that is 0, and no others.
func zero(x uint64) uint64 { return ^((x&low + low) | x) & high }

// small has the top bit of each byte of x that is at most CR, and no others.
func small(x uint64) uint64 { return ^((x&low + atLine) | x) & high }

// gather moves the top bits of eight bytes, of which no other bits are set,
// into the lowest byte, in their order.
func gather(x uint64) uint64 { return (x >> 7) * 0x0102040810204080 >> 56 }

// scan finds the separators in buf[pos:lim], at most tokenBytes, which have no
// quotes; buf has slack bytes after lim. A line does not end at a CR that is the
// last byte before end: an LF may follow.
func (t *tokens) scan(buf []byte, pos, lim, end int, delimiter byte) {
	*t = tokens{at: t.at, lines: t.lines}
	pattern := ones * uint64(delimiter)
	for base := pos; base < lim; base += 64 {
		b := (*[64]byte)(buf[base:])
		x0, x1 := binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:])
		x2, x3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		x4, x5 := binary.LittleEndian.Uint64(b[32:]), binary.LittleEndian.Uint64(b[40:])
		x6, x7 := binary.LittleEndian.Uint64(b[48:]), binary.LittleEndian.Uint64(b[56:])
		t.odd |= x0 | x1 | x2 | x3 | x4 | x5 | x6 | x7
		k := gather(small(x0)) | gather(small(x1))<<8 | gather(small(x2))<<16 | gather(small(x3))<<24 |
			gather(small(x4))<<32 | gather(small(x5))<<40 | gather(small(x6))<<48 | gather(small(x7))<<56
		d := gather(zero(x0^pattern)) | gather(zero(x1^pattern))<<8 | gather(zero(x2^pattern))<<16 | gather(zero(x3^pattern))<<24 |
			gather(zero(x4^pattern))<<32 | gather(zero(x5^pattern))<<40 | gather(zero(x6^pattern))<<48 | gather(zero(x7^pattern))<<56
		if left := lim - base; left < 64 {
			d &= 1<<left - 1
			k &= 1<<left - 1
		}
		t.add(buf, pos, base, end, d, k)
	}
}

// add adds the separators of a step: delimiters by d, and those of the small
// bytes of k that are line ends.
func (t *tokens) add(buf []byte, pos, base, end int, d, k uint64) {
	n := t.n
	for ; k != 0; k &= k - 1 {
		i := bits.TrailingZeros64(k)
		p := base + i
		switch buf[p] {
		case 0:
			t.nul = true
			continue
		case '\n':
			if p > pos && buf[p-1] == '\r' {
				continue
			}
		case '\r':
			if p+1 == end {
				continue
			}
		default:
			continue
		}
		t.lines[t.count] = uint32(n + bits.OnesCount64(d&(1<<i-1)))
		t.count++
		d |= 1 << i
	}
	at := t.at[n:][:64]
	i := 0
	for ; d != 0; d &= d - 1 {
		at[i&63] = uint32(base + bits.TrailingZeros64(d))
		i++
	}
	t.n = n + i
}

// scanQuoted is scan for text with quotes, each doubled or escaped where it
// stands within quotes. It ends early, at the line before one with a quote that is out of place.
func (t *tokens) scanQuoted(buf []byte, pos, lim, end int, delimiter, quote byte, escaping bool, escape byte) {
	*t = tokens{at: t.at, lines: t.lines, quoted: true}
	pattern, mark := ones*uint64(delimiter), ones*uint64(quote)
	inside := uint64(0)     // all bits, where the step begins inside quotes
	afterSep := uint64(1)   // the byte before the step is a separator or a closing quote
	afterQuote := uint64(0) // it is a closing quote
	sign := ones * uint64(escape)
	carry := uint64(0) // the step's first byte is escaped
	for base := pos; base < lim; base += 64 {
		b := (*[64]byte)(buf[base:])
		x0, x1 := binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:])
		x2, x3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		x4, x5 := binary.LittleEndian.Uint64(b[32:]), binary.LittleEndian.Uint64(b[40:])
		x6, x7 := binary.LittleEndian.Uint64(b[48:]), binary.LittleEndian.Uint64(b[56:])
		t.odd |= x0 | x1 | x2 | x3 | x4 | x5 | x6 | x7
		k := gather(small(x0)) | gather(small(x1))<<8 | gather(small(x2))<<16 | gather(small(x3))<<24 |
			gather(small(x4))<<32 | gather(small(x5))<<40 | gather(small(x6))<<48 | gather(small(x7))<<56
		d := gather(zero(x0^pattern)) | gather(zero(x1^pattern))<<8 | gather(zero(x2^pattern))<<16 | gather(zero(x3^pattern))<<24 |
			gather(zero(x4^pattern))<<32 | gather(zero(x5^pattern))<<40 | gather(zero(x6^pattern))<<48 | gather(zero(x7^pattern))<<56
		q := gather(zero(x0^mark)) | gather(zero(x1^mark))<<8 | gather(zero(x2^mark))<<16 | gather(zero(x3^mark))<<24 |
			gather(zero(x4^mark))<<32 | gather(zero(x5^mark))<<40 | gather(zero(x6^mark))<<48 | gather(zero(x7^mark))<<56
		var escaped uint64 // what follows an escape that is not escaped itself
		if escaping {
			e := gather(zero(x0^sign)) | gather(zero(x1^sign))<<8 | gather(zero(x2^sign))<<16 | gather(zero(x3^sign))<<24 |
				gather(zero(x4^sign))<<32 | gather(zero(x5^sign))<<40 | gather(zero(x6^sign))<<48 | gather(zero(x7^sign))<<56
			escaped = carry
			carry = 0
			for e &^= escaped; e != 0; e &= e - 1 {
				t.doubled = true
				next := (e & -e) << 1
				if next == 0 {
					carry = 1
				}
				escaped |= next
				e &^= next
			}
		}
		lone := q & escaped
		q &^= escaped
		in := q // after this: from an opening quote to the byte before its closing one
		in ^= in << 1
		in ^= in << 2
		in ^= in << 4
		in ^= in << 8
		in ^= in << 16
		in ^= in << 32
		in ^= inside
		inside = uint64(int64(in) >> 63)
		var ends uint64
		for m := k; m != 0; m &= m - 1 {
			i := bits.TrailingZeros64(m)
			switch buf[base+i] {
			case '\n', '\r':
				ends |= 1 << i
			case 0:
				t.nul = true
			}
		}
		opening, closing := q&in, q&^in
		sep := (d | ends) &^ in
		// An opening quote follows a separator, or a closing quote that it doubles;
		// after a closing quote stands a separator, or its double.
		wrong := opening&^((sep|closing)<<1|afterSep) | (closing<<1|afterQuote)&^(sep|opening)
		wrong |= lone &^ in // outside of quotes nothing is escaped
		t.doubled = t.doubled || opening&(closing<<1|afterQuote) != 0
		afterSep, afterQuote = (sep|closing)>>63, closing>>63
		valid := ^uint64(0)
		if left := lim - base; left < 64 {
			valid = 1<<left - 1
		}
		if wrong &= valid; wrong != 0 {
			valid = wrong&-wrong - 1
		}
		t.add(buf, pos, base, end, d&^in&valid, ends&^in&valid)
		if wrong != 0 {
			return
		}
	}
}
