package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/silver"
)

func (a *app) explainCommand() *cobra.Command {
	s := &shop{}
	t := tracer{}
	var key []string
	var measure string
	cmd := &cobra.Command{
		Use:   "explain [TABLE | TABLE.COLUMN]",
		Short: "Print what a run would do, and where columns and numbers come from",
		Long: `Print the plan of a run: the files that it would read and how, its stages, and
every table with its columns, their types (a ? means NULL is possible) and where
each comes from. The files' headers are checked against smelt.yml, but for
lookups no records are read and nothing is written.

With a TABLE.COLUMN, print what it is, what it is made from, down to the columns
of the files, and what is made of it. Of a table, the same for its columns.
"-" stands for a value that goes into the value, "~" for one that only decides
which rows count, where they belong or which of them comes first.

With --key, look up a row of a published table and print where it comes from: a
fact's record, the records of a customer. --measure takes a number of a gold
table apart, into all lines that it counts, and compares it with them.
--show-source prints the records as they stand in the files.`,
		Example: `  smelt explain
  smelt explain gold.customer_metrics.clv
  smelt explain gold.customer_metrics --key C100001 --measure revenue
  smelt explain gold.regional_sales --key level=country,country=Germany --measure aov
  smelt explain silver.fact_sales --key sales.csv,17,sale --show-source`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && (key != nil || measure != "" || t.source):
				return usage("--key, --measure and --show-source are of a table, which is not named", "smelt explain gold.customer_metrics --key C100001 --measure revenue")
			case measure != "" && key == nil:
				return usage("--measure takes one row's number apart: --key says which", "smelt explain TABLE --key VALUE --measure "+measure)
			case t.source && key == nil:
				return usage("--show-source shows the records of one row: --key says which", "")
			case t.limit < 0:
				return usage("--limit: the number of lines is negative", "0 prints all of them")
			case len(args) == 0:
				m, err := s.mapping()
				if err != nil {
					return err
				}
				if _, err := suite(m.Checks, m.File, nil); err != nil {
					return err
				}
				return a.explain(cmd.Context(), m, s.lake(m))
			}
			m, err := s.mappingIfThere()
			if err != nil {
				return err
			}
			if key == nil {
				return a.explainColumns(m, args[0])
			}
			t.ctx, t.m, t.dir = cmd.Context(), m, s.lake(cmp.Or(m, &bronze.Mapping{Output: "lake"}))
			return a.explainRow(t, args[0], key, measure)
		},
	}
	s.configFlag(cmd)
	s.dataFlag(cmd)
	s.outputFlag(cmd)
	cmd.Flags().StringArrayVar(&key, "key", nil, "look up the row of this key: values in the key's order, or column=value, with commas between or one --key each")
	cmd.Flags().StringVar(&measure, "measure", "", "take this number of the row apart")
	cmd.Flags().IntVar(&t.limit, "limit", 20, "lines to print, 0 for all; all are counted and summed")
	cmd.Flags().BoolVar(&t.source, "show-source", false, "print the records as they stand in the files")
	return cmd
}

// mappingIfThere reads smelt.yml for a command that can do without; nil where
// there is none, which is an error where it was named.
func (s *shop) mappingIfThere() (*bronze.Mapping, error) {
	if _, err := os.Stat(s.config); errors.Is(err, fs.ErrNotExist) && !s.named() {
		return nil, nil
	}
	return s.mapping()
}

// plan is what explain explains.
type plan struct {
	bytes.Buffer
	out     *stream // for its styles
	m       *bronze.Mapping
	inputs  []*bronze.Input
	lookups bronze.Lookups
}

func (a *app) explain(ctx context.Context, m *bronze.Mapping, out string) error {
	p := &plan{out: a.out, m: m}
	defer func() { _ = bronze.CloseInputs(p.inputs) }()
	if err := p.bind(ctx); err != nil {
		return err
	}
	fmt.Fprintf(p, "%s → %s\n", m.File, out)
	p.sources()
	p.rules()
	p.stages(out)
	p.tables()
	_, err := a.out.Write(p.Bytes())
	return err
}

