package store

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// Amend implements pipeline.Lake.
func (d *delta) Amend(ctx context.Context, t *pipeline.Table, columns []string, lose func(rec arrow.Record, lose []bool) error, where ...pipeline.Where) (kept pipeline.TableReport, err error) {
	s, err := d.snapshot(t)
	if err != nil {
		return kept, err
	}
	if d.amended[t.Name] != nil {
		return kept, &pipeline.Error{Kind: pipeline.ErrOutput, Table: t.Name, Msg: "is amended already"}
	}
	a := &amended{}
	d.amended[t.Name] = a
	files := s.Files()
	change := make([]fileChange, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() (err error) {
			change[i], err = d.amendFile(ctx, t, s, f, columns, lose, where)
			return tableError(t.Name, err)
		})
	}
	if err := g.Wait(); err != nil {
		return kept, err
	}
	for i, c := range change {
		if c.lost > 0 {
			a.remove = append(a.remove, files[i].Path)
		}
		if c.copy != nil {
			a.copies = append(a.copies, c.copy)
			kept.Rewritten = append(kept.Rewritten, files[i].Path)
		}
		if c.left > 0 {
			kept.Rows, kept.Bytes, kept.Parts = kept.Rows+c.left, kept.Bytes+c.size, kept.Parts+1
		}
	}
	return kept, nil
}

// fileChange is what becomes of one file of a table that is amended.
type fileChange struct {
	lost, left int64               // rows
	size       int64               // bytes that the left ones take
	copy       *deltaio.FileWriter // of the left ones; nil where the file stays, or all rows go
}

func (d *delta) amendFile(ctx context.Context, t *pipeline.Table, s *deltaio.Snapshot, f deltaio.File, columns []string, lose func(rec arrow.Record, lose []bool) error, where []pipeline.Where) (c fileChange, err error) {
	c.left, c.size = f.Rows, f.Size
	if c.left < 0 {
		if c.left, err = d.count(s.ScanFile(ctx, f, t, []string{t.Columns[0].Name}), nil); err != nil {
			return c, err
		}
	}
	if lose == nil {
		return c, nil
	}
	if c.lost, err = d.count(s.ScanFile(ctx, f, t, columns, where...), lose); err != nil {
		return c, err
	}
	if c.left -= c.lost; c.lost == 0 || c.left == 0 {
		return c, nil
	}
	c.copy, err = deltaio.Create(filepath.Join(d.lake.staging(), relative(t.Name)), t, deltaio.Options{Parquet: d.options.Parquet, Properties: s.Configuration})
	if err != nil {
		return c, err
	}
	stats, err := copyRows(s.ScanFile(ctx, f, t, nil), c.copy, columns, lose)
	if err != nil {
		return c, err
	}
	if stats.Rows != c.left {
		return c, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: f.Path, Msg: fmt.Sprintf("%d rows go, but %d are left and not %d", c.lost, stats.Rows, c.left), Hint: "this is a bug in smelt, and nothing was published: please report it"}
	}
	c.size = stats.Bytes
	return c, nil
}

// count counts rows: those that lose names, nil for all.
func (d *delta) count(rows pipeline.Stream, lose func(rec arrow.Record, lose []bool) error) (n int64, err error) {
	var goes []bool
	for rec, err := range rows {
		if err != nil {
			return 0, err
		}
		if lose == nil {
			n += rec.NumRows()
			continue
		}
		goes = slices.Grow(goes[:0], int(rec.NumRows()))[:rec.NumRows()]
		clear(goes)
		if err := lose(rec, goes); err != nil {
			return 0, err
		}
		for _, g := range goes {
			if g {
				n++
			}
		}
	}
	return n, nil
}

// copyRows writes the rows that stay, and closes the writer.
func copyRows(rows pipeline.Stream, w pipeline.Writer, columns []string, lose func(rec arrow.Record, lose []bool) error) (pipeline.Stats, error) {
	var goes []bool
	for rec, err := range rows {
		if err != nil {
			return pipeline.Stats{}, err
		}
		n := int(rec.NumRows())
		goes = slices.Grow(goes[:0], n)[:n]
		clear(goes)
		var fields []arrow.Field
		var arrays []arrow.Array
		for _, c := range columns {
			i := rec.Schema().FieldIndices(c)[0]
			fields, arrays = append(fields, rec.Schema().Field(i)), append(arrays, rec.Column(i))
		}
		part := array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(n))
		err = lose(part, goes)
		part.Release()
		if err != nil {
			return pipeline.Stats{}, err
		}
		if err := pipeline.EachStretch(rec, func(row int) bool { return !goes[row] }, w.Write); err != nil {
			return pipeline.Stats{}, err
		}
	}
	return w.Close()
}
