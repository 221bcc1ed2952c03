package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// DeltaOptions says how Delta tables are written. The zero value is the default.
type DeltaOptions struct {
	Parquet         parquetio.Options
	OverwriteSchema bool // a table whose columns have changed gets the new ones, where all of its rows are replaced
}

// Delta returns the sink of one run that writes Delta tables, and keeps those of
// earlier runs: see pipeline.Lake. Commit publishes each table as one version of
// its log: bronze first, then silver, then gold, whose commits name the versions
// of silver that they were computed from. Tables of the layer state are Parquet.
// Otherwise it is as Sink says.
func (l *Lake) Delta(o DeltaOptions) pipeline.Lake {
	d := &delta{options: o, snapshots: map[string]*deltaio.Snapshot{}, amended: map[string]*amended{}, files: map[string]map[int]*deltaio.FileWriter{}}
	d.sink = l.begin(&sink{part: d.create})
	d.sink.delta = d
	return d
}

// delta implements pipeline.Lake. mu of the sink guards files.
type delta struct {
	*sink
	options   DeltaOptions
	versions  map[string]pipeline.TableVersion       // that the last run left
	snapshots map[string]*deltaio.Snapshot           // of the tables that the last run left
	amended   map[string]*amended                    // by table
	files     map[string]map[int]*deltaio.FileWriter // by table and part
}

// amended is what becomes of a table's files.
type amended struct {
	remove []string
	copies []*deltaio.FileWriter // of what stays of the removed ones
}

// create makes a part of a table.
func (d *delta) create(dir string, part int, t *pipeline.Table) (pipeline.Writer, string, error) {
	if t.Layer() == pipeline.StateLayer {
		path := partPath(dir, part, "parquet")
		w, err := parquetio.Create(path, t, d.options.Parquet)
		return w, path, err
	}
	if err := d.lake.disk.step("create", dir); err != nil {
		return nil, dir, err
	}
	w, err := deltaio.Create(dir, t, deltaio.Options{Part: part, Parquet: d.options.Parquet})
	if err != nil {
		return nil, dir, err
	}
	d.mu.Lock()
	if d.files[t.Name] == nil {
		d.files[t.Name] = map[int]*deltaio.FileWriter{}
	}
	d.files[t.Name][part] = w
	d.mu.Unlock()
	return w, dir, nil
}

// Last implements pipeline.Lake.
func (d *delta) Last(ctx context.Context) (*pipeline.Report, string, error) {
	last, err := Report(d.lake.dir)
	if last == nil || err != nil {
		return nil, "", err
	}
	d.versions = last.Versions
	if len(last.Versions) == 0 || last.Base != nil && len(last.Base.Versions) == 0 {
		return nil, "the tables of the run before are no Delta tables", nil
	}
	for _, name := range slices.Sorted(maps.Keys(last.Versions)) {
		was := last.Versions[name]
		s, err := deltaio.Load(ctx, filepath.Join(d.lake.dir, relative(name)))
		if errors.Is(err, deltaio.ErrNoTable) {
			return nil, name + " is gone", nil
		}
		if err == nil {
			err = s.Writable()
		}
		if err != nil {
			return nil, "", upgraded(name, err)
		}
		if s.ID != was.ID || s.Version < was.Version {
			return last, name + " is another table than before", nil
		}
		if s.Version > was.Version {
			commits, err := deltaio.Changes(ctx, s.Dir, was.Version)
			if errors.Is(err, deltaio.ErrConflict) {
				return last, name + " has been changed, and its log does not say how any more", nil
			}
			if err != nil {
				return nil, "", tableError(name, err)
			}
			for _, c := range commits {
				// Comments and properties may be set by others: smelt register does.
				if c.DataChanged || c.MetadataChanged && !sameColumns(ctx, s, was.Version) {
					return last, fmt.Sprintf("%s has been changed by %s (%s, version %d)", name, c.Engine, c.Operation, c.Version), nil
				}
			}
		}
		d.snapshots[name] = s
	}
	return last, "", nil
}

// upgraded is the error of a table that smelt cannot read or write any more.
func upgraded(name string, err error) error {
	var e *pipeline.Error
	if errors.Is(err, deltaio.ErrUnsupported) && errors.As(err, &e) {
		plain := *e
		plain.Hint += "; or remove the table's folder: the next run makes all tables anew"
		err = &plain
	}
	return tableError(name, err)
}

// sameColumns reports whether a table has the columns that it had in an earlier version.
func sameColumns(ctx context.Context, s *deltaio.Snapshot, version int64) bool {
	was, err := deltaio.LoadVersion(ctx, s.Dir, version)
	return err == nil && slices.EqualFunc(was.Schema.Columns, s.Schema.Columns, func(a, b deltaio.Column) bool {
		return a.Name == b.Name && bytes.Equal(a.Delta, b.Delta)
	})
}

