package check

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// bag holds keys and how many rows have each: the same key may be there several
// times. It is split by the keys' hashes, so that equal ones are found a part at a
// time, and full chunks of it lie in a temporary file once memory is short. It
// belongs to one goroutine.
type bag struct {
	scratch *pipeline.Scratch
	spill   *pipeline.Spill
	parts   [bagParts]bagPart
}

type bagPart struct {
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
	bagParts     = 256
	bagChunkSize = 16 << 10
)

func newBag(scratch *pipeline.Scratch) *bag { return &bag{scratch: scratch} }

// add adds a key of n rows.
func (b *bag) add(key []byte, n int64) error {
	p := &b.parts[xxh3.Hash(key)%bagParts]
	if len(p.last)+len(key)+2*binary.MaxVarintLen64 > bagChunkSize && len(p.last) > 0 {
		if err := b.push(p); err != nil {
			return err
		}
	}
	p.last = binary.AppendUvarint(p.last, uint64(n))
	p.last = binary.AppendUvarint(p.last, uint64(len(key)))
	p.last = append(p.last, key...)
	return nil
}

// push ends a part's last chunk.
func (b *bag) push(p *bagPart) error {
	c := bagChunk{data: p.last, size: len(p.last)}
	p.last = nil
	if b.scratch.Full() {
		if b.spill == nil {
			b.spill = b.scratch.Spill()
		}
		at, err := b.spill.Put(c.data)
		if err != nil {
			return err
		}
		p.last, c.data, c.at = c.data[:0], nil, at
	}
	p.chunks = append(p.chunks, c)
	return nil
}

// each hands the keys of a part to f, which must not keep them.
func (b *bag) each(part int, f func(key []byte, n int64) error) error {
	p := &b.parts[part]
	var buf []byte
	for _, c := range append(p.chunks, bagChunk{data: p.last, size: len(p.last)}) {
		data := c.data
		if data == nil && c.size > 0 {
			if cap(buf) < c.size {
				buf = make([]byte, c.size)
			}
			data = buf[:c.size]
			if err := b.spill.Get(data, c.at); err != nil {
				return err
			}
		}
		for len(data) > 0 {
			n, k := binary.Uvarint(data)
			size, j := binary.Uvarint(data[k:])
			data = data[k+j:]
			if err := f(data[:size], int64(n)); err != nil {
				return err
			}
			data = data[size:]
		}
	}
	return nil
}
