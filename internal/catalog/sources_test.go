package catalog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

const several = `
lookups:
  country: {files: ref/countries.csv, key: Code}
  area: {files: "ref/*.csv", key: Id}
sources:
  - {table: customers, files: customers.csv, columns: {customer_id: Id, email: Mail, full_name: {template: "{First} {Last}"}, country: "country[area[Area].Code].Name"}}
  - {table: sales, files: a.csv, columns: {order_id: Order, ordered_at: Date, product_id: Product, quantity: {from: [Qty, Pieces]}, channel: {value: web}}}
  - {table: sales, files: b.csv, header: false, names: [o, d, p, q, more], columns: {order_id: o, ordered_at: d, product_id: p, quantity: q}}
returns:
  orders:
    - {files: back.csv, columns: {order_id: Order}}
`

func TestSources(t *testing.T) {
	m, err := bronze.ParseMapping("smelt.yml", []byte(several))
	if err != nil {
		t.Fatal(err)
	}
	m.Dir = t.TempDir()
	for _, name := range []string{"ref/countries.csv", "b.csv"} {
		path := filepath.Join(m.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("12345"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	report := &pipeline.Report{Sources: []pipeline.SourceReport{
		{Table: "sales", Source: 1, File: "a.csv", Size: 7, Records: 3, Rejected: 1, Unmapped: []string{"Note", "", "Qty"}},
		{Table: "sales", Source: 2, File: "b.csv", Size: 5, Records: 4},
		{Table: "sales", Source: 0, File: "of an older smelt.yml", Size: 1},
	}}
	var got []string
	for _, s := range sources(m, report) {
		line := s.Name + " (" + s.Table + "): " + strings.Join(s.Columns, " ")
		for _, f := range s.Files {
			line += "; " + f.Name
			if !f.Modified.IsZero() {
				line += " is there"
			}
		}
		got = append(got, line)
	}
	want := []string{
		"source.customers (customers): Id First Last Mail Area",
		"source.sales (sales): Order Date Product Qty Pieces Note; a.csv; of an older smelt.yml",
		"source.sales_2 (sales): o d p q more; b.csv is there",
		"source.lookup.area (): Id Code; ref/countries.csv is there",
		"source.lookup.country (): Code Name; ref/countries.csv is there",
		"source.returned_orders (): Order",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// Of a lake alone the report's.
	alone := sources(nil, report)
	if len(alone) != 3 || alone[0].Name != "source.sales" || alone[1].Name != "source.sales_2" || alone[0].Files[0].Records != 3 || alone[0].Files[0].Rejected != 1 || len(alone[0].Columns) != 0 {
		t.Errorf("%+v", alone)
	}
}
