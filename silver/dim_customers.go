package silver

import . "github.com/smeltdata/smelt/pipeline"

// Customer is one row of dim_customers.
type Customer struct {
	CustomerID  string          `col:"customer_id" doc:"The shop's key of the customer." from:"bronze.customers.customer_id bronze.sales.customer_id" check:"not_null unique"`
	FirstName   Null[string]    `col:"first_name" doc:"Given name." from:"bronze.customers.first_name"`
	LastName    Null[string]    `col:"last_name" doc:"Family name." from:"bronze.customers.last_name"`
	FullName    Null[string]    `col:"full_name" doc:"Whole name: as given, else first and last name." from:"bronze.customers.full_name bronze.customers.first_name bronze.customers.last_name"`
	Email       Null[string]    `col:"email" doc:"E-mail address in lower case; NULL unless it looks like one." from:"bronze.customers.email"`
	Phone       Null[string]    `col:"phone" doc:"Telephone number: digits, with a leading + where given." from:"bronze.customers.phone"`
	Gender      Null[Code]      `col:"gender" doc:"Gender, as the shop writes it." from:"bronze.customers.gender"`
	BirthDate   Null[Date]      `col:"birth_date" doc:"Date of birth; NULL when after the newest order." from:"bronze.customers.birth_date silver.fact_sales.order_date"`
	Address     Null[string]    `col:"address" doc:"Street and number." from:"bronze.customers.address"`
	City        Null[Code]      `col:"city" doc:"City." from:"bronze.customers.city"`
	State       Null[Code]      `col:"state" doc:"State, province or region." from:"bronze.customers.state"`
	PostalCode  Null[string]    `col:"postal_code" doc:"Postal code." from:"bronze.customers.postal_code"`
	Country     Null[Code]      `col:"country" doc:"English name of the country (Unicode CLDR); an unknown spelling as it stands." from:"bronze.customers.country"`
	CountryCode Null[Code]      `col:"country_code" doc:"ISO 3166-1 alpha-2 code of the country; NULL for an unknown spelling." from:"bronze.customers.country"`
	Segment     Null[Code]      `col:"segment" doc:"The shop's own customer segment." from:"bronze.customers.segment"`
	SignupDate  Null[Date]      `col:"signup_date" doc:"Day the customer registered." from:"bronze.customers.signup_date"`
	IsInferred  bool            `col:"is_inferred" doc:"True where no customers file has the key and only a sale names it." from:"silver.fact_sales.customer_id" check:"not_null"`
	UpdatedAt   Null[Timestamp] `col:"updated_at" doc:"When the record last changed." from:"bronze.customers.updated_at"`
}

// DimCustomers is the table silver.dim_customers.
var DimCustomers = Declare[Customer]("silver.dim_customers", "One row per customer: the latest record wins.", "customer_id")
