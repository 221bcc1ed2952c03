package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	. "github.com/smeltdata/smelt/pipeline"
)

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

// DimCustomers returns the customers, ascending by key in byte order; the
// caller releases them. Finish comes first.
func (m *Model) DimCustomers(mem memory.Allocator) (arrow.Record, error) {
	o := m.customers.output(mem)
	first, last, full := o.text("first_name"), o.text("last_name"), o.text("full_name")
	var name []byte
	fullName := func(row int) []byte {
		if v := full(row); len(v) > 0 {
			return v
		}
		name = append(name[:0], first(row)...)
		if v := last(row); len(v) > 0 {
			if len(name) > 0 {
				name = append(name, ' ')
			}
			name = append(name, v...)
		}
		return name
	}
	births := o.number("birth_date")
	for i, day := range births {
		if day != null && m.newest != minDay && day > int64(m.newest) {
			births[i] = null
		}
	}
	var key []byte
	countryCode := func(country []byte) []byte {
		var c countryName
		c, _, key = lookupCountry(country, key)
		return []byte(c.code)
	}
	return o.record(DimCustomers.Table, []arrow.Array{
		o.strings(o.key), o.strings(first), o.strings(last), o.strings(fullName),
		o.strings(o.text("email")), o.strings(o.text("phone")), o.codes("gender", nil), datesArray(o.mem, births),
		o.strings(o.text("address")), o.codes("city", nil), o.codes("state", nil), o.strings(o.text("postal_code")),
		o.codes("country", nil), o.codes("country", countryCode), o.codes("segment", nil), datesArray(o.mem, o.number("signup_date")),
		o.isInferred(), longsArray(o.mem, TimestampType, o.number("updated_at")),
	})
}
