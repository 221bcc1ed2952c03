package deltaio

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// CompactOptions says what Compact makes. The zero value is the default.
type CompactOptions struct {
	TargetBytes int64 // size of the files that it makes, about; 0 = 256 MiB
	DryRun      bool  // only count
	Parquet     parquetio.Options
}

// Compacted says what Compact did.
type Compacted struct {
	Version      int64 // -1 where there was nothing to do, or with DryRun
	FilesRemoved int64
	FilesAdded   int64 // 0 with DryRun
	BytesRemoved int64
	BytesAdded   int64 // 0 with DryRun
}

const defaultTarget = 256 << 20

// Compact puts the rows of small files, those of less than half of the target,
// together in larger ones, partition by partition, and changes no row. Writers
// beside it are not disturbed; where one of them has removed such a file,
// Compact begins anew.
func Compact(ctx context.Context, dir string, o CompactOptions) (Compacted, error) {
	if o.TargetBytes <= 0 {
		o.TargetBytes = defaultTarget
	}
	s, err := Load(ctx, dir)
	if err != nil {
		return Compacted{}, err
	}
	var out Compacted
	var made []*rowWriter
	abort := func() {
		for _, w := range made {
			w.abort()
		}
		made = nil
	}
	version, err := rebuild(ctx, dir, s, func(s *Snapshot) (*Change, error) {
		abort()
		out = Compacted{Version: -1}
		c := NewChange(s, Update, "OPTIMIZE")
		c.DataChange = false
		c.Parameters = map[string]string{"predicate": "[]", "auto": "false"}
		for _, bin := range s.bins(o.TargetBytes) {
			for _, f := range bin {
				c.Remove = append(c.Remove, f.Path)
				out.FilesRemoved++
				out.BytesRemoved += f.Size
			}
			if o.DryRun {
				continue
			}
			w, err := newBinWriter(s, bin, o)
			if err != nil {
				return nil, err
			}
			made = append(made, w)
			files, err := w.writeAll(s.rowsOf(ctx, bin, w.rows))
			if err != nil {
				return nil, err
			}
			for _, f := range files {
				c.Add = append(c.Add, f)
				out.FilesAdded++
				out.BytesAdded += f.Size
			}
		}
		if o.DryRun || len(c.Remove) == 0 {
			return nil, nil
		}
		c.Metrics = c.metrics(nil)
		c.Metrics = map[string]string{"numAddedFiles": c.Metrics["numFiles"], "numAddedBytes": c.Metrics["numOutputBytes"],
			"numRemovedFiles": number(out.FilesRemoved), "numRemovedBytes": number(out.BytesRemoved)}
		return c, nil
	})
	if err != nil && version < 0 {
		abort()
	}
	if err == nil && out.FilesAdded > 0 {
		out.Version = version
	}
	return out, err
}

// bins groups the small files of each partition, in their order, by what one
// large file can take. A file alone is left as it is.
func (s *Snapshot) bins(target int64) [][]*File {
	type bin struct {
		files []*File
		bytes int64
	}
	open := map[string]*bin{}
	var order []*bin
	for _, f := range s.files {
		if f == nil || f.Size >= target/2 {
			continue
		}
		key := s.partitionKey(f)
		b := open[key]
		if b == nil || b.bytes+f.Size > target {
			b = &bin{}
			open[key] = b
			order = append(order, b)
		}
		b.files = append(b.files, f)
		b.bytes += f.Size
	}
	var out [][]*File
	for _, b := range order {
		if len(b.files) > 1 {
			out = append(out, b.files)
		}
	}
	return out
}

func newBinWriter(s *Snapshot, bin []*File, o CompactOptions) (*rowWriter, error) {
	t, err := s.Table()
	if err != nil {
		return nil, err
	}
	return newRowWriter(table{dir: s.Dir}, t, &s.Metadata, o.Parquet), nil
}

// rowsOf streams the columns of t of some files.
func (s *Snapshot) rowsOf(ctx context.Context, files []*File, t *pipeline.Table) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		for _, f := range files {
			for rec, err := range s.scanFile(ctx, f, t, nil, nil) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}
