package deltaio

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// Options says how a data file is written. The zero value is the default.
type Options struct {
	Parquet    parquetio.Options
	Part       int                // number in the file's name; files sort by it
	Partition  map[string]*string // the value of each partition column, see PartitionValue; nil = NULL
	Properties map[string]string  // the table's Configuration, which may say what has statistics
}

// FileWriter writes one data file of a table. It implements pipeline.Writer and
// belongs to one goroutine. The file has a name that no other has, and is no
// part of the table until a Change adds it.
type FileWriter struct {
	file    *parquetio.FileWriter
	table   *pipeline.Table // the columns of the file
	keep    []int           // their positions in a batch; nil = all
	options Options
	disk    disk
	dir     string
	path    string // below dir, with /
	done    *File
}

var _ pipeline.Writer = (*FileWriter)(nil)

// Create returns a writer of rows of t, which may have partition columns, to a
// new file of the table in dir. The batches have all columns; the values of the
// partition columns are left out of the file and must be those of the options.
// After an error, or a Write too few, Abort removes the file.
func Create(dir string, t *pipeline.Table, o Options) (*FileWriter, error) {
	return table{dir: dir}.create(t, o)
}

func (d table) create(t *pipeline.Table, o Options) (*FileWriter, error) {
	w := &FileWriter{table: t, options: o, disk: d.disk, dir: d.dir}
	if len(o.Partition) > 0 {
		w.table, w.keep = withoutColumns(t, o.Partition)
	}
	folder, err := partitionFolder(t, o.Partition)
	if err != nil {
		return nil, err
	}
	ending := ".parquet"
	switch o.Parquet.Compression {
	case "":
		ending = ".snappy" + ending
	case "none":
	default:
		ending = "." + o.Parquet.Compression + ending
	}
	w.path = fmt.Sprintf("%spart-%05d-%s%s", folder, o.Part, newUUID(), ending)
	full := w.full()
	if err := w.disk.mkdir(filepath.Dir(full)); err != nil {
		return nil, outputError(filepath.Dir(full), "cannot make the folder", err)
	}
	if err := w.disk.step("create", full); err != nil {
		return nil, outputError(full, "cannot be created", err)
	}
	if w.file, err = parquetio.Create(full, w.table, o.Parquet); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *FileWriter) full() string { return filepath.Join(w.dir, filepath.FromSlash(w.path)) }

// Write appends a batch.
func (w *FileWriter) Write(rec arrow.Record) error {
	if w.keep == nil {
		return w.file.Write(rec)
	}
	part := project(rec, w.keep, w.table.Schema)
	defer part.Release()
	return w.file.Write(part)
}

// CopyWithout appends the rows of one of the table's files but for some, whose
// numbers are given as ScanRows says them, ascending. What stays is not decoded:
// see parquetio.Writer.CopyWithout. False says that it has done nothing, and the
// rows must be written.
func (w *FileWriter) CopyWithout(ctx context.Context, s *Snapshot, f File, rows []int64) (bool, error) {
	return w.file.CopyWithout(ctx, s.pathOf(&f), rows)
}

// Close brings the file and its folder to the disk.
func (w *FileWriter) Close() (pipeline.Stats, error) {
	full := w.full()
	stats, err := w.file.Close()
	if err != nil {
		return stats, err
	}
	if w.done != nil {
		return stats, nil
	}
	if err := w.disk.syncDir(filepath.Dir(full)); err != nil {
		return stats, outputError(filepath.Dir(full), "cannot be synced", err)
	}
	w.done = &File{Path: w.path, Partition: w.options.Partition, Size: stats.Bytes, Modified: time.Now().UTC().Truncate(time.Millisecond), Rows: stats.Rows,
		Stats: statsOf(stats.Rows, w.file.Columns(), w.table, w.options.Properties)}
	return stats, nil
}

// File returns what a Change adds; the zero File before a successful Close.
func (w *FileWriter) File() File {
	if w.done == nil {
		return File{}
	}
	return *w.done
}

// Abort removes the file. It must not be called once a Change that adds it may
// have been committed.
func (w *FileWriter) Abort() error {
	_, _ = w.file.Close() // what is in it does not matter
	return outputError(w.full(), "cannot be removed", os.Remove(w.full()))
}

// withoutColumns returns a table without some columns, and the positions of the others.
func withoutColumns(t *pipeline.Table, out map[string]*string) (*pipeline.Table, []int) {
	part := *t
	part.Columns = nil
	var keep []int
	var fields []arrow.Field
	for i, c := range t.Columns {
		if _, ok := out[c.Name]; !ok {
			keep = append(keep, i)
			part.Columns = append(part.Columns, c)
			fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: c.Nullable})
		}
	}
	part.Key = slices.DeleteFunc(slices.Clone(t.Key), func(k string) bool { _, ok := out[k]; return ok })
	part.Schema = arrow.NewSchema(fields, nil)
	return &part, keep
}

// project returns a batch of some columns of a batch.
func project(rec arrow.Record, keep []int, schema *arrow.Schema) arrow.Record {
	columns := make([]arrow.Array, len(keep))
	fields := make([]arrow.Field, len(keep))
	for i, k := range keep {
		columns[i] = rec.Column(k)
		fields[i] = schema.Field(i)
		fields[i].Type = columns[i].DataType() // text may be dictionary-encoded
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}
