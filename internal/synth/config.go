package synth

import (
	"fmt"
	"strconv"
	"strings"
)

// configMark is how the smelt.yml of a sample shop begins.
const configMark = "# A sample shop, made by smelt"

// configText is the shop's smelt.yml: a mapping to read and to start one's own from.
func configText(o Options) string {
	messy := strconv.FormatFloat(o.Messy, 'g', -1, 64)
	if o.Shuffle {
		messy += " --shuffle"
	}
	return strings.NewReplacer("{rows}", fmt.Sprint(o.Rows), "{seed}", fmt.Sprint(o.Seed), "{messy}", messy).Replace(config)
}

const config = configMark + ` (smelt generate --rows {rows} --seed {seed} --messy {messy}).
# It says which file fills which table, and which column is which. On the left
# of a colon is smelt's name of a column, on the right the name in your file.

output: lake          # where the tables go, beside this file
timezone: UTC         # of times that carry no offset, and of the calendar day of an order

sources:
  - table: customers
    files: customers.csv
    columns:
      customer_id: customer_id
      first_name: first_name
      last_name: last_name
      email: email
      phone: phone
      gender: gender
      birth_date: {from: birth_date, dates: ["%Y-%m-%d", "%d/%m/%Y"]}    # tried in order
      address: address
      city: city
      state: state
      postal_code: postal_code
      country: country
      segment: segment
      signup_date: {from: signup_date, dates: ["%Y-%m-%d", "%d/%m/%Y"]}
      updated_at: updated_at                                             # the latest record of a customer wins

  - table: products
    files: products.csv
    number: {currency: true, thousands: ","}                             # $1,299.00 is 1299
    columns:
      product_id: product_id
      product_name: product_name
      category: category
      subcategory: subcategory
      brand: brand
      unit_cost: unit_cost
      unit_price: unit_price
      currency: currency
      updated_at: updated_at

  - table: sales
    files: sales_*.csv                                                   # a file for each year
    columns:
      order_id: order_id
      line_number: line_number
      line_type: line_type
      status: status
      ordered_at: ordered_at
      customer_id: customer_id                                           # empty: a guest
      product_id: product_id
      quantity: quantity                                                 # below 0: a return
      unit_price: {from: unit_price, number: {currency: true, thousands: ","}}
      discount_rate: discount_rate                                       # 0.1 is ten per cent
      tax_amount: tax_amount
      channel: channel
      payment_method: payment_method
      country: country
      state: state
      original_order_id: original_order_id
      updated_at: updated_at

returns:
  values: [return]                     # a line whose line_type is one of these is a return
  statuses: [returned, cancelled]      # a sale with one of these statuses came back

dates:                                 # orders outside these days go to silver.quarantine
  from: 2020-01-01
  to: 2029-12-31

checks:                                # besides those that every shop has; where one fails, nothing is published
  - {table: silver.fact_sales, kind: range, columns: unit_price, max: 2400, doc: No product costs more.}
  - {table: silver.fact_sales, kind: accepted_values, columns: channel, values: [web, store, phone, marketplace], severity: warn}
`
