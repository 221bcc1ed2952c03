package bronze

import . "github.com/smeltdata/smelt/pipeline"

// Product is one record of a products file.
type Product struct {
	ProductID   Null[string]    `col:"product_id" doc:"The shop's key of the product."`
	ProductName Null[string]    `col:"product_name" doc:"Name of the product."`
	Category    Null[Code]      `col:"category" doc:"Category."`
	Subcategory Null[Code]      `col:"subcategory" doc:"Subcategory."`
	Brand       Null[Code]      `col:"brand" doc:"Brand or manufacturer."`
	UnitCost    Null[Price]     `col:"unit_cost" doc:"What one unit costs the shop, in the shop's currency."`
	UnitPrice   Null[Price]     `col:"unit_price" doc:"List price of one unit, in the shop's currency."`
	Currency    Null[Code]      `col:"currency" doc:"Currency of cost and price."`
	UpdatedAt   Null[Timestamp] `col:"updated_at" doc:"When the record last changed: the latest wins."`
	SourceFile  Code            `col:"_source_file" doc:"File that the record came from, relative to the data folder." check:"not_null"`
	SourceRow   int64           `col:"_source_row" doc:"1-based number of the record in its file." check:"not_null"`
	BatchID     Code            `col:"_batch_id" doc:"Identifies the input of the run: the same input gives the same id." check:"not_null"`
	RescuedData Null[string]    `col:"_rescued_data" doc:"JSON object of the source values that could not be cast; the column itself is NULL then."`
}

// Products is the table bronze.products.
var Products = Declare[Product]("bronze.products", "Product records as they are, one row per record.", "_source_file", "_source_row")
