package gold

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// manyOrders makes a shop of orders that fill many chunks of sightings.
func manyOrders(rng *rand.Rand, orders int) *world {
	w := &world{rfm: bronze.RFM{Grid: bronze.DefaultGrid}}
	for i := range 1000 {
		w.customers = append(w.customers, silver.Customer{CustomerID: fmt.Sprintf("C%03d", i)})
		w.products = append(w.products, silver.Product{ProductID: fmt.Sprintf("P%03d", i), Category: "Toys"})
	}
	for o := range orders {
		f := silver.FactSale{OrderID: fmt.Sprint("O", o), LineType: "sale", OrderDate: pipeline.Date(17000 + rng.IntN(900)), Quantity: 1,
			Sales: 10_000, Revenue: 10_000, Country: pipeline.Code(fmt.Sprint("Country ", rng.IntN(9))), State: "S", SourceFile: "sales.csv",
			CustomerID: pipeline.Some(pipeline.Code(w.customers[rng.IntN(1000)].CustomerID))}
		if o%3 == 0 {
			f.OrderID = fmt.Sprint("a rather long order id ", o)
		}
		for range 1 + rng.IntN(4) {
			f.ProductID = pipeline.Code(w.products[rng.IntN(1000)].ProductID)
			f.SourceRow++
			w.facts = append(w.facts, f)
		}
		if o%4 == 0 {
			f.LineType, f.Quantity, f.Sales, f.Returns, f.Revenue = "return", -1, 0, 10_000, -10_000
			w.facts = append(w.facts, f)
		}
	}
	return w
}

// Orders in files are counted as those in memory are.
func TestSpilledOrders(t *testing.T) {
	w := manyOrders(rand.New(rand.NewPCG(1, 1)), 6_000)
	want := w.aggregate(t, rand.New(rand.NewPCG(1, 2)), 1, Seed()...)
	for workers := 1; workers <= 4; workers++ {
		w.scratch = pipeline.NewScratch(1, t.TempDir())
		got := w.aggregate(t, rand.New(rand.NewPCG(uint64(workers), 2)), workers, Seed()...)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d workers: other gold:\n%s", workers, d)
		}
		if err := w.scratch.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A file that cannot be written, or read, is an error of Add or of Totals.
func TestSpillFails(t *testing.T) {
	w := manyOrders(rand.New(rand.NewPCG(1, 1)), 6_000)
	rec := silver.FactSales.Record(nil, w.facts)
	customers, products := silver.DimCustomers.Record(nil, w.customers), silver.DimProducts.Record(nil, w.products)
	run := func(scratch *pipeline.Scratch, after func(rows int64)) (add, count error) {
		a, err := NewAggregation(Seed(), 2, scratch)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Release()
		for at := int64(0); at < rec.NumRows(); at += 1000 {
			if err := a.Add(int(at/1000)%2, rec.NewSlice(at, min(at+1000, rec.NumRows()))); err != nil {
				return err, nil
			}
			after(min(at+1000, rec.NumRows()))
		}
		_, err = a.Totals(Inputs{Customers: customers, Products: products, RFM: w.rfm})
		return nil, err
	}
	none := pipeline.NewScratch(1, filepath.Join(t.TempDir(), "none"))
	if add, _ := run(none, func(int64) {}); !errors.Is(add, os.ErrNotExist) {
		t.Errorf("no folder: %v", add)
	}
	for _, rows := range []int64{6_000, rec.NumRows()} { // the file goes away while it is written, and before it is read
		scratch := pipeline.NewScratch(1, t.TempDir())
		add, count := run(scratch, func(done int64) {
			if done == rows {
				if err := scratch.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err := errors.Join(add, count); !errors.Is(err, pipeline.ErrOutput) || (add != nil) != (rows == 6_000) {
			t.Errorf("closed after %d rows: Add: %v; Totals: %v", rows, add, count)
		}
	}
}

// A run with little memory makes the same tables, and leaves no file behind,
// however it ends.
func TestRunMemoryLimit(t *testing.T) {
	defer goleak.VerifyNone(t)
	tmp := t.TempDir()
	empty := func(when string) {
		t.Helper()
		if files, err := os.ReadDir(tmp); err != nil || len(files) > 0 {
			t.Errorf("%s: %v is left, %v", when, files, err)
		}
	}
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 6))
		s := randomShop(rng)
		want, _ := goldOf(t, s, rng, Workers(1))
		for workers := 1; workers <= 3; workers++ {
			got, _ := goldOf(t, s, rng, Workers(workers), PartBytes(1), MemoryLimit(1, tmp))
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("seed %d, %d workers: other gold:\n%s", seed, workers, d)
			}
			empty("success")
		}
	}
	rng := rand.New(rand.NewPCG(1, 6))
	s := randomShop(rng)
	sink := &failingSink{failCreate: "gold.sales_summary"}
	if _, err := Run(context.Background(), s.mapping(), s.open(rng), sink, MemoryLimit(1, tmp)); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	empty("error")
	ctx, cancel := context.WithCancel(context.Background())
	stop := pipeline.Map(func(rec arrow.Record) (arrow.Record, error) { cancel(); rec.Retain(); return rec, nil })
	if _, err := Run(ctx, s.mapping(), s.open(rng), &failingSink{}, Stages(stop), MemoryLimit(1, tmp)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	empty("cancelled")
}
