package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
)

// derived is a dimension that is gathered from sales lines: each column takes
// its latest value that is not NULL, wherever the line stands. Workers gather
// apart and are merged; the outcome does not depend on who saw which line.
type derived struct {
	*dimension
	read *dimensionReader
	// When the value of each cell was current, per text and number column.
	textAges, numberAges [][]age
	updated              int // number column that holds updated_at
}

// age orders the versions of a value: by updated_at, NULL lowest, then by the
// place of the line in record order.
type age struct {
	updated int64
	at      int64 // file, then record number
}

func (a age) less(b age) bool {
	return a.updated < b.updated || a.updated == b.updated && a.at < b.at
}

// place is a record's place in record order; files are numbered below 2^22.
func place(file int, row int64) int64 { return int64(file)<<40 | row }

// newDerived returns an empty derived dimension that leaves out the keys that
// skip reports.
func newDerived(spec *dimensionSpec, skip func(key []byte) bool) *derived {
	d := &derived{dimension: newDimension(spec, nil), updated: spec.latest[0]}
	d.read = newDimensionReader(d.dimension, skip)
	d.textAges = make([][]age, len(spec.texts))
	d.numberAges = make([][]age, len(spec.numbers))
	return d
}

// add adds a batch of lines of one file.
func (d *derived) add(file int, rec arrow.Record) error {
	r := d.read
	if err := r.bind(rec); err != nil {
		return err
	}
	source := numbers(nil, rec.Column(d.spec.bronze.MustIndex("_source_row")))
	updated := r.values[d.updated]
	for i := range source {
		row := r.key.code(i)
		if row >= 0 {
			d.filled.set(row)
		}
	}
	for c := range r.texts {
		if r.texts[c].nothing {
			continue
		}
		d.textAges[c] = extend(d.textAges[c], d.rows())
		cells, ages := d.texts[c].cells, d.textAges[c]
		for i := range source {
			row := r.key.code(i)
			if row < 0 {
				continue
			}
			if v := r.texts[c].code(i); v >= 0 {
				if now := (age{updated[i], place(file, source[i])}); cells[row] < 0 || ages[row].less(now) {
					cells[row], ages[row] = v, now
				}
			}
		}
	}
	for c, values := range r.values {
		if rec.Column(r.columns[1+len(r.texts)+c]).NullN() == len(values) {
			continue
		}
		positive := d.spec.numbers[c].positive
		d.numberAges[c] = extend(d.numberAges[c], d.rows())
		cells, ages := &d.numbers[c], d.numberAges[c]
		for i, v := range values {
			row := r.key.code(i)
			if row < 0 || v == null {
				continue
			}
			if positive && v < 0 {
				d.negative[c]++
				continue
			}
			if now := (age{updated[i], place(file, source[i])}); cells.at(int(row)) == null || ages[row].less(now) {
				cells.set(int(row), v)
				ages[row] = now
			}
		}
	}
	return r.err()
}

// extend makes s at least n long.
func extend[T any](s []T, n int) []T {
	if n > len(s) {
		s = append(s, make([]T, n-len(s))...)
	}
	return s
}

// merge adds what another worker gathered.
func (d *derived) merge(o *derived) error {
	rows := make([]int32, o.rows())
	for row := range rows {
		rows[row] = -1
		if o.filled.has(int32(row)) {
			to := d.row(o.keys.Bytes(int32(row)))
			if to < 0 {
				return d.spec.full(d.spec.key)
			}
			rows[row] = to
			d.filled.set(to)
		}
	}
	for c := range o.texts {
		if len(o.textAges[c]) == 0 {
			continue
		}
		codes := make([]int32, o.texts[c].values.Len())
		for i := range codes {
			if codes[i] = d.texts[c].values.Code(o.texts[c].values.Bytes(int32(i))); codes[i] < 0 {
				return d.spec.full(d.spec.texts[c].name)
			}
		}
		d.textAges[c] = extend(d.textAges[c], d.rows())
		for row, v := range o.texts[c].cells {
			if to := rows[row]; to >= 0 && v >= 0 {
				if had := d.texts[c].cells[to]; had < 0 || d.textAges[c][to].less(o.textAges[c][row]) {
					d.texts[c].cells[to], d.textAges[c][to] = codes[v], o.textAges[c][row]
				}
			}
		}
	}
	for c := range o.numbers {
		d.negative[c] += o.negative[c]
		if len(o.numberAges[c]) == 0 {
			continue
		}
		d.numberAges[c] = extend(d.numberAges[c], d.rows())
		for row, to := range rows {
			if v := o.numbers[c].at(row); to >= 0 && v != null {
				if had := d.numbers[c].at(int(to)); had == null || d.numberAges[c][to].less(o.numberAges[c][row]) {
					d.numbers[c].set(int(to), v)
					d.numberAges[c][to] = o.numberAges[c][row]
				}
			}
		}
	}
	return nil
}
