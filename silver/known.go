package silver

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// known is a dimension of the model with the keys that have no record of their
// own: those that the lines describe (inferred rows, kept only if a fact row
// names them) and those that turn up during the main scan (late keys).
type known struct {
	*dimension
	hasFile  bool   // a source fills the bronze table
	inferred []bool // by row

	mu    sync.Mutex // of late
	late  *pipeline.Dictionary
	named []bool // by rowOf: inferred and late rows that fact rows name; written by Finish
}

func newKnown(spec *dimensionSpec, hasFile bool) *known {
	return &known{dimension: newDimension(spec, true), hasFile: hasFile, late: pipeline.NewDictionary()}
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
	k.inferred = make([]bool, k.rows())
	if all == nil {
		return nil
	}
	if !k.hasFile {
		k.dimension, k.inferred = all.dimension, make([]bool, all.rows())
		return nil
	}
	for row := range all.rows() {
		if !all.filled[row] {
			continue
		}
		to := k.row(all.keys.Bytes(int32(row)))
		if to < 0 {
			return k.spec.full(k.spec.key)
		}
		k.filled[to] = true
		k.inferred = extend(k.inferred, k.rows())
		k.inferred[to] = true
		for c := range k.texts {
			if v := all.texts[c].text(row); len(v) > 0 {
				if k.texts[c].cells[to] = k.texts[c].code(v, -1); k.texts[c].cells[to] < 0 {
					return k.spec.full(k.spec.texts[c].name)
				}
			}
		}
		for c := range k.numbers {
			k.numbers[c][to] = all.numbers[c][row]
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
	if int(code) < k.rows() && k.filled[code] {
		return code
	}
	return k.rowOf(key)
}

// name notes that fact rows name a row.
func (k *known) name(row int32) {
	k.named = extend(k.named, k.rows()+k.late.Len())
	k.named[row] = true
}

// present reports whether a row is part of the dimension.
func (k *known) present(row int) bool {
	if row >= k.rows() || k.inferred[row] {
		return row < len(k.named) && k.named[row]
	}
	return k.filled[row]
}

// count returns how many rows the dimension has, and how many of them stand for
// no record of the bronze table.
func (k *known) count() (rows, added int64) {
	for row := range k.rows() + k.late.Len() {
		if k.present(row) {
			rows++
			if !k.hasFile || row >= k.rows() || k.inferred[row] {
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

// output builds the columns of the dimension's table.
type output struct {
	*known
	mem   memory.Allocator
	order []int32 // the rows, by key ascending in byte order
	large bool    // a text column passed Arrow's limit
}

func (k *known) output(mem memory.Allocator) *output {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	type entry struct {
		start uint64 // the key's first bytes
		row   int32
	}
	var entries []entry
	var start [8]byte
	for row := range k.rows() + k.late.Len() {
		if k.present(row) {
			clear(start[copy(start[:], k.key(row)):])
			entries = append(entries, entry{binary.BigEndian.Uint64(start[:]), int32(row)})
		}
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
	o := &output{known: k, mem: mem, order: make([]int32, len(entries))}
	for i, e := range entries {
		o.order[i] = e.row
	}
	return o
}

// strings returns a text column whose values get gives; empty is NULL.
func (o *output) strings(get func(row int) []byte) arrow.Array {
	w := newStringWriter(o.mem, len(o.order), 0)
	size := 0
	for _, row := range o.order {
		v := get(int(row))
		if size += len(v); size > math.MaxInt32 {
			o.large, v = true, nil
		}
		w.text(v)
	}
	return w.done()
}

// codes returns a text column dictionary-encoded. rule, where given, turns each
// text, or NULL as an empty one, into what the column holds; empty is NULL. The
// dictionary holds the values in order of appearance.
func (o *output) codes(name string, rule func(text []byte) []byte) arrow.Array {
	t := o.dimension.text(name)
	values := pipeline.NewDictionary()
	codes := make([]int32, len(o.order))
	const unknown = -2
	to := make([]int32, t.values.Len()+1) // by the column's code + 1
	for i := range to {
		to[i] = unknown
	}
	for i, row := range o.order {
		from := int32(-1)
		if int(row) < o.rows() {
			from = t.cells[row]
		}
		if to[from+1] == unknown {
			var v []byte
			if from >= 0 {
				v = t.values.Bytes(from)
			}
			if rule != nil {
				v = rule(v)
			}
			if to[from+1] = -1; len(v) > 0 {
				to[from+1] = values.Code(v)
			}
		}
		codes[i] = to[from+1]
	}
	return codesArray(o.mem, codes, values.Values())
}

// text returns a function that gives a text column's values.
func (o *output) text(name string) func(row int) []byte {
	t := o.dimension.text(name)
	return func(row int) []byte {
		if row >= o.rows() {
			return nil
		}
		return t.text(row)
	}
}

// number returns a number column's values, null for NULL.
func (o *output) number(name string) []int64 {
	values := o.dimension.number(name)
	out := make([]int64, len(o.order))
	for i, row := range o.order {
		out[i] = null
		if int(row) < o.rows() {
			out[i] = values[row]
		}
	}
	return out
}

// isInferred returns the column is_inferred.
func (o *output) isInferred() arrow.Array {
	b := array.NewBooleanBuilder(o.mem)
	defer b.Release()
	for _, row := range o.order {
		b.Append(int(row) >= o.rows() || o.inferred[row])
	}
	return b.NewArray()
}

// record makes a table's record batch of columns, which it takes over.
func (o *output) record(t *pipeline.Table, columns []arrow.Array) (arrow.Record, error) {
	rec := array.NewRecord(t.Schema, columns, int64(len(o.order)))
	for _, c := range columns {
		c.Release()
	}
	if o.large {
		rec.Release()
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Msg: "a column holds more than 2 GiB of text, which is more than a dimension can hold"}
	}
	return rec, nil
}
