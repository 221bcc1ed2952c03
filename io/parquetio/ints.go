package parquetio

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// intStage holds the integers, dates, times and short decimals of a page. Each
// page is a dictionary's indices or delta packed, whichever is small: the first
// page of a row group decides on the dictionary, and a dictionary
// that grows too large is given up for the pages after it.
type intStage struct {
	layout layout
	values []int64
	span   span // of the values

	dict intDictionary
	mode dictMode
	min  [8]byte
	max  [8]byte
	*buffers
}

// span is a range of integers.
type span struct{ min, max int64 }

var noSpan = span{math.MaxInt64, math.MinInt64}

// dictMode says what a row group does with its dictionary.
type dictMode uint8

const (
	dictTry dictMode = iota // no page is written yet
	dictOn
	dictOff // given up; earlier pages may still need it
)

func (s *intStage) take(arr arrow.Array, from, n int) (int, error) {
	bitmap, offset := bitmapOf(arr)
	switch a := arr.(type) {
	case *array.Int64:
		s.values = appendInts(s.values, a.Int64Values()[from:from+n], bitmap, offset+from, &s.span)
	case *array.Timestamp:
		s.values = appendInts(s.values, a.TimestampValues()[from:from+n], bitmap, offset+from, &s.span)
	case *array.Int32:
		s.values = appendInts(s.values, a.Int32Values()[from:from+n], bitmap, offset+from, &s.span)
	case *array.Date32:
		s.values = appendInts(s.values, a.Date32Values()[from:from+n], bitmap, offset+from, &s.span)
	case *array.Decimal128:
		var ok bool
		s.values, ok = appendDecimals(s.values, a.Values()[from:from+n], bitmap, offset+from, &s.span)
		if !ok || s.span.max > s.layout.limit || s.span.min < -s.layout.limit {
			for i := from; i < from+n; i++ {
				if v := a.Value(i); a.IsValid(i) && !v.FitsInPrecision(s.layout.precision) {
					return 0, &rowError{row: i, value: decimalText(v, s.layout), msg: "the decimal has more digits than the column's precision"}
				}
			}
		}
	}
	return n, nil
}

