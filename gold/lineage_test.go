package gold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// Declared lineage can lie: whatever of the fact is changed, only columns that
// declare it may change, and each column that is declared must.
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
	changed := map[string]bool{} // "table.column column of the fact"
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
			after := other.aggregate(t, rng, 1, Seed()...)
			for _, s := range Seed() {
				if groupedBy(s, column) {
					continue // rows come and go
				}
				for _, c := range differing(s.Table, before[s.Name], after[s.Name]) {
					changed[s.Name+"."+c.Name+" "+column] = true
					if !slices.Contains(c.From, "silver.fact_sales."+column) {
						t.Fatalf("%s.%s changes with %s, but declares %s", s.Name, c.Name, column, c.From)
					}
				}
			}
		}
	}
	for _, s := range Seed() {
		for _, c := range s.Table.Columns {
			for _, from := range c.From {
				column := strings.TrimPrefix(from, "silver.fact_sales.")
				if column != from && !groupedBy(s, column) && !changed[s.Name+"."+c.Name+" "+column] {
					t.Errorf("%s.%s declares %s, but never changes with it", s.Name, c.Name, column)
				}
			}
		}
	}
}

// groupedBy reports whether a table's groups depend on a column of the fact.
func groupedBy(s *Spec, column string) bool {
	return slices.ContainsFunc(s.sets(), func(set Set) bool {
		return slices.ContainsFunc(set.By, func(d Dimension) bool { return d.Column == column })
	})
}

// differing returns the columns that differ between rows of the same key.
func differing(t *pipeline.Table, before, after []string) []pipeline.Column {
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
	for _, r := range after {
		cells := strings.Split(r, "|")
		if old, ok := rows[key(cells)]; ok {
			for i := range cells {
				different[i] = different[i] || cells[i] != old[i]
			}
		}
	}
	var out []pipeline.Column
	for i, c := range t.Columns {
		if different[i] {
			out = append(out, c)
		}
	}
	return out
}
