package models

import (
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/silver"
)

// silverModels adds the models of the layer silver, and the sources and seeds that they read.
func (p *Project) silverModels() error {
	for _, c := range p.Mapping.Checks {
		if c.OnFailure == check.Quarantine {
			return p.cannot(c.Line, c.Col, "the check "+c.ID()+" quarantines", "use on_failure: keep or fail")
		}
	}
	p.Seeds = append(p.Seeds, countrySpellings())
	for _, m := range []*Model{
		{Name: "int_customers", Doc: "The customers that files or sales lines describe, cleaned: the latest record of each."},
		{Name: "int_products", Doc: "The products that files or sales lines describe, cleaned: the latest record of each."},
		{Name: "int_sales_lines", Doc: "Every sales record with clean texts and what it comes to; reason says why silver cannot use it, else it is NULL. An incremental run adds the records that are new.",
			UniqueKey: []string{"_source_file", "_source_row"}, Incremental: newLines},
		{Name: "fact_sales", Table: silver.FactSales.Table, Doc: "One row per order line, and one per return. An incremental run makes the rows of orders with new lines anew; after a change of customers, products or rules, build it with --full-refresh.",
			UniqueKey: silver.FactSales.Key, Incremental: "and order_id in (" + p.touchedOrders() + "\n    )", Before: p.dropTouched()},
		{Name: "dim_customers", Table: silver.DimCustomers.Table, Doc: "One row per customer: the latest record wins."},
		{Name: "dim_products", Table: silver.DimProducts.Table, Doc: "One row per product: the latest record wins."},
		{Name: "quarantine", Table: silver.Quarantine.Table, Doc: "Bronze rows that silver could not use, each with its reason."},
	} {
		m.Layer = "silver"
		sql, err := render("silver/"+m.Name+".sql", p, p.silverFuncs())
		if err != nil {
			return err
		}
		m.SQL = sql
		p.Models = append(p.Models, m)
	}
	return nil
}

// countrySpellings is the seed of the ways to write a country.
func countrySpellings() Seed {
	s := Seed{Name: "country_spellings", Doc: "Every known spelling of a country, as country_key gives it, with the country's English name (Unicode CLDR) and its code (ISO 3166-1 alpha-2).",
		Columns: []string{"spelling_key", "country", "country_code"}}
	for _, row := range silver.CountrySpellings() {
		s.Rows = append(s.Rows, row[:])
	}
	return s
}

// What an incremental run makes of the sales. A record is known by its file and its
// number in it, so files are added, or grow; what stands in a file already is not
// read again. Of an order, each new line may replace another one or be its return:
// all its rows are made anew, and the old ones go first. Should a run end between
// the two, the next one finds lines without a row and makes them.
const newLines = `where not exists (
        select 1 from {{ this }} as known
        where known._source_file = sales._source_file and known._source_row = sales._source_row
    )`

// touchedOrders are the orders that have a line without a row, and those that a
// list names as returned: it does not tell since when.
func (p *Project) touchedOrders() string {
	touched := `
        select line.order_id
        from {{ ref('int_sales_lines') }} as line
        left join {{ this }} as fact
            on fact._source_file = line._source_file and fact._source_row = line._source_row
        where line.reason is null and fact._source_file is null`
	if len(p.Mapping.Rules.ReturnedOrders) > 0 {
		touched += `
        union all
        select {{ clean_text('order_id') }} from {{ ref('int_returned_orders') }}`
	}
	return touched
}

// dropTouched deletes the rows of these orders. A merge does, because Delta's delete
// takes no subquery.
func (p *Project) dropTouched() string {
	return `merge into {{ this }} as fact
using (
    select distinct order_id from (` + p.touchedOrders() + `
    ) as lines
) as touched
on fact.order_id = touched.order_id
when matched then delete`
}
