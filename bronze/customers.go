package bronze

import . "github.com/smeltdata/smelt/pipeline"

// Customer is one record of a customers file.
type Customer struct {
	CustomerID  Null[string]    `col:"customer_id" doc:"The shop's key of the customer."`
	FirstName   Null[string]    `col:"first_name" doc:"Given name." pii:"name"`
	LastName    Null[string]    `col:"last_name" doc:"Family name." pii:"name"`
	FullName    Null[string]    `col:"full_name" doc:"Whole name, where the shop keeps it in one field." pii:"name"`
	Email       Null[string]    `col:"email" doc:"E-mail address." pii:"email"`
	Phone       Null[string]    `col:"phone" doc:"Telephone number." pii:"phone"`
	Gender      Null[Code]      `col:"gender" doc:"Gender, as the shop writes it."`
	BirthDate   Null[Date]      `col:"birth_date" doc:"Date of birth." pii:"birth_date"`
	Address     Null[string]    `col:"address" doc:"Street and number." pii:"address"`
	City        Null[Code]      `col:"city" doc:"City."`
	State       Null[Code]      `col:"state" doc:"State, province or region."`
	PostalCode  Null[string]    `col:"postal_code" doc:"Postal code."`
	Country     Null[Code]      `col:"country" doc:"Country, as the shop writes it."`
	Segment     Null[Code]      `col:"segment" doc:"The shop's own customer segment."`
	SignupDate  Null[Date]      `col:"signup_date" doc:"Day the customer registered."`
	UpdatedAt   Null[Timestamp] `col:"updated_at" doc:"When the record last changed: the latest wins."`
	SourceFile  Code            `col:"_source_file" doc:"File that the record came from, relative to the data folder." check:"not_null"`
	SourceRow   int64           `col:"_source_row" doc:"1-based number of the record in its file." check:"not_null"`
	BatchID     Code            `col:"_batch_id" doc:"Identifies the input of the run: the same input gives the same id." check:"not_null"`
	RescuedData Null[string]    `col:"_rescued_data" doc:"JSON object of the source values that could not be cast; the column itself is NULL then." pii:"possible"`
}

// Customers is the table bronze.customers.
var Customers = Declare[Customer]("bronze.customers", "Customer records as they are, one row per record.", "_source_file", "_source_row")
