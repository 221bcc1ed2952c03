package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

func (a *app) testCommand() *cobra.Command {
	s := &shop{}
	var selected []string
	failures := false
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Check the tables that are there",
		Long: `Read the tables of a lake and check them as smelt run does before it publishes
them: keys are unique, columns that must not be NULL are not, values are among
those accepted and in the tables that they refer to.

The exit code is 1 where a check of severity error fails. What came of each is
appended to OUT/_smelt/test_results, a Delta table, as every run's is.`,
		Example: `  smelt test
  smelt test --select silver.fact_sales --show-failures`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := s.lakeToRead(given(cmd.Flags(), "config"))
			if err != nil {
				return err
			}
			var own []check.Check
			if _, err := os.Stat(s.config); err == nil {
				m, err := s.mapping()
				if err != nil {
					return err
				}
				own = m.Checks
			}
			report, err := test(cmd.Context(), dir, own, selected)
			if err != nil {
				return err
			}
			if a.json {
				err = json.NewEncoder(a.out).Encode(report.Checks)
			} else {
				a.checks(report.Checks)
				if failures {
					a.failures(report.Checks)
				}
			}
			if err != nil {
				return err
			}
			if slices.ContainsFunc(report.Checks, func(c pipeline.CheckResult) bool { return c.Status == "error" }) {
				return &pipeline.Error{Kind: pipeline.ErrCheck, Msg: "the tables break their rules"}
			}
			return nil
		},
	}
	s.configFlag(cmd)
	s.outputFlag(cmd)
	cmd.Flags().StringSliceVar(&selected, "select", nil, "tables, layers or checks to look at (default all)")
	cmd.Flags().BoolVar(&failures, "show-failures", false, "print some of the rows that fail")
	return cmd
}

// test checks the tables of a lake, by what they declare and the shop's own checks.
func test(ctx context.Context, dir string, own []check.Check, selected []string) (*pipeline.Report, error) {
	names, err := tablesOf(dir)
	if err != nil {
		return nil, err
	}
	all, err := suite(own, "", nil)
	if err != nil {
		return nil, err
	}
	some, err := all.Select(func(c *check.Check) bool {
		return slices.Contains(names, c.Table) && (len(selected) == 0 || slices.ContainsFunc(selected, func(s string) bool {
			return c.ID() == s || c.Table == s || strings.HasPrefix(c.Table, s+".")
		}))
	})
	if err != nil {
		return nil, err
	}
	results, err := some.Tables(ctx, func(ctx context.Context, t *pipeline.Table, columns []string) pipeline.Stream {
		table, err := store.OpenTable(ctx, dir, t.Name, store.At{})
		if err != nil {
			return func(yield func(arrow.Record, error) bool) { yield(nil, err) }
		}
		return table.Scan(ctx, columns)
	})
	if err != nil {
		return nil, err
	}
	report := &pipeline.Report{RunID: fmt.Sprintf("test-%016x", rand.Uint64()), Checks: results}
	return report, keepResults(ctx, dir, "test", report)
}

// failures prints some of the rows that fail.
func (a *app) failures(results []pipeline.CheckResult) {
	for _, c := range results {
		if c.Failures == 0 || len(c.Samples) == 0 {
			continue
		}
		fmt.Fprintf(a.out, "\n%s, %d of %s:\n", a.out.style(bold, c.Check), len(c.Samples), plural(c.Failures, "failure"))
		for _, s := range c.Samples {
			fmt.Fprintln(a.out, "  "+s)
		}
	}
}
