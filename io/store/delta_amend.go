package store

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
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
	if d.publishes(t.Name) {
		d.amended[t.Name] = a
	}
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
		c.left = 0
		for rec, err := range s.ScanFile(ctx, f, t, []string{t.Columns[0].Name}) {
			if err != nil {
				return c, err
			}
			c.left += rec.NumRows()
		}
	}
	if lose == nil {
		return c, nil
	}
	var numbers []int64
	goes, err := losing(s.ScanRows(ctx, f, t, columns, &numbers, where...), &numbers, lose)
	if err != nil {
		return c, err
	}
	c.lost = int64(len(goes))
	if c.left -= c.lost; c.lost == 0 || c.left == 0 || !d.publishes(t.Name) {
		return c, nil
	}
	c.copy, err = deltaio.Create(filepath.Join(d.lake.staging(), relative(t.Name)), t, deltaio.Options{Parquet: d.options.Parquet, Properties: s.Configuration})
	if err != nil {
		return c, err
	}
	copied, err := c.copy.CopyWithout(ctx, s, f, goes)
	if err == nil && !copied {
		err = copyRows(s.ScanRows(ctx, f, t, nil, &numbers), &numbers, c.copy, goes)
	}
	if err != nil {
		return c, err
	}
	stats, err := c.copy.Close()
	if err != nil {
		return c, err
	}
	if stats.Rows != c.left {
		return c, &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, File: f.Path, Msg: fmt.Sprintf("%d rows go, but %d are left and not %d", c.lost, stats.Rows, c.left), Hint: "this is a bug in smelt, and nothing was published: please report it"}
	}
	c.size = stats.Bytes
	return c, nil
}

// losing returns the numbers of the rows that lose names, of batches whose rows
// have numbers.
func losing(rows pipeline.Stream, numbers *[]int64, lose func(rec arrow.Record, lose []bool) error) (out []int64, err error) {
	var goes []bool
	for rec, err := range rows {
		if err != nil {
			return nil, err
		}
		n := int(rec.NumRows())
		goes = slices.Grow(goes[:0], n)[:n]
		clear(goes)
		if err := lose(rec, goes); err != nil {
			return nil, err
		}
		for i, g := range goes {
			if g {
				out = append(out, (*numbers)[i])
			}
		}
	}
	return out, nil
}

// copyRows writes the rows that stay, of batches whose rows have numbers.
func copyRows(rows pipeline.Stream, numbers *[]int64, w pipeline.Writer, goes []int64) error {
	for rec, err := range rows {
		if err != nil {
			return err
		}
		stays := func(row int) bool {
			if len(goes) > 0 && goes[0] == (*numbers)[row] {
				goes = goes[1:]
				return false
			}
			return true
		}
		if err := pipeline.EachStretch(rec, stays, w.Write); err != nil {
			return err
		}
	}
	return nil
}
