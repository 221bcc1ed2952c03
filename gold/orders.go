package gold

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// orderIndex knows every distinct order id and, for each, the first customer
// and the first group of every base that counts orders or customers. Most
// orders have one customer, one day and one place, so that says it all; what
// differs is kept aside as exceptions and counted at the end. It costs about
// 40 bytes an order, and 8 bytes for each further product of an order.
//
// Ids of up to 15 bytes are kept as they are; longer ones as 127 bits of a
// seeded hash, so that counts are exact but for a chance below 10^-23 in a run
// of ten million orders.
//
// It is split into shards, each with its lock. A batch is first sorted by
// shard, so that a worker locks a shard once a batch and its table stays in
// the processor's cache meanwhile. Reading is for after the last row.
type orderIndex struct {
	maker     *keyMaker
	kind      int32  // the line type it takes
	bases     []int  // positions of its bases in the plan
	slots     []int  // by its bases: where the entry keeps the first group
	customers []bool // by its bases: whether customers are counted per group
	stride    int    // of an entry, in 32-bit words
	shards    [numShards]shard
}

const (
	numShards    = 64
	blockEntries = 512
	maxEntries   = 1<<24 - 1
	keyWords     = 4 // of an entry, before its slots
	customerSlot = 0
)

type shard struct {
	mu     sync.Mutex
	table  []uint32 // 8 bits of the hash, 24 bits of entry + 1; 0 = free
	n      int      // entries
	blocks []block
	more   []stack   // by the index's bases: pair(entry, group), of the entry's customer
	odd    [][]other // by the index's bases: of another customer
	_      [64]byte  // keeps neighbours' locks out of each other's cache line
}

// block holds blockEntries entries: the key's two words, then 32-bit slots.
type block struct {
	keys  []uint64
	words []int32 // the same memory
}

// other is an order's line that has another customer than its first one.
type other struct{ entry, group, customer int32 }

// stack is an append-only list in pieces, so that growing copies nothing.
type stack struct {
	full [][]uint64
	last []uint64
}

func (s *stack) push(v uint64) {
	if len(s.last) == cap(s.last) {
		if s.last != nil {
			s.full = append(s.full, s.last)
		}
		s.last = make([]uint64, 0, min(8192, max(16, 2*cap(s.last))))
	}
	s.last = append(s.last, v)
}

// each calls f with the pieces.
func (s *stack) each(f func([]uint64)) {
	for _, p := range s.full {
		f(p)
	}
	f(s.last)
}

// newOrderIndex makes the index of the bases that are given, one of which may
// be the customers': it shares the entry's customer.
func newOrderIndex(maker *keyMaker, kind int32, bases []int, customers []bool, customerBase int) *orderIndex {
	x := &orderIndex{maker: maker, kind: kind, bases: bases, customers: customers}
	slots := 1
	for _, b := range bases {
		if b == customerBase {
			x.slots = append(x.slots, customerSlot)
			continue
		}
		x.slots = append(x.slots, slots)
		slots++
	}
	x.stride = keyWords + (slots+1)&^1
	for i := range x.shards {
		s := &x.shards[i]
		s.table = make([]uint32, 256)
		s.more, s.odd = make([]stack, len(bases)), make([][]other, len(bases))
	}
	return x
}

// key is an order id, and its hash.
type key struct{ a, b, hash uint64 }

// keyMaker packs order ids.
type keyMaker struct{ seeds [3]uint64 }

const longKey = 1 << 63

func (m *keyMaker) finish(k *key) {
	hi, lo := bits.Mul64(k.a^m.seeds[0], k.b^m.seeds[1])
	h := (hi ^ lo ^ m.seeds[2]) * 0x9e3779b97f4a7c15
	k.hash = h ^ h>>29
}

func (m *keyMaker) pack(b []byte, k *key) {
	if len(b) > 15 {
		h := xxh3.Hash128Seed(b, m.seeds[2])
		k.a, k.b = h.Lo, h.Hi|longKey
		return
	}
	var buf [16]byte
	copy(buf[:], b)
	k.a = binary.LittleEndian.Uint64(buf[:8])
	k.b = binary.LittleEndian.Uint64(buf[8:]) | uint64(len(b))<<56
}

// read packs a column of order ids.
func (m *keyMaker) read(col arrow.Array, dst []key) error {
	switch c := col.(type) {
	case *array.String:
		offsets := c.ValueOffsets()
		all := c.ValueBytes() // begins at the first offset
		for i := range dst {
			from, n := int(offsets[i]-offsets[0]), int(offsets[i+1]-offsets[i])
			k := &dst[i]
			if n <= 15 && from+16 <= len(all) {
				a := binary.LittleEndian.Uint64(all[from:])
				b := binary.LittleEndian.Uint64(all[from+8:])
				if n < 8 {
					a, b = a&(1<<(8*n)-1), 0
				} else {
					b &= 1<<(8*(n-8)) - 1
				}
				k.a, k.b = a, b|uint64(n)<<56
			} else {
				m.pack(all[from:from+n], k)
			}
			if i > 0 && k.a == dst[i-1].a && k.b == dst[i-1].b {
				k.hash = dst[i-1].hash
			} else {
				m.finish(k)
			}
		}
		return nil
	case *array.Dictionary:
		if values, ok := c.Dictionary().(*array.String); ok {
			for i := range dst {
				v := c.GetValueIndex(i)
				if values.IsNull(v) {
					return fmt.Errorf("NULL in a column that is not nullable")
				}
				m.pack(pipeline.StringBytes(values, v), &dst[i])
				m.finish(&dst[i])
			}
			return nil
		}
	}
	return fmt.Errorf("text of Arrow type %s is not supported: use string or a dictionary of it", col.DataType())
}

