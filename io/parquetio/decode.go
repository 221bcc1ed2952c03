package parquetio

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/format"
)

// values holds decoded values of a physical type, in the field that fits it.
// The bytes of texts may belong to the page that they were decoded from.
type values struct {
	n       int
	i32     []int32
	i64     []int64
	i96     []deprecated.Int96
	f32     []float32
	f64     []float64
	bools   []byte   // a bitmap
	data    []byte   // of texts, one after the other
	offsets []uint32 // n+1, where texts are of any length
	gap     uint32   // bytes between two texts
	lengths [2][]int32
	joined  []byte // texts that were put together from their parts
}

var errValues = errors.New("a page has fewer values than it says")

// decode decodes n values.
func (v *values) decode(l *leaf, enc format.Encoding, src []byte, n int) (err error) {
	v.n = n
	width := l.plainWidth()
	switch {
	case n == 0:
		// A page of NULLs may hold anything.
		v.i32, v.i64, v.i96, v.f32, v.f64, v.bools, v.data = v.i32[:0], v.i64[:0], v.i96[:0], v.f32[:0], v.f64[:0], v.bools[:0], nil
		v.offsets = append(v.offsets[:0], 0)
		return nil
	case enc == format.Plain && l.physical == format.Boolean:
		if n > 8*len(src) {
			return errValues
		}
		v.bools = append(v.bools[:0], src[:(n+7)/8]...)
		return nil
	case enc == format.RLE && l.physical == format.Boolean:
		if len(src) < 4 || int64(binary.LittleEndian.Uint32(src)) > int64(len(src)-4) {
			return errValues
		}
		v.bools, err = decodeBits(v.bools[:0], src[4:4+binary.LittleEndian.Uint32(src)], n)
		return err
	case enc == format.Plain && l.physical == format.ByteArray:
		return v.plainTexts(src)
	case enc == format.Plain && width > 0, enc == format.ByteStreamSplit && width > 0 && l.physical != format.Int96:
		if n > len(src)/width {
			return errValues
		}
		if enc == format.Plain {
			return v.plain(l, src[:n*width])
		}
		if len(src) != n*width {
			return fmt.Errorf("a page of %d split values of %d bytes has %d bytes", n, width, len(src))
		}
		return v.split(l, src)
	case enc == format.DeltaBinaryPacked && (l.physical == format.Int32 || l.physical == format.Int64):
		_, width, err := skipDelta(src, n)
		if err != nil {
			return err
		}
		if l.physical == format.Int32 && width <= 32 {
			v.i32, err = (&delta.BinaryPackedEncoding{}).DecodeInt32(v.i32[:0], src)
			return err
		}
		if v.i64, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(v.i64[:0], src); err != nil || l.physical == format.Int64 {
			return err
		}
		// DuckDB packs unsigned 32-bit integers in up to 33 bits.
		v.i32 = v.i32[:0]
		for _, x := range v.i64 {
			v.i32 = append(v.i32, int32(x))
		}
		return nil
	case enc == format.DeltaLengthByteArray && l.physical == format.ByteArray:
		return v.deltaLengths(src)
	case enc == format.DeltaByteArray && (l.physical == format.ByteArray || width > 0 && l.physical == format.FixedLenByteArray):
		return v.deltaTexts(l, src)
	}
	return fmt.Errorf("%s values in the encoding %s, which smelt does not read", l.physical, enc)
}

func (v *values) plain(l *leaf, src []byte) (err error) {
	var e plain.Encoding
	switch l.physical {
	case format.Int32:
		v.i32, err = e.DecodeInt32(v.i32[:0], src)
	case format.Int64:
		v.i64, err = e.DecodeInt64(v.i64[:0], src)
	case format.Int96:
		v.i96, err = e.DecodeInt96(v.i96[:0], src)
	case format.Float:
		v.f32, err = e.DecodeFloat(v.f32[:0], src)
	case format.Double:
		v.f64, err = e.DecodeDouble(v.f64[:0], src)
	case format.FixedLenByteArray:
		v.data = src
	}
	return err
}

// split decodes values whose first bytes stand together, then their second ones.
func (v *values) split(l *leaf, src []byte) (err error) {
	var e bytestreamsplit.Encoding
	switch l.physical {
	case format.Int32:
		v.i32, err = e.DecodeInt32(v.i32[:0], src)
	case format.Int64:
		v.i64, err = e.DecodeInt64(v.i64[:0], src)
	case format.Float:
		v.f32, err = e.DecodeFloat(v.f32[:0], src)
	case format.Double:
		v.f64, err = e.DecodeDouble(v.f64[:0], src)
	case format.FixedLenByteArray:
		v.joined, err = e.DecodeFixedLenByteArray(v.joined[:0], src, l.width)
		v.data = v.joined
	}
	return err
}

