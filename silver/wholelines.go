package silver

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// wholeLines renders the lines of a batch as bytes, which are the same where
// lines are of one source and equal: in every column of bronze.sales but those
// that tell where a line came from. How the lines are cut into batches does not
// show in them. It belongs to one goroutine.
type wholeLines struct {
	columns []wholeColumn // that have a value in the batch
	spare   []wholeColumn
	buf     []byte
	ends    []int // of each line in buf
}

// wholeColumn is a column of the batch: of texts, or else of numbers.
type wholeColumn struct {
	tag   byte // its place in bronze.sales
	valid bitmap
	texts *array.String
	codes []int32 // of each row in texts; nil where texts are the rows'
	column
}

// compared says which columns of bronze.sales tell lines apart.
var compared = func() []bool {
	columns := make([]bool, len(bronze.Sales.Columns))
	for i, c := range bronze.Sales.Columns {
		columns[i] = c.Name != "_source_file" && c.Name != "_source_row" && c.Name != "_batch_id"
	}
	return columns
}()

// read renders the lines of a batch of bronze.sales.
func (w *wholeLines) read(source int, rec arrow.Record) {
	n := int(rec.NumRows())
	w.bind(rec)
	w.buf, w.ends = w.buf[:0], resize(w.ends, n)
	for i := range n {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(source))
		for c := range w.columns {
			if col := &w.columns[c]; col.valid.has(i) {
				w.buf = col.append(w.buf, i)
			}
		}
		w.ends[i] = len(w.buf)
	}
}

// bind finds the columns that have a value.
func (w *wholeLines) bind(rec arrow.Record) {
	w.spare = append(w.spare, w.columns...) // their buffers are used again
	w.columns = w.columns[:0]
	for at, col := range rec.Columns() {
		if !compared[at] || col.NullN() == col.Len() {
			continue
		}
		var c wholeColumn
		if last := len(w.spare) - 1; last >= 0 {
			c, w.spare = w.spare[last], w.spare[:last]
		}
		c.tag, c.valid, c.texts, c.codes = byte(at), validity(col), nil, nil
		switch col := col.(type) {
		case *array.String:
			c.texts = col
		case *array.Dictionary:
			c.texts, c.codes = col.Dictionary().(*array.String), col.Indices().(*array.Int32).Int32Values()
		default:
			c.read(col, null)
		}
		w.columns = append(w.columns, c)
	}
}

// append appends a value that is there: its column, then a number, or a text
// after its length.
func (c *wholeColumn) append(dst []byte, i int) []byte {
	if c.texts == nil {
		return binary.LittleEndian.AppendUint64(append(dst, c.tag), uint64(c.values[i]))
	}
	if c.codes != nil {
		i = int(c.codes[i])
		if c.texts.IsNull(i) {
			return dst
		}
	}
	text := pipeline.StringBytes(c.texts, i)
	return append(binary.LittleEndian.AppendUint32(append(dst, c.tag), uint32(len(text))), text...)
}

// at returns a line; it is valid until the next read.
func (w *wholeLines) at(i int) []byte {
	if i == 0 {
		return w.buf[:w.ends[0]]
	}
	return w.buf[w.ends[i-1]:w.ends[i]]
}

// hash returns a hash of a line.
func (w *wholeLines) hash(i int) uint64 { return xxh3.Hash(w.at(i)) }
