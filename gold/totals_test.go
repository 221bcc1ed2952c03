package gold

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// amendable is a shop of a few lines; its customers and products are those of
// the facts.
func amendable(specs ...*Spec) *amended {
	s := &amended{specs: specs, rng: rand.New(rand.NewPCG(1, 1))}
	s.rfm = bronze.RFM{Grid: bronze.DefaultGrid}
	line := func(order, kind, customer, product string, day pipeline.Date) {
		f := silver.FactSale{OrderID: order, LineType: pipeline.Code(kind), ProductID: pipeline.Code(product), OrderDate: day, Quantity: 1, Sales: 10, Revenue: 10,
			Cost: pipeline.Some[pipeline.Price](5), Margin: pipeline.Some[pipeline.Price](5), Country: "X", State: "Y", SourceFile: "f"}
		if customer != "" {
			f.CustomerID = pipeline.Some(pipeline.Code(customer))
		}
		s.facts = append(s.facts, f)
	}
	line("0", "sale", "ann", "lamp", 100) // the first sale of all
	line("1", "sale", "bob", "lamp", 101)
	line("2", "sale", "ann", "bulb", 102) // the only sale of bulbs
	line("3", "return", "bob", "bulb", 103)
	line("4", "sale", "bob", "lamp", 104)
	line("5", "sale", "ann", "lamp", 105)
	s.facts[5].Cost = pipeline.Null[pipeline.Price]{} // the only unknown one
	line("6", "sale", "", "lamp", 105)                // a guest's
	s.customers = []silver.Customer{{CustomerID: "ann"}, {CustomerID: "bob"}}
	s.products = []silver.Product{{ProductID: "bulb", Category: "C"}, {ProductID: "lamp", Category: "C"}}
	return s
}

