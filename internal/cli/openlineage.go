package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/openlineage"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

func eventsFlag(cmd *cobra.Command, target *string) {
	cmd.Flags().StringVar(target, "openlineage", "", "where OpenLineage events go: console, file:PATH or a server's address (default as OPENLINEAGE_URL says, else nowhere)")
}

// How long a run that is over waits for its events to get away.
const (
	eventPatience       = 5 * time.Second
	interruptedPatience = time.Second
)

// events returns who makes the events of a shop and who delivers them; both are
// nil where none are wanted.
func (a *app) events(s *shop, m *bronze.Mapping, lake, target string) (*openlineage.Reporter, *openlineage.Sender, error) {
	own := m.Events
	if path, isFile := strings.CutPrefix(own, "file:"); isFile && !strings.HasPrefix(path, "/") {
		own = "file:" + filepath.Join(filepath.Dir(s.config), path)
	}
	set, err := openlineage.Configure(target, own, os.Environ(), a.err)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range set.Warnings {
		a.log("warning", w)
	}
	if set.To == nil {
		return nil, nil, nil
	}
	sender := openlineage.NewSender(set.To)
	version, _, _ := strings.Cut(strings.TrimPrefix(versionText(), "smelt "), " ")
	return &openlineage.Reporter{Job: openlineage.JobID{Namespace: set.Namespace, Name: shopName(s.config, lake)}, Version: version,
		Parent: set.Parent, Root: set.Root, Send: sender.Send}, sender, nil
}

// shopName is what the shop's jobs are called: its folder, which smelt.yml is in,
// or else the lake; smelt.yml's own name too where it has another.
func shopName(config, lake string) string {
	dir := filepath.Dir(config)
	if _, err := os.Stat(config); err != nil {
		dir = filepath.Dir(absolute(lake))
	}
	name := filepath.Base(absolute(dir))
	if own := strings.TrimSuffix(filepath.Base(config), filepath.Ext(config)); own != "smelt" {
		name += "." + own
	}
	return name
}

// absolute is a path from the root, as events name it.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.ToSlash(path)
}

// reported makes a run and reports it in events, where these are wanted. Events
// that do not get away are a warning.
func (a *app) reported(ctx context.Context, s *shop, m *bronze.Mapping, out, target string, run func() (*pipeline.Report, error)) (*pipeline.Report, error) {
	events, sender, err := a.events(s, m, out, target)
	if err != nil {
		return nil, err
	}
	if events == nil {
		return run()
	}
	begun := events.Begin(time.Now())
	report, err := run()
	o := openlineage.Outcome{Err: err, Report: report}
	e := a.made(context.WithoutCancel(ctx), &o, m, out)
	begun.End(time.Now(), o)
	a.delivered(ctx, sender, e)
	return report, err
}

// reportedTest makes a test of the tables that are there and reports it.
func (a *app) reportedTest(ctx context.Context, s *shop, m *bronze.Mapping, lake, target string, test func() (*pipeline.Report, error)) (*pipeline.Report, error) {
	events, sender, err := a.events(s, m, lake, target)
	if err != nil {
		return nil, err
	}
	if events == nil {
		return test()
	}
	begun := events.BeginTest(time.Now())
	report, err := test()
	var results []pipeline.CheckResult
	if report != nil {
		results = report.Checks
	}
	tables, e := tablesNow(context.WithoutCancel(ctx), lake)
	begun.EndTest(time.Now(), results, tables, err)
	a.delivered(ctx, sender, e)
	return report, err
}

// delivered waits for events to get away, and warns of those that do not and of
// what could not be told in them.
func (a *app) delivered(ctx context.Context, sender *openlineage.Sender, untold error) {
	patience := eventPatience
	if ctx.Err() != nil {
		patience = interruptedPatience
	}
	if err := sender.Close(patience); err != nil {
		a.log("warning", err.Error())
	}
	if untold != nil {
		a.log("warning", "lineage events lack what could not be read: "+untold.Error())
	}
}

// made tells what a run has read and written.
func (a *app) made(ctx context.Context, o *openlineage.Outcome, m *bronze.Mapping, out string) error {
	tables, err := gold.Declarations()
	if err != nil {
		return err
	}
	if o.Edges, err = gold.Lineage(m); err != nil {
		return err
	}
	if o.Report == nil || errors.Is(o.Err, pipeline.ErrNothingNew) {
		return nil
	}
	o.Sources = sourcesOf(m, o.Report)
	var errs []error
	published := o.Report
	if o.Err == nil {
		// What is published has the versions that the tables came to.
		if published, err = store.Report(out); err == nil && (published == nil || published.RunID != o.Report.RunID) {
			err = &pipeline.Error{Kind: pipeline.ErrOutput, File: out, Msg: "another run has published since"}
		}
		if err != nil {
			return err
		}
	}
	for _, t := range tables {
		table := tableIn(t, out)
		if o.Err == nil {
			errs = append(errs, written(ctx, &table, published))
		}
		o.Tables = append(o.Tables, table)
	}
	return errors.Join(errs...)
}

