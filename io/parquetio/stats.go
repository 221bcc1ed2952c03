package parquetio

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// ColumnStats describes one column of a written file.
type ColumnStats struct {
	Column string
	Nulls  int64 // how many rows are NULL
	// Min and Max are the least and the greatest value of all rows, and exact:
	// long texts are whole, other than in the file's own statistics. They are
	// nil for a binary column and where no row has a value; else by the column's
	// type an int64 (of both integer types), a bool, a pipeline.Date, a
	// pipeline.Timestamp, a decimal128.Num (unscaled) or a string, which is
	// ordered by its bytes.
	Min, Max any
}

// Columns describes the file's columns, in the table's order. It is nil before
// Close, and after an error.
func (w *Writer) Columns() []ColumnStats {
	if !w.closed || w.err != nil {
		return nil
	}
	out := make([]ColumnStats, len(w.layouts))
	for i := range w.layouts {
		l, t := &w.layouts[i], &w.totals[i]
		out[i] = ColumnStats{Column: l.column.Name, Nulls: t.nulls}
		if t.bounds.min != nil {
			out[i].Min, out[i].Max = l.value(t.bounds.min), l.value(t.bounds.max)
		}
	}
	return out
}

// total is what the finished row groups hold of a column.
type total struct {
	nulls  int64
	bounds bounds
}

// add adds a finished row group, whose bounds stay valid: pages copied them.
func (t *total) add(c *column) {
	t.nulls += c.nulls
	if c.bounds.min != nil {
		t.bounds = c.layout.union(t.bounds, c.bounds)
	}
}

// value returns what a plain value stands for; nil in a binary column.
func (l *layout) value(b []byte) any {
	switch l.column.Type.(type) {
	case *arrow.BinaryType:
		return nil
	case *arrow.BooleanType:
		return b[0] != 0
	case *arrow.Date32Type:
		return pipeline.Date(binary.LittleEndian.Uint32(b))
	case *arrow.TimestampType:
		return pipeline.Timestamp(binary.LittleEndian.Uint64(b))
	case *arrow.Decimal128Type:
		if l.physical == format.FixedLenByteArray {
			d, _ := decimalOf(b) // of 16 bytes at most
			return d
		}
		return decimal128.FromI64(l.integer(b))
	case *arrow.Int32Type, *arrow.Int64Type:
		return l.integer(b)
	default:
		return string(b)
	}
}

func (l *layout) integer(b []byte) int64 {
	if l.physical == format.Int32 {
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}
