package check

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// Kept is how many failing rows are kept of a check that does not say.
const Kept = 100

// kept is how many failing rows of the check are kept.
func (c *Check) kept() int {
	if c.Keep != nil {
		return *c.Keep
	}
	return Kept
}

// failedRow is row i of a batch, and where it is from. Numbers and booleans are
// JSON's own, with all their digits; all other values are texts.
func failedRow(rec arrow.Record, i int) pipeline.FailedRow {
	out := pipeline.FailedRow{Rows: 1, Row: []byte{'{'}}
	for k, f := range rec.Schema().Fields() {
		col := rec.Column(k)
		if k > 0 {
			out.Row = append(out.Row, ',')
		}
		out.Row = append(pipeline.AppendJSON(out.Row, []byte(f.Name)), ':')
		null := isNull(col)
		if null != nil && null(i) {
			out.Row = append(out.Row, "null"...)
			continue
		}
		text := pipeline.CellsOf(col)
		switch f.Type.ID() {
		case arrow.INT64, arrow.INT32, arrow.DECIMAL128, arrow.BOOL:
			out.Row = text(out.Row, i)
		default:
			out.Row = pipeline.AppendJSON(out.Row, text(nil, i))
		}
		switch f.Name {
		case "_source_file", "source_file":
			out.File = string(text(nil, i))
		case "_source_row", "source_row":
			if rows, ok := col.(*array.Int64); ok {
				out.Record = rows.Value(i)
			}
		}
	}
	out.Row = append(out.Row, '}')
	return out
}

// failedKey stands for n rows of a key.
func (st *state) failedKey(key []byte, n int64) pipeline.FailedRow {
	return pipeline.FailedRow{Rows: n, Row: readKey(st.table, st.Columns, key)}
}
