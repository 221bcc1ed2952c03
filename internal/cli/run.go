package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

func (a *app) runCommand() *cobra.Command {
	s := &shop{}
	l := defaultLimits()
	how := refresh{}
	events := ""
	watch, dry, nothingOK, interval := false, false, false, 5*time.Second
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Make the tables that smelt.yml describes",
		Long: `Read the shop's files as smelt.yml says and write every table of bronze, silver
and gold as Delta tables: OUT/<layer>/<table>. The next run reads only files
that are new or have changed, by their content, and brings the tables up to
date: they hold the rows that reading everything would give. With nothing new
the exit code is 99, or 0 with --nothing-new-ok. Rows of files that are gone stay; --full-refresh makes the
tables of what is there.

Nothing is visible before everything is right: a run that fails or is killed
leaves the tables of the run before. OUT/_smelt/run.json is its report.

--select and --exclude choose which tables are published: the others are computed
in the same pass and stay as they are. Then the lake's tables are of different
runs, which smelt show says, until a run without --select publishes all. Only
checks of the selected tables and of what they are made of count.

--dry-run says which files would be read, and why, and which tables would be
published; nothing is written.

With --watch it runs whenever files come or change, once they have stayed the same
for an interval, and prints a line about each run; an error is printed, and it goes
on. Ctrl-C ends it.`,
		Example: `  smelt run
  smelt run --full-refresh
  smelt run --select gold.sales_summary tag:pii --exclude gold.customer_metrics
  smelt run --dry-run
  smelt run --watch
  smelt run -c adventureworks.yml --data downloads/adventureworks -o lake`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if watch && dry {
				return usage("--dry-run and --watch do not go together", "")
			}
			if watch {
				return a.watch(cmd.Context(), &watcher{app: a, shop: s, limits: l, how: how, interval: interval, events: events})
			}
			if given(cmd.Flags(), "interval") {
				return usage("--interval is for --watch", "")
			}
			m, err := s.mapping()
			if err != nil {
				return err
			}
			out := s.lake(m)
			if dry {
				return a.dryRun(cmd.Context(), m, out, l, how)
			}
			report, err := a.reported(cmd.Context(), s, m, out, events, func() (*pipeline.Report, error) { return a.pipeline(cmd.Context(), m, out, l, how) })
			if errors.Is(err, pipeline.ErrNothingNew) && nothingOK {
				return a.nothingNew(report, out)
			}
			if errors.Is(err, pipeline.ErrNothingNew) {
				return errors.Join(err, a.nothingNew(report, out))
			}
			if err != nil {
				return err
			}
			return a.summary(report, out)
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	l.flags(cmd)
	eventsFlag(cmd, &events)
	cmd.Flags().BoolVar(&how.full, "full-refresh", false, "read every file again, and make the tables of those that are there")
	cmd.Flags().BoolVar(&how.schema, "overwrite-schema", false, "give Delta tables their columns anew where these do not fit; makes a full refresh")
	how.flags(cmd, "tables to publish")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be read and published")
	cmd.Flags().BoolVar(&how.failFast, "fail-fast", false, "end at the first row that fails a check")
	cmd.Flags().BoolVar(&nothingOK, "nothing-new-ok", false, "exit with 0 where nothing is new: for what takes every other code for a failure, as Kubernetes does")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, and run whenever files come or change")
	cmd.Flags().DurationVar(&interval, "interval", interval, "with --watch: how often files are looked at, and how long they must have stayed the same")
	return cmd
}

// refresh says what a run does with the tables that are there.
type refresh struct {
	full   bool
	schema bool // new columns, if need be
	selection
	failFast bool
}

// options returns what it means for a run, and which checks count.
func (r *refresh) options(own []check.Check) (opts []gold.Option, counts func(c *check.Check) bool, err error) {
	names, counts, err := r.published(own)
	if len(names) > 0 {
		opts = append(opts, gold.Select(names...))
	}
	if r.full || r.schema {
		opts = append(opts, gold.FullRefresh())
	}
	return opts, counts, err
}

// pipeline makes the tables of a mapping in a lake.
func (a *app) pipeline(ctx context.Context, m *bronze.Mapping, out string, l limits, how refresh) (*pipeline.Report, error) {
	opts, err := l.options()
	if err != nil {
		return nil, err
	}
	more, counts, err := how.options(m.Checks)
	if err != nil {
		return nil, err
	}
	opts = append(opts, more...)
	scratch := l.scratch()
	checks, err := suite(m.Checks, m.File, scratch)
	if err == nil {
		checks, err = checks.Select(counts)
	}
	if err != nil {
		return nil, err
	}
	lake, err := store.Open(out)
	if err != nil {
		return nil, errors.Join(err, scratch.Close())
	}
	p := a.progress("reading sales", size)
	var sink pipeline.Sink
	if m.Format == "parquet" {
		sink = lake.Sink(create, "parquet")
	} else {
		sink = lake.Delta(store.DeltaOptions{OverwriteSchema: how.schema})
	}
	checks.FailFast = how.failFast
	checks.Remember(catalog.Measured(out, 0))
	sink = checks.Sink(sink, func(ctx context.Context, r *pipeline.Report) error { return catalog.KeepResults(ctx, out, "run", r) })
	report, err := gold.Run(ctx, m, open, sink, append(opts, gold.Progress(p.update))...)
	p.end()
	if e := errors.Join(lake.Close(), scratch.Close()); err == nil {
		err = e
	}
	return report, err
}
