package gold

import (
	"encoding/binary"
	"slices"
)

// sightings is a compact list of where things were seen: orders, or customers.
// Each record says who (a key of one or two words), the groups that hold for
// the whole record, and the groups of each of its lines. A record of an order
// of two lines takes about 20 bytes.
//
// The list is in partitions by the key: all records of one key are in the same
// one, so that a partition can be counted alone, in the processor's cache.
// Lists of several workers are read together, partition by partition. A
// partition is plain bytes and could as well lie on disk.
//
// It belongs to one goroutine.
type sightings struct {
	fixed, line int // groups of a record, and of each of its lines
	layout      *layout
	parts       [numPartitions]partition
}

const (
	numPartitions = 256
	maxLines      = 256 // of a record
	slack         = 8   // bytes after a chunk's records that reading and writing may touch
	maxChunk      = 16 << 10
)

// partition is a list in pieces, so that growing copies nothing.
type partition struct {
	full []chunk
	last chunk
}

// chunk is some records of one layout.
type chunk struct {
	layout *layout
	data   []byte // has slack beyond its length
}

// layout is how many bytes each part of a record has: as many as the largest
// id so far needs. A new one begins a new chunk in every partition.
type layout struct {
	key, second int // of the key's two words
	widths      []int
	masks       []uint32 // of an id of that width
	head, line  int      // all of a record before its lines, and each line
}

// setLayout makes the next records have keys of so many bytes, and ids below
// sizes: those of the record, then those of a line.
func (s *sightings) setLayout(key, second int, sizes []int) {
	l := &layout{key: key, second: second, head: key + second}
	for i, n := range sizes {
		w := width(n)
		l.widths, l.masks = append(l.widths, w), append(l.masks, uint32(1)<<(8*w)-1)
		if i < s.fixed {
			l.head += w
		} else {
			l.line += w
		}
	}
	if s.line > 0 {
		l.head++ // how many lines
	}
	if old := s.layout; old == nil || old.key != key || old.second != second || !slices.Equal(old.widths, l.widths) {
		s.layout = l
	}
}

// width returns how many bytes ids below n need.
func width(n int) int {
	w := 0
	for n--; n > 0; n >>= 8 {
		w++
	}
	return w
}

// put writes a record to a partition: its key, the value of each fixed column
// at position at, and those of each line column at from..to.
func (s *sightings) put(part int, a, b uint64, fixed [][]int32, at int, line [][]int32, from, to int) {
	p, l := &s.parts[part], s.layout
	size := l.head + l.line*(to-from)
	if p.last.layout != l || cap(p.last.data)-len(p.last.data) < size+slack {
		p.open(l, size)
	}
	i := len(p.last.data)
	d := p.last.data[:i+size+slack]
	p.last.data = d[:i+size]
	binary.LittleEndian.PutUint64(d[i:], a)
	i += l.key
	if l.second > 0 {
		binary.LittleEndian.PutUint64(d[i:], b)
		i += l.second
	}
	for j, col := range fixed {
		binary.LittleEndian.PutUint32(d[i:], uint32(col[at]))
		i += l.widths[j]
	}
	if len(line) == 0 {
		return
	}
	d[i] = byte(to - from - 1)
	i++
	widths := l.widths[len(fixed):]
	for j, col := range line {
		for _, id := range col[from:to] {
			binary.LittleEndian.PutUint32(d[i:], uint32(id))
			i += widths[j]
		}
	}
}

// open begins a chunk with room for a record.
func (p *partition) open(l *layout, size int) {
	n := 256
	if p.last.data != nil {
		p.full = append(p.full, p.last)
		n = min(2*cap(p.last.data), maxChunk)
	}
	p.last = chunk{l, make([]byte, 0, max(n, size+slack))}
}

// records are the records of a partition, unpacked.
type records struct {
	a, b  []uint64 // by record: its key; b is only there where keys have it
	at    []int32  // by record: where its ids begin
	words []int32  // the fixed ids; where there are line columns, the number of lines and each column's ids
}

func (r *records) reset() {
	r.a, r.b, r.at, r.words = r.a[:0], r.b[:0], r.at[:0], r.words[:0]
}

// take appends the records of a partition, and drops it.
func (s *sightings) take(part int, r *records) {
	p := &s.parts[part]
	for _, c := range p.full {
		s.read(c, r)
	}
	if p.last.data != nil {
		s.read(p.last, r)
	}
	*p = partition{}
}

func (s *sightings) read(c chunk, r *records) {
	l := c.layout
	d := c.data[:cap(c.data)]
	keyMask := uint64(1)<<(8*l.key) - 1 // all ones for 8 bytes
	widths, masks := l.widths, l.masks
	for i := 0; i < len(c.data); {
		r.a = append(r.a, binary.LittleEndian.Uint64(d[i:])&keyMask)
		i += l.key
		if l.second > 0 {
			r.b = append(r.b, binary.LittleEndian.Uint64(d[i:]))
			i += l.second
		}
		r.at = append(r.at, int32(len(r.words)))
		for j := range s.fixed {
			r.words = append(r.words, int32(binary.LittleEndian.Uint32(d[i:])&masks[j]))
			i += widths[j]
		}
		if s.line == 0 {
			continue
		}
		n := int(d[i]) + 1
		i++
		r.words = append(r.words, int32(n))
		for j := s.fixed; j < len(widths); j++ {
			for range n {
				r.words = append(r.words, int32(binary.LittleEndian.Uint32(d[i:])&masks[j]))
				i += widths[j]
			}
		}
	}
}
