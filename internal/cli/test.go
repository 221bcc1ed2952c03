package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

func (a *app) testCommand() *cobra.Command {
	s := &shop{}
	var sel selection
	l := defaultLimits()
	failures, last, failFast, units := false, false, false, false
	events := ""
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Check the tables that are there",
		Long: `Read the tables of a lake and check them as smelt run does before it publishes
them: keys are unique, columns that must not be NULL are not, values are among
those accepted and in the tables that they refer to.

With --last nothing is read: it shows what came of the last run, also where that
has published nothing, or of the last test.

With --unit no table is read: it runs the unit tests of the mapping, which
tests: in smelt.yml declares with given and expected rows.

The exit code is 1 where a check of severity error fails. What came of each is
appended to OUT/_smelt/test_results, a Delta table, as every run's is.`,
		Example: `  smelt test
  smelt test --select silver.fact_sales --show-failures
  smelt test --select kind:unique severity:warn --exclude bronze
  smelt test --unit --select 'returns*'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if units {
				if last || failures || len(sel.excluded) > 0 {
					return usage("--unit has no use for --last, --show-failures and --exclude", "it prints what is not as expected")
				}
				return a.unitTests(cmd.Context(), s, sel.selected)
			}
			dir, err := s.lakeToRead()
			if err != nil {
				return err
			}
			if last {
				return a.lastChecks(cmd.Context(), dir, sel, failures)
			}
			m := new(bronze.Mapping)
			if _, err := os.Stat(s.config); err == nil {
				if m, err = s.mapping(); err != nil {
					return err
				}
			}
			report, err := a.reportedTest(cmd.Context(), s, m, dir, events, func() (*pipeline.Report, error) {
				return test(cmd.Context(), dir, m.Checks, s.config, sel, l, failFast)
			})
			if err != nil {
				return err
			}
			if err := a.showChecks(report.Checks, failures); err != nil {
				return err
			}
			if slices.ContainsFunc(report.Checks, func(c pipeline.CheckResult) bool { return c.Status == "error" }) {
				return &pipeline.Error{Kind: pipeline.ErrCheck, Msg: "the tables break their rules"}
			}
			return nil
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	eventsFlag(cmd, &events)
	sel.flags(cmd, "tables, whose checks are meant, and checks; with --unit names of tests")
	cmd.Flags().BoolVar(&failFast, "fail-fast", false, "end at the first row that fails a check")
	cmd.Flags().IntVar(&l.workers, "workers", l.workers, "goroutines that read the tables")
	cmd.Flags().BoolVar(&last, "last", false, "show what came of the checks of the last run or test")
	cmd.Flags().BoolVar(&units, "unit", false, "run the unit tests of the mapping")
	cmd.Flags().BoolVar(&failures, "show-failures", false, "print some of the rows that fail")
	return cmd
}

// test checks the tables of a lake, by what they declare and the shop's own checks,
// which stand in config.
func test(ctx context.Context, dir string, own []check.Check, config string, sel selection, l limits, failFast bool) (*pipeline.Report, error) {
	names, err := tablesOf(dir)
	if err != nil {
		return nil, err
	}
	if l.workers < 1 {
		return nil, usage("--workers: at least one is needed", "")
	}
	selected, err := sel.checks(own)
	if err != nil {
		return nil, err
	}
	scratch := l.scratch()
	defer scratch.Close()
	all, err := suite(own, config, scratch)
	if err != nil {
		return nil, err
	}
	all.Remember(catalog.Measured(dir, 1))
	made, err := madeBy(dir)
	if err != nil {
		return nil, err
	}
	some, err := all.Select(func(c *check.Check) bool {
		// Between tables of different runs nothing need hold.
		return slices.Contains(names, c.Table) && selected(c.ID()) &&
			(c.To == "" || slices.Contains(names, c.ToTable()) && made[c.Table] == made[c.ToTable()])
	})
	if err != nil {
		return nil, err
	}
	some.FailFast = failFast
	results, err := some.Tables(ctx, l.workers, func(ctx context.Context, t *pipeline.Table, columns []string, f func(worker int, rec arrow.Record) error) error {
		table, err := store.OpenTable(ctx, dir, t.Name, store.At{})
		if err != nil {
			return err
		}
		return table.Each(ctx, l.workers, t, columns, f)
	})
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, usage("no table of the selected checks is there", "smelt show lists the tables")
	}
	report := &pipeline.Report{RunID: fmt.Sprintf("test-%016x", rand.Uint64()), Checks: results}
	return report, catalog.KeepResults(ctx, dir, "test", report)
}

// madeBy returns the run that a table is behind with, where tables of a lake are of
// different runs; "" of those that the newest has published.
func madeBy(dir string) (map[string]string, error) {
	r, err := store.Report(dir)
	if err != nil || r == nil {
		return nil, err
	}
	made := map[string]string{}
	for _, t := range r.Tables {
		made[t.Name] = t.Behind
	}
	return made, nil
}

// showChecks prints what came of checks.
func (a *app) showChecks(results []pipeline.CheckResult, failures bool) error {
	if a.json {
		return json.NewEncoder(a.out).Encode(results)
	}
	a.checks(results)
	if failures {
		return a.failures(results)
	}
	return nil
}

// lastChecks shows what came of the checks that were evaluated last.
func (a *app) lastChecks(ctx context.Context, dir string, sel selection, failures bool) error {
	results, err := catalog.LastResults(ctx, dir)
	if err != nil {
		return err
	}
	var checks []check.Check
	for _, c := range results {
		checks = append(checks, check.Check{Name: c.Check, Table: c.Table, Kind: check.Kind(c.Kind), Severity: check.Severity(c.Severity)})
	}
	selected, err := sel.of(checks)
	if err != nil {
		return err
	}
	results = slices.DeleteFunc(results, func(c pipeline.CheckResult) bool { return !selected(c.Check) })
	return a.showChecks(results, failures)
}
