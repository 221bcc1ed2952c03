package gold_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// TestStrictNamesTheFirst: with bad_records: strict a run names the lowest bad
// record, of the first file that has one, whichever worker finds one first.
func TestStrictNamesTheFirst(t *testing.T) {
	// A part has some 34,000 records: the first bad one is late in its part, those
	// of later parts are early in theirs, so that another worker meets them before.
	const records, first, part = 80_000, 31_001, 1_200_000
	dir := t.TempDir()
	bad := []int{first}
	for i := 33_000; i < records; i += 100 {
		bad = append(bad, i)
	}
	for file, bad := range map[string][]int{"sales_1.csv": nil, "sales_2.csv": bad, "sales_3.csv": {1, 2, 3}} {
		var b strings.Builder
		b.WriteString("Order,Line,Date,Customer,Product,Quantity,Price\n")
		for i := 1; i <= records; i++ {
			fmt.Fprintf(&b, "%s%d,1,2024-01-02,C%d,P1,2,10.00\n", file[6:7], i, i%100)
			if len(bad) > 0 && bad[0] == i {
				bad = bad[1:]
				b.WriteString("short,1\n")
			}
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, keys := range []string{"order_id: Order, line_number: Line, updated_at: Date", "order_id: Order"} { // with a scan for repeated lines, and without
		m, err := bronze.ParseMapping("smelt.yml", []byte("sources: [{table: sales, files: sales_*.csv, bad_records: strict, columns: {"+keys+
			", ordered_at: Date, customer_id: Customer, product_id: Product, quantity: Quantity, unit_price: Price}}]"))
		if err != nil {
			t.Fatal(err)
		}
		m.Dir = dir
		for _, workers := range []int{1, 2, 3, 4, 8} {
			_, err := gold.Run(context.Background(), m, csvio.Open, &pipeline.Memory{}, gold.Workers(workers), gold.PartBytes(part))
			var e *pipeline.Error
			if !errors.As(err, &e) || e.File != "sales_2.csv" || e.Row != first+1 || e.Msg != "2 fields, expected 7" {
				t.Errorf("%s, %d workers: %v", keys, workers, err)
			}
		}
	}
}
