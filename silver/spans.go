package silver

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// span is fact rows of one kind that are made of lines which follow each other.
type span struct {
	from, n int // lines from, from+1 … from+n-1
	kind    kind
}

// spans are the fact rows of a batch, in order. They are nearly the lines: a
// few lines are left out and a few more rows put in, so that columns are copied
// in long pieces.
type spans struct {
	list  []span
	rows  int
	whole bool // the fact rows are the lines, one for one
}

func (s *spans) reset() { s.list, s.rows = s.list[:0], 0 }

// add appends the lines from … to-1.
func (s *spans) add(from, to int, k kind) {
	if from == to {
		return
	}
	s.rows += to - from
	if n := len(s.list); n > 0 {
		if last := &s.list[n-1]; last.kind == k && last.from+last.n == from {
			last.n += to - from
			return
		}
	}
	s.list = append(s.list, span{from, to - from, k})
}

// returns reports whether there are rows other than sales.
func (s *spans) returns() bool {
	return slices.ContainsFunc(s.list, func(s span) bool { return s.kind != saleRow })
}

// copySpans copies the values of the spans' lines.
func copySpans[T any](dst, src []T, s *spans) {
	for _, at := range s.list {
		copy(dst, src[at.from:at.from+at.n])
		dst = dst[at.n:]
	}
}

// share returns the rows of an array that the spans name: the array itself
// where they are all of it. The array is of one of the types that a line's
// columns have.
func share(mem memory.Allocator, col arrow.Array, s *spans) arrow.Array {
	if s.whole {
		col.Retain()
		return col
	}
	n := s.rows
	if nulls := col.NullN(); nulls > 0 && nulls == col.Len() && n <= nulls {
		return array.NewSlice(col, 0, int64(n))
	}
	if c, ok := col.(*array.String); ok {
		return takeStrings(mem, c, s)
	}
	nulls, valid := takeBits(mem, validity(col), s)
	switch c := col.(type) {
	case *array.Dictionary:
		return newCodes(n, nulls, valid, takeFixed(mem, c.Indices().(*array.Int32).Int32Values(), s), c.Dictionary())
	case *array.Int32:
		return newArray(col.DataType(), n, nulls, valid, takeFixed(mem, c.Int32Values(), s))
	case *array.Int64:
		return newArray(col.DataType(), n, nulls, valid, takeFixed(mem, c.Int64Values(), s))
	case *array.Timestamp:
		return newArray(col.DataType(), n, nulls, valid, takeFixed(mem, micros(c), s))
	default:
		return newArray(col.DataType(), n, nulls, valid, takeFixed(mem, col.(*array.Decimal128).Values(), s))
	}
}

// micros returns the values of a column of times.
func micros(c *array.Timestamp) []int64 {
	return arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(c.TimestampValues()))
}

func takeFixed[T fixed](mem memory.Allocator, src []T, s *spans) *memory.Buffer {
	buf, out := newFixed[T](mem, s.rows)
	copySpans(out, src, s)
	return buf
}

// takeBits returns the bits of the spans' lines and how many are unset; nil
// where none is.
func takeBits(mem memory.Allocator, from bitmap, s *spans) (nulls int, valid *memory.Buffer) {
	if from.bits == nil {
		return 0, nil
	}
	w := newBitWriter(mem, s.rows)
	for _, at := range s.list {
		for i, end := at.from, at.from+at.n; i < end; i += 64 {
			w.add(from.word(i), min(64, end-i))
		}
	}
	return w.done()
}

// bitmap is the validity of an array: nil bits mean that every value is there.
type bitmap struct {
	bits   []byte
	offset int
}

func validity(a arrow.Array) bitmap {
	if a.NullN() == 0 {
		return bitmap{}
	}
	return bitmap{a.NullBitmapBytes(), a.Data().Offset()}
}

func (b bitmap) has(i int) bool {
	if b.bits == nil {
		return true
	}
	i += b.offset
	return b.bits[i>>3]>>(i&7)&1 != 0
}

// word returns the bits of the 64 rows from row i on, the first one lowest.
// What it returns for rows past the end means nothing.
func (b bitmap) word(i int) uint64 {
	if b.bits == nil {
		return ^uint64(0)
	}
	i += b.offset
	at, shift := b.bits[i>>3:], uint(i&7)
	if len(at) > 8 {
		return binary.LittleEndian.Uint64(at)>>shift | uint64(at[8])<<(64-shift)
	}
	var word [8]byte
	copy(word[:], at)
	return binary.LittleEndian.Uint64(word[:]) >> shift
}

// below returns the n lowest bits set, 64 at most.
func below(n int) uint64 { return ^uint64(0) >> (64 - uint(min(n, 64))) }

// bitWriter writes a bitmap from its start on.
type bitWriter struct {
	buf     *memory.Buffer
	dst     []byte // not yet written
	pending uint64 // the n&63 bits that come next
	n, set  int    // bits added, and those of them that are set
}

// newBitWriter returns a writer of n bits.
func newBitWriter(mem memory.Allocator, n int) bitWriter {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize((n + 63) / 64 * 8)
	return bitWriter{buf: buf, dst: buf.Bytes()}
}

// add appends the k lowest bits of word, at most 64 and at least one.
func (w *bitWriter) add(word uint64, k int) {
	word &= below(k)
	w.set += bits.OnesCount64(word)
	at := uint(w.n & 63)
	w.pending |= word << at
	if w.n += k; int(at)+k >= 64 {
		binary.LittleEndian.PutUint64(w.dst, w.pending)
		w.dst = w.dst[8:]
		w.pending = word >> (64 - at) // Go shifts by 64 to 0
	}
}

// done ends the bitmap: it returns how many bits are unset, and nil where none
// is.
func (w *bitWriter) done() (unset int, valid *memory.Buffer) {
	if w.n&63 > 0 {
		binary.LittleEndian.PutUint64(w.dst, w.pending)
	}
	if w.set == w.n {
		w.buf.Release()
		return 0, nil
	}
	w.buf.ResizeNoShrink(int(bitutil.BytesForBits(int64(w.n))))
	return w.n - w.set, w.buf
}

// bitset is a set of codes.
type bitset []uint64

// extend makes room for the codes below n.
func (b bitset) extend(n int) bitset { return extend(b, (n+63)/64) }

func (b bitset) set(code int32) { b[code>>6] |= 1 << (code & 63) }

// has reports whether a code is in the set; there need be no room for it.
func (b bitset) has(code int32) bool {
	return int(code>>6) < len(b) && b[code>>6]>>(code&63)&1 != 0
}
