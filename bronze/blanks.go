package bronze

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// blanks makes the columns that hold one value, or NULL, in every row. They
// share one buffer of zeros; those of NULLs are kept for batches of one length.
type blanks struct {
	mem         memory.Allocator
	file, batch *pipeline.Dictionary
	zeros       *memory.Buffer // as int32 codes, as values and as clear validity bits
	n           int            // length of nulls
	nulls       map[arrow.DataType]arrow.Array
}

// size makes room for n rows.
func (b *blanks) size(n int) {
	if b.zeros != nil && b.n == n {
		return
	}
	b.drop()
	b.n, b.nulls = n, map[arrow.DataType]arrow.Array{}
	if need := 16 * (n + 1); b.zeros == nil || b.zeros.Len() < need { // a decimal is the widest value
		if b.zeros != nil {
			b.zeros.Release()
		}
		b.zeros = memory.NewResizableBuffer(b.mem)
		b.zeros.Resize(need)
		clear(b.zeros.Bytes())
	}
}

func (b *blanks) drop() {
	for _, a := range b.nulls {
		a.Release()
	}
	b.nulls = nil
}

func (b *blanks) release() {
	b.drop()
	if b.zeros != nil {
		b.zeros.Release()
		b.zeros = nil
	}
}

// constant returns n times the only value of a dictionary.
func (b *blanks) constant(n int, d *pipeline.Dictionary) arrow.Array {
	b.size(n)
	return b.codes(n, d, 0)
}

func (b *blanks) codes(n int, d *pipeline.Dictionary, nulls int) arrow.Array {
	var valid *memory.Buffer
	if nulls > 0 {
		valid = b.zeros
	}
	values := d.Values().Data().(*array.Data)
	data := array.NewDataWithDictionary(pipeline.CodeType, n, []*memory.Buffer{valid, b.zeros}, nulls, 0, values)
	defer data.Release()
	return array.NewDictionaryData(data)
}

// null returns n NULLs of a type.
func (b *blanks) null(n int, t arrow.DataType) arrow.Array {
	b.size(n)
	a := b.nulls[t]
	if a == nil {
		if arrow.TypeEqual(t, pipeline.CodeType) {
			a = b.codes(n, b.file, n)
		} else {
			buffers := []*memory.Buffer{b.zeros, b.zeros}
			if t.ID() == arrow.STRING {
				buffers = append(buffers, nil)
			}
			data := array.NewData(t, n, buffers, nil, n, 0)
			a = array.MakeFromData(data)
			data.Release()
		}
		b.nulls[t] = a
	}
	a.Retain()
	return a
}

// numbers returns a column of the record numbers.
func (b *blanks) numbers(rows []int64) arrow.Array {
	values := memory.NewResizableBuffer(b.mem)
	defer values.Release()
	values.Resize(8 * len(rows))
	copy(arrow.Int64Traits.CastFromBytes(values.Bytes()), rows)
	data := array.NewData(pipeline.Int64Type, len(rows), []*memory.Buffer{nil, values}, nil, 0, 0)
	defer data.Release()
	return array.NewInt64Data(data)
}
