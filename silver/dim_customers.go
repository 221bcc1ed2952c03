package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	. "github.com/smeltdata/smelt/pipeline"
)

// Customer is one row of dim_customers.
type Customer struct {
	CustomerID  string          `col:"customer_id" doc:"The shop's key of the customer." from:"bronze.customers.customer_id identity:silver.fact_sales.customer_id" check:"not_null unique"`
	FirstName   Null[string]    `col:"first_name" doc:"Given name." from:"bronze.customers.first_name" pii:"name"`
	LastName    Null[string]    `col:"last_name" doc:"Family name." from:"bronze.customers.last_name" pii:"name"`
	FullName    Null[string]    `col:"full_name" doc:"Whole name: as given, else first and last name." from:"bronze.customers.full_name bronze.customers.first_name bronze.customers.last_name" pii:"name"`
	Email       Null[string]    `col:"email" doc:"E-mail address in lower case; NULL unless it looks like one." from:"bronze.customers.email" pii:"email"`
	Phone       Null[string]    `col:"phone" doc:"Telephone number: digits, with a leading + where given." from:"bronze.customers.phone" pii:"phone"`
	Gender      Null[Code]      `col:"gender" doc:"Gender, as the shop writes it." from:"bronze.customers.gender"`
	BirthDate   Null[Date]      `col:"birth_date" doc:"Date of birth; NULL when after the newest order." from:"bronze.customers.birth_date filter:silver.fact_sales.order_date" pii:"birth_date"`
	Address     Null[string]    `col:"address" doc:"Street and number." from:"bronze.customers.address" pii:"address"`
	City        Null[Code]      `col:"city" doc:"City." from:"bronze.customers.city"`
	State       Null[Code]      `col:"state" doc:"State, province or region." from:"bronze.customers.state"`
	PostalCode  Null[string]    `col:"postal_code" doc:"Postal code." from:"bronze.customers.postal_code"`
	Country     Null[Code]      `col:"country" doc:"English name of the country (Unicode CLDR); an unknown spelling as it stands." from:"bronze.customers.country"`
	CountryCode Null[Code]      `col:"country_code" doc:"ISO 3166-1 alpha-2 code of the country; NULL for an unknown spelling." from:"bronze.customers.country"`
	Segment     Null[Code]      `col:"segment" doc:"The shop's own customer segment." from:"bronze.customers.segment"`
	SignupDate  Null[Date]      `col:"signup_date" doc:"Day the customer registered." from:"identity:bronze.customers.signup_date"`
	IsInferred  bool            `col:"is_inferred" doc:"True where no customers file has the key and only a sale names it." from:"join:bronze.customers.customer_id" check:"not_null"`
	UpdatedAt   Null[Timestamp] `col:"updated_at" doc:"When the record last changed." from:"identity:bronze.customers.updated_at"`
}

// DimCustomers is the table silver.dim_customers.
var DimCustomers = Declare[Customer]("silver.dim_customers", "One row per customer: the latest record wins.", "customer_id").
	WithRows("group_by:bronze.customers.customer_id", "sort:bronze.customers.updated_at", "sort:bronze.customers.signup_date",
		"sort:bronze.customers._source_file", "sort:bronze.customers._source_row", "join:silver.fact_sales.customer_id")

// customerSpec is how records of bronze.customers become customers.
var customerSpec = dimensionSpec{
	bronze: bronze.Customers.Table, key: "customer_id",
	texts: []textColumn{
		{name: "first_name"}, {name: "last_name"}, {name: "full_name"},
		{name: "email", rule: appendEmail}, {name: "phone", rule: appendPhone}, {name: "gender"},
		{name: "address"}, {name: "city"}, {name: "state"}, {name: "postal_code"},
		{name: "country", rule: appendCountry}, {name: "segment"},
	},
	numbers: []numberColumn{{name: "updated_at"}, {name: "signup_date"}, {name: "birth_date"}},
	latest:  []int{0, 1},
}

// DimCustomers hands the customers to write, ascending by key in byte order, in
// batches that are lent. Finish comes first.
func (m *Model) DimCustomers(mem memory.Allocator, write func(arrow.Record) error) error {
	return m.customerOutput(mem).each(write)
}

// Customers returns one batch of all customers, in the order of DimCustomers,
// with the key and the named columns in the order of the table. The caller
// releases it.
func (m *Model) Customers(mem memory.Allocator, columns ...string) (arrow.Record, error) {
	return m.customerOutput(mem).only(columns)
}

func (m *Model) customerOutput(mem memory.Allocator) *output {
	o := m.customers.newOutput(mem, DimCustomers.Table)
	first, last, full := o.spec.text("first_name"), o.spec.text("last_name"), o.spec.text("full_name")
	var name, key []byte
	o.texts = func(texts [][]byte) {
		if len(texts[full]) > 0 {
			return
		}
		name = append(name[:0], texts[first]...)
		if v := texts[last]; len(v) > 0 {
			if len(name) > 0 {
				name = append(name, ' ')
			}
			name = append(name, v...)
		}
		texts[full] = name
	}
	o.from = map[string]string{"country_code": "country"}
	o.code = func(column string, text []byte) []byte {
		if column != "country_code" {
			return text
		}
		var c countryName
		c, _, key = lookupCountry(text, key)
		return []byte(c.code)
	}
	o.number = func(column string, number int64) int64 {
		if column == "birth_date" && m.newest != minDay && number > int64(m.newest) {
			return null
		}
		return number
	}
	return o
}
