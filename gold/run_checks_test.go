package gold

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/pipeline/check"
)

// Where a check quarantines lines, gold is that of a shop without these lines, also
// where they repeat others; what is left out is counted.
func TestRunQuarantine(t *testing.T) {
	defer goleak.VerifyNone(t)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 5))
		s := randomShop(rng)
		fails := func(row []string) bool {
			q, _ := strconv.Atoi(row[5])
			return q > 3 || q < -3
		}
		without := memoryShop{"memory://customers": s["memory://customers"], "memory://products": s["memory://products"]}
		sales := s["memory://sales"]
		without["memory://sales"] = texts{sales.columns, slices.DeleteFunc(slices.Clone(sales.rows), fails)}
		want, _ := goldOf(t, without, rng, Workers(1))

		m := s.mapping()
		m.Checks = []check.Check{
			{Table: "silver.fact_sales", Kind: check.Range, Columns: []string{"quantity"}, Min: "-3", Max: "3", OnFailure: check.Quarantine, Name: "few"},
			{Table: "silver.fact_sales", Kind: check.NotNull, Columns: []string{"order_id"}, OnFailure: check.Quarantine}, // never fails
		}
		got, report := goldBy(t, m, s, rng, Workers(1+int(seed%3)))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("seed %d: other gold:\n%s", seed, d)
		}
		for _, c := range report.Conservation {
			if n := c.Reasons["check:few"]; !c.Holds || (n > 0) != (c.Table == "sales") || n >= c.Silver && n > 0 {
				t.Errorf("seed %d: %+v", seed, c)
			}
		}
	}
}
