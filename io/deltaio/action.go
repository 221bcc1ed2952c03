package deltaio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// action is one line of the log, or one row of a checkpoint: exactly one of its
// fields is set. Fields that smelt does not know are passed over.
type action struct {
	CommitInfo map[string]json.RawMessage `json:"commitInfo,omitempty"`
	Protocol   *protocol                  `json:"protocol,omitempty"`
	MetaData   *metaData                  `json:"metaData,omitempty"`
	Txn        *txnAction                 `json:"txn,omitempty"`
	Add        *addAction                 `json:"add,omitempty"`
	Remove     *removeAction              `json:"remove,omitempty"`
	Sidecar    *sidecarAction             `json:"sidecar,omitempty"`
}

type metaData struct {
	ID               string            `json:"id"`
	Name             string            `json:"name,omitempty"`
	Description      string            `json:"description,omitempty"`
	Format           format            `json:"format"`
	SchemaString     string            `json:"schemaString"`
	PartitionColumns []string          `json:"partitionColumns"`
	Configuration    map[string]string `json:"configuration"`
	CreatedTime      int64             `json:"createdTime,omitempty"`
}

type format struct {
	Provider string            `json:"provider"`
	Options  map[string]string `json:"options"`
}

type txnAction struct {
	AppID       string `json:"appId"`
	Version     int64  `json:"version"`
	LastUpdated int64  `json:"lastUpdated,omitempty"`
}

type addAction struct {
	Path             string             `json:"path"`
	PartitionValues  map[string]*string `json:"partitionValues"`
	Size             int64              `json:"size"`
	ModificationTime int64              `json:"modificationTime"`
	DataChange       bool               `json:"dataChange"`
	Stats            string             `json:"stats,omitempty"`
	Tags             map[string]*string `json:"tags,omitempty"`
	DeletionVector   json.RawMessage    `json:"deletionVector,omitempty"`
}

type removeAction struct {
	Path                 string             `json:"path"`
	DeletionTimestamp    int64              `json:"deletionTimestamp,omitempty"`
	DataChange           bool               `json:"dataChange"`
	ExtendedFileMetadata bool               `json:"extendedFileMetadata,omitempty"`
	PartitionValues      map[string]*string `json:"partitionValues,omitempty"`
	Size                 int64              `json:"size,omitempty"`
	DeletionVector       json.RawMessage    `json:"deletionVector,omitempty"`
}

type sidecarAction struct {
	Path string `json:"path"`
}

// parseActions reads the lines of a commit, or of a checkpoint in JSON.
func parseActions(text []byte) ([]action, error) {
	var out []action
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var a action
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// check refuses an action that lacks what every one of its kind must have.
func (a *action) check() error {
	switch {
	case a.Add != nil && a.Add.Path == "", a.Remove != nil && a.Remove.Path == "":
		return fmt.Errorf("a file action without a path")
	case a.Add != nil && a.Add.Size < 0:
		return fmt.Errorf("the file %s has the size %d", a.Add.Path, a.Add.Size)
	case a.Protocol != nil && (a.Protocol.MinReader < 1 || a.Protocol.MinWriter < 1):
		return fmt.Errorf("a protocol without versions")
	case a.MetaData != nil && a.MetaData.SchemaString == "":
		return fmt.Errorf("a metaData action without a schema")
	case a.Txn != nil && a.Txn.AppID == "":
		return fmt.Errorf("a txn action without an appId")
	}
	return nil
}

// metadata turns the log's form into the one of the API.
func (m *metaData) metadata() (*Metadata, error) {
	out := &Metadata{ID: m.ID, Name: m.Name, Description: m.Description, Schema: &Schema{}, PartitionColumns: m.PartitionColumns, Configuration: m.Configuration}
	if m.CreatedTime != 0 {
		out.Created = time.UnixMilli(m.CreatedTime).UTC()
	}
	if err := json.Unmarshal([]byte(m.SchemaString), out.Schema); err != nil {
		return nil, fmt.Errorf("the table's schema: %w", err)
	}
	if p := m.Format.Provider; p != "" && p != "parquet" {
		return nil, fmt.Errorf("the table's files are %s, not Parquet", p)
	}
	for _, p := range m.PartitionColumns {
		if out.Schema.Index(p) < 0 {
			return nil, fmt.Errorf("the partition column %q is no column", p)
		}
	}
	return out, nil
}

// action is the reverse of metadata.
func (m *Metadata) action() (*metaData, error) {
	schema, err := json.Marshal(m.Schema)
	if err != nil {
		return nil, err
	}
	out := &metaData{ID: m.ID, Name: m.Name, Description: m.Description, Format: format{Provider: "parquet", Options: map[string]string{}},
		SchemaString: string(schema), PartitionColumns: m.PartitionColumns, Configuration: m.Configuration, CreatedTime: m.Created.UnixMilli()}
	if out.PartitionColumns == nil {
		out.PartitionColumns = []string{}
	}
	if out.Configuration == nil {
		out.Configuration = map[string]string{}
	}
	return out, nil
}

// decodePath turns a path of the log, a URI, into the path of a file below the
// table's folder, with /.
func decodePath(uri string) (string, error) {
	if strings.HasPrefix(uri, "/") || strings.Contains(uri, "://") || strings.HasPrefix(uri, "file:") {
		return "", fmt.Errorf("the file %s lies outside of the table's folder, as in a shallow clone, which smelt does not read: %w", uri, ErrUnsupported)
	}
	p, err := url.PathUnescape(uri)
	if err != nil {
		return "", fmt.Errorf("the path %q is not encoded as a URI", uri)
	}
	if p = path.Clean(p); !filepath.IsLocal(filepath.FromSlash(p)) || p == "." {
		return "", fmt.Errorf("the path %q leads out of the table's folder", uri)
	}
	return p, nil
}

// encodePath is the reverse of decodePath.
func encodePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// isSet reports whether an optional part of an action is there.
func isSet(b json.RawMessage) bool { return len(b) > 0 && string(b) != "null" }
