package check

import (
	"sync"
	"sync/atomic"

	"github.com/smeltdata/smelt/pipeline"
)

// parts holds bytes in so many parts. What it holds beyond partMemory, or once
// memory is short, lies in a temporary file. It is safe for concurrent use.
type parts struct {
	scratch *pipeline.Scratch
	spill   atomic.Pointer[pipeline.Spill]
	open    sync.Once
	held    atomic.Int64 // bytes in memory
	parts   [partCount]part
}

type part struct {
	mu     sync.Mutex
	chunks []chunk
	last   []byte
}

// chunk is in memory, or so many bytes of the file.
type chunk struct {
	data []byte
	at   int64
	size int
}

const (
	partCount  = 256
	partChunk  = 64 << 10 // bytes of a chunk, at most but for a single run
	partPiece  = 16 << 10 // bytes of a part that make a chunk of it, about
	partMemory = 32 << 20
	partBuffer = 512 // bytes that a writer keeps of each part
)

// put adds bytes to a part, and moves what is full to the file when there is too
// much of it.
func (p *parts) put(at int, data []byte) error {
	t := &p.parts[at]
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, data...)
	p.held.Add(int64(len(data)))
	if len(t.last) < partPiece {
		return nil
	}
	c, err := p.keep(t.last)
	if err != nil {
		return err
	}
	if t.chunks = append(t.chunks, c); c.data == nil {
		t.last = t.last[:0]
	} else {
		t.last = nil
	}
	return nil
}

// keep makes a chunk of bytes that are counted as held already.
func (p *parts) keep(data []byte) (chunk, error) {
	c := chunk{data: data, size: len(data)}
	if p.held.Load() <= partMemory && !p.scratch.Full() {
		return c, nil
	}
	p.open.Do(func() { p.spill.Store(p.scratch.Spill()) })
	at, err := p.spill.Load().Put(data)
	p.held.Add(-int64(c.size))
	c.data, c.at = nil, at
	return c, err
}

// size returns how many bytes were put into a part.
func (p *parts) size(at int) int {
	n := len(p.parts[at].last)
	for _, c := range p.parts[at].chunks {
		n += c.size
	}
	return n
}

// read hands what was put into a part to f, piece by piece as it was put at most,
// which must not keep it. Nothing is put into it any more.
func (p *parts) read(at int, f func(data []byte) error) error {
	t := &p.parts[at]
	var buf []byte
	for _, c := range append(t.chunks[:len(t.chunks):len(t.chunks)], chunk{data: t.last, size: len(t.last)}) {
		data, err := p.get(c, &buf)
		if err != nil {
			return err
		}
		if err := f(data); err != nil {
			return err
		}
	}
	return nil
}

// get returns what a chunk has, by way of buf where it is in the file.
func (p *parts) get(c chunk, buf *[]byte) ([]byte, error) {
	if c.data != nil || c.size == 0 {
		return c.data, nil
	}
	if cap(*buf) < c.size {
		*buf = make([]byte, c.size)
	}
	data := (*buf)[:c.size]
	return data, p.spill.Load().Get(data, c.at)
}
