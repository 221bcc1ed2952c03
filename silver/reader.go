package silver

import (
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// textReader reads a text column as codes: those that its function gives to
// values. Of a dictionary array the function sees each new value once. Of a
// plain array it sees the value of each row, or each new value where the
// reader has a memory; it must give the same value the same code. A reader
// belongs to one goroutine.
type textReader struct {
	recoder pipeline.Recoder // its New: the code of a value, -1 for none
	memo    *memo            // nil = ask again
	sparse  bool             // batches are a few rows over large dictionaries: treat them as plain

	col     arrow.Array
	index   []int32 // of a dictionary array; nil = the rows are asked for one by one
	codes   []int32 // by index
	valid   bitmap
	nothing bool // every row is NULL
}

// memo remembers the codes of values.
type memo struct {
	values *pipeline.Dictionary
	codes  []int32
}

func newMemo() *memo { return &memo{values: pipeline.NewDictionary()} }

func newTextReader(code func(value []byte) int32) textReader {
	return textReader{recoder: pipeline.Recoder{New: code}}
}

// bind makes the reader read a column, which must stay valid meanwhile.
func (t *textReader) bind(col arrow.Array) {
	t.col, t.index, t.valid = col, nil, bitmap{}
	t.nothing = col.NullN() == col.Len()
	if t.nothing {
		return
	}
	t.valid = validity(col)
	if d, ok := col.(*array.Dictionary); ok && !t.sparse {
		if index, ok := d.Indices().(*array.Int32); ok {
			t.codes = t.recoder.Codes(d.Dictionary())
			t.index = index.Int32Values()
		}
	}
}

// code returns the code of a row, -1 for NULL.
func (t *textReader) code(i int) int32 {
	if t.nothing || !t.valid.has(i) {
		return -1
	}
	if t.index != nil {
		return t.codes[t.index[i]]
	}
	return t.ask(i)
}

func (t *textReader) ask(i int) int32 {
	v, ok := textAt(t.col, i)
	if !ok {
		return -1
	}
	if t.memo == nil {
		return t.recoder.New(v)
	}
	at := t.memo.values.Code(v)
	if at < 0 { // the memory is full
		return t.recoder.New(v)
	}
	if int(at) == len(t.memo.codes) {
		t.memo.codes = append(t.memo.codes, t.recoder.New(v))
	}
	return t.memo.codes[at]
}

// rows returns the codes of all rows in dst.
func (t *textReader) rows(dst []int32) []int32 {
	n := t.col.Len()
	dst = resize(dst, n)
	switch {
	case t.nothing:
		for i := range dst {
			dst[i] = -1
		}
	case t.index != nil && t.valid.bits == nil:
		codes := t.codes
		for i, at := range t.index {
			dst[i] = codes[at]
		}
	case t.index != nil:
		for i := 0; i < n; i += 64 {
			part := dst[i:min(i+64, n)]
			word := t.valid.word(i) & below(len(part))
			for k := range part {
				part[k] = -1
			}
			for ; word != 0; word &= word - 1 {
				k := bits.TrailingZeros64(word)
				part[k] = t.codes[t.index[i+k]]
			}
		}
	default:
		for i := range dst {
			dst[i] = t.code(i)
		}
	}
	return dst
}

// release lets go of what the reader holds.
func (t *textReader) release() {
	t.recoder.Release()
	t.col, t.index, t.codes = nil, nil, nil
}
