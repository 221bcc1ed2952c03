package deltaio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Load returns the newest version of the table in a folder. Where there is no
// log the error is ErrNoTable.
func Load(ctx context.Context, dir string) (*Snapshot, error) {
	return table{dir: dir}.load(ctx, func(*listing) (int64, error) { return newest, nil })
}

// LoadVersion returns a table as it was. A version whose log was cleaned up, or
// that is yet to come, is an error that names those that are there.
func LoadVersion(ctx context.Context, dir string, version int64) (*Snapshot, error) {
	return table{dir: dir}.load(ctx, func(l *listing) (int64, error) {
		if first, last := l.first(), l.last(); version < first || version > last {
			return 0, &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: fmt.Sprintf("the table has no version %d", version), Hint: fmt.Sprintf("it has versions %d to %d", first, last)}
		}
		return version, nil
	})
}

// LoadTime returns the newest version that was committed at t or before. As
// other engines do, it goes by when the log's files were written.
func LoadTime(ctx context.Context, dir string, t time.Time) (*Snapshot, error) {
	return table{dir: dir}.load(ctx, func(l *listing) (int64, error) {
		found, first := int64(-1), time.Time{}
		for v := l.first(); v <= l.last() && v >= 0; v++ {
			if at, ok := l.times[v]; ok && !at.After(t) {
				found = v
			} else if ok && first.IsZero() {
				first = at
			}
		}
		if found < 0 {
			return 0, &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "the table has no version of " + t.Format(time.RFC3339) + " or before",
				Hint: fmt.Sprintf("its oldest, version %d, is of %s", l.first(), first.UTC().Format(time.RFC3339Nano))}
		}
		return found, nil
	})
}

// table is a folder, and how its log is changed.
type table struct {
	dir  string
	disk disk
}

func (t table) logDir() string { return filepath.Join(t.dir, "_delta_log") }

func (t table) logFile(format string, version int64) string {
	return filepath.Join(t.logDir(), fmt.Sprintf("%020d"+format, version))
}

func (t table) commitPath(version int64) string { return t.logFile(".json", version) }

// listing is what a log's folder holds.
type listing struct {
	commits     []int64             // ascending
	times       map[int64]time.Time // of the commits, made to ascend with them
	checkpoints []checkpoint        // complete ones, ascending
}

// checkpoint is the state of a table in one file or several parts.
type checkpoint struct {
	version int64
	files   []string // names
}

const newest = -1

var logName = regexp.MustCompile(`^(\d{20})\.(?:(json)|checkpoint\.parquet|checkpoint\.(\d{10})\.(\d{10})\.parquet|checkpoint\.[0-9a-fA-F-]{36}\.(?:json|parquet))$`)

// list reads the log's folder.
func (t table) list() (*listing, error) {
	entries, err := os.ReadDir(t.logDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: t.dir, Err: ErrNoTable}
	}
	if err != nil {
		return nil, inputError(t.logDir(), "the table's log cannot be listed", err)
	}
	l := &listing{times: map[int64]time.Time{}}
	parts := map[string][]string{} // of checkpoints that come in parts
	for _, e := range entries {
		m := logName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		version, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			continue // more than any table has
		}
		switch {
		case m[2] != "":
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // cleaned up since
			}
			if err != nil {
				return nil, inputError(filepath.Join(t.logDir(), e.Name()), "cannot be looked at", err)
			}
			l.commits = append(l.commits, version)
			l.times[version] = info.ModTime().UTC().Truncate(time.Millisecond)
		case m[3] != "":
			key := m[1] + m[4]
			parts[key] = append(parts[key], e.Name())
			if n, err := strconv.Atoi(m[4]); err == nil && len(parts[key]) == n {
				l.checkpoints = append(l.checkpoints, checkpoint{version, parts[key]})
			}
		default:
			l.checkpoints = append(l.checkpoints, checkpoint{version, []string{e.Name()}})
		}
	}
	slices.Sort(l.commits)
	slices.SortStableFunc(l.checkpoints, func(a, b checkpoint) int { return cmp.Compare(a.version, b.version) })
	var last time.Time
	for _, v := range l.commits {
		if at := l.times[v]; !at.After(last) && !last.IsZero() {
			l.times[v] = last.Add(time.Millisecond)
		}
		last = l.times[v]
	}
	if len(l.commits) == 0 && len(l.checkpoints) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: t.dir, Err: ErrNoTable}
	}
	return l, nil
}

