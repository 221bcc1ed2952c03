package check

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// unique notes the keys of the rows that have one: as dense ones where they are
// such, else as runs.
func (y *tally) unique(st *state, keys *runWriter, rec arrow.Record, picks []int) error {
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
	add := func(row int) error {
		whole := true
		if y.key, whole = columns[0](y.key[:0], row); !whole {
			return nil
		}
		if err := keys.begin(y.key); err != nil {
			return err
		}
		y.key = y.key[:0]
		for i := 1; i < len(columns) && whole; i++ {
			y.key, whole = columns[i](y.key, row)
		}
		if whole {
			keys.add(y.key)
		}
		return nil
	}
	shapes := shapesOf(arrays)
	if shapes == nil || picks != nil {
		for row := range rowsOf(int(rec.NumRows()), picks) {
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	}
	for row, rows := 0, int(rec.NumRows()); row < rows; {
		h, ok := shapes.at(row)
		end := row + int(h.rows)
		if known, found := shapes.known[h]; ok && found {
			y.key, _ = columns[0](y.key[:0], row)
			if err := keys.begin(y.key); err != nil {
				return err
			}
			if keys.rows == 0 {
				keys.addAll(known, int(h.rows))
				row = end
				continue
			}
		}
		for i := row; i < end; i++ {
			if err := add(i); err != nil {
				return err
			}
		}
		if ok && keys.rows == int(h.rows) && !keys.unordered {
			shapes.known[h] = bytes.Clone(keys.rest)
		}
		row = end
	}
	return nil
}

// uniqueDense is unique for keys of dictionaries and one integer; false where the
// batch is otherwise, or the integers lie too far apart: then all keys are in runs.
func (y *tally) uniqueDense(st *state, keys *runWriter, arrays []arrow.Array, columns []appender, picks []int) (bool, error) {
	numbers := arrays[st.number]
	var wide []int64
	var narrow []int32
	switch c := numbers.(type) {
	case *array.Int64:
		wide = c.Int64Values()
	case *array.Int32:
		narrow = c.Int32Values()
	}
	fits := true
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
		fits = false
	}
	d := st.dense
	if !fits || d.sparse() {
		st.dense = nil
		return false, st.undense(d, keys)
	}
	restOf := func(row int) int {
		y.key = y.key[:0]
		for i, add := range columns {
			if i != st.number {
				y.key, _ = add(y.key, row)
			}
		}
		return d.rest(y.key)
	}
	nulls := numbers.NullN() > 0
	if picks == nil && !nulls && !slices.ContainsFunc(dictionaries, func(codes []int32) bool { return !constant(codes) }) {
		if wide != nil {
			addAll(d, restOf(0), wide)
		} else {
			addAll(d, restOf(0), narrow)
		}
		return true, nil
	}
	rest := -1
	before := make([]int32, len(dictionaries))
	for row := range rowsOf(numbers.Len(), picks) {
		if nulls && numbers.IsNull(row) {
			continue
		}
		same := rest >= 0
		for i, codes := range dictionaries {
			same = same && codes[row] == before[i]
			before[i] = codes[row]
		}
		if !same {
			rest = restOf(row)
		}
		if wide != nil {
			d.add(rest, wide[row])
		} else {
			d.add(rest, int64(narrow[row]))
		}
	}
	return true, nil
}

// constant reports whether all codes are the same.
func constant(codes []int32) bool {
	for _, c := range codes {
		if c != codes[0] {
			return false
		}
	}
	return true
}

// undense puts dense keys into runs.
func (st *state) undense(d *dense, keys *runWriter) error {
	return d.each(func(rest []byte, v int64) error {
		first, others := st.joined(rest, v)
		if err := keys.begin(first); err != nil {
			return err
		}
		keys.add(others)
		return nil
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
		if len(r.Samples) < st.kept() {
			r.Samples = append(r.Samples, st.failedKey(slices.Concat(first, rest), rows))
		}
	}
	if st.rowKeys.empty() {
		for _, key := range slices.Sorted(maps.Keys(st.dense.more)) {
			first, rest := st.joined([]byte(key[8:]), int64(binary.BigEndian.Uint64([]byte(key))))
			found(first, rest, st.dense.more[key]+1)
		}
		return nil
	}
	w := st.rowKeys.writer() // some writers had keys that are not dense
	if err := st.undense(st.dense, w); err != nil {
		return err
	}
	w.done()
	if err := st.rowKeys.flush(); err != nil {
		return err
	}
	return newFinder(st.rowKeys).each(found)
}
