package deltaio

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Checkpoint writes the state of the table's newest version as one Parquet
// file, from which readers start instead of from version 0, and returns that
// version. Commit does so by itself every few versions.
func Checkpoint(ctx context.Context, dir string) (int64, error) {
	t := table{dir: dir}
	s, err := Load(ctx, dir)
	if err != nil {
		return 0, err
	}
	if err := s.protocol.checkWrite(dir, &s.Metadata); err != nil {
		return 0, err
	}
	return s.Version, t.checkpoint(s, time.Now())
}

// afterCommit writes the checkpoint that is due at some versions, and cleans up
// the log. Its errors are of no consequence: the commit stands, readers replay
// what is there, and the next checkpoint makes up for this one.
func (t table) afterCommit(s *Snapshot, version int64, at time.Time, actions []action) {
	if version == 0 || version%s.checkpointInterval() != 0 {
		return
	}
	s = s.clone()
	if err := s.apply(actions); err != nil {
		return
	}
	s.Version, s.Time = version, at
	if err := t.checkpoint(s, at); err == nil {
		_ = t.cleanLog(&s.Metadata, at)
	}
}

// The columns of a checkpoint, as the protocol names them.
type checkpointRow struct {
	Txn      *checkpointTxn      `parquet:"txn,optional"`
	Add      *checkpointAdd      `parquet:"add,optional"`
	Remove   *checkpointRemove   `parquet:"remove,optional"`
	MetaData *checkpointMetaData `parquet:"metaData,optional"`
	Protocol *checkpointProtocol `parquet:"protocol,optional"`
}

type checkpointTxn struct {
	AppID       string `parquet:"appId"`
	Version     int64  `parquet:"version"`
	LastUpdated *int64 `parquet:"lastUpdated,optional"`
}

type checkpointAdd struct {
	Path             string             `parquet:"path"`
	PartitionValues  map[string]*string `parquet:"partitionValues"`
	Size             int64              `parquet:"size"`
	ModificationTime int64              `parquet:"modificationTime"`
	DataChange       bool               `parquet:"dataChange"`
	Stats            *string            `parquet:"stats,optional"`
	Tags             map[string]*string `parquet:"tags,optional"`
}

type checkpointRemove struct {
	Path                 string             `parquet:"path"`
	DeletionTimestamp    *int64             `parquet:"deletionTimestamp,optional"`
	DataChange           bool               `parquet:"dataChange"`
	ExtendedFileMetadata bool               `parquet:"extendedFileMetadata"`
	PartitionValues      map[string]*string `parquet:"partitionValues,optional"`
	Size                 *int64             `parquet:"size,optional"`
}

type checkpointMetaData struct {
	ID               string            `parquet:"id"`
	Name             *string           `parquet:"name,optional"`
	Description      *string           `parquet:"description,optional"`
	Format           checkpointFormat  `parquet:"format"`
	SchemaString     string            `parquet:"schemaString"`
	PartitionColumns []string          `parquet:"partitionColumns,list"`
	Configuration    map[string]string `parquet:"configuration"`
	CreatedTime      *int64            `parquet:"createdTime,optional"`
}

type checkpointFormat struct {
	Provider string            `parquet:"provider"`
	Options  map[string]string `parquet:"options"`
}

type checkpointProtocol struct {
	MinReader      int32    `parquet:"minReaderVersion"`
	MinWriter      int32    `parquet:"minWriterVersion"`
	ReaderFeatures []string `parquet:"readerFeatures,list,optional"`
	WriterFeatures []string `parquet:"writerFeatures,list,optional"`
}

// optional returns a pointer to v; nil for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// checkpointRows returns the state of a table, without tombstones that have
// expired: files that Vacuum may have deleted.
func checkpointRows(s *Snapshot, now time.Time) ([]checkpointRow, error) {
	m, err := s.Metadata.action()
	if err != nil {
		return nil, err
	}
	p := &checkpointProtocol{int32(s.protocol.MinReader), int32(s.protocol.MinWriter), s.protocol.ReaderFeatures, s.protocol.WriterFeatures}
	// These versions want a list, if an empty one; others must have none.
	if p.MinReader >= 3 && p.ReaderFeatures == nil {
		p.ReaderFeatures = []string{}
	}
	if p.MinWriter >= 7 && p.WriterFeatures == nil {
		p.WriterFeatures = []string{}
	}
	out := []checkpointRow{
		{Protocol: p},
		{MetaData: &checkpointMetaData{ID: m.ID, Name: optional(m.Name), Description: optional(m.Description), Format: checkpointFormat{"parquet", map[string]string{}},
			SchemaString: m.SchemaString, PartitionColumns: m.PartitionColumns, Configuration: m.Configuration, CreatedTime: optional(m.CreatedTime)}},
	}
	for _, id := range sortedKeys(s.txns) {
		a := s.txns[id]
		out = append(out, checkpointRow{Txn: &checkpointTxn{a.AppID, a.Version, optional(a.LastUpdated)}})
	}
	expired := now.Add(-s.fileRetention()).UnixMilli()
	for _, path := range sortedKeys(s.tombstones) {
		r := s.tombstones[path]
		if r.DeletionTimestamp < expired {
			continue
		}
		out = append(out, checkpointRow{Remove: &checkpointRemove{Path: r.Path, DeletionTimestamp: optional(r.DeletionTimestamp), DataChange: r.DataChange,
			ExtendedFileMetadata: r.ExtendedFileMetadata, PartitionValues: r.PartitionValues, Size: optional(r.Size)}})
	}
	for _, f := range s.files {
		if f == nil {
			continue
		}
		a := f.action(false)
		out = append(out, checkpointRow{Add: &checkpointAdd{Path: a.Path, PartitionValues: a.PartitionValues, Size: a.Size, ModificationTime: a.ModificationTime,
			Stats: optional(a.Stats), Tags: a.Tags}})
	}
	return out, nil
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// lastCheckpoint is the file _last_checkpoint.
type lastCheckpoint struct {
	Version     int64 `json:"version"`
	Size        int64 `json:"size"` // actions
	SizeInBytes int64 `json:"sizeInBytes"`
	NumAddFiles int64 `json:"numOfAddFiles"`
}

// checkpoint writes the state of a table, and then where it is.
func (t table) checkpoint(s *Snapshot, now time.Time) error {
	path := t.logFile(".checkpoint.parquet", s.Version)
	rows, err := checkpointRows(s, now)
	if err != nil {
		return outputError(path, "the checkpoint cannot be written", err)
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[checkpointRow](&b, parquet.Compression(&parquet.Snappy))
	if _, err = w.Write(rows); err == nil {
		err = w.Close()
	}
	if err == nil {
		err = t.disk.replace(path, b.Bytes())
	}
	if err != nil {
		return outputError(path, "the checkpoint cannot be written", err)
	}
	hint := filepath.Join(t.logDir(), "_last_checkpoint")
	var last lastCheckpoint
	if text, err := os.ReadFile(hint); err == nil && json.Unmarshal(text, &last) == nil && last.Version > s.Version {
		return nil // another writer was there first
	}
	text, err := json.Marshal(lastCheckpoint{s.Version, int64(len(rows)), int64(b.Len()), int64(s.live)})
	if err == nil {
		err = t.disk.replace(hint, append(text, '\n'))
	}
	return outputError(hint, "cannot be written", err)
}
