package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/airflow"
	"github.com/smeltdata/smelt/internal/web"
)

func (a *app) exportAirflowCommand() *cobra.Command {
	s, o := &shop{}, airflow.Options{}
	target, granularity, dbt := "", string(airflow.Pipeline), false
	cmd := &cobra.Command{
		Use:   "airflow",
		Short: "Write a DAG for Airflow that runs the shop's pipeline",
		Long: `Write a DAG for Apache Airflow 3, which 2.10 reads too: a Python file of tasks that
call smelt, with retries, the tables as assets that other DAGs can wait for, and
what smelt says with exit code 99, nothing new, as skipped. It goes to airflow
beside smelt.yml unless -o names another folder; a file of this name there is
replaced.

  --granularity pipeline  one task makes all tables, in one pass, and one tests them
  --granularity layer     bronze, silver and gold are published one after the other
  --granularity table     so is each table, along the lineage

With layer and table each task makes a pass of its own.

--dbt writes a DAG for the dbt project that "smelt export dbt" writes: dbt build in
one task, layer by layer, or table by table by astronomer-cosmos. docs/airflow.md
tells more, and how cosmos draws smelt's own tables.`,
		Example: `  smelt export airflow
  smelt export airflow -o /opt/airflow/dags --location /mnt/shop
  smelt export airflow --granularity table`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := s.mapping()
			if err != nil {
				return err
			}
			if o.Tables, err = gold.Declarations(); err != nil {
				return err
			}
			beside := filepath.Dir(s.config)
			if o.Shop == "" {
				o.Shop = absolute(beside)
			}
			o.Name, o.Config, o.Zone, o.Granularity = shopName(s.config, s.lake(m)), filepath.Base(s.config), "UTC", airflow.Granularity(granularity)
			if m.Location != nil {
				o.Zone = m.Location.String()
			}
			if dbt {
				if o.DBT, err = airflow.ReadDBT(filepath.Join(beside, "dbt")); err != nil {
					return err
				}
				o.DBT.Dir = strings.TrimSuffix(o.Shop, "/") + "/dbt"
			}
			text, err := airflow.DAG(o)
			if err != nil {
				return err
			}
			if target == "" {
				target = filepath.Join(beside, "airflow")
			}
			return a.wroteDAG(filepath.Join(target, o.ID()+".py"), &o, text)
		},
	}
	s.configFlag(cmd)
	targetFlag(cmd, &target, "airflow")
	f := cmd.Flags()
	f.StringVar(&granularity, "granularity", granularity, "what a task makes: pipeline, layer or table")
	f.BoolVar(&dbt, "dbt", false, "a DAG for the dbt project of the shop, in dbt beside smelt.yml")
	f.StringVar(&o.Shop, "location", "", "the folder of smelt.yml, as Airflow's workers see it (default where it is here)")
	return cmd
}

// wroteDAG writes the file and tells so.
func (a *app) wroteDAG(path string, o *airflow.Options, text []byte) error {
	if err := web.WriteFile(filepath.Dir(path), filepath.Base(path), text); err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"file": path, "dag": o.ID(), "granularity": o.Granularity})
	}
	_, err := fmt.Fprintf(a.out, "%s: DAG %s, %s\n", path, o.ID(), map[airflow.Granularity]string{
		airflow.Pipeline: "all tables at once", airflow.Layer: "layer by layer", airflow.Table: "table by table"}[o.Granularity])
	return err
}
