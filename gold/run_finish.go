package gold

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// finish writes what is only known at the end: the dimensions and gold.
func (r *run) finish() error {
	customers, err := r.model.Customers(r.mem, r.agg.counted.columnsOf(silver.DimCustomers.Name)...)
	if err != nil {
		return err
	}
	defer customers.Release()
	products, err := r.model.Products(r.mem, r.agg.counted.columnsOf(silver.DimProducts.Name)...)
	if err != nil {
		return err
	}
	defer products.Release()
	var g sync.WaitGroup
	var dimensions error
	g.Go(func() {
		w := r.writers(0)
		dimensions = errors.Join(
			r.model.DimCustomers(r.mem, func(rec arrow.Record) error { return w.write(silver.DimCustomers.Table, rec) }),
			r.model.DimProducts(r.mem, func(rec arrow.Record) error { return w.write(silver.DimProducts.Table, rec) }),
			w.close())
	})
	warnings, err := r.gold(r.goldInputs(customers, products))
	g.Wait()
	if err := cmp.Or(dimensions, err); err != nil {
		return err
	}
	r.warnings = append(r.warnings, warnings...)
	return r.fillEmpty()
}

// goldInputs is what gold needs besides the fact.
func (r *run) goldInputs(customers, products arrow.Record) Inputs {
	return Inputs{Customers: customers, Products: products, Reference: r.m.Rules.ReferenceDate, RFM: r.m.Rules.RFM, Mem: r.mem}
}

// gold counts what was added and makes gold's tables of it. A lake keeps the
// totals for the next run.
func (r *run) gold(in Inputs) (warnings []string, err error) {
	totals, err := r.agg.Totals(in)
	if err != nil {
		return nil, err
	}
	if warnings, err = totals.Tables(in, r.only); err != nil {
		return nil, err
	}
	if _, ok := r.sink.(pipeline.Lake); ok {
		err = r.saveState(totals)
	}
	return warnings, err
}

// saveState writes what the next run builds upon besides the tables.
func (r *run) saveState(totals *Totals) error {
	if len(r.selected) > 0 {
		return nil // the next run builds upon what there is
	}
	for _, t := range []*pipeline.TableOf[silver.DerivedCell]{silver.DerivedCustomers, silver.DerivedProducts} {
		w, err := r.only(t.Table)
		if err != nil {
			return err
		}
		name := func(file int) string { return r.work.files[file].File.Name }
		if err := errors.Join(r.model.SaveDerived(t, name, w.Write), closed(w)); err != nil {
			return err
		}
	}
	return totals.Save(r.only)
}

func closed(w pipeline.Writer) error {
	_, err := w.Close()
	return err
}

// fillEmpty gives every table of bronze and silver that got no part an empty one.
func (r *run) fillEmpty() error {
	for _, t := range beforeGold {
		if r.tables[t.Name] != nil {
			continue
		}
		w, err := r.only(t)
		if err != nil {
			return err
		}
		if _, err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

// report adds everything up, and fails where it does not. Tables are those of the
// lake once the run is published.
func (r *run) report(counts silver.Counts, tables map[string]*pipeline.TableReport) (*pipeline.Report, error) {
	rep := &pipeline.Report{BatchID: r.batchID, Workers: r.workers, Spilled: r.scratch.Spilled(), Sources: r.work.sources(r.sources), Warnings: append(r.warnings, counts.Warnings...),
		RunID: r.runID, Full: r.work.full, Digests: r.digests, Currency: counts.Currency, Selected: r.selected}
	for _, in := range r.inputs {
		rep.Read = append(rep.Read, in.File.Name)
	}
	rep.Version, rep.Libraries = versions()
	for _, s := range r.sources {
		if s.Records > 0 && s.Rejected == s.Records {
			rep.Warnings = append(rep.Warnings, fmt.Sprintf("%s: every record is rejected, %d in all; record %d: %s", s.File, s.Records, s.FirstReject.Row, s.FirstReject.Error))
		}
	}
	for _, t := range tables {
		if !strings.HasPrefix(t.Name, pipeline.StateLayer+".") && r.publishes(t.Name) {
			rep.Tables = append(rep.Tables, *t)
		}
	}
	slices.SortFunc(rep.Tables, func(a, b pipeline.TableReport) int { return compareTables(a.Name, b.Name) })
	for _, table := range []string{"customers", "products", "sales"} {
		c := pipeline.Conservation{Table: table, Reasons: counts.Quarantined[table], Added: counts.Added[table], Deduplicated: counts.Deduplicated[table]}
		for _, s := range rep.Sources {
			if s.Table == table {
				c.Records += s.Records
				c.Rejected += s.Rejected
			}
		}
		for _, n := range c.Reasons {
			c.Quarantined += n
		}
		c.Bronze = tables["bronze."+table].Rows
		c.Silver = tables[map[string]string{"customers": "silver.dim_customers", "products": "silver.dim_products", "sales": "silver.fact_sales"}[table]].Rows
		if !c.Check() {
			return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: "bronze." + table, Msg: fmt.Sprintf(
				"the counts do not add up: %d records = %d rows + %d rejects? %d rows = %d silver − %d added + %d quarantined + %d deduplicated?",
				c.Records, c.Bronze, c.Rejected, c.Bronze, c.Silver, c.Added, c.Quarantined, c.Deduplicated),
				Hint: "this is a bug in smelt, and nothing was published: please report it"}
		}
		rep.Conservation = append(rep.Conservation, c)
	}
	return rep, nil
}

// nothingNew is the report of a run that has nothing to do.
func (r *run) nothingNew() *pipeline.Report {
	rep := *r.work.last
	rep.Full, rep.Read, rep.Dropped, rep.Rewritten = "", nil, nil, ""
	rep.Gone, rep.Seconds, rep.Sources = r.work.gone, time.Since(r.start).Seconds(), r.work.sources(nil)
	return &rep
}

// versions returns smelt's version and those of its main libraries.
func versions() (string, map[string]string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", nil
	}
	libs := map[string]string{"go": runtime.Version()}
	version := info.Main.Version
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/apache/arrow/go/v17", "github.com/parquet-go/parquet-go", "golang.org/x/sync":
			libs[d.Path] = d.Version
		case "github.com/smeltdata/smelt":
			version = d.Version
		}
	}
	if version == "" || version == "(devel)" {
		version = "dev"
	}
	return version, libs
}
