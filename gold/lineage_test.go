package gold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// Declared lineage can lie: whatever of the fact or of a dimension is changed,
// only columns that are downstream of it may change, and each column that
// declares it, in whatever kind, must be able to. The rows of a table change
// with what decides which rows there are, and with nothing else.
func TestLineage(t *testing.T) {
	if testing.Short() {
		t.Skip("perturbs every column many times")
	}
	perturb := map[string]func(rng *rand.Rand, f *silver.FactSale){
		"order_id":   func(rng *rand.Rand, f *silver.FactSale) { f.OrderID = fmt.Sprint("X", rng.IntN(150)) },
		"line_type":  func(rng *rand.Rand, f *silver.FactSale) { f.LineType = []pipeline.Code{"sale", "return"}[rng.IntN(2)] },
		"order_date": func(rng *rand.Rand, f *silver.FactSale) { f.OrderDate += pipeline.Date(rng.IntN(300)) },
		"customer_id": func(rng *rand.Rand, f *silver.FactSale) {
			f.CustomerID = pipeline.Some(pipeline.Code(fmt.Sprintf("C%03d", rng.IntN(9))))
		},
		"product_id": func(rng *rand.Rand, f *silver.FactSale) {
			f.ProductID = pipeline.Code(fmt.Sprintf("P%02d", rng.IntN(4)))
		},
		"quantity":        func(rng *rand.Rand, f *silver.FactSale) { f.Quantity *= 1 + rng.Int64N(3) },
		"discount_amount": func(rng *rand.Rand, f *silver.FactSale) { f.DiscountAmount += pipeline.Price(rng.IntN(9999)) },
		"sales":           func(rng *rand.Rand, f *silver.FactSale) { f.Sales += pipeline.Price(rng.IntN(999_999)) },
		"returns":         func(rng *rand.Rand, f *silver.FactSale) { f.Returns += pipeline.Price(rng.IntN(999_999)) },
		"revenue":         func(rng *rand.Rand, f *silver.FactSale) { f.Revenue += pipeline.Price(rng.IntN(999_999)) },
		"cost":            func(rng *rand.Rand, f *silver.FactSale) { f.Cost = pipeline.Some(pipeline.Price(rng.IntN(999_999))) },
		"margin":          func(rng *rand.Rand, f *silver.FactSale) { f.Margin = pipeline.Some(pipeline.Price(rng.IntN(999_999))) },
		"country":         func(rng *rand.Rand, f *silver.FactSale) { f.Country = pipeline.Code(fmt.Sprint("Z", rng.IntN(3))) },
		"country_code": func(rng *rand.Rand, f *silver.FactSale) {
			f.CountryCode = pipeline.Some(pipeline.Code(fmt.Sprint("Z", rng.IntN(3))))
		},
		"state":      func(rng *rand.Rand, f *silver.FactSale) { f.State = pipeline.Code(fmt.Sprint("Z", rng.IntN(3))) },
		"category":   func(rng *rand.Rand, f *silver.FactSale) { f.Category = "Z" },
		"unit_price": func(rng *rand.Rand, f *silver.FactSale) { f.UnitPrice = 1 },
	}
	names := func(rng *rand.Rand, p *silver.Product) { p.ProductName = pipeline.Some(fmt.Sprint("Z", rng.IntN(3))) }
	products := map[string]func(rng *rand.Rand, p *silver.Product){
		"product_name": names,
		"category":     func(rng *rand.Rand, p *silver.Product) { p.Category = pipeline.Code(fmt.Sprint("Z", rng.IntN(3))) },
		"unit_price":   func(rng *rand.Rand, p *silver.Product) { p.UnitPrice = pipeline.Some(pipeline.Price(rng.IntN(999))) },
	}
	edges, err := Lineage(nil)
	if err != nil {
		t.Fatal(err)
	}
	graph := lineage.NewGraph(slices.DeleteFunc(edges, func(e lineage.Edge) bool { return e.To.Column == "" || e.To.Table == "silver.fact_sales" }))
	changed := map[lineage.Edge]bool{} // what has changed with what, without a kind
	compare := func(from lineage.Column, before, after map[string][]string) {
		for _, s := range Seed() {
			rows := lineage.Column{Table: s.Name}
			different, columns := differing(s.Table, before[s.Name], after[s.Name])
			if different {
				changed[lineage.Edge{From: from, To: rows}] = true
				if !declares(s.Table.RowsFrom, from) {
					t.Fatalf("the rows of %s change with %s, but they declare %s", s.Name, from, s.Table.RowsFrom)
				}
			}
			for _, a := range columns {
				for _, b := range columns {
					changed[lineage.Edge{From: lineage.Column{Table: s.Name, Column: a.Name}, To: lineage.Column{Table: s.Name, Column: b.Name}}] = true
				}
			}
			if declares(s.Table.RowsFrom, from) {
				continue // rows come and go, and with them all that is counted
			}
			for _, c := range columns {
				to := lineage.Column{Table: s.Name, Column: c.Name}
				changed[lineage.Edge{From: from, To: to}] = true
				if !slices.Contains(graph.Upstream(to), from) {
					t.Fatalf("%s changes with %s, but declares %s", to, from, c.From)
				}
			}
		}
	}
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 11))
		w := randomWorld(rng)
		w.rfm = bronze.RFM{Grid: bronze.DefaultGrid, MonetaryMeasure: []string{"revenue", "sales", "returns", "discounts"}[seed%4]}
		w.reference = pipeline.Null[pipeline.Date]{}
		before := w.aggregate(t, rng, 1, Seed()...)
		for column, f := range perturb {
			other := *w
			other.facts = slices.Clone(w.facts)
			for i := range other.facts {
				f(rng, &other.facts[i])
			}
			compare(lineage.Column{Table: "silver.fact_sales", Column: column}, before, other.aggregate(t, rng, 1, Seed()...))
		}
		for column, f := range products {
			other := *w
			other.products = slices.Clone(w.products)
			for i := range other.products {
				f(rng, &other.products[i])
			}
			compare(lineage.Column{Table: "silver.dim_products", Column: column}, before, other.aggregate(t, rng, 1, Seed()...))
		}
	}
	for _, s := range Seed() {
		own, err := lineage.Of(s.Table)
		if err != nil {
			t.Fatal(err)
		}
		ofDimension := slices.ContainsFunc(own, func(e lineage.Edge) bool { return e.To.Column == "" && e.Kind == lineage.Join })
		for _, e := range own {
			did := changed[lineage.Edge{From: e.From, To: e.To}]
			switch {
			case e.To.Column == "" && (e.Kind == lineage.Join || e.Kind == lineage.GroupBy && ofDimension):
				// It has the dimension's rows, whose keys are not changed here.
			case e.To.Column == "" && !did:
				t.Errorf("the rows of %s declare %s, but never change with it", s.Name, e.From)
			case e.To.Column == "", slices.Contains(s.Table.Key, e.From.Column), declares(s.Table.RowsFrom, e.From):
				// Rows of one key are compared, and where rows come and go all may change.
			case !did:
				t.Errorf("%s declares %s, but never changes with it", e.To, e.From)
			}
		}
	}
}

// declares reports whether a declaration names a column.
func declares(declared []string, c lineage.Column) bool {
	return slices.ContainsFunc(declared, func(text string) bool { return strings.HasSuffix(text, ":"+c.String()) })
}

// differing reports whether a table has other keys, and returns the columns that
// differ between rows of the same key.
func differing(t *pipeline.Table, before, after []string) (keys bool, columns []pipeline.Column) {
	rows := map[string][]string{}
	key := func(cells []string) string {
		var k []string
		for _, name := range t.Key {
			k = append(k, cells[t.MustIndex(name)])
		}
		return strings.Join(k, "|")
	}
	for _, r := range before {
		cells := strings.Split(r, "|")
		rows[key(cells)] = cells
	}
	different := make([]bool, len(t.Columns))
	keys = len(before) != len(after)
	for _, r := range after {
		cells := strings.Split(r, "|")
		old, ok := rows[key(cells)]
		keys = keys || !ok
		for i := range cells {
			different[i] = different[i] || ok && cells[i] != old[i]
		}
	}
	for i, c := range t.Columns {
		if different[i] {
			columns = append(columns, c)
		}
	}
	return keys, columns
}