func shardOf(hash uint64) int { return int(hash >> 58) }

// sorter orders a batch's rows of one kind by shard. It belongs to a worker.
type sorter struct {
	rows []int32
	ends [numShards]int32

	groups [][]int32 // of an index's bases
}

func (s *sorter) sort(keys []key, kind []int32, want int32) {
	var starts [numShards]int32
	for i := range keys {
		if kind[i] == want {
			starts[shardOf(keys[i].hash)]++
		}
	}
	sum := int32(0)
	for i, n := range starts {
		starts[i] = sum
		sum += n
	}
	s.rows = slices.Grow(s.rows[:0], int(sum))[:sum]
	for i := range keys {
		if kind[i] == want {
			to := &starts[shardOf(keys[i].hash)]
			s.rows[*to] = int32(i)
			*to++
		}
	}
	s.ends = starts
}

// add takes the rows of a batch. customers are their ids, groups those of each
// of the plan's bases. Workers begin at different shards.
func (x *orderIndex) add(worker int, s *sorter, keys []key, kind, customers []int32, groups [][]int32) error {
	s.sort(keys, kind, x.kind)
	if len(s.rows) == 0 {
		return nil
	}
	s.groups = s.groups[:0]
	for _, b := range x.bases {
		s.groups = append(s.groups, groups[b])
	}
	for n := range numShards {
		i := (n + worker*17) % numShards
		from := int32(0)
		if i > 0 {
			from = s.ends[i-1]
		}
		if from == s.ends[i] {
			continue
		}
		if err := x.shards[i].add(x, s.rows[from:s.ends[i]], keys, customers, s.groups); err != nil {
			return err
		}
	}
	return nil
}

func (s *shard) add(x *orderIndex, rows []int32, keys []key, customers []int32, groups [][]int32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last *key
	var entry int
	var words []int32
	for _, r := range rows {
		k := &keys[r]
		customer := customers[r]
		if last == nil || last.a != k.a || last.b != k.b {
			var fresh bool
			if entry, words, fresh = s.find(x, k); entry < 0 {
				return factError("order_id", "", "more than a billion distinct orders in one run")
			}
			last = k
			if fresh {
				words[keyWords+customerSlot] = customer
				for j, g := range groups {
					words[keyWords+x.slots[j]] = g[r]
				}
				continue
			}
		}
		first := words[keyWords+customerSlot]
		for j, g := range groups {
			switch group := g[r]; {
			case customer != first && x.customers[j]:
				s.odd[j] = append(s.odd[j], other{int32(entry), group, customer})
			case group != words[keyWords+x.slots[j]]:
				s.more[j].push(pair(int32(entry), group))
			}
		}
	}
	return nil
}

// find returns the entry of a key and its words; a fresh one has only the key.
// The entry is -1 when the shard is full.
func (s *shard) find(x *orderIndex, k *key) (entry int, words []int32, fresh bool) {
	tag := uint32(k.hash>>50) << 24
	mask := uint64(len(s.table) - 1)
	for i := k.hash & mask; ; i = (i + 1) & mask {
		t := s.table[i]
		if t == 0 {
			if s.n == maxEntries {
				return -1, nil, false
			}
			if s.n%blockEntries == 0 {
				s.blocks = append(s.blocks, newBlock(x.stride))
			}
			entry = s.n
			s.n++
			s.table[i] = tag | uint32(s.n)
			b, at := s.at(entry, x.stride)
			b.keys[at/2], b.keys[at/2+1] = k.a, k.b
			if s.n*4 > len(s.table)*3 {
				s.grow(x)
			}
			return entry, b.words[at : at+x.stride], true
		}
		if t&^maxEntries == tag {
			entry = int(t&maxEntries) - 1
			b, at := s.at(entry, x.stride)
			if b.keys[at/2] == k.a && b.keys[at/2+1] == k.b {
				return entry, b.words[at : at+x.stride], false
			}
		}
	}
}

// at returns an entry's block and its position there, in words.
func (s *shard) at(entry, stride int) (*block, int) {
	return &s.blocks[entry/blockEntries], entry % blockEntries * stride
}

func newBlock(stride int) block {
	keys := make([]uint64, blockEntries*stride/2)
	return block{keys, unsafe.Slice((*int32)(unsafe.Pointer(&keys[0])), 2*len(keys))}
}

// grow doubles the table. A table entry moves by one more bit of its hash,
// which takes the key to know.
func (s *shard) grow(x *orderIndex) {
	s.table = make([]uint32, 2*len(s.table))
	mask := uint64(len(s.table) - 1)
	for e := range s.n {
		b, at := s.at(e, x.stride)
		k := key{a: b.keys[at/2], b: b.keys[at/2+1]}
		x.maker.finish(&k)
		i := k.hash & mask
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = uint32(k.hash>>50)<<24 | uint32(e+1)
	}
}
