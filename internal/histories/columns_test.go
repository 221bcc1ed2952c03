package histories

import (
	"fmt"
	"strconv"
	"strings"
)

// customers is a source of customers.
func (s *shop) customers() *source {
	return &source{name: "customers", table: "customers", comma: ",", columns: []column{
		{name: "Id", to: "customer_id", must: true, draw: func(l *line) string { return s.mostly(98, l.customer, "") }},
		{name: "Name", to: "full_name", draw: s.drawn("Ada Byron", "Ada  Byron", "Byron, Ada", "Bo", "")},
		{name: "Mail", to: "email", draw: s.drawn("Ada@Example.org", "bo@example.org", "nobody", "")},
		{name: "Born", to: "birth_date", draw: func(*line) string { return s.mostly(50, "1980-02-29", s.date("2006-01-02", s.day())) }},
		{name: "City", to: "city", draw: s.drawn("Ulm", "Köln", "")},
		{name: "State", to: "state", draw: s.state},
		{name: "Country", to: "country", draw: s.country},
		{name: "Since", to: "signup_date", draw: func(*line) string { return s.mostly(80, s.date("2006-01-02", s.day()), "") }},
		{name: "Changed", to: "updated_at", draw: s.changed},
	}}
}

// products is a source of products.
func (s *shop) products() *source {
	return &source{name: "products", table: "products", comma: ",", columns: []column{
		{name: "Sku", to: "product_id", must: true, draw: func(l *line) string { return s.mostly(98, l.product, "") }},
		{name: "Title", to: "product_name", draw: func(l *line) string { return s.mostly(90, "Thing "+l.product, "") }},
		{name: "Group", to: "category", draw: s.category},
		{name: "Maker", to: "brand", draw: s.drawn("Acme", "ACME", "acme", "Bolt", "")},
		{name: "Cost", to: "unit_cost", draw: s.drawn("1", "2.50", "2.50", "3.3333", "7", "", "-1", "cheap")},
		{name: "Price", to: "unit_price", draw: s.drawn("5", "9.99", "9.99", "12", "", "-5")},
		{name: "Changed", to: "updated_at", draw: s.changed},
	}}
}

// sales is the shop's main source of sales.
func (s *shop) sales(stores bool) *source {
	country := ""
	if stores {
		country = `{from: ["Country", "stores[Store].Country"]}`
	}
	return &source{name: "sales", table: "sales", comma: ",", columns: []column{
		{name: "Order", to: "order_id", must: true, draw: func(l *line) string { return s.mostly(99, fmt.Sprintf("A%d", l.order), "") }},
		{name: "Line", to: "line_number", draw: func(l *line) string { return s.mostly(97, strconv.Itoa(l.number), "") }},
		{name: "Kind", to: "line_type", draw: func(*line) string { return s.mostly(94, "sale", "Return") }},
		{name: "Status", to: "status", draw: func(*line) string { return s.mostly(92, "done", pick(s.random, "", "returned", "Cancelled")) }},
		{name: "Date", to: "ordered_at", must: true, draw: func(l *line) string {
			return s.mostly(97, s.date("2006-01-02", l.day)+pick(s.random, "", " 00:30", " 12:00:00"), pick(s.random, "", "31.31.2023", "1969-12-31"))
		}},
		{name: "Back", to: "returned_at", draw: func(l *line) string { return s.mostly(85, "", s.date("2006-01-02", l.day+s.IntN(9))) }},
		{name: "Customer", to: "customer_id", draw: func(l *line) string { return l.customer }},
		{name: "Sku", to: "product_id", must: true, draw: func(l *line) string { return s.mostly(98, l.product, "") }},
		{name: "Qty", to: "quantity", must: true, draw: s.quantity},
		{name: "Price", to: "unit_price", draw: func(*line) string {
			return s.mostly(93, pick(s.random, "5", "9.99", "12.3456"), pick(s.random, "", "-5", "0", "1.23455", "free"))
		}},
		{name: "Off", to: "discount_rate", draw: func(*line) string { return s.mostly(75, "", pick(s.random, "0.1", "0.25", "1", "1.5")) }},
		{name: "Tax", to: "tax_amount", draw: s.drawn("", "0.19")},
		{name: "Currency", to: "currency", draw: func(*line) string {
			if s.dollars {
				return s.mostly(98, "EUR", "USD")
			}
			return s.mostly(90, "EUR", "")
		}},
		{name: "State", to: "state", draw: s.state},
		{name: "Country", to: "country", from: country, draw: func(l *line) string { return s.mostly(60, "", s.country(l)) }},
		{name: "Store", draw: s.drawn("1", "2", "3", "9", "")},
		{name: "Changed", to: "updated_at", draw: s.changed},
	}}
}

