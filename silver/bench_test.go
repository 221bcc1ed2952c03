package silver

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
)

const (
	benchBatches = 24
	benchRows    = 8192
)

// benchShop returns a shop of the usual kind and its lines in batches; messy is
// how many lines in a thousand are returned, quarantined or otherwise odd.
func benchShop(tb testing.TB, messy int) (*Model, []arrow.Record) {
	m, err := New(&bronze.Mapping{Sources: []bronze.SourceSpec{{Table: "customers"}, {Table: "products"}}}, nil, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var customers []bronze.Customer
	for i := range 20_000 {
		customers = append(customers, bronze.Customer{CustomerID: pipeline.Some(fmt.Sprintf("C%06d", i)), FirstName: pipeline.Some("Ann"), Email: pipeline.Some(fmt.Sprintf("a%d@example.com", i)),
			City: pipeline.Some(pipeline.Code(fmt.Sprintf("City %d", i%300))), State: pipeline.Some(pipeline.Code(fmt.Sprintf("State %d", i%50))),
			Country: pipeline.Some([]pipeline.Code{"USA", "Germany", "UK"}[i%3]), SourceFile: "c", SourceRow: int64(i + 1), BatchID: "b"})
	}
	var products []bronze.Product
	for i := range 5_000 {
		products = append(products, bronze.Product{ProductID: pipeline.Some(fmt.Sprintf("P%05d", i)), Category: pipeline.Some(pipeline.Code(fmt.Sprintf("Category %d", i%20))),
			UnitCost: pipeline.Some(pipeline.Price(50_000 + i)), UnitPrice: pipeline.Some(pipeline.Price(90_000 + i)), SourceFile: "p", SourceRow: int64(i + 1), BatchID: "b"})
	}
	fail := func(rec arrow.Record) error { return fmt.Errorf("quarantined: %v", rec) }
	if err := m.AddCustomers(bronze.Customers.Record(nil, customers), fail); err != nil {
		tb.Fatal(err)
	}
	if err := m.AddProducts(bronze.Products.Record(nil, products), fail); err != nil {
		tb.Fatal(err)
	}
	lines := make([]bronze.Sale, 0, benchBatches*benchRows)
	for i := range benchBatches * benchRows {
		c := rng.IntN(len(customers))
		l := bronze.Sale{OrderID: pipeline.Some(fmt.Sprintf("SO-%08d", i/3)), LineNumber: pipeline.Some(int32(i%3 + 1)),
			OrderedAt: pipeline.Some(pipeline.Timestamp(1_672_531_200_000_000 + int64(i)*321_000_000)), CustomerID: pipeline.Some(pipeline.Code(customers[c].CustomerID.V)),
			ProductID: pipeline.Some(pipeline.Code(products[rng.IntN(len(products))].ProductID.V)), Quantity: pipeline.Some(int64(1 + rng.IntN(4))),
			UnitPrice: pipeline.Some(pipeline.Price(90_000 + rng.IntN(90_000))), DiscountRate: pipeline.Some([]pipeline.Rate{0, 0, 50_000, 100_000}[rng.IntN(4)]),
			TaxAmount: pipeline.Some(pipeline.Price(7_000)), Status: pipeline.Some[pipeline.Code]("shipped"), Currency: pipeline.Some[pipeline.Code]("USD"), Channel: pipeline.Some[pipeline.Code]("web"),
			PaymentMethod: pipeline.Some[pipeline.Code]("card"), Country: pipeline.Some(customers[c].Country.V), State: pipeline.Some(customers[c].State.V), City: pipeline.Some(customers[c].City.V),
			SourceFile: "s", SourceRow: int64(i + 1), BatchID: "b"}
		if rng.IntN(1000) < messy {
			switch rng.IntN(5) {
			case 0:
				l.Quantity.V = -l.Quantity.V
			case 1:
				l.Status.V = "returned"
			case 2:
				l.Country.Valid, l.State.Valid = false, false
			case 3:
				l.ProductID.Valid = false
			case 4:
				l.CustomerID.V = " C999999 "
			}
		}
		lines = append(lines, l)
	}
	whole := bronze.Sales.Record(nil, lines)
	var batches []arrow.Record
	for at := int64(0); at < whole.NumRows(); at += benchRows {
		batches = append(batches, whole.NewSlice(at, at+benchRows))
	}
	return m, batches
}

func BenchmarkFact(b *testing.B) {
	for _, c := range []struct {
		name  string
		messy int
		plain bool
	}{{"clean", 0, false}, {"messy", 10, false}, {"plain", 0, true}} {
		b.Run(c.name, func(b *testing.B) {
			m, batches := benchShop(b, c.messy)
			if c.plain {
				for i := range batches {
					batches[i] = stagetest.Plain(batches[i])
				}
			}
			if err := m.Freeze(); err != nil {
				b.Fatal(err)
			}
			f := m.NewFact(memory.DefaultAllocator)
			b.ReportAllocs()
			for b.Loop() {
				stage := f.Stage(0, false, func(arrow.Record) error { return nil })
				for _, err := range stage(pipeline.Of(batches...)) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchBatches*benchRows), "ns/line")
		})
	}
}

