package deltaio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Mode says what a change does to the rows that are there when it is committed.
type Mode string

const (
	// Append adds files, whatever is there.
	Append Mode = "append"
	// Overwrite replaces every row, whatever is there.
	Overwrite Mode = "overwrite"
	// Update removes the files that it names and adds others. It conflicts with
	// a commit that removed one of them. With DataChange it depends on every
	// row of its base: it conflicts with rows that were added since, too.
	Update Mode = "update"
)

// Change is one transaction, prepared before its version is known. It can be
// stored as JSON and committed again later: Commit of a change whose ID is in
// the log already writes nothing.
type Change struct {
	ID           string            `json:"id"`   // random, see NewChange; the txnId of commitInfo
	Base         int64             `json:"base"` // version that it was prepared against; -1 = the table did not exist
	Mode         Mode              `json:"mode"`
	DataChange   bool              `json:"dataChange"` // false: rows are only rearranged
	Operation    string            `json:"operation"`  // as DESCRIBE HISTORY shows it: WRITE, MERGE, OPTIMIZE, …
	Parameters   map[string]string `json:"parameters,omitempty"`
	Metrics      map[string]string `json:"metrics,omitempty"` // nil = what the files say
	UserMetadata string            `json:"userMetadata,omitempty"`
	Info         map[string]any    `json:"info,omitempty"`     // further keys of commitInfo
	Metadata     *Metadata         `json:"metadata,omitempty"` // where the table is created, or its schema or properties change
	Add          []File            `json:"add,omitempty"`
	Remove       []string          `json:"remove,omitempty"` // paths; of an Update only
	Txn          *Txn              `json:"txn,omitempty"`    // the change is skipped where the table holds this batch or a later one
}

// NewChange returns a change of a table as it is in base; nil = it is to be
// created, and the change's Metadata must be set.
func NewChange(base *Snapshot, mode Mode, operation string) *Change {
	c := &Change{ID: newUUID(), Base: -1, Mode: mode, DataChange: true, Operation: operation}
	if base != nil {
		c.Base = base.Version
	}
	return c
}

// check refuses a change that cannot be right.
func (c *Change) check(dir string) error {
	msg := ""
	switch {
	case c.ID == "" || c.Operation == "":
		msg = "it has no ID or no Operation"
	case c.Mode != Append && c.Mode != Overwrite && c.Mode != Update:
		msg = fmt.Sprintf("it has the mode %q", c.Mode)
	case c.Base < 0 && c.Metadata == nil:
		msg = "the table is to be created, but there is no Metadata"
	case len(c.Remove) > 0 && c.Mode != Update:
		msg = "only an Update names the files that it removes"
	case c.Mode == Append && !c.DataChange && len(c.Add) > 0:
		msg = "an Append of files changes the data"
	}
	if msg != "" {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: dir, Msg: "the change cannot be committed: " + msg}
	}
	return nil
}

// lines returns the change's commit on top of a snapshot, commitInfo first.
func (c *Change) lines(s *Snapshot, now time.Time) ([]action, error) {
	meta, p := &s.Metadata, s.protocol
	var head, out []action
	if c.Metadata != nil {
		m := *c.Metadata
		if m.ID, m.Created = s.ID, s.Created; s.Version < 0 {
			m.ID, m.Created, p = newUUID(), now, plainProtocol
		}
		if err := m.check(s.Dir); err != nil {
			return nil, err
		}
		if m.Schema.hasType("timestamp_ntz") {
			p = p.withNTZ()
		}
		if s.Version < 0 || p.MinWriter != s.protocol.MinWriter || len(p.WriterFeatures) != len(s.protocol.WriterFeatures) {
			head = append(head, action{Protocol: &p})
		}
		a, err := m.action()
		if err != nil {
			return nil, err
		}
		head = append(head, action{MetaData: a})
		meta = &m
	}
	if err := p.checkWrite(s.Dir, meta); err != nil {
		return nil, err
	}
	if c.Txn != nil {
		head = append(head, action{Txn: &txnAction{AppID: c.Txn.AppID, Version: c.Txn.Version, LastUpdated: now.UnixMilli()}})
	}
	removed, err := c.removed(s)
	if err != nil {
		return nil, err
	}
	if len(removed) > 0 && c.DataChange && s.isTrue("delta.appendOnly") {
		return nil, unsupported(s.Dir, "the table is append-only (delta.appendOnly = true): rows cannot be replaced", "append to it, or set the property to false")
	}
	gone := make(map[string]bool, len(removed))
	for _, f := range removed {
		gone[f.Path] = true
		out = append(out, action{Remove: &removeAction{Path: f.logPath(), DeletionTimestamp: now.UnixMilli(), DataChange: c.DataChange,
			ExtendedFileMetadata: true, PartitionValues: f.action(false).PartitionValues, Size: f.Size}})
	}
	seen := make(map[string]bool, len(c.Add))
	for i := range c.Add {
		f := &c.Add[i]
		if p, err := decodePath(f.logPath()); err != nil || p != f.Path {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: s.Dir, Value: f.Path, Msg: "the path of the file leads out of the table's folder, or is not a plain one"}
		}
		if seen[f.Path] || s.file(f.Path) != nil || gone[f.Path] {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: s.Dir, Value: f.Path, Msg: "the file is in the table already: files are never written twice"}
		}
		seen[f.Path] = true
		if err := f.checkPartition(s.Dir, meta.PartitionColumns); err != nil {
			return nil, err
		}
		out = append(out, action{Add: f.action(c.DataChange)})
	}
	info, err := c.info(s, removed, now)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]action{{CommitInfo: info}}, head, out), nil
}

