package gold

import (
	"sync"
	"sync/atomic"

	"github.com/smeltdata/smelt/pipeline"
)

// registry gives each value of an axis an id that all workers share: 0 is
// NULL, others count from 1 in order of first appearance. Workers ask it once
// for each new value, not for each row, so one lock serves.
type registry struct {
	mu    sync.Mutex
	texts *pipeline.Dictionary    // of a text axis
	days  map[pipeline.Date]int32 // of a date axis
	dates []pipeline.Date         // by id − 1
	size  atomic.Int32            // ids given out, NULL's included
}

func newRegistry(date bool) *registry {
	r := &registry{}
	if date {
		r.days = map[pipeline.Date]int32{}
	} else {
		r.texts = pipeline.NewDictionary()
	}
	r.size.Store(1)
	return r
}

// begin gives the ids from 1 on to keys, which must not grow any more.
func (r *registry) begin(keys *pipeline.Dictionary) {
	r.texts = keys.Over()
	r.size.Store(int32(keys.Len()) + 1)
}

// text returns the id of a text, or -1 when the texts pass 2 GiB.
func (r *registry) text(b []byte) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.texts.Code(b)
	if id < 0 {
		return -1
	}
	r.size.Store(int32(r.texts.Len()) + 1)
	return id + 1
}

// date returns the id of a day.
func (r *registry) date(d pipeline.Date) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.days[d]
	if !ok {
		r.dates = append(r.dates, d)
		id = int32(len(r.dates))
		r.days[d] = id
		r.size.Store(id + 1)
	}
	return id
}

// find returns the id of a text that a row may have had, or -1. Only after
// the last row.
func (r *registry) find(b []byte) int32 {
	id := r.texts.Find(b)
	if id < 0 {
		return -1
	}
	return id + 1
}

// findDate is find for a day.
func (r *registry) findDate(d pipeline.Date) int32 {
	if id, ok := r.days[d]; ok {
		return id
	}
	return -1
}

// pairs gives each pair of ids an id: 0, 1, 2 … It is a hash table with open
// addressing, about five times as fast as a map for the few pairs that a
// grouping of several columns has.
type pairs struct {
	keys  []uint64
	ids   []int32 // id + 1; 0 = free
	mask  uint64
	n     int
	order []uint64 // by id, where add gives the ids
}

func newPairs() *pairs {
	return &pairs{keys: make([]uint64, 64), ids: make([]int32, 64), mask: 63}
}

func pair(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

func unpair(k uint64) (a, b int32) { return int32(k >> 32), int32(k) }

func spread(k uint64) uint64 {
	k *= 0x9e3779b97f4a7c15
	return k ^ k>>32
}

// find returns the pair's id, or -1.
func (p *pairs) find(k uint64) int32 {
	for i := spread(k) & p.mask; ; i = (i + 1) & p.mask {
		if p.ids[i] == 0 {
			return -1
		}
		if p.keys[i] == k {
			return p.ids[i] - 1
		}
	}
}

// add returns the pair's id, a new one if it has none.
func (p *pairs) add(k uint64) int32 {
	if id := p.find(k); id >= 0 {
		return id
	}
	p.order = append(p.order, k)
	id := int32(len(p.order) - 1)
	p.put(k, id)
	return id
}

// put adds a pair that is not there, under an id of the caller's.
func (p *pairs) put(k uint64, id int32) {
	if p.n++; uint64(p.n)*2 > p.mask {
		old := *p
		p.mask = p.mask*4 + 3
		p.keys, p.ids = make([]uint64, p.mask+1), make([]int32, p.mask+1)
		for i, id := range old.ids {
			if id != 0 {
				p.insert(old.keys[i], id)
			}
		}
	}
	p.insert(k, id+1)
}

func (p *pairs) insert(k uint64, id int32) {
	i := spread(k) & p.mask
	for p.ids[i] != 0 {
		i = (i + 1) & p.mask
	}
	p.keys[i], p.ids[i] = k, id
}

// groups gives the groups of a base their ids, shared by all workers: its only
// axis's id, or that of a chain of pairs: ((first axis, second), third) …
type groups struct {
	axes  []*registry
	mu    sync.Mutex
	chain []*pairs // one for each axis after the first
	size  atomic.Int32
}

func newGroups(axes []*registry) *groups {
	g := &groups{axes: axes}
	for range max(0, len(axes)-1) {
		g.chain = append(g.chain, newPairs())
	}
	return g
}

// link returns the id of a pair of link k of the chain.
func (g *groups) link(k int, key uint64) int32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.chain[k].add(key)
	if k == len(g.chain)-1 {
		g.size.Store(int32(len(g.chain[k].order)))
	}
	return id
}

// len returns how many groups there are so far.
func (g *groups) len() int {
	switch len(g.axes) {
	case 0:
		return 1
	case 1:
		return int(g.axes[0].size.Load())
	}
	return int(g.size.Load())
}

// value returns the id that axis i has in a group. Only after the last row.
func (g *groups) value(group int32, i int) int32 {
	for k := len(g.chain) - 1; k >= 0; k-- {
		before, id := unpair(g.chain[k].order[group])
		if k+1 == i {
			return id
		}
		group = before
	}
	return group
}

// of returns the group of axis ids, or -1. Only after the last row.
func (g *groups) of(ids []int32) int32 {
	if len(ids) == 0 {
		return 0
	}
	group := ids[0]
	for k, p := range g.chain {
		if group = p.find(pair(group, ids[k+1])); group < 0 {
			return -1
		}
	}
	return group
}
