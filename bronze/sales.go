package bronze

import . "github.com/smeltdata/smelt/pipeline"

// Sale is one record of a sales or returns file.
type Sale struct {
	OrderID         Null[string]    `col:"order_id" doc:"Order that the line belongs to."`
	LineNumber      Null[int32]     `col:"line_number" doc:"Number of the line in its order."`
	LineType        Null[Code]      `col:"line_type" doc:"What kind of line it is, as the shop writes it."`
	Status          Null[Code]      `col:"status" doc:"Status of the order or line, as the shop writes it."`
	OrderedAt       Null[Timestamp] `col:"ordered_at" doc:"When it was ordered."`
	ReturnedAt      Null[Timestamp] `col:"returned_at" doc:"When it was returned."`
	CustomerID      Null[Code]      `col:"customer_id" doc:"Who bought; NULL for a guest."`
	ProductID       Null[Code]      `col:"product_id" doc:"What was bought."`
	Quantity        Null[int64]     `col:"quantity" doc:"Units; negative where the shop books returns that way."`
	UnitPrice       Null[Price]     `col:"unit_price" doc:"Price of one unit before discount."`
	LineAmount      Null[Price]     `col:"line_amount" doc:"Amount of the line, net of discount."`
	DiscountRate    Null[Rate]      `col:"discount_rate" doc:"Discount as a fraction: 0.1 is ten per cent."`
	DiscountAmount  Null[Price]     `col:"discount_amount" doc:"Discount on the line as an amount."`
	TaxAmount       Null[Price]     `col:"tax_amount" doc:"Tax on the line, kept apart from sales."`
	Currency        Null[Code]      `col:"currency" doc:"Currency of the amounts."`
	Channel         Null[Code]      `col:"channel" doc:"Sales channel."`
	PaymentMethod   Null[Code]      `col:"payment_method" doc:"Payment method."`
	City            Null[Code]      `col:"city" doc:"City that it was sold to."`
	State           Null[Code]      `col:"state" doc:"State, province or region that it was sold to."`
	PostalCode      Null[Code]      `col:"postal_code" doc:"Postal code that it was sold to."`
	Country         Null[Code]      `col:"country" doc:"Country that it was sold to, as the shop writes it."`
	OriginalOrderID Null[string]    `col:"original_order_id" doc:"On a return: the order that it gives back."`
	UpdatedAt       Null[Timestamp] `col:"updated_at" doc:"When the record last changed: the latest wins."`
	SourceFile      Code            `col:"_source_file" doc:"File that the record came from, relative to the data folder." check:"not_null"`
	SourceRow       int64           `col:"_source_row" doc:"1-based number of the record in its file." check:"not_null"`
	BatchID         Code            `col:"_batch_id" doc:"Identifies the input of the run: the same input gives the same id." check:"not_null"`
	RescuedData     Null[string]    `col:"_rescued_data" doc:"JSON object of the source values that could not be cast; the column itself is NULL then." pii:"possible"`
}

// Sales is the table bronze.sales.
var Sales = Declare[Sale]("bronze.sales", "Sales and return records as they are, one row per record.", "_source_file", "_source_row")
