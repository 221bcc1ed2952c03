package gold

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// amendSpecs are the seed's tables and a shop's own: of attributes, of several
// dimensions, of none, with and without distinct counts.
func amendSpecs() []*Spec {
	counts := []*metrics.Measure{metrics.Orders, metrics.Customers, metrics.ReturnOrders, metrics.GrossSales, metrics.Cost, metrics.Margin, metrics.FirstSold, metrics.LastSold}
	own := func(name string, measures []*metrics.Measure, by ...Dimension) *Spec {
		return &Spec{Name: "gold." + name, Doc: "A shop's own table.", By: by, Measures: measures}
	}
	sums := []*metrics.Measure{metrics.Revenue, metrics.Margin, metrics.LastSold}
	return append(Seed(),
		own("total", counts),
		own("by_customer", sums, Column("customer_id").As("buyer")),
		own("by_customer_month", counts, Column("customer_id"), OrderDate(ByMonth)),
		own("by_product_customer", sums, Column("product_id"), Column("customer_id")),
		own("by_segment", counts, CustomerAttribute("segment")),
		own("by_category_segment", counts, ProductAttribute("category"), CustomerAttribute("segment"), OrderDate(ByYear)),
		own("by_state", sums, Column("state")),
		own("new", []*metrics.Measure{metrics.NewCustomers}, OrderDate(ByQuarter)))
}

// amended is a shop that changes, small so that everything meets everything.
type amended struct {
	world
	specs []*Spec
	rng   *rand.Rand
}

var (
	someCustomers = []string{"", "ann", "b\x00b", "\xff\xfe", "a customer of a rather long name"}
	someProducts  = []string{"lamp", "bulb", "ü", "\x00"}
	someDays      = []pipeline.Date{-40, -2, -1, 0, 1, 30}
)

func drawShop(t *rapid.T) *amended {
	s := &amended{specs: amendSpecs()[:rapid.SampledFrom([]int{5, 6, 13}).Draw(t, "specs")], rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}
	s.rfm = bronze.RFM{Grid: bronze.DefaultGrid}
	for i, id := range someProducts {
		s.products = append(s.products, silver.Product{ProductID: id, Category: pipeline.Code(fmt.Sprint("Cat ", i%2))})
	}
	slices.SortFunc(s.products, func(a, b silver.Product) int { return strings.Compare(a.ProductID, b.ProductID) })
	for _, id := range someCustomers {
		s.customers = append(s.customers, silver.Customer{CustomerID: id, Segment: drawSegment(t)})
	}
	slices.SortFunc(s.customers, func(a, b silver.Customer) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	s.facts = drawFacts(t, 60)
	return s
}

func drawSegment(t *rapid.T) pipeline.Null[pipeline.Code] {
	return rapid.SampledFrom([]pipeline.Null[pipeline.Code]{{}, pipeline.Some[pipeline.Code]("S1"), pipeline.Some[pipeline.Code]("S2")}).Draw(t, "segment")
}

func drawFacts(t *rapid.T, most int) naive {
	fact := rapid.Custom(func(t *rapid.T) silver.FactSale {
		o := rapid.IntRange(0, 9).Draw(t, "order")
		f := silver.FactSale{OrderID: fmt.Sprint("order ", o), LineType: "sale", ProductID: pipeline.Code(rapid.SampledFrom(someProducts).Draw(t, "product")),
			OrderDate: someDays[o%len(someDays)], Country: pipeline.Code(fmt.Sprint("Country ", o%3)), State: "S", Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity"),
			CustomerID: pipeline.Some(pipeline.Code(someCustomers[o%len(someCustomers)])), SourceFile: "sales.csv"}
		switch rapid.IntRange(0, 9).Draw(t, "exception") {
		case 0:
			f.CustomerID = pipeline.Null[pipeline.Code]{}
		case 1:
			f.CustomerID = pipeline.Some(pipeline.Code(rapid.SampledFrom(someCustomers).Draw(t, "customer")))
		case 2:
			f.OrderDate = rapid.SampledFrom(someDays).Draw(t, "day")
		case 3:
			f.Country, f.CountryCode, f.State = "Country 1", pipeline.Some[pipeline.Code]("C1"), "T"
		}
		f.Sales = pipeline.Price(rapid.SampledFrom([]int64{0, 1, 25_000, int64(pipeline.MaxPrice)}).Draw(t, "sales"))
		f.Revenue, f.DiscountAmount = f.Sales, f.Sales/3
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			f.LineType, f.Quantity, f.Sales, f.Returns, f.Revenue = "return", -f.Quantity, 0, f.Sales, -f.Sales
		}
		if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
			f.Cost, f.Margin = pipeline.Some[pipeline.Price](7), pipeline.Some(f.Revenue/2)
		}
		return f
	})
	return rapid.SliceOfN(fact, 0, most).Draw(t, "facts")
}

