package cli

import "github.com/spf13/cobra"

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the tables, measures and the pipeline for other tools: dbt, Airflow, Power BI",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exportDBTCommand(), a.exportAirflowCommand(), a.exportPowerBICommand())
	return cmd
}
