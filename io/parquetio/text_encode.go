package parquetio

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sort"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// expand stages the text of Arrow's codes until the page is full.
func (s *textStage) expand(indices []int32, bitmap []byte, offset int) int {
	for i, c := range indices {
		if len(s.data) >= pageBytes {
			return i
		}
		if bitmap != nil && bitmap[(offset+i)>>3]>>((offset+i)&7)&1 == 0 {
			continue
		}
		from := int(s.offsets[c] - s.offsets[0])
		n := int(s.offsets[c+1]-s.offsets[0]) - from
		if at := len(s.data); n <= 16 && from+16 <= len(s.text) && at+16 <= cap(s.data) {
			// Most keys are short: two words are faster than a call.
			*(*[16]byte)(s.data[at : at+16]) = [16]byte(s.text[from:])
			s.data = s.data[:at+n]
		} else {
			s.data = append(s.data, s.text[from:from+n]...)
		}
		s.ends = append(s.ends, uint32(len(s.data)))
	}
	return len(indices)
}

// copy stages text until the page is full.
func (s *textStage) copy(offsets []int32, text []byte, base int32, bitmap []byte, offset int) int {
	n := len(offsets) - 1
	if bitmap != nil {
		for i := range n {
			if len(s.data) >= pageBytes {
				return i
			}
			if bitmap[(offset+i)>>3]>>((offset+i)&7)&1 != 0 {
				s.data = append(s.data, text[offsets[i]-base:offsets[i+1]-base]...)
				s.ends = append(s.ends, uint32(len(s.data)))
			}
		}
		return n
	}
	if len(s.data) >= pageBytes {
		return 0
	}
	if room := pageBytes - len(s.data); int(offsets[n]-offsets[0]) > room {
		n = sort.Search(n, func(i int) bool { return int(offsets[i]-offsets[0]) >= room })
	}
	shift := uint32(len(s.data)) - uint32(offsets[0])
	s.data = append(s.data, text[offsets[0]-base:offsets[n]-base]...)
	at := len(s.ends)
	s.ends = grow(s.ends, n)
	ends := s.ends[at:]
	for i, o := range offsets[1 : n+1] {
		ends[i] = uint32(o) + shift
	}
	return n
}

// choose takes the encoding that makes the beginning of the row group's first
// page of text smallest, once compressed. Plain wins a near draw: it is read
// fastest.
func (s *textStage) choose() error {
	best := 0
	ends := s.ends[:min(len(s.ends), 4096)]
	for _, e := range []format.Encoding{format.Plain, format.DeltaLengthByteArray, format.DeltaByteArray} {
		if _, err := s.encode(ends, e); err != nil {
			return err
		}
		if size := len(s.compress.compress(s.encoded)); best == 0 || size < best*31/32 {
			best, s.plain = size, e
		}
	}
	s.chosen = true
	return nil
}

// encode puts the staged text up to some ends, encoded, into the
// buffer, and returns its bounds.
func (s *textStage) encode(ends []uint32, e format.Encoding) (b bounds, err error) {
	s.encoded = s.encoded[:0]
	data := s.data[:ends[len(ends)-1]]
	switch e {
	case format.Plain:
		for i, end := range ends[1:] {
			v := data[ends[i]:end]
			s.encoded = append(binary.LittleEndian.AppendUint32(s.encoded, uint32(len(v))), v...)
		}
		b = s.textBounds(ends)
	case format.DeltaLengthByteArray:
		s.lengths = s.lengths[:0]
		for i, end := range ends[1:] {
			s.lengths = append(s.lengths, int32(end-ends[i]))
		}
		if err = s.appendDelta(s.lengths); err == nil {
			s.encoded = append(s.encoded, data...)
		}
		b = s.textBounds(ends)
	case format.DeltaByteArray:
		b = s.split(ends)
		if err = s.appendDelta(s.shared); err == nil {
			if err = s.appendDelta(s.lengths); err == nil {
				s.encoded = append(s.encoded, s.suffixes...)
			}
		}
	}
	return b, err
}

// split divides each staged text into what it shares with the one before and
// the rest, and returns the bounds. Where texts go up or down, the first byte
// that differs is all there is to compare.
func (s *textStage) split(ends []uint32) bounds {
	n := len(ends) - 1
	shared, lengths := grow(s.shared[:0], n), grow(s.lengths[:0], n)
	suffixes := grow(s.suffixes[:0], len(s.data)+16)
	at := 0
	var before []byte
	data, start := s.data, uint32(0)
	least, most := data[:ends[1]], data[:ends[1]]
	newest, oldest := true, true // before is the greatest, the least
	for i, end := range ends[1:] {
		v := data[start:end:len(data)]
		start = end
		n := sharedPrefix(before, v)
		shared[i], lengths[i] = int32(n), int32(len(v)-n)
		if n == len(v) && n == len(before) {
			continue
		}
		if rest := v[n:]; len(rest) <= 16 && cap(rest) >= 16 {
			*(*[16]byte)(suffixes[at:]) = [16]byte(rest[:16])
			at += len(rest)
		} else {
			at += copy(suffixes[at:], rest)
		}
		if i > 0 {
			up := n == len(before) || n < len(v) && v[n] > before[n]
			newest = up && (newest || bytes.Compare(v, most) > 0)
			oldest = !up && (oldest || bytes.Compare(v, least) < 0)
			if newest {
				most = v
			} else if oldest {
				least = v
			}
		}
		before = v
	}
	s.shared, s.lengths, s.suffixes = shared, lengths, suffixes[:at]
	return bounds{least, most}
}

// appendDelta appends delta-packed integers to the buffer.
func (s *textStage) appendDelta(values []int32) (err error) {
	s.deltas, err = (&delta.BinaryPackedEncoding{}).EncodeInt32(s.deltas, values)
	s.encoded = append(s.encoded, s.deltas...)
	return err
}

// sharedPrefix returns how many bytes two texts begin with alike.
func sharedPrefix(a, b []byte) int {
	limit := min(len(a), len(b))
	n := 0
	for n+8 <= limit {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < limit && a[n] == b[n] {
		n++
	}
	return n
}

// textBounds finds the least and the greatest staged text. Most values are
// ruled out by their first eight bytes.
func (s *textStage) textBounds(ends []uint32) bounds {
	before := s.data[:ends[1]]
	b := bounds{before, before}
	lo, hi := prefix(before), prefix(before)
	for i := 2; i < len(ends); i++ {
		v := s.data[ends[i-1]:ends[i]]
		p := prefix(v)
		if p > lo && p < hi || bytes.Equal(v, before) {
			continue
		}
		before = v
		if p >= hi && bytes.Compare(v, b.max) > 0 {
			b.max, hi = v, p
		} else if p <= lo && bytes.Compare(v, b.min) < 0 {
			b.min, lo = v, p
		}
	}
	return b
}

// prefix returns the first eight bytes of a text, as a number that orders as
// the text does, but for ties.
func prefix(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var p uint64
	for i, c := range b {
		p |= uint64(c) << (56 - 8*i)
	}
	return p
}