// removed returns the files that the change takes out of a snapshot.
func (c *Change) removed(s *Snapshot) ([]*File, error) {
	var out []*File
	switch c.Mode {
	case Overwrite:
		for _, f := range s.files {
			if f != nil {
				out = append(out, f)
			}
		}
	case Update:
		seen := make(map[string]bool, len(c.Remove))
		for _, path := range c.Remove {
			f := s.file(path)
			if f == nil || seen[path] {
				return nil, conflictf(s.Dir, "the file to replace, %s, is not in version %d of the table", path, s.Version)
			}
			seen[path] = true
			out = append(out, f)
		}
	}
	return out, nil
}

// ownKeys are the keys of commitInfo that Change.Info must leave alone.
var ownKeys = []string{"timestamp", "operation", "operationParameters", "operationMetrics", "engineInfo", "isBlindAppend", "isolationLevel", "readVersion", "txnId", "userMetadata", "inCommitTimestamp"}

// info returns the change's commitInfo.
func (c *Change) info(s *Snapshot, removed []*File, now time.Time) (map[string]json.RawMessage, error) {
	all := map[string]any{"timestamp": now.UnixMilli(), "operation": c.Operation, "operationParameters": c.Parameters, "operationMetrics": c.Metrics,
		"engineInfo": engine(), "isBlindAppend": c.Mode == Append, "isolationLevel": "Serializable", "txnId": c.ID}
	if c.Parameters == nil {
		all["operationParameters"] = map[string]string{}
	}
	if c.Metrics == nil {
		all["operationMetrics"] = c.metrics(removed)
	}
	if s.Version >= 0 {
		all["readVersion"] = min(max(c.Base, 0), s.Version)
	}
	if c.UserMetadata != "" {
		all["userMetadata"] = c.UserMetadata
	}
	for k, v := range c.Info {
		if slices.Contains(ownKeys, k) {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: s.Dir, Value: k, Msg: "the key belongs to commitInfo itself"}
		}
		all[k] = v
	}
	out := make(map[string]json.RawMessage, len(all))
	for k, v := range all {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: s.Dir, Value: k, Msg: "the key of commitInfo cannot be written as JSON", Err: err}
		}
		out[k] = b
	}
	return out, nil
}

// metrics counts what the change does, by the names that DESCRIBE HISTORY has.
func (c *Change) metrics(removed []*File) map[string]string {
	var rows, bytes, gone int64
	for i := range c.Add {
		rows += max(c.Add[i].Rows, 0)
		bytes += c.Add[i].Size
	}
	for _, f := range removed {
		gone += f.Size
	}
	out := map[string]string{"numFiles": number(int64(len(c.Add))), "numOutputRows": number(rows), "numOutputBytes": number(bytes)}
	if c.Mode != Append {
		out["numRemovedFiles"], out["numRemovedBytes"] = number(int64(len(removed))), number(gone)
	}
	return out
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
