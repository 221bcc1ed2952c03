package check

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// bag holds keys, how many rows have each, and what belongs to these: the same key may be there several
// times. It is split by the keys' hashes, so that equal ones are found a part at a
// time. What it holds beyond bagMemory, or once memory is short, lies in a
// temporary file.
type bag struct {
	scratch *pipeline.Scratch
	spill   atomic.Pointer[pipeline.Spill]
	open    sync.Once
	held    atomic.Int64 // bytes in memory
	parts   [bagParts]bagPart

	mu   sync.Mutex
	free []*bagWriter
}

type bagPart struct {
	mu     sync.Mutex
	chunks []bagChunk
	last   []byte
}

// bagChunk is in memory, or so many bytes of the file.
type bagChunk struct {
	data []byte
	at   int64
	size int
}

const (
	bagParts  = 256
	bagChunks = 64 << 10 // bytes of a chunk, about
	bagMemory = 32 << 20
	bagBuffer = 512 // bytes that a writer keeps of each part
)

func newBag(scratch *pipeline.Scratch) *bag { return &bag{scratch: scratch} }

// bagWriter adds keys to a bag. It belongs to one goroutine until it is done.
type bagWriter struct {
	bag   *bag
	parts [bagParts][]byte

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
		nulls := col.NullN() > 0
		for i, k := range indices.Int32Values() {
			if nulls && indices.IsNull(i) {
				continue
			}
			if code := codes[k]; code >= 0 {
				w.counts[code]++
			}
		}
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

// add adds a key of n rows, and what belongs to them.
func (w *bagWriter) add(key, more []byte, n int64) error {
	at := xxh3.Hash(key) % bagParts
	p := w.parts[at]
	if p == nil {
		p = make([]byte, 0, bagBuffer)
	}
	if len(p) > 0 && len(p)+len(key)+len(more)+3*binary.MaxVarintLen64 > bagBuffer {
		if err := w.bag.put(int(at), p); err != nil {
			return err
		}
		p = p[:0]
	}
	p = binary.AppendUvarint(p, uint64(n))
	p = append(binary.AppendUvarint(p, uint64(len(key))), key...)
	w.parts[at] = append(binary.AppendUvarint(p, uint64(len(more))), more...)
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
		if err := w.add(append(binary.AppendUvarint(nil, uint64(len(text))), text...), nil, n); err != nil {
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

// put adds keys to a part, and moves what is full to the file when there is too
// much of it.
func (b *bag) put(part int, keys []byte) error {
	p := &b.parts[part]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = append(p.last, keys...)
	held := b.held.Add(int64(len(keys)))
	if len(p.last) < bagChunks {
		return nil
	}
	c := bagChunk{data: p.last, size: len(p.last)}
	p.last = nil
	if held > bagMemory || b.scratch.Full() {
		b.open.Do(func() { b.spill.Store(b.scratch.Spill()) })
		at, err := b.spill.Load().Put(c.data)
		if err != nil {
			return err
		}
		b.held.Add(-int64(c.size))
		p.last, c.data, c.at = c.data[:0], nil, at
	}
	p.chunks = append(p.chunks, c)
	return nil
}

// empty reports whether nothing was put into the bag.
func (b *bag) empty() bool {
	for i := range b.parts {
		if p := &b.parts[i]; len(p.chunks)+len(p.last) > 0 {
			return false
		}
	}
	return true
}

// each hands the keys of a part to f, which must not keep them. Nothing is put
// into it any more.
func (b *bag) each(part int, f func(key, more []byte, n int64) error) error {
	p := &b.parts[part]
	var buf []byte
	for _, c := range append(p.chunks[:len(p.chunks):len(p.chunks)], bagChunk{data: p.last, size: len(p.last)}) {
		data := c.data
		if data == nil && c.size > 0 {
			if cap(buf) < c.size {
				buf = make([]byte, c.size)
			}
			data = buf[:c.size]
			if err := b.spill.Load().Get(data, c.at); err != nil {
				return err
			}
		}
		for len(data) > 0 {
			n, k := binary.Uvarint(data)
			key, rest := cut(data[k:])
			more, rest := cut(rest)
			if err := f(key, more, int64(n)); err != nil {
				return err
			}
			data = rest
		}
	}
	return nil
}

// cut takes bytes that follow their number off the front.
func cut(data []byte) (first, rest []byte) {
	n, k := binary.Uvarint(data)
	return data[k : k+int(n)], data[k+int(n):]
}
