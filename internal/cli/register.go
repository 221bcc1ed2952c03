package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/smeltdata/smelt/internal/register"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// registration says where tables are registered, and as what.
type registration struct {
	sql, databricks bool
	unity           string // address of a server
	out             string // file for the SQL
	check           bool
	location        string
	names           register.Names
	selection
	workspace register.Workspace
}

func (a *app) registerCommand() *cobra.Command {
	s, r := &shop{}, registration{}
	cmd := &cobra.Command{
		Use:   "register --sql | --databricks | --unity URL",
		Short: "Make the tables known to Databricks or a Unity Catalog",
		Long: `Register the lake's tables in a catalog, as external tables with comments and,
in Databricks, keys and tags. The files are not touched, and running it again
changes only what has changed.

  --sql          print the SQL for Databricks, or write it to --out
  --databricks   run it on a SQL warehouse; DATABRICKS_HOST, _TOKEN, _CLIENT_ID,
                 _CLIENT_SECRET and _WAREHOUSE_ID or a profile of
                 ~/.databrickscfg say where and as whom
  --unity URL    in an open-source Unity Catalog server; UNITY_TOKEN is its token

The catalog must see the lake's files: --location says where, as in
s3://bucket/lake. A Unity Catalog server is told this machine's folder
without it. --check changes nothing: it lists how the catalog differs from the
lake, and exits with 1 if it does.`,
		Example: `  smelt register --sql --location s3://shop/lake --catalog main --out register.sql
  smelt register --databricks --location abfss://lake@shop.dfs.core.windows.net/lake --catalog main --profile PROD
  smelt register --unity http://localhost:8080
  smelt register --unity http://localhost:8080 --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.complete(cmd.Flags()); err != nil {
				return err
			}
			dir, err := s.lakeToRead()
			if err != nil {
				return err
			}
			return a.register(cmd.Context(), dir, r)
		},
	}
	s.configFlag(cmd)
	s.outputFlag(cmd)
	r.flags(cmd, "tables to register or compare")
	f := cmd.Flags()
	f.BoolVar(&r.sql, "sql", false, "print SQL for Databricks")
	f.BoolVar(&r.databricks, "databricks", false, "register in Databricks, through a SQL warehouse")
	f.StringVar(&r.unity, "unity", "", "register in the Unity Catalog server at this address")
	f.StringVar(&r.out, "out", "", "file to write the SQL to (default stdout)")
	f.BoolVar(&r.check, "check", false, "change nothing: list how the catalog differs from the lake")
	f.StringVar(&r.location, "location", "", "URI of the lake's folder as the catalog sees it")
	f.StringVar(&r.names.Catalog, "catalog", "", "catalog of the tables (--unity: smelt; --sql: the session's)")
	f.StringVar(&r.names.Prefix, "schema-prefix", "", "put before the schemas bronze, silver and gold")
	f.StringVar(&r.workspace.Host, "host", "", "address of the Databricks workspace")
	f.StringVar(&r.workspace.Warehouse, "warehouse", "", "id of the SQL warehouse")
	f.StringVar(&r.workspace.Profile, "profile", "", "profile of the Databricks configuration file")
	f.StringVar(&r.workspace.TokenFile, "token-file", "", "file that holds a Databricks personal access token")
	return cmd
}

// complete says which flags are missing or do not go together, and fills in
// what has a default.
func (r *registration) complete(flags *pflag.FlagSet) error {
	targets := 0
	for _, is := range []bool{r.sql, r.databricks, given(flags, "unity")} {
		if is {
			targets++
		}
	}
	if targets != 1 {
		return usage("where are the tables to be registered?", "say one of --sql, --databricks and --unity URL")
	}
	for _, name := range []string{"host", "warehouse", "profile", "token-file"} {
		if given(flags, name) && !r.databricks {
			return usage("--"+name+" goes with --databricks", "")
		}
	}
	switch {
	case r.out != "" && !r.sql:
		return usage("--out goes with --sql", "")
	case r.check && r.sql:
		return usage("--check compares with a catalog, and --sql knows none", "say --databricks --check or --unity URL --check")
	case r.databricks && r.names.Catalog == "":
		return usage("which catalog?", "say --catalog with the name of one that exists, as in --catalog main")
	case r.unity != "" && r.names.Catalog == "":
		r.names.Catalog = "smelt" // a fresh server has none, and this one is made
	}
	return r.names.Check()
}

// locate returns the URI of the lake's folder as the catalog sees it.
func (r *registration) locate(dir string) (string, error) {
	switch {
	case r.location != "":
		return register.CheckLocation(r.location)
	case strings.Contains(dir, "://"):
		return register.CheckLocation(dir)
	case r.unity != "":
		return register.FileLocation(dir)
	}
	return "", &pipeline.Error{Kind: pipeline.ErrConfig, File: dir, Msg: "Databricks does not see the files of this machine",
		Hint: "say where it finds the lake: --location s3://bucket/lake, abfss://container@account.dfs.core.windows.net/lake or gs://bucket/lake"}
}

func (a *app) register(ctx context.Context, dir string, r registration) error {
	location, err := r.locate(dir)
	if err != nil {
		return err
	}
	if err := store.Recover(dir); err != nil {
		return err
	}
	tables, err := register.Tables(dir, location)
	if err == nil {
		tables, err = r.some(tables)
	}
	if err != nil {
		return err
	}
	if r.sql {
		return a.registerSQL(tables, r)
	}
	a.interrupted = "interrupted: what has been registered stays; the rest is done when you run it again"
	note := func(msg string) { a.log("note", msg) }
	var catalog interface {
		Register(context.Context, []register.Table, register.Names) ([]register.Change, error)
		Check(context.Context, []register.Table, register.Names) ([]register.Drift, error)
	}
	if r.databricks {
		w, err := r.workspace.Resolve(os.Getenv)
		if err != nil {
			return err
		}
		catalog = register.NewDatabricks(w, note)
	} else if catalog, err = register.NewUnity(r.unity, os.Getenv("UNITY_TOKEN"), note); err != nil {
		return err
	}
	if r.check {
		drift, err := catalog.Check(ctx, tables, r.names)
		if err != nil {
			return err
		}
		return a.drift(drift, len(tables))
	}
	changes, err := catalog.Register(ctx, tables, r.names)
	if err != nil {
		return err
	}
	return a.changes(changes)
}

// some returns the selected ones of a lake's tables.
func (r *registration) some(tables []register.Table) ([]register.Table, error) {
	if !r.given() {
		return tables, nil
	}
	var names []string
	for _, t := range tables {
		names = append(names, t.Layer+"."+t.Name)
	}
	selected, err := r.among(names)
	return slices.DeleteFunc(tables, func(t register.Table) bool { return !slices.Contains(selected, t.Layer+"."+t.Name) }), err
}

func (a *app) registerSQL(tables []register.Table, r registration) error {
	script := register.Script(tables, r.names)
	if r.out == "" {
		_, err := a.out.Write(script)
		return err
	}
	if err := os.WriteFile(r.out, script, 0o666); err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: r.out, Msg: "cannot write the SQL", Err: err}
	}
	a.log("note", fmt.Sprintf("the SQL for %s is in %s", plural(int64(len(tables)), "table"), r.out))
	return nil
}

// changes prints what was done.
func (a *app) changes(all []register.Change) error {
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"tables": all})
	}
	g := &grid{header: []string{"table", "registered"}, right: []bool{false, false}}
	for _, c := range all {
		g.rows = append(g.rows, []string{c.Table, c.What})
	}
	return g.print(a.out)
}

// drift prints how a catalog differs, which is an error then.
func (a *app) drift(all []register.Drift, tables int) error {
	if a.json {
		if all == nil {
			all = []register.Drift{}
		}
		if err := json.NewEncoder(a.out).Encode(map[string]any{"drift": all}); err != nil {
			return err
		}
	} else if len(all) > 0 {
		g := &grid{header: []string{"table", "column", "differs in", "lake", "catalog"}, right: make([]bool, 5)}
		for _, d := range all {
			g.rows = append(g.rows, []string{d.Table, d.Column, d.What, d.Lake, d.Catalog})
		}
		if err := g.print(a.out); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: fmt.Sprintf("the catalog differs from the lake: %s", plural(int64(len(all)), "difference")),
			Hint: "the same command without --check registers the lake as it is"}
	}
	a.log("note", fmt.Sprintf("the catalog has all %s as they are", plural(int64(tables), "table")))
	return nil
}
