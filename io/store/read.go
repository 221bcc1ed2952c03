package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// Tables returns the names of the published tables of a lake, sorted: layer.table
// for every Delta table and every folder that holds part files. A lake that does not exist has none.
func Tables(dir string) ([]string, error) {
	layers, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "cannot list the tables", Err: err}
	}
	var out []string
	for _, layer := range layers {
		tables, err := os.ReadDir(filepath.Join(dir, layer.Name()))
		if err != nil {
			continue // not a folder of tables
		}
		for _, t := range tables {
			name := layer.Name() + "." + t.Name()
			if !tableName.MatchString(name) {
				continue
			}
			if parts, err := Parts(dir, name); err == nil && len(parts) > 0 || isDelta(filepath.Join(dir, relative(name))) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// At says which version of a Delta table is meant; the zero value is the newest.
type At struct {
	Version pipeline.Null[int64]
	Time    time.Time // the newest version then
}

// Table is a published table, opened for reading.
type Table struct {
	Name   string
	Schema *arrow.Schema
	parts  []string          // of a folder of part files
	delta  *deltaio.Snapshot // nil = it is such a folder
}

// DeltaFolder returns the folder of a Delta table. Another table's error is of
// kind pipeline.ErrConfig.
func DeltaFolder(dir, name string) (string, error) {
	folder := filepath.Join(dir, relative(name))
	if !isDelta(folder) {
		return "", &pipeline.Error{Kind: pipeline.ErrConfig, Table: name, Msg: "has no versions: it is a folder of Parquet files", Hint: "format: delta in smelt.yml keeps them"}
	}
	return folder, nil
}

// OpenTable opens a published table. Only Delta tables have versions.
func OpenTable(ctx context.Context, dir, name string, at At) (*Table, error) {
	t := &Table{Name: name}
	folder, err := DeltaFolder(dir, name)
	if err != nil {
		if at != (At{}) {
			return nil, err
		}
		if t.parts, err = Parts(dir, name); err == nil {
			t.Schema, err = parquetio.Schema(t.parts[0])
		}
		return t, tableError(name, err)
	}
	switch {
	case at.Version.Valid:
		t.delta, err = deltaio.LoadVersion(ctx, folder, at.Version.V)
	case !at.Time.IsZero():
		t.delta, err = deltaio.LoadTime(ctx, folder, at.Time)
	default:
		t.delta, err = deltaio.Load(ctx, folder)
	}
	var declared *pipeline.Table
	if err == nil {
		declared, err = t.delta.Table()
	}
	if err != nil {
		return nil, tableError(name, err)
	}
	t.Schema = declared.Schema
	return t, nil
}

// Scan streams columns of the table; with where only the rows that it picks, of
// which statistics and Bloom filters let it pass over most others. Its columns
// must be text.
func (t *Table) Scan(ctx context.Context, columns []string, where ...pipeline.Where) pipeline.Stream {
	if t.delta == nil && where == nil {
		return parquetio.Read(ctx, t.parts, columns)
	}
	if t.delta == nil {
		return t.pick(ctx, columns, where)
	}
	return func(yield func(arrow.Record, error) bool) {
		for rec, err := range deltaio.Scan(ctx, t.delta, columns, where...) {
			if e, ok := err.(*pipeline.Error); ok && errors.Is(err, fs.ErrNotExist) && e.Hint == "" {
				plain := *e
				plain.Hint = fmt.Sprintf("version %d needs the file: a vacuum deletes what only old versions need", t.delta.Version)
				err = &plain
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// Each hands the batches of columns to f, from so many workers at once: those of one
// file after the other from one worker, those of several side by side. Text comes as
// a dictionary where the table is declared so.
func (t *Table) Each(ctx context.Context, workers int, declared *pipeline.Table, columns []string, f func(worker int, rec arrow.Record) error) error {
	if t.delta != nil {
		return eachFile(ctx, workers, declared, t.delta, columns, f)
	}
	fields, err := t.declaredFields(declared, columns)
	if err != nil {
		return err
	}
	return tableError(t.Name, side(ctx, workers, len(t.parts), func(ctx context.Context, i int) pipeline.Stream {
		return parquetio.ReadAs(ctx, t.parts[i], fields)
	}, f))
}

// declaredFields returns the declared fields of columns, all of which the table has.
func (t *Table) declaredFields(declared *pipeline.Table, columns []string) ([]arrow.Field, error) {
	var fields []arrow.Field
	for _, name := range columns {
		at := declared.Index(name)
		if at < 0 || len(t.Schema.FieldIndices(name)) != 1 {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, Table: t.Name, Column: name, Msg: "the table has no such column", Hint: "smelt run makes it anew"}
		}
		fields = append(fields, declared.Schema.Field(at))
	}
	return fields, nil
}

// eachFile is Each of a Delta table.
func eachFile(ctx context.Context, workers int, t *pipeline.Table, s *deltaio.Snapshot, columns []string, f func(worker int, rec arrow.Record) error, where ...pipeline.Where) error {
	files := s.Files()
	err := side(ctx, workers, len(files), func(ctx context.Context, i int) pipeline.Stream {
		return s.ScanFile(ctx, files[i], t, columns, where...)
	}, f)
	return tableError(t.Name, err)
}

// side streams n files, so many side by side.
func side(ctx context.Context, workers, n int, open func(ctx context.Context, i int) pipeline.Stream, f func(worker int, rec arrow.Record) error) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for worker := range max(1, min(workers, n)) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				for rec, err := range open(ctx, i) {
					if err == nil {
						err = f(worker, rec)
					}
					if err != nil {
						return err
					}
				}
			}
		})
	}
	return g.Wait()
}

// pick streams the rows of part files that where picks.
func (t *Table) pick(ctx context.Context, columns []string, where []pipeline.Where) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		var fields []arrow.Field
		for _, name := range columns {
			at := t.Schema.FieldIndices(name)
			if len(at) != 1 {
				yield(nil, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Column: name, Msg: "the table has no such column"})
				return
			}
			fields = append(fields, t.Schema.Field(at[0]))
		}
		for _, path := range t.parts {
			for rec, err := range parquetio.ReadAs(ctx, path, fields, where...) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// Parts returns the paths of the part files of a table that is a folder of
// them, in the order of their numbers.
func Parts(dir, table string) ([]string, error) {
	folder := filepath.Join(dir, relative(table))
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: folder, Msg: "cannot list the table's parts", Err: err}
	}
	type part struct {
		number int
		path   string
	}
	var parts []part
	for _, e := range entries {
		if m := partName.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1])
			parts = append(parts, part{n, filepath.Join(folder, e.Name())})
		}
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.path, b.path))
	})
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.path
	}
	if len(out) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, Table: table, Msg: "no such table in " + dir}
	}
	return out, nil
}

// Report reads the report of the run that wrote a lake's tables; nil if there
// is none.
func Report(dir string) (*pipeline.Report, error) {
	r, err := readReport(reportPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return r, err
}

func readReport(path string) (*pipeline.Report, error) {
	text, err := os.ReadFile(path)
	var r pipeline.Report
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: "cannot read the report", Err: err}
	}
	return &r, nil
}

func reportPath(dir string) string { return filepath.Join(dir, "_smelt", "run.json") }