func BenchmarkKeyScan(b *testing.B) {
	_, batches := benchShop(b, 0)
	for b.Loop() {
		m, err := New(&bronze.Mapping{}, nil, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		k := m.NewKeyScan()
		for _, rec := range batches {
			if err := k.Sales(0, false, rec); err != nil {
				b.Fatal(err)
			}
		}
		if err := m.Freeze(k); err != nil {
			b.Fatal(err)
		}
		if rows := m.Repeated(0); rows != nil {
			b.Fatal("repeated")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchBatches*benchRows), "ns/line")
}

// BenchmarkRepeats logs 8 M keys, of which 1 % are repeats, and finds these.
func BenchmarkRepeats(b *testing.B) {
	const n = 8 << 20
	keys := make([]uint64, n)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range keys {
		keys[i] = rng.Uint64()
		if rng.IntN(100) == 0 {
			keys[i] = keyHash([]byte("x"), int32(rng.IntN(n/100)))
		}
	}
	scratch := pipeline.NewScratch(1, b.TempDir())
	defer scratch.Close()
	for name, scratch := range map[string]*pipeline.Scratch{"memory": nil, "spill": scratch} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				logs := []*hashLog{{scratch: scratch}, {scratch: scratch}}
				for i, l := range logs {
					for left := keys[i*n/2 : (i+1)*n/2]; len(left) > 0; {
						hashes, err := l.room(len(left))
						if err != nil {
							b.Fatal(err)
						}
						left = left[copy(hashes, left):]
					}
				}
				if _, err := repeatedHashes(logs, 2, 4<<20, 8<<10); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/line")
		})
	}
}

func BenchmarkDerive(b *testing.B) {
	_, batches := benchShop(b, 0)
	position := func(t *pipeline.Table, rec arrow.Record) arrow.Record {
		none := bronze.Customers.Record(nil, make([]bronze.Customer, benchRows))
		columns := make([]arrow.Array, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = none.Column(i)
			if at := bronze.Sales.Index(c.Name); at >= 0 {
				columns[i] = rec.Column(at)
			}
		}
		fields := make([]arrow.Field, len(columns))
		for i := range fields {
			fields[i] = arrow.Field{Name: t.Columns[i].Name, Type: columns[i].DataType(), Nullable: true}
		}
		return array.NewRecord(arrow.NewSchema(fields, nil), columns, benchRows)
	}
	for i := range batches {
		batches[i] = position(bronze.Customers.Table, batches[i])
	}
	for b.Loop() {
		m, err := New(&bronze.Mapping{}, nil, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		k := m.NewKeyScan()
		for _, rec := range batches {
			if err := k.DeriveCustomers(0, rec); err != nil {
				b.Fatal(err)
			}
		}
		if err := m.Freeze(k); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchBatches*benchRows), "ns/line")
}
