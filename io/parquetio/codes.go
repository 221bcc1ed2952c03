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
		code := s.table[indices[0]]
		if code == 0 {
			code = s.meet(indices[0])
		}
		if !s.learn() {
			s.abandon()
			return 0
		}
		s.repeatCode(uint32(code-1), len(indices))
		return len(indices)
	}
	s.spell()
	before := len(s.codes)
	s.translate(indices, bitmap, offset)
	if s.learn() {
		return len(indices)
	}
	at := before // the first code that there is no room for
	for s.codes[at] < uint32(s.dict.len()) {
		at++
	}
	s.codes = s.codes[:at]
	s.abandon()
	if bitmap == nil {
		return at - before
	}
	row := 0
	for left := at - before; ; row++ {
		if bitsAt(bitmap, offset+row, 1) != 0 {
			if left == 0 {
				return row
			}
			left--
		}
	}
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

// translate stages a code for each index that is not NULL.
func (s *textStage) translate(indices []int32, bitmap []byte, offset int) {
	at := len(s.codes)
	s.codes = grow(s.codes, len(indices))
	for i := 0; i < len(indices); i += 64 {
		part := indices[i:]
		if bitmap == nil {
			at += s.translateAll(s.codes[at:], part)
			break
		}
		part = part[:min(64, len(part))]
		switch valid, some := bitsOf(bitmap, offset+i, len(part)); {
		case !some:
			at += s.translateAll(s.codes[at:], part)
		default:
			at += s.translateSome(s.codes[at:], part, valid)
		}
	}
	s.codes = s.codes[:at]
}

func (s *textStage) translateAll(out []uint32, indices []int32) int {
	table := s.table
	out = out[:len(indices)]
	for i, c := range indices {
		code := table[c]
		if code == 0 {
			code = s.meet(c)
		}
		out[i] = uint32(code - 1)
	}
	return len(indices)
}

// translateSome translates the indices whose bit is 1.
func (s *textStage) translateSome(out []uint32, indices []int32, valid uint64) (n int) {
	for ; valid != 0; valid &= valid - 1 {
		c := indices[bits.TrailingZeros64(valid)]
		code := s.table[c]
		if code == 0 {
			code = s.meet(c)
		}
		out[n] = uint32(code - 1)
		n++
	}
	return n
}

// meet returns our code + 1 of an Arrow code that the row group has not met.
// Its text is learnt later, unless it may have a code already.
func (s *textStage) meet(c int32) int32 {
	next := int32(s.dict.len() + len(s.fresh) + 1)
	if s.byValue && len(s.fresh) == 0 {
		if code, ok := s.dict.code(s.arrowText(c)); ok {
			s.table[c] = int32(code + 1)
			s.met = append(s.met, c)
			return s.table[c]
		}
	}
	s.table[c] = next
	s.fresh = append(s.fresh, c)
	return next
}

// learn adds the texts of the codes met last to the dictionary. It reports
// false when that is full; those that have no room are then not known again.
func (s *textStage) learn() bool {
	fresh := s.fresh
	s.fresh = s.fresh[:0]
	for i, c := range fresh {
		if !s.dict.add(s.arrowText(c)) {
			for _, c := range fresh[i:] {
				s.table[c] = 0
			}
			return false
		}
		s.met = append(s.met, c)
	}
	return true
}

// arrowText returns the text of an Arrow code.
func (s *textStage) arrowText(c int32) []byte {
	return s.text[s.offsets[c]-s.offsets[0] : s.offsets[c+1]-s.offsets[0]]
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
		return append(make([]int32, 0, n+n/8), table...)[:n]
	}
	if n > len(table) {
		clear(table[len(table):n])
	}
	return table[:n]
}
