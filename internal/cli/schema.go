package cli

import (
	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
)

func (a *app) schemaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "config",
		Short: "Print the JSON Schema of smelt.yml, for editors",
		Long: `Print the JSON Schema of smelt.yml, with which editors complete and check it.
Begin smelt.yml with the line

  # yaml-language-server: $schema=smelt.schema.json`,
		Example: "  smelt schema config > smelt.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(bronze.ConfigSchema())
			return err
		},
	})
	return cmd
}
