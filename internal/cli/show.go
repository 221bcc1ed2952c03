package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// view is what show shows of a table.
type view struct {
	columns []string // nil = all
	where   string
	rows    int // 0 = all
	format  string
	at      store.At
}

func (a *app) showCommand() *cobra.Command {
	s, v, sel := &shop{}, view{}, selection{}
	cmd := &cobra.Command{
		Use:   "show [TABLE[@VERSION]]",
		Short: "Print a table, or the list of them",
		Long: `Print a table of the last run; without TABLE, the list of them.

Formats:
  table  for people: the first 20 rows unless -n says otherwise; a terminal
         that is too narrow loses the last columns
  csv    all rows; NULL is an empty field, an empty text is ""
  json   all rows, one object a line; numbers with all their digits
Decimals are exact, days are 2024-01-31 and times 2024-01-31T10:00:00Z.

TABLE@v3 is version 3 of a Delta table, TABLE@2026-11-28T10:00 the one of that
time in UTC; smelt history lists them.

--where takes a condition on the table's columns:
  revenue > 100 AND country IN ('France', 'Spain') AND NOT email IS NULL
  ordered_at >= '2024-01-31 10:00' OR product_name LIKE '%wheel%'
  revenue != sales - returns OR order_date BETWEEN '2024-01-01' AND '2024-01-31'`,
		Example: `  smelt show
  smelt show gold.sales_summary --where "grain = 'month'"
  smelt show silver.fact_sales --format csv > fact_sales.csv
  smelt show gold.customer_metrics --columns customer_id,orders,clv --where "orders > 10" -n 0`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, v.format) {
				return usage(fmt.Sprintf("--format: there is no format %q", v.format), "use one of "+strings.Join(formats, ", "))
			}
			if v.rows < 0 {
				return usage("-n: the number of rows is negative", "0 prints all of them")
			}
			if !given(cmd.Flags(), "rows") && v.format == "table" {
				v.rows = 20
			}
			dir, err := s.lakeToRead()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.list(dir, sel)
			}
			if sel.given() {
				return usage("--select and --exclude are for the list of tables", "leave out "+args[0]+", or the flags")
			}
			name, at, err := version(args[0])
			if err != nil {
				return err
			}
			v.at = at
			return a.show(cmd.Context(), dir, name, v)
		},
	}
	s.configFlag(cmd)
	s.outputFlag(cmd)
	sel.flags(cmd, "tables to list")
	cmd.Flags().IntVarP(&v.rows, "rows", "n", 0, "rows to print, 0 for all (default 20 as a table, all as csv or json)")
	cmd.Flags().StringVar(&v.where, "where", "", "print only rows that meet a condition")
	cmd.Flags().StringVar(&v.format, "format", "table", "table, csv or json")
	cmd.Flags().StringSliceVar(&v.columns, "columns", nil, "columns to print, in this order (default all)")
	return cmd
}

// version splits TABLE@v3 or TABLE@2026-11-28T10:00 into the table and what is meant of it.
func version(arg string) (string, store.At, error) {
	name, at, ok := strings.Cut(arg, "@")
	if !ok {
		return name, store.At{}, nil
	}
	if text, ok := strings.CutPrefix(at, "v"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			return name, store.At{Version: pipeline.Some(n)}, nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, at, time.UTC); err == nil {
			return name, store.At{Time: t}, nil
		}
	}
	return "", store.At{}, usage(fmt.Sprintf("%q is no version of a table", at), "write TABLE@v3, or a time in UTC: TABLE@2026-11-28T10:00:00; smelt history TABLE lists them")
}

// lakeToRead returns the folder of the tables for a command that needs
// nothing else of smelt.yml: without one it is "lake".
func (s *shop) lakeToRead() (string, error) {
	m := &bronze.Mapping{Output: "lake"}
	_, err := os.Stat(s.config)
	if s.output == "" && (s.named() || !errors.Is(err, fs.ErrNotExist)) {
		if m, err = s.mapping(); err != nil {
			return "", err
		}
	}
	return s.lake(m), nil
}

// tablesOf brings a lake to order and lists its tables.
func tablesOf(dir string) ([]string, error) {
	if err := store.Recover(dir); err != nil {
		return nil, err
	}
	names, err := store.Tables(dir)
	if err == nil && len(names) == 0 {
		err = &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "there are no tables here",
			Hint: "smelt run makes them; -o names another folder"}
	}
	return names, err
}

// list prints the tables of a lake. Where they are not all of one run, it says so.
func (a *app) list(dir string, sel selection) error {
	names, err := tablesOf(dir)
	if err != nil {
		return err
	}
	if names, err = sel.among(names); err != nil {
		return err
	}
	report, err := store.Report(dir)
	if err != nil {
		return err
	}
	g := &grid{header: []string{"table", "rows", "size"}, right: []bool{false, true, true}}
	mixed := report != nil && behind(report) > 0
	if mixed {
		g.header, g.right = append(g.header, "state"), append(g.right, false)
		a.log("note", fmt.Sprintf("%s of an earlier run than the others, which smelt run --select published by themselves; smelt run brings all up to date", are(behind(report), "table")))
	}
	if report != nil {
		for _, t := range report.Tables {
			if i := slices.Index(names, t.Name); i >= 0 {
				names = slices.Delete(names, i, i+1)
				row := []string{t.Name, count(t.Rows), size(t.Bytes)}
				if mixed {
					row = append(row, map[bool]string{true: "behind", false: ""}[t.Behind != ""])
				}
				g.rows = append(g.rows, row)
			}
		}
	}
	for _, name := range names { // of earlier runs
		g.rows = append(g.rows, make([]string, len(g.header)))
		g.rows[len(g.rows)-1][0] = name
	}
	return g.print(a.out)
}

