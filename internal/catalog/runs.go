package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/io/deltaio"
)

// version is one of a Delta table of the lake.
type version struct {
	table string
	run   string // that committed it; "" = not a run of smelt's
	at    time.Time
	rows  int64 // after it; -1 = not known
}

// commits notes the newest versions of a table.
func (l *lake) commits(ctx context.Context, s *deltaio.Snapshot, table string) error {
	commits, err := deltaio.Changes(ctx, s.Dir, max(-1, s.Version-maxRuns))
	if errors.Is(err, deltaio.ErrConflict) { // the log has been cleaned up: it is short
		if commits, err = deltaio.History(ctx, s.Dir); err == nil {
			slices.Reverse(commits)
		}
	}
	if err != nil {
		return of(table, err)
	}
	rows := s.Rows()
	for i := len(commits) - 1; i >= 0; i-- {
		c := &commits[i]
		if c.Version > s.Version {
			continue // it came meanwhile
		}
		if c.Parameters["mode"] == "Overwrite" && c.RowsAdded >= 0 {
			rows = c.RowsAdded
		}
		v := version{table: table, at: c.Time.UTC(), rows: rows}
		_ = json.Unmarshal(c.Info["smeltRun"], &v.run) // others may write there what they like
		l.versions = append(l.versions, v)
		if rows >= 0 && c.RowsAdded >= 0 && c.RowsRemoved >= 0 {
			rows += c.RowsRemoved - c.RowsAdded
		} else {
			rows = -1
		}
	}
	return nil
}

// runs lists the runs that something is known of, from what they have committed,
// from the results of their checks, and from the report of the last one; the newest
// first. past is the newest first too.
func runs(past []evaluation, l *lake) []Run {
	out := []Run{}
	at := map[string]int{} // positions in out, by run
	get := func(id string) *Run {
		i, ok := at[id]
		if !ok {
			i = len(out)
			at[id], out = i, append(out, Run{ID: id, Command: "run"})
		}
		return &out[i]
	}
	// Where the logs reach back to: runs before have no commits to be known by.
	var since time.Time
	published := map[string]time.Time{} // when the run's last table was committed
	for _, v := range l.versions {
		if since.IsZero() || v.at.Before(since) {
			since = v.at
		}
		if v.run == "" {
			continue
		}
		r := get(v.run)
		r.Published = true
		if v.at.After(published[v.run]) {
			r.At, published[v.run] = v.at, v.at
		}
	}
	for i := range past {
		e := &past[i]
		r := get(e.run)
		r.At, r.Command = e.at, e.command
		r.Pass, r.Warn, r.Error, r.Skipped = e.count("pass"), e.count("warn"), e.count("error"), e.count("skipped")
		if e.command == "run" && r.Error == 0 && (since.IsZero() || e.at.Before(since)) {
			r.Published = true
		}
	}
	if p := l.report; p != nil && p.RunID != "" {
		r := get(p.RunID)
		r.Published, r.Seconds, r.Full = true, p.Seconds, p.Full
		if info, err := os.Stat(filepath.Join(l.dir, "_smelt", "run.json")); err == nil && r.At.IsZero() {
			r.At = info.ModTime().UTC()
		}
		r.Rows = map[string]int64{}
		for _, t := range p.Tables {
			r.Rows[t.Name] = t.Rows
		}
	}
	for i := range out {
		if when := published[out[i].ID]; out[i].Rows == nil && !when.IsZero() {
			out[i].Rows = l.rowsAt(when)
		}
	}
	slices.SortFunc(out, func(a, b Run) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out[:min(len(out), maxRuns)]
}

// rowsAt says how many rows each table had at a time, as far as the logs tell.
func (l *lake) rowsAt(when time.Time) map[string]int64 {
	out := map[string]int64{}
	newest := map[string]time.Time{}
	for _, v := range l.versions { // of each table the newest first
		if v.at.After(when) || !newest[v.table].IsZero() {
			continue
		}
		newest[v.table] = v.at
		if v.rows >= 0 {
			out[v.table] = v.rows
		}
	}
	return out
}
