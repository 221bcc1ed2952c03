package parquetio

import (
	"context"
	"errors"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/smeltdata/smelt/pipeline"
)

// Create returns a writer of a table's rows to a new file; one that exists is
// replaced. Close brings the file to the disk before it returns. After an error
// what is left of the file is not a Parquet file, and is the caller's to remove.
func Create(path string, t *pipeline.Table, o Options) (*FileWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Table: t.Name, File: path, Msg: "creating the file", Err: errors.Unwrap(err)}
	}
	return &FileWriter{Writer: NewWriter(f, t, o), file: f, path: path}, nil
}

// FileWriter is a Writer that owns its file, which its errors name. Row groups
// are written in a few large pieces, so nothing would be gained by a buffer.
type FileWriter struct {
	*Writer
	file *os.File
	path string
}

var _ pipeline.Writer = (*FileWriter)(nil)

// Write is Writer.Write.
func (w *FileWriter) Write(rec arrow.Record) error { return w.named(w.Writer.Write(rec)) }

// CopyWithout is Writer.CopyWithout.
func (w *FileWriter) CopyWithout(ctx context.Context, path string, rows []int64) (bool, error) {
	done, err := w.Writer.CopyWithout(ctx, path, rows)
	return done, w.named(err)
}

// Close is Writer.Close, and brings the file to the disk.
func (w *FileWriter) Close() (pipeline.Stats, error) {
	stats, err := w.Writer.Close()
	if w.file != nil {
		if err == nil {
			err = w.file.Sync()
		}
		if e := w.file.Close(); err == nil {
			err = e
		}
		w.file = nil
		if w.Writer.err == nil {
			w.Writer.err = err
		}
	}
	return stats, w.named(err)
}

// named adds the file to an error.
func (w *FileWriter) named(err error) error {
	if err == nil {
		return nil
	}
	var e *pipeline.Error
	if !errors.As(err, &e) {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Table: w.table.Name, File: w.path, Msg: "writing the file", Err: err}
	}
	if e.File == "" {
		e.File = w.path
	}
	return err
}
