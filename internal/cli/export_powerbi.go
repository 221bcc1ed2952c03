package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/export"
	"github.com/smeltdata/smelt/internal/powerbi"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// powerBI says what a Power BI project is made of.
type powerBI struct {
	target, name string
	source       powerbi.Source
	host         string
	warehouse    string
	personal     bool
}

func (a *app) exportPowerBICommand() *cobra.Command {
	s, p := &shop{}, powerBI{}
	cmd := &cobra.Command{
		Use:   "powerbi",
		Short: "Write a Power BI project: a semantic model and a report",
		Long: `Write a Power BI project (PBIP), which Power BI Desktop opens: a semantic model of
the shop's star and its gold tables, with every measure as DAX, and a report of
four pages on it. It is text that Git keeps, and the same shop gives the same
files. It goes to powerbi beside smelt.yml, or beside the lake, unless -o names
another folder; a former export there is replaced.

  --source local       Power BI reads the lake's folder; --location says where it
                       finds it, as in C:\shop\lake (default: where it is here)
  --source adls        Azure Data Lake Storage: --location is as in
                       https://account.dfs.core.windows.net/container/lake
  --source databricks  the tables that "smelt register --databricks" made:
                       --host, --warehouse, --catalog and --schema-prefix as there

In Power BI these are parameters, which can be changed there. Columns that tell who
a customer is, as names and e-mail addresses, are left out unless --personal is
given. docs/powerbi.md tells more.`,
		Example: `  smelt export powerbi
  smelt export powerbi -o shop-powerbi --location 'C:\shop\lake'
  smelt export powerbi --source databricks --host adb-123.4.azuredatabricks.net --warehouse 0123456789abcdef --catalog main`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, f := range []struct{ name, source string }{{"host", powerbi.Databricks}, {"warehouse", powerbi.Databricks}, {"catalog", powerbi.Databricks}, {"schema-prefix", powerbi.Databricks}} {
				if given(cmd.Flags(), f.name) && p.source.Kind != f.source {
					return usage("--"+f.name+" goes with --source "+f.source, "")
				}
			}
			if p.source.Kind == powerbi.Databricks && given(cmd.Flags(), "location") {
				return usage("--location does not go with --source databricks", "--host says which workspace")
			}
			return a.exportPowerBI(cmd.Context(), s, p)
		},
	}
	s.configFlag(cmd)
	targetFlag(cmd, &p.target, "powerbi")
	f := cmd.Flags()
	f.StringVar(&s.output, "output", "", "folder of the tables (default output: in smelt.yml, else lake beside it)")
	f.StringVar(&p.name, "name", "", "of the project (default the name of the shop's folder)")
	f.StringVar(&p.source.Kind, "source", powerbi.Local, "where Power BI reads the tables: local, adls or databricks")
	f.StringVar(&p.source.Location, "location", "", "the lake's folder, as Power BI sees it")
	f.StringVar(&p.host, "host", os.Getenv("DATABRICKS_HOST"), "address of the Databricks workspace")
	f.StringVar(&p.warehouse, "warehouse", os.Getenv("DATABRICKS_WAREHOUSE_ID"), "id of the SQL warehouse")
	f.StringVar(&p.source.Catalog, "catalog", "", "Databricks catalog of the tables")
	f.StringVar(&p.source.Prefix, "schema-prefix", "", "put before the schemas silver and gold")
	f.BoolVar(&p.personal, "personal", false, "with the columns that tell who a customer is")
	return cmd
}

