package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// Writer writes the rows of one table to one Parquet file. It implements
// pipeline.Writer, and belongs to one goroutine.
//
// It holds one row group in memory, encoded and compressed, and one page per
// column that is not. After an error it writes nothing more, and the file is
// not a Parquet file. Close must be called in either case.
type Writer struct {
	out     io.Writer
	table   *pipeline.Table
	options Options
	layouts []layout
	*workspace

	offset int64 // bytes written
	rows   int64 // of finished row groups
	group  int64 // rows of the current one
	groups []rowGroup
	index  []pageIndexes // of finished row groups, column by column
	totals []total       // of finished row groups, by column
	err    error
	closed bool
}

var _ pipeline.Writer = (*Writer)(nil)

type pageIndexes struct {
	column format.ColumnIndex
	offset format.OffsetIndex
}

const magic = "PAR1"

// NewWriter returns a writer of a table's rows to w, which it does not close. A
// mistake in the options is the error of the first Write, or of Close.
func NewWriter(w io.Writer, t *pipeline.Table, o Options) *Writer {
	wr := &Writer{out: w, table: t}
	wr.err = wr.open(o)
	return wr
}

func (w *Writer) open(o Options) (err error) {
	if w.options, err = o.withDefaults(); err != nil {
		return err
	}
	for i := range w.table.Columns {
		l, err := layoutOf(&w.table.Columns[i])
		if err != nil {
			return w.locate(err, &w.table.Columns[i], 0)
		}
		w.layouts = append(w.layouts, l)
	}
	w.totals = make([]total, len(w.layouts))
	w.workspace, err = takeWorkspace(w.table, w.layouts, w.options)
	return err
}

// Write appends a batch. Its columns must be the table's, in order; text may be
// dictionary-encoded or not; a dictionary that holds a text twice makes the file
// larger. A NULL in a column that is not nullable, or a
// decimal with too many digits, is an error. The batch is not kept.
func (w *Writer) Write(rec arrow.Record) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return w.closedError()
	}
	w.err = w.write(rec)
	return w.err
}

func (w *Writer) closedError() error {
	return &pipeline.Error{Kind: pipeline.ErrOutput, Table: w.table.Name, Msg: "write to a closed Parquet writer"}
}

func (w *Writer) write(rec arrow.Record) error {
	if err := w.table.Check(rec); err != nil {
		return err
	}
	arrays := make([]arrow.Array, len(w.columns))
	for i := range arrays {
		arrays[i] = withoutNullValues(memory.DefaultAllocator, rec.Column(i))
		defer arrays[i].Release()
	}
	n := int(rec.NumRows())
	for from := 0; from < n; {
		take := min(n-from, checkRows-int(w.group%checkRows), w.options.RowGroupRows-int(w.group))
		for i, c := range w.columns {
			if err := c.append(arrays[i], from, from+take); err != nil {
				return w.locate(err, c.layout.column, from)
			}
		}
		from += take
		w.group += int64(take)
		if w.group == int64(w.options.RowGroupRows) || w.group%checkRows == 0 && w.size() >= rowGroupBytes {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) size() int {
	n := 0
	for _, c := range w.columns {
		n += c.size()
	}
	return n
}

// locate adds the table, the column and the row of the part to an error; from
// is the row in the batch that the writer was at.
func (w *Writer) locate(err error, c *pipeline.Column, from int) error {
	var row *rowError
	if errors.As(err, &row) {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: w.table.Name, Column: c.Name, Row: w.rows + w.group + int64(row.row-from) + 1, Value: row.value, Msg: row.msg}
	}
	var e *pipeline.Error
	if !errors.As(err, &e) {
		e = &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "encoding Parquet", Err: err}
	}
	e.Table, e.Column = w.table.Name, c.Name
	return e
}

