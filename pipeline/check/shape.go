package check

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// shapes spares the rows of most runs a key each: of a key of a text, a number and
// a dictionary, as (order_id, line_number, line_type) is, most runs have the
// numbers 1, 2, 3 with one and the same code. It is made for a batch.
type shapes struct {
	text    []byte
	offsets []int32
	numbers []int32
	codes   []int32
	known   map[shape][]byte // what a run of it has
}

// shape is a number and those after it, with one code.
type shape struct{ number, rows, code int32 }

// shapesOf returns nil where the columns are not such as shapes is made for.
func shapesOf(columns []arrow.Array) *shapes {
	if len(columns) != 3 {
		return nil
	}
	s := &shapes{known: map[shape][]byte{}}
	for i, col := range columns {
		if isNull(col) != nil {
			return nil
		}
		switch c := col.(type) {
		case *array.String:
			if i > 0 {
				return nil
			}
			s.text, s.offsets = c.ValueBytes(), c.ValueOffsets()
		case *array.Int32:
			s.numbers = c.Int32Values()
		case *array.Dictionary:
			if codes, ok := c.Indices().(*array.Int32); ok {
				s.codes = codes.Int32Values()
			}
		}
	}
	if s.offsets == nil || s.numbers == nil || s.codes == nil {
		return nil
	}
	return s
}

// name is the text of a row.
func (s *shapes) name(row int) []byte {
	return s.text[s.offsets[row]-s.offsets[0] : s.offsets[row+1]-s.offsets[0]]
}

// at returns the shape of the rows from this one on that share its text; false
// where they have none.
func (s *shapes) at(row int) (shape, bool) {
	h := shape{s.numbers[row], 1, s.codes[row]}
	name := s.name(row)
	for i := row + 1; i < len(s.numbers) && bytes.Equal(s.name(i), name); i++ {
		if s.numbers[i] != h.number+h.rows || s.codes[i] != h.code || h.rows == 100 {
			return h, false
		}
		h.rows++
	}
	return h, true
}
