package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// watcher runs a shop whenever its files, or its smelt.yml, have come or changed
// and then stayed the same for an interval.
type watcher struct {
	app      *app
	shop     *shop
	limits   limits
	how      refresh // of the first run
	interval time.Duration
	events   string // where lineage events go

	before string // how the files looked the last time
	done   string // how they looked at the last run
	failed error  // of that run
}

// watch runs until ctx ends, which is no error. An error of a run is printed, and
// the run is tried again when something has changed.
func (a *app) watch(ctx context.Context, w *watcher) error {
	if w.interval <= 0 {
		return usage(fmt.Sprintf("--interval %s: not a time to wait", w.interval), "write seconds: --interval 5s")
	}
	m, err := w.shop.mapping()
	if err != nil {
		return err
	}
	if readsStdin(m) {
		return usage("--watch: the standard input cannot be watched", "name files, or run without --watch")
	}
	if _, err := w.limits.options(); err != nil {
		return err
	}
	a.log("note", fmt.Sprintf("watching the files that %s names, every %s; Ctrl-C ends it", w.shop.config, w.interval))
	for said := ""; ; {
		err := w.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != "" && text != said {
			a.fail(err)
		}
		said = text
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(w.interval):
		}
	}
}

// look runs if something is new, and returns what is wrong: it may have been so the
// last time already.
func (w *watcher) look(ctx context.Context) error {
	m, err := w.shop.mapping()
	if err != nil {
		return err
	}
	now, latest, err := bronze.Signature(m)
	if err != nil {
		return err
	}
	settled := now == w.before || w.before == "" && time.Since(latest) >= w.interval
	w.before = now
	if !settled || now == w.done {
		return w.failed
	}
	_, w.failed = w.app.runOnce(ctx, w.shop, m, w.limits, w.how, w.events)
	if errors.Is(w.failed, pipeline.ErrNothingNew) {
		w.failed = nil
	}
	// Where the output is at fault the files do not show when that is over: a full
	// disk, another run.
	if !errors.Is(w.failed, pipeline.ErrOutput) {
		w.done = now
	}
	if w.failed == nil {
		w.how.full, w.how.schema = false, false
	}
	return w.failed
}

// runOnce makes one of many runs and prints a line about it. Where nothing is new the
// report is of an earlier run, and the error of kind ErrNothingNew.
func (a *app) runOnce(ctx context.Context, s *shop, m *bronze.Mapping, l limits, how refresh, events string) (*pipeline.Report, error) {
	out := s.lake(m)
	r, err := a.reported(ctx, s, m, out, events, func() (*pipeline.Report, error) { return a.pipeline(ctx, m, out, l, how) })
	nothing := errors.Is(err, pipeline.ErrNothingNew)
	if err != nil && !nothing {
		return r, err
	}
	if !nothing {
		for _, w := range r.Warnings {
			a.log("warning", w)
		}
	}
	if a.json {
		return r, cmp.Or(json.NewEncoder(a.out).Encode(r), err)
	}
	text := append([]string{time.Now().UTC().Format(time.RFC3339)}, files(r)...)
	if nothing {
		text = append(text, nothingNew(r, out))
	} else {
		var tables, rows int64
		for _, t := range r.Tables {
			if t.Behind == "" {
				tables, rows = tables+1, rows+t.Rows
			}
		}
		text = append(text, fmt.Sprintf("%s and %s in %s, in %.2f s", plural(tables, "table"), plural(rows, "row"), out, r.Seconds))
	}
	_, e := fmt.Fprintln(a.out, strings.Join(text, "; "))
	return r, cmp.Or(e, err)
}

// readsStdin reports whether a mapping reads the standard input, which comes once.
func readsStdin(m *bronze.Mapping) bool {
	return slices.ContainsFunc(m.Sources, func(s bronze.SourceSpec) bool {
		return slices.Contains(s.Files, "-") || slices.Contains(s.Files, pipeline.Stdin)
	})
}
