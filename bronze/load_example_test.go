package bronze_test

import (
	"fmt"

	"github.com/smeltdata/smelt/bronze"
)

func ExampleParseMapping() {
	m, err := bronze.ParseMapping("smelt.yml", []byte(`
timezone: Europe/Berlin
sources:
  - table: sales
    files: sales_*.csv
    columns:
      order_id: {template: "{Store}-{Receipt}"}
      ordered_at: {from: Date, dates: ["%d.%m.%Y"]}
      product_id: SKU
      quantity: {value: 1}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range m.Sources[0].Columns {
		fmt.Println(c.Column)
	}
	// Output:
	// order_id
	// ordered_at
	// product_id
	// quantity
}

func ExampleParseMapping_error() {
	_, err := bronze.ParseMapping("smelt.yml", []byte(`
sources:
  - table: products
    files: products.csv
    columns: {prodct_id: SKU}
`))
	fmt.Println(err)
	// Output:
	// smelt.yml:5:15: bronze.products has no column "prodct_id" to map
	//   did you mean "product_id"?
}

func ExampleMapping_Check() {
	m := &bronze.Mapping{Dir: "data", Sources: []bronze.SourceSpec{{
		Table: "products", Files: []string{"products.csv"},
		Columns: []bronze.ColumnSpec{{Column: "product_id", From: []string{"SKU"}}},
	}}}
	fmt.Println(m.Check(), m.Output, m.Location)
	// Output: <nil> lake UTC
}

func ExampleParseExpr() {
	lookups := map[string]bronze.LookupSpec{"category": {}, "subcategory": {}}
	e, err := bronze.ParseExpr("category[subcategory[SubKey].CatKey].Name", lookups)
	fmt.Println(e.Lookup, e.Key, e.Column, e.Source(), err)
	// Output: category subcategory[SubKey].CatKey Name SubKey <nil>
}
