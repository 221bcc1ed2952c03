package gold_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// BenchmarkAmend measures what an increment costs that does not depend on its
// size: the totals of a shop of 200,000 customers and 50,000 products, as many as
// 10 million lines have, are loaded, amended by the 20,000 lines of some
// customers, saved, and made tables of.
func BenchmarkAmend(b *testing.B) {
	const customers, products, lines = 200_000, 50_000, 400_000
	var s benchShop
	var c []silver.Customer
	var p []silver.Product
	for i := range customers {
		c = append(c, silver.Customer{CustomerID: fmt.Sprintf("C%07d", i)})
	}
	for i := range products {
		p = append(p, silver.Product{ProductID: fmt.Sprintf("P%06d", i), Category: pipeline.Code(fmt.Sprint("Category ", i%20))})
	}
	s.customers, s.products = silver.DimCustomers.Record(nil, c), silver.DimProducts.Record(nil, p)
	facts := make([]silver.FactSale, 0, lines)
	for i := range lines {
		net := pipeline.Price(10_000 + i%777_777)
		facts = append(facts, silver.FactSale{OrderID: fmt.Sprint("O", i/2), LineType: "sale", OrderDate: pipeline.Date(18_000 + i*7%2000),
			CustomerID: pipeline.Some(pipeline.Code(c[i*13%customers].CustomerID)), ProductID: pipeline.Code(p[i*11%products].ProductID), Quantity: 1, Sales: net, Revenue: net,
			Cost: pipeline.Some(net / 2), Margin: pipeline.Some(net / 2), Country: pipeline.Code(fmt.Sprint("Country ", i%40)), State: pipeline.Code(fmt.Sprint("State ", i%400))})
	}
	in := gold.Inputs{Customers: s.customers, Products: s.products}
	in.RFM.Grid = bronze.DefaultGrid
	count := func(facts []silver.FactSale) *gold.Totals {
		s.batches = []arrow.Record{silver.FactSales.Record(nil, facts)}
		totals, err := s.add(b, 2).Totals(in)
		if err != nil {
			b.Fatal(err)
		}
		return totals
	}
	some := facts[:20_000]
	closed := map[string]bool{}
	for _, f := range some {
		closed[string(f.CustomerID.V)] = true
	}
	full, old := count(facts), count(some)
	for i := range 10_000 {
		f := some[i*2]
		f.OrderID = fmt.Sprint("N", i/2)
		some = append(some, f)
	}
	new := count(some)

	dir := b.TempDir()
	path := func(t *pipeline.Table) string { return filepath.Join(dir, t.Name+".parquet") }
	create := func(t *pipeline.Table) (pipeline.Writer, error) {
		return parquetio.Create(path(t), t, parquetio.Options{})
	}
	if err := full.Save(create); err != nil {
		b.Fatal(err)
	}
	var spent [4]float64
	for b.Loop() {
		step, start := 0, cpu(b)
		did := func(err error) {
			if err != nil {
				b.Fatal(err)
			}
			now := cpu(b)
			spent[step] += now - start
			start = now
			step++
		}
		totals, err := gold.LoadTotals(gold.Seed(), 2, func(t *pipeline.Table) pipeline.Stream {
			return parquetio.Read(context.Background(), []string{path(t)}, nil)
		})
		did(err)
		did(totals.Amend(old, new, func(id []byte) bool { return closed[string(id)] }))
		did(totals.Save(func(t *pipeline.Table) (pipeline.Writer, error) {
			return parquetio.Create(path(t)+".new", t, parquetio.Options{})
		}))
		_, err = totals.Tables(in, create)
		did(err)
	}
	for i, name := range []string{"load", "amend", "save", "tables"} {
		b.ReportMetric(spent[i]*1e3/float64(b.N), name+"-cpu-ms")
	}
}