// Read implements pipeline.Lake.
func (d *delta) Read(ctx context.Context, t *pipeline.Table, columns []string, where ...pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		var rows pipeline.Stream
		if t.Layer() == pipeline.StateLayer {
			parts, err := Parts(d.lake.dir, t.Name)
			if err != nil {
				yield(nil, err)
				return
			}
			rows = parquetio.Read(ctx, parts, columns)
		} else {
			s, err := d.snapshot(t)
			if err != nil {
				yield(nil, err)
				return
			}
			rows = func(yield func(arrow.Record, error) bool) {
				for _, f := range s.Files() {
					for rec, err := range s.ScanFile(ctx, f, t, columns, where...) {
						if !yield(rec, err) || err != nil {
							return
						}
					}
				}
			}
		}
		for rec, err := range rows {
			if !yield(rec, tableError(t.Name, err)) || err != nil {
				return
			}
		}
	}
}

// Each implements pipeline.Lake.
func (d *delta) Each(ctx context.Context, workers int, t *pipeline.Table, columns []string, f func(worker int, rec arrow.Record) error, where ...pipeline.Where) error {
	s, err := d.snapshot(t)
	if err != nil {
		return err
	}
	return eachFile(ctx, workers, t, s, columns, f, where...)
}

// snapshot returns a table as the last run left it.
func (d *delta) snapshot(t *pipeline.Table) (*deltaio.Snapshot, error) {
	if s := d.snapshots[t.Name]; s != nil {
		return s, nil
	}
	return nil, &pipeline.Error{Kind: pipeline.ErrInput, Table: t.Name, Msg: "the run before has not written the table", Hint: "run with --full-refresh"}
}

// Restart implements pipeline.Lake.
func (d *delta) Restart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables, d.files, d.amended = map[string]*staged{}, map[string]map[int]*deltaio.FileWriter{}, map[string]*amended{}
	if err := d.discard(); err != nil {
		return err
	}
	return outputError(d.lake.staging(), "cannot make the folder", d.lake.disk.mkdir(d.lake.staging()))
}

// layerRank orders the layers as they become visible.
func layerRank(name string) int {
	layer, _, _ := strings.Cut(name, ".")
	return slices.Index([]string{"gold", "silver", "bronze"}, layer)
}

// changes prepares the commits of all tables, in the order in which they become visible.
func (d *delta) changes(ctx context.Context, r *pipeline.Report) ([]tableChange, error) {
	names := map[string]bool{}
	for name := range d.files {
		names[name] = true
	}
	for name, a := range d.amended {
		names[name] = names[name] || len(a.remove) > 0
	}
	var out []tableChange
	for _, name := range slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(layerRank(b)-layerRank(a), strings.Compare(a, b))
	}) {
		if !names[name] {
			continue
		}
		c, err := d.change(ctx, name, r)
		if err != nil {
			return nil, tableError(name, err)
		}
		out = append(out, tableChange{Table: name, Change: c})
	}
	r.Versions = map[string]pipeline.TableVersion{}
	if d.only != nil {
		// Also of tables that somebody else has changed since: that is still so.
		maps.Copy(r.Versions, d.versions)
	}
	for name, s := range d.snapshots {
		r.Versions[name] = pipeline.TableVersion{ID: s.ID, Version: s.Version}
	}
	return out, nil
}

func (d *delta) change(ctx context.Context, name string, r *pipeline.Report) (*deltaio.Change, error) {
	a := d.amended[name]
	s := d.snapshots[name]
	if a == nil {
		var err error
		s, err = deltaio.Load(ctx, filepath.Join(d.lake.dir, relative(name)))
		if err != nil && !errors.Is(err, deltaio.ErrNoTable) {
			return nil, err
		}
	}
	if s != nil {
		// Before any table is committed: a run that cannot publish this one publishes none.
		if err := s.Writable(); err != nil {
			return nil, upgraded(name, err)
		}
	}
	var c *deltaio.Change
	switch {
	case a == nil:
		c = deltaio.NewChange(s, deltaio.Overwrite, "WRITE")
		c.Parameters = map[string]string{"mode": "Overwrite"}
	case len(a.remove) > 0:
		c = deltaio.NewChange(s, deltaio.Update, "MERGE")
		c.Remove = a.remove
		for _, w := range a.copies {
			c.Add = append(c.Add, w.File())
		}
	default:
		// No blind append: the run has counted what was there, and rows that
		// somebody else has added since would never be accounted for.
		c = deltaio.NewChange(s, deltaio.Update, "WRITE")
		c.Parameters = map[string]string{"mode": "Append"}
	}
	for _, part := range slices.Sorted(maps.Keys(d.files[name])) { // readers see the rows in this order
		if f := d.files[name][part].File(); f.Rows > 0 {
			c.Add = append(c.Add, f)
		}
	}
	c.Info, c.UserMetadata = map[string]any{"smeltRun": r.RunID}, "smelt run "+r.RunID
	if t := d.declared[name]; t != nil {
		var err error
		switch {
		case s == nil || d.options.OverwriteSchema && a == nil:
			c.Metadata, err = deltaio.MetadataOf(t)
		default:
			c.Metadata, err = s.Evolve(t)
		}
		if err != nil {
			return nil, err
		}
	}
	// Better now than when other tables are published.
	return c, deltaio.Check(ctx, filepath.Join(d.lake.dir, relative(name)), c)
}
