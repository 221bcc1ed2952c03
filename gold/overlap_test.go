package gold_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// Exports that overlap: each line counts as often as the export that has it most
// often, whatever the workers, the segments and the memory. A file of returns
// and an export of other lines have nothing to do with it.
func TestOverlap(t *testing.T) {
	const header = "Order,Date,Customer,Product,Quantity,Price,Status\n"
	rng := rand.New(rand.NewPCG(3, 7))
	dir := t.TempDir()
	type place struct {
		file string
		row  int64
	}
	var want []place
	sources := map[string][]string{
		"export_1.csv": {"export_1.csv", "export_2.csv", "export_3.csv"}, // these overlap
		"back_1.csv":   {"back_1.csv", "back_2.csv"},                     // and these
		"other.csv":    {"other.csv"},
	}
	for _, name := range []string{"export_1.csv", "back_1.csv", "other.csv"} {
		counts := map[string]map[string]int{}
		lines := map[string][]string{}
		for _, file := range sources[name] {
			counts[file] = map[string]int{}
			text := header
			for i := range 3_000 {
				line := fmt.Sprintf("O%d,2024-01-%02d,C%d,P%d,%d,2.50,%s", rng.IntN(500), 1+rng.IntN(2), i%2, rng.IntN(2), rng.IntN(3), []string{"shipped", "returned"}[rng.IntN(2)])
				lines[file] = append(lines[file], line)
				counts[file][line]++
				text += line + "\n"
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range sources[name] {
			for i, line := range lines[file] {
				keeps := file
				for _, other := range sources[name] {
					if n, most := counts[other][line], counts[keeps][line]; n > most || n == most && other < keeps {
						keeps = other
					}
				}
				if usable := !strings.Contains(line, ",0,2.50"); usable && keeps == file {
					want = append(want, place{file, int64(i + 1)})
				}
			}
		}
	}
	m, err := bronze.ParseMapping("smelt.yml", []byte(`
sources:
  - {table: sales, files: export_*.csv, overlap: max, columns: &columns {order_id: Order, ordered_at: Date, customer_id: Customer, product_id: Product, quantity: Quantity, unit_price: Price, status: Status}}
  - {table: sales, kind: returns, files: back_*.csv, overlap: max, columns: *columns}
  - {table: sales, files: other.csv, columns: *columns}
`))
	if err != nil {
		t.Fatal(err)
	}
	m.Dir = dir
	for _, workers := range []int{1, 2, 3} {
		for _, part := range []int64{1 << 30, 9_000} {
			for _, memory := range []int64{0, 1} {
				var sink pipeline.Memory
				report, err := gold.Run(context.Background(), m, csvio.Open, &sink, gold.Workers(workers), gold.PartBytes(part), gold.MemoryLimit(memory, t.TempDir()))
				if err != nil {
					t.Fatal(err)
				}
				var got []place
				mirrored := int64(0)
				for _, rec := range sink.Table("silver.fact_sales") {
					rows, err := silver.FactSales.Rows(rec)
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range rows {
						at := place{string(f.SourceFile), f.SourceRow}
						if n := len(got); n > 0 && got[n-1] == at {
							mirrored++
							continue
						}
						got = append(got, at)
					}
				}
				if d := cmp.Diff(want, got, cmp.AllowUnexported(place{})); d != "" {
					t.Fatalf("%d workers, parts of %d, memory %d: other lines:\n%s", workers, part, memory, d)
				}
				i := slices.IndexFunc(report.Conservation, func(c pipeline.Conservation) bool { return c.Table == "sales" })
				c := report.Conservation[i]
				if c.Bronze != 18_000 || c.Deduplicated != 18_000-c.Quarantined-int64(len(want)) || c.Added != mirrored || mirrored == 0 {
					t.Errorf("%d workers, parts of %d: %+v, %d mirrored", workers, part, c, mirrored)
				}
				sink.Release()
			}
		}
	}
}
