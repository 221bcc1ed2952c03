package deltaio_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

type price struct {
	Product string         `col:"product" doc:"What is sold."`
	Price   pipeline.Price `col:"price" doc:"Per unit."`
}

var prices = pipeline.Declare[price]("silver.prices", "One row per product.", "product")

// A table is created, changed by key, and read as it is and as it was.
func Example() {
	dir, err := os.MkdirTemp("", "lake")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "silver", "prices")
	ctx := context.Background()

	first := prices.Record(nil, []price{{"lamp", 199000}, {"bulb", 25000}})
	defer first.Release()
	if _, err := deltaio.Write(ctx, dir, prices.Table, deltaio.Append, pipeline.Of(first), deltaio.WriteOptions{}); err != nil {
		log.Fatal(err)
	}
	second := prices.Record(nil, []price{{"bulb", 27500}, {"shade", 90000}})
	defer second.Release()
	if _, err := deltaio.Upsert(ctx, dir, prices.Table, []string{"product"}, pipeline.Of(second), deltaio.WriteOptions{}); err != nil {
		log.Fatal(err)
	}

	for version := range int64(2) {
		s, err := deltaio.LoadVersion(ctx, dir, version)
		if err != nil {
			log.Fatal(err)
		}
		for rec, err := range deltaio.Scan(ctx, s, nil) {
			if err != nil {
				log.Fatal(err)
			}
			rows, err := prices.Rows(rec)
			if err != nil {
				log.Fatal(err)
			}
			for _, r := range rows {
				fmt.Println(version, r.Product, r.Price)
			}
		}
	}
	history, err := deltaio.History(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range history {
		fmt.Println(c.Version, c.Operation, "+", c.RowsAdded, "-", c.RowsRemoved)
	}
	// Output:
	// 0 lamp 19.9000
	// 0 bulb 2.5000
	// 1 bulb 2.7500
	// 1 shade 9.0000
	// 1 lamp 19.9000
	// 1 MERGE + 3 - 2
	// 0 WRITE + 2 - 0
}
