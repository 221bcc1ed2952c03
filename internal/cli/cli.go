// Package cli is smelt's command line: one file for each command.
//
// Results go to stdout, everything else to stderr. A setting comes from its
// flag, else from the environment (SMELT_…), else from smelt.yml, else it has a
// default.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // a time zone's name means the same where the system has no database of them

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/smeltdata/smelt/pipeline"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1 // a check or a table failed; an input, the data or the output is at fault
	exitUsage       = 2 // wrong usage or configuration
	exitNothingNew  = 99
	exitInterrupted = 130
)

// headroom is memory that is never touched, so the system never gives it. The
// collector counts it, and so begins its work only when the heap has grown to
// a quarter of it: a small shop's run, and every command that only reads, has none.
const headroom = 128 << 20

// untouched is the headroom that this process has.
var untouched int64

// Main runs the command that os.Args names and returns the exit code. Ctrl-C
// and SIGTERM cancel it; a second one ends the process at once.
func Main() int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25) // measured at 10 M lines: 0.62 GB instead of 0.78 at 50, in the same CPU time
		untouched = headroom
		defer runtime.KeepAlive(make([]byte, headroom))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// Run is Main with everything that it depends on but the environment.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: newStream(stdout), err: newStream(stderr), interrupted: "interrupted: what was there before is untouched"}
	root := a.root()
	root.SetArgs(joined(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, pipeline.ErrNothingNew):
		return exitNothingNew
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		a.log("error", a.interrupted)
		return exitInterrupted
	case !a.started: // cobra found fault with the arguments
		err = usage(err.Error(), fmt.Sprintf("%q tells how", commandOf(root, args).CommandPath()+" --help"))
	}
	a.fail(err)
	if errors.Is(err, pipeline.ErrConfig) {
		return exitUsage
	}
	return exitFailed
}

// app is one call of smelt.
type app struct {
	out, err *stream
	json     bool
	started  bool // the arguments were right

	interrupted string // what Ctrl-C leaves
}

func (a *app) root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "smelt",
		Short: "Turn a web shop's files into business tables",
		Long: `smelt turns a web shop's files into business tables: bronze (as they are, typed),
silver (cleansed, modelled) and gold (metrics), as Parquet, in one pass.`,
		Example: `  smelt demo                                  a sample shop and all its tables, in seconds
  smelt run                                   make the tables that smelt.yml describes
  smelt schedule --cron "15 2 * * *"          make them every night
  smelt explain                               what a run would do, and where each column comes from
  smelt explain gold.customer_metrics.clv     what a column is made from
  smelt test --last --show-failures           what the checks of the last run found
  smelt docs serve                            tables, checks and lineage in a browser
  smelt show                                  list the tables
  smelt show gold.sales_summary               look at one
  smelt show gold.product_performance --where "abc_class = 'A'" --format csv
  smelt dashboard serve                       the shop's figures in a browser, with filters
  smelt register --unity http://localhost:8080  make the tables known to a catalog
  smelt export powerbi                        a Power BI project on the tables
  smelt history silver.fact_sales             the versions of a table
  smelt maintain                              put small files together, list what can be deleted
  smelt generate --rows 1000000               a sample shop of any size
  smelt schema config > smelt.schema.json     for editors that complete smelt.yml`,
		Version:           versionText(),
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: a.start,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.PersistentFlags().BoolVar(&a.json, "json", false, "write messages as JSON lines, and a summary as JSON")
	cmd.AddCommand(a.demoCommand(), a.initCommand(), a.runCommand(), a.scheduleCommand(), a.explainCommand(), a.showCommand(), a.testCommand(), a.docsCommand(), a.dashboardCommand(), a.historyCommand(), a.maintainCommand(), a.registerCommand(), a.exportCommand(), a.dbtCommand(), a.generateCommand(), a.schemaCommand(), a.versionCommand())
	cmd.SetHelpCommand(helpCommand())
	cmd.CompletionOptions.SetDefaultShellCompDirective(noFiles)
	a.completes(cmd)
	return cmd
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage(fmt.Sprintf("there is no command %q", strings.Join(args, " ")), "\"smelt --help\" lists them")
			}
			return of.Help()
		},
	}
}

// fromEnvironment are the flags that SMELT_<FLAG> may set.
var fromEnvironment = []string{"config", "data", "output", "workers", "memory", "tmp", "json", "openlineage"}

// start takes what flags do not say from the environment.
func (a *app) start(cmd *cobra.Command, _ []string) error {
	var err error
	for _, name := range fromEnvironment {
		f := cmd.Flags().Lookup(name)
		key := "SMELT_" + strings.ToUpper(name)
		if value := os.Getenv(key); f != nil && !f.Changed && value != "" && err == nil {
			if err = cmd.Flags().Set(name, value); err != nil {
				err = fmt.Errorf("%s=%s: not a value for --%s", key, value, name)
			}
		}
	}
	if err == nil {
		a.started = true
	}
	return err
}

// commandOf returns the command that arguments name, or the nearest above it.
func commandOf(root *cobra.Command, args []string) *cobra.Command {
	cmd, _, err := root.Find(args)
	if err != nil {
		return root
	}
	return cmd
}

// usage returns an error about how smelt was called.
func usage(msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: msg, Hint: hint}
}

// given reports whether a flag was set, by the caller or the environment.
func given(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return f != nil && f.Changed
}
