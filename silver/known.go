package silver

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/smeltdata/smelt/pipeline"
)

// known is a dimension of the model with the keys that have no record of their
// own: those that the lines describe (inferred rows, kept only if a fact row
// names them) and those that turn up during the main scan (late keys).
type known struct {
	*dimension
	hasFile  bool     // a source fills the bronze table
	earlier  bool     // its rows are some of an earlier run's: see Model.KeepCustomers
	gathered *derived // what the lines say; nil where they say nothing
	inferred bitset   // rows

	mu    sync.Mutex // of late
	late  *pipeline.Dictionary
	named bitset // by rowOf: inferred and late rows that fact rows name; written by Finish

	order []int32 // see inOrder
}

func newKnown(spec *dimensionSpec, hasFile bool, scratch *pipeline.Scratch) *known {
	if scratch == nil {
		scratch = new(pipeline.Scratch)
	}
	return &known{dimension: newDimension(spec, scratch), hasFile: hasFile, late: pipeline.NewDictionary()}
}

// freeze takes in what the key scan derived.
func (k *known) freeze(parts []*derived) error {
	var all *derived
	for _, p := range parts {
		if p == nil {
			continue
		}
		p.read.release()
		if all == nil {
			all = p
		} else if err := all.merge(p); err != nil {
			return err
		}
	}
	k.settle()
	if all == nil {
		return nil
	}
	k.gathered = all
	if !k.hasFile {
		k.dimension = all.dimension
		// What lines say is kept as they say it: unify is still to come.
		as := *all.dimension
		as.texts = slices.Clone(as.texts)
		for c := range as.texts {
			as.texts[c].cells = slices.Clone(as.texts[c].cells)
		}
		k.gathered = &derived{dimension: &as, textAges: all.textAges, numberAges: all.numberAges}
		return nil
	}
	var kept []byte
	for row := range all.rows() {
		if !all.filled.has(int32(row)) {
			continue
		}
		to := k.row(all.keys.Bytes(int32(row)))
		if to < 0 {
			return k.spec.full(k.spec.key)
		}
		k.filled.set(to)
		k.inferred = k.inferred.extend(k.rows())
		k.inferred.set(to)
		for c := range k.texts {
			if v, t := all.texts[c].text(row), &k.texts[c]; len(v) > 0 && t.values != nil {
				if t.cells[to] = t.values.Code(v); t.cells[to] < 0 {
					return k.spec.full(k.spec.texts[c].name)
				}
			}
		}
		kept = kept[:0]
		for _, c := range k.plain {
			kept = appendText(kept, all.texts[c].text(row))
		}
		if err := k.kept.set(to, kept); err != nil {
			return err
		}
		for c := range k.numbers {
			k.numbers[c].set(int(to), all.numbers[c].at(row))
		}
	}
	for c := range k.negative {
		k.negative[c] += all.negative[c]
	}
	return nil
}

// rowOf returns the row of a cleaned key; that of a key which has none is at or
// beyond rows. It may be called concurrently once the model is frozen. It
// returns -1 where there is no room for more keys.
func (k *known) rowOf(key []byte) int32 {
	if row := k.find(key); row >= 0 {
		return row
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	late := k.late.Code(key)
	if late < 0 {
		return -1
	}
	return int32(k.rows()) + late
}

// rowAt is rowOf for a key that has a code in a dictionary over keys.
func (k *known) rowAt(code int32, key []byte) int32 {
	if int(code) < k.rows() && k.filled.has(code) {
		return code
	}
	return k.rowOf(key)
}

// nameAll notes which rows fact rows name: used are codes of keys, counted from first.
func (k *known) nameAll(keys *pipeline.Dictionary, used bitset, first int32) {
	for code := range int32(keys.Len()) {
		if used.has(code + first) {
			row := k.rowAt(code, keys.Bytes(code))
			k.named = k.named.extend(k.rows() + k.late.Len())
			k.named.set(row)
		}
	}
}

// present reports whether a row is part of the dimension, or of what is new in it.
func (k *known) present(row int) bool {
	if row < k.rows() && !k.inferred.has(int32(row)) {
		return k.filled.has(int32(row)) && !k.earlier
	}
	return k.named.has(int32(row))
}

// count returns how many rows the dimension has, and how many of them stand for
// no record of the bronze table.
func (k *known) count() (rows, added int64) {
	for row := range k.rows() + k.late.Len() {
		if k.present(row) {
			rows++
			if !k.hasFile || row >= k.rows() || k.inferred.has(int32(row)) {
				added++
			}
		}
	}
	return rows, added
}

func (k *known) key(row int) []byte {
	if late := row - k.rows(); late >= 0 {
		return k.late.Bytes(int32(late))
	}
	return k.keys.Bytes(int32(row))
}

// inOrder returns the rows that are part of the dimension, ascending by key in
// byte order. Every fact row has been named.
func (k *known) inOrder() []int32 {
	if k.order != nil {
		return k.order
	}
	k.order = []int32{}
	sorted := true
	for row := range k.rows() + k.late.Len() {
		if !k.present(row) {
			continue
		}
		if n := len(k.order); n > 0 && bytes.Compare(k.key(int(k.order[n-1])), k.key(row)) > 0 {
			sorted = false
		}
		k.order = append(k.order, int32(row))
	}
	if sorted {
		return k.order
	}
	type entry struct {
		start uint64 // the key's first bytes
		row   int32
	}
	entries := make([]entry, len(k.order))
	var start [8]byte
	for i, row := range k.order {
		clear(start[copy(start[:], k.key(int(row))):])
		entries[i] = entry{binary.BigEndian.Uint64(start[:]), row}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.start != b.start {
			if a.start < b.start {
				return -1
			}
			return 1
		}
		return bytes.Compare(k.key(int(a.row)), k.key(int(b.row)))
	})
	for i, e := range entries {
		k.order[i] = e.row
	}
	return k.order
}
