package gold

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// randomWorld makes a small shop in which everything happens: guests, orders of
// several customers, days and countries, returns, unknown costs, customers and
// products without lines.
func randomWorld(rng *rand.Rand) *world {
	w := &world{rfm: bronze.RFM{Grid: bronze.DefaultGrid}}
	how := []string{"ntile", "quantile"}
	w.rfm.Recency, w.rfm.Frequency, w.rfm.Monetary = how[rng.IntN(2)], how[rng.IntN(2)], how[rng.IntN(2)]
	w.rfm.MonetaryMeasure = []string{"revenue", "sales", "returns", "discounts"}[rng.IntN(4)]
	customers, products, days := 1+rng.IntN(40), 1+rng.IntN(12), 1+rng.IntN(900)
	for i := range customers {
		w.customers = append(w.customers, silver.Customer{CustomerID: fmt.Sprintf("C%03d", i)})
	}
	for i := range products {
		p := silver.Product{ProductID: fmt.Sprintf("P%02d", i), Category: pipeline.Code(fmt.Sprintf("Cat %d", i%3))}
		if i%4 > 0 {
			p.ProductName = pipeline.Some(fmt.Sprint("Product ", i))
		}
		w.products = append(w.products, p)
	}
	if rng.IntN(3) == 0 {
		w.reference = pipeline.Some(pipeline.Date(17000 + rng.IntN(2000)))
	}
	for i := range rng.IntN(400) {
		o := rng.IntN(120)
		f := silver.FactSale{OrderID: fmt.Sprintf("O%d", o), LineType: "sale", OrderDate: pipeline.Date(17000 + o*7%days),
			ProductID: pipeline.Code(fmt.Sprintf("P%02d", rng.IntN(max(1, products-1)))), Quantity: 1 + rng.Int64N(5), Country: "Unknown", State: "Unknown",
			SourceFile: "sales.csv", SourceRow: int64(i + 1)}
		switch o % 10 { // ids of all kinds of length, and ids that begin alike
		case 0, 5:
			f.OrderID = "a rather long order id, of more than fifteen bytes " + f.OrderID
		case 1:
			f.OrderID = fmt.Sprintf("%012d", o)
		case 2:
			f.OrderID = strings.Repeat("\x00", 1+o/10)
		case 3:
			f.OrderID = "O" + strings.Repeat("\x00", 1+o/10)
		case 4:
			f.OrderID = strings.Repeat("O", 1+o/10)
		}
		if c := o * 11 % customers; o%6 > 0 {
			f.CustomerID = pipeline.Some(pipeline.Code(fmt.Sprintf("C%03d", c)))
		}
		switch rng.IntN(12) { // exceptions
		case 0:
			f.CustomerID = pipeline.Null[pipeline.Code]{}
		case 1:
			f.CustomerID = pipeline.Some(pipeline.Code(fmt.Sprintf("C%03d", rng.IntN(customers))))
		case 2:
			f.OrderDate = pipeline.Date(17000 + rng.IntN(days))
		}
		if k := (o + rng.IntN(2)) % 4; k > 0 {
			f.Country, f.State = pipeline.Code(fmt.Sprint("Country ", k)), pipeline.Code(fmt.Sprint("State ", rng.IntN(3)))
			if k < 3 {
				f.CountryCode = pipeline.Some(pipeline.Code(fmt.Sprint("K", k)))
			}
		}
		net := pipeline.Price(rng.Int64N(1_000_000))
		f.DiscountAmount = pipeline.Price(rng.Int64N(10_000))
		f.Sales, f.Revenue = net, net
		if rng.IntN(5) == 0 {
			f.LineType, f.Quantity, f.Sales, f.Returns, f.Revenue = "return", -f.Quantity, 0, net, -net
		}
		if rng.IntN(8) > 0 {
			f.Cost = pipeline.Some(pipeline.Price(f.Quantity * 12_345))
			f.Margin = pipeline.Some(f.Revenue - f.Cost.V)
		}
		w.facts = append(w.facts, f)
	}
	return w
}