// tableIn is a table of a lake of which nothing more is known.
func tableIn(t *pipeline.Table, lake string) openlineage.Table {
	return openlineage.Table{Table: t, Path: absolute(filepath.Join(lake, t.Layer(), t.Base())), Version: -1}
}

// written tells what a run has written of a table: a Delta table's log says so, of
// other tables every run writes all.
func written(ctx context.Context, t *openlineage.Table, r *pipeline.Report) error {
	v, delta := r.Versions[t.Name]
	i := slices.IndexFunc(r.Tables, func(o pipeline.TableReport) bool { return o.Name == t.Name })
	if !delta {
		if i >= 0 {
			o := r.Tables[i]
			t.Written, t.Rows, t.Bytes, t.Files, t.Change = true, o.Rows, o.Bytes, int64(o.Parts), "OVERWRITE"
		}
		return nil
	}
	t.Delta, t.Version = true, v.Version
	commits, err := deltaio.Changes(ctx, filepath.FromSlash(t.Path), v.Version-1)
	if err != nil {
		return err
	}
	for _, c := range commits {
		if run, _ := origin(c); c.Version != v.Version || run != r.RunID {
			continue
		}
		t.Written, t.Rows, t.Files = true, max(c.RowsAdded, 0), c.FilesAdded
		t.Bytes, _ = strconv.ParseInt(c.Metrics["numOutputBytes"], 10, 64)
		switch {
		case c.Version == 0:
			t.Change = "CREATE"
		case c.Parameters["mode"] == "Overwrite":
			t.Change = "OVERWRITE"
		}
	}
	return nil
}

// tablesNow are the tables of a lake at the versions that they have.
func tablesNow(ctx context.Context, lake string) ([]openlineage.Table, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	var out []openlineage.Table
	for _, t := range tables {
		table := tableIn(t, lake)
		s, err := deltaio.Load(ctx, filepath.FromSlash(table.Path))
		if err == nil {
			table.Delta, table.Version = true, s.Version
		} else if !errors.Is(err, deltaio.ErrNoTable) {
			return nil, err
		}
		out = append(out, table)
	}
	return out, nil
}

// sourcesOf tells which files there are by the paths and globs of smelt.yml, and
// which of them a run has read; of lookups and lists of returned orders, which
// every run reads, its report does not say.
func sourcesOf(m *bronze.Mapping, r *pipeline.Report) []openlineage.Source {
	var out []openlineage.Source
	named := func(name string, patterns []string) openlineage.Source {
		source := openlineage.Source{Name: name}
		for _, pattern := range patterns {
			source.Files = append(source.Files, openlineage.Files{Path: inData(m, pattern)})
		}
		return source
	}
	for i, s := range m.Sources {
		source := named(m.SourceName(i), s.Files)
		for _, f := range r.Sources {
			if f.Source != i || f.SameAs != "" || !slices.Contains(r.Read, f.File) {
				continue
			}
			path := inData(m, f.File)
			at := max(0, slices.IndexFunc(source.Files, func(o openlineage.Files) bool {
				ok, _ := filepath.Match(o.Path, path)
				return o.Path == path || ok
			}))
			to := &source.Files[at]
			to.Read, to.Records, to.Bytes = append(to.Read, path), to.Records+f.Records, to.Bytes+f.Size
		}
		out = append(out, source)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Lookups)) {
		out = append(out, named("source.lookup."+name, m.Lookups[name].Files))
	}
	for i, list := range m.Rules.ReturnedOrders {
		name := "source.returned_orders"
		if i > 0 {
			name = fmt.Sprintf("%s_%d", name, i+1)
		}
		out = append(out, named(name, list.Files))
	}
	return out
}

// inData is a path of smelt.yml, from the root; what is no path stays.
func inData(m *bronze.Mapping, path string) string {
	switch {
	case pipeline.IsVirtual(path):
		return path
	case path == "-" || path == pipeline.Stdin || path == "stdin":
		return "stdin"
	case filepath.IsAbs(path):
		return filepath.ToSlash(path)
	}
	return absolute(filepath.Join(m.Dir, filepath.FromSlash(path)))
}
