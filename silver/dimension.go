package silver

import (
	"bytes"
	"math"
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

// text returns the position of the named text column.
func (s *dimensionSpec) text(name string) int {
	return slices.IndexFunc(s.texts, func(c textColumn) bool { return c.name == name })
}

// dimension holds one row per key, in memory: texts as codes of a dictionary
// per column, all else as int64. It belongs to one goroutine while it grows
// and may be read by many afterwards.
type dimension struct {
	spec    *dimensionSpec
	keys    *pipeline.Dictionary // the code of a key is its row
	filled  []bool               // per row; others are keys of dictionaries that no record had
	texts   []texts
	plain   []int     // of texts, those that are no codes in bronze: few of their texts come twice
	numbers [][]int64 // null for NULL

	negative []int64 // per number column: values that were negative, for a warning
}

// texts is a text column of a dimension.
type texts struct {
	values *pipeline.Dictionary // nil where texts are kept in list
	list   textList
	cells  []int32 // codes; -1 for NULL
}

// text returns the text of a row; empty for NULL.
func (t *texts) text(row int) []byte {
	switch c := t.cells[row]; {
	case c < 0:
		return nil
	case t.values == nil:
		return t.list.bytes(c)
	default:
		return t.values.Bytes(c)
	}
}

// code returns a code of a text that is for a row, or for none where row is
// negative; -1 where there is no room.
func (t *texts) code(text []byte, row int32) int32 {
	if t.values != nil {
		return t.values.Code(text)
	}
	if row >= 0 && t.cells[row] >= 0 && bytes.Equal(t.list.bytes(t.cells[row]), text) {
		return t.cells[row]
	}
	return t.list.add(text)
}

// textList keeps texts that are nearly all different: each gets a code of its
// own, and none is looked up.
type textList struct {
	data []byte
	ends []uint32
}

func (l *textList) bytes(code int32) []byte {
	start := uint32(0)
	if code > 0 {
		start = l.ends[code-1]
	}
	return l.data[start:l.ends[code]]
}

// add returns -1 where the texts would pass 2 GiB.
func (l *textList) add(text []byte) int32 {
	if len(l.data)+len(text) > math.MaxInt32 {
		return -1
	}
	l.data = append(l.data, text...)
	l.ends = append(l.ends, uint32(len(l.data)))
	return int32(len(l.ends) - 1)
}

// newDimension returns an empty dimension. lists says that plain text columns
// become textLists.
func newDimension(spec *dimensionSpec, lists bool) *dimension {
	d := &dimension{spec: spec, keys: pipeline.NewDictionary()}
	d.texts = make([]texts, len(spec.texts))
	for i, c := range spec.texts {
		if plain := !arrow.TypeEqual(spec.bronze.Columns[spec.bronze.MustIndex(c.name)].Type, pipeline.CodeType); plain {
			d.plain = append(d.plain, i)
			if lists {
				continue
			}
		}
		d.texts[i].values = pipeline.NewDictionary()
	}
	d.numbers = make([][]int64, len(spec.numbers))
	d.negative = make([]int64, len(spec.numbers))
	return d
}

func (d *dimension) rows() int { return d.keys.Len() }

// find returns the row of a cleaned key, or -1.
func (d *dimension) find(key []byte) int32 {
	if row := d.keys.Find(key); row >= 0 && d.filled[row] {
		return row
	}
	return -1
}

// row returns the row of a cleaned key, a new one of NULLs, not filled, if it
// has none; -1 where the keys are full.
func (d *dimension) row(key []byte) int32 {
	row := d.keys.Code(key)
	if int(row) < len(d.filled) {
		return row
	}
	d.filled = append(d.filled, false)
	for c := range d.texts {
		d.texts[c].cells = append(d.texts[c].cells, -1)
	}
	for c := range d.numbers {
		d.numbers[c] = append(d.numbers[c], null)
	}
	return row
}

// text returns the named text column.
func (d *dimension) text(name string) *texts { return &d.texts[d.spec.text(name)] }

// number returns the values of the named number column.
func (d *dimension) number(name string) []int64 {
	return d.numbers[slices.IndexFunc(d.spec.numbers, func(c numberColumn) bool { return c.name == name })]
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
	ruled   []byte
	row     int32 // that texts are read for; negative where it is not known
	key     textReader
	texts   []textReader
	columns []int // positions in the bronze table: key, texts, numbers

	values  [][]int64 // of the batch, per number column
	tooLong string    // column that is full
}

// newDimensionReader returns a reader for d. Keys that skip reports are left
// out; nil leaves out none.
func newDimensionReader(d *dimension, skip func(key []byte) bool) *dimensionReader {
	r := &dimensionReader{dim: d, row: -1}
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
		values := &d.texts[i]
		r.texts = append(r.texts, newTextReader(func(v []byte) int32 {
			v = r.clean.clean(v)
			if c.rule != nil && len(v) > 0 {
				r.ruled = c.rule(r.ruled[:0], v)
				v = r.ruled
			}
			if len(v) == 0 {
				return -1
			}
			code := values.code(v, r.row)
			if code < 0 {
				r.tooLong = c.name
			}
			return code
		}))
		r.texts[i].sparse = values.values == nil
		r.columns = append(r.columns, d.spec.bronze.MustIndex(c.name))
	}
	for _, c := range d.spec.numbers {
		r.columns = append(r.columns, d.spec.bronze.MustIndex(c.name))
	}
	r.values = make([][]int64, len(d.spec.numbers))
	return r
}

// bind makes the reader read a batch of the bronze table.
func (r *dimensionReader) bind(rec arrow.Record) error {
	if err := r.dim.spec.bronze.Check(rec); err != nil {
		return err
	}
	r.key.bind(rec.Column(r.columns[0]))
	for i := range r.texts {
		r.texts[i].bind(rec.Column(r.columns[1+i]))
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

// addLatest adds a batch of records in record order: of one key the record
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
		case d.filled[row]:
			repeated++
			if r.older(i, row) {
				continue
			}
		}
		d.filled[row], r.row = true, row
		for c := range r.texts {
			d.texts[c].cells[row] = r.texts[c].code(i)
		}
		for c := range r.values {
			d.numbers[c][row] = r.values[c][i]
		}
	}
	return repeated, r.err()
}

// older reports whether record i of the batch loses against the row.
func (r *dimensionReader) older(i int, row int32) bool {
	for _, c := range r.dim.spec.latest {
		if v, had := r.values[c][i], r.dim.numbers[c][row]; v != had {
			return v < had
		}
	}
	return false
}

// settle applies the rules for numbers to the rows that won and counts what
// they dropped.
func (d *dimension) settle() {
	for c, spec := range d.spec.numbers {
		if !spec.positive {
			continue
		}
		for row, v := range d.numbers[c] {
			if v < 0 && v != null {
				d.numbers[c][row] = null
				d.negative[c]++
			}
		}
	}
}

// unify gives each value of a text column one spelling. Texts that are equal
// in lower case and without white space are one value; the spelling that most
// rows have wins, ties go to the first in byte order. Inferred rows follow, and
// decide only about values that no other row has.
func (d *dimension) unify(column string, inferred []bool) {
	t := d.text(column)
	votes := make([]int64, t.values.Len()) // rows of each spelling
	others := make([]int64, t.values.Len())
	for row, c := range t.cells {
		if c >= 0 && d.filled[row] {
			if inferred[row] {
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
