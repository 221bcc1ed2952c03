package deltaio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// readCheckpoint replays a checkpoint: one file, several parts, or one that
// names side files, in Parquet or in JSON, whoever wrote it. Of a Parquet file
// only the columns that the protocol names are read, by their names.
func (t table) readCheckpoint(ctx context.Context, c checkpoint, s *Snapshot) error {
	var sidecars []string
	read := func(path string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		actions, err := readActions(path)
		if err == nil {
			err = s.apply(actions)
		}
		if err != nil {
			return inputError(path, "the checkpoint cannot be read", err)
		}
		for i := range actions {
			if a := actions[i].Sidecar; a != nil {
				sidecars = append(sidecars, a.Path)
			}
		}
		return nil
	}
	for _, name := range c.files {
		if err := read(filepath.Join(t.logDir(), name)); err != nil {
			return err
		}
	}
	for _, uri := range sidecars {
		path, err := decodePath(uri)
		if err != nil || strings.Contains(path, "/") {
			return inputError(filepath.Join(t.logDir(), c.files[0]), "the checkpoint names a side file elsewhere: "+uri, err)
		}
		if err := read(filepath.Join(t.logDir(), "_sidecars", path)); err != nil {
			return err
		}
	}
	return s.check()
}

// readActions reads one file of a checkpoint.
func readActions(path string) (actions []action, err error) {
	if strings.HasSuffix(path, ".json") {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return parseActions(text)
	}
	// What is not Parquet, or has a damaged footer, is found here: parquet-go
	// may allocate without bounds on it.
	whole, err := parquetio.Open(context.Background(), pipeline.File{Path: path})
	if err != nil {
		return nil, err
	}
	if err := whole.Close(); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return parquetActions(f, info.Size())
}

// parquetActions reads the actions of a Parquet file. The Parquet library
// panics on some damaged files.
func parquetActions(r io.ReaderAt, size int64) (actions []action, err error) {
	defer func() {
		if p := recover(); p != nil {
			actions, err = nil, fmt.Errorf("damaged Parquet data: %v", p)
		}
	}()
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	columns := leaves(file.Root(), nil)
	for _, group := range file.RowGroups() {
		n := group.NumRows()
		if n < 0 || n > size { // no row has a path of less than a byte
			return nil, fmt.Errorf("a row group says that it has %d rows", n)
		}
		rows := make([]row, n)
		for _, l := range columns {
			if err := l.read(group.ColumnChunks()[l.column], rows); err != nil {
				return nil, fmt.Errorf("column %s: %w", l.name, err)
			}
		}
		for i := range rows {
			a := rows[i].action()
			if err := a.check(); err != nil {
				return nil, err
			}
			actions = append(actions, a)
		}
	}
	return actions, nil
}

// row is an action in the making: the values of the Parquet columns by their
// names, of which each row has those of one action.
type row struct {
	one  map[string]parquet.Value
	many map[string][]*string // lists, and the keys and the values of maps
}

// leaf is a Parquet column that holds a part of an action.
type leaf struct {
	name   string // "add.path", "add.partitionValues.key"
	column int
	level  int // the definition level from which on a list or map has an entry; 0 = neither
}

// singles and multis are the columns that are read, of those that a checkpoint may have.
var singles = map[string]bool{
	"protocol.minReaderVersion": true, "protocol.minWriterVersion": true,
	"metaData.id": true, "metaData.name": true, "metaData.description": true, "metaData.schemaString": true, "metaData.createdTime": true, "metaData.format.provider": true,
	"txn.appId": true, "txn.version": true, "txn.lastUpdated": true,
	"add.path": true, "add.size": true, "add.modificationTime": true, "add.dataChange": true, "add.stats": true, "add.deletionVector.storageType": true,
	"remove.path": true, "remove.deletionTimestamp": true, "remove.dataChange": true, "remove.size": true, "remove.extendedFileMetadata": true,
	"sidecar.path": true,
}

var multis = map[string]bool{
	"protocol.readerFeatures": true, "protocol.writerFeatures": true, "metaData.partitionColumns": true, "metaData.configuration": true,
	"add.partitionValues": true, "add.tags": true, "remove.partitionValues": true,
}

// leaves finds the columns to read below a column.
func leaves(c *parquet.Column, path []string) []leaf {
	name := strings.Join(path, ".")
	if multis[name] {
		return entries(c, name, 0)
	}
	if c.Leaf() {
		if singles[name] && !c.Repeated() {
			return []leaf{{name: name, column: int(c.Index())}}
		}
		return nil
	}
	var out []leaf
	for _, child := range c.Columns() {
		out = append(out, leaves(child, append(path[:len(path):len(path)], child.Name()))...)
	}
	return out
}

// entries finds the leaf of a list, or the two of a map, whatever the names of
// the groups in between.
func entries(c *parquet.Column, name string, level int) []leaf {
	if c.Repeated() {
		level = c.MaxDefinitionLevel()
	}
	if c.Leaf() {
		return []leaf{{name: name, column: int(c.Index()), level: level}}
	}
	var out []leaf
	for i, child := range c.Columns() {
		n := name
		if len(c.Columns()) == 2 {
			n += []string{".key", ".value"}[i]
		}
		out = append(out, entries(child, n, level)...)
	}
	return out
}

