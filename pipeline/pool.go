package pipeline

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Pool is a memory.Allocator that hands freed memory out again, so that a run
// whose batches come and go does not have new memory cleared and collected for
// each of them. Memory is zeroed where it is handed out, as Go's is, and what
// nobody asks for goes to the garbage collector in time. It is safe for
// concurrent use; the zero value is ready. Whatever is read after its release
// may have changed.
type Pool struct {
	sizes [maxPooled + 1]sync.Pool // of *byte, by the power of two that is the size
}

// Smaller memory is not worth the trouble, larger too seldom asked for.
const (
	minPooled = 6 // Arrow wants its buffers at multiples of 64 bytes
	maxPooled = 26
)

// Allocate returns size bytes, all 0.
func (p *Pool) Allocate(size int) []byte {
	if size == 0 {
		return nil
	}
	class := max(bits.Len(uint(size-1)), minPooled)
	if class > maxPooled {
		return make([]byte, size)
	}
	if at, ok := p.sizes[class].Get().(*byte); ok {
		b := unsafe.Slice(at, 1<<class)[:size]
		clear(b)
		return b
	}
	return make([]byte, 1<<class)[:size]
}

// Reallocate returns size bytes that begin as b does, the others 0.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	n := len(b)
	if size <= cap(b) {
		b = b[:size]
		clear(b[min(n, size):])
		return b
	}
	grown := p.Allocate(size)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Free takes memory that Allocate or Reallocate returned back.
func (p *Pool) Free(b []byte) {
	size := cap(b)
	if class := bits.Len(uint(size)) - 1; size == 1<<max(class, 0) && class >= minPooled && class <= maxPooled {
		p.sizes[class].Put(unsafe.SliceData(b))
	}
}
