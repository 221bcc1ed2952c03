package silver

import (
	"slices"

	. "github.com/smeltdata/smelt/pipeline"
)

// FactSale is one order line, or one return.
type FactSale struct {
	OrderID         string          `col:"order_id" doc:"Order that the line belongs to; return-<file>-<record> on a return without one." from:"bronze.sales.order_id bronze.sales._source_file bronze.sales._source_row" check:"not_null" sought:"yes"`
	LineNumber      Null[int32]     `col:"line_number" doc:"Number of the line in its order, as given." from:"identity:bronze.sales.line_number"`
	LineType        Code            `col:"line_type" doc:"sale or return." from:"bronze.sales.line_type bronze.sales.quantity bronze.sales.line_amount bronze.sales.order_id filter:bronze.sales.status filter:bronze.sales.returned_at" check:"not_null accepted_values=sale|return"`
	OrderedAt       Timestamp       `col:"ordered_at" doc:"When it was ordered; on a return, when it was returned where known." from:"bronze.sales.ordered_at bronze.sales.returned_at filter:silver.fact_sales.line_type" check:"not_null"`
	OrderDate       Date            `col:"order_date" doc:"Calendar day of ordered_at in the shop's time zone." from:"bronze.sales.ordered_at bronze.sales.returned_at filter:silver.fact_sales.line_type" check:"not_null"`
	CustomerID      Null[Code]      `col:"customer_id" doc:"Who bought; NULL for a guest." from:"bronze.sales.customer_id" check:"relationships=silver.dim_customers.customer_id"`
	ProductID       Code            `col:"product_id" doc:"What was bought." from:"bronze.sales.product_id" check:"not_null relationships=silver.dim_products.product_id"`
	Quantity        int64           `col:"quantity" doc:"Units, signed: negative on a return." from:"bronze.sales.quantity silver.fact_sales.line_type" check:"not_null"`
	UnitPrice       Price           `col:"unit_price" doc:"Price of one unit before discount: the line's own, else from line_amount, else the product's." from:"bronze.sales.unit_price bronze.sales.line_amount bronze.sales.quantity bronze.sales.discount_rate silver.dim_products.unit_price join:silver.fact_sales.product_id" check:"not_null"`
	DiscountAmount  Price           `col:"discount_amount" doc:"max(0, |quantity| × unit_price − net)." from:"bronze.sales.quantity silver.fact_sales.unit_price bronze.sales.line_amount bronze.sales.discount_rate bronze.sales.discount_amount" check:"not_null"`
	TaxAmount       Null[Price]     `col:"tax_amount" doc:"Tax on the line; not part of sales." from:"identity:bronze.sales.tax_amount"`
	Sales           Price           `col:"sales" doc:"Net amount sold; 0 on a return." from:"bronze.sales.line_amount bronze.sales.quantity silver.fact_sales.unit_price bronze.sales.discount_rate bronze.sales.discount_amount filter:silver.fact_sales.line_type" check:"not_null"`
	Returns         Price           `col:"returns" doc:"Net amount returned, positive; 0 on a sale." from:"bronze.sales.line_amount bronze.sales.quantity silver.fact_sales.unit_price bronze.sales.discount_rate bronze.sales.discount_amount filter:silver.fact_sales.line_type" check:"not_null"`
	Revenue         Price           `col:"revenue" doc:"sales − returns: negative on a return." from:"silver.fact_sales.sales silver.fact_sales.returns" check:"not_null"`
	Cost            Null[Price]     `col:"cost" doc:"quantity × the product's unit_cost; NULL where that is unknown." from:"silver.fact_sales.quantity silver.dim_products.unit_cost join:silver.fact_sales.product_id"`
	Margin          Null[Price]     `col:"margin" doc:"revenue − cost." from:"silver.fact_sales.revenue silver.fact_sales.cost"`
	Category        Code            `col:"category" doc:"The product's category." from:"identity:silver.dim_products.category join:silver.fact_sales.product_id" check:"not_null"`
	Country         Code            `col:"country" doc:"Country sold to: the line's own, else the customer's, else Unknown." from:"bronze.sales.country identity:silver.dim_customers.country join:silver.fact_sales.customer_id" check:"not_null"`
	CountryCode     Null[Code]      `col:"country_code" doc:"ISO 3166-1 alpha-2 code of country." from:"silver.fact_sales.country"`
	State           Code            `col:"state" doc:"State sold to: the line's own, else the customer's where the country agrees, else Unknown." from:"bronze.sales.state identity:silver.dim_customers.state join:silver.fact_sales.customer_id filter:silver.fact_sales.country filter:silver.dim_customers.country" check:"not_null"`
	City            Null[Code]      `col:"city" doc:"City sold to: the line's own, else the customer's where the country agrees." from:"bronze.sales.city identity:silver.dim_customers.city join:silver.fact_sales.customer_id filter:silver.fact_sales.country filter:silver.dim_customers.country"`
	Channel         Null[Code]      `col:"channel" doc:"Sales channel." from:"bronze.sales.channel"`
	PaymentMethod   Null[Code]      `col:"payment_method" doc:"Payment method." from:"bronze.sales.payment_method"`
	Currency        Null[Code]      `col:"currency" doc:"Currency of the amounts; NULL is the shop's own." from:"bronze.sales.currency"`
	OriginalOrderID Null[string]    `col:"original_order_id" doc:"On a return: the order that it gives back." from:"bronze.sales.original_order_id"`
	UpdatedAt       Null[Timestamp] `col:"updated_at" doc:"When the record last changed." from:"identity:bronze.sales.updated_at"`
	SourceFile      Code            `col:"_source_file" doc:"File that the line came from." from:"identity:bronze.sales._source_file" check:"not_null"`
	SourceRow       int64           `col:"_source_row" doc:"1-based number of the record in its file." from:"identity:bronze.sales._source_row" check:"not_null"`
}

// FactSales is the table silver.fact_sales.
var FactSales = Declare[FactSale]("silver.fact_sales", "One row per order line, and one per return; a return's revenue is negative.", "_source_file", "_source_row", "line_type").
	WithRows(slices.Concat(usableBy, []string{"filter:bronze.sales.status",
		"group_by:bronze.sales.order_id", "group_by:bronze.sales.line_number", "group_by:silver.fact_sales.line_type",
		"sort:bronze.sales.updated_at", "sort:bronze.sales._source_file", "sort:bronze.sales._source_row"})...)

// usableBy is what decides whether a line can be used: the reasons of the
// quarantine are made of it.
var usableBy = []string{"filter:bronze.sales.order_id", "filter:bronze.sales.product_id", "filter:bronze.sales.quantity",
	"filter:bronze.sales.ordered_at", "filter:bronze.sales.returned_at", "filter:bronze.sales.line_type", "filter:bronze.sales.unit_price",
	"filter:bronze.sales.line_amount", "filter:bronze.sales.discount_rate", "filter:bronze.sales.discount_amount", "filter:bronze.sales.currency",
	"filter:silver.dim_products.unit_price", "filter:silver.dim_products.unit_cost"}
