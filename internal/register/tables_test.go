package register

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

func named(t *testing.T, tables []Table, name string) *Table {
	t.Helper()
	for i := range tables {
		if tables[i].FullName() == name {
			return &tables[i]
		}
	}
	t.Fatalf("no table %s", name)
	return nil
}

func TestTables(t *testing.T) {
	for _, format := range []string{Delta, Parquet} {
		t.Run(format, func(t *testing.T) {
			tables := tablesIn(t, lakeOf(t, format))
			if len(tables) != 13 {
				t.Fatalf("%d tables", len(tables))
			}
			fact := named(t, tables, "silver.fact_sales")
			if fact.Format != format || fact.Location != bucket+"/silver/fact_sales" || fact.Doc == "" || fact.Unique {
				t.Errorf("fact: %+v", fact)
			}
			want := []Reference{{"customer_id", "silver.dim_customers", "customer_id"}, {"product_id", "silver.dim_products", "product_id"}}
			if !slices.Equal(fact.References, want) {
				t.Errorf("references: %v", fact.References)
			}
			metrics := named(t, tables, "gold.customer_metrics")
			if want := []Reference{{"customer_id", "silver.dim_customers", "customer_id"}}; !slices.Equal(metrics.References, want) {
				t.Errorf("references of gold: %v", metrics.References)
			}
			customers := named(t, tables, "silver.dim_customers")
			if !customers.Unique || !slices.Equal(customers.Key, []string{"customer_id"}) || customers.Columns[0].Nullable || !customers.Columns[1].Nullable {
				t.Errorf("dim_customers: %+v", customers)
			}
			var personal []string
			for _, table := range tables {
				for _, c := range table.Columns {
					if c.PII != "" {
						personal = append(personal, table.Name+"."+c.Name+"="+c.PII)
					}
				}
			}
			if got := strings.Join(personal, " "); !strings.Contains(got, "dim_customers.email=email") || !strings.Contains(got, "rejects.raw=possible") || strings.Contains(got, "product") {
				t.Error(got)
			}
		})
	}
}

// What the files hold counts, not what is declared: a column that somebody
// added is registered, and a key whose column is gone is none.
func TestFilesCount(t *testing.T) {
	dir := lakeOf(t, Delta)
	folder := filepath.Join(dir, "silver", "dim_products")
	commit(t, folder, 1, []Column{{Name: "sku", Type: pipeline.StringType, Nullable: true, Doc: "ours"}, {Name: "weight", Type: arrow.PrimitiveTypes.Float64}})
	commit(t, folder, 2, nil) // a later version that leaves the schema
	products := named(t, tablesIn(t, dir), "silver.dim_products")
	if len(products.Columns) != 2 || products.Key != nil || products.Unique || products.Columns[0].Doc != "ours" {
		t.Errorf("%+v", products)
	}
	for _, k := range constraintsOf(tablesIn(t, dir)) {
		if k.table.Name == "dim_products" || k.name == "fact_sales_product_id_fk" {
			t.Errorf("a key %s", k.name)
		}
	}
}

// A table that no declaration knows is registered with what its files say.
func TestUnknownTable(t *testing.T) {
	dir := lakeOf(t, Parquet)
	own, err := pipeline.NewTable("gold.sales_by_city", "", nil, []pipeline.Column{{Name: "city", Type: pipeline.CodeType, Nullable: true}, {Name: "email", Type: pipeline.StringType}, {Name: "revenue", Type: pipeline.SumType}})
	if err != nil {
		t.Fatal(err)
	}
	writeTable(t, dir, own, Parquet)
	got := named(t, tablesIn(t, dir), "gold.sales_by_city")
	if len(got.Columns) != 3 || got.Columns[2].dataType().text != "decimal(28,4)" || got.Columns[1].PII != "email" || got.Key != nil || got.Doc != "" {
		t.Errorf("%+v", got)
	}
}

func TestTablesRefuses(t *testing.T) {
	refuse := func(dir, want string) {
		t.Helper()
		if _, err := Tables(dir, bucket); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refuse(t.TempDir(), "there are no tables here")

	dir := lakeOf(t, Delta)
	log := filepath.Join(dir, "gold", "regional_sales", "_delta_log")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(log, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("00000000000000000001.json", "{\"metaData\":{\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"tags\\\",\\\"type\\\":{\\\"type\\\":\\\"array\\\",\\\"elementType\\\":\\\"string\\\",\\\"containsNull\\\":true},\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\"}}\n")
	refuse(dir, `column "tags": smelt registers no column of this type`)
	write("00000000000000000001.json", "{\"metaData\":{\"schemaString\":\"{\"}}\n")
	refuse(dir, "cannot be replayed: the table's schema")
	write("00000000000000000001.json", "{\"add\":")
	refuse(dir, "00000000000000000001.json: is damaged: line 1")
}

func TestTypes(t *testing.T) {
	for _, p := range plainTypes {
		if back, ok := typeNamed(p.json); !ok || !arrow.TypeEqual(back, p.arrow) {
			t.Errorf("%s: %v", p.json, back)
		}
	}
	if d, ok := typeNamed("decimal(38, 10)"); !ok || d.String() != "decimal(38, 10)" {
		t.Error(d)
	}
	for _, bad := range []string{"decimal(39,2)", "decimal(2,3)", "decimal", "", "varchar(3)"} {
		if got, ok := typeNamed(bad); ok {
			t.Errorf("%q is %v", bad, got)
		}
	}
	for _, bad := range []arrow.DataType{arrow.PrimitiveTypes.Uint64, arrow.FixedWidthTypes.Time64us, arrow.ListOf(arrow.BinaryTypes.String), &arrow.Decimal256Type{Precision: 40}} {
		table := Table{Layer: "gold", Name: "x", Columns: []Column{{Name: "c", Type: bad}}}
		if err := table.check(); err == nil || !strings.Contains(err.Error(), "gold.x.c: no catalog has this type") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestLocation(t *testing.T) {
	for in, want := range map[string]string{
		"s3://shop/lake/": "s3://shop/lake", "abfss://c@a.dfs.core.windows.net/lake": "abfss://c@a.dfs.core.windows.net/lake",
		"dbfs:/lake": "dbfs:/lake", "file:/data/la%20ke": "file:///data/la%20ke",
	} {
		if got, err := CheckLocation(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"lake": "no URI", "/data/lake": "no URI", "": "empty", "/Volumes/main/raw/lake": "volume", "s3://b/my lake": "%20", "s3://b/lake?sig=x": "? or #", "s3://u@b/lake": "a user",
	} {
		if _, err := CheckLocation(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
	if _, err := CheckLocation("abfss://c:hunter2@a/lake"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	if got, err := FileLocation("/data/my lake"); err != nil || got != "file:///data/my%20lake" {
		t.Error(got, err)
	}
	if !sameLocation("file:/a/b/", "file:///a/b") || sameLocation("s3://a/b", "s3://a/B") {
		t.Error("sameLocation")
	}
}