// appendInts appends the values that are not NULL, and extends the span by
// them.
func appendInts[T ~int32 | ~int64](dst []int64, src []T, bitmap []byte, offset int, span *span) []int64 {
	at := len(dst)
	dst = grow(dst, len(src))
	lo, hi := span.min, span.max
	for i := 0; i < len(src); i += 64 {
		part := src[i:min(i+64, len(src))]
		out := dst[at:][:len(part)]
		if valid, some := bitsOf(bitmap, offset+i, len(part)); some {
			out = out[:bits.OnesCount64(valid)]
			for k := range out {
				v := int64(part[bits.TrailingZeros64(valid)])
				out[k] = v
				lo, hi = min(lo, v), max(hi, v)
				valid &= valid - 1
			}
		} else {
			for k := range part {
				v := int64(part[k])
				out[k] = v
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		at += len(out)
	}
	span.min, span.max = lo, hi
	return dst[:at]
}

// appendDecimals is appendInts for decimals. It reports false when one has more
// than 64 bits.
func appendDecimals(dst []int64, src []decimal128.Num, bitmap []byte, offset int, span *span) ([]int64, bool) {
	at := len(dst)
	dst = grow(dst, len(src))
	lo, hi := span.min, span.max
	wide := int64(0)
	for i := 0; i < len(src); i += 64 {
		part := src[i:min(i+64, len(src))]
		out := dst[at:][:len(part)]
		if valid, some := bitsOf(bitmap, offset+i, len(part)); some {
			out = out[:bits.OnesCount64(valid)]
			for k := range out {
				d := &part[bits.TrailingZeros64(valid)]
				v := int64(d.LowBits())
				wide |= d.HighBits() ^ v>>63
				out[k] = v
				lo, hi = min(lo, v), max(hi, v)
				valid &= valid - 1
			}
		} else {
			for k := range part {
				v := int64(part[k].LowBits())
				wide |= part[k].HighBits() ^ v>>63
				out[k] = v
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		at += len(out)
	}
	span.min, span.max = lo, hi
	return dst[:at], wide == 0
}

// bitsOf returns n bits of a bitmap, up to 64, from a bit on, and whether some
// of them are 0: none is where there is no bitmap.
func bitsOf(bitmap []byte, at, n int) (valid uint64, some bool) {
	if bitmap == nil {
		return 0, false
	}
	valid = bitsAt(bitmap, at, n)
	return valid, valid != ^uint64(0)>>(64-n)
}

func (s *intStage) page(body []byte, last bool) ([]byte, format.Encoding, bounds, error) {
	binary.LittleEndian.PutUint64(s.min[:], uint64(s.span.min))
	binary.LittleEndian.PutUint64(s.max[:], uint64(s.span.max))
	width := 8
	if s.layout.physical == format.Int32 {
		width = 4
	}
	b := bounds{s.min[:width], s.max[:width]}
	defer func() { s.values, s.span = s.values[:0], noSpan }()

	if s.mode != dictOff {
		n := s.dict.len()
		codes, ok := s.dict.encode(s.intCodes[:0], s.values)
		s.intCodes = codes
		packed := 0
		if ok && s.mode == dictTry {
			if err := s.delta(); err != nil {
				return nil, 0, b, err
			}
			packed = len(s.encoded)
			cost := len(codes)*indexWidth(s.dict.len())/8 + s.dict.len()*width
			if !last {
				// Values repeat from page to page, so later pages share the cost.
				cost -= s.dict.len() * width * 3 / 4
				ok = s.dict.len() <= len(codes)/2
			}
			ok = ok && cost < min(packed, len(codes)*width)
		}
		if ok {
			s.mode = dictOn
			return appendIndices(body, codes, s.dict.len()), format.RLEDictionary, b, nil
		}
		s.mode = dictOff
		s.dict.truncate(n)
		if packed > 0 {
			return s.packed(body, width), s.encoding(width), b, nil
		}
	}
	if err := s.delta(); err != nil {
		return nil, 0, b, err
	}
	return s.packed(body, width), s.encoding(width), b, nil
}

// delta packs the staged values into the buffer.
func (s *intStage) delta() (err error) {
	var e delta.BinaryPackedEncoding
	if s.layout.physical == format.Int32 {
		s.narrow = s.narrow[:0]
		for _, v := range s.values {
			s.narrow = append(s.narrow, int32(v))
		}
		s.encoded, err = e.EncodeInt32(s.encoded, s.narrow)
		return err
	}
	s.encoded, err = e.EncodeInt64(s.encoded, s.values)
	return err
}

// encoding tells which of delta and plain is smaller for the staged values.
func (s *intStage) encoding(width int) format.Encoding {
	if len(s.encoded) < len(s.values)*width {
		return format.DeltaBinaryPacked
	}
	return format.Plain
}

func (s *intStage) packed(body []byte, width int) []byte {
	if s.encoding(width) == format.DeltaBinaryPacked {
		return append(body, s.encoded...)
	}
	return appendPlainInts(body, s.values, width)
}

func appendPlainInts(dst []byte, values []int64, width int) []byte {
	at := len(dst)
	dst = grow(dst, len(values)*width)
	out := dst[at:]
	if width == 4 {
		for i, v := range values {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(v))
		}
	} else {
		for i, v := range values {
			binary.LittleEndian.PutUint64(out[8*i:], uint64(v))
		}
	}
	return dst
}

func (s *intStage) dictionary() ([]byte, int, bounds) {
	n := s.dict.len()
	if n == 0 {
		return nil, 0, bounds{}
	}
	width := 8
	if s.layout.physical == format.Int32 {
		width = 4
	}
	s.encoded = appendPlainInts(s.encoded[:0], s.dict.values, width)
	return s.encoded, n, bounds{}
}

// keep leaves it to the values whether they are packed.
func (s *intStage) keep(format.Encoding) { s.mode = dictOff }

func (s *intStage) nextGroup() {
	s.dict.truncate(0)
	s.mode = dictTry
}

func (s *intStage) size() int  { return 8 * len(s.values) }
func (s *intStage) full() bool { return false }

// intDictionary gives each distinct integer a code, in order of first
// appearance.
type intDictionary struct {
	values []int64
	slots  []uint16 // code + 1; 0 = free
	stale  bool     // the slots hold codes that were taken back
}

// maxInts bounds a dictionary of integers: beyond it, indices save too little.
const maxInts = 16 << 10

func (d *intDictionary) len() int { return len(d.values) }

// encode appends the code of each value; it gives up, and says so, when there
// are too many distinct ones.
func (d *intDictionary) encode(dst []uint32, values []int64) ([]uint32, bool) {
	if d.slots == nil {
		d.slots = make([]uint16, 512)
	} else if d.stale {
		clear(d.slots)
		d.stale = false
	}
	at := len(dst)
	dst = grow(dst, len(values))
	out := dst[at:][:len(values)]
	slots, shift, known := d.slots, slotShift(len(d.slots)), d.values
	for i, v := range values {
		// Most values stand where they are looked for first.
		if c := uint(slots[uint64(v)*0x9e3779b97f4a7c15>>(shift&63)]) - 1; c < uint(len(known)) && known[c] == v {
			out[i] = uint32(c)
			continue
		}
		c := d.add(v)
		if c < 0 {
			return dst[:at+i], false
		}
		out[i] = uint32(c)
		slots, shift, known = d.slots, slotShift(len(d.slots)), d.values
	}
	return dst, true
}

// add returns the code of a value, a new one if it has none; -1 when there are
// too many.
func (d *intDictionary) add(v int64) int {
	i := uint64(v) * 0x9e3779b97f4a7c15 >> slotShift(len(d.slots))
	for ; d.slots[i] != 0; i = (i + 1) & uint64(len(d.slots)-1) {
		if c := int(d.slots[i]) - 1; d.values[c] == v {
			return c
		}
	}
	if len(d.values) == maxInts {
		return -1
	}
	d.values = append(d.values, v)
	d.slots[i] = uint16(len(d.values))
	if 4*len(d.values) > len(d.slots) {
		d.rehash(4 * len(d.slots))
	}
	return len(d.values) - 1
}

func (d *intDictionary) rehash(n int) {
	d.slots = make([]uint16, n)
	shift := slotShift(n)
	for c, v := range d.values {
		i := uint64(v) * 0x9e3779b97f4a7c15 >> shift
		for d.slots[i] != 0 {
			i = (i + 1) & uint64(n-1)
		}
		d.slots[i] = uint16(c + 1)
	}
}

// truncate forgets all but the first n values. Only an empty dictionary may
// encode again.
func (d *intDictionary) truncate(n int) {
	d.values = d.values[:n]
	d.stale = true
}

// slotShift leaves as many bits of a hash as n slots want.
func slotShift(n int) uint { return uint(64 - bits.TrailingZeros(uint(n))) }
