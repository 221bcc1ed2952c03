package models

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// shop loads a smelt.yml, without the silver and gold models of it.
func shop(t *testing.T, yml string, d sql.Dialect) (*Project, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smelt.yml")
	if err := os.WriteFile(path, []byte(yml), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := bronze.LoadMapping(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &Project{Name: "shop", Dialect: d, Mapping: m, Macros: macros()}
	return p, p.bronzeModels()
}

const sales = `
  - table: sales
    files: sales_*.csv
    columns: {order_id: Order, ordered_at: Day, product_id: Sku, quantity: Qty}
`

// What SQL cannot express is refused by name and place, never left out.
func TestBronzeRefuses(t *testing.T) {
	for _, c := range []struct {
		replace, with, want string
		only                sql.Dialect // "" = in both
	}{
		{"sales_*.csv", "sales_*.csv\n    overlap: max", "overlap", ""},
		{"sales_*.csv", `"-"`, "input that is no file", ""},
		{"sales_*.csv", "/sales.csv", "not below the data folder", ""},
		{"sales_*.csv", "../sales.csv", "not below the data folder", ""},
		{"sales_*.csv", "[sales_*.csv, sales_1.csv]", "may match the same file", ""},
		{"sales_*.csv", "[sales_1*.csv, sales_*.csv]", "may match the same file", ""},
		{"sales_*.csv", "sales.zip", "files in zip", ""},
		{"sales_*.csv", "sales.csv.zst", "files in zstd", sql.Spark},
		{"sales_*.csv", "sales.csv\n    skip_footer: 1", "skip_footer", ""},
		{"sales_*.csv", "sales.csv\n    skip_rows: 1", "skip_rows", sql.Spark},
		{"sales_*.csv", "sales.csv\n    header_rows: 2", "a header of several records", ""},
		{"sales_*.csv", "sales.csv\n    comment: '//'", "a comment sign of several characters", ""},
		{"sales_*.csv", "sales.csv\n    encoding: utf-16", "UTF-16", sql.DuckDB},
		{"sales_*.csv", "sales\n    format: delta", "a Delta table as a source", ""},
		{"sales_*.csv", "a.parquet\n    number: {decimal: ','}", "Parquet", ""},
		{"Sku", `"it's"`, "quotes or braces", ""},
		{"Sku", "qty", "differ in case only", ""},
		{"Day", `{from: Day, dates: "%a %d %b %Y"}`, "the date pattern %a %d %b %Y has %a", ""},
		{"Day", `{from: Day, dates: "%z %d.%m.%Y"}`, "an offset", ""},
	} {
		for _, d := range []sql.Dialect{sql.DuckDB, sql.Spark} {
			_, err := shop(t, "sources:"+strings.Replace(sales, c.replace, c.with, 1), d)
			if c.only != "" && c.only != d {
				if err != nil {
					t.Errorf("%s, %s: %v", c.with, d, err)
				}
				continue
			}
			var e *pipeline.Error
			if !errors.As(err, &e) || e.Kind != pipeline.ErrConfig || !strings.Contains(e.Msg, c.want) || e.Line == 0 || e.Hint == "" {
				t.Errorf("%s, %s: %v, not %q", c.with, d, err, c.want)
			}
		}
	}
}

// Records are put in the order of smelt.yml's sources and files, a glob's in natural order.
func TestRecordOrder(t *testing.T) {
	more := strings.NewReplacer("sales_*.csv", "[a+b.csv, 'old/[0-9]?/*.csv']").Replace(sales)
	for d, want := range map[sql.Dialect]string{
		sql.DuckDB: `case when regexp_matches(_source_file, '^sales_[^/]*[.]csv$') then 1 when _source_file = 'a+b.csv' then 2 when regexp_matches(_source_file, '^old/[0-9][^/]/[^/]*[.]csv$') then 3 end`,
		sql.Spark:  `case when _source_file rlike '^sales_[^/]*[.]csv$' then 1 when _source_file = 'a+b.csv' then 2 when _source_file rlike '^old/[0-9][^/]/[^/]*[.]csv$' then 3 end`,
	} {
		p, err := shop(t, "sources:"+sales+more, d)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.recordOrder("sales"); !slices.Equal(got, []string{want, "{{ natural_order('_source_file') }}", "_source_row"}) {
			t.Errorf("%s: %q", d, got)
		}
		if got := p.recordOrder("customers"); !slices.Equal(got, []string{"_source_row"}) {
			t.Errorf("%s: %q", d, got)
		}
	}
}

// Models come after those that they read, and a table that nothing fills is there.
func TestBronzeModels(t *testing.T) {
	p, err := shop(t, "lookups: {place: {files: p.csv, key: Id}}\nsources:"+sales+strings.Replace(sales, "Qty", "Qty, country: \"place[place[Where].Of].Name\"", 1), sql.DuckDB)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range p.Models {
		for _, r := range m.Reads() {
			if !slices.Contains(names, r) {
				t.Errorf("%s reads %s, which is not before it", m.Name, r)
			}
		}
		names = append(names, m.Name)
	}
	if want := []string{"int_lookup_place", "customers", "products", "int_sales_records", "int_sales_2_records", "sales"}; !slices.Equal(names, want) {
		t.Errorf("models %q, not %q", names, want)
	}
	i := slices.IndexFunc(p.Models, func(m *Model) bool { return m.Name == "int_sales_2_records" })
	if text := p.Models[i].SQL; !strings.Contains(text, `lookup_place_2."Name" as country`) || !strings.Contains(text, `on lookup_place_2.key = lookup_place."Of"`) {
		t.Errorf("a lookup in a lookup:\n%s", text)
	}
}
