package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/dashboard"
	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// exportFormats are the formats that dashboard export writes.
var exportFormats = []string{"csv", "json"}

// filtered are what flags say of a filter.
type filtered struct {
	from, to string
	in       map[string]*[]string // by dimension
}

func (f *filtered) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.from, "from", "", "first day of the orders, as 2024-01-01 (default the first of all)")
	cmd.Flags().StringVar(&f.to, "to", "", "last day of the orders (default the last of all)")
	f.in = map[string]*[]string{}
	for _, d := range []struct{ name, what string }{
		{"country", "country"}, {"category", "category of the product"}, {"channel", "channel"}, {"segment", "segment of the customer"},
	} {
		f.in[d.name] = cmd.Flags().StringArray(d.name, nil, "only lines of this "+d.what+"; may be repeated, \"\" is unknown (default all)")
	}
}

func (f *filtered) filter() dashboard.Filter {
	out := dashboard.Filter{From: f.from, To: f.to}
	for dimension, values := range f.in {
		out = out.With(dimension, *values...)
	}
	return out
}

func (a *app) dashboardExportCommand() *cobra.Command {
	d, f, target, format := &figured{}, &filtered{}, "", ""
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the figures of a filter as CSV or JSON",
		Long: `Write what the dashboard shows of a filter into a folder, target/figures beside
smelt.yml unless --target-path names another.

  csv    a file for each view: total, day, week, month, quarter, year, country,
         state, category, subcategory, channel, segment, products (the first 500),
         product_classes, customer_segments, customer_grid; always all of them, so
         that nothing of an earlier filter stays
  json   figures.json, with all of them and the filter

Numbers are exact; NULL is an empty field. Days do not filter customer_segments and
customer_grid, which are at the shop's reference date.`,
		Example: `  smelt dashboard export
  smelt dashboard export --from 2024-01-01 --to 2024-03-31 --country France --country Spain
  smelt dashboard export --format json --target-path public`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(exportFormats, format) {
				return usage(fmt.Sprintf("--format: there is no format %q", format), "use one of "+strings.Join(exportFormats, ", "))
			}
			figures, err := d.figures(cmd.Context(), f.filter())
			if err != nil {
				return err
			}
			if target == "" {
				if target, err = d.targetOr(""); err != nil {
					return err
				}
				target = filepath.Join(target, "figures")
			}
			return a.export(target, format, figures)
		},
	}
	d.flags(cmd)
	f.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "csv", "csv or json")
	cmd.Flags().StringVar(&target, "target-path", "", "folder to write to (default target/figures beside smelt.yml, or beside the lake)")
	return cmd
}

// figures answers a filter.
func (d *figured) figures(ctx context.Context, f dashboard.Filter) (*dashboard.Figures, error) {
	ix, _, _, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return ix.Figures(ctx, f)
}

// exported is a file that export has written.
type exported struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
}

// export writes figures and tells which files they are in.
func (a *app) export(target, format string, figures *dashboard.Figures) error {
	sheets, err := figures.Sheets()
	if err != nil {
		return err
	}
	var written []exported
	if format == "json" {
		text, err := json.Marshal(figures)
		if err != nil {
			return &pipeline.Error{Kind: pipeline.ErrData, Msg: "the figures cannot be written as JSON", Err: err}
		}
		all := exported{File: filepath.Join(target, "figures.json")}
		for _, s := range sheets {
			all.Rows += len(s.Rows)
		}
		if err := web.WriteFile(target, "figures.json", append(text, '\n')); err != nil {
			return err
		}
		written, sheets = append(written, all), nil
	}
	for _, s := range sheets {
		if err := web.WriteFile(target, s.Name+".csv", s.CSV()); err != nil {
			return err
		}
		written = append(written, exported{filepath.Join(target, s.Name+".csv"), len(s.Rows)})
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"files": written, "filter": figures.Filter})
	}
	g := &grid{header: []string{"file", "rows"}, right: []bool{false, true}}
	for _, w := range written {
		g.rows = append(g.rows, []string{w.File, count(int64(w.Rows))})
	}
	return g.print(a.out)
}
