package gold

import (
	"encoding/binary"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// sightings is a compact list of where things were seen: orders, or customers.
// Each record says who (a key of one or two words), the groups that hold for
// the whole record, and the groups of each of its lines. A record of an order
// of two lines takes about 20 bytes.
//
// The list is in partitions by the key: all records of one key are in the same
// one, so that a partition can be counted alone, in the processor's cache.
// Lists of several workers are read together, partition by partition. Where
// memory is short, all but the piece that each partition is writing lies in a
// file.
//
// It belongs to one goroutine, but different partitions may be taken by several.
type sightings struct {
	fixed, line int // groups of a record, and of each of its lines
	chunk       int // bytes of the pieces, once there are many
	spill       *pipeline.Spill
	layout      *layout
	parts       [numPartitions]partition
}

const (
	numPartitions = 256
	maxLines      = 256 // of a record
	slack         = 8   // bytes after a chunk's records that reading and writing may touch
)

// chunkSize is how large the pieces of so many lists become: what is not in a
// file, one of each partition, takes at most 32 MiB in all.
func chunkSize(lists int) int {
	return min(max(32<<20/numPartitions/lists, 1<<10), 16<<10)
}

// partition is a list in pieces, so that growing copies nothing.
type partition struct {
	full []chunk
	last chunk
}

// chunk is some records of one layout.
type chunk struct {
	layout *layout
	data   []byte // has slack beyond its length; nil where they are in the file
	at     int64  // where in the file
	size   int    // in the file
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
// at position at, and those of each line column at from..to. Where it fails, the
// record is not there.
func (s *sightings) put(part int, a, b uint64, fixed [][]int32, at int, line [][]int32, from, to int) error {
	p, l := &s.parts[part], s.layout
	size := l.head + l.line*(to-from)
	if p.last.layout != l || cap(p.last.data)-len(p.last.data) < size+slack {
		if err := s.open(p, size); err != nil {
			return err
		}
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
		return nil
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
	return nil
}

// open begins a chunk with room for a record.
func (s *sightings) open(p *partition, size int) error {
	n, data := 256, p.last.data
	if data != nil {
		n = min(2*cap(data), s.chunk)
		full := p.last
		if s.spill != nil {
			if err := full.putAside(s.spill); err != nil {
				return err
			}
		}
		p.full = append(p.full, full)
	}
	if n = max(n, size+slack); s.spill == nil || cap(data) < n {
		data = make([]byte, 0, n)
	}
	p.last = chunk{layout: s.layout, data: data[:0]}
	return nil
}

// putAside moves all full chunks, now and from now on, to a file.
func (s *sightings) putAside(f *pipeline.Spill) error {
	s.spill = f
	for i := range s.parts {
		for j := range s.parts[i].full {
			if err := s.parts[i].full[j].putAside(f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *chunk) putAside(f *pipeline.Spill) error {
	at, err := f.Put(c.data)
	if err != nil {
		return err
	}
	c.at, c.size, c.data = at, len(c.data), nil
	return nil
}

// records are the records of a partition, unpacked.
type records struct {
	a, b  []uint64 // by record: its key; b is only there where keys have it
	at    []int32  // by record: where its ids begin
	words []int32  // the fixed ids; where there are line columns, the number of lines and each column's ids
	block []byte   // what was read from a file
}

func (r *records) reset() {
	r.a, r.b, r.at, r.words = r.a[:0], r.b[:0], r.at[:0], r.words[:0]
}

// take appends the records of a partition, and drops it.
func (s *sightings) take(part int, r *records) error {
	p := &s.parts[part]
	for _, c := range p.full {
		if c.data == nil {
			r.block = slices.Grow(r.block[:0], c.size+slack)[:c.size]
			if err := s.spill.Get(r.block, c.at); err != nil {
				return err
			}
			c.data = r.block
		}
		s.read(c, r)
	}
	if p.last.data != nil {
		s.read(p.last, r)
	}
	*p = partition{}
	return nil
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
