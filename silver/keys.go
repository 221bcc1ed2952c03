package silver

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Keys is a set of cleaned texts: orders, customers, products. It grows in one
// goroutine; afterwards Has is safe for concurrent use.
type Keys struct {
	texts    *pipeline.Dictionary
	clean    cleaner
	min, max []byte
	ends     []uint64 // a bit for each hash of a text's end that occurs: most texts that are asked for have none of these
	shift    int      // of a hash, to the number of its bit
}

// endHash is a hash of a text's length and its last bytes, in which keys differ most.
func endHash(v []byte) uint64 {
	const mixed = 0x9e3779b97f4a7c15
	if n := len(v); n >= 8 {
		return (binary.LittleEndian.Uint64(v[n-8:]) + uint64(n)) * mixed
	}
	h := uint64(len(v))
	for _, c := range v {
		h = h<<8 | uint64(c)
	}
	return h * mixed
}

// note enters a new text into ends, which has 16 to 32 bits for each.
func (k *Keys) note(v []byte) {
	if n := k.texts.Len(); n*16 > len(k.ends)*64 {
		size := max(12, bits.Len(uint(n*16))) // log2 of the number of bits
		k.ends, k.shift = make([]uint64, 1<<size/64), 64-size
		for c := range int32(n) {
			k.mark(k.texts.Bytes(c))
		}
		return
	}
	k.mark(v)
}

func (k *Keys) mark(v []byte) {
	at := endHash(v) >> k.shift
	k.ends[at>>6] |= 1 << (at & 63)
}

// find reports whether a clean text is there.
func (k *Keys) find(v []byte) bool {
	if len(k.ends) == 0 {
		return false
	}
	at := endHash(v) >> k.shift
	return k.ends[at>>6]>>(at&63)&1 != 0 && k.texts.Find(v) >= 0
}

// NewKeys returns an empty set.
func NewKeys() *Keys { return &Keys{texts: pipeline.NewDictionary()} }

// Len returns how many texts there are.
func (k *Keys) Len() int { return k.texts.Len() }

// Add adds a text as silver cleans it; an empty one is none.
func (k *Keys) Add(text []byte) error {
	v := k.clean.clean(text)
	if len(v) == 0 {
		return nil
	}
	n := k.texts.Len()
	if k.texts.Code(v) < 0 {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: "more than 2 GiB of different keys in one incremental run", Hint: "run it with --full-refresh"}
	}
	if k.texts.Len() > n {
		k.note(v)
		if k.min == nil || bytes.Compare(v, k.min) < 0 {
			k.min = bytes.Clone(v)
		}
		if bytes.Compare(v, k.max) > 0 {
			k.max = bytes.Clone(v)
		}
	}
	return nil
}

// AddAll adds the texts of a column.
func (k *Keys) AddAll(col arrow.Array) error {
	var last []byte
	for i := range col.Len() {
		v, ok := textAt(col, i)
		if !ok || bytes.Equal(v, last) && i > 0 {
			continue
		}
		if err := k.Add(v); err != nil {
			return err
		}
		last = v
	}
	return nil
}

// Has reports whether the set has a text, once it is cleaned.
func (k *Keys) Has(text []byte) bool {
	if !isClean(text) {
		var c cleaner
		text = c.clean(text)
	}
	return len(text) > 0 && k.find(text)
}

// Without returns those texts that o has not.
func (k *Keys) Without(o *Keys) *Keys { return k.Except(o.all) }

// Except returns those texts that are not among clean ones.
func (k *Keys) Except(others iter.Seq[[]byte]) *Keys {
	found := bitset(nil).extend(k.Len())
	for v := range others {
		if k.find(v) {
			found.set(k.texts.Find(v))
		}
	}
	out := NewKeys()
	for c := range int32(k.Len()) {
		if !found.has(c) {
			_ = out.Add(k.texts.Bytes(c)) // fewer than k has
		}
	}
	return out
}

func (k *Keys) all(yield func([]byte) bool) {
	for c := range int32(k.Len()) {
		if !yield(k.texts.Bytes(c)) {
			return
		}
	}
}

// In picks the rows of a bronze table whose column has one of the keys, as
// silver cleans it.
func (k *Keys) In(column string) pipeline.Where {
	return pipeline.Where{Column: column, Wants: k.Has}
}

// InClean is In for a silver table, whose texts are clean.
func (k *Keys) InClean(column string) pipeline.Where {
	return pipeline.Where{Column: column, Wants: k.find, Min: k.min, Max: k.max, Values: k.all}
}
