package gold

import (
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// How many rows are made again grows with the sales, between a floor, for shops
// that are read in no time anyhow, and what memory should hold.
func TestAmendReach(t *testing.T) {
	for sales, want := range map[int64]int{0: 2_000, 100_000: 2_000, 210_000: 4_200, 10_000_000: 200_000, 100_000_000: 200_000} {
		a := &amendment{run: &run{work: work{last: &pipeline.Report{Tables: []pipeline.TableReport{{Name: "silver.fact_sales", Rows: 7}, {Name: "bronze.sales", Rows: sales}}}}}}
		if got := a.reach(); got != want {
			t.Errorf("%d sales lines: %d, want %d", sales, got, want)
		}
	}
}
