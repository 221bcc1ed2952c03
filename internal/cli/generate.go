package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/synth"
)

func (a *app) generateCommand() *cobra.Command {
	var dir string
	var o synth.Options
	cmd := &cobra.Command{
		Use:   "generate --rows N",
		Short: "Write a sample shop of any size: CSV files and a smelt.yml",
		Long: `Write a sample shop: customers, products and two years of sales as CSV, with the
mess of real life in them, and a smelt.yml that maps them. The same options
give the same files, byte for byte. A sample shop that is already in
the folder is replaced; other files are not touched.`,
		Example: `  smelt generate --rows 1000000
  smelt generate --rows 1000000 --seed 7 --messy 0.05 -o bigshop && smelt run -c bigshop/smelt.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !given(cmd.Flags(), "rows") {
				return usage("how many sales records?", "say --rows 1000000")
			}
			return a.generate(cmd.Context(), dir, o)
		},
	}
	cmd.Flags().Int64Var(&o.Rows, "rows", 0, "sales records to write")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "another seed is another shop")
	cmd.Flags().Float64Var(&o.Messy, "messy", synth.DefaultMessy, "share of the records that get a blemish, 0 to 1")
	cmd.Flags().BoolVar(&o.Shuffle, "shuffle", false, "put the lines of each sales file in a random order")
	cmd.Flags().StringVarP(&dir, "dir", "o", "shop", "folder to write to")
	return cmd
}

func (a *app) generate(ctx context.Context, dir string, o synth.Options) error {
	p := a.progress("writing sales", count)
	start := time.Now()
	s, err := synth.Generate(ctx, dir, o, func(done int64) { p.update(done, o.Rows) })
	p.end()
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{
			"dir": s.Dir, "config": s.Config, "files": s.Files, "customers": s.Customers, "products": s.Products, "orders": s.Orders, "mess": s.Mess,
			"seconds": time.Since(start).Seconds()})
	}
	g := &grid{header: []string{"file", "records", "size"}, right: []bool{false, true, true}}
	for _, f := range s.Files {
		g.rows = append(g.rows, []string{f.Name, count(f.Records), size(f.Bytes)})
	}
	if err := g.print(a.out); err != nil {
		return err
	}
	a.log("note", fmt.Sprintf("\n%s: %s, %s and %s in %.1f s\nnext: smelt run -c %s", s.Dir, plural(s.Customers, "customer"),
		plural(s.Products, "product"), plural(s.Orders, "order"), time.Since(start).Seconds(), s.Config))
	return nil
}
