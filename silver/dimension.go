package silver

import (
	"bytes"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// dimensionSpec declares how the columns of a bronze table become the rows of
// a dimension.
type dimensionSpec struct {
	bronze  *pipeline.Table
	key     string
	texts   []textColumn
	numbers []numberColumn
	latest  []int // numbers that decide which row wins, most important first
}

// textColumn is a bronze text column and its rule: what is appended to dst for
// a cleaned text; nothing for NULL. A nil rule keeps the text.
type textColumn struct {
	name string
	rule func(dst, cleaned []byte) []byte
}

// numberColumn is a bronze column of amounts, days or times.
type numberColumn struct {
	name     string
	positive bool // a negative value is NULL, with a warning
}

func (s *dimensionSpec) column(name string) pipeline.Column {
	return s.bronze.Columns[s.bronze.MustIndex(name)]
}

// text returns the position of the named text column.
func (s *dimensionSpec) text(name string) int {
	return slices.IndexFunc(s.texts, func(c textColumn) bool { return c.name == name })
}

// dimension holds one row per key: texts as codes of a dictionary per column or,
// where few of them come twice, as they are; all else as numbers. It belongs to one
// goroutine while it grows and may be read by many afterwards.
type dimension struct {
	spec    *dimensionSpec
	keys    *pipeline.Dictionary // the code of a key is its row
	filled  bitset               // rows; others are keys of dictionaries that no record had
	texts   []texts
	plain   []int       // of texts, those that are no codes in bronze: few of their texts come twice
	kept    *plainTexts // their texts; nil where they are codes of dictionaries too
	numbers []cells
	places  []int64 // where the record that won stands in record order; nil where records come in order

	negative []int64 // per number column: values that were negative, for a warning
}

// newDimension returns an empty dimension, which has kept texts where a scratch
// for them is given.
func newDimension(spec *dimensionSpec, scratch *pipeline.Scratch) *dimension {
	d := &dimension{spec: spec, keys: pipeline.NewDictionary()}
	d.texts = make([]texts, len(spec.texts))
	for i, c := range spec.texts {
		if !arrow.TypeEqual(spec.column(c.name).Type, pipeline.CodeType) {
			d.plain = append(d.plain, i)
			if scratch != nil {
				continue
			}
		}
		d.texts[i].values = pipeline.NewDictionary()
	}
	if scratch != nil {
		d.kept = &plainTexts{scratch: scratch, columns: len(d.plain)}
	}
	d.numbers = make([]cells, len(spec.numbers))
	for i, c := range spec.numbers {
		d.numbers[i].dates = spec.column(c.name).Type == pipeline.DateType
	}
	d.negative = make([]int64, len(spec.numbers))
	return d
}

func (d *dimension) rows() int { return d.keys.Len() }

// find returns the row of a cleaned key, or -1.
func (d *dimension) find(key []byte) int32 {
	if row := d.keys.Find(key); row >= 0 && d.filled.has(row) {
		return row
	}
	return -1
}

// row returns the row of a cleaned key, a new one of NULLs, not filled, if it
// has none; -1 where the keys are full.
func (d *dimension) row(key []byte) int32 {
	had := d.rows()
	row := d.keys.Code(key)
	if d.rows() == had {
		return row
	}
	d.filled = d.filled.extend(d.rows())
	for c := range d.texts {
		if t := &d.texts[c]; t.values != nil {
			t.cells = append(t.cells, -1)
		}
	}
	if d.kept != nil {
		d.kept.row()
	}
	for c := range d.numbers {
		d.numbers[c].row()
	}
	return row
}

// text returns the named text column.
func (d *dimension) text(name string) *texts { return &d.texts[d.spec.text(name)] }

// number returns the named number column.
func (d *dimension) number(name string) *cells {
	return &d.numbers[slices.IndexFunc(d.spec.numbers, func(c numberColumn) bool { return c.name == name })]
}

// full is the error of a column whose distinct texts pass Arrow's limit.
func (s *dimensionSpec) full(column string) error {
	return &pipeline.Error{Kind: pipeline.ErrData, Table: s.bronze.Name, Column: column,
		Msg: "more than 2 GiB of different texts, which is more than a dimension can hold"}
}

// dimensionReader reads bronze batches for a dimension: per row the row of its
// key and its cleaned values. It belongs to one goroutine.
type dimensionReader struct {
	dim     *dimension
	clean   cleaner
	key     textReader
	texts   []textReader          // of those that are codes
	columns []int                 // positions in the bronze table: key, texts, numbers
	place   func(file []byte) int // see Model.AnyOrder; nil = records come in order

	values  [][]int64 // of the batch, per number column
	ruled   []byte    // scratch
	kept    []byte    // scratch: the kept texts of a row
	tooLong string    // column that is full
}

// newDimensionReader returns a reader for d. Keys that skip reports are left
// out; nil leaves out none.
func newDimensionReader(d *dimension, skip func(key []byte) bool) *dimensionReader {
	r := &dimensionReader{dim: d}
	r.key = newTextReader(func(v []byte) int32 {
		v = r.clean.clean(v)
		if len(v) == 0 || skip != nil && skip(v) {
			return -1
		}
		row := d.row(v)
		if row < 0 {
			r.tooLong = d.spec.key
		}
		return row
	})
	r.columns = append(r.columns, d.spec.bronze.MustIndex(d.spec.key))
	for i, c := range d.spec.texts {
		values := d.texts[i].values
		r.texts = append(r.texts, newTextReader(func(v []byte) int32 {
			if v = r.cleaned(c, v); len(v) == 0 {
				return -1
			}
			code := values.Code(v)
			if code < 0 {
				r.tooLong = c.name
			}
			return code
		}))
		r.columns = append(r.columns, d.spec.bronze.MustIndex(c.name))
	}
	for _, c := range d.spec.numbers {
		r.columns = append(r.columns, d.spec.bronze.MustIndex(c.name))
	}
	r.values = make([][]int64, len(d.spec.numbers))
	return r
}

// cleaned returns a column's text as silver has it, empty for NULL; it is valid
// until the next call.
func (r *dimensionReader) cleaned(c textColumn, v []byte) []byte {
	if v = r.clean.clean(v); c.rule != nil && len(v) > 0 {
		r.ruled = c.rule(r.ruled[:0], v)
		v = r.ruled
	}
	return v
}

// bind makes the reader read a batch of the bronze table.
func (r *dimensionReader) bind(rec arrow.Record) error {
	if err := r.dim.spec.bronze.Check(rec); err != nil {
		return err
	}
	r.key.bind(rec.Column(r.columns[0]))
	for i := range r.texts {
		if r.dim.texts[i].values != nil {
			r.texts[i].bind(rec.Column(r.columns[1+i]))
		}
	}
	for i := range r.values {
		r.values[i] = numbers(r.values[i], rec.Column(r.columns[1+len(r.texts)+i]))
	}
	return nil
}

// err reports what went wrong while rows were read.
func (r *dimensionReader) err() error {
	if r.tooLong == "" {
		return nil
	}
	return r.dim.spec.full(r.tooLong)
}

func (r *dimensionReader) release() {
	r.key.release()
	for i := range r.texts {
		r.texts[i].release()
	}
}

// addLatest adds a batch of records, in record order unless place says where they stand: of one key the record
// with the highest spec.latest wins, of equal ones the last. missing is called
// for each record without a key. It returns how many records met a key that
// was there already.
func (r *dimensionReader) addLatest(rec arrow.Record, missing func(i int) error) (repeated int64, err error) {
	if err := r.bind(rec); err != nil {
		return 0, err
	}
	d := r.dim
	for i := range int(rec.NumRows()) {
		row := r.key.code(i)
		switch {
		case row < 0 && r.tooLong != "":
			return 0, r.err()
		case row < 0:
			if err := missing(i); err != nil {
				return 0, err
			}
			continue
		case d.filled.has(row):
			repeated++
			if r.older(rec, i, row) {
				continue
			}
		}
		d.filled.set(row)
		if r.place != nil {
			d.places = append(d.places, make([]int64, max(0, d.rows()-len(d.places)))...)
			d.places[row] = r.placeOf(rec, i)
		}
		for c := range r.texts {
			if t := &d.texts[c]; t.values != nil {
				t.cells[row] = r.texts[c].code(i)
			}
		}
		if err := r.keep(rec, i, row); err != nil {
			return 0, err
		}
		for c := range r.values {
			d.numbers[c].set(int(row), r.values[c][i])
		}
	}
	return repeated, r.err()
}

// keep gives a row the texts of record i that are kept.
func (r *dimensionReader) keep(rec arrow.Record, i int, row int32) error {
	d := r.dim
	if d.kept == nil {
		return nil
	}
	r.kept = r.kept[:0]
	for _, c := range d.plain {
		v, _ := textAt(rec.Column(r.columns[1+c]), i)
		r.kept = appendText(r.kept, r.cleaned(d.spec.texts[c], v))
	}
	return d.kept.set(row, r.kept)
}

// older reports whether record i of the batch loses against the row.
func (r *dimensionReader) older(rec arrow.Record, i int, row int32) bool {
	for _, c := range r.dim.spec.latest {
		if v, had := r.values[c][i], r.dim.numbers[c].at(int(row)); v != had {
			return v < had
		}
	}
	return r.place != nil && r.placeOf(rec, i) < r.dim.places[row]
}

// settle applies the rules for numbers to the rows that won and counts what
// they dropped.
func (d *dimension) settle() {
	for c, spec := range d.spec.numbers {
		if !spec.positive {
			continue
		}
		for row, v := range d.numbers[c].longs {
			if v < 0 && v != null {
				d.numbers[c].longs[row] = null
				d.negative[c]++
			}
		}
	}
}

// unify gives each value of a text column one spelling. Texts that are equal
// in lower case and without white space are one value; the spelling that most
// rows have wins, ties go to the first in byte order. Inferred rows follow, and
// decide only about values that no other row has.
func (d *dimension) unify(column string, inferred bitset) {
	t := d.text(column)
	votes := make([]int64, t.values.Len()) // rows of each spelling
	others := make([]int64, t.values.Len())
	for row, c := range t.cells {
		if c >= 0 && d.filled.has(int32(row)) {
			if inferred.has(int32(row)) {
				others[c]++
			} else {
				votes[c]++
			}
		}
	}
	better := func(a, b int32) bool {
		if votes[a] != votes[b] {
			return votes[a] > votes[b]
		}
		if votes[a] == 0 && others[a] != others[b] {
			return others[a] > others[b]
		}
		return bytes.Compare(t.values.Bytes(a), t.values.Bytes(b)) < 0
	}
	folded := pipeline.NewDictionary()
	var best []int32 // by folded value: the spelling
	value := make([]int32, t.values.Len())
	var buf []byte
	for c := range int32(t.values.Len()) {
		buf = appendFolded(buf[:0], t.values.Bytes(c))
		v := folded.Code(buf)
		value[c] = v
		if int(v) == len(best) {
			best = append(best, c)
		} else if better(c, best[v]) {
			best[v] = c
		}
	}
	for row, c := range t.cells {
		if c >= 0 {
			t.cells[row] = best[value[c]]
		}
	}
}