// endGroup writes the row group: column chunk after column chunk, each with its
// dictionary page first, and the Bloom filters last.
func (w *Writer) endGroup() error {
	if w.group == 0 {
		return nil
	}
	if len(w.groups) == 1<<15-1 {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Table: w.table.Name, Msg: "more row groups than a Parquet file can hold", Hint: "use larger row groups or more parts"}
	}
	if w.offset == 0 {
		if err := w.put([]byte(magic)); err != nil {
			return err
		}
	}
	g := rowGroup{NumRows: w.group, FileOffset: w.offset, Ordinal: int16(len(w.groups))}
	for i, c := range w.columns {
		if err := c.finish(); err != nil {
			return w.locate(err, c.layout.column, 0)
		}
		m := columnMetaData{Type: c.layout.physical, PathInSchema: []string{c.layout.column.Name}, Codec: w.compress.codec,
			NumValues: c.rows, TotalUncompressedSize: c.raw, TotalCompressedSize: int64(c.chunk.n + c.dictionary.n), Statistics: c.statistics()}
		m.Encoding, m.EncodingStats = c.encodings(c.dictionary.n > 0)
		if c.dictionary.n > 0 {
			m.DictionaryPageOffset = w.offset
			if err := w.putBlocks(&c.dictionary); err != nil {
				return err
			}
		}
		m.DataPageOffset = w.offset
		var x pageIndexes
		x.column, x.offset = c.indexes(w.offset)
		w.index = append(w.index, x)
		if err := w.putBlocks(&c.chunk); err != nil {
			return err
		}
		g.Columns = append(g.Columns, columnChunk{MetaData: m})
		g.TotalByteSize += m.TotalUncompressedSize
		g.TotalCompressedSize += m.TotalCompressedSize
		w.totals[i].add(c)
		c.nextGroup()
	}
	for i, c := range w.columns {
		if c.sought == nil {
			continue
		}
		if err := w.putBloom(c.sought.filter(), &g.Columns[i].MetaData); err != nil {
			return err
		}
	}
	w.groups = append(w.groups, g)
	w.rows += w.group
	w.group = 0
	return nil
}

// putBlocks writes and empties a buffer.
func (w *Writer) putBlocks(b *blocks) error {
	n, err := b.writeTo(w.out)
	b.reset()
	return w.wrote(n, err)
}

func (w *Writer) put(b []byte) error {
	n, err := w.out.Write(b)
	return w.wrote(int64(n), err)
}

func (w *Writer) wrote(n int64, err error) error {
	w.offset += n
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Table: w.table.Name, Msg: "writing Parquet", Err: err}
	}
	return nil
}

// Close writes what is left and the footer, and says how large the file is. It
// does not close the underlying writer. A second Close does nothing.
func (w *Writer) Close() (pipeline.Stats, error) {
	if !w.closed {
		w.closed = true
		if w.err == nil {
			w.err = w.finish()
		}
		if w.workspace != nil {
			w.workspace.release(w.err == nil)
			w.workspace = nil
		}
	}
	return pipeline.Stats{Rows: w.rows, Bytes: w.offset}, w.err
}

// finish writes the last row group, the column indexes, the offset indexes and the
// footer.
func (w *Writer) finish() error {
	if err := w.endGroup(); err != nil {
		return err
	}
	if w.offset == 0 {
		if err := w.put([]byte(magic)); err != nil {
			return err
		}
	}
	for i := range w.index {
		c := w.chunk(i)
		at := w.offset
		if err := w.putThrift(w.index[i].column); err != nil {
			return err
		}
		c.ColumnIndexOffset, c.ColumnIndexLength = at, int32(w.offset-at)
	}
	for i := range w.index {
		c := w.chunk(i)
		at := w.offset
		if err := w.putThrift(w.index[i].offset); err != nil {
			return err
		}
		c.OffsetIndexOffset, c.OffsetIndexLength = at, int32(w.offset-at)
	}
	schema, orders := schemaOf(w.layouts)
	at := w.offset
	if err := w.putThrift(fileMetaData{Version: 2, Schema: schema, NumRows: w.rows, RowGroups: w.groups, CreatedBy: createdBy(), ColumnOrders: orders}); err != nil {
		return err
	}
	return w.put(append(binary.LittleEndian.AppendUint32(nil, uint32(w.offset-at)), magic...))
}

// chunk returns the footer's entry for the i-th chunk of the file.
func (w *Writer) chunk(i int) *columnChunk {
	return &w.groups[i/len(w.layouts)].Columns[i%len(w.layouts)]
}

func (w *Writer) putThrift(v any) error {
	b, err := marshal(v)
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Table: w.table.Name, Msg: "encoding Parquet metadata", Err: err}
	}
	return w.put(b)
}

const createdByUs = "smelt version "

// createdBy names smelt and its build in the form that readers parse.
func createdBy() string {
	version, build := "devel", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		const path = "github.com/smeltdata/smelt"
		if info.Main.Path == path && info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, d := range info.Deps {
			if d.Path == path {
				version = d.Version
			}
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && info.Main.Path == path {
				build = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	version = strings.Trim(version, "()")
	return fmt.Sprintf(createdByUs+"%s (build %s)", strings.TrimPrefix(version, "v"), build)
}
