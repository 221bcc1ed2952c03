package parquetio

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// validity collects the validity bits of one page, in Arrow's bit order, which
// is that of a bit-packed definition level of width 1. The bits are only
// written where the page has both values and NULLs.
type validity struct {
	bits  []byte
	rows  int
	nulls int
}

func newValidity(pageRows int) validity { return validity{bits: make([]byte, (pageRows+7)/8+8)} }

// add appends n bits of an array's bitmap, which begins at bit offset; nulls of
// them are 0.
func (v *validity) add(bitmap []byte, offset, n, nulls int) {
	rows, before := v.rows, v.nulls
	v.rows, v.nulls = v.rows+n, v.nulls+nulls
	if v.nulls == 0 || v.nulls == v.rows {
		return
	}
	if before == 0 || before == rows {
		bitutil.SetBitsTo(v.bits, 0, int64(rows), before == 0)
	}
	if nulls == 0 || nulls == n {
		bitutil.SetBitsTo(v.bits, int64(rows), int64(n), nulls == 0)
	} else {
		bitutil.CopyBitmap(bitmap, offset, n, v.bits, rows)
	}
}

func (v *validity) reset() { v.rows, v.nulls = 0, 0 }

// appendLevels appends the page's definition levels: one run, with the length
// in front that a version 1 data page wants.
func (v *validity) appendLevels(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if v.nulls == 0 || v.nulls == v.rows {
		level := byte(1)
		if v.nulls > 0 {
			level = 0
		}
		dst = append(binary.AppendUvarint(dst, uint64(v.rows)<<1), level)
	} else {
		groups := (v.rows + 7) / 8
		dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
		dst = append(dst, v.bits[:groups]...)
		dst[len(dst)-1] &= 0xff >> (-v.rows & 7) // what follows the rows is 0
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendIndices appends dictionary indices below n: the bit width, then one
// run, of equal or of bit-packed indices.
func appendIndices(dst []byte, codes []uint32, n int) []byte {
	if allEqual(codes) {
		return appendRun(dst, codes[0], len(codes), n)
	}
	width := indexWidth(n)
	dst = append(dst, byte(width))
	dst = binary.AppendUvarint(dst, uint64((len(codes)+7)/8)<<1|1)
	return appendPacked(dst, codes, uint(width))
}

// appendRun appends a run of one dictionary index below n: the bit width, then
// the run.
func appendRun(dst []byte, code uint32, times, n int) []byte {
	width := indexWidth(n)
	dst = binary.AppendUvarint(append(dst, byte(width)), uint64(times)<<1)
	for w := 0; w < width; w += 8 {
		dst = append(dst, byte(code>>w))
	}
	return dst
}

// indexWidth is the bit width of indices into n values. It is at least 1:
// some readers take a width of 0 for damage.
func indexWidth(n int) int { return max(1, bits.Len32(uint32(n-1))) }

func allEqual(codes []uint32) bool {
	for _, c := range codes {
		if c != codes[0] {
			return false
		}
	}
	return true
}

// appendPacked appends values of a bit width up to 32, little end first, padded
// with zeros to a multiple of eight values.
func appendPacked(dst []byte, values []uint32, width uint) []byte {
	size := (len(values) + 7) / 8 * int(width)
	at := len(dst)
	dst = grow(dst, size+32)
	out := dst[at:]
	for len(values) >= 8 {
		packEight(out, (*[8]uint32)(values), width)
		out, values = out[width:], values[8:]
	}
	if len(values) > 0 {
		var last [8]uint32
		copy(last[:], values)
		packEight(out, &last, width)
	}
	return dst[:at+size]
}

// packEight puts eight values into width bytes. It writes up to 32.
func packEight(out []byte, v *[8]uint32, width uint) {
	w := width & 63
	if w <= 8 {
		x := uint64(v[0]) | uint64(v[1])<<w | uint64(v[2])<<(2*w&63) | uint64(v[3])<<(3*w&63) |
			uint64(v[4])<<(4*w&63) | uint64(v[5])<<(5*w&63) | uint64(v[6])<<(6*w&63) | uint64(v[7])<<(7*w&63)
		binary.LittleEndian.PutUint64(out, x)
		return
	}
	if w <= 16 {
		x := uint64(v[0]) | uint64(v[1])<<w | uint64(v[2])<<(2*w&63) | uint64(v[3])<<(3*w&63)
		y := uint64(v[4]) | uint64(v[5])<<w | uint64(v[6])<<(2*w&63) | uint64(v[7])<<(3*w&63)
		binary.LittleEndian.PutUint64(out, x|y<<(4*w))
		binary.LittleEndian.PutUint64(out[8:], y>>(64-4*w))
		return
	}
	out = out[:32]
	var acc uint64
	var have uint
	o := 0
	for _, x := range v {
		acc |= uint64(x) << have
		have += w
		if have >= 32 {
			binary.LittleEndian.PutUint32(out[o:], uint32(acc))
			o += 4
			acc >>= 32
			have -= 32
		}
	}
	if have > 0 {
		binary.LittleEndian.PutUint32(out[o:], uint32(acc))
	}
}

// grow makes room for n more elements and adds them to the length, unset.
func grow[T any](b []T, n int) []T {
	if need := len(b) + n; need > cap(b) {
		bigger := make([]T, len(b), need+need/4)
		copy(bigger, b)
		b = bigger
	}
	return b[:len(b)+n]
}

// Bounds in statistics are cut to this many bytes.
const boundBytes = 64

// lowerBound returns a text that is not above b, at most boundBytes long, and
// whether it is b itself.
func lowerBound(b []byte, text bool) ([]byte, bool) {
	if len(b) <= boundBytes {
		return b, true
	}
	return b[:cutAt(b, text)], false
}

// upperBound returns a text that is not below b, at most boundBytes long where
// there is one, and whether it is b itself.
func upperBound(b []byte, text bool) ([]byte, bool) {
	if len(b) <= boundBytes {
		return b, true
	}
	cut := append([]byte(nil), b[:cutAt(b, text)]...)
	for len(cut) > 0 {
		if !text {
			if last := len(cut) - 1; cut[last] < 0xff {
				cut[last]++
				return cut, false
			}
			cut = cut[:len(cut)-1]
			continue
		}
		r, n := utf8.DecodeLastRune(cut)
		cut = cut[:len(cut)-n]
		if r == utf8.RuneError && n <= 1 {
			break // not text after all: keep the whole value
		}
		if r == 0xd7ff {
			r = 0xdfff // the next code point is a surrogate, which text cannot hold
		}
		if r < utf8.MaxRune {
			return utf8.AppendRune(cut, r+1), false
		}
	}
	return b, true
}

// cutAt returns where to cut a long value: at boundBytes, or before the
// character that straddles it.
func cutAt(b []byte, text bool) int {
	n := boundBytes
	for text && n > boundBytes-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}
