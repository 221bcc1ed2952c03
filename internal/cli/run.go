package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

func (a *app) runCommand() *cobra.Command {
	s := &shop{}
	l := defaultLimits()
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Make the tables that smelt.yml describes",
		Long: `Read the shop's files as smelt.yml says and write every table of bronze, silver
and gold as Parquet: OUT/<layer>/<table>/part-*.parquet. Nothing is visible
before everything is right: a run that fails or is killed leaves the tables of
the run before. OUT/_smelt/run.json is the report of the run.`,
		Example: `  smelt run
  smelt run -c adventureworks.yml --data downloads/adventureworks -o lake`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := s.mapping()
			if err != nil {
				return err
			}
			out := s.lake(m)
			report, err := a.pipeline(cmd.Context(), m, out, l)
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
	return cmd
}

// pipeline makes the tables of a mapping in a lake.
func (a *app) pipeline(ctx context.Context, m *bronze.Mapping, out string, l limits) (*pipeline.Report, error) {
	opts, err := l.options()
	if err != nil {
		return nil, err
	}
	lake, err := store.Open(out)
	if err != nil {
		return nil, err
	}
	p := a.progress("reading sales", size)
	report, err := gold.Run(ctx, m, open, lake.Sink(create, "parquet"), append(opts, gold.Progress(p.update))...)
	p.end()
	if e := lake.Close(); err == nil {
		err = e
	}
	return report, err
}
