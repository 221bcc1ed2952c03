package deltaio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

const (
	maxAttempts = 100 // how often a commit is tried while others are faster
	maxPause    = 200 * time.Millisecond
)

// Commit makes a change the next version of the table in a folder, and returns
// that version. It is atomic: readers see all of it or nothing, and of several
// writers that try at once each gets a version of its own or an error. The
// files that the change adds must be in place and synced.
//
// Commits of others since c.Base are looked at one by one. One that changed the
// protocol or the metadata, or that stands against the mode (see Mode), is an
// ErrConflict that says who did what. A change whose ID is in the log already,
// or whose Txn is, writes nothing: the version that holds it (for a Txn: the
// newest version) is returned. With an error the version is -1, unless the commit
// is in place and only the disk has not confirmed it.
//
// Every delta.checkpointInterval versions (10 by default) a checkpoint is
// written and the log is cleaned up. If that fails the commit stands, and the
// next checkpoint makes up for it.
func Commit(ctx context.Context, dir string, c *Change) (int64, error) {
	return table{dir: dir, disk: watched(ctx)}.commit(ctx, c)
}

// Check returns the ErrConflict with which Commit would refuse a change now;
// nil where nothing that others have committed stands against it.
func Check(ctx context.Context, dir string, c *Change) error {
	s, err := Load(ctx, dir)
	if errors.Is(err, ErrNoTable) && c.Base < 0 {
		return nil
	}
	if err == nil {
		_, err = table{dir: dir}.settled(ctx, c, c.Base, s)
	}
	return err
}

func (t table) commit(ctx context.Context, c *Change) (int64, error) {
	if err := c.check(t.dir); err != nil {
		return -1, err
	}
	s, err := Load(ctx, t.dir)
	if errors.Is(err, ErrNoTable) && c.Base < 0 {
		if err := t.disk.mkdir(t.logDir()); err != nil {
			return -1, outputError(t.logDir(), "cannot make the folder", err)
		}
		s, err = empty(t.dir), nil
	}
	if err != nil {
		return -1, err
	}
	seen := c.Base // the versions up to it are no reason against the change
	for attempt := 0; ; attempt++ {
		version, err := t.settled(ctx, c, seen, s)
		if version >= 0 || err != nil {
			return version, err
		}
		seen = s.Version
		next := s.Version + 1
		now := time.Now().UTC().Truncate(time.Millisecond)
		if !now.After(s.Time) {
			now = s.Time.Add(time.Millisecond)
		}
		actions, err := c.lines(s, now)
		if err != nil {
			return -1, err
		}
		if err := t.inPlace(c); err != nil {
			return -1, err
		}
		text, err := encodeActions(actions)
		if err != nil {
			return -1, outputError(t.commitPath(next), "cannot be encoded", err)
		}
		placed, err := t.disk.putNew(t.commitPath(next), text)
		switch {
		case err == nil:
			t.afterCommit(s, next, now, actions)
			return next, nil
		case placed:
			return next, &pipeline.Error{Kind: pipeline.ErrOutput, File: t.commitPath(next), Err: bare(err, t.logDir()),
				Msg: "the commit is in place, but the disk has not confirmed it", Hint: "check the disk, then run again: what is committed is not written twice"}
		case !errors.Is(err, fs.ErrExist):
			return -1, outputError(t.commitPath(next), "cannot be written", err)
		case attempt == maxAttempts:
			return -1, conflictf(t.dir, "other writers were faster %d times", attempt+1)
		}
		pause := min(time.Millisecond<<min(attempt, 10), maxPause)
		if err := sleep(ctx, rand.N(pause)); err != nil {
			return -1, err
		}
		if s, err = Load(ctx, t.dir); err != nil {
			return -1, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// settled looks at the commits after version seen up to s. It returns the
// version that holds the change already; else -1, or who stands against it.
func (t table) settled(ctx context.Context, c *Change, seen int64, s *Snapshot) (int64, error) {
	if s.Version < c.Base {
		return -1, conflictf(t.dir, "the change was prepared for version %d of the table, which has only version %d now: it is another table", c.Base, s.Version)
	}
	var conflict error
	for v := seen + 1; v <= s.Version; v++ {
		if err := ctx.Err(); err != nil {
			return -1, err
		}
		actions, err := t.readCommit(v)
		if errors.Is(err, fs.ErrNotExist) {
			return -1, conflictf(t.dir, "the change was prepared for version %d of the table; what others did since then is no longer in the log", c.Base)
		}
		if err != nil {
			return -1, err
		}
		commit := describe(actions)
		if commit.ID == c.ID {
			// The first attempt may have failed to confirm it.
			if err := t.disk.syncDir(t.logDir()); err != nil {
				return v, outputError(t.logDir(), "the disk has not confirmed the commit", err)
			}
			return v, nil
		}
		if conflict == nil {
			if why := c.conflict(actions, commit); why != "" {
				conflict = conflictf(t.dir, "version %d (%s) %s", v, commit.who(), why)
			}
		}
	}
	if c.Txn != nil {
		if have, ok := s.Txn(c.Txn.AppID); ok && have >= c.Txn.Version {
			return s.Version, nil
		}
	}
	return -1, conflict
}

// conflict says why a commit since the change's base stands against it; "" if
// it does not.
func (c *Change) conflict(actions []action, o CommitInfo) string {
	removes := make(map[string]bool, len(c.Remove))
	for _, p := range c.Remove {
		removes[p] = true
	}
	for i := range actions {
		a := &actions[i]
		switch {
		case a.Protocol != nil:
			return "changed the table's protocol"
		case a.MetaData != nil && c.Base < 0:
			return "created the table"
		case a.MetaData != nil:
			return "changed the table's schema or properties"
		case c.Mode != Update:
		case a.Remove != nil:
			if p, err := decodePath(a.Remove.Path); err != nil || removes[p] {
				return "removed the file " + a.Remove.Path + ", which this change replaces"
			}
			if c.DataChange && a.Remove.DataChange {
				return "removed rows, on which this change depends"
			}
		case a.Add != nil && a.Add.DataChange && c.DataChange:
			return "added rows, on which this change depends"
		}
	}
	return ""
}

// inPlace makes sure that the files to add are there, whole.
func (t table) inPlace(c *Change) error {
	for i := range c.Add {
		path := filepath.Join(t.dir, filepath.FromSlash(c.Add[i].Path))
		st, err := os.Stat(path)
		if err == nil && st.Size() != c.Add[i].Size {
			err = fmt.Errorf("it has %d bytes instead of %d", st.Size(), c.Add[i].Size)
		}
		if err != nil {
			return outputError(path, "the data file to commit is not in place", err)
		}
	}
	return nil
}

// encodeActions writes one action a line.
func encodeActions(actions []action) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range actions {
		if err := e.Encode(&actions[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// engine names smelt and its version.
func engine() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		const path = "github.com/smeltdata/smelt"
		if info.Main.Path == path && info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, d := range info.Deps {
			if d.Path == path {
				version = d.Version
			}
		}
	}
	return "smelt/" + version
}
