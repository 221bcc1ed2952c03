package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/schedule"
	"github.com/smeltdata/smelt/pipeline"
)

func (a *app) scheduleCommand() *cobra.Command {
	s := &shop{}
	l := defaultLimits()
	events, cron, zone := "", "", ""
	jitter := time.Duration(0)
	history, rows := false, 0
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Run at the times of a cron expression",
		Long: `Make a run, as smelt run does, at each time of a cron expression, and print a line
about it. The expression has minute, hour, day of the month, month and day of the
week, in the time zone of smelt.yml; @daily and the like and @every 6h are such
too. Where clocks change, a time of day that is left out comes when they have been
put forward, and one that comes twice counts once.

Runs never overlap: times that pass while one is on are passed over. Where another
smelt writes to the lake it is waited for until the next time, and then this one is
skipped. A run that fails is said and counted, and the next one comes at its time.
--jitter begins each run up to so much later, by chance, so that many shops on one
machine do not begin at once.

Ctrl-C and SIGTERM end it: a run that is on is taken back, its tables stay as they
were, and the exit code is 0.

The history of the runs is kept in the lake: --history lists the last ones.`,
		Example: `  smelt schedule --cron "15 2 * * *"
  smelt schedule --cron "*/10 6-22 * * 1-6" --timezone Europe/Berlin --jitter 1m
  smelt schedule --history`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if history {
				if cron != "" {
					return usage("--history and --cron do not go together", "")
				}
				if rows < 0 {
					return usage("-n: the number of runs is negative", "0 lists all of them")
				}
				_, lake, err := s.find()
				if err != nil {
					return err
				}
				return a.scheduled(lake, rows)
			}
			if given(cmd.Flags(), "rows") {
				return usage("-n is for --history", "")
			}
			if cron == "" {
				return usage("--cron: there is no schedule", `write when to run: --cron "15 2 * * *" is a quarter past two each day`)
			}
			m, err := s.mapping()
			if err != nil {
				return err
			}
			if readsStdin(m) {
				return usage("schedule: the standard input cannot be read again", "name files, or use smelt run")
			}
			in := cmp.Or(m.Location, time.UTC)
			if zone != "" {
				if in, err = time.LoadLocation(zone); err != nil || zone == "Local" {
					return usage(fmt.Sprintf("--timezone %s: there is no such time zone", zone), "write a name such as Europe/Berlin")
				}
			}
			times, err := schedule.Parse(cron, in)
			if err != nil {
				return err
			}
			if jitter < 0 {
				return usage(fmt.Sprintf("--jitter %s: not a time to wait", jitter), "write how much later a run may begin: --jitter 5m")
			}
			if _, err := l.options(); err != nil {
				return err
			}
			a.schedule(cmd.Context(), s, s.lake(m), l, events, times, jitter)
			return nil
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	l.flags(cmd)
	eventsFlag(cmd, &events)
	cmd.Flags().StringVar(&cron, "cron", "", "when to run: minute, hour, day of the month, month, day of the week")
	cmd.Flags().StringVar(&zone, "timezone", "", "the zone of these times (default timezone: in smelt.yml, else UTC)")
	cmd.Flags().DurationVar(&jitter, "jitter", 0, "begin each run up to so much later, by chance")
	cmd.Flags().BoolVar(&history, "history", false, "list the last runs, and end")
	cmd.Flags().IntVarP(&rows, "rows", "n", 20, "with --history: runs to list, 0 for all")
	return cmd
}

// schedule makes runs until ctx ends. smelt.yml is read anew for each of them; lake is
// where the tables are until it says otherwise.
func (a *app) schedule(ctx context.Context, s *shop, lake string, l limits, events string, times *schedule.Times, jitter time.Duration) {
	loop := &schedule.Loop{Times: times, Jitter: jitter,
		Note: func(text string) { a.log("note", text) },
		Run: func(ctx context.Context) (string, error) {
			m, err := s.mapping()
			if err != nil {
				return "", err
			}
			lake = s.lake(m)
			r, err := a.runOnce(ctx, s, m, l, refresh{}, events)
			if err != nil || r == nil {
				return "", err
			}
			return r.RunID, nil
		},
		Ended: func(e schedule.Entry, err error) {
			switch e.Outcome {
			case schedule.Failed:
				a.fail(err)
			case schedule.Skipped:
				a.log("warning", "skipped, for it is time for the next run: "+err.Error())
			case schedule.Interrupted:
				a.log("note", a.interrupted)
			}
			if err := schedule.Append(lake, e); err != nil {
				a.log("warning", err.Error())
			}
		},
	}
	loop.Forever(ctx)
}

// scheduled lists the last runs of a lake's history, the newest first; all where n is 0.
func (a *app) scheduled(lake string, n int) error {
	runs, err := schedule.History(lake)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: lake, Msg: "no run of smelt schedule is known here", Hint: `smelt schedule --cron "15 2 * * *" makes some`}
	}
	all := len(runs)
	if n > 0 && n < all {
		runs = runs[all-n:]
	}
	g := &grid{header: []string{"due", "started", "took", "outcome", "run", "error"}, right: []bool{false, false, true, false, false, false}}
	e := json.NewEncoder(a.out)
	for i := len(runs) - 1; i >= 0; i-- {
		r := runs[i]
		if a.json {
			if err := e.Encode(r); err != nil {
				return err
			}
			continue
		}
		first, _, _ := strings.Cut(r.Error, "\n")
		g.rows = append(g.rows, []string{r.Due.Format(time.RFC3339), r.Started.Format(time.RFC3339), fmt.Sprintf("%.2f s", r.Ended.Sub(r.Started).Seconds()), r.Outcome, cmp.Or(r.Run, "-"), clip(first, 100)})
	}
	if !a.json {
		if err := g.print(a.out); err != nil {
			return err
		}
	}
	if len(runs) < all {
		a.log("note", fmt.Sprintf("%d of %s; -n 0 lists all", len(runs), plural(int64(all), "run")))
	}
	return nil
}
