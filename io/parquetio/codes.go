package parquetio

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
)

// takeCodes stages our codes for Arrow's, and returns how many rows it took:
// fewer when the dictionary was given up.
func (s *textStage) takeCodes(indices []int32, bitmap []byte, offset int) int {
	if len(indices) == 0 {
		return 0
	}
	if bitmap == nil && allSame(indices) {
		c := indices[0]
		if s.table[c] == 0 {
			s.meetLater(c, 0)
			if s.holes = s.holes[:0]; !s.meet() {
				s.abandon()
				return 0
			}
		}
		s.repeatCode(uint32(s.table[c]-1), len(indices))
		return len(indices)
	}
	s.spell()
	before := len(s.codes)
	s.translate(indices, bitmap, offset)
	if len(s.fresh) == 0 {
		return len(indices)
	}
	holes := s.holes
	s.holes = s.holes[:0]
	if s.meet() {
		for _, h := range holes {
			s.codes[h.at] = uint32(s.table[h.code] - 1)
		}
		return len(indices)
	}
	s.codes = s.codes[:before]
	for i, c := range indices {
		if bitmap != nil && bitmap[(offset+i)>>3]>>((offset+i)&7)&1 == 0 {
			continue
		}
		if s.table[c] == 0 {
			s.abandon()
			return i
		}
		s.codes = append(s.codes, uint32(s.table[c]-1))
	}
	return len(indices)
}

// allSame reports whether all indices are equal. It compares each with the
// next, many at a time.
func allSame(indices []int32) bool {
	b := arrow.Int32Traits.CastToBytes(indices)
	return bytes.Equal(b[4:], b[:len(b)-4])
}

// repeatCode stages a code n times.
func (s *textStage) repeatCode(code uint32, n int) {
	if len(s.codes) == 0 && (s.repeated == 0 || s.repeat == code) {
		s.repeat = code
		s.repeated += n
		return
	}
	s.spell()
	for range n {
		s.codes = append(s.codes, code)
	}
}

// spell writes out the repeated code.
func (s *textStage) spell() {
	for range s.repeated {
		s.codes = append(s.codes, s.repeat)
	}
	s.repeated = 0
}

// translate stages a code for each index that is not NULL. Where the table has
// none, it leaves a hole.
func (s *textStage) translate(indices []int32, bitmap []byte, offset int) {
	at := len(s.codes)
	s.codes = grow(s.codes, len(indices))
	if bitmap == nil {
		s.translateAll(at, indices)
		return
	}
	for i := 0; i < len(indices); i += 64 {
		part := indices[i:min(i+64, len(indices))]
		switch valid := bitsAt(bitmap, offset+i, len(part)); {
		case valid == 0:
		case bits.OnesCount64(valid) == len(part):
			s.translateAll(at, part)
			at += len(part)
		default:
			for ; valid != 0; valid &= valid - 1 {
				c := part[bits.TrailingZeros64(valid)]
				code := s.table[c]
				s.codes[at] = uint32(code - 1)
				if code <= 0 {
					s.meetLater(c, at)
				}
				at++
			}
		}
	}
	s.codes = s.codes[:at]
}

func (s *textStage) translateAll(at int, indices []int32) {
	table := s.table
	out := s.codes[at:][:len(indices)]
	for i, c := range indices {
		code := table[c]
		out[i] = uint32(code - 1)
		if code <= 0 {
			s.meetLater(c, at+i)
		}
	}
}

// meetLater notes a code that the row group has not met, and where it belongs.
func (s *textStage) meetLater(c int32, at int) {
	s.holes = append(s.holes, hole{int32(at), c})
	if s.table[c] == 0 {
		s.table[c] = unmet
		s.fresh = append(s.fresh, c)
	}
}

// meet gives the noted codes ours, in the order in which they were noted. It
// reports false when the dictionary is full; those that have none are then not
// known again.
func (s *textStage) meet() bool {
	ok := true
	var texts [together][]byte
	var buf [together]uint32
	for from := 0; from < len(s.fresh); from += together {
		some := s.fresh[from:min(from+together, len(s.fresh))]
		var codes []uint32
		if ok {
			for i, c := range some {
				texts[i] = s.text[s.offsets[c]-s.offsets[0] : s.offsets[c+1]-s.offsets[0]]
			}
			codes = s.dict.codesOf(texts[:len(some)], &buf)
			ok = len(codes) == len(some)
		}
		for i, c := range some {
			if i < len(codes) {
				s.table[c] = int32(codes[i] + 1)
				s.met = append(s.met, c)
			} else {
				s.table[c] = 0
			}
		}
	}
	s.fresh = s.fresh[:0]
	return ok
}

// bitsAt returns n bits of a bitmap, up to 64, from a bit on.
func bitsAt(bitmap []byte, at, n int) uint64 {
	b := bitmap[at>>3:]
	shift := at & 7
	var w uint64
	if len(b) > 8 {
		w = binary.LittleEndian.Uint64(b)>>shift | uint64(b[8])<<(64-shift)
	} else {
		for i, c := range b {
			w |= uint64(c) << (8 * i)
		}
		w >>= shift
	}
	return w & (^uint64(0) >> (64 - n))
}

// resized returns a table of n entries that keeps those it has; the others
// are 0.
func resized(table []int32, n int) []int32 {
	if n > cap(table) {
		return append(make([]int32, 0, n+n/2), table...)[:n]
	}
	if n > len(table) {
		clear(table[len(table):n])
	}
	return table[:n]
}
