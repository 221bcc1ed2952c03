package dbt

import (
	"testing"
	"time"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// shop is a catalog of smelt's own tables and checks, with two runs of which the
// newer one published, or not. One column has a name and a doc that need care.
func shop(t *testing.T, published bool) *catalog.Catalog {
	t.Helper()
	declared, err := gold.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := gold.Checks()
	if err != nil {
		t.Fatal(err)
	}
	percent, ten := check.Limit{Percent: 0.5, Relative: true}, check.Limit{Count: 10}
	checks = append(checks,
		check.Check{Table: "silver.fact_sales", Kind: check.Range, Columns: []string{"quantity"}, Min: "-1000", Max: "1000", WarnIf: &ten, ErrorIf: &percent},
		check.Check{Table: "silver.dim_customers", Kind: check.Regex, Columns: []string{"email"}, Pattern: `^[^<>"&]+@`, Severity: check.Warn, Name: "emails look right"},
		check.Check{Table: "gold.sales_summary", Kind: check.Freshness, Columns: []string{"period_start"}, Within: 48 * time.Hour, Where: "grain = 'day'", ErrorIf: &ten},
		check.Check{Table: "gold.regional_sales", Kind: check.RowCount, Min: "1"},
		check.Check{Table: "gold.regional_sales", Kind: check.Expression, Condition: "revenue <= sales", Doc: "Returns only <lessen> & never add."},
	)
	at := time.Date(2026, 3, 1, 6, 30, 0, 0, time.UTC)
	c := &catalog.Catalog{
		Project: "Müller & Söhne's shop", Smelt: "v0.7.0", At: at.Add(time.Minute),
		Sources: []catalog.Source{
			{Name: "source.customers", Table: "customers", Columns: []string{"CustomerKey", "E-Mail"}, Files: []catalog.File{{Name: "customers.csv", Bytes: 1000, Records: 20, Modified: at.Add(-time.Hour)}}},
			{Name: "source.sales", Table: "sales", Columns: []string{"OrderNumber", "Total (€)"}, Files: []catalog.File{
				{Name: "sales_1.csv", Bytes: 7000, Records: 100, Modified: at.Add(-48 * time.Hour)}, {Name: "sales_2.csv", Bytes: 500, Records: 7, Rejected: 1, Modified: at.Add(-24 * time.Hour)}}},
			{Name: "source.sales_2", Table: "sales", Columns: []string{"id"}},
		},
		Runs: []catalog.Run{
			{ID: "run-2", At: at, Command: "run", Published: published, Seconds: 1.25, Rows: map[string]int64{}, Pass: 40, Warn: 1},
			{ID: "run-1", At: at.Add(-24 * time.Hour), Command: "run", Published: true, Seconds: 2, Rows: map[string]int64{}},
		},
	}
	edges, err := gold.Lineage(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Edges = edges
	formulas, units := map[string]string{}, map[string]string{}
	for _, m := range metrics.All() {
		formulas[m.Name], units[m.Name] = m.Formula, string(m.Unit)
	}
	edge := func(from, column string, to *pipeline.Table, name string, kind lineage.Kind) {
		c.Edges = append(c.Edges, lineage.Edge{From: lineage.Column{Table: from, Column: column}, To: lineage.Column{Table: to.Name, Column: name}, Kind: kind})
	}
	for i, d := range declared {
		table := catalog.Table{Name: d.Name, Doc: d.Doc, Key: d.Key, Published: d.Name != "bronze.rejects", Rows: int64(10 * i), Bytes: int64(1000 * i), Files: 1, Version: 3, Modified: at}
		for _, col := range d.Columns {
			x := catalog.Column{Name: col.Name, Doc: col.Doc, Type: pipeline.TypeName(col.Type), Nullable: col.Nullable, PII: col.PII}
			if d.Layer() == "gold" {
				x.Formula, x.Unit = formulas[col.Name], units[col.Name]
			}
			table.Columns = append(table.Columns, x)
		}
		c.Tables = append(c.Tables, table)
		if table.Published {
			for r := range c.Runs {
				c.Runs[r].Rows[d.Name] = int64(10 * i)
			}
		}
		switch d.Name {
		case "bronze.customers":
			edge("source.customers", "CustomerKey", d, "customer_id", lineage.Identity)
		case "bronze.sales":
			edge("source.sales", "OrderNumber", d, "order_id", lineage.Identity)
			edge("source.sales_2", "id", d, "order_id", lineage.Identity)
		case "silver.dim_products": // a product that only sales name leads back
			edge("silver.fact_sales", "product_id", d, "product_id", lineage.Filter)
		case "gold.customer_metrics":
			edge("silver.fact_sales", "customer_id", d, "revenue", lineage.GroupBy)
		}
	}
	for i := range checks {
		rule := &checks[i]
		x := catalog.Check{Name: rule.ID(), Table: rule.Table, Columns: rule.Columns, Kind: string(rule.Kind), Says: rule.Says(), Doc: rule.Doc, Severity: string(rule.Severity), Rule: rule}
		if x.Severity == "" {
			x.Severity = "error"
		}
		r := catalog.Result{Run: "run-2", At: at, Status: "pass", Rows: 100}
		switch {
		case rule.Kind == check.Regex:
			r.Status, r.Failures, r.Message = "warn", 3, "3 of 100 rows fail"
		case rule.Kind == check.RowCount && !published:
			r.Status, r.Failures, r.Message = "error", 1, "the table has 0 rows"
		case rule.Kind == check.Freshness:
			r.Status, r.Message = "skipped", "the table has no rows"
		}
		x.Results = []catalog.Result{r, {Run: "run-1", At: at.Add(-24 * time.Hour), Status: "pass", Rows: 90}}
		c.Checks = append(c.Checks, x)
	}
	// One that only the run before knew, of a table that is gone, and one of a kind of its own.
	c.Checks = append(c.Checks,
		catalog.Check{Name: "gold.old.x.not_null", Table: "gold.old", Columns: []string{"x"}, Kind: "not_null", Severity: "error", Results: []catalog.Result{{Run: "run-2", Status: "pass"}}},
		catalog.Check{Name: "gold.sales_summary.row_count.anomaly", Table: "gold.sales_summary", Kind: "anomaly", Says: "the number of rows is as usual", Severity: "warn"})
	return c
}
