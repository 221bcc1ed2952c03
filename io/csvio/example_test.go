package csvio_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// Quantities are read straight into integers; the record that lacks a field is
// rejected.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "csvio")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "stock.csv")
	if err := os.WriteFile(path, []byte("id,quantity\nP1,12\nP2\n\"P3\",3\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	source, err := csvio.Open(ctx, pipeline.File{Path: path, Name: "stock.csv"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	quantity, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.Int64Type})
	if err != nil {
		fmt.Println(err)
		return
	}
	segments, err := source.Split(ctx, 16<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, segment := range segments {
		for batch, err := range segment.Scan(ctx, pipeline.Scan{Fields: []pipeline.Field{{Column: 1, Cast: quantity}}}) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(source.Columns()[1], batch.Record.Column(0), "of records", batch.Rows)
			for _, r := range batch.Rejects {
				fmt.Printf("record %d: %s: %q\n", r.Row, r.Error, r.Raw)
			}
		}
	}
	// Output:
	// quantity [12 3] of records [1 3]
	// record 2: 1 fields, expected 2: "P2"
}
