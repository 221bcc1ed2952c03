package parquetio

import (
	"math/big"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/format"
)

// A stage holds the values of one column's current page, without its NULLs, and
// encodes them. It is called once a page or a batch, never once a row.
type stage interface {
	// take stages n rows of an array, from row from on. It returns fewer only
	// when it is full. Some of the array's values are not NULL.
	take(arr arrow.Array, from, n int) (int, error)
	// page appends the staged values, of which there is at least one, to a
	// page's body and forgets them. last says that no other page of the row
	// group follows. An RLEDictionary page may
	// leave its bounds to the dictionary.
	page(body []byte, last bool) (out []byte, enc format.Encoding, bounds bounds, err error)
	// dictionary returns the plain values of the row group's dictionary, how
	// many, 0 when no page needs one, and their bounds, which are those of the
	// pages that page gave none.
	dictionary() (values []byte, n int, bounds bounds)
	// keep makes the next page one of this encoding, which is not a dictionary's,
	// where the stage knows several, and the row group one without a dictionary.
	keep(enc format.Encoding)
	// nextGroup begins a new row group.
	nextGroup()
	// size is about how many bytes are staged; full says that the page should
	// end with the rows it has.
	size() int
	full() bool
}

// bounds are the least and the greatest value, as plain values; they are valid
// until the stage takes more.
type bounds struct{ min, max []byte }

// newStage returns the stage of a column.
func newStage(l layout, pageRows int, b *buffers) stage {
	switch l.physical {
	case format.Boolean:
		return &boolStage{}
	case format.Int32, format.Int64:
		return &intStage{layout: l, span: noSpan, buffers: b}
	case format.FixedLenByteArray:
		return &wideStage{layout: l}
	}
	return newTextStage(l, pageRows, b)
}

// bitmapOf returns an array's validity bitmap and the bit of its first row, or
// nil when it holds no NULL.
func bitmapOf(arr arrow.Array) (bitmap []byte, offset int) {
	if arr.NullN() == 0 {
		return nil, 0
	}
	return arr.NullBitmapBytes(), arr.Data().Offset()
}

// boolStage holds one byte a value.
type boolStage struct{ values []byte }

func (s *boolStage) take(arr arrow.Array, from, n int) (int, error) {
	a := arr.(*array.Boolean)
	for i := from; i < from+n; i++ {
		if a.IsNull(i) {
			continue
		}
		v := byte(0)
		if a.Value(i) {
			v = 1
		}
		s.values = append(s.values, v)
	}
	return n, nil
}

func (s *boolStage) page(body []byte, _ bool) ([]byte, format.Encoding, bounds, error) {
	at := len(body)
	size := (len(s.values) + 7) / 8
	body = grow(body, size)
	clear(body[at:])
	lo, hi := byte(1), byte(0)
	for i, v := range s.values {
		body[at+i/8] |= v << (i % 8)
		lo, hi = min(lo, v), max(hi, v)
	}
	s.values = s.values[:0]
	return body, format.Plain, bounds{[]byte{lo}, []byte{hi}}, nil
}

func (s *boolStage) dictionary() ([]byte, int, bounds) { return nil, 0, bounds{} }
func (s *boolStage) keep(format.Encoding)              {}
func (s *boolStage) nextGroup()                        {}
func (s *boolStage) size() int                         { return len(s.values) / 8 }
func (s *boolStage) full() bool                        { return false }

// wideStage holds decimals of more than 18 digits as big-endian two's
// complement.
type wideStage struct {
	layout layout
	values []byte
}

func (s *wideStage) take(arr arrow.Array, from, n int) (int, error) {
	a := arr.(*array.Decimal128)
	for i := from; i < from+n; i++ {
		if a.IsNull(i) {
			continue
		}
		v := a.Value(i)
		if !v.FitsInPrecision(s.layout.precision) {
			return 0, &rowError{row: i, value: decimalText(v, s.layout), msg: "the decimal has more digits than the column's precision"}
		}
		s.values = appendBigEndian(s.values, v, s.layout.width)
	}
	return n, nil
}

func appendBigEndian(dst []byte, v decimal128.Num, width int) []byte {
	hi, lo := uint64(v.HighBits()), v.LowBits()
	for k := width - 1; k >= 0; k-- {
		if k >= 8 {
			dst = append(dst, byte(hi>>(8*(k-8))))
		} else {
			dst = append(dst, byte(lo>>(8*k)))
		}
	}
	return dst
}

func (s *wideStage) page(body []byte, _ bool) ([]byte, format.Encoding, bounds, error) {
	at := len(body)
	body = append(body, s.values...)
	w := s.layout.width
	b := bounds{body[at : at+w], body[at : at+w]}
	for i := at; i < len(body); i += w {
		v := body[i : i+w]
		if compareSigned(v, b.min) < 0 {
			b.min = v
		} else if compareSigned(v, b.max) > 0 {
			b.max = v
		}
	}
	s.values = s.values[:0]
	return body, format.Plain, b, nil
}

func (s *wideStage) dictionary() ([]byte, int, bounds) { return nil, 0, bounds{} }
func (s *wideStage) keep(format.Encoding)              {}
func (s *wideStage) nextGroup()                        {}
func (s *wideStage) size() int                         { return len(s.values) }
func (s *wideStage) full() bool                        { return false }

// rowError is an error in one row of the array that a stage took.
type rowError struct {
	row        int
	value, msg string
}

func (e *rowError) Error() string { return e.msg }

func decimalText(v decimal128.Num, l layout) string {
	if v.FitsInPrecision(38) {
		return v.ToString(l.element.Scale.V)
	}
	return new(big.Int).Set(v.BigInt()).String() // unscaled
}

// appendPlainText appends a text as the plain encoding writes it.
func appendPlainText(dst, value []byte) []byte { return plain.AppendByteArray(dst, value) }
