package gold

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// pass makes bronze and fact rows of the new lines, and makes the old ones at
// hand again.
func (a *amendment) pass(ctx context.Context) (err error) {
	if a.all, err = NewAggregation(a.agg.counted.specs, a.workers, a.scratch); err != nil {
		return err
	}
	scan := a.model.NewKeyScan()
	for _, l := range a.lines {
		for _, rec := range l.records {
			var err error
			if l.file.Spec.Overlap != "" {
				err = scan.WholeLines(l.segment(), l.file.Source, l.place, rec)
			} else {
				err = scan.Sales(l.segment(), l.returns(), rec)
			}
			if err != nil {
				return err
			}
		}
	}
	a.resolveOld = a.resolve
	if err := a.decideRepeats(ctx, append(a.scans, scan)); err != nil {
		return err
	}
	a.added = func(worker int, rec arrow.Record) error {
		if err := a.all.Add(worker, rec); err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.touched.add(rec)
	}
	facts, err := a.scanSales(ctx)
	if err != nil {
		return err
	}
	if err := a.checkRejects(); err != nil {
		return err
	}
	again := a.model.NewFact(a.mem)
	if err := a.redo(again); err != nil {
		return err
	}
	if err := a.model.Finish(append(facts, again)...); err != nil {
		return err
	}
	if now, was := a.model.Counts().Currency, a.work.last.Currency; now != "" && was != "" && now != was {
		return everything("the new lines are in " + now + " and the earlier ones in " + was)
	}
	return a.differences()
}

// checkRejects holds all files of a source to its max_rejects.
func (a *amendment) checkRejects() error {
	var inputs []*bronze.Input
	for _, f := range a.work.files {
		if f.SameAs == "" {
			inputs = append(inputs, &bronze.Input{InputFile: f.InputFile})
		}
	}
	reports := slices.DeleteFunc(a.work.sources(a.sources), func(s pipeline.SourceReport) bool { return s.SameAs != "" })
	return bronze.CheckRejects(inputs, reports)
}

// add notes whose fact rows a batch holds.
func (t *touched) add(rec arrow.Record) error {
	return errors.Join(t.orders.AddAll(rec.Column(factOrder)), t.customers.AddAll(rec.Column(factCustomer)))
}

var factOrder, factCustomer = silver.FactSales.MustIndex("order_id"), silver.FactSales.MustIndex("customer_id")

// resolve lets the old lines compete for their keys.
func (a *amendment) resolve() error {
	for _, l := range a.lines {
		if len(a.model.Repeated(l.segment())) == 0 {
			continue
		}
		for _, rec := range l.records {
			if err := a.model.Resolve(l.segment(), l.returns(), rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// redo makes fact and quarantine rows of the old lines.
func (a *amendment) redo(fact *silver.Fact) (err error) {
	w := a.writers(a.parts)
	defer func() { err = errors.Join(err, w.close()) }()
	kept := map[recordKey]bool{}
	quarantine := func(rec arrow.Record) error {
		rows, err := silver.Quarantine.Rows(rec)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(q silver.Quarantined) bool {
			k := recordKey{string(q.SourceFile), q.SourceRow}
			kept[k] = a.quarantined[k] == string(q.Reason)
			return kept[k]
		})
		return writeRows(w, a, silver.Quarantine, rows)
	}
	for _, l := range a.lines {
		for rec, err := range fact.Stage(l.segment(), l.returns(), quarantine)(pipeline.Of(l.records...)) {
			if err != nil {
				return err
			}
			rows, err := silver.FactSales.Rows(rec)
			if err != nil {
				return err
			}
			for i := range rows {
				a.remade[keyOfSale(&rows[i])] = rows[i]
			}
		}
	}
	for k := range a.quarantined {
		if !kept[k] {
			a.unquarantined[k] = true
		}
	}
	for k, now := range a.remade {
		if was, ok := a.old[k]; !ok || was != now {
			a.plus = append(a.plus, now)
		}
	}
	sortRows(a.plus)
	return writeRows(w, a, silver.FactSales, a.plus)
}

// differences finds the old fact rows that go, and shows those that stay to an
// onlooker.
func (a *amendment) differences() error {
	var stay []silver.FactSale
	for k, was := range a.old {
		now, ok := a.remade[k]
		if a.redone[k.recordKey] && (!ok || now != was) || slices.Contains(a.dropped["sales"], k.file) {
			a.minus, a.gone[k] = append(a.minus, was), true
		} else {
			stay = append(stay, was)
		}
	}
	if o, ok := a.lake.(pipeline.Onlooker); ok {
		sortRows(stay)
		err := eachBatch(a, silver.FactSales, stay, func(rec arrow.Record) error { return o.Stay(silver.FactSales.Table, rec) })
		if err != nil {
			return err
		}
	}
	sortRows(a.minus)
	for _, rows := range [][]silver.FactSale{a.minus, a.plus} {
		err := eachBatch(a, silver.FactSales, rows, a.touched.add)
		if err != nil {
			return err
		}
	}
	return nil
}

func sortRows(rows []silver.FactSale) {
	slices.SortFunc(rows, func(x, y silver.FactSale) int {
		a, b := keyOfSale(&x), keyOfSale(&y)
		switch {
		case a.file != b.file:
			return strings.Compare(a.file, b.file)
		case a.row != b.row:
			return int(a.row - b.row)
		}
		return strings.Compare(string(a.kind), string(b.kind))
	})
}

// eachBatch hands rows to f, in lent batches.
func eachBatch[T any](a *amendment, t *pipeline.TableOf[T], rows []T, f func(arrow.Record) error) error {
	for some := range slices.Chunk(rows, batchRows) {
		rec := t.Record(a.mem, some)
		err := f(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// writeRows writes rows to their table's part.
func writeRows[T any](w *writers, a *amendment, t *pipeline.TableOf[T], rows []T) error {
	return eachBatch(a, t, rows, func(rec arrow.Record) error { return w.write(t.Table, rec) })
}
