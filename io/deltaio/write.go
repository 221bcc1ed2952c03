package deltaio

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// WriteOptions says how rows are written. The zero value is the default.
type WriteOptions struct {
	PartitionBy     []string // of a new table, or of one whose schema is overwritten
	OverwriteSchema bool     // Overwrite: the declaration replaces the table's columns, whatever they are
	Parquet         parquetio.Options
	Txn             *Txn // rows whose batch the table holds already are not written again
	UserMetadata    string
	Info            map[string]any // further keys of commitInfo
}

// Write appends rows of a declared table to the table in a folder (Append), or
// replaces all rows by them (Overwrite), and returns the version. A table that
// does not exist is created, with the declaration's description and comments.
// Of one that exists the columns must fit: see AddColumns and
// WriteOptions.OverwriteSchema.
func Write(ctx context.Context, dir string, t *pipeline.Table, mode Mode, rows pipeline.Stream, o WriteOptions) (int64, error) {
	if mode != Append && mode != Overwrite {
		return -1, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Value: string(mode), Msg: "rows are written with Append or Overwrite"}
	}
	s, err := Load(ctx, dir)
	if err != nil && !errors.Is(err, ErrNoTable) {
		return -1, err
	}
	if done(s, o.Txn) {
		return s.Version, nil
	}
	m, stored, err := o.target(dir, s, t, mode)
	if err != nil {
		return -1, err
	}
	w := newRowWriter(table{dir: dir}, stored, m, o.Parquet)
	files, err := w.writeAll(rows)
	if err != nil {
		return -1, err
	}
	version, err := rebuild(ctx, dir, s, func(s *Snapshot) (*Change, error) {
		now, _, err := o.target(dir, s, t, mode)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(now.PartitionColumns, m.PartitionColumns) {
			return nil, conflictf(dir, "the table is partitioned by %s since a moment ago", list(now.PartitionColumns))
		}
		c := o.change(s, mode, "WRITE")
		c.Parameters = map[string]string{"mode": map[Mode]string{Append: "Append", Overwrite: "Overwrite"}[mode], "partitionBy": jsonList(now.PartitionColumns)}
		if s == nil || now != &s.Metadata {
			c.Metadata = now
		}
		c.Add = files
		return c, nil
	})
	if err != nil && version < 0 {
		w.abort()
	}
	return version, err
}

// target returns the metadata that a table is to have, a new one or its own, and
// the declaration that rows of t have in its files. s is nil without a table.
func (o *WriteOptions) target(dir string, s *Snapshot, t *pipeline.Table, mode Mode) (*Metadata, *pipeline.Table, error) {
	if s == nil || o.OverwriteSchema && mode == Overwrite {
		m, err := MetadataOf(t, o.PartitionBy...)
		if err == nil && s != nil {
			m = s.replaced(m)
		}
		return m, t, err
	}
	if len(o.PartitionBy) > 0 && !slices.Equal(o.PartitionBy, s.PartitionColumns) {
		return nil, nil, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, File: dir, Value: strings.Join(o.PartitionBy, ", "), Msg: "the table is partitioned otherwise: by " + list(s.PartitionColumns), Hint: overwriteHint}
	}
	t, err := s.fits(t)
	return &s.Metadata, t, err
}

// change begins a change with what the options say.
func (o *WriteOptions) change(s *Snapshot, mode Mode, operation string) *Change {
	c := NewChange(s, mode, operation)
	c.Txn, c.UserMetadata, c.Info = o.Txn, o.UserMetadata, o.Info
	return c
}

// done reports whether a table holds a batch already.
func done(s *Snapshot, txn *Txn) bool {
	if s == nil || txn == nil {
		return false
	}
	have, ok := s.Txn(txn.AppID)
	return ok && have >= txn.Version
}

func list(names []string) string {
	if len(names) == 0 {
		return "no column"
	}
	return strings.Join(names, ", ")
}

func jsonList(names []string) string {
	if len(names) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(names)
	return string(b)
}

// OverwritePartitions replaces the rows of the partitions that the new rows
// lie in, and returns the version. Partitions without new rows stay as they
// are. The table must exist and be partitioned.
func OverwritePartitions(ctx context.Context, dir string, t *pipeline.Table, rows pipeline.Stream, o WriteOptions) (int64, error) {
	s, err := Load(ctx, dir)
	if err != nil {
		return -1, err
	}
	if len(s.PartitionColumns) == 0 {
		return -1, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, File: dir, Msg: "the table has no partitions to overwrite", Hint: "use Overwrite, or Upsert by a key"}
	}
	if done(s, o.Txn) {
		return s.Version, nil
	}
	if t, err = s.fits(t); err != nil {
		return -1, err
	}
	w := newRowWriter(table{dir: dir}, t, &s.Metadata, o.Parquet)
	files, err := w.writeAll(rows)
	if err != nil {
		return -1, err
	}
	written := map[string]bool{}
	for i := range files {
		written[s.partitionKey(&files[i])] = true
	}
	version, err := rebuild(ctx, dir, s, func(s *Snapshot) (*Change, error) {
		if _, err := s.fits(t); err != nil {
			return nil, err
		}
		c := o.change(s, Update, "WRITE")
		c.Parameters = map[string]string{"mode": "Overwrite", "partitionOverwriteMode": "dynamic", "partitionBy": jsonList(s.PartitionColumns)}
		c.Add = files
		for _, f := range s.Files() {
			if written[s.partitionKey(&f)] {
				c.Remove = append(c.Remove, f.Path)
			}
		}
		return c, nil
	})
	if err != nil && version < 0 {
		w.abort()
	}
	return version, err
}

// partitionKey stands for a file's partition, however its values are spelled.
func (s *Snapshot) partitionKey(f *File) string {
	var key strings.Builder
	for _, p := range s.PartitionColumns {
		v := f.Partition[p]
		if a, err := constant(s.Schema.Columns[s.Schema.Index(p)].Type, v, 1); err == nil {
			if same, err := PartitionValue(a, 0); err == nil {
				v = same
			}
			a.Release()
		}
		if v == nil || *v == "" {
			key.WriteString("-")
		} else {
			b, _ := json.Marshal(*v)
			key.Write(b)
		}
	}
	return key.String()
}

// rebuild commits what plan makes of a snapshot; after a conflict, of the
// newest one. The version is -1 where nothing was committed.
func rebuild(ctx context.Context, dir string, s *Snapshot, plan func(*Snapshot) (*Change, error)) (int64, error) {
	for attempt := 0; ; attempt++ {
		c, err := plan(s)
		if err != nil || c == nil {
			return -1, err
		}
		version, err := Commit(ctx, dir, c)
		if !errors.Is(err, ErrConflict) || attempt == maxRebuilds {
			return version, err
		}
		if s, err = Load(ctx, dir); err != nil {
			return -1, err
		}
	}
}
