package gold

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// orderIndex says what is kept of the orders of one line type, so that they,
// and their customers, can be counted in the end: each run of lines of an order
// is a sighting of the order. The workers' lists are their own.
type orderIndex struct {
	kind  int32        // the line type that it takes
	count metrics.Base // what its orders count as
	fixed []int        // by fixed column of a sighting: the base; the first column is the customer, and -1 where no base groups by it
	line  []int        // by line column: the base
}

// newOrderIndex returns the index for the bases that need any of the counts,
// the first of which is that of orders; nil when there are none.
func newOrderIndex(p *plan, kind int32, counts ...metrics.Base) *orderIndex {
	x := &orderIndex{kind: kind, count: counts[0], fixed: []int{-1}}
	any := false
	for i, b := range p.bases {
		if !slices.ContainsFunc(counts, b.needs.Has) {
			continue
		}
		any = true
		switch {
		case b.is(customerAxis):
			x.fixed[0] = i
		case b.whole:
			x.fixed = append(x.fixed, i)
		default:
			x.line = append(x.line, i)
		}
	}
	if !any {
		return nil
	}
	return x
}

// key is an order id. Ids of up to 15 bytes are kept as they are; longer ones
// as 127 bits of a seeded hash, so that counts are exact but for a chance below
// 10^-23 in a run of ten million orders. b is 0 for ids of up to 8 bytes, none
// of which is 0: they and others are never compared.
type key struct{ a, b uint64 }

// keyMaker packs order ids.
type keyMaker struct{ seeds [3]uint64 }

const longKey = 1 << 63

// hash returns the key's hash. Its upper bits choose the partition, its lower
// bits the place in a table of one.
func (m *keyMaker) hash(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^m.seeds[0], b^m.seeds[1])
	h := (hi ^ lo ^ m.seeds[2]) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (m *keyMaker) pack(b []byte) key {
	if len(b) <= 8 {
		var buf [8]byte
		copy(buf[:], b)
		if bytes.IndexByte(b, 0) < 0 {
			return key{binary.LittleEndian.Uint64(buf[:]), 0}
		}
	}
	if len(b) > 15 {
		h := xxh3.Hash128Seed(b, m.seeds[2])
		return key{h.Lo, h.Hi | longKey}
	}
	var buf [16]byte
	copy(buf[:], b)
	return key{binary.LittleEndian.Uint64(buf[:8]), binary.LittleEndian.Uint64(buf[8:]) | uint64(len(b))<<56}
}

// orderIDs reads a batch's order ids.
type orderIDs struct {
	texts *array.String
	codes *array.Dictionary // nil for plain text
}

func (o *orderIDs) set(col arrow.Array) error {
	o.codes = nil
	switch c := col.(type) {
	case *array.String:
		o.texts = c
		return nil
	case *array.Dictionary:
		if values, ok := c.Dictionary().(*array.String); ok {
			o.codes, o.texts = c, values
			return nil
		}
	}
	return unsupported(col)
}

// pack writes the keys of the ids at rows to keys, and reports whether none is NULL.
func (o *orderIDs) pack(m *keyMaker, rows []int32, keys []key) bool {
	if o.codes != nil {
		for j, i := range rows {
			code := o.codes.GetValueIndex(int(i))
			if o.texts.IsNull(code) {
				return false
			}
			keys[j] = m.pack(pipeline.StringBytes(o.texts, code))
		}
		return true
	}
	const each = 0x0101010101010101                              // one bit of every byte
	offsets, all := o.texts.ValueOffsets(), o.texts.ValueBytes() // all begins at the first offset
	first := int(offsets[0])
	for j, i := range rows {
		from, to := int(offsets[i])-first, int(offsets[i+1])-first
		if n := to - from; n <= 8 && from+8 <= len(all) {
			beyond := ^uint64(0) << (8 * n) // what is not the id's
			id := binary.LittleEndian.Uint64(all[from:])
			if x := id | beyond; (x-each)&^x&(each<<7) == 0 { // no byte is 0
				keys[j] = key{id &^ beyond, 0}
				continue
			}
		}
		keys[j] = m.pack(all[from:to])
	}
	return true
}

// differ marks the rows whose order id may be another than that of the row before.
func (o *orderIDs) differ(marks []int32) {
	if o.codes != nil {
		for i := 1; i < len(marks); i++ {
			marks[i] |= int32(o.codes.GetValueIndex(i) ^ o.codes.GetValueIndex(i-1))
		}
		return
	}
	offsets, all := o.texts.ValueOffsets(), o.texts.ValueBytes() // all begins at the first offset
	first := int(offsets[0])
	before, from := 0, int(offsets[1])-first
	for i := 1; i < len(marks); i++ {
		to := int(offsets[i+1]) - first
		switch n := to - from; {
		case n != from-before:
			marks[i] = 1
		case n <= 8 && from+8 <= len(all):
			x := binary.LittleEndian.Uint64(all[from:]) ^ binary.LittleEndian.Uint64(all[before:])
			if x<<(64-8*n) != 0 {
				marks[i] = 1
			}
		case !bytes.Equal(all[from:to], all[before:from]):
			marks[i] = 1
		}
		before, from = from, to
	}
}

// orderLists are a worker's sightings for one index: of orders with short keys
// and of others.
type orderLists struct {
	index       *orderIndex
	lists       [2]*sightings
	keyBytes    int // of the longest short key so far
	fixed, line [][]int32
	sizes       []int
}

func newOrderLists(x *orderIndex, chunk int) *orderLists {
	l := &orderLists{index: x}
	for i := range l.lists {
		l.lists[i] = &sightings{fixed: len(x.fixed), line: len(x.line), chunk: chunk}
	}
	return l
}

// add takes the runs of a batch that are of the index's line type.
func (l *orderLists) add(w *worker) error {
	x := l.index
	l.fixed, l.line, l.sizes = append(l.fixed[:0], w.byRun[w.a.customer]), l.line[:0], append(l.sizes[:0], w.a.customers())
	for _, b := range x.fixed[1:] {
		l.fixed, l.sizes = append(l.fixed, w.groups[b]), append(l.sizes, w.a.groups[b].len())
	}
	for _, b := range x.line {
		l.line, l.sizes = append(l.line, w.groups[b]), append(l.sizes, w.a.groups[b].len())
	}
	for r, k := range w.keys {
		if w.kinds[r] == x.kind && k.b == 0 {
			l.keyBytes = max(l.keyBytes, (bits.Len64(k.a)+7)/8)
		}
	}
	l.lists[0].setLayout(l.keyBytes, 0, l.sizes)
	l.lists[1].setLayout(8, 8, l.sizes)
	for r, k := range w.keys {
		if w.kinds[r] != x.kind {
			continue
		}
		list := l.lists[0]
		if k.b != 0 {
			list = l.lists[1]
		}
		err := list.put(int(w.a.maker.hash(k.a, k.b)>>56), k.a, k.b, l.fixed, r, l.line, int(w.starts[r]), int(w.starts[r+1]))
		if err != nil {
			return err
		}
	}
	return nil
}

// again returns lists of the same sightings, which can be taken apart from these.
func (l *orderLists) again() *orderLists {
	out := &orderLists{index: l.index}
	for i, list := range l.lists {
		same := *list
		out.lists[i] = &same
	}
	return out
}

// putAside moves the lists to a file.
func (l *orderLists) putAside(f *pipeline.Spill) error {
	for _, list := range l.lists {
		if err := list.putAside(f); err != nil {
			return err
		}
	}
	return nil
}
