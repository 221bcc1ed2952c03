package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/dashboard"
	"github.com/smeltdata/smelt/internal/web"
)

// dashboardPage is the file that dashboard build writes, and pagesOfAll how many
// pages it has for each shop: a start page, and the four dashboards.
const (
	dashboardPage = "dashboard.html"
	pagesOfAll    = 5
)

func (a *app) dashboardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Show the shop's figures: pages of charts in a browser",
		Long: `Show a shop's figures as they are in the lake, in a browser: sales, customers,
products, regions, and pages of your own tables (dashboard: in smelt.yml).

  serve    from this machine: every filter, and new figures when a run publishes
  build    one file that needs no server, to be mailed or put on a share
  export   the figures of a filter as CSV or JSON

They work with a smelt.yml, and with a lake alone (-o).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.dashboardBuildCommand(), a.dashboardServeCommand(), a.dashboardExportCommand())
	return cmd
}

// figured is what the figures are of.
type figured struct {
	shop
	names bool // customers may be shown by name
}

func (d *figured) flags(cmd *cobra.Command) {
	d.configFlag(cmd)
	d.outputFlag(cmd)
	cmd.Flags().BoolVar(&d.names, "names", false, "show customers by name, not by number alone")
}

// open loads the lake.
func (d *figured) open(ctx context.Context) (*dashboard.Index, *bronze.Mapping, string, error) {
	m, dir, err := d.find()
	if err != nil {
		return nil, nil, "", err
	}
	ix, err := dashboard.Open(ctx, dashboard.Options{Lake: dir, Mapping: m, Workers: runtime.GOMAXPROCS(0), Names: d.names})
	return ix, m, dir, err
}

// page loads the lake and makes the page of a mode.
func (d *figured) page(ctx context.Context, mode string) ([]byte, *dashboard.Book, *dashboard.Index, error) {
	ix, m, dir, err := d.open(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := ix.Book(ctx, mode)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := b.Own(ctx, dir, m); err != nil {
		return nil, nil, nil, err
	}
	var page bytes.Buffer
	if err := dashboard.Page(&page, b); err != nil {
		return nil, nil, nil, err
	}
	return page.Bytes(), b, ix, nil
}

func (a *app) dashboardBuildCommand() *cobra.Command {
	d, target := &figured{}, ""
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Write the dashboard as one file",
		Long: `Write the dashboard into a folder, target beside smelt.yml unless --target-path
names another: dashboard.html, one file that opens in any browser, offline.

It sums filtered figures from a table by month that is in the page. So date ranges
are whole months, and counts of orders and customers are known for one filter at a
time. smelt dashboard serve answers every filter.`,
		Example: `  smelt dashboard build
  smelt dashboard build -o lake --target-path public`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, b, _, err := d.page(cmd.Context(), "build")
			if err != nil {
				return err
			}
			if target, err = d.targetOr(target); err != nil {
				return err
			}
			if err := web.WriteFile(target, dashboardPage, page); err != nil {
				return err
			}
			return a.built(filepath.Join(target, dashboardPage), int64(len(page)), b)
		},
	}
	d.flags(cmd)
	cmd.Flags().StringVar(&target, "target-path", "", "folder to write to (default target beside smelt.yml, or beside the lake)")
	return cmd
}

// targetOr returns the folder that a flag names, else the default.
func (d *figured) targetOr(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	m, dir, err := d.find()
	if err != nil {
		return "", err
	}
	return d.target(m, dir), nil
}

// built tells what was written, and what a page without a server does not know.
func (a *app) built(path string, bytes int64, b *dashboard.Book) error {
	pages := pagesOfAll + len(b.Pages)
	for _, m := range b.Missing {
		a.log("note", m.Says)
	}
	if b.Cube != nil && len(b.Cube.Left) > 0 {
		a.log("note", fmt.Sprintf("the page cannot be filtered by %s, which would make it too large; smelt dashboard serve can", strings.Join(b.Cube.Left, " or ")))
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"page": path, "bytes": bytes, "pages": pages})
	}
	_, err := fmt.Fprintf(a.out, "%s: %s, %s\n", path, plural(int64(pages), "page"), size(bytes))
	return err
}
