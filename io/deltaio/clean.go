package deltaio

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// CleanLog removes from the log what no version needs that was committed in the
// last 30 days (delta.logRetentionDuration), or is the newest of before: the
// commits and checkpoints before the newest checkpoint that is old enough.
// Without such a checkpoint nothing is removed, nor where the property
// delta.enableExpiredLogCleanup is false. Commit does so by itself.
func CleanLog(ctx context.Context, dir string) error {
	s, err := Load(ctx, dir)
	if err != nil {
		return err
	}
	if err := s.protocol.checkWrite(dir, &s.Metadata); err != nil {
		return err
	}
	return table{dir: dir}.cleanLog(&s.Metadata, time.Now())
}

// cleanLog goes by the day: what it removes at one time of a day it has removed
// before. The checkpoint that it keeps stays with its own commit, which alone
// says who wrote the version.
func (t table) cleanLog(m *Metadata, now time.Time) error {
	if strings.EqualFold(m.Configuration["delta.enableExpiredLogCleanup"], "false") {
		return nil
	}
	l, err := t.list()
	if err != nil {
		return err
	}
	cutoff := now.Add(-m.logRetention()).UTC().Truncate(day)
	commit := int64(-1) // the newest commit at the cutoff or before
	for _, v := range l.commits {
		if !l.times[v].After(cutoff) {
			commit = v
		}
	}
	keep := int64(-1) // the newest checkpoint at that commit or before
	for _, c := range l.checkpoints {
		if c.version <= commit {
			keep = c.version
		}
	}
	if keep <= 0 {
		return nil
	}
	entries, err := os.ReadDir(t.logDir())
	if err != nil {
		return inputError(t.logDir(), "the table's log cannot be listed", err)
	}
	// Checkpoints first: a log whose clean-up was broken off must not end with
	// a checkpoint whose next commits are missing. Names ascend with versions.
	for _, commits := range []bool{false, true} {
		for _, e := range entries {
			m := versionName.FindStringSubmatch(e.Name())
			if m == nil || (m[2] == "json") != commits {
				continue
			}
			// A compacted log goes with the first version that it starts with.
			v, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil || v > keep || v == keep && !strings.HasSuffix(e.Name(), ".compacted.json") {
				continue
			}
			path := filepath.Join(t.logDir(), e.Name())
			if err := t.disk.remove(path); err != nil {
				return outputError(path, "cannot be removed", err)
			}
		}
	}
	return nil
}

var versionName = regexp.MustCompile(`^(\d{20})\.(json|crc|checkpoint\..*|\d{20}\.compacted\.json)$`)
