package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// traced is a row of a published table and what it comes from.
type traced struct {
	Table   string      `json:"table"`
	Row     tracedRow   `json:"row"`
	Number  *takenApart `json:"number,omitempty"`  // where one is taken apart
	Bronze  *tracedRow  `json:"bronze,omitempty"`  // the record's row, of a fact or a row of the quarantine
	Lines   *lines      `json:"lines,omitempty"`   // of a number, or those that name an inferred row
	Records *lines      `json:"records,omitempty"` // of a customer or product: what bronze has of it
	Source  []record    `json:"source,omitempty"`  // the records of the files
	notes   []string
}

// trace looks a row up and follows it.
func (t *tracer) trace(table *pipeline.Table, key []condition, measure string) (*traced, error) {
	row, err := t.row(table, key)
	if err != nil {
		return nil, err
	}
	out := &traced{Table: table.Name, Row: row}
	switch {
	case measure != "" && table.Layer() != "gold":
		return nil, usage("--measure: "+table.Name+" has no measures", "measures are of the tables of gold; without --measure the row is led back to its record")
	case measure != "":
		out.Number, out.Lines, err = t.takeApart(table, row, measure)
	case table.Layer() == "gold":
		out.notes = append(out.notes, "--measure COLUMN takes one of these numbers apart")
	case table == silver.DimCustomers.Table:
		err = t.recordsOf(out, bronze.Customers.Table, "customer_id", "updated_at", "signup_date")
	case table == silver.DimProducts.Table:
		err = t.recordsOf(out, bronze.Products.Table, "product_id", "updated_at")
	case table == silver.FactSales.Table:
		err = t.rawOf(out, bronze.Sales.Table, row.at("_source_file"), row.at("_source_row"))
	case table == silver.Quarantine.Table:
		raw := map[string]*pipeline.Table{"customers": bronze.Customers.Table, "products": bronze.Products.Table, "sales": bronze.Sales.Table}[row.text("table")]
		if raw != nil {
			err = t.rawOf(out, raw, row.at("source_file"), row.at("source_row"))
		}
	}
	if err != nil || !t.source {
		return out, err
	}
	return out, t.addSource(out)
}

// rawOf finds the bronze row of a record.
func (t *tracer) rawOf(out *traced, table *pipeline.Table, file, number *string) error {
	row, err := t.row(table, []condition{{column: "_source_file", value: file}, {column: "_source_row", value: number}})
	if err == nil {
		out.Bronze = &row
	}
	return err
}

// recordsOf finds what bronze has of a customer or product, the latest first: the
// records whose key is the row's once it is cleansed. Where there is none, the
// lines of the sales that name it.
func (t *tracer) recordsOf(out *traced, raw *pipeline.Table, key string, latest ...string) error {
	want := out.Row.text(key)
	columns := append(append([]string{key}, latest...), "_source_file", "_source_row")
	places := t.places()
	l := &lines{Table: raw.Name, limit: t.limit, less: func(a, b tracedRow) int {
		for _, c := range latest { // without the Z, a second comes before its fractions
			if order := cmp.Compare(strings.TrimSuffix(b.text(c), "Z"), strings.TrimSuffix(a.text(c), "Z")); order != 0 {
				return order
			}
		}
		return cmp.Or(cmp.Compare(places[b.text("_source_file")], places[a.text("_source_file")]), byRecord(b, a))
	}}
	if err := t.scan(raw.Name, columns, nil, eachRow(func(row tracedRow) {
		if v := row.at(key); v != nil && silver.CleanText(*v) == want {
			l.add(0, func() tracedRow { return row })
		}
	})); err != nil {
		return err
	}
	l.cut()
	if l.Total > 0 {
		out.Records = l
		return nil
	}
	out.notes = append(out.notes, "no record of "+raw.Name+" has this key: the lines of the sales name it")
	out.Lines = &lines{Table: silver.FactSales.Name, limit: t.limit, less: inOrder}
	columns = []string{"order_date", "order_id", "line_type", key, "_source_file", "_source_row"}
	err := t.scan(silver.FactSales.Name, columns, []condition{{column: key, value: &want}}, func(rec arrow.Record) func(row int) error {
		days := rec.Column(0).(*array.Date32)
		return func(row int) error {
			out.Lines.add(pipeline.Date(days.Value(row)), func() tracedRow { return rowAt(rec, row) })
			return nil
		}
	})
	out.Lines.cut()
	return err
}

// places returns where files stand in record order; of those that are not there
// any more, and without smelt.yml, nothing is known.
func (t *tracer) places() map[string]int {
	out := map[string]int{}
	if t.m == nil {
		return out
	}
	files, err := bronze.Files(t.m, func(int) bool { return true })
	if err != nil {
		return out // a file that cannot be found is no reason to show nothing
	}
	for i, f := range files {
		out[f.File.Name] = i + 1
	}
	return out
}

// origins returns the file and record of everything that a trace shows.
func (out *traced) origins() (table string, at []tracedRow) {
	of := func(row tracedRow, file, number string) {
		at = append(at, tracedRow{{"_source_file", row.at(file)}, {"_source_row", row.at(number)}})
	}
	switch {
	case out.Lines != nil:
		for _, r := range out.Lines.Rows {
			of(r, "_source_file", "_source_row")
		}
		return "sales", at
	case out.Records != nil:
		for _, r := range out.Records.Rows {
			of(r, "_source_file", "_source_row")
		}
		return tableOfLayer(out.Records.Table), at
	case out.Bronze != nil:
		of(*out.Bronze, "_source_file", "_source_row")
		if out.Table == silver.Quarantine.Name {
			return out.Row.text("table"), at
		}
		return "sales", at
	case out.Table == bronze.Rejects.Name:
		of(out.Row, "source_file", "source_row")
		return out.Row.text("source_table"), at
	case slices.Contains([]string{bronze.Customers.Name, bronze.Products.Name, bronze.Sales.Name}, out.Table):
		of(out.Row, "_source_file", "_source_row")
		return tableOfLayer(out.Table), at
	}
	return "", nil
}

func tableOfLayer(name string) string { return (&pipeline.Table{Name: name}).Base() }

// explainRow looks up a row of a published table and prints where it comes from.
func (a *app) explainRow(t tracer, name string, key []string, measure string) error {
	table, err := t.tableNamed(name)
	if err != nil {
		return err
	}
	conditions, err := keyOf(table, key)
	if err != nil {
		return err
	}
	if measure != "" && table.Index(measure) < 0 && table.Layer() == gold.CustomerMetrics.Table.Layer() {
		return noColumn(table, measure) // before anything is read
	}
	out, err := t.trace(table, conditions, measure)
	if err != nil {
		return err
	}
	return a.showTrace(table, out)
}
