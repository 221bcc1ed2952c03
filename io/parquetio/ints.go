package parquetio

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// intStage holds the integers, dates, times and short decimals of a page. Each
// page is a dictionary's indices, delta packed or plain, whichever is small:
// the first page of a row group decides on the dictionary, and a dictionary
// that grows too large is given up for the pages after it.
type intStage struct {
	layout layout
	values []int64

	dict    intDictionary
	mode    dictMode
	codes   []uint32
	narrow  []int32
	scratch []byte
	min     [8]byte
	max     [8]byte
}

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
		s.values = appendInts(s.values, a.Int64Values()[from:from+n], bitmap, offset+from)
	case *array.Timestamp:
		s.values = appendInts(s.values, a.TimestampValues()[from:from+n], bitmap, offset+from)
	case *array.Int32:
		s.values = appendInts(s.values, a.Int32Values()[from:from+n], bitmap, offset+from)
	case *array.Date32:
		s.values = appendInts(s.values, a.Date32Values()[from:from+n], bitmap, offset+from)
	case *array.Decimal128:
		src := a.Values()[from : from+n]
		var ok bool
		if s.values, ok = appendDecimals(s.values, src, bitmap, offset+from, s.layout.limit); !ok {
			for i := from; i < from+n; i++ {
				if v := a.Value(i); a.IsValid(i) && !v.FitsInPrecision(s.layout.precision) {
					return 0, &rowError{row: i, value: decimalText(v, s.layout), msg: "the decimal has more digits than the column's precision"}
				}
			}
		}
	}
	return n, nil
}

func appendInts[T ~int32 | ~int64](dst []int64, src []T, bitmap []byte, offset int) []int64 {
	at := len(dst)
	dst = grow(dst, len(src))
	out := dst[at:]
	if bitmap == nil {
		for i, v := range src {
			out[i] = int64(v)
		}
		return dst
	}
	k := 0
	for i, v := range src {
		out[k] = int64(v)
		k += int(bitmap[(offset+i)>>3] >> ((offset + i) & 7) & 1)
	}
	return dst[:at+k]
}

// appendDecimals reports false when a value is beyond the limit.
func appendDecimals(dst []int64, src []decimal128.Num, bitmap []byte, offset int, limit int64) ([]int64, bool) {
	at := len(dst)
	dst = grow(dst, len(src))
	out := dst[at:]
	k, ok := 0, true
	for i := range src {
		lo, hi := int64(src[i].LowBits()), src[i].HighBits()
		out[k] = lo
		valid := 1
		if bitmap != nil {
			valid = int(bitmap[(offset+i)>>3] >> ((offset + i) & 7) & 1)
		}
		k += valid
		// One unsigned comparison: the sum wraps for whatever is out of range.
		if (uint64(lo+limit) > uint64(2*limit) || hi != lo>>63) && valid == 1 {
			ok = false
		}
	}
	return dst[:at+k], ok
}

func (s *intStage) page(body []byte, last bool) ([]byte, format.Encoding, bounds, error) {
	lo, hi := s.values[0], s.values[0]
	for _, v := range s.values {
		lo, hi = min(lo, v), max(hi, v)
	}
	binary.LittleEndian.PutUint64(s.min[:], uint64(lo))
	binary.LittleEndian.PutUint64(s.max[:], uint64(hi))
	width := 8
	if s.layout.physical == format.Int32 {
		width = 4
	}
	b := bounds{s.min[:width], s.max[:width]}
	defer func() { s.values = s.values[:0] }()

	if s.mode != dictOff {
		n := s.dict.len()
		codes, ok := s.dict.encode(s.codes[:0], s.values)
		s.codes = codes
		packed := 0
		if ok && s.mode == dictTry {
			if err := s.delta(); err != nil {
				return nil, 0, b, err
			}
			packed = len(s.scratch)
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

// delta packs the staged values into the scratch buffer.
func (s *intStage) delta() (err error) {
	var e delta.BinaryPackedEncoding
	if s.layout.physical == format.Int32 {
		s.narrow = s.narrow[:0]
		for _, v := range s.values {
			s.narrow = append(s.narrow, int32(v))
		}
		s.scratch, err = e.EncodeInt32(s.scratch, s.narrow)
		return err
	}
	s.scratch, err = e.EncodeInt64(s.scratch, s.values)
	return err
}

// encoding tells which of delta and plain is smaller for the staged values.
func (s *intStage) encoding(width int) format.Encoding {
	if len(s.scratch) < len(s.values)*width {
		return format.DeltaBinaryPacked
	}
	return format.Plain
}

func (s *intStage) packed(body []byte, width int) []byte {
	if s.encoding(width) == format.DeltaBinaryPacked {
		return append(body, s.scratch...)
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
	return appendPlainInts(nil, s.dict.values, width), n, bounds{}
}

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
	shift := slotShift(len(d.slots))
	for _, v := range values {
		i := uint64(v) * 0x9e3779b97f4a7c15 >> shift
		for {
			c := d.slots[i]
			if c != 0 && d.values[c-1] == v {
				dst = append(dst, uint32(c-1))
				break
			}
			if c == 0 {
				if len(d.values) == maxInts {
					return dst, false
				}
				d.values = append(d.values, v)
				d.slots[i] = uint16(len(d.values))
				dst = append(dst, uint32(len(d.values)-1))
				if 2*len(d.values) > len(d.slots) {
					d.rehash(4 * len(d.slots))
					shift = slotShift(len(d.slots))
				}
				break
			}
			i = (i + 1) & uint64(len(d.slots)-1)
		}
	}
	return dst, true
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

func slotShift(n int) uint {
	shift := uint(64)
	for ; n > 1; n >>= 1 {
		shift--
	}
	return shift
}
