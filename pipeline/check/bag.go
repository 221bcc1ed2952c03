package check

import (
	"encoding/binary"
	"math"
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

	// Of the dictionary counted last: how many rows have each of its texts, in
	// bytes, because that many counters fit a processor's cache.
	of     *array.String
	counts []uint8
}

// writer returns a writer that nobody uses: one that counts texts goes on.
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

// count counts the texts of some rows of a column, nil being all. Dictionaries
// that only grow are counted as one.
func (w *bagWriter) count(col *array.Dictionary, values *array.String, picks []int) error {
	if values != w.of {
		if w.of != nil && !pipeline.Extends(values, w.of) {
			if err := w.settle(); err != nil {
				return err
			}
		}
		values.Retain()
		w.release()
		w.of = values
		w.counts = append(w.counts, make([]uint8, values.Len()-len(w.counts))...)
	}
	counted := func(k, n int) error {
		if n += int(w.counts[k]); n <= math.MaxUint8 {
			w.counts[k] = uint8(n)
			return nil
		}
		w.counts[k] = 0
		return w.settleOne(k, n)
	}
	indices, ok := col.Indices().(*array.Int32)
	if !ok || picks != nil {
		for i := range rowsOf(col.Len(), picks) {
			if col.IsValid(i) {
				if err := counted(col.GetValueIndex(i), 1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	list, nulls := indices.Int32Values(), col.NullN() > 0
	for i := 0; i < len(list); {
		if nulls && indices.IsNull(i) {
			i++
			continue
		}
		from := i // neighbours often have the same: the lines of an order
		for i++; i < len(list) && list[i] == list[from] && !(nulls && indices.IsNull(i)); i++ {
		}
		if err := counted(int(list[from]), i-from); err != nil {
			return err
		}
	}
	return nil
}

// settle puts what is counted into the bag.
func (w *bagWriter) settle() error {
	for k, n := range w.counts {
		if err := w.settleOne(k, int(n)); err != nil {
			return err
		}
	}
	w.counts = w.counts[:0]
	return nil
}

// settleOne puts n rows of a text into the bag. NULL is none.
func (w *bagWriter) settleOne(k, n int) error {
	if n == 0 || w.of.IsNull(k) {
		return nil
	}
	text := pipeline.StringBytes(w.of, k)
	return w.add(append(binary.AppendUvarint(nil, uint64(len(text))), text...), int64(n))
}

// release lets go of the dictionary counted last.
func (w *bagWriter) release() {
	if w.of != nil {
		w.of.Release()
		w.of = nil
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
	if err := w.settle(); err != nil {
		return err
	}
	w.release()
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
