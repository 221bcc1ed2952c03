package silver

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// label is a text column on its way from bronze to the fact: it reads cleaned
// texts as codes of a dictionary of its own, and passes the bronze column on as
// it is where cleaning changes nothing. It belongs to one goroutine.
type label struct {
	textReader
	values *pipeline.Dictionary // cleaned texts
	column string               // for errors
	raw    bool                 // provenance: nothing is cleaned
	// rule turns a cleaned text into what the column is to hold; nil = itself.
	rule func(cleaned []byte) []byte
	// added is called with each new code, in order; may be nil.
	added func(code int32, text []byte)

	clean   cleaner
	changed bool // some text differs from bronze's
	own     bool // the column has been written with its own dictionary: it stays so
	full    bool // the dictionary passed Arrow's limit
	loaded  bool // batch holds the bound column
	batch   []int32
}

func newLabel(column string) *label { return newLabelOver(column, pipeline.NewDictionary()) }

// newLabelOver returns a label whose codes begin with the texts of base, which
// are clean and grow no more. addAll tells them to added.
func newLabelOver(column string, base *pipeline.Dictionary) *label {
	l := &label{values: base.Over(), column: column}
	l.textReader = newTextReader(l.read)
	l.memo = newMemo()
	return l
}

func (l *label) read(v []byte) int32 {
	if l.raw {
		return l.add(v)
	}
	text := l.clean.clean(v)
	if l.rule != nil && len(text) > 0 {
		text = l.rule(text)
	}
	if !bytes.Equal(text, v) || len(text) == 0 {
		l.changed = true
	}
	if len(text) == 0 {
		return -1
	}
	return l.add(text)
}

// add returns the code of a text of the column, -1 for an empty one.
func (l *label) add(text []byte) int32 {
	if len(text) == 0 {
		return -1
	}
	n := l.values.Len()
	code := l.values.Code(text)
	if code < 0 {
		l.full = true
		return -1
	}
	if int(code) == n && l.added != nil {
		l.added(code, text)
	}
	return code
}

// addAll calls added for each text that the label began with.
func (l *label) addAll(base *pipeline.Dictionary) {
	for code := range int32(base.Len()) {
		l.added(code, base.Bytes(code))
	}
}

// set makes the label read a column.
func (l *label) set(col arrow.Array) {
	l.bind(col)
	l.loaded = false
}

// load returns the codes of the column's rows.
func (l *label) load() ([]int32, error) {
	if !l.loaded {
		l.batch, l.loaded = l.rows(l.batch), true
	}
	return l.batch, l.err()
}

func (l *label) err() error {
	if l.full {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: FactSales.Name, Column: l.column,
			Msg: "more than 2 GiB of different texts in one worker", Hint: "map a column of fewer different values, or leave it out"}
	}
	return nil
}

// passes reports whether the column may be passed on as it is. Once it may not,
// it never may again, so that readers see one dictionary grow and not two in
// turn.
func (l *label) passes() bool {
	if l.nothing && !l.own && arrow.TypeEqual(l.col.DataType(), pipeline.CodeType) {
		return true
	}
	if l.index == nil || l.changed || l.col.(*array.Dictionary).Dictionary().NullN() > 0 {
		l.own = true
	}
	return !l.own
}

// output returns the column's rows that the spans name.
func (l *label) output(mem memory.Allocator, s *spans) (arrow.Array, error) {
	if l.passes() {
		return share(mem, l.col, s), nil
	}
	codes, err := l.load()
	if err != nil {
		return nil, err
	}
	buf, out := newFixed[int32](mem, s.rows)
	copySpans(out, codes, s)
	return codesOf(mem, buf, out, l.values.Values()), nil
}
