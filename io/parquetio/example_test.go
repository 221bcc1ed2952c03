package parquetio_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

type sale struct {
	Order    string        `col:"order_id" doc:"Order."`
	Customer pipeline.Code `col:"customer_id" doc:"Customer."`
	Quantity int64         `col:"quantity" doc:"Units."`
}

var sales = pipeline.Declare[sale]("test.sales", "One row per sale.")

// A table is written, described, and read back where a customer bought.
func Example() {
	dir, err := os.MkdirTemp("", "smelt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "sales.parquet")
	w, err := parquetio.Create(path, sales.Table, parquetio.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec := sales.Record(nil, []sale{{"S1", "anna", 2}, {"S2", "ben", 7}, {"S3", "anna", 1}})
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		fmt.Println(err)
	}
	if _, err := w.Close(); err != nil {
		fmt.Println(err)
	}
	for _, c := range w.Columns() {
		fmt.Println(c.Column, c.Min, c.Max)
	}
	anna := pipeline.Where{Column: "customer_id", Wants: func(v []byte) bool { return string(v) == "anna" }}
	fields := []arrow.Field{{Name: "order_id", Type: pipeline.StringType}, {Name: "quantity", Type: pipeline.Int64Type}}
	for rec, err := range parquetio.ReadAs(context.Background(), path, fields, anna) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, q := range rec.Column(1).(*array.Int64).Int64Values() {
			fmt.Println(rec.Column(0).(*array.String).Value(i), q)
		}
	}
	// Output:
	// order_id S1 S3
	// customer_id anna ben
	// quantity 1 7
	// S1 2
	// S3 1
}
