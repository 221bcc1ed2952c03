package parquetio

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// choose takes the encoding that makes the row group's first page of text
// smallest, once compressed. Plain wins a near draw: it is read fastest.
func (s *textStage) choose() error {
	best := 0
	for _, e := range []format.Encoding{format.Plain, format.DeltaLengthByteArray, format.DeltaByteArray} {
		if err := s.encode(e); err != nil {
			return err
		}
		if size := len(s.compress.compress(s.scratch)); best == 0 || size < best*31/32 {
			best, s.plain = size, e
		}
	}
	s.chosen = true
	return nil
}

// encode puts the staged text, encoded, into the scratch buffer.
func (s *textStage) encode(e format.Encoding) (err error) {
	s.scratch = s.scratch[:0]
	switch e {
	case format.Plain:
		for i, end := range s.ends[1:] {
			v := s.data[s.ends[i]:end]
			s.scratch = append(binary.LittleEndian.AppendUint32(s.scratch, uint32(len(v))), v...)
		}
	case format.DeltaLengthByteArray:
		s.lengths = s.lengths[:0]
		for i, end := range s.ends[1:] {
			s.lengths = append(s.lengths, int32(end-s.ends[i]))
		}
		if err = s.appendDelta(s.lengths); err == nil {
			s.scratch = append(s.scratch, s.data...)
		}
	case format.DeltaByteArray:
		s.lengths, s.shared, s.suffixes = s.lengths[:0], s.shared[:0], s.suffixes[:0]
		var before []byte
		for i, end := range s.ends[1:] {
			v := s.data[s.ends[i]:end]
			n := sharedPrefix(before, v)
			s.shared = append(s.shared, int32(n))
			s.lengths = append(s.lengths, int32(len(v)-n))
			s.suffixes = append(s.suffixes, v[n:]...)
			before = v
		}
		if err = s.appendDelta(s.shared); err == nil {
			if err = s.appendDelta(s.lengths); err == nil {
				s.scratch = append(s.scratch, s.suffixes...)
			}
		}
	}
	return err
}

// appendDelta appends delta-packed integers to the scratch buffer.
func (s *textStage) appendDelta(values []int32) (err error) {
	s.packed, err = (&delta.BinaryPackedEncoding{}).EncodeInt32(s.packed, values)
	s.scratch = append(s.scratch, s.packed...)
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
func (s *textStage) textBounds() bounds {
	before := s.data[:s.ends[1]]
	b := bounds{before, before}
	lo, hi := prefix(before), prefix(before)
	for i := 2; i < len(s.ends); i++ {
		v := s.data[s.ends[i-1]:s.ends[i]]
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