// count counts facts.
func (s *amended) count(t rapid.TB, facts naive) *Totals {
	t.Helper()
	workers := 1 + s.rng.IntN(3)
	a, err := NewAggregation(s.specs, workers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(facts) > 0 {
		(&world{facts: facts}).add(t, s.rng, a, workers)
	}
	totals, err := a.Totals(s.inputs())
	if err != nil {
		t.Fatal(err)
	}
	return totals
}

func (s *amended) inputs() Inputs {
	return Inputs{Customers: silver.DimCustomers.Record(nil, s.customers), Products: silver.DimProducts.Record(nil, s.products), RFM: s.rfm}
}

// reload saves totals and loads them again, in other batches.
func (s *amended) reload(t rapid.TB, totals *Totals) *Totals {
	t.Helper()
	saved := writtenBy(t, totals.Save)
	loaded, err := LoadTotals(s.specs, 1+s.rng.IntN(3), func(table *pipeline.Table) pipeline.Stream {
		return func(yield func(arrow.Record, error) bool) {
			for _, rec := range saved.Table(table.Name) {
				for at := int64(0); at < rec.NumRows(); at += 3 {
					if !yield(rec.NewSlice(at, min(at+3, rec.NumRows())), nil) {
						return
					}
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// same compares everything that two totals say.
func (s *amended) same(t rapid.TB, what string, got, want *Totals) {
	t.Helper()
	if d := cmp.Diff(rowsOf(t, want.Save), rowsOf(t, got.Save)); d != "" {
		t.Fatalf("%s: other totals:\n%s", what, d)
	}
	tables := func(totals *Totals) map[string][]string {
		return rowsOf(t, func(create createFunc) error {
			_, err := totals.Tables(s.inputs(), create)
			return err
		})
	}
	if d := cmp.Diff(tables(want), tables(got)); d != "" {
		t.Fatalf("%s: other tables:\n%s", what, d)
	}
}

// change takes away the lines at gone, adds some, and gives customers other
// segments. It returns what Amend needs, now and then with lines that stay
// counted without their amounts and orders, and once for both.
func (s *amended) change(t rapid.TB, gone []int, added naive, segments map[string]pipeline.Null[pipeline.Code]) (old, new *Totals, closed func([]byte) bool) {
	orders, customers := map[string]bool{}, map[string]bool{}
	touch := func(f silver.FactSale) {
		orders[f.OrderID] = true
		if f.CustomerID.Valid {
			customers[string(f.CustomerID.V)] = true
		}
	}
	kept := naive{}
	for i, f := range s.facts {
		if slices.Contains(gone, i) {
			touch(f)
		} else {
			kept = append(kept, f)
		}
	}
	for _, f := range added {
		touch(f)
	}
	for id := range segments {
		customers[id] = true
		for _, f := range s.facts {
			if f.CustomerID.Valid && string(f.CustomerID.V) == id {
				orders[f.OrderID] = true
			}
		}
	}
	bare := len(segments) == 0 && s.rng.IntN(2) == 0
	concerned := func(facts naive, stays func(i int) bool) (out, others naive) {
		for i, f := range facts {
			if orders[f.OrderID] || f.CustomerID.Valid && customers[string(f.CustomerID.V)] {
				if !bare || !stays(i) {
					out = append(out, f)
					continue
				}
				f.Quantity, f.Sales, f.Returns, f.Revenue, f.DiscountAmount = 0, 0, 0, 0, 0
				f.Cost, f.Margin = pipeline.Some[pipeline.Price](0), pipeline.Some[pipeline.Price](0)
				if !orders[f.OrderID] {
					f.OrderID = "\xff" + string(f.CustomerID.V)
				}
				others = append(others, f)
			}
		}
		return out, others
	}
	before, others := concerned(s.facts, func(i int) bool { return !slices.Contains(gone, i) })
	old = s.count(t, append(slices.Clone(before), others...))
	s.facts = append(kept, added...)
	s.customers = slices.Clone(s.customers)
	for i, c := range s.customers {
		if segment, ok := segments[c.CustomerID]; ok {
			s.customers[i].Segment = segment
		}
	}
	after, same := concerned(s.facts, func(i int) bool { return i < len(kept) })
	if d := cmp.Diff(others, same); d != "" {
		t.Fatal(d)
	}
	closed = func(id []byte) bool { return customers[string(id)] }
	if s.rng.IntN(2) == 0 || !bare {
		return old, s.count(t, append(after, others...)), closed
	}
	aggregations := make([]*Aggregation, 3)
	workers := 1 + s.rng.IntN(3)
	for i, facts := range []naive{before, after, others} {
		var err error
		if i == 0 {
			aggregations[i], err = NewAggregation(s.specs, workers, nil)
		} else {
			aggregations[i], err = aggregations[0].sibling()
		}
		if err != nil {
			t.Fatal(err)
		}
		defer aggregations[i].Release()
		if len(facts) > 0 {
			(&world{facts: facts}).add(t, s.rng, aggregations[i], workers)
		}
	}
	var totals [2]*Totals
	for i := range totals {
		aggregations[i].join(aggregations[2])
		var err error
		if totals[i], err = aggregations[i].Totals(s.inputs()); err != nil {
			t.Fatal(err)
		}
	}
	return totals[0], totals[1], closed
}

// Amended totals are those of the changed fact, or Amend says that it cannot
// know; which it never says where lines were only added.
func TestAmend(t *testing.T) {
	var without, again int // changes that took lines away and needed no recount; that needed one
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		totals := s.count(t, s.facts)
		s.same(t, "saved and loaded", s.reload(t, totals), totals)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			if s.rng.IntN(2) == 0 {
				totals = s.reload(t, totals)
			}
			added := drawFacts(t, 6)
			share := rapid.SampledFrom([]int{0, 0, 2, 10, 100}).Draw(t, "percent gone")
			corrected := rapid.Bool().Draw(t, "corrected")
			var gone []int
			for i, f := range s.facts {
				if s.rng.IntN(100) < share {
					gone = append(gone, i)
					if corrected { // the line is there again, with another price
						f.Sales, f.Returns, f.Revenue = f.Sales*2, f.Returns*2, f.Revenue*2
						added = append(added, f)
					}
				}
			}
			segments := map[string]pipeline.Null[pipeline.Code]{}
			if rapid.IntRange(0, 3).Draw(t, "attributes change") == 0 {
				segments[rapid.SampledFrom(someCustomers).Draw(t, "of")] = drawSegment(t)
			}
			old, new, closed := s.change(t, gone, added, segments)
			full := s.count(t, s.facts)
			err := totals.Amend(old, new, closed)
			switch {
			case errors.Is(err, ErrRecount) && (len(gone) > 0 || len(segments) > 0):
				again++
				totals = full
				continue
			case err != nil:
				t.Fatal(err)
			case len(gone) > 0:
				without++
			}
			s.same(t, "amended", totals, full)
		}
	})
	t.Logf("of changes that took lines away, %d were amended, %d need a recount", without, again) // which do: TestAmendKnows
}
