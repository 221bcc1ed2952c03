package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Format makes the writer of one part file. It creates the file, whose folder
// exists, and closes it when the writer is closed.
type Format func(path string, t *pipeline.Table) (pipeline.Writer, error)

// Sink returns the sink of one run, whose part files are named
// part-00000.<ext> and so on. Commit publishes the tables as the package
// documentation says, and adds to the report the tables' rows, bytes, parts and
// seconds where the run has not. When Create, Write, Close or Commit fails, the
// run aborts the sink. A lake has one unfinished sink at a time.
func (l *Lake) Sink(format Format, ext string) pipeline.Sink {
	return l.begin(&sink{part: func(dir string, part int, t *pipeline.Table) (pipeline.Writer, string, error) {
		path := partPath(dir, part, ext)
		w, err := format(path, t)
		return w, path, err
	}})
}

func partPath(dir string, part int, ext string) string {
	return filepath.Join(dir, fmt.Sprintf("part-%05d.%s", part, ext))
}

func (l *Lake) begin(s *sink) *sink {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.lake, s.tables, s.declared = l, map[string]*staged{}, map[string]*pipeline.Table{}
	if l.sink != nil {
		s.done = "the lake has another unfinished sink"
		return s
	}
	if exists(l.journal()) {
		s.done = "the tables of the run before are half published: open the lake again"
		return s
	}
	l.sink = s
	return s
}

// sink implements pipeline.Sink. mu guards everything below it.
type sink struct {
	lake *Lake
	// part makes a part of a table in a folder, and says which file it is: "" where
	// the writer brings it to the disk itself.
	part  func(dir string, part int, t *pipeline.Table) (w pipeline.Writer, path string, err error)
	delta *delta                  // nil = the tables are folders of part files
	only  func(table string) bool // nil = all tables are published

	mu       sync.Mutex
	done     string // why nothing more can be created; "" while the sink is open
	tables   map[string]*staged
	declared map[string]*pipeline.Table
}

// staged is a table that is being written.
type staged struct {
	parts map[int]string // part number → path
	open  int            // writers that are not closed
	pipeline.TableReport
}

