package gold

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// write writes the dimensions that have changed, and all of gold.
func (a *amendment) write(ctx context.Context) error {
	_, newest := a.totals.days()
	a.model.Amended(a.totals.keys("customer_id"), a.totals.keys("product_id"), newest)
	if err := a.findGone(ctx); err != nil {
		return err
	}
	in, release, err := a.inputs(ctx, a.totals)
	if err != nil {
		return err
	}
	defer release()
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range a.dims {
		g.Go(func() error { return a.writeDimension(ctx, d) })
	}
	g.Go(func() error {
		warnings, err := a.totals.Tables(in, a.only)
		a.warnings = append(a.warnings, warnings...)
		return err
	})
	g.Go(func() error { return a.saveState(a.totals) })
	return g.Wait()
}

// change is what a table loses: see pipeline.Lake.
type change struct {
	table   *pipeline.Table
	columns []string
	lose    func(rec arrow.Record, lose []bool) error
	where   []pipeline.Where
}

// aside is what the rejects or the quarantine, whose rows name their bronze table
// in a column, lose: the rows of dropped files, and those of some sales.
func (a *amendment) aside(t *pipeline.Table, column string, sales map[recordKey]bool) change {
	files := map[string]bool{}
	for _, dropped := range a.dropped {
		for _, name := range dropped {
			files[name] = true
		}
	}
	for k := range sales {
		files[k.file] = true
	}
	c := change{table: t}
	if len(files) == 0 {
		return c
	}
	c.columns, c.where = []string{column, "source_file", "source_row"}, []pipeline.Where{oneOf("source_file", slices.Sorted(maps.Keys(files)))}
	c.lose = func(rec arrow.Record, lose []bool) error {
		table, file, row := textOf(rec.Column(0)), textOf(rec.Column(1)), rec.Column(2).(*array.Int64)
		for i := range lose {
			of, name := string(table(i)), string(file(i))
			lose[i] = slices.Contains(a.dropped[of], name) || of == "sales" && sales[recordKey{name, row.Value(i)}]
		}
		return nil
	}
	return c
}

// wrote reports whether the run has written rows of a table.
func (a *amendment) wrote(t *pipeline.Table) bool {
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	return a.tables[t.Name] != nil
}

// amend takes out of the tables of earlier runs what goes.
func (a *amendment) amend(ctx context.Context) error {
	orders := silver.NewKeys()
	for i := range a.minus {
		if err := orders.Add([]byte(a.minus[i].OrderID)); err != nil {
			return err
		}
	}
	var changes []change
	for _, t := range []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table} {
		c := change{table: t}
		if dropped := a.dropped[t.Base()]; len(dropped) > 0 {
			c.columns, c.where = []string{"_source_file"}, []pipeline.Where{oneOf("_source_file", dropped)}
			c.lose = func(rec arrow.Record, lose []bool) error {
				file := textOf(rec.Column(0))
				for i := range lose {
					lose[i] = slices.Contains(dropped, string(file(i)))
				}
				return nil
			}
		}
		changes = append(changes, c)
	}
	fact := change{table: silver.FactSales.Table}
	if len(a.gone) > 0 {
		fact.columns, fact.where = []string{"_source_file", "_source_row", "line_type"}, []pipeline.Where{orders.InClean("order_id")}
		fact.lose = func(rec arrow.Record, lose []bool) error {
			key := lineKeys(rec)
			for i := range lose {
				lose[i] = a.gone[key(i)]
			}
			return nil
		}
	}
	changes = append(changes, fact, a.aside(bronze.Rejects.Table, "source_table", nil), a.aside(silver.Quarantine.Table, "table", a.unquarantined))
	for _, c := range changes {
		if !a.wrote(c.table) && c.lose == nil {
			continue
		}
		kept, err := a.lake.Amend(ctx, c.table, c.columns, c.lose, c.where...)
		if err != nil {
			return err
		}
		a.kept[c.table.Name] = kept
	}
	return nil
}

// sumUp is the report of all that the tables are made of now.
func (a *amendment) sumUp() (*pipeline.Report, error) {
	last, counts := a.work.last, a.model.Counts()
	var sales pipeline.Conservation
	for _, c := range last.Conservation {
		if c.Table == "sales" {
			sales = c
			continue
		}
		for _, d := range a.dims {
			if d.kept && d.bronze.Base() == c.Table {
				counts.Added[c.Table] += c.Added - a.vanished[c.Table]
				counts.Deduplicated[c.Table], counts.Quarantined[c.Table] = c.Deduplicated, c.Reasons
			}
		}
	}
	// What the lines that were made again, and the dropped ones, were counted as.
	lines, rows, mirrored, unusable := int64(len(a.redone)), int64(0), int64(0), int64(0)
	for _, f := range a.work.dropped {
		if f.Spec.Table == "sales" {
			lines += f.read.Records - f.read.Rejected
		}
	}
	for k := range a.old {
		if !a.redone[k.recordKey] && !slices.Contains(a.dropped["sales"], k.file) {
			continue
		}
		rows++
		if _, sold := a.old[lineKey{k.recordKey, "sale"}]; sold && k.kind == "return" {
			mirrored++
		}
	}
	for _, n := range a.reasons {
		unusable += n
	}
	counts.Added["sales"] += sales.Added - mirrored
	counts.Deduplicated["sales"] += sales.Deduplicated - (lines - (rows - mirrored) - unusable)
	reasons := counts.Quarantined["sales"]
	if reasons == nil {
		reasons = map[string]int64{}
		counts.Quarantined["sales"] = reasons
	}
	for reason, n := range sales.Reasons {
		reasons[reason] += n
	}
	for reason, n := range a.reasons {
		reasons[reason] -= n
	}
	maps.DeleteFunc(reasons, func(_ string, n int64) bool { return n == 0 })
	if counts.Currency == "" && len(a.minus) == 0 {
		counts.Currency = last.Currency
	}
	tables := map[string]*pipeline.TableReport{}
	for _, t := range last.Tables {
		t.Seconds, t.Rewritten = 0, nil
		tables[t.Name] = &t
	}
	for name, t := range a.tables {
		tables[name] = t
	}
	for name, kept := range a.kept {
		t := a.tables[name]
		if t == nil {
			t = &pipeline.TableReport{Name: name}
		}
		t.Rows += kept.Rows
		t.Bytes += kept.Bytes
		t.Parts += kept.Parts
		t.Rewritten = kept.Rewritten
		tables[name] = t
	}
	report, err := a.report(counts, tables)
	if err != nil {
		return nil, err
	}
	report.Gone, report.Rewritten = a.work.gone, a.because()
	for _, f := range a.work.dropped {
		report.Dropped = append(report.Dropped, f.File.Name)
	}
	return report, nil
}

// because says what earlier lines were made anew for; "" for nothing.
func (a *amendment) because() string {
	var why []string
	for _, c := range []struct {
		n    int
		what string
	}{{a.customers.Len(), "customers whose country, state or city has changed"}, {a.products.Len(), "products whose cost, price or category has changed"}} {
		if c.n > 0 {
			why = append(why, fmt.Sprintf("%s: %d", c.what, c.n))
		}
	}
	if n := len(a.minus); n > 0 {
		why = append(why, fmt.Sprintf("earlier fact rows replaced: %d", n))
	}
	return strings.Join(why, "; ")
}