// text returns the i-th text.
func (v *values) text(i int32) []byte { return v.data[v.offsets[i] : v.offsets[i+1]-v.gap] }

// plainTexts finds texts that each follow their length.
func (v *values) plainTexts(src []byte) error {
	if v.n > len(src)/4 {
		return errValues
	}
	v.offsets = grow(v.offsets[:0], v.n+1)
	v.data, v.gap = src, 4
	at := uint64(4)
	for i := range v.offsets {
		v.offsets[i] = uint32(at)
		if i == v.n {
			break
		}
		if at > uint64(len(src)) {
			return errValues
		}
		if at += 4 + uint64(binary.LittleEndian.Uint32(src[at-4:])); at-4 > uint64(len(src)) {
			return errValues
		}
	}
	return nil
}

// deltaLengths decodes texts whose lengths stand before all of them.
func (v *values) deltaLengths(src []byte) (err error) {
	if src, err = v.deltaInts(0, src); err != nil {
		return err
	}
	end := 0
	v.offsets, v.gap = append(v.offsets[:0], 0), 0
	for _, k := range v.lengths[0] {
		if k < 0 || int(k) > len(src)-end {
			return errValues
		}
		end += int(k)
		v.offsets = append(v.offsets, uint32(end))
	}
	v.data = src[:end]
	return nil
}

// deltaTexts decodes texts that each begin with a part of the one before.
func (v *values) deltaTexts(l *leaf, src []byte) (err error) {
	for i := range v.lengths {
		if src, err = v.deltaInts(i, src); err != nil {
			return err
		}
	}
	shared, own := v.lengths[0], v.lengths[1]
	offsets := grow(v.offsets[:0], len(own)+1)
	end, used, before := 0, 0, 0
	for i, k := range own {
		n := int(shared[i])
		if n < 0 || n > before || k < 0 || int(k) > len(src)-used {
			return errValues
		}
		before = n + int(k)
		if l.width > 0 && before != l.width {
			return fmt.Errorf("a value of %d bytes in a column of %d", before, l.width)
		}
		offsets[i] = uint32(end)
		used += int(k)
		if end += before; end > maxPageBytes {
			return fmt.Errorf("the texts of a page pass %d bytes", maxPageBytes)
		}
	}
	offsets[len(own)] = uint32(end)
	joined := grow(v.joined[:0], end+2*word)
	last := joined
	for i, k := range own {
		text := joined[offsets[i]:]
		if n := shared[i]; n <= word && k <= word && len(src) >= word {
			// Most keys are short: two words are faster than a call.
			*(*[word]byte)(text) = [word]byte(last)
			*(*[word]byte)(text[n:]) = [word]byte(src)
		} else {
			copy(text, last[:n])
			copy(text[n:], src[:k])
		}
		last, src = text, src[k:]
	}
	v.joined, v.data, v.offsets, v.gap = joined, joined[:end], offsets, 0
	return nil
}

const word = 16 // bytes that are moved at once

// deltaInts decodes n delta-packed lengths, and returns what follows them.
func (v *values) deltaInts(i int, src []byte) (rest []byte, err error) {
	rest, width, err := skipDelta(src, v.n)
	if err != nil || width > 32 {
		return nil, cmp.Or(err, errValues)
	}
	v.lengths[i], err = (&delta.BinaryPackedEncoding{}).DecodeInt32(v.lengths[i][:0], src[:len(src)-len(rest)])
	return rest, err
}

// skipDelta checks that src begins with n delta-packed integers, and returns
// what follows them, and the bits of the widest difference.
func skipDelta(src []byte, n int) (rest []byte, width int, err error) {
	var head [4]uint64 // block size, miniblocks a block, values, first value
	for i := range head {
		if src, head[i], err = uvarint(src); err != nil {
			return nil, 0, errValues
		}
	}
	block, minis := head[0], head[1]
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > block/32 || block/minis%32 != 0 {
		return nil, 0, fmt.Errorf("blocks of %d values in %d parts", block, minis)
	}
	if head[2] != uint64(n) {
		return nil, 0, fmt.Errorf("a page of %d values has %d", n, head[2])
	}
	mini := int(block / minis)
	for left := n - 1; left > 0; {
		if src, _, err = uvarint(src); err != nil || uint64(len(src)) < minis {
			return nil, 0, errValues
		}
		widths := src[:minis]
		src = src[minis:]
		for _, w := range widths {
			if left <= 0 {
				break // what is not needed has no bytes, whatever its width says
			}
			width = max(width, int(w))
			// Some writers cut the last one short.
			size := mini * int(w) / 8
			if w > 64 || (min(left, mini)*int(w)+7)/8 > len(src) {
				return nil, 0, errValues
			}
			src = src[min(size, len(src)):]
			left -= mini
		}
	}
	return src, width, nil
}
