package bronze

import (
	"bytes"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// leaf is one expression of a computed column at work on the current batch.
type leaf struct {
	leafPlan
	recoder pipeline.Recoder
	values  [][]byte // by code of the recoder: what the lookups give
	codes   []int32  // the recoder's, by the batch's codes

	rows    arrow.Array   // of the batch: texts, or codes of them
	index   []int32       // the batch's codes; nil where rows are texts
	texts   *array.String // rows, or what their codes stand for
	offsets []int32       // of texts, where rows are
	bytes   []byte
}

// newLeaf returns a leaf; source knows the texts that mean no value.
func newLeaf(p leafPlan, source *pipeline.Parser) *leaf {
	l := &leaf{leafPlan: p}
	l.recoder.New = func(text []byte) int32 {
		for _, step := range l.chain {
			text = []byte(step.lookup.Find(string(bytes.TrimSpace(text)), step.column))
		}
		if text, _ = source.Text(text, nil); len(bytes.TrimSpace(text)) == 0 {
			text = nil
		}
		l.values = append(l.values, bytes.Clone(text))
		return int32(len(l.values) - 1)
	}
	return l
}

func (l *leaf) bind(in *pipeline.Batch) {
	l.rows = in.Record.Column(l.field)
	switch a := l.rows.(type) {
	case *array.Dictionary:
		l.texts = a.Dictionary().(*array.String)
		l.index = a.Indices().(*array.Int32).Int32Values()
		l.codes = l.recoder.Codes(l.texts)
	case *array.String:
		l.texts, l.offsets, l.bytes = a, a.ValueOffsets(), a.ValueBytes()
	}
}

// coded reports whether the leaf's values are worked out once per distinct one.
func (l *leaf) coded() bool { return l.index != nil }

// at returns the leaf's text in a row; none where it is missing or blank.
func (l *leaf) at(row int) []byte {
	if l.rows.IsNull(row) {
		return nil
	}
	if l.index != nil {
		return l.values[l.codes[l.index[row]]]
	}
	first := l.offsets[0]
	text := l.bytes[l.offsets[row]-first : l.offsets[row+1]-first]
	if len(text) == 0 || text[0] > ' ' && text[0] < utf8.RuneSelf {
		return text
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	return text
}

// raw returns the source's own text in a row, before any lookup.
func (l *leaf) raw(row int) (string, bool) {
	if l.rows.IsNull(row) {
		return "", false
	}
	if l.index != nil {
		row = int(l.index[row])
	}
	return l.texts.Value(row), true
}