// read adds the column's values to the rows of its group.
func (l leaf) read(chunk parquet.ColumnChunk, rows []row) error {
	pages := chunk.Pages()
	defer pages.Close()
	at := -1
	var buf [256]parquet.Value
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			if at != len(rows)-1 {
				return fmt.Errorf("%d values for %d rows", at+1, len(rows))
			}
			return nil
		}
		if err != nil {
			return err
		}
		values := page.Values()
		for {
			n, err := values.ReadValues(buf[:])
			for _, v := range buf[:n] {
				if v.RepetitionLevel() == 0 {
					at++
				}
				if at < 0 || at >= len(rows) {
					return fmt.Errorf("more values than rows")
				}
				rows[at].add(l, v)
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if err != nil || n == 0 {
				break
			}
		}
		parquet.Release(page)
	}
}

func (r *row) add(l leaf, v parquet.Value) {
	switch {
	case l.level == 0 && !v.IsNull():
		if r.one == nil {
			r.one = map[string]parquet.Value{}
		}
		r.one[l.name] = v.Clone()
	case l.level > 0 && v.DefinitionLevel() >= l.level:
		if r.many == nil {
			r.many = map[string][]*string{}
		}
		var text *string
		if !v.IsNull() {
			s := string(v.ByteArray())
			text = &s
		}
		r.many[l.name] = append(r.many[l.name], text)
	}
}

func (r *row) has(name string) bool { _, ok := r.one[name]; return ok }

func (r *row) text(name string) string {
	if v, ok := r.one[name]; ok && (v.Kind() == parquet.ByteArray || v.Kind() == parquet.FixedLenByteArray) {
		return string(v.ByteArray())
	}
	return ""
}

func (r *row) int(name string) int64 {
	switch v := r.one[name]; v.Kind() {
	case parquet.Int32:
		return int64(v.Int32())
	case parquet.Int64:
		return v.Int64()
	}
	return 0
}

func (r *row) bool(name string) bool {
	v, ok := r.one[name]
	return ok && v.Kind() == parquet.Boolean && v.Boolean()
}

func (r *row) list(name string) []string {
	var out []string
	for _, s := range r.many[name] {
		if s != nil {
			out = append(out, *s)
		}
	}
	return out
}

func (r *row) pairs(name string) map[string]*string {
	keys, values := r.many[name+".key"], r.many[name+".value"]
	if len(keys) != len(values) || len(keys) == 0 {
		return nil
	}
	out := make(map[string]*string, len(keys))
	for i, k := range keys {
		if k != nil {
			out[*k] = values[i]
		}
	}
	return out
}

// action returns the action of the row; one of a kind that smelt does not know
// is empty.
func (r *row) action() (a action) {
	switch {
	case r.has("add.path"):
		a.Add = &addAction{Path: r.text("add.path"), PartitionValues: r.pairs("add.partitionValues"), Size: r.int("add.size"), ModificationTime: r.int("add.modificationTime"),
			DataChange: r.bool("add.dataChange"), Stats: r.text("add.stats"), Tags: r.pairs("add.tags")}
		if r.has("add.deletionVector.storageType") {
			a.Add.DeletionVector = json.RawMessage(`{}`)
		}
	case r.has("remove.path"):
		a.Remove = &removeAction{Path: r.text("remove.path"), DeletionTimestamp: r.int("remove.deletionTimestamp"), DataChange: r.bool("remove.dataChange"),
			ExtendedFileMetadata: r.bool("remove.extendedFileMetadata"), PartitionValues: r.pairs("remove.partitionValues"), Size: r.int("remove.size")}
	case r.has("metaData.schemaString"):
		a.MetaData = &metaData{ID: r.text("metaData.id"), Name: r.text("metaData.name"), Description: r.text("metaData.description"), SchemaString: r.text("metaData.schemaString"),
			Format: format{Provider: r.text("metaData.format.provider")}, PartitionColumns: r.list("metaData.partitionColumns"), CreatedTime: r.int("metaData.createdTime"), Configuration: map[string]string{}}
		for k, v := range r.pairs("metaData.configuration") {
			if v != nil {
				a.MetaData.Configuration[k] = *v
			}
		}
	case r.has("protocol.minReaderVersion"):
		a.Protocol = &protocol{MinReader: int(r.int("protocol.minReaderVersion")), MinWriter: int(r.int("protocol.minWriterVersion")),
			ReaderFeatures: r.list("protocol.readerFeatures"), WriterFeatures: r.list("protocol.writerFeatures")}
	case r.has("txn.appId"):
		a.Txn = &txnAction{AppID: r.text("txn.appId"), Version: r.int("txn.version"), LastUpdated: r.int("txn.lastUpdated")}
	case r.has("sidecar.path"):
		a.Sidecar = &sidecarAction{Path: r.text("sidecar.path")}
	}
	return a
}
