package powerbi

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// What a shop lacks is not in its model, and nothing in it needs that.
func TestModelWithout(t *testing.T) {
	without := func(columns ...string) *Model {
		m, err := New(Options{Name: "x", Tables: declared(t), Source: sources["local"], Lacking: map[string][]string{"silver.fact_sales": columns, "silver.dim_products": {"subcategory", "brand"}}})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := without("cost", "margin", "city")
	for _, name := range []string{"Cost", "Margin", "Margin rate"} {
		if m.Measure(name) != nil {
			t.Errorf("the model has %s", name)
		}
	}
	for _, f := range []Field{{FactTable, "cost"}, {FactTable, "city"}, {"customer_metrics", "margin"}, {"product_performance", "margin_rate"}, {ProductsTable, "brand"}} {
		if m.Column(f) != nil {
			t.Errorf("the model has %s", f)
		}
	}
	if diff := cmp.Diff([]Hierarchy{{"Geography", []string{"country", "state"}}}, m.Table(FactTable).Hierarchies); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Hierarchy{{"Categories", []string{"category", "product_name"}}}, m.Table(ProductsTable).Hierarchies); diff != "" {
		t.Error(diff)
	}
	if m.Measure("Sales") == nil || m.Measure("Customers") == nil || len(m.Relationships) != 7 {
		t.Error("the model lacks more than the shop")
	}

	m = without("customer_id", "country", "state")
	for _, table := range []string{CustomersTable, "customer_metrics", "customer_segmentation"} {
		if m.Table(table) != nil {
			t.Errorf("the model has %s", table)
		}
	}
	if m.Measure("Customers") != nil || m.Measure("Returning customers") != nil || len(m.Relationships) != 4 || len(m.Table(FactTable).Hierarchies) != 0 || m.Column(Field{"sales_summary", "new_customers"}) != nil {
		t.Errorf("the model speaks of customers: %d relationships", len(m.Relationships))
	}
}

func TestLacking(t *testing.T) {
	for name, c := range map[string]struct {
		sales string
		want  map[string][]string
	}{
		"a poor shop": {"1,2024-03-01,lamp,2,19.90,Germany,\n2,2024-03-02,bulb,1,9.90,,\n", map[string][]string{
			"silver.fact_sales":    {"line_number", "customer_id", "tax_amount", "cost", "margin", "category", "state", "city", "channel", "payment_method", "currency", "original_order_id", "updated_at"},
			"silver.dim_products":  {"product_name", "category", "subcategory", "brand", "unit_cost", "unit_price", "updated_at"},
			"silver.dim_customers": nil, // it has no rows
		}},
		"no sales": {"", map[string][]string{}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "sales.csv"), []byte("Order,Date,Product,Quantity,Price,Country,Note\n"+c.sales), 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := bronze.ParseMapping("smelt.yml", []byte("sources:\n  - {table: sales, files: sales.csv, columns: {order_id: Order, ordered_at: Date, product_id: Product, quantity: Quantity, unit_price: Price, country: Country}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		m.Dir = dir
		l, err := store.Open(filepath.Join(dir, "lake"))
		if err != nil {
			t.Fatal(err)
		}
		create := func(path string, t *pipeline.Table) (pipeline.Writer, error) {
			return parquetio.Create(path, t, parquetio.Options{})
		}
		_, err = gold.Run(t.Context(), m, csvio.Open, l.Sink(create, "parquet"))
		l.Close()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Lacking(t.Context(), filepath.Join(dir, "lake"), declared(t))
		if err != nil {
			t.Fatal(err)
		}
		for table, want := range c.want {
			if !slices.Equal(want, got[table]) {
				t.Errorf("%s: %s lacks %q, want %q", name, table, got[table], want)
			}
		}
		if len(got) > len(c.want) {
			t.Errorf("%s: %v", name, got)
		}
		if _, err := New(Options{Name: "x", Tables: declared(t), Source: sources["local"], Lacking: got}); err != nil {
			t.Error(err)
		}
	}
	if _, err := Lacking(t.Context(), t.TempDir(), declared(t)); err == nil {
		t.Error("a lake without tables lacks nothing")
	}
}