func (a *app) exportPowerBI(ctx context.Context, s *shop, p powerBI) error {
	m, dir, err := s.find()
	if err != nil {
		return err
	}
	beside := filepath.Dir(dir) // the project goes beside the lake, or smelt.yml
	if m != nil {
		beside = filepath.Dir(s.config)
	}
	if p.target == "" {
		p.target = filepath.Join(beside, "powerbi")
	}
	if p.name == "" {
		p.name = filepath.Base(absolute(beside))
	}
	if err := p.locate(dir); err != nil {
		return err
	}
	if err := store.Recover(dir); err != nil {
		return err
	}
	tables, parquet, err := modelled(ctx, dir)
	if err != nil {
		return err
	}
	lacking, err := powerbi.Lacking(ctx, dir, tables)
	if err != nil {
		return err
	}
	if err := powerbi.Clash(ctx, dir, tables); errors.Is(err, pipeline.ErrData) {
		a.log("warning", err.Error())
	} else if err != nil {
		return err
	}
	p.source.Parquet = parquet && p.source.Kind != powerbi.Databricks
	model, err := powerbi.New(powerbi.Options{Name: p.name, Tables: tables, Source: p.source, Lacking: lacking, Personal: p.personal})
	if err != nil {
		return err
	}
	files, err := powerbi.Files(model)
	if err != nil {
		return err
	}
	if err := export.Write(p.target, files); err != nil {
		return err
	}
	if where := p.source; where.Kind == powerbi.Local && strings.HasPrefix(where.Location, "/") {
		a.log("note", "Power BI runs on Windows: --location, or the parameter Location there, says how it sees "+where.Location)
	}
	return a.exported(filepath.Join(p.target, p.name+".pbip"), model, files)
}

// locate fills in where Power BI reads the lake in dir.
func (p *powerBI) locate(dir string) error {
	switch p.source.Kind {
	case powerbi.Databricks:
		p.source.Location = strings.TrimSuffix(strings.TrimPrefix(p.host, "https://"), "/")
		p.source.HTTPPath = "/sql/1.0/warehouses/" + p.warehouse
		if p.source.Location == "" || p.warehouse == "" {
			return usage("which workspace and SQL warehouse?", "say --host and --warehouse, or set DATABRICKS_HOST and DATABRICKS_WAREHOUSE_ID")
		}
	case powerbi.ADLS:
		// As register --location takes it.
		if u, err := url.Parse(p.source.Location); err == nil && u.Scheme == "abfss" && u.User != nil {
			p.source.Location = "https://" + u.Host + "/" + u.User.Username() + u.Path
		}
	case powerbi.Local:
		if p.source.Location == "" {
			abs, err := filepath.Abs(dir)
			if err != nil {
				return &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "cannot tell where the lake is", Err: err}
			}
			p.source.Location = abs
		}
	}
	return nil
}

// modelled returns the declarations of silver's and gold's tables in the lake, and
// whether they are folders of Parquet files. A lake without one of smelt's own is
// an error; a shop's own gold tables come after these, as they are.
func modelled(ctx context.Context, dir string) ([]*pipeline.Table, bool, error) {
	names, err := store.Tables(dir)
	if err != nil {
		return nil, false, err
	}
	declared, err := gold.Declarations()
	if err != nil {
		return nil, false, err
	}
	var out []*pipeline.Table
	for _, t := range declared {
		if t.Layer() == "bronze" || t.Name == "silver.quarantine" {
			continue
		}
		if !slices.Contains(names, t.Name) {
			return nil, false, &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Table: t.Name, Msg: "is not in the lake", Hint: "smelt run makes it"}
		}
		out = append(out, t)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "gold.") || slices.ContainsFunc(out, func(t *pipeline.Table) bool { return t.Name == name }) {
			continue
		}
		stored, err := store.OpenTable(ctx, dir, name, store.At{})
		if err != nil {
			return nil, false, err
		}
		t := &pipeline.Table{Name: name, Doc: "A gold table of the shop's own.", Schema: stored.Schema}
		for _, f := range stored.Schema.Fields() {
			t.Columns = append(t.Columns, pipeline.Column{Name: f.Name, Type: f.Type, Nullable: f.Nullable})
		}
		out = append(out, t)
	}
	_, err = store.DeltaFolder(dir, "silver.fact_sales")
	return out, err != nil, nil
}

// exported tells what was written.
func (a *app) exported(pbip string, m *powerbi.Model, files []powerbi.File) error {
	measures, pages := 0, 0
	for _, t := range m.Tables {
		measures += len(t.Measures)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, "/page.json") {
			pages++
		}
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"project": pbip, "tables": len(m.Tables), "measures": measures, "pages": pages})
	}
	_, err := fmt.Fprintf(a.out, "%s: %s, %s, %s\n", pbip, plural(int64(len(m.Tables)), "table"), plural(int64(measures), "measure"), plural(int64(pages), "page"))
	return err
}