// web is a second source of sales, in another layout, whose lines tell of their
// customers and products. A few of its orders are the shop's.
func (s *shop) web() *source {
	return &source{name: "web", table: "sales", comma: ";", more: []string{"delimiter: semicolon", `number: {decimal: ","}`}, columns: []column{
		{name: "Beleg", to: "order_id", must: true, draw: func(l *line) string { return fmt.Sprintf(s.mostly(90, "W%d", "A%d"), l.order) }},
		{name: "Pos", to: "line_number", draw: func(l *line) string { return strconv.Itoa(l.number) }},
		{name: "Datum", to: "ordered_at", from: `{from: Datum, dates: "%d.%m.%Y"}`, must: true, draw: func(l *line) string { return s.mostly(97, s.date("02.01.2006", l.day), "2023-01-01") }},
		{name: "Kunde", to: "customer_id", must: true, draw: func(l *line) string { return l.customer }},
		{name: "Name", to: "customers.full_name", draw: s.drawn("Ada", "Bo", "")},
		{name: "Land", to: "customers.country", draw: s.country},
		{name: "Artikel", to: "product_id", must: true, draw: func(l *line) string { return l.product }},
		{name: "Titel", to: "products.product_name", draw: s.drawn("Ding", "Dings", "")},
		{name: "Gruppe", to: "products.category", draw: s.category},
		{name: "Menge", to: "quantity", must: true, draw: s.quantity},
		{name: "Betrag", to: "line_amount", draw: s.drawn("10", "9,99", "30,5", "-4", "", "1,00005")},
		{name: "Ort", to: "city", draw: s.drawn("Ulm", "Bonn", "")},
		{name: "Stand", to: "updated_at", draw: s.changed},
	}}
}

// returns is a source of returns without orders of their own.
func (s *shop) returns() *source {
	return &source{name: "returns", table: "sales", comma: ",", more: []string{"kind: returns"}, columns: []column{
		{name: "Date", to: "returned_at", must: true, draw: func(l *line) string { return s.mostly(97, s.date("2006-01-02", l.day+s.IntN(30)), "") }},
		{name: "Customer", to: "customer_id", draw: func(l *line) string { return l.customer }},
		{name: "Sku", to: "product_id", must: true, draw: func(l *line) string { return l.product }},
		{name: "Qty", to: "quantity", must: true, draw: s.quantity},
		{name: "Price", to: "unit_price", draw: s.drawn("5", "9.99", "")},
		{name: "Country", to: "country", draw: func(l *line) string { return s.mostly(60, "", s.country(l)) }},
		{name: "Order", to: "original_order_id", draw: func(l *line) string { return fmt.Sprintf("A%d", l.order) }},
	}}
}

// stores is a lookup of stores, with their countries.
func (s *shop) stores() *source {
	return &source{name: "stores", single: true, comma: ",", more: []string{"lookups:", "  stores: {files: stores.csv, key: Store}"}, columns: []column{
		{name: "Store", draw: func(l *line) string { return strconv.Itoa(l.order) }},
		{name: "Country", draw: s.country},
	}}
}

// returned is a list of returned orders.
func (s *shop) returned() *source {
	more := []string{"returns:", "  orders:", "    - files: returned.csv", "      columns: {order_id: Order, product_id: Sku, returned_at: Date}"}
	return &source{name: "returned", single: true, comma: ",", more: more, columns: []column{
		{name: "Order", draw: func(l *line) string { return fmt.Sprintf("A%d", l.order*2) }},
		{name: "Sku", draw: func(l *line) string { return s.mostly(50, "", l.product) }},
		{name: "Date", draw: func(l *line) string { return s.mostly(50, "", s.date("2006-01-02", l.day+s.IntN(30))) }},
	}}
}

// mostly returns usual p times in a hundred, else the other.
func (s *shop) mostly(p int, usual, other string) string {
	if s.chance(p) {
		return usual
	}
	return other
}

// drawn draws one of some texts.
func (s *shop) drawn(texts ...string) func(*line) string {
	return func(*line) string { return pick(s.random, texts...) }
}

// date writes a day of the shop.
func (s *shop) date(layout string, day int) string { return s.first.AddDate(0, 0, day).Format(layout) }

// changed draws when a record changed, of few times, so that many are equal.
func (s *shop) changed(*line) string {
	return pick(s.random, "", "2024-01-01", "2024-01-01", "2024-01-02 10:00", "2024-01-03", "soon")
}

func (s *shop) quantity(*line) string {
	return s.mostly(93, strconv.Itoa(s.between(1, 9)), pick(s.random, "-1", "-3", "0", "", "2.0", "1.5", "two"))
}

func (s *shop) country(*line) string {
	return pick(s.random, "DE", "Germany", "germany", "FR", "U.S.", "Atlantis", "")
}

func (s *shop) state(*line) string { return pick(s.random, "BY", "Bayern", "CA", "", "") }

func (s *shop) category(*line) string {
	name := pick(s.random, "Lamps", "Toys", "Soft Toys", "")
	switch s.IntN(4) {
	case 0:
		return strings.ToLower(name)
	case 1:
		return strings.ReplaceAll(name, " ", "  ")
	}
	return name
}