// find returns the table that a name means: its own, or its part after the dot.
func find(name, dir string) (string, error) {
	names, err := tablesOf(dir)
	if err != nil || slices.Contains(names, name) {
		return name, err
	}
	var bases, same []string
	for _, n := range names {
		_, base, _ := strings.Cut(n, ".")
		bases = append(bases, base)
		if base == name {
			same = append(same, n)
		}
	}
	if len(same) == 1 {
		return same[0], nil
	}
	hint := "the tables are " + strings.Join(names, ", ")
	near := pipeline.Nearest(name, names)
	if i := slices.Index(bases, pipeline.Nearest(name, bases)); near == "" && i >= 0 {
		near = names[i]
	}
	if near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return "", usage(fmt.Sprintf("there is no table %q in %s", name, dir), hint)
}

// show prints a table of a lake.
func (a *app) show(ctx context.Context, dir, name string, v view) error {
	name, err := find(name, dir)
	if err != nil {
		return err
	}
	t, err := store.OpenTable(ctx, dir, name, v.at)
	if err != nil {
		return err
	}
	more, hidden, err := printTable(ctx, t, v, a.out)
	if err != nil {
		return err
	}
	if hidden != "" {
		a.log("note", hidden)
	}
	if more && v.format == "table" {
		a.log("note", a.moreRows(dir, name, v))
	}
	return nil
}

func (a *app) moreRows(dir, name string, v view) string {
	if report, err := store.Report(dir); err == nil && report != nil && v.where == "" {
		for _, t := range report.Tables {
			if t.Name == name {
				return fmt.Sprintf("%s of %s; -n 0 prints all", count(int64(v.rows)), plural(t.Rows, "row"))
			}
		}
	}
	return fmt.Sprintf("the first %s; -n 0 prints all", plural(int64(v.rows), "row"))
}

// printTable prints a table as a view wants. It says whether there are more
// rows and, as a text, which columns found no room.
func printTable(ctx context.Context, t *store.Table, v view, out *stream) (more bool, hidden string, err error) {
	fields, err := fieldsOf(t.Schema, v.columns)
	if err != nil {
		return false, "", err
	}
	var read []string
	for _, f := range fields {
		read = append(read, f.Name)
	}
	var filter *query.Filter
	if v.where != "" {
		if filter, err = query.Parse(v.where, t.Schema); err != nil {
			return false, "", err
		}
		for _, c := range filter.Columns() {
			if !slices.Contains(read, c) {
				read = append(read, c)
			}
		}
	}
	p, err := newPrinter(v.format, fields, out)
	if err != nil {
		return false, "", err
	}
	more, err = printRows(t.Scan(ctx, read), filter, v.rows, p)
	if err == nil {
		err = p.end()
	}
	if p, ok := p.(*tablePrinter); ok {
		hidden = p.note()
	}
	return more, hidden, err
}

// printRows prints at most limit of the rows that pass the filter, and says
// whether there are more.
func printRows(in pipeline.Stream, filter *query.Filter, limit int, p printer) (more bool, err error) {
	var rows []int
	left := limit
	for rec, err := range in {
		if err != nil {
			return false, err
		}
		rows = rows[:0]
		if filter != nil {
			if rows, err = filter.Rows(rec, rows); err != nil {
				return false, err
			}
		} else {
			for i := range int(rec.NumRows()) {
				rows = append(rows, i)
			}
		}
		if limit > 0 && len(rows) > left {
			return true, p.write(rec, rows[:left])
		}
		left -= len(rows)
		if err := p.write(rec, rows); err != nil {
			return false, err
		}
	}
	return false, nil
}

// fieldsOf returns the named fields of a schema, or all of them.
func fieldsOf(schema *arrow.Schema, names []string) ([]arrow.Field, error) {
	if len(names) == 0 {
		return schema.Fields(), nil
	}
	var all []string
	for _, f := range schema.Fields() {
		all = append(all, f.Name)
	}
	var out []arrow.Field
	for _, name := range names {
		name = strings.TrimSpace(name)
		i := slices.Index(all, name)
		if i < 0 {
			hint := "the columns are " + strings.Join(all, ", ")
			if near := pipeline.Nearest(name, all); near != "" {
				hint = fmt.Sprintf("did you mean %s? %s", near, hint)
			}
			return nil, usage(fmt.Sprintf("--columns: there is no column %q", name), hint)
		}
		if slices.ContainsFunc(out, func(f arrow.Field) bool { return f.Name == name }) {
			return nil, usage(fmt.Sprintf("--columns: %s stands there twice", name), "")
		}
		out = append(out, schema.Field(i))
	}
	return out, nil
}
