package check

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// unique notes the keys of the rows that have one: as dense ones where they are
// such, else as runs.
func (y *tally) unique(st *state, keys *bagWriter, rec arrow.Record, picks []int) error {
	arrays, columns := make([]arrow.Array, len(st.Columns)), make([]appender, len(st.Columns))
	for i, name := range st.Columns {
		var err error
		if arrays[i], err = named(rec, name); err != nil {
			return err
		}
		if columns[i], err = appenderOf(name, arrays[i]); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(arrays, func(a arrow.Array) bool { return a.NullN() == a.Len() }) {
		return nil
	}
	if st.dense != nil {
		done, err := y.uniqueDense(st, keys, arrays, columns, picks)
		if done || err != nil {
			return err
		}
	}
	r := &y.run
	for row := range rowsOf(int(rec.NumRows()), picks) {
		var whole bool
		if y.key, whole = columns[0](y.key[:0], row); !whole {
			continue
		}
		if !bytes.Equal(y.key, r.first) || len(r.rest) > runBytes {
			if err := keys.addRun(r); err != nil {
				return err
			}
			r.first = append(r.first, y.key...)
		}
		y.key = y.key[:0]
		for i := 1; i < len(columns) && whole; i++ {
			y.key, whole = columns[i](y.key, row)
		}
		if whole {
			r.add(y.key)
		}
	}
	return keys.addRun(r)
}

// keyRun is the keys of some rows that share the first column's value, as the lines
// of an order do: it is in the bag once, with the rest of each key.
type keyRun struct {
	first, rest []byte
	rows        int64
}

const runBytes = 4 << 10 // of rest, about

// add adds a row by what its key has after the first column.
func (r *keyRun) add(rest []byte) {
	r.rest = append(binary.AppendUvarint(r.rest, uint64(len(rest))), rest...)
	r.rows++
}

// addRun adds a run to a bag, and empties it.
func (w *bagWriter) addRun(r *keyRun) (err error) {
	if r.rows > 0 {
		err = w.add(r.first, r.rest, r.rows)
	}
	r.first, r.rest, r.rows = r.first[:0], r.rest[:0], 0
	return err
}

// rests are what the keys of a run have after the first column.
func rests(rest []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(rest) > 0 {
			var r []byte
			if r, rest = cut(rest); !yield(r) {
				return
			}
		}
	}
}

// uniqueDense is unique for keys of dictionaries and one integer; false where the
// batch is otherwise, or the integers lie too far apart: then all keys are in bags.
func (y *tally) uniqueDense(st *state, keys *bagWriter, arrays []arrow.Array, columns []appender, picks []int) (bool, error) {
	numbers := arrays[st.number]
	var number func(i int) int64
	switch c := numbers.(type) {
	case *array.Int64:
		number = c.Value
	case *array.Int32:
		number = func(i int) int64 { return int64(c.Value(i)) }
	}
	var dictionaries [][]int32 // their codes
	for i, col := range arrays {
		if i == st.number {
			continue
		}
		d, ok := col.(*array.Dictionary)
		if ok && isNull(col) == nil {
			var codes *array.Int32
			if codes, ok = d.Indices().(*array.Int32); ok {
				dictionaries = append(dictionaries, codes.Int32Values())
				continue
			}
		}
		number = nil
	}
	d := st.dense
	if number == nil || d.sparse() {
		st.dense = nil
		return false, st.undense(d, keys)
	}
	rest := -1
	before := make([]int32, len(dictionaries))
	for row := range rowsOf(numbers.Len(), picks) {
		if numbers.IsNull(row) {
			continue
		}
		same := rest >= 0
		for i, codes := range dictionaries {
			same = same && codes[row] == before[i]
			before[i] = codes[row]
		}
		if !same {
			y.key = y.key[:0]
			for i, add := range columns {
				if i != st.number {
					y.key, _ = add(y.key, row)
				}
			}
			rest = d.rest(y.key)
		}
		d.add(rest, number(row))
	}
	return true, nil
}

// undense puts dense keys into a bag.
func (st *state) undense(d *dense, keys *bagWriter) error {
	var r keyRun
	return d.each(func(rest []byte, v int64) error {
		first, others := st.joined(rest, v)
		r.first = append(r.first, first...)
		r.add(others)
		return keys.addRun(&r)
	})
}

// joined makes the key of a row of a dense one: its first column, and the others.
func (st *state) joined(rest []byte, v int64) (first, others []byte) {
	for i := range st.Columns {
		value := binary.AppendVarint(nil, v)
		if i != st.number {
			n, k := binary.Uvarint(rest)
			value, rest = rest[:k+int(n)], rest[k+int(n):]
		}
		if i == 0 {
			first = value
		} else {
			others = append(others, value...)
		}
	}
	return first, others
}

// repeated counts the rows that share their key with another.
func (s *Suite) repeated(st *state, r *pipeline.CheckResult) error {
	found := func(first, rest []byte, rows int64) {
		r.Failures += rows
		if len(r.Samples) < s.samples {
			r.Samples = append(r.Samples, fmt.Sprintf("%s: %d rows", readKey(st.table, st.Columns, slices.Concat(first, rest)), rows))
		}
	}
	if err := st.keys.flush(); err != nil {
		return err
	}
	if st.keys.empty() {
		for _, key := range slices.Sorted(maps.Keys(st.dense.more)) {
			first, rest := st.joined([]byte(key[8:]), int64(binary.BigEndian.Uint64([]byte(key))))
			found(first, rest, st.dense.more[key]+1)
		}
		return nil
	}
	w := st.keys.writer() // some writers had keys that are not dense
	if err := st.undense(st.dense, w); err != nil {
		return err
	}
	w.done()
	if err := st.keys.flush(); err != nil {
		return err
	}
	for part := range bagParts {
		if err := st.keys.repeated(part, found); err != nil {
			return err
		}
	}
	return nil
}

// repeated hands the keys of a part that several rows have to found.
func (b *bag) repeated(part int, found func(first, rest []byte, rows int64)) error {
	type seen struct {
		first, rest []byte
		before      int32 // what was seen of the same first value before; -1 = nothing
	}
	var all []seen
	var texts []byte
	err := b.each(part, func(first, rest []byte, _ int64) error {
		at := len(texts)
		texts = append(append(texts, first...), rest...)
		all = append(all, seen{texts[at : at+len(first)], texts[at+len(first):], -1})
		return nil
	})
	newest := make([]int32, 1<<bits.Len(uint(2*len(all)))) // 1 + where in all, by hash of the first value
	mask := uint64(len(newest) - 1)
	for i := range all {
		at := xxh3.Hash(all[i].first) / bagParts & mask
		for newest[at] > 0 && !bytes.Equal(all[newest[at]-1].first, all[i].first) {
			at = (at + 1) & mask
		}
		all[i].before = newest[at] - 1
		newest[at] = int32(i + 1)
	}
	for _, at := range newest {
		if at--; at < 0 || all[at].before < 0 && ascending(all[at].rest) {
			continue
		}
		first, rows := all[at].first, map[string]int64{}
		for ; at >= 0; at = all[at].before {
			for rest := range rests(all[at].rest) {
				rows[string(rest)]++
			}
		}
		for _, rest := range slices.Sorted(maps.Keys(rows)) {
			if n := rows[rest]; n > 1 {
				found(first, []byte(rest), n)
			}
		}
	}
	return err
}

// ascending reports whether each key of a run is greater than the one before.
func ascending(rest []byte) bool {
	var before []byte
	for r := range rests(rest) {
		if before != nil && bytes.Compare(before, r) >= 0 {
			return false
		}
		before = r
	}
	return true
}