var tableName = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z_][a-z0-9_]*$`)

// Create makes one part of a table. It refuses a table that could not be
// published, so that a run learns it before its work is done.
func (s *sink) Create(t *pipeline.Table, part int) (pipeline.Writer, error) {
	if !s.publishes(t.Name) {
		return &counter{}, nil
	}
	dir, err := s.reserve(t, part)
	if err != nil {
		return nil, err
	}
	made, path, err := s.part(dir, part, t)
	if err != nil {
		// The part stays open, so that Commit cannot publish the table.
		return nil, tableError(t.Name, outputError(path, "cannot make the file", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[t.Name].parts[part] = path
	return &writer{Writer: made, sink: s, table: t.Name, path: path}, nil
}

// reserve takes a part's number, and returns the folder that it is written to.
func (s *sink) reserve(t *pipeline.Table, part int) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fail := func(msg string) (string, error) {
		return "", &pipeline.Error{Kind: pipeline.ErrOutput, Table: t.Name, Msg: msg}
	}
	if s.done != "" {
		return fail(s.done)
	}
	if !tableName.MatchString(t.Name) {
		return fail("a table's name must be layer.table in lower case, digits and _")
	}
	rel := relative(t.Name)
	dir := filepath.Join(s.lake.staging(), rel)
	st := s.tables[t.Name]
	if st == nil {
		if target := filepath.Join(s.lake.dir, rel); s.isFolder(t.Name) || !isDelta(target) {
			if err := onlyParts(target); err != nil {
				return "", err
			}
		}
		if err := s.lake.disk.mkdir(dir); err != nil {
			return "", outputError(dir, "cannot make the folder", err)
		}
		st = &staged{parts: map[int]string{}, TableReport: pipeline.TableReport{Name: t.Name}}
		s.tables[t.Name], s.declared[t.Name] = st, t
	}
	if _, ok := st.parts[part]; ok || part < 0 {
		return fail(fmt.Sprintf("part %d is negative or was created before", part))
	}
	st.parts[part] = ""
	st.open++
	return dir, nil
}

// isFolder reports whether a table is a folder of part files, switched as a whole.
func (s *sink) isFolder(table string) bool {
	return s.delta == nil || strings.HasPrefix(table, pipeline.StateLayer+".")
}

// close counts a part as written.
func (s *sink) close(w *writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.tables[w.table]
	st.open--
	st.Rows += w.stats.Rows
	st.Bytes += w.stats.Bytes
	if *w.stats != (pipeline.Stats{}) {
		st.Parts++
	}
	st.Seconds += w.spent.Seconds()
}

// Commit publishes the tables. Once the journal is written, ctx is not heeded
// any more.
func (s *sink) Commit(ctx context.Context, r *pipeline.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done != "" {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Msg: s.done}
	}
	for name, st := range s.tables {
		if st.open > 0 {
			return &pipeline.Error{Kind: pipeline.ErrOutput, Table: name, Msg: fmt.Sprintf("%d parts are still being written", st.open)}
		}
	}
	if r == nil {
		r = &pipeline.Report{}
	}
	s.complete(r)
	if s.only != nil {
		before, err := Report(s.lake.dir)
		if err != nil {
			return err
		}
		r.Beside(before)
	}
	s.done = "the tables are published already"
	j := journal{Version: journalVersion}
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if s.isFolder(name) {
			j.Tables = append(j.Tables, name)
		}
	}
	if s.delta != nil {
		var err error
		if j.Changes, err = s.delta.changes(ctx, r); err != nil {
			s.discard()
			s.finish()
			return err
		}
	}
	journalled, err := s.lake.publish(ctx, j, s.paths(), r)
	if err != nil && !journalled {
		s.discard()
	}
	s.finish()
	return err
}

// complete fills the sizes of the tables into the report.
func (s *sink) complete(r *pipeline.Report) {
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if strings.HasPrefix(name, pipeline.StateLayer+".") {
			continue
		}
		i := slices.IndexFunc(r.Tables, func(t pipeline.TableReport) bool { return t.Name == name })
		if i < 0 {
			r.Tables = append(r.Tables, s.tables[name].TableReport)
			continue
		}
		have, t := s.tables[name].TableReport, &r.Tables[i]
		if t.Rows == 0 {
			t.Rows = have.Rows
		}
		if t.Bytes == 0 {
			t.Bytes = have.Bytes
		}
		if t.Parts == 0 {
			t.Parts = have.Parts
		}
		if t.Seconds == 0 {
			t.Seconds = have.Seconds
		}
	}
}

func (s *sink) paths() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if s.isFolder(name) {
			out = slices.AppendSeq(out, maps.Values(s.tables[name].parts))
		}
	}
	return out
}

// Abort removes what was written. Writers that are still open write into files
// that nobody will see.
func (s *sink) Abort() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done != "" {
		return nil
	}
	s.done = "the run was aborted"
	err := s.discard()
	s.finish()
	return err
}

func (s *sink) discard() error {
	return outputError(s.lake.staging(), "cannot remove what the run has written", s.lake.disk.removeAll(s.lake.staging()))
}

func (s *sink) finish() {
	s.lake.mu.Lock()
	defer s.lake.mu.Unlock()
	s.lake.sink = nil
}

// writer counts what one part's writer writes. It belongs to one goroutine.
type writer struct {
	pipeline.Writer
	sink  *sink
	table string
	path  string
	spent time.Duration
	stats *pipeline.Stats // once it is closed
}

func (w *writer) Write(rec arrow.Record) error {
	start := time.Now()
	err := w.Writer.Write(rec)
	w.spent += time.Since(start)
	return tableError(w.table, outputError(w.path, "cannot write", err))
}

func (w *writer) Close() (pipeline.Stats, error) {
	if w.stats != nil {
		return *w.stats, nil
	}
	start := time.Now()
	stats, err := w.Writer.Close()
	w.spent += time.Since(start)
	if err != nil {
		// The part stays open, so that Commit cannot publish it.
		return stats, tableError(w.table, outputError(w.path, "cannot finish the file", err))
	}
	if stats.Rows == 0 && !w.sink.isFolder(w.table) {
		stats = pipeline.Stats{} // a file without rows is not published
	}
	w.stats = &stats
	w.sink.close(w)
	return stats, nil
}

// tableError names the table in an error that does not.
func tableError(table string, err error) error {
	if e, ok := err.(*pipeline.Error); ok && e.Table == "" {
		named := *e
		named.Table = table
		return &named
	}
	return err
}

// relative turns silver.fact_sales into silver/fact_sales.
func relative(table string) string {
	layer, base, _ := strings.Cut(table, ".")
	if layer == pipeline.StateLayer {
		layer = filepath.Join("_smelt", layer)
	}
	return filepath.Join(layer, base)
}

var partName = regexp.MustCompile(`^part-([0-9]{5,})\.[a-z0-9.]+$`)

// onlyParts makes sure that a table's folder, if it exists, holds nothing but
// part files, so that replacing it loses nothing of the user's.
func onlyParts(dir string) error {
	refuse := func(path, msg string) error {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: msg,
			Hint: "a table would replace it: move it away or choose another output"}
	}
	st, err := os.Lstat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return outputError(dir, "cannot look at the table's folder", err)
	}
	if !st.IsDir() {
		return refuse(dir, "not a folder of part files")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return outputError(dir, "cannot look into the table's folder", err)
	}
	if isDelta(dir) {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "is a Delta table, whose versions a folder of Parquet files would throw away",
			Hint: "leave format: parquet out of smelt.yml, or choose another output"}
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !partName.MatchString(e.Name()) {
			return refuse(filepath.Join(dir, e.Name()), "not one of smelt's part files")
		}
	}
	return nil
}
