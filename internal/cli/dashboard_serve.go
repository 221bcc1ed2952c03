package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/dashboard"
	"github.com/smeltdata/smelt/internal/web"
)

func (a *app) dashboardServeCommand() *cobra.Command {
	d, addr := &figured{}, ""
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the dashboard in a browser, with every filter",
		Long: `Serve the dashboard at an address of this machine until Ctrl-C. Filtered figures
are computed from the lines of silver.fact_sales, which are held in memory. When a
run publishes, they are loaded anew and the page is told.

  /               the page
  /api/figures    figures as JSON: ?from=2024-01-01&to=2024-03-31&country=France
  /api/events     "published" when there are new ones, as server-sent events

It only reads, and asks for no password: by default it listens to this machine
alone.`,
		Example: `  smelt dashboard serve
  smelt dashboard serve -o lake --addr 127.0.0.1:9001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serveDashboard(cmd.Context(), d, addr)
		},
	}
	d.flags(cmd)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8581", "address to listen on; port 0 is a free one")
	return cmd
}

// serveDashboard answers requests until ctx ends, which is no error.
func (a *app) serveDashboard(ctx context.Context, d *figured, addr string) error {
	// What is wrong now is said now, not to the first who looks.
	_, dir, err := d.find()
	if err != nil {
		return err
	}
	l, err := web.Listen(ctx, addr)
	if err != nil {
		return err
	}
	s := &dashboard.Server{
		Stamp: func() string { return catalog.Stamp(dir, d.config) },
		Open: func(ctx context.Context) (*dashboard.Loaded, error) {
			_, now, err := d.find() // smelt.yml may name another lake by now
			if err != nil {
				return nil, err
			}
			dir = now
			page, _, ix, err := d.page(ctx, "serve")
			if err != nil {
				return nil, err
			}
			return &dashboard.Loaded{Page: page, Figures: ix.Figures}, nil
		},
		Failed: a.fail,
	}
	if err := s.Load(ctx); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := a.serving(l, "the dashboard of "+dir, "the shop's figures"); err != nil {
		return errors.Join(err, l.Close())
	}
	// Watch ends with the server, however that ends.
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Watch(watching)
	}()
	err = l.Serve(ctx, s)
	stop()
	<-ended
	return err
}