// bind opens every input and checks that it has the mapped columns.
func (p *plan) bind(ctx context.Context) (err error) {
	if p.inputs, err = bronze.OpenInputs(ctx, p.m, open); err != nil {
		return err
	}
	if p.lookups, err = bronze.LoadLookups(ctx, p.m, open); err != nil {
		return err
	}
	if _, err = bronze.LoadReturned(ctx, p.m, open); err != nil {
		return err
	}
	for _, in := range p.inputs {
		targets := []bronze.Target{in.Main()}
		if in.Spec.Table == "sales" {
			targets = append(targets, in.Derived(bronze.Customers.Table), in.Derived(bronze.Products.Table))
		}
		if _, err := in.Bind(p.m, p.lookups, targets...); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) title(text string) { fmt.Fprintf(p, "\n%s\n", p.out.style(bold, text)) }

// line writes an indented line, and breaks it where it is too long.
func (p *plan) line(indent, format string, args ...any) {
	fmt.Fprintln(p, wrap(indent+fmt.Sprintf(format, args...), indent+"  ", p.out.room()))
}

// sources lists the files, in the order of their records.
func (p *plan) sources() {
	p.title("sources, in the order of their records")
	for i := range p.m.Sources {
		spec := &p.m.Sources[i]
		var files []string
		var bytes int64
		unmapped := []string{}
		for _, in := range p.inputs {
			if in.Spec != spec {
				continue
			}
			files = append(files, in.File.Name)
			if info, err := os.Stat(in.File.Path); err == nil {
				bytes += info.Size()
			}
			for _, c := range in.Unmapped(p.m) {
				if !slices.Contains(unmapped, c) {
					unmapped = append(unmapped, c)
				}
			}
		}
		kind := ""
		if spec.Kind != "" {
			kind = ", every record a return"
		}
		p.line("  ", "bronze.%s%s: %s, %s", spec.Table, kind, several(files), size(bytes))
		for _, line := range readingOf(spec) {
			p.line("    ", "%s", line)
		}
		if len(unmapped) > 0 {
			p.line("    ", "not mapped, left out: %s", strings.Join(unmapped, ", "))
		}
	}
	if len(p.m.Lookups) == 0 {
		return
	}
	p.title("lookups, held in memory")
	for _, name := range slices.Sorted(maps.Keys(p.m.Lookups)) {
		l := p.m.Lookups[name]
		p.line("  ", "%s: %s by %s", name, strings.Join(l.Files, ", "), l.Key)
		if d := dialect(l.Read); d != "" {
			p.line("    ", "%s", d)
		}
	}
}

// rules tells the choices that smelt.yml makes or leaves.
func (p *plan) rules() {
	r := p.m.Rules
	p.title("rules")
	line := func(format string, args ...any) { p.line("  ", format, args...) }
	line("time zone: %s", p.m.Location)
	signs := []string{"a quantity or amount below 0"}
	if len(r.ReturnValues) > 0 {
		signs = append(signs, "line_type "+strings.Join(r.ReturnValues, ", "))
	}
	if r.ReturnPrefix != "" {
		signs = append(signs, fmt.Sprintf("order_id %s…", r.ReturnPrefix))
	}
	line("a line is a return: %s", strings.Join(signs, "; "))
	var back []string
	if len(r.ReturnedStatuses) > 0 {
		back = append(back, "status "+strings.Join(r.ReturnedStatuses, ", "))
	}
	for _, o := range r.ReturnedOrders {
		back = append(back, "listed in "+strings.Join(o.Files, ", "))
	}
	if back != nil {
		line("a sale came back: %s", strings.Join(back, "; "))
	}
	line("order dates: %s to %s", r.DateFrom, r.DateTo)
	if r.Currency != "" {
		line("currency: %s; other lines are quarantined", r.Currency)
	}
	reference := "the day after the newest order"
	if r.ReferenceDate.Valid {
		reference = r.ReferenceDate.V.String()
	}
	line("recency and tenure are counted to: %s", reference)
	line("RFM: recency %s, frequency %s, monetary %s of %s", r.RFM.Recency, r.RFM.Frequency, r.RFM.Monetary, r.RFM.MonetaryMeasure)
}

// stages tells what a run does, step by step.
func (p *plan) stages(out string) {
	var steps []string
	add := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	if len(p.m.Lookups) > 0 {
		add("read the lookups")
	}
	for _, k := range []struct{ table, dim string }{{"customers", "silver.dim_customers"}, {"products", "silver.dim_products"}} {
		if p.m.Fills(k.table) {
			add("read %s: bronze.%s is written, %s is held in memory; the latest record wins", k.table, k.table, k.dim)
		}
	}
	if why := p.keyScan(); len(why) > 0 {
		add("scan the keys of the sales: %s", strings.Join(why, "; "))
	} else {
		add("no scan of the sales' keys is needed: no line_number is mapped, no exports overlap, and customers and products have files of their own")
	}
	add("read the sales in full, once: each batch becomes bronze.sales, silver.fact_sales and the sums of gold; what silver cannot use goes to silver.quarantine, what cannot be read to bronze.rejects")
	add("write silver.dim_customers, silver.dim_products and the tables of gold")
	add("check that every record is accounted for, then publish all tables in %s, or none", out)
	p.title("stages")
	for i, step := range steps {
		p.line("  ", "%d. %s", i+1, step)
	}
}

// keyScan says why the sales are scanned narrowly first, as gold.Run does.
func (p *plan) keyScan() []string {
	var why []string
	add := func(reason string) {
		if !slices.Contains(why, reason) {
			why = append(why, reason)
		}
	}
	for _, in := range p.inputs {
		if in.Spec.Table != "sales" {
			continue
		}
		if in.Spec.Overlap != "" {
			add("a line that several files carry counts as often as the file that has it most often")
		}
		if len(in.Keys(silver.KeyColumns...).Specs) == len(silver.KeyColumns) {
			add("lines of the same order_id and line_number are one, the latest")
		}
		for _, table := range []string{"customers", "products"} {
			switch {
			case !p.m.Derives(table, in.Spec):
			case p.m.Fills(table):
				add("the lines describe " + table + " that no file has")
			default:
				add(table + " have no file: the lines name them")
			}
		}
	}
	return why
}