// Which lines can be taken away without counting all others again.
func TestAmendKnows(t *testing.T) {
	byProduct := func(measures ...*metrics.Measure) *Spec {
		return &Spec{Name: "gold.x", By: []Dimension{Column("product_id")}, Measures: measures}
	}
	byCustomer := &Spec{Name: "gold.x", By: []Dimension{Column("customer_id")}, Measures: []*metrics.Measure{metrics.FirstOrderDate, metrics.Revenue}}
	for name, c := range map[string]struct {
		spec  *Spec
		gone  []int
		knows bool
	}{
		"a customer's first sale":                 {CustomerMetrics, []int{0}, true},
		"all that a customer has":                 {CustomerMetrics, []int{0, 2, 5}, true},
		"a customer's unknown cost":               {CustomerMetrics, []int{5}, false},
		"a guest's only line":                     {byCustomer, []int{6}, false},
		"the newest days":                         {SalesSummary, []int{4, 5, 6}, true},
		"everything":                              {SalesSummary, []int{0, 1, 2, 3, 4, 5, 6}, true},
		"a product's sale, the return is left":    {byProduct(metrics.Orders, metrics.ReturnOrders), []int{2}, true},
		"a product as a whole":                    {byProduct(metrics.Orders, metrics.ReturnOrders, metrics.Cost, metrics.LastSold), []int{2, 3}, true},
		"the same without counts":                 {byProduct(metrics.Revenue), []int{2, 3}, false},
		"a product's only sale, but for a return": {byProduct(metrics.Orders), []int{2}, false},
		"the same, and the return is looked at":   {byProduct(metrics.Orders), []int{1, 2}, true},
		"a product's sale in the middle":          {ProductPerformance, []int{4}, true},
		"a product of one order":                  {byProduct(metrics.Orders), []int{1}, true},
		"a product's first sale":                  {byProduct(metrics.Orders, metrics.FirstSold), []int{0}, false},
		"a product's last sale":                   {byProduct(metrics.Orders, metrics.LastSold), []int{5, 6}, false},
		"a product's last sale, not asked for":    {byProduct(metrics.Orders, metrics.FirstSold), []int{5, 6}, true},
		"a product's unknown cost":                {byProduct(metrics.Orders, metrics.Cost), []int{5}, false},
	} {
		s := amendable(c.spec)
		totals := s.count(t, s.facts)
		old, new, closed := s.change(t, c.gone, nil, nil)
		err := totals.Amend(old, new, closed)
		switch {
		case err == nil && c.knows:
			s.same(t, name, totals, s.count(t, s.facts))
		case !errors.Is(err, ErrRecount) || c.knows:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The calendar's ends are those of all lines, also where no table is by day.
func TestDays(t *testing.T) {
	var first, newest pipeline.Null[pipeline.Date]
	ends := &Spec{Name: "gold.ends", By: []Dimension{Column("country"), OrderDate(ByMonth)}, Finish: func(f *Finished) error {
		first, newest = f.First, f.Newest
		return f.Build(0).Done()
	}, Table: declare("gold.ends", "No rows.", nil, nil, fact("country"))}
	s := amendable(ends)
	rowsOf(t, func(create createFunc) error {
		_, err := s.count(t, s.facts).Tables(s.inputs(), create)
		return err
	})
	if first != pipeline.Some[pipeline.Date](100) || newest != pipeline.Some[pipeline.Date](105) {
		t.Errorf("%v to %v", first, newest)
	}
	rowsOf(t, func(create createFunc) error {
		_, err := s.count(t, nil).Tables(s.inputs(), create)
		return err
	})
	if first.Valid || newest.Valid {
		t.Errorf("of nothing: %v to %v", first, newest)
	}
}

// Tables can be made again, of other dimension tables.
func TestTablesTwice(t *testing.T) {
	s := amendable(CustomerMetrics)
	totals := s.count(t, s.facts)
	for _, customers := range [][]silver.Customer{s.customers, s.customers[1:]} {
		s.customers = customers
		s.same(t, "made again", totals, s.count(t, s.facts))
	}
}

// A Finish cannot get at what its spec does not declare: it may not have been kept.
func TestUndeclared(t *testing.T) {
	spec := &Spec{Name: "gold.x", By: []Dimension{Column("country")}, Measures: []*metrics.Measure{metrics.Sales},
		Table: declare("gold.x", "", nil, nil, measures(metrics.Revenue)), Finish: func(f *Finished) error {
			var v metrics.Values
			f.Groups[0].Values(f.Groups[0].Rows()[0], &v)
			b := f.Build(1)
			b.Measures(&v, metrics.Revenue)
			return b.Done()
		}}
	s := amendable(spec)
	_, err := s.count(t, s.facts).Tables(s.inputs(), func(t *pipeline.Table) (pipeline.Writer, error) { return new(pipeline.Memory).Create(t, 0) })
	if err == nil || !strings.Contains(err.Error(), "gold.x.revenue: NULL") {
		t.Error(err)
	}
}

// Amend refuses totals of other specs, and notices those of another fact.
func TestAmendRefuses(t *testing.T) {
	s := amendable(SalesSummary)
	totals, other := s.count(t, s.facts), amendable(Seed()...)
	wrong := other.count(t, other.facts)
	if err := totals.Amend(wrong, wrong, nil); !errors.Is(err, pipeline.ErrConfig) {
		t.Errorf("other specs: %v", err)
	}
	none := func([]byte) bool { return false }
	line := func(order, kind, product string, day pipeline.Date, quantity int64) silver.FactSale {
		return silver.FactSale{OrderID: order, LineType: pipeline.Code(kind), ProductID: pipeline.Code(product), OrderDate: day, Country: "X", State: "Y", SourceFile: "f", Quantity: quantity}
	}
	for name, c := range map[string]struct{ old, new naive }{
		"a group that is not there":                 {old: naive{line("9", "sale", "lamp", 99, 1)}},
		"one that stays":                            {naive{line("9", "sale", "lamp", 99, 1)}, naive{line("9", "sale", "lamp", 99, 2)}},
		"more orders than there are":                {old: naive{line("9", "return", "bulb", 103, -1), line("10", "return", "bulb", 103, -1)}},
		"the last line, but not all of what it has": {old: naive{line("3", "return", "bulb", 103, -7)}},
	} {
		err := s.count(t, s.facts).Amend(s.count(t, c.old), s.count(t, c.new), none)
		if !errors.Is(err, ErrRecount) || !strings.Contains(err.Error(), outOfStep) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Sums alone would not show it.
	s = amendable(&Spec{Name: "gold.x", By: []Dimension{Column("product_id")}, Measures: []*metrics.Measure{metrics.Revenue}})
	vase := naive{line("1", "sale", "vase", 101, 1)}
	if err := s.count(t, s.facts).Amend(s.count(t, vase), s.count(t, vase), none); !errors.Is(err, ErrRecount) {
		t.Errorf("a product that is not there: %v", err)
	}
}

// Rows that Save cannot have written are refused by place.
func TestLoadRefuses(t *testing.T) {
	s := amendable(&Spec{Name: "gold.x", By: []Dimension{Column("country"), OrderDate(ByDay)}, Measures: []*metrics.Measure{metrics.Orders, metrics.FirstSold, metrics.Cost}})
	saved := writtenBy(t, s.count(t, s.facts).Save)
	defer saved.Release()
	load := func(change func(*pipeline.Table, arrow.Record) pipeline.Stream) error {
		_, err := LoadTotals(s.specs, 1, func(table *pipeline.Table) pipeline.Stream {
			rec := saved.Table(table.Name)[0]
			if table.Name != "state.totals_0" {
				return pipeline.Of(rec)
			}
			return change(table, rec)
		})
		return err
	}
	replaced := func(column string, value any) func(*pipeline.Table, arrow.Record) pipeline.Stream {
		return func(table *pipeline.Table, rec arrow.Record) pipeline.Stream {
			b := array.NewRecordBuilder(memory.DefaultAllocator, table.Schema)
			for i, col := range rec.Columns() {
				for j := range int(rec.NumRows()) {
					text := col.ValueStr(j)
					if table.Columns[i].Name == column && j == 1 {
						text = value.(string)
					}
					if text == array.NullValueStr {
						b.Field(i).AppendNull()
					} else if err := b.Field(i).AppendValueFromString(text); err != nil {
						t.Fatal(err)
					}
				}
			}
			return pipeline.Of(b.NewRecord())
		}
	}
	for want, change := range map[string]func(*pipeline.Table, arrow.Record) pipeline.Stream{
		"":             func(_ *pipeline.Table, rec arrow.Record) pipeline.Stream { return pipeline.Of(rec) },
		"not in order": func(_ *pipeline.Table, rec arrow.Record) pipeline.Stream { return pipeline.Of(rec, rec) },
		"a batch has": func(_ *pipeline.Table, rec arrow.Record) pipeline.Stream {
			return pipeline.Of(silver.FactSales.Record(nil, nil))
		},
		"count_orders: NULL":     replaced("count_orders", array.NullValueStr),
		"count_orders: the":      replaced("count_orders", "-1"),
		"out of range":           replaced("count_orders", "4294967296"),
		"a sale without a day":   replaced("min_sale_date", array.NullValueStr),
		"a day without a sale":   replaced("has_sale", "false"),
		"has_sale: NULL":         replaced("has_sale", array.NullValueStr),
		"sum_cost_unknown: NULL": replaced("sum_cost_unknown", array.NullValueStr),
	} {
		err := load(change)
		if want == "" && err == nil {
			continue
		}
		if !errors.Is(err, pipeline.ErrData) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "state.totals_0") {
			t.Errorf("%q: %v", want, err)
		}
	}
	broken := errors.New("broken")
	err := load(func(*pipeline.Table, arrow.Record) pipeline.Stream {
		return func(yield func(arrow.Record, error) bool) { yield(nil, broken) }
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

// Saved totals are of use to the specs that count the same, whatever they are called.
func TestFingerprint(t *testing.T) {
	spec := func(by []Dimension, measures ...*metrics.Measure) []*Spec {
		return append(Seed(), &Spec{Name: "gold.x", By: by, Measures: measures})
	}
	seen := map[string]string{}
	for name, specs := range map[string][]*Spec{
		"seed":     Seed(),
		"channel":  spec([]Dimension{Column("channel")}, metrics.Revenue),
		"orders":   spec([]Dimension{Column("channel")}, metrics.Revenue, metrics.Orders),
		"two":      spec([]Dimension{Column("channel"), OrderDate(ByWeek)}, metrics.Revenue),
		"month":    spec([]Dimension{Column("channel"), OrderDate(ByMonth)}, metrics.Revenue),
		"segment":  spec([]Dimension{CustomerAttribute("segment")}, metrics.Revenue),
		"city":     spec([]Dimension{CustomerAttribute("city")}, metrics.Revenue),
		"customer": spec([]Dimension{Column("customer_id"), Column("city")}, metrics.Revenue),
		"product":  spec([]Dimension{Column("product_id"), Column("city")}, metrics.Revenue),
	} {
		f := Fingerprint(specs)
		if other, ok := seen[f]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[f] = name
	}
	renamed := spec([]Dimension{Column("channel").As("way")}, metrics.Revenue)
	renamed[5].Name, renamed[5].Doc = "gold.y", "Other words."
	if seen[Fingerprint(renamed)] != "channel" {
		t.Error("names change the fingerprint")
	}
	if d := cmp.Diff(Fingerprint(Seed()), Fingerprint(Seed())); d != "" {
		t.Error(d)
	}
}
