package parquetio

import (
	"io"
	"sync"
)

// blocks is a byte buffer that never moves what it holds: it grows by blocks
// of one size, which all writers of the process share.
type blocks struct {
	list []*block
	n    int
}

type block [64 << 10]byte

var blockPool = sync.Pool{New: func() any { return new(block) }}

func (b *blocks) append(p []byte) {
	for len(p) > 0 {
		at := b.n % len(block{})
		if at == 0 {
			b.list = append(b.list, blockPool.Get().(*block))
		}
		n := copy(b.list[len(b.list)-1][at:], p)
		b.n += n
		p = p[n:]
	}
}

func (b *blocks) writeTo(w io.Writer) (int64, error) {
	var done int64
	for _, bl := range b.list {
		n, err := w.Write(bl[:min(len(bl), b.n-int(done))])
		done += int64(n)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (b *blocks) reset() {
	for _, bl := range b.list {
		blockPool.Put(bl)
	}
	b.list, b.n = b.list[:0], 0
}
