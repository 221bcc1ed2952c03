package deltaio

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Snapshot is a table at one version. It is immutable and safe for concurrent
// use. Its files stay on the disk until Vacuum finds that they were removed
// from the table long enough ago.
type Snapshot struct {
	Dir     string
	Version int64
	Time    time.Time // when the version was committed
	Metadata

	protocol   protocol
	files      []*File        // in the log's order; nil where one was removed
	at         map[string]int // position in files, by path
	live       int            // files that are not nil
	tombstones map[string]removeAction
	txns       map[string]txnAction
}

// Metadata is what a table is, apart from its files.
type Metadata struct {
	ID               string            `json:"id,omitempty"` // set by Commit when the table is created
	Name             string            `json:"name,omitempty"`
	Description      string            `json:"description,omitempty"`
	Schema           *Schema           `json:"schema"`
	PartitionColumns []string          `json:"partitionColumns,omitempty"`
	Configuration    map[string]string `json:"configuration,omitempty"` // table properties, "delta.…"
	Created          time.Time         `json:"created"`                 // set by Commit when the table is created
}

// MetadataOf returns the metadata of a new table: the declaration's name,
// description, columns and their comments.
func MetadataOf(t *pipeline.Table, partitionBy ...string) (*Metadata, error) {
	schema, err := SchemaOf(t)
	if err != nil {
		return nil, err
	}
	m := &Metadata{Name: t.Name, Description: t.Doc, Schema: schema, PartitionColumns: partitionBy, Configuration: map[string]string{}}
	return m, m.check(t.Name)
}

// check refuses partition columns that cannot be.
func (m *Metadata) check(table string) error {
	for i, p := range m.PartitionColumns {
		at := m.Schema.Index(p)
		msg := ""
		switch {
		case at < 0:
			msg = "is no column, so the table cannot be partitioned by it"
		case slices.Contains(m.PartitionColumns[:i], p):
			msg = "is named twice as a partition column"
		case m.Schema.Columns[at].Type == nil || m.Schema.Columns[at].Type.ID() == arrow.BINARY:
			msg = "a table cannot be partitioned by a column of type " + m.Schema.Columns[at].typeText()
		}
		if msg != "" {
			return &pipeline.Error{Kind: pipeline.ErrConfig, Table: table, Column: p, Msg: msg}
		}
	}
	if len(m.PartitionColumns) > 0 && len(m.PartitionColumns) == len(m.Schema.Columns) {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Table: table, Msg: "every column is a partition column: nothing is left for the files"}
	}
	return nil
}

// isTrue reports whether a table property is set to true.
func (m *Metadata) isTrue(property string) bool {
	return strings.EqualFold(m.Configuration[property], "true")
}

// File is one data file of a table.
type File struct {
	Path      string             `json:"path"`                // below the table's folder, with /
	Partition map[string]*string `json:"partition,omitempty"` // the value of each partition column as Delta writes it; nil = NULL
	Size      int64              `json:"size"`                // bytes
	Modified  time.Time          `json:"modified"`
	Rows      int64              `json:"rows"`            // -1 = not known
	Stats     string             `json:"stats,omitempty"` // Delta's JSON; "" = none

	uri    string // the path as the log has it; "" = encodePath of Path
	tags   map[string]*string
	vector bool // has a deletion vector
}

func (f *File) logPath() string {
	if f.uri != "" {
		return f.uri
	}
	return encodePath(f.Path)
}

// Txn is the last version of a series of batches that a table holds: a batch
// that it has already is not written again.
type Txn struct {
	AppID   string `json:"appId"`
	Version int64  `json:"version"`
}

// Files returns the table's files, in the order in which they were added.
func (s *Snapshot) Files() []File {
	out := make([]File, 0, s.live)
	for _, f := range s.files {
		if f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// Rows returns the number of rows; -1 where a file does not say.
func (s *Snapshot) Rows() int64 {
	n := int64(0)
	for _, f := range s.files {
		if f != nil {
			if f.Rows < 0 {
				return -1
			}
			n += f.Rows
		}
	}
	return n
}

// file returns the file at a path, or nil.
func (s *Snapshot) file(path string) *File {
	if i, ok := s.at[path]; ok {
		return s.files[i]
	}
	return nil
}

// Txn returns the version of the last batch of a series; false if there is none.
func (s *Snapshot) Txn(appID string) (int64, bool) {
	t, ok := s.txns[appID]
	return t.Version, ok
}

// Table returns the declaration of the table: names, types and comments. Its
// name is the log's, or else the last two parts of the folder's path. A column
// that smelt cannot read (a struct, a list, a map, a variant) is an error.
func (s *Snapshot) Table() (*pipeline.Table, error) {
	return s.table(nil)
}

// table is Table of some columns; nil = all.
func (s *Snapshot) table(columns []string) (*pipeline.Table, error) {
	t := &pipeline.Table{Name: s.name(), Doc: s.Description}
	if columns == nil {
		for _, c := range s.Schema.Columns {
			columns = append(columns, c.Name)
		}
	}
	var fields []arrow.Field
	for _, name := range columns {
		i := s.Schema.Index(name)
		if i < 0 {
			return nil, s.noColumn(name)
		}
		c := &s.Schema.Columns[i]
		if c.Type == nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: s.Dir, Column: c.Name, Value: c.typeText(), Err: ErrUnsupported,
				Msg: "has a type that smelt does not read", Hint: "name the other columns, or flatten it before"}
		}
		t.Columns = append(t.Columns, pipeline.Column{Name: c.Name, Doc: c.Comment, Type: c.Type, Nullable: c.Nullable})
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: c.Nullable})
	}
	t.Schema = arrow.NewSchema(fields, nil)
	return t, nil
}

