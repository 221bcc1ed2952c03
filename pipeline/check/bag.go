package check

import (
	"encoding/binary"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// bag holds keys and how many rows have each: the same key may be there several
// times. It is split by the keys' hashes, so that equal ones are found a part at a
// time.
type bag struct {
	parts
	mu   sync.Mutex
	free []*bagWriter
}

func newBag(scratch *pipeline.Scratch) *bag { return &bag{parts: parts{scratch: scratch}} }

// bagWriter adds keys to a bag. It belongs to one goroutine until it is done.
type bagWriter struct {
	bag   *bag
	parts [partCount][]byte

	// Of texts in dictionaries: each once, and how many rows have it.
	texts  *pipeline.Dictionary
	recode pipeline.Recoder
	counts []int64
}

// writer returns a writer that nobody uses: one that has counted texts knows them.
// That of no bag is none.
func (b *bag) writer() *bagWriter {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free); n > 0 {
		w := b.free[n-1]
		b.free = b.free[:n-1]
		return w
	}
	return &bagWriter{bag: b}
}

// done gives a writer back.
func (w *bagWriter) done() {
	if w == nil {
		return
	}
	w.bag.mu.Lock()
	defer w.bag.mu.Unlock()
	w.bag.free = append(w.bag.free, w)
}

// flush puts into the bag what its writers, all of which are done, still have.
func (b *bag) flush() error {
	for _, w := range b.free {
		if err := w.flush(); err != nil {
			return err
		}
	}
	b.free = nil
	return nil
}

// count counts the texts of some rows of a column, nil being all.
func (w *bagWriter) count(col *array.Dictionary, values *array.String, picks []int) {
	if w.texts == nil {
		w.texts = pipeline.NewDictionary()
		w.recode.New = w.texts.Code
	}
	codes := w.recode.Codes(values)
	w.counts = append(w.counts, make([]int64, w.texts.Len()-len(w.counts))...)
	if indices, ok := col.Indices().(*array.Int32); ok && picks == nil {
		// Neighbours often have the same: the lines of an order.
		nulls := col.NullN() > 0
		before, n := int32(-1), int64(0)
		for i, k := range indices.Int32Values() {
			if nulls && indices.IsNull(i) {
				continue
			}
			if k == before {
				n++
				continue
			}
			w.counted(codes, before, n)
			before, n = k, 1
		}
		w.counted(codes, before, n)
		return
	}
	for i := range rowsOf(col.Len(), picks) {
		if col.IsNull(i) {
			continue
		}
		if code := codes[col.GetValueIndex(i)]; code >= 0 {
			w.counts[code]++
		}
	}
}

// counted counts n rows of a value of a dictionary whose codes are given; -1 = none.
func (w *bagWriter) counted(codes []int32, value int32, n int64) {
	if value < 0 {
		return
	}
	if code := codes[value]; code >= 0 {
		w.counts[code] += n
	}
}

// add adds a key of n rows.
func (w *bagWriter) add(key []byte, n int64) error {
	at := xxh3.Hash(key) % partCount
	p := w.parts[at]
	if p == nil {
		p = make([]byte, 0, partBuffer)
	}
	if len(p) > 0 && len(p)+len(key)+2*binary.MaxVarintLen64 > partBuffer {
		if err := w.bag.put(int(at), p); err != nil {
			return err
		}
		p = p[:0]
	}
	p = binary.AppendUvarint(p, uint64(n))
	w.parts[at] = append(binary.AppendUvarint(p, uint64(len(key))), key...)
	return nil
}

// flush puts everything into the bag.
func (w *bagWriter) flush() error {
	w.recode.Release()
	for code, n := range w.counts {
		if n == 0 {
			continue
		}
		text := w.texts.Bytes(int32(code))
		if err := w.add(append(binary.AppendUvarint(nil, uint64(len(text))), text...), n); err != nil {
			return err
		}
	}
	w.counts = nil
	for at, p := range w.parts {
		if len(p) == 0 {
			continue
		}
		if err := w.bag.put(at, p); err != nil {
			return err
		}
		w.parts[at] = nil
	}
	return nil
}

// each hands the keys of a part to f, which must not keep them. Nothing is put
// into it any more.
func (b *bag) each(part int, f func(key []byte, n int64) error) error {
	return b.read(part, func(data []byte) error {
		for len(data) > 0 {
			n, k := binary.Uvarint(data)
			key, rest := cut(data[k:])
			if err := f(key, int64(n)); err != nil {
				return err
			}
			data = rest
		}
		return nil
	})
}

// cut takes bytes that follow their number off the front; rest is nil where they
// are not all there.
func cut(data []byte) (first, rest []byte) {
	n, k := binary.Uvarint(data)
	if end := uint64(k) + n; k > 0 && end <= uint64(len(data)) {
		return data[k:end], data[end:]
	}
	return nil, nil
}
