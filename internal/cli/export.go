package cli

import "github.com/spf13/cobra"

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the tables and measures for other tools: dbt, Power BI",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exportDBTCommand(), a.exportPowerBICommand())
	return cmd
}
