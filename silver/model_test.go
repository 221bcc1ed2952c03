package silver

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Random messy shops: the model gives what the reference gives, whatever the
// workers, the batches and the memory.
func TestModelAgreesWithReference(t *testing.T) {
	scratch := pipeline.NewScratch(1, t.TempDir())
	defer scratch.Close()
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		s.scratch = rapid.SampledFrom([]*pipeline.Scratch{nil, scratch}).Draw(t, "scratch")
		want := reference(s)
		workers := rapid.IntRange(1, 3).Draw(t, "workers")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 0))
		got, err := s.run(t, rng, workers)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
		if err := got.conserved(s); err != nil {
			t.Fatal(err)
		}
	})
}

func compare(t interface{ Fatalf(string, ...any) }, got, want result) {
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"customers", got.customers, want.customers},
		{"products", got.products, want.products},
		{"quarantine", got.quarantine, want.quarantine},
		{"facts", got.all(), want.all()},
		{"quarantined", got.counts.Quarantined, want.counts.Quarantined},
		{"deduplicated", nonZero(got.counts.Deduplicated), nonZero(want.counts.Deduplicated)},
		{"added", nonZero(got.counts.Added), nonZero(want.counts.Added)},
		{"rows", nonZero(got.counts.Rows), nonZero(want.counts.Rows)},
	} {
		if diff := cmp.Diff(c.want, c.got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

func nonZero(counts map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, n := range counts {
		if n != 0 {
			out[k] = n
		}
	}
	return out
}

func maybe[T any](t *rapid.T, name string, percent int, values ...T) pipeline.Null[T] {
	if rapid.IntRange(0, 99).Draw(t, name+"?") >= percent {
		return pipeline.Null[T]{}
	}
	return pipeline.Some(rapid.SampledFrom(values).Draw(t, name))
}

const day pipeline.Timestamp = 86_400_000_000

// drawShop draws a shop over tiny domains, so that everything happens: repeats,
// ties, orphans, returns of each kind, every reason of the quarantine.
func drawShop(t *rapid.T) *shop {
	zones := []string{"UTC", "America/Los_Angeles", "Pacific/Auckland"}
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{mapping: bronze.Mapping{Location: zone, Rules: bronze.Rules{
		ReturnValues: []string{"return", "returned", "refund", "refunded"}, ReturnedStatuses: []string{"returned", "refunded", "cancelled", "canceled"},
		DateTo: 47_846, DateFrom: pipeline.Date(rapid.SampledFrom([]int{0, 19_000, 19_002}).Draw(t, "from")),
		ReturnPrefix: rapid.SampledFrom([]string{"", "C"}).Draw(t, "prefix"), ReturnedDated: rapid.Bool().Draw(t, "dated"), Currency: "EUR",
	}}}
	numbered := rapid.Bool().Draw(t, "numbered")
	customersFile, productsFile := rapid.IntRange(0, 3).Draw(t, "customers file") > 0, rapid.IntRange(0, 3).Draw(t, "products file") > 0
	describes := rapid.Bool().Draw(t, "describes")
	if customersFile {
		s.mapping.Sources = append(s.mapping.Sources, bronze.SourceSpec{Table: "customers"})
		for i := range rapid.IntRange(0, 8).Draw(t, "customers") {
			s.customers = append(s.customers, drawCustomer(t, int64(i+1)))
		}
	}
	if productsFile {
		s.mapping.Sources = append(s.mapping.Sources, bronze.SourceSpec{Table: "products"})
		for i := range rapid.IntRange(0, 8).Draw(t, "products") {
			s.products = append(s.products, drawProduct(t, int64(i+1)))
		}
	}
	spec := bronze.SourceSpec{Table: "sales", Columns: []bronze.ColumnSpec{{Column: "customer_id"}, {Column: "product_id"}}}
	if describes {
		spec.Customers, spec.Products = []bronze.ColumnSpec{{}}, []bronze.ColumnSpec{{}}
	}
	s.mapping.Sources = append(s.mapping.Sources, spec)
	row, overlap := int64(0), !numbered && rapid.Bool().Draw(t, "overlap")
	// Few lines that are drawn can be used: this one can.
	seen := []bronze.Sale{{OrderID: pipeline.Some("A1"), OrderedAt: pipeline.Some(19_002 * day), ProductID: pipeline.Some[pipeline.Code]("p1"),
		Quantity: pipeline.Some[int64](1), UnitPrice: pipeline.Some[pipeline.Price](1_0000)}}
	for i := range rapid.IntRange(0, 4).Draw(t, "segments") {
		seg := segment{returns: rapid.IntRange(0, 4).Draw(t, "returns") == 0, overlap: overlap, file: i}
		if i > 0 && s.segments[i-1].returns == seg.returns && rapid.Bool().Draw(t, "same file") {
			seg.file = s.segments[i-1].file
		}
		for range rapid.IntRange(0, 14).Draw(t, "lines") {
			row += int64(rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "step"))
			l := drawSale(t, row, numbered)
			if overlap {
				l = drawAgain(t, l, seen)
				seen = append(seen, l)
			}
			l.SourceFile = pipeline.Code(fmt.Sprintf("sales %d.csv", seg.file))
			seg.lines = append(seg.lines, l)
			c, p := bronze.Customer{}, bronze.Product{}
			if describes {
				c, p = drawCustomer(t, row), drawProduct(t, row)
			}
			c.CustomerID, p.ProductID = pipeline.Null[string]{V: string(l.CustomerID.V), Valid: l.CustomerID.Valid}, pipeline.Null[string]{V: string(l.ProductID.V), Valid: l.ProductID.Valid}
			c.UpdatedAt, p.UpdatedAt, c.SourceRow, p.SourceRow = l.UpdatedAt, l.UpdatedAt, row, row
			if !customersFile || describes {
				seg.customers = append(seg.customers, c)
			}
			if !productsFile || describes {
				seg.products = append(seg.products, p)
			}
		}
		s.segments = append(s.segments, seg)
	}
	for range rapid.IntRange(0, 3).Draw(t, "returned") {
		s.returned = append(s.returned, bronze.ReturnedOrder{
			OrderID:    rapid.SampledFrom([]string{"A1", " A2", "B1", ""}).Draw(t, "returned order"),
			ProductID:  rapid.SampledFrom([]string{"", "", "p1", "p2 "}).Draw(t, "returned product"),
			ReturnedAt: maybe(t, "returned at", 60, 19_010*day, 19_011*day, -5*day)})
	}
	return s
}

func drawCustomer(t *rapid.T, row int64) bronze.Customer {
	return bronze.Customer{
		CustomerID: maybe(t, "customer", 90, "c1", " c1 ", "c2", "c3", "Café", "Cafe\u0301", "  "),
		FirstName:  maybe(t, "first", 50, "Ann", " Bob  B.", "\u00a0"), LastName: maybe(t, "last", 50, "Lee", "Ng\t"), FullName: maybe(t, "full", 20, "A Lee", " "),
		Email: maybe(t, "email", 50, "A@B.com", "a@b", "x@y..z", " c@d.org "), Phone: maybe(t, "phone", 50, "+1 (23)", "n/a", "+", "00-1"),
		Gender: maybe[pipeline.Code](t, "gender", 50, "F", "M "), BirthDate: maybe[pipeline.Date](t, "birth", 50, 1000, 19_001, 19_005, 30_000),
		Address: maybe(t, "address", 20, "1  Rd"), City: maybe[pipeline.Code](t, "city", 50, "Rome", "Paris "), State: maybe[pipeline.Code](t, "state", 50, "CA", "NY"),
		PostalCode: maybe(t, "postal", 20, "1 "), Country: maybe[pipeline.Code](t, "country", 60, "USA", "us", "Italia", "Nowhere", " "),
		Segment: maybe[pipeline.Code](t, "segment", 20, "x"), SignupDate: maybe[pipeline.Date](t, "signup", 50, 5, 6),
		UpdatedAt: maybe(t, "updated", 60, 1, 2*day, 3*day), SourceFile: "customers.csv", SourceRow: row, BatchID: "b",
		RescuedData: maybe(t, "rescued", 10, `{"a":"<\"é\\>"}`),
	}
}

func drawProduct(t *rapid.T, row int64) bronze.Product {
	return bronze.Product{
		ProductID: maybe(t, "product", 90, "p1", " p1", "p2", "p3", "\t"), ProductName: maybe(t, "product name", 50, "Mug", "  Red  mug"),
		Category: maybe[pipeline.Code](t, "category", 70, "Toys", "toys", "TO YS", "Home", " Toys "), Subcategory: maybe[pipeline.Code](t, "subcategory", 50, "a", "A"), Brand: maybe[pipeline.Code](t, "brand", 50, "Z", "z", "Y"),
		UnitCost: maybe[pipeline.Price](t, "cost", 60, 5_0000, 12345, -1, 1_000_000_0000), UnitPrice: maybe[pipeline.Price](t, "price", 60, 9_9900, -5, 20_0000),
		UpdatedAt: maybe(t, "updated", 60, 1, 2*day, 3*day), SourceFile: "products.csv", SourceRow: row, BatchID: "b",
	}
}

func drawSale(t *rapid.T, row int64, numbered bool) bronze.Sale {
	s := bronze.Sale{
		OrderID:  maybe(t, "order", 95, "A1", "A1", "A2", " A2 ", "B1", "C3", "\u2003", "Ü 1"),
		LineType: maybe[pipeline.Code](t, "type", 30, "sale", "Return", " REFUNDED "), Status: maybe[pipeline.Code](t, "status", 30, "done", "Cancelled", "returned "),
		OrderedAt:  maybe(t, "ordered", 92, 19_001*day, 19_002*day+7*day/24, 19_003*day+day/2, -3*day),
		ReturnedAt: maybe(t, "returned", 30, 19_004*day, 99_999*day),
		CustomerID: maybe[pipeline.Code](t, "customer", 80, "c1", "c1 ", "c2", "c9", "Cafe\u0301", ""), ProductID: maybe[pipeline.Code](t, "product", 96, "p1", "p1 ", "p2", "p9", "p8"),
		Quantity: maybe[int64](t, "quantity", 96, 1, 2, 3, 7, -1, -2, 0, 1<<62, -1<<63), UnitPrice: maybe[pipeline.Price](t, "unit price", 70, 1_0000, 9_9900, 3333, 0, -1, pipeline.MaxPrice),
		LineAmount: maybe[pipeline.Price](t, "amount", 40, 10_0000, 3_3333, -5_0000, 0, pipeline.MaxPrice), DiscountRate: maybe[pipeline.Rate](t, "rate", 40, 100_000, 333_333, 1_000_000, 1_500_000, -1, 0),
		DiscountAmount: maybe[pipeline.Price](t, "discount", 30, 1_0000, 1, -1, 5_000_0000), TaxAmount: maybe[pipeline.Price](t, "tax", 30, 1, 2),
		Currency: maybe[pipeline.Code](t, "currency", 30, "EUR", " EUR", "USD"), Channel: maybe[pipeline.Code](t, "channel", 50, "web", "web ", "shop"), PaymentMethod: maybe[pipeline.Code](t, "payment", 50, "card", ""),
		City: maybe[pipeline.Code](t, "city", 40, "Rome", "Oslo"), State: maybe[pipeline.Code](t, "state", 40, "CA", " TX"), PostalCode: maybe[pipeline.Code](t, "postal", 10, "1"),
		Country: maybe[pipeline.Code](t, "country", 50, "USA", "United States", "IT", "Nowhere", "nowhere"), OriginalOrderID: maybe(t, "original", 20, "A1", " A1", ""),
		UpdatedAt: maybe(t, "updated", 50, 1, 2, 3*day), SourceRow: row, BatchID: "b", RescuedData: maybe(t, "rescued", 5, "{\"x\":\"\x01\n\"}"),
	}
	if numbered {
		s.LineNumber = maybe[int32](t, "line", 85, 1, 1, 2)
	}
	return s
}

// drawAgain mostly draws a line that was there already, or one that differs from
// it in one column.
func drawAgain(t *rapid.T, l bronze.Sale, seen []bronze.Sale) bronze.Sale {
	if rapid.IntRange(0, 3).Draw(t, "new") == 0 {
		return l
	}
	again := rapid.SampledFrom(seen).Draw(t, "again")
	if rapid.IntRange(0, 3).Draw(t, "differs") == 0 {
		at := rapid.IntRange(0, reflect.TypeOf(l).NumField()-1).Draw(t, "column")
		reflect.ValueOf(&again).Elem().Field(at).Set(reflect.ValueOf(l).Field(at))
	}
	again.SourceRow, again.BatchID = l.SourceRow, pipeline.Code(fmt.Sprintf("b%d", l.SourceRow))
	return again
}

// Segments may be of any size and in any worker: the same lines give the same
// rows.
func TestSegmentsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		one := *s
		one.segments = nil
		for _, seg := range s.segments {
			for len(seg.lines) > 0 {
				n := rapid.IntRange(1, len(seg.lines)).Draw(t, "n")
				part := segment{returns: seg.returns, overlap: seg.overlap, file: seg.file, lines: seg.lines[:n]}
				seg.lines = seg.lines[n:]
				if len(seg.customers) > 0 {
					part.customers, seg.customers = seg.customers[:n], seg.customers[n:]
				}
				if len(seg.products) > 0 {
					part.products, seg.products = seg.products[:n], seg.products[n:]
				}
				one.segments = append(one.segments, part)
			}
		}
		a, err := s.run(t, steady(), 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := one.run(t, steady(), 2)
		if err != nil {
			t.Fatal(err)
		}
		a.facts, b.facts = [][]FactSale{slices.Concat(a.facts...)}, [][]FactSale{slices.Concat(b.facts...)}
		compare(t, b, a)
	})
}

func steady() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
