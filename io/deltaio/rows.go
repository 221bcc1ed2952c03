package deltaio

import (
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// maxOpen is how many files of different partitions are written at a time.
const maxOpen = 100

// rowWriter writes rows to new files of a table, one or more per partition. A
// partition's rows make the fewer files the nearer they stand together.
type rowWriter struct {
	table      table
	rows       *pipeline.Table
	meta       *Metadata
	partitions []int // positions of the partition columns
	parquet    parquetio.Options
	limit      int64 // rows of a file; 0 = no limit

	open  map[string]*openFile
	files []File
	made  []*FileWriter
}

type openFile struct {
	*FileWriter
	rows int64
}

func newRowWriter(t table, rows *pipeline.Table, m *Metadata, o parquetio.Options) *rowWriter {
	w := &rowWriter{table: t, rows: rows, meta: m, parquet: o, open: map[string]*openFile{}}
	for _, p := range m.PartitionColumns {
		w.partitions = append(w.partitions, rows.MustIndex(p))
	}
	return w
}

// write appends a batch, run by run of rows of one partition.
func (w *rowWriter) write(rec arrow.Record) error {
	if err := w.rows.Check(rec); err != nil {
		return err
	}
	n := int(rec.NumRows())
	if len(w.partitions) == 0 {
		return w.append("", nil, rec, 0, n)
	}
	for from := 0; from < n; {
		key, values, err := w.partition(rec, from)
		if err != nil {
			return err
		}
		to := from + 1
		for to < n && w.samePartition(rec, to) {
			to++
		}
		if err := w.append(key, values, rec, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// samePartition reports whether a row is known to lie in the partition of the
// row before it.
func (w *rowWriter) samePartition(rec arrow.Record, row int) bool {
	for _, i := range w.partitions {
		c := rec.Column(i)
		if c.IsNull(row) != c.IsNull(row-1) {
			return false
		}
		same := c.IsNull(row)
		switch c := c.(type) {
		case *array.Dictionary:
			same = same || c.GetValueIndex(row) == c.GetValueIndex(row-1)
		case *array.String:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Int64:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Int32:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Boolean:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Date32:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Timestamp:
			same = same || c.Value(row) == c.Value(row-1)
		case *array.Decimal128:
			same = same || c.Value(row) == c.Value(row-1)
		}
		if !same {
			return false
		}
	}
	return true
}

// partition returns a row's partition values, and a text that stands for them.
func (w *rowWriter) partition(rec arrow.Record, row int) (string, map[string]*string, error) {
	var key strings.Builder
	values := make(map[string]*string, len(w.partitions))
	for _, i := range w.partitions {
		c := &w.rows.Columns[i]
		v, err := PartitionValue(rec.Column(i), row)
		if err != nil {
			return "", nil, &pipeline.Error{Kind: pipeline.ErrData, Table: w.rows.Name, Column: c.Name, Msg: "cannot be a partition value", Err: err}
		}
		values[c.Name] = v
		if v == nil {
			key.WriteString("-")
		} else {
			key.WriteString(strconv.Itoa(len(*v)) + ":" + *v)
		}
	}
	return key.String(), values, nil
}

// append writes some rows of a batch to the open file of their partition.
func (w *rowWriter) append(key string, values map[string]*string, rec arrow.Record, from, to int) error {
	for from < to {
		f := w.open[key]
		if f == nil {
			if len(w.open) >= maxOpen {
				if err := w.closeAll(); err != nil {
					return err
				}
			}
			fw, err := w.table.create(w.rows, Options{Parquet: w.parquet, Part: len(w.made), Partition: values, Properties: w.meta.Configuration})
			if err != nil {
				return err
			}
			f = &openFile{FileWriter: fw}
			w.open[key] = f
			w.made = append(w.made, fw)
		}
		end := to
		if w.limit > 0 {
			end = min(to, from+int(w.limit-f.rows))
		}
		part := rec.NewSlice(int64(from), int64(end))
		err := f.Write(part)
		part.Release()
		if err != nil {
			return err
		}
		f.rows += int64(end - from)
		from = end
		if w.limit > 0 && f.rows == w.limit {
			if err := w.close(key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *rowWriter) close(key string) error {
	f := w.open[key]
	delete(w.open, key)
	if _, err := f.Close(); err != nil {
		return err
	}
	w.files = append(w.files, f.File())
	return nil
}

func (w *rowWriter) closeAll() error {
	for _, key := range sortedKeys(w.open) {
		if err := w.close(key); err != nil {
			return err
		}
	}
	return nil
}

// finish closes what is open and returns the files, in the order of their making.
func (w *rowWriter) finish() ([]File, error) {
	if err := w.closeAll(); err != nil {
		return nil, err
	}
	out := make([]File, len(w.made))
	for i, f := range w.made {
		out[i] = f.File()
	}
	return out, nil
}

// abort removes all files.
func (w *rowWriter) abort() {
	for _, f := range w.made {
		_ = f.Abort()
	}
}

// writeAll writes a stream to new files. After an error none are left.
func (w *rowWriter) writeAll(rows pipeline.Stream) (files []File, err error) {
	for rec, err := range rows {
		if err == nil {
			err = w.write(rec)
		}
		if err != nil {
			w.abort()
			return nil, err
		}
	}
	if files, err = w.finish(); err != nil {
		w.abort()
	}
	return files, err
}
