package gold

import (
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Every edge begins at a column that there is, and every measure is led back to
// columns of the files.
func TestLineageOfMapping(t *testing.T) {
	m, err := bronze.LoadMapping("../testdata/adventureworks.yml")
	if err != nil {
		t.Fatal(err)
	}
	own := &Spec{Name: "gold.own", Doc: "Sales by brand and month.", By: []Dimension{ProductAttribute("brand"), OrderDate(ByMonth)}, Measures: []*metrics.Measure{metrics.Sales, metrics.Discounts}}
	edges, err := Lineage(m, own)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := Declarations(own)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[lineage.Column]bool{}
	for _, table := range tables {
		columns[lineage.Column{Table: table.Name}] = true
		for _, c := range table.Columns {
			columns[lineage.Column{Table: table.Name, Column: c.Name}] = true
		}
	}
	for _, e := range edges {
		if !columns[e.To] || !columns[e.From] && !strings.HasPrefix(e.From.Table, "source.") {
			t.Errorf("%s → %s: there is no such column", e.From, e.To)
		}
	}
	graph := lineage.NewGraph(edges)
	for _, s := range append(Seed(), own) {
		for _, measure := range s.Measures {
			up := graph.Upstream(lineage.Column{Table: s.Name, Column: measure.Name})
			if !slices.ContainsFunc(up, func(c lineage.Column) bool { return c.Table == "source.sales" }) {
				t.Errorf("%s.%s is led back to no file: %s", s.Name, measure.Name, up)
			}
		}
	}
	for _, want := range []string{
		"source.sales.OrderNumber → bronze.sales.order_id: identity",
		"source.sales.OrderQuantity → bronze.sales.quantity: transformation",
		"source.sales_2.ReturnQuantity → bronze.sales.quantity: transformation",
		"source.sales_2.ReturnQuantity → bronze.sales._rescued_data: transformation",
		"source.products.ProductSubcategoryKey → bronze.products.category: join",
		"source.lookup.subcategory.ProductSubcategoryKey → bronze.products.category: join",
		"source.lookup.subcategory.ProductCategoryKey → bronze.products.category: join",
		"source.lookup.category.ProductCategoryKey → bronze.products.category: join",
		"source.lookup.category.CategoryName → bronze.products.category: identity",
		"silver.fact_sales.order_date → gold.own.month: transformation",
		"silver.dim_products.brand → gold.own.product_brand: identity",
		"silver.fact_sales.product_id → gold.own.product_brand: join",
		"silver.fact_sales.order_date → gold.own: group_by",
		"silver.dim_products.brand → gold.own: group_by",
		"silver.fact_sales.line_type → gold.own.discounts: filter",
		"silver.fact_sales.discount_amount → gold.own.discounts: aggregation",
	} {
		if !slices.ContainsFunc(edges, func(e lineage.Edge) bool {
			return e.From.String()+" → "+e.To.String()+": "+string(e.Kind) == want
		}) {
			t.Errorf("missing: %s", want)
		}
	}
	if _, err := Lineage(nil, &Spec{Name: "gold.wrong"}); err == nil {
		t.Error("a wrong spec is taken")
	}
}

// Customers that the sales lines describe have no rows in bronze: their
// attributes come from the files of the sales. So do constants from nowhere.
func TestLineageOfDerived(t *testing.T) {
	value := "web"
	m := &bronze.Mapping{Lookups: map[string]bronze.LookupSpec{}, Sources: []bronze.SourceSpec{{Table: "sales", Overlap: "max", Files: []string{"a.csv"},
		Columns: []bronze.ColumnSpec{{Column: "customer_id", From: []string{"Kunde"}}, {Column: "channel", Value: &value}, {Column: "order_id", Template: "{Shop}-{Nr}"},
			{Column: "updated_at", From: []string{"Stand"}}, {Column: "state", From: []string{"Land"}, Map: map[string]string{"BY": "Bayern"}}},
		Customers: []bronze.ColumnSpec{{Column: "country", From: []string{"Staat", "Land"}}}}},
		Rules: bronze.Rules{ReturnedOrders: []bronze.ReturnedOrdersSpec{{Columns: []bronze.ColumnSpec{{Column: "order_id", From: []string{"Nr"}}, {Column: "returned_at", From: []string{"Am"}}}}}}}
	edges, err := Lineage(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range edges {
		if strings.HasPrefix(e.From.Table, "source.") || e.To == (lineage.Column{Table: "silver.fact_sales"}) && e.Kind == lineage.GroupBy {
			got = append(got, e.From.String()+" → "+e.To.String()+": "+string(e.Kind))
		}
	}
	for _, want := range []string{
		"source.sales.Nr → bronze.sales.order_id: transformation",
		"source.sales.Shop → bronze.sales.order_id: transformation",
		"source.sales.Land → bronze.sales.state: transformation",
		"source.sales.Kunde → silver.dim_customers.customer_id: transformation",
		"source.sales.Kunde → silver.dim_customers: group_by",
		"source.sales.Stand → silver.dim_customers: sort",
		"source.sales.Staat → silver.dim_customers.country: transformation",
		"source.sales.Land → silver.dim_customers.country_code: transformation",
		"source.returned_orders.Nr → silver.fact_sales: join",
		"source.returned_orders.Am → silver.fact_sales.ordered_at: transformation",
		"bronze.sales.state → silver.fact_sales: group_by", // exports that overlap that overlap
	} {
		if !slices.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "channel:") && strings.HasPrefix(s, "source.") }) {
		t.Errorf("a constant comes from somewhere: %s", got)
	}
}
