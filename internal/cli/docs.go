package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/site"
	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

func (a *app) docsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Document the tables: a page, and artefacts for dbt's tools",
		Long: `Document a shop's tables as they are in the lake: what each column means, its
type and formula, and where it comes from; which rules the tables keep, what came
of them run by run, and the rows that fail; sizes, some rows, and the runs.
Columns that are personal are masked.

Both commands work with a smelt.yml, with a lake alone (-o), before the first run,
and after one that has published nothing because checks failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.docsGenerateCommand(), a.docsServeCommand())
	return cmd
}

// collect brings the lake to order and says what is known of it.
func (s *shop) collect(ctx context.Context) (*catalog.Catalog, error) {
	m, dir, err := s.find()
	if err != nil {
		return nil, err
	}
	if err := store.Recover(dir); err != nil {
		return nil, err
	}
	return catalog.Collect(ctx, catalog.Options{Lake: dir, Mapping: m, Smelt: versionName()})
}

func (a *app) docsGenerateCommand() *cobra.Command {
	s, target := &shop{}, ""
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write the documentation: a page, and artefacts for dbt's tools",
		Long: `Write the documentation into a folder, target beside smelt.yml unless
--target-path names another: index.html, one file that opens in any browser,
offline, and manifest.json, catalog.json, run_results.json and sources.json as dbt
writes them, for the tools that read these.`,
		Example: `  smelt docs generate
  smelt docs generate -o lake --target-path public`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, dir, err := s.find()
			if err != nil {
				return err
			}
			if target == "" {
				target = s.target(m, dir)
			}
			c, err := s.collect(cmd.Context())
			if err != nil {
				return err
			}
			if err := site.Write(target, c); err != nil {
				return err
			}
			return a.generated(target, c)
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	cmd.Flags().StringVar(&target, "target-path", "", "folder to write to (default target beside smelt.yml, or beside the lake)")
	return cmd
}

// generated tells what was written.
func (a *app) generated(target string, c *catalog.Catalog) error {
	page := filepath.Join(target, site.Page)
	published, failing := 0, 0
	for _, t := range c.Tables {
		if t.Published {
			published++
		}
	}
	var broken []string
	for _, k := range c.Checks {
		if len(k.Results) > 0 && k.Results[0].Status == "error" {
			failing++
			broken = append(broken, k.Name)
		}
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"page": page, "tables": len(c.Tables), "published": published, "checks": len(c.Checks), "failing": failing})
	}
	info, err := os.Stat(page)
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: page, Msg: "has gone", Err: err}
	}
	text := plural(int64(len(c.Tables)), "table")
	if published < len(c.Tables) {
		text += fmt.Sprintf(", %d published", published)
	}
	text += ", " + plural(int64(len(c.Checks)), "check")
	if failing > 0 {
		text += fmt.Sprintf(", %d failing (%s)", failing, several(broken))
	}
	_, err = fmt.Fprintf(a.out, "%s: %s, %s\n", page, text, size(info.Size()))
	return err
}

func (a *app) docsServeCommand() *cobra.Command {
	s, addr := &shop{}, ""
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the documentation in a browser, as the lake is now",
		Long: `Serve the documentation at an address of this machine until Ctrl-C. It is that of
the lake as it is: a run's tables and results are there with the next look.

  /               the page
  /catalog.json   what it shows, as JSON
  /target/...     dbt's artefacts, as /target/manifest.json

It only reads, and asks for no password: by default it listens to this machine
alone.`,
		Example: `  smelt docs serve
  smelt docs serve -o lake --addr 127.0.0.1:9000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), s, addr)
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8580", "address to listen on; port 0 is a free one")
	return cmd
}

// serve answers requests until ctx ends, which is no error.
func (a *app) serve(ctx context.Context, s *shop, addr string) error {
	// What is wrong now is said now, not to the first who looks.
	_, dir, err := s.find()
	if err != nil {
		return err
	}
	l, err := web.Listen(ctx, addr)
	if err != nil {
		return err
	}
	if err := a.serving(l, "the documentation of "+dir, "the documentation, sample rows included"); err != nil {
		return errors.Join(err, l.Close())
	}
	said := ""
	return l.Serve(ctx, &site.Server{
		Stamp: func() string {
			if _, now, err := s.find(); err == nil { // smelt.yml may name another lake by now
				dir = now
			}
			return catalog.Stamp(dir, s.config)
		},
		Collect: s.collect,
		Failed: func(err error) {
			if text := err.Error(); !strings.EqualFold(text, said) {
				said = text
				a.fail(err)
			}
		},
	})
}
