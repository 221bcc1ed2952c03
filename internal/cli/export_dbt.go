package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/dbtproject"
	"github.com/smeltdata/smelt/internal/export"
)

func (a *app) exportDBTCommand() *cobra.Command {
	s, o, dir, target := &shop{}, dbtproject.Options{}, "", ""
	cmd := &cobra.Command{
		Use:   "dbt",
		Short: "Write a dbt project: the same tables as SQL",
		Long: `Write the shop's pipeline as a dbt project that a dbt developer would own: sources,
models of bronze, silver and gold whose SQL means exactly what smelt computes, the
checks as tests, docs, seeds, macros, exposures and profiles. It needs smelt.yml and
no lake, and the same smelt.yml gives the same files. It goes to dbt beside
smelt.yml unless -o names another folder; a former export there is replaced.

  --target databricks  dbt-databricks and Delta tables
  --target spark       dbt-spark in a session of Spark 4 with Delta
  --target duckdb      dbt-duckdb and one file

README.md in the project has the commands to run it, and says what SQL cannot do.
docs/dbt.md tells more.`,
		Example: `  smelt export dbt --target duckdb
  smelt export dbt -o warehouse --target databricks --data /Volumes/main/shop/files`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if target == "" {
				return usage("which engine is the project for?", "say --target databricks, spark or duckdb")
			}
			o.Target = dbtproject.Target(target)
			return a.exportDBT(s, o, dir)
		},
	}
	s.configFlag(cmd)
	targetFlag(cmd, &dir, "dbt")
	f := cmd.Flags()
	f.StringVar(&target, "target", "", "databricks, spark or duckdb")
	f.StringVar(&o.Name, "name", "", "of the project (default the name of the shop's folder)")
	f.StringVar(&o.Data, "data", "", "folder that the paths of sources start from, as the engine sees it (default smelt.yml's own)")
	return cmd
}

func (a *app) exportDBT(s *shop, o dbtproject.Options, dir string) error {
	m, err := s.mapping()
	if err != nil {
		return err
	}
	beside := absolute(filepath.Dir(s.config))
	if dir == "" {
		dir = filepath.Join(filepath.Dir(s.config), "dbt")
	}
	if o.Name == "" {
		o.Name = filepath.Base(beside)
	}
	if o.Data == "" {
		if o.Data, err = filepath.Rel(absolute(dir), beside); err != nil { // on another drive of Windows
			o.Data = beside
		}
		o.Data = filepath.ToSlash(o.Data)
	}
	o.Mapping = m
	p, err := dbtproject.New(o)
	if err != nil {
		return err
	}
	files, err := p.Files()
	if err != nil {
		return err
	}
	if err := export.Write(dir, files); err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"project": dir, "models": len(p.Models), "tests": len(p.Tests())})
	}
	_, err = fmt.Fprintf(a.out, "%s: %s, %s\n", dir, plural(int64(len(p.Models)), "model"), plural(int64(len(p.Tests())), "test"))
	return err
}