func (s *Snapshot) noColumn(name string) error {
	var names []string
	for _, c := range s.Schema.Columns {
		names = append(names, c.Name)
	}
	e := &pipeline.Error{Kind: pipeline.ErrInput, File: s.Dir, Column: name, Msg: "is not a column of the table"}
	if n := pipeline.Nearest(name, names); n != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", n)
	}
	return e
}

func (s *Snapshot) name() string {
	if s.Name != "" {
		return s.Name
	}
	dir := filepath.Clean(s.Dir)
	return filepath.Base(filepath.Dir(dir)) + "." + filepath.Base(dir)
}

// empty is a table before its first version.
func empty(dir string) *Snapshot {
	return &Snapshot{Dir: dir, Version: -1, at: map[string]int{}, tombstones: map[string]removeAction{}, txns: map[string]txnAction{}}
}

// clone returns a snapshot that may be changed without changing s.
func (s *Snapshot) clone() *Snapshot {
	out := *s
	out.files = make([]*File, 0, s.live)
	out.at = make(map[string]int, s.live)
	for _, f := range s.files {
		if f != nil {
			out.at[f.Path] = len(out.files)
			out.files = append(out.files, f)
		}
	}
	out.tombstones, out.txns = make(map[string]removeAction, len(s.tombstones)), make(map[string]txnAction, len(s.txns))
	for k, v := range s.tombstones {
		out.tombstones[k] = v
	}
	for k, v := range s.txns {
		out.txns[k] = v
	}
	return &out
}

// apply replays the actions of one commit, or of a checkpoint. The removes of a
// commit come first, wherever they stand: a file that was removed and added
// again, with new statistics, is there.
func (s *Snapshot) apply(actions []action) error {
	for i := range actions {
		if r := actions[i].Remove; r != nil {
			path, err := decodePath(r.Path)
			if err != nil {
				return err
			}
			if k, ok := s.at[path]; ok {
				s.files[k] = nil
				delete(s.at, path)
				s.live--
			}
			s.tombstones[path] = *r
		}
	}
	for i := range actions {
		a := &actions[i]
		switch {
		case a.Protocol != nil:
			s.protocol = *a.Protocol
		case a.MetaData != nil:
			m, err := a.MetaData.metadata()
			if err != nil {
				return err
			}
			s.Metadata = *m
		case a.Txn != nil:
			s.txns[a.Txn.AppID] = *a.Txn
		case a.Add != nil:
			f, err := a.Add.file()
			if err != nil {
				return err
			}
			delete(s.tombstones, f.Path)
			if k, ok := s.at[f.Path]; ok {
				s.files[k] = f
				continue
			}
			s.at[f.Path] = len(s.files)
			s.files = append(s.files, f)
			s.live++
		}
	}
	return nil
}

// file turns an add action into the API's form.
func (a *addAction) file() (*File, error) {
	path, err := decodePath(a.Path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Partition: a.PartitionValues, Size: a.Size, Modified: time.UnixMilli(a.ModificationTime).UTC(), Rows: rowsOf(a.Stats),
		Stats: a.Stats, uri: a.Path, tags: a.Tags, vector: isSet(a.DeletionVector)}
	if len(f.Partition) == 0 {
		f.Partition = nil
	}
	return f, nil
}

// action is the reverse of file.
func (f *File) action(dataChange bool) *addAction {
	a := &addAction{Path: f.logPath(), PartitionValues: f.Partition, Size: f.Size, ModificationTime: f.Modified.UnixMilli(), DataChange: dataChange, Stats: f.Stats, Tags: f.tags}
	if a.PartitionValues == nil {
		a.PartitionValues = map[string]*string{}
	}
	return a
}

// check refuses a replayed table that is not whole, or that smelt would read
// wrongly.
func (s *Snapshot) check() error {
	if s.protocol.MinReader == 0 || s.Schema == nil {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: s.Dir, Msg: fmt.Sprintf("the log up to version %d has no protocol or no schema", s.Version), Hint: "the log is damaged: restore its folder _delta_log from a copy"}
	}
	if err := s.protocol.checkRead(s.Dir, &s.Metadata); err != nil {
		return err
	}
	vectors := 0
	for _, f := range s.files {
		if f != nil && f.vector {
			vectors++
		}
	}
	if vectors > 0 {
		return unsupported(s.Dir, fmt.Sprintf("the table cannot be read: deletion vectors hide rows of %d of its %d files", vectors, s.live),
			"have them purged with the engine that made them (REORG TABLE … APPLY (PURGE)), and turned off ('delta.enableDeletionVectors' = false)")
	}
	return nil
}