// last returns the newest version.
func (l *listing) last() int64 {
	last := int64(-1)
	if n := len(l.commits); n > 0 {
		last = l.commits[n-1]
	}
	if n := len(l.checkpoints); n > 0 {
		last = max(last, l.checkpoints[n-1].version)
	}
	return last
}

// first returns the oldest version from which on every one can be read: 0, or
// that of a checkpoint, with no commit missing after it.
func (l *listing) first() int64 {
	from := l.last() + 1
	for i := len(l.commits) - 1; i >= 0 && l.commits[i] == from-1; i-- {
		from = l.commits[i]
	}
	if from == 0 {
		return 0
	}
	for _, c := range l.checkpoints {
		if c.version >= from-1 {
			return c.version
		}
	}
	return l.last() // which cannot be read: load says what is missing
}

// load replays the version that pick chooses. Where the log is cleaned up
// meanwhile it looks again.
func (t table) load(ctx context.Context, pick func(*listing) (int64, error)) (*Snapshot, error) {
	for attempt := 0; ; attempt++ {
		l, err := t.list()
		if err != nil {
			return nil, err
		}
		version, err := pick(l)
		if err != nil {
			return nil, err
		}
		if version == newest {
			version = l.last()
		}
		s, err := t.replay(ctx, l, version)
		if errors.Is(err, fs.ErrNotExist) && attempt < 3 {
			continue
		}
		return s, err
	}
}

// replay starts from the newest checkpoint that can be read, or from version 0.
func (t table) replay(ctx context.Context, l *listing, version int64) (*Snapshot, error) {
	var damaged error
	for i := len(l.checkpoints) - 1; i >= 0; i-- {
		c := l.checkpoints[i]
		if c.version > version {
			continue
		}
		s := empty(t.dir)
		s.Version = c.version
		err := t.readCheckpoint(ctx, c, s)
		if err == nil {
			return t.replayFrom(ctx, l, s, version)
		}
		if ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnsupported) {
			return nil, err
		}
		// The commits say the same, and an older checkpoint may.
		if damaged == nil {
			damaged = err
		}
	}
	if damaged != nil && (len(l.commits) == 0 || l.commits[0] != 0) {
		return nil, damaged
	}
	return t.replayFrom(ctx, l, empty(t.dir), version)
}

// replayFrom replays the commits after a snapshot, which becomes the result.
func (t table) replayFrom(ctx context.Context, l *listing, s *Snapshot, version int64) (*Snapshot, error) {
	if s.Version == version {
		s.Time = l.times[version]
	}
	for s.Version < version {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := s.Version + 1
		if _, ok := l.times[next]; !ok {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: t.commitPath(next), Msg: fmt.Sprintf("is missing, so version %d of the table cannot be read", version),
				Hint: "the log is damaged: restore its folder _delta_log from a copy"}
		}
		actions, err := t.readCommit(next)
		if err != nil {
			return nil, err
		}
		if err := s.apply(actions); err != nil {
			return nil, inputError(t.commitPath(next), "cannot be replayed", err)
		}
		s.Version, s.Time = next, l.times[next]
	}
	return s, s.check()
}

// readCommit reads the actions of one version.
func (t table) readCommit(version int64) ([]action, error) {
	path := t.commitPath(version)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, inputError(path, "cannot be read", err)
	}
	actions, err := parseActions(text)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: "is damaged", Err: err, Hint: "restore the file from a copy"}
	}
	return actions, nil
}
