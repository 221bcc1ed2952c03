package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/dbt"
	"github.com/smeltdata/smelt/internal/selector"
	"github.com/smeltdata/smelt/pipeline"
)

// asked is what dbt's words say that is wanted.
type asked struct{ dir, selected, excluded string }

func (a *app) dbtCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dbt",
		Short: "Answer as dbt does, for programs that call dbt: astronomer-cosmos",
		Long: `Take the commands that astronomer-cosmos gives dbt for the models and tests of
target/manifest.json, which "smelt docs generate" writes: cosmos draws a task for
each, and runs "smelt dbt run --select fqn:shop.silver.fact_sales --project-dir …".

The first task of a run of the DAG makes all tables, in one pass; the others wait
for it and tell what came of theirs. One whose checks fail fails, and so nothing is
published: those that it is made of tell so and end well, so that it is reached, and
the others are skipped (99), as all are where nothing is new. A task that comes
again, as one that failed does, makes another pass. docs/airflow.md tells more.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.dbtRunCommand("run", "Make the tables, and tell what came of some"), a.dbtRunCommand("build", "The same: a run makes its checks as well"), a.dbtTestCommand())
	return cmd
}

// flags adds those of dbt's that cosmos gives. What they say of profiles and targets
// has no meaning here.
func (d *asked) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.selected, "select", "", "models and tests: names, or fqn:shop.silver.fact_sales (default all)")
	f.StringVar(&d.excluded, "exclude", "", "the same, of which none")
	f.StringVar(&d.dir, "project-dir", ".", "the folder of smelt.yml, or of a link to it")
	for _, name := range []string{"profiles-dir", "profile", "target"} {
		f.String(name, "", "has no meaning: smelt.yml says it all")
	}
}

// of returns the shop, and what of it is meant.
func (d *asked) of(ctx context.Context) (*shop, []dbt.Named, error) {
	s := &shop{config: filepath.Join(d.dir, "smelt.yml")}
	// cosmos calls dbt in a folder of links to the project's files.
	if real, err := filepath.EvalSymlinks(s.config); err == nil {
		s.config = real
	}
	c, err := s.collect(ctx)
	if err != nil {
		return nil, nil, err
	}
	named, err := dbt.Select(c, d.selected)
	if err != nil {
		return nil, nil, err
	}
	if d.excluded != "" {
		not, err := dbt.Select(c, d.excluded)
		if err != nil {
			return nil, nil, err
		}
		named = slices.DeleteFunc(named, func(n dbt.Named) bool { return slices.Contains(not, n) })
	}
	return s, named, nil
}

func (a *app) dbtRunCommand(name, short string) *cobra.Command {
	d, how := &asked{}, refresh{}
	cmd := &cobra.Command{
		Use:     name,
		Short:   short,
		Example: "  smelt dbt " + name + " --select fqn:shop.silver.fact_sales --project-dir shop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, named, err := d.of(cmd.Context())
			if err != nil {
				return err
			}
			p, err := a.pass(cmd.Context(), s, how)
			if err != nil {
				return err
			}
			return a.tellTables(p, named)
		},
	}
	d.flags(cmd)
	cmd.Flags().BoolVar(&how.full, "full-refresh", false, "read every file again, and make the tables of those that are there")
	return cmd
}

// tellTables tells what came of tables in a pass.
func (a *app) tellTables(p *pass, named []dbt.Named) error {
	switch {
	case p.NothingNew:
		fmt.Fprintln(a.out, "nothing new")
		return pipeline.ErrNothingNew
	case p.Error != "":
		return &pipeline.Error{Kind: pipeline.ErrInput, Msg: "the pass that makes all tables failed: " + p.Error, Hint: "a task that is tried again makes another one"}
	}
	failed := p.failed()
	leads, err := above(failed)
	if err != nil {
		return err
	}
	wrong, passed := []string{}, false
	for _, n := range named {
		switch {
		case n.Check != "":
		case len(failed) == 0:
			passed = true
			fmt.Fprintf(a.out, "%s: %s\n", n.Table, plural(p.Rows[n.Table], "row"))
		case slices.Contains(failed, n.Table):
			wrong = append(wrong, n.Table)
		default:
			passed = passed || leads[n.Table]
			fmt.Fprintf(a.out, "%s: not published, for checks of %s failed\n", n.Table, several(failed))
		}
	}
	if len(wrong) > 0 {
		a.checks(slices.DeleteFunc(slices.Clone(p.Checks), func(c pipeline.CheckResult) bool { return !slices.Contains(wrong, c.Table) }))
		return &pipeline.Error{Kind: pipeline.ErrCheck, Table: strings.Join(wrong, ", "), Msg: "breaks its rules: nothing was published", Hint: "smelt test --last --show-failures shows the rows"}
	}
	if !passed {
		return pipeline.ErrNothingNew
	}
	return nil
}

// above returns tables and all that they are made of.
func above(names []string) (map[string]bool, error) {
	tables, err := gold.Declarations()
	return selector.New(tables, nil).Ancestors(names), err
}

func (a *app) dbtTestCommand() *cobra.Command {
	d := &asked{}
	cmd := &cobra.Command{
		Use:     "test",
		Short:   "Tell what came of checks in the pass of this run of the DAG",
		Example: "  smelt dbt test --select fact_sales --project-dir shop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, named, err := d.of(cmd.Context())
			if err != nil {
				return err
			}
			m, err := s.mapping()
			if err != nil {
				return err
			}
			p, err := passed(s.lake(m))
			if err != nil {
				return err
			}
			var results []pipeline.CheckResult
			switch {
			case p == nil: // what is there is all that can be told of
				var sel selection
				for _, n := range named {
					sel.selected = append(sel.selected, cmp.Or(n.Check, n.Table))
				}
				report, err := test(cmd.Context(), s.lake(m), m.Checks, s.config, sel, defaultLimits(), false)
				if err != nil {
					return err
				}
				results = report.Checks
			case p.NothingNew:
				return pipeline.ErrNothingNew
			default:
				results = slices.DeleteFunc(p.Checks, func(c pipeline.CheckResult) bool {
					return !slices.ContainsFunc(named, func(n dbt.Named) bool { return n.Check == c.Check || n.Check == "" && n.Table == c.Table })
				})
			}
			a.checks(results)
			if slices.ContainsFunc(results, func(c pipeline.CheckResult) bool { return c.Status == "error" }) {
				return &pipeline.Error{Kind: pipeline.ErrCheck, Msg: "the tables break their rules"}
			}
			return nil
		},
	}
	d.flags(cmd)
	return cmd
}
