package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

func (a *app) demoCommand() *cobra.Command {
	broken := false
	cmd := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "Make a sample shop and all its tables, and show them",
		Long: `Write a sample shop into DIR (default ./smelt-demo): CSV files with the mess of
real life in them and the smelt.yml that maps them. Then make its tables in
DIR/lake and show the first rows of gold.

With --broken another export comes in then, whose prices have lost their decimal
point. A check finds it, nothing of it is published, and the command fails as
smelt run does.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "smelt-demo"
			if len(args) > 0 {
				dir = args[0]
			}
			return a.demo(cmd.Context(), dir, broken)
		},
	}
	cmd.Flags().BoolVar(&broken, "broken", false, "let a broken export come in, and see what becomes of it")
	return cmd
}

// heads are what demo shows of gold: as many columns as a terminal has room for.
var heads = []struct {
	table   string
	columns []string
}{
	{"gold.customer_metrics", []string{"customer_id", "orders", "units_sold", "sales", "returns", "revenue", "aov", "last_order_date"}},
	{"gold.customer_segmentation", []string{"customer_id", "recency_days", "frequency", "monetary", "rfm", "rfm_total", "segment"}},
	{"gold.product_performance", []string{"product_id", "product_name", "category", "revenue", "margin_rate", "abc_class"}},
	{"gold.sales_summary", []string{"grain", "period_start", "orders", "customers", "new_customers", "units_sold", "revenue", "aov", "revenue_7d"}},
	{"gold.regional_sales", []string{"level", "country", "orders", "customers", "revenue", "aov", "revenue_share", "revenue_rank"}},
}

func (a *app) demo(ctx context.Context, dir string, broken bool) error {
	made, err := synth.Generate(ctx, dir, synth.DemoOptions, nil)
	if err != nil {
		return err
	}
	s := &shop{config: made.Config, output: filepath.Join(dir, "lake")}
	m, err := s.mapping()
	if err != nil {
		return err
	}
	if !a.json {
		records, bytes := made.Sales()
		fmt.Fprintf(a.out, "A sample shop in %s: %s, %s and %s (%s).\n\n", dir, plural(records, "sales record"),
			plural(made.Customers, "customer"), plural(made.Products, "product"), size(bytes))
	}
	report, err := a.pipeline(ctx, m, s.output, defaultLimits(), refresh{full: true})
	if err != nil {
		return err
	}
	if broken {
		return a.demoBroken(ctx, s, m, dir)
	}
	if err := a.summary(report, s.output); err != nil || a.json {
		return err
	}
	for _, h := range heads {
		t, err := store.OpenTable(ctx, s.output, h.table, store.At{})
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "\n%s\n", a.out.style(bold, h.table))
		if _, _, err := printTable(ctx, t, view{columns: h.columns, rows: 5, format: "table"}, a.out); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, `
next:
  smelt show gold.sales_summary --where "grain = 'month'" -o %[1]s
  smelt explain -c %[2]s
  smelt dashboard serve -c %[2]s
  smelt docs serve -c %[2]s
`, s.output, s.config)
	return err
}

// demoBroken lets a broken export come into the sample shop.
func (a *app) demoBroken(ctx context.Context, s *shop, m *bronze.Mapping, dir string) error {
	file, err := synth.Broken(ctx, dir, synth.DemoOptions)
	if err != nil {
		return err
	}
	if !a.json {
		fmt.Fprintf(a.out, "The tables are made. Now %s comes in, with %s whose prices are in cents.\n\n", filepath.Join(dir, file.Name), plural(file.Records, "line"))
	}
	_, err = a.pipeline(ctx, m, s.output, defaultLimits(), refresh{})
	if !errors.Is(err, pipeline.ErrCheck) || a.json {
		return err
	}
	fmt.Fprintf(a.out, `
next:
  smelt test --last --show-failures -c %[2]s -o %[1]s
  smelt docs serve -c %[2]s
  smelt show gold.sales_summary -o %[1]s
  rm %[3]s && smelt run -c %[2]s
`, s.output, s.config, filepath.Join(dir, file.Name))
	return err
}
