package deltaio

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// CommitInfo is one version of a table, as its log tells it. Writers may leave
// out anything but the numbers of files.
type CommitInfo struct {
	Version         int64
	Time            time.Time
	Operation       string            // WRITE, MERGE, OPTIMIZE, …
	Parameters      map[string]string // as JSON where they are no text
	Metrics         map[string]string
	Engine          string // who wrote it
	UserMetadata    string
	ID              string                     // txnId: a Change's ID
	Info            map[string]json.RawMessage // all of commitInfo
	DataChanged     bool                       // rows were added or removed, not only moved
	MetadataChanged bool                       // the schema, a property or the protocol was set
	FilesAdded      int64
	FilesRemoved    int64
	RowsAdded       int64 // in the files added; -1 = a file does not say
	RowsRemoved     int64 // in the files removed; -1 = not known
	Txns            []Txn
}

// History returns the versions whose commits are in the log, the newest first.
func History(ctx context.Context, dir string) ([]CommitInfo, error) {
	out, err := table{dir: dir}.history(ctx, -1)
	slices.Reverse(out)
	return out, err
}

// Changes returns what was committed after a version, the oldest first. Where
// the log does not reach back so far the error is ErrConflict.
func Changes(ctx context.Context, dir string, after int64) ([]CommitInfo, error) {
	t := table{dir: dir}
	l, err := t.list()
	if err != nil {
		return nil, err
	}
	for v := after + 1; v <= l.last(); v++ {
		if _, ok := l.times[v]; !ok {
			return nil, conflictf(dir, "version %d of the table is no longer in the log, so what was done since version %d is not known", v, after)
		}
	}
	return t.history(ctx, after)
}

// history describes the commits after a version, the oldest first.
func (t table) history(ctx context.Context, after int64) ([]CommitInfo, error) {
	for attempt := 0; ; attempt++ {
		out, err := t.historyOnce(ctx, after)
		if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNoTable) && attempt < 3 {
			continue // the log was cleaned up meanwhile
		}
		return out, err
	}
}

func (t table) historyOnce(ctx context.Context, after int64) ([]CommitInfo, error) {
	l, err := t.list()
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{} // of files, by the path that the log has
	if len(l.commits) > 0 && l.commits[0] > 0 && after < 0 {
		// What the oldest version holds was added before. Where it cannot be
		// read the rows that are removed from it are not known.
		if s, err := LoadVersion(ctx, t.dir, l.commits[0]); err == nil {
			for _, f := range s.Files() {
				rows[f.logPath()] = f.Rows
			}
		}
	}
	var out []CommitInfo
	for _, v := range l.commits {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if v <= after {
			continue
		}
		actions, err := t.readCommit(v)
		if err != nil {
			return nil, err
		}
		c := describe(actions)
		c.Version, c.Time = v, l.times[v]
		for i := range actions {
			switch a := &actions[i]; {
			case a.Add != nil:
				n := rowsOf(a.Add.Stats)
				rows[a.Add.Path] = n
				c.FilesAdded++
				c.RowsAdded = sum(c.RowsAdded, n)
			case a.Remove != nil:
				n, ok := rows[a.Remove.Path]
				if !ok {
					n = -1
				}
				c.FilesRemoved++
				c.RowsRemoved = sum(c.RowsRemoved, n)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// sum adds numbers of which -1 is one that is not known.
func sum(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// describe reads what a commit says of itself. What is not of the usual form
// is left out: any JSON is allowed there.
func describe(actions []action) CommitInfo {
	var c CommitInfo
	for i := range actions {
		switch a := &actions[i]; {
		case a.CommitInfo != nil:
			c.Info = a.CommitInfo
			c.Operation, c.Engine, c.ID, c.UserMetadata = text(c.Info["operation"]), text(c.Info["engineInfo"]), text(c.Info["txnId"]), text(c.Info["userMetadata"])
			if c.Engine == "" {
				c.Engine = text(c.Info["clientVersion"]) // delta-rs
			}
			c.Parameters, c.Metrics = texts(c.Info["operationParameters"]), texts(c.Info["operationMetrics"])
		case a.Protocol != nil, a.MetaData != nil:
			c.MetadataChanged = true
		case a.Add != nil:
			c.DataChanged = c.DataChanged || a.Add.DataChange
		case a.Remove != nil:
			c.DataChanged = c.DataChanged || a.Remove.DataChange
		case a.Txn != nil:
			c.Txns = append(c.Txns, Txn{a.Txn.AppID, a.Txn.Version})
		}
	}
	return c
}

// who names the writer of a commit for messages.
func (c *CommitInfo) who() string {
	out := c.Operation
	if out == "" {
		out = "a commit"
	}
	if c.Engine != "" {
		out += " by " + c.Engine
	}
	return out
}

func text(b json.RawMessage) string {
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(b))
}

func texts(b json.RawMessage) map[string]string {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = text(v)
	}
	return out
}
