package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	. "github.com/smeltdata/smelt/pipeline"
)

// Product is one row of dim_products.
type Product struct {
	ProductID   string          `col:"product_id" doc:"The shop's key of the product." from:"bronze.products.product_id identity:silver.fact_sales.product_id" check:"not_null unique"`
	ProductName Null[string]    `col:"product_name" doc:"Name of the product." from:"bronze.products.product_name"`
	Category    Code            `col:"category" doc:"Category, one spelling per value; Uncategorized when missing." from:"bronze.products.category" check:"not_null"`
	Subcategory Null[Code]      `col:"subcategory" doc:"Subcategory, one spelling per value." from:"bronze.products.subcategory"`
	Brand       Null[Code]      `col:"brand" doc:"Brand, one spelling per value." from:"bronze.products.brand"`
	UnitCost    Null[Price]     `col:"unit_cost" doc:"What one unit costs the shop; NULL when negative." from:"bronze.products.unit_cost"`
	UnitPrice   Null[Price]     `col:"unit_price" doc:"List price of one unit; NULL when negative." from:"bronze.products.unit_price"`
	IsInferred  bool            `col:"is_inferred" doc:"True where no products file has the key and only a sale names it." from:"join:bronze.products.product_id" check:"not_null"`
	UpdatedAt   Null[Timestamp] `col:"updated_at" doc:"When the record last changed." from:"identity:bronze.products.updated_at"`
}

// DimProducts is the table silver.dim_products.
var DimProducts = Declare[Product]("silver.dim_products", "One row per product: the latest record wins.", "product_id").
	WithRows("group_by:bronze.products.product_id", "sort:bronze.products.updated_at",
		"sort:bronze.products._source_file", "sort:bronze.products._source_row", "join:silver.fact_sales.product_id")

// uncategorized is the category of products without one.
const uncategorized = "Uncategorized"

// productSpec is how records of bronze.products become products.
var productSpec = dimensionSpec{
	bronze: bronze.Products.Table, key: "product_id",
	texts:   []textColumn{{name: "product_name"}, {name: "category"}, {name: "subcategory"}, {name: "brand"}},
	numbers: []numberColumn{{name: "updated_at"}, {name: "unit_cost", positive: true}, {name: "unit_price", positive: true}},
	latest:  []int{0},
}

// DimProducts hands the products to write, as DimCustomers does the customers.
func (m *Model) DimProducts(mem memory.Allocator, write func(arrow.Record) error) error {
	return m.productOutput(mem).each(write)
}

// Products returns one batch of all products, as Customers does of the
// customers.
func (m *Model) Products(mem memory.Allocator, columns ...string) (arrow.Record, error) {
	return m.productOutput(mem).only(columns)
}

func (m *Model) productOutput(mem memory.Allocator) *output {
	o := m.products.newOutput(mem, DimProducts.Table)
	o.code = func(column string, text []byte) []byte {
		if column == "category" && len(text) == 0 {
			return []byte(uncategorized)
		}
		return text
	}
	return o
}
