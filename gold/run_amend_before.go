package gold

import (
	"context"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// oldLines are bronze rows of one file that an earlier run has read.
type oldLines struct {
	file    *bronze.InputFile
	place   int            // of the file in record order
	records []arrow.Record // ascending by record number; owned
}

func (l *oldLines) segment() int { return l.place * segmentsPerFile }

func (l *oldLines) returns() bool { return l.file.Spec.Kind == "returns" }

// reach is how many fact rows a run makes again at most: more are less work
// when everything is read. A row that is made again costs as much as many that
// are read: its order, and all rows of its customers, are counted twice.
func (a *amendment) reach() int {
	sales := int64(0)
	for _, t := range a.work.last.Tables {
		if t.Name == bronze.Sales.Name {
			sales = t.Rows
		}
	}
	return int(max(2_000, min(200_000, sales/50)))
}

// before reads the fact rows of the orders, and their lines from bronze.
func (a *amendment) before(ctx context.Context) error {
	where := a.atHand(a.orders, (*silver.Keys).InClean)
	again := silver.NewKeys() // orders that are there already
	reach := a.reach()
	err := a.lake.Each(ctx, a.workers, silver.FactSales.Table, columnNames(silver.FactSales.Table), func(_ int, rec arrow.Record) error {
		rows, err := silver.FactSales.Rows(rec)
		if err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		for i := range rows {
			a.old[keyOfSale(&rows[i])] = rows[i]
			if err := again.Add([]byte(rows[i].OrderID)); err != nil {
				return err
			}
		}
		if err := a.nameAll(rec); err != nil {
			return err
		}
		if len(a.old) > reach {
			return everything("the new lines belong to too many earlier orders")
		}
		return nil
	}, where...)
	if err != nil {
		return err
	}
	if changed := a.customers.Len()+a.products.Len() > 0; changed || again.Len() > 0 {
		if changed {
			again = a.orders // lines that were quarantined for want of a price may be used now
		}
		if err := a.readLines(ctx, again); err != nil {
			return err
		}
	}
	return a.readQuarantine(ctx)
}

// atHand picks the rows of a table of orders, and of the changed customers and
// products, by what in makes of each set.
func (a *amendment) atHand(orders *silver.Keys, in func(*silver.Keys, string) pipeline.Where) []pipeline.Where {
	where := []pipeline.Where{in(orders, "order_id")}
	if a.customers.Len() > 0 {
		where = append(where, in(a.customers, "customer_id"))
	}
	if a.products.Len() > 0 {
		where = append(where, in(a.products, "product_id"))
	}
	return where
}

// readLines reads the lines of orders, and of the changed customers and
// products, from bronze: file by file, in record order.
func (a *amendment) readLines(ctx context.Context, orders *silver.Keys) error {
	where := a.atHand(orders, (*silver.Keys).In)
	files := map[string]*oldLines{}
	err := a.lake.Each(ctx, a.workers, bronze.Sales.Table, columnNames(bronze.Sales.Table), func(_ int, rec arrow.Record) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		return eachFile(rec, func(file string, part arrow.Record) error {
			if slices.Contains(a.dropped["sales"], file) {
				return nil
			}
			l := files[file]
			if l == nil {
				at, ok := a.places["sales"][file]
				if !ok {
					return &pipeline.Error{Kind: pipeline.ErrData, Table: bronze.Sales.Name, Column: "_source_file", Value: file,
						Msg: "the table has rows of a file that no run has read", Hint: "run with --full-refresh to make the tables anew"}
				}
				l = &oldLines{file: a.work.files[at].InputFile, place: at}
				files[file], a.lines = l, append(a.lines, l)
			}
			if err := a.nameAll(part); err != nil {
				return err
			}
			rows := part.Column(saleRow).(*array.Int64)
			for i := range rows.Len() {
				a.redone[recordKey{file, rows.Value(i)}] = true
			}
			l.add(part, rows)
			return nil
		})
	}, where...)
	if err != nil {
		return err
	}
	for _, l := range a.lines {
		slices.SortFunc(l.records, func(x, y arrow.Record) int {
			return int(x.Column(saleRow).(*array.Int64).Value(0) - y.Column(saleRow).(*array.Int64).Value(0))
		})
	}
	slices.SortFunc(a.lines, func(x, y *oldLines) int { return x.place - y.place })
	return nil
}

// eachFile hands the stretches of a batch of bronze.sales that are of one file to f.
func eachFile(rec arrow.Record, f func(file string, part arrow.Record) error) error {
	file := textOf(rec.Column(saleFile))
	n := int(rec.NumRows())
	for from := 0; from < n; {
		name, to := string(file(from)), from+1
		for to < n && string(file(to)) == name {
			to++
		}
		part := rec.NewSlice(int64(from), int64(to))
		err := f(name, part)
		part.Release()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

var saleFile, saleRow = bronze.Sales.MustIndex("_source_file"), bronze.Sales.MustIndex("_source_row")

// add takes the stretches of a batch whose record numbers ascend.
func (l *oldLines) add(part arrow.Record, rows *array.Int64) {
	for from := 0; from < rows.Len(); {
		to := from + 1
		for to < rows.Len() && rows.Value(to) == rows.Value(to-1)+1 {
			to++
		}
		l.records = append(l.records, part.NewSlice(int64(from), int64(to)))
		from = to
	}
}

// readQuarantine reads what is in quarantine of the lines that are made again,
// and of the dropped ones.
func (a *amendment) readQuarantine(ctx context.Context) error {
	names := map[string]bool{}
	for k := range a.redone {
		names[k.file] = true
	}
	for _, name := range a.dropped["sales"] {
		names[name] = true
	}
	if len(names) == 0 {
		return nil
	}
	files := slices.Sorted(maps.Keys(names))
	for rec, err := range a.lake.Read(ctx, silver.Quarantine.Table, columnNames(silver.Quarantine.Table), oneOf("source_file", files)) {
		if err != nil {
			return err
		}
		rows, err := silver.Quarantine.Rows(rec)
		if err != nil {
			return err
		}
		for _, q := range rows {
			k := recordKey{string(q.SourceFile), q.SourceRow}
			switch {
			case q.Table != "sales":
			case slices.Contains(a.dropped["sales"], k.file):
				a.reasons[string(q.Reason)]++
			case a.redone[k]:
				a.quarantined[k] = string(q.Reason)
				a.reasons[string(q.Reason)]++
			}
		}
	}
	return nil
}