// aggregate runs the specs over the facts with so many workers and random cuts.
func (w *world) aggregate(t *testing.T, rng *rand.Rand, workers int, specs ...*Spec) map[string][]string {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	customers, products := silver.DimCustomers.Record(mem, w.customers), silver.DimProducts.Record(mem, w.products)
	defer customers.Release()
	defer products.Release()
	a, err := NewAggregation(specs, workers, w.scratch)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	w.add(t, rng, a, workers)
	if rng.IntN(2) == 0 { // no columns but those that are needed
		customers, products = narrow(customers, a.counted.columnsOf("silver.dim_customers")), narrow(products, a.counted.columnsOf("silver.dim_products"))
		defer customers.Release()
		defer products.Release()
	}
	in := Inputs{Customers: customers, Products: products, Reference: w.reference, RFM: w.rfm, Mem: mem}
	totals, err := a.Totals(in)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, func(create createFunc) error {
		_, err := totals.Tables(in, create)
		return err
	})
}

// add adds the facts to an aggregation by so many workers, with random cuts.
func (w *world) add(t rapid.TB, rng *rand.Rand, a *Aggregation, workers int) {
	t.Helper()
	shuffled := slices.Clone(w.facts)
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if rng.IntN(2) == 0 { // as in a file: an order's lines follow each other
		slices.SortStableFunc(shuffled, func(a, b silver.FactSale) int { return strings.Compare(a.OrderID, b.OrderID) })
	}
	rec := silver.FactSales.Record(memory.DefaultAllocator, shuffled)
	if rng.IntN(4) == 0 {
		rec = stagetest.Plain(rec)
	}
	batches := stagetest.Recut(rng, []arrow.Record{rec})
	defer stagetest.Release(batches)
	var g errgroup.Group
	for id := range workers {
		g.Go(func() error {
			for i := id; i < len(batches); i += workers {
				if err := a.Add(id, batches[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

type createFunc = func(*pipeline.Table) (pipeline.Writer, error)

// rowsOf returns the rows of the tables that a function writes, by table.
func rowsOf(t rapid.TB, write func(createFunc) error) map[string][]string {
	t.Helper()
	sink := writtenBy(t, write)
	defer sink.Release()
	out := map[string][]string{}
	for _, table := range sink.names {
		for _, rec := range sink.Table(table) {
			out[table] = append(out[table], cells(rec)...)
		}
	}
	return out
}

// written are tables in memory, and their names.
type written struct {
	pipeline.Memory
	mu    sync.Mutex
	names []string
}

func writtenBy(t rapid.TB, write func(createFunc) error) *written {
	t.Helper()
	w := &written{}
	err := write(func(table *pipeline.Table) (pipeline.Writer, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.names = append(w.names, table.Name)
		return w.Create(table, 0)
	})
	if err := errors.Join(err, w.Commit(context.Background(), &pipeline.Report{})); err != nil {
		t.Fatal(err)
	}
	return w
}

// narrow returns a record of the columns, in another order.
func narrow(rec arrow.Record, columns []string) arrow.Record {
	var fields []arrow.Field
	var cols []arrow.Array
	for _, name := range slices.Backward(columns) {
		at := rec.Schema().FieldIndices(name)[0]
		fields, cols = append(fields, rec.Schema().Field(at)), append(cols, rec.Column(at))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows())
}

// What a dimension table must have: its key, and what tables declare or are
// grouped by. Another column is an error that names it.
func TestColumnsOf(t *testing.T) {
	ranked := *RegionalSales
	ranked.Name, ranked.Table = "gold.ranked", declare("gold.ranked", "By a customer's country.", nil, nil, attribute("silver.dim_customers", "gender"))
	ranked.By = []Dimension{CustomerAttribute("country"), ProductAttribute("brand")}
	for _, c := range []struct {
		specs               []*Spec
		customers, products string
	}{
		{Seed(), "[customer_id]", "[product_id product_name category]"},
		{[]*Spec{SalesSummary}, "[customer_id]", "[product_id]"},
		{[]*Spec{{Name: "gold.x", By: []Dimension{CustomerAttribute("segment"), Column("country")}}}, "[customer_id segment]", "[product_id]"},
		{[]*Spec{&ranked}, "[customer_id gender country]", "[product_id brand]"},
	} {
		a, err := NewAggregation(c.specs, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		customers, products := fmt.Sprint(a.counted.columnsOf("silver.dim_customers")), fmt.Sprint(a.counted.columnsOf("silver.dim_products"))
		if customers != c.customers || products != c.products {
			t.Errorf("%s: got %s and %s, want %s and %s", c.specs[0].Name, customers, products, c.customers, c.products)
		}
		a.Release()
	}
	in := Inputs{Customers: narrow(silver.DimCustomers.Record(nil, nil), []string{"customer_id"})}
	if _, err := in.column("silver.dim_customers", "segment"); err == nil || !strings.Contains(err.Error(), "segment") {
		t.Errorf("%v", err)
	}
}

// cells renders rows as the reference does.
func cells(rec arrow.Record) []string {
	rows := make([]string, rec.NumRows())
	for r := range rows {
		var out []string
		for _, c := range rec.Columns() {
			v := c.ValueStr(r)
			if c.IsNull(r) {
				v = "NULL"
			} else if d, ok := c.(*array.Decimal128); ok {
				if n, ok := pipeline.TotalOfSum(pipeline.Sum{Num: d.Value(r)}).Int64(); ok {
					v = pipeline.FormatDecimal(n, int(d.DataType().(*arrow.Decimal128Type).Scale))
				} else {
					v = pipeline.Sum{Num: d.Value(r)}.String()
				}
			}
			out = append(out, v)
		}
		rows[r] = strings.Join(out, "|")
	}
	return rows
}

func compare(t *testing.T, table string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			g, w := "nothing", "nothing"
			if i < len(got) {
				g = got[i]
			}
			if i < len(want) {
				w = want[i]
			}
			t.Fatalf("%s, row %d of %d, want %d rows:\n got %s\nwant %s", table, i, len(got), len(want), g, w)
		}
	}
}

// rounds is how many random shops are tried: fewer in a short test.
func rounds(n uint64) uint64 {
	if testing.Short() {
		return n / 10
	}
	return n
}

func TestSeedAgainstReference(t *testing.T) {
	for seed := range rounds(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := randomWorld(rng)
		got := w.aggregate(t, rng, 1+rng.IntN(4), Seed()...)
		for table, want := range map[string][]string{
			"gold.customer_metrics":      w.customerMetrics(),
			"gold.customer_segmentation": w.customerSegmentation(),
			"gold.product_performance":   w.productPerformance(),
			"gold.sales_summary":         w.salesSummary(),
			"gold.regional_sales":        w.regionalSales(),
		} {
			compare(t, fmt.Sprintf("seed %d, %s", seed, table), got[table], want)
		}
	}
}

// A table of one's own, by any dimensions, counts what a filter of the lines counts.
func TestOwnTable(t *testing.T) {
	own := func(name string, by ...Dimension) *Spec {
		return &Spec{Name: "gold." + name, Doc: "A shop's own table.", By: by,
			Measures: []*metrics.Measure{metrics.Orders, metrics.Customers, metrics.ReturnOrders, metrics.GrossSales}}
	}
	specs := append(Seed(), own("total"), own("by_category", ProductAttribute("category")),
		own("by_customer_month", Column("customer_id"), OrderDate(ByMonth)),
		own("by_country_day", Column("country"), OrderDate(ByDay)), own("by_segment", CustomerAttribute("segment")))
	for seed := range rounds(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		w := randomWorld(rng)
		segments := map[string]string{"": "NULL"}
		for i := range w.customers {
			if i%3 > 0 {
				w.customers[i].Segment = pipeline.Some(pipeline.Code(fmt.Sprint("S", i%3)))
			}
			segments[w.customers[i].CustomerID] = "NULL"
			if i%3 > 0 {
				segments[w.customers[i].CustomerID] = fmt.Sprint("S", i%3)
			}
		}
		category := map[string]string{}
		for _, p := range w.products {
			category[p.ProductID] = string(p.Category)
		}
		got := w.aggregate(t, rng, 1+rng.IntN(3), specs...)
		for name, key := range map[string]func(silver.FactSale) string{
			"total":       func(silver.FactSale) string { return "" },
			"by_category": func(f silver.FactSale) string { return category[string(f.ProductID)] + "|" },
			"by_customer_month": func(f silver.FactSale) string {
				id := "NULL"
				if f.CustomerID.Valid {
					id = string(f.CustomerID.V)
				}
				return id + "|" + f.OrderDate.String()[:8] + "01|"
			},
			"by_country_day": func(f silver.FactSale) string { return string(f.Country) + "|" + f.OrderDate.String() + "|" },
			"by_segment":     func(f silver.FactSale) string { return segments[customer(f)] + "|" },
		} {
			parts := map[string]naive{}
			if name == "total" {
				parts[""] = nil
			}
			for _, f := range w.facts {
				parts[key(f)] = append(parts[key(f)], f)
			}
			var want []string
			for k, n := range parts {
				want = append(want, k+row(n.orders(), n.customers(), n.returnOrders(), money(n.sales()+n.discounts())))
			}
			slices.Sort(want)
			slices.SortStableFunc(want, func(a, b string) int { // NULL first
				return strings.Compare(strings.ReplaceAll(a, "NULL", "\x00"), strings.ReplaceAll(b, "NULL", "\x00"))
			})
			compare(t, fmt.Sprintf("seed %d, gold.%s", seed, name), got["gold."+name], want)
		}
	}
}

// Sums beyond 64 bits are exact; one beyond its column's type is an error.
func TestLargeSums(t *testing.T) {
	w := &world{rfm: bronze.RFM{Grid: bronze.DefaultGrid}, products: []silver.Product{{ProductID: "P", Category: "C"}}}
	for range 2000 {
		w.facts = append(w.facts, silver.FactSale{OrderID: "O", LineType: "sale", OrderDate: 17000, ProductID: "P", Quantity: 1,
			Sales: pipeline.MaxPrice, Revenue: pipeline.MaxPrice, Country: "X", State: "Y", SourceFile: "f"})
	}
	got := w.aggregate(t, rand.New(rand.NewPCG(1, 1)), 2, Seed()...)
	if !strings.Contains(got["gold.product_performance"][0], "|199999999999999999.8000|") {
		t.Errorf("got %s", got["gold.product_performance"][0])
	}
}

// An order of more lines than a record of it can have, in one group and in many.
func TestLongOrder(t *testing.T) {
	w := &world{rfm: bronze.RFM{Grid: bronze.DefaultGrid}}
	for i := range 300 {
		w.products = append(w.products, silver.Product{ProductID: fmt.Sprintf("P%03d", i), Category: "C"})
	}
	for i := range 3000 {
		w.facts = append(w.facts, silver.FactSale{OrderID: fmt.Sprint("O", i/1500), LineType: "sale", OrderDate: 17000, ProductID: pipeline.Code(fmt.Sprintf("P%03d", i%300)),
			Quantity: 1, Country: "X", State: "Y", SourceFile: "f", CustomerID: pipeline.Some[pipeline.Code]("ann")})
	}
	w.customers = []silver.Customer{{CustomerID: "ann"}}
	for seed := range uint64(4) {
		got := w.aggregate(t, rand.New(rand.NewPCG(seed, 1)), 2, Seed()...)
		compare(t, "gold.product_performance", got["gold.product_performance"], w.productPerformance())
		compare(t, "gold.customer_metrics", got["gold.customer_metrics"], w.customerMetrics())
	}
}

func TestAddRefuses(t *testing.T) {
	good := silver.FactSale{OrderID: "O", LineType: "sale", Quantity: 1, ProductID: "P", Country: "X", State: "Y", SourceFile: "f"}
	bad := good
	bad.LineType = "gift"
	for name, c := range map[string]struct {
		rec  arrow.Record
		want string
	}{
		"line type": {silver.FactSales.Record(nil, []silver.FactSale{good, bad}), `gift`},
		"column":    {bronze.Sales.Record(nil, make([]bronze.Sale, 1)), "no such column"},
	} {
		a, err := NewAggregation(Seed(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(0, c.rec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		a.Release()
	}
}

func TestSpecsAreChecked(t *testing.T) {
	for want, s := range map[string]*Spec{
		"new customers can only be counted":     {Name: "gold.x", By: []Dimension{Column("country")}, Measures: []*metrics.Measure{metrics.NewCustomers}},
		"days of sale can only be counted":      {Name: "gold.x", By: []Dimension{Column("country")}, Measures: []*metrics.Measure{metrics.SaleDates}},
		"cannot be grouped by a column of type": {Name: "gold.x", By: []Dimension{Column("quantity")}},
		"neither dimensions nor measures":       {Name: "gold.x"},
		"two tables of this name":               {Name: "gold.regional_sales", By: []Dimension{Column("country")}},
		"lower case":                            {Name: "Gold.X", By: []Dimension{Column("country")}},
	} {
		if _, err := NewAggregation(append(Seed(), s), 1, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
