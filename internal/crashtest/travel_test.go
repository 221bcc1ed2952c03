package crashtest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/io/deltaio"
)

// Each commit of gold names the versions of silver that it was computed from. When
// the tables have long changed, those versions are still what the run left, and
// still give its figures.
func TestGoldNamesItsSilver(t *testing.T) {
	dir := quickDir(t)
	lake := filepath.Join(dir, "lake")
	s := newShop(t)
	var left []map[string][]string // by run
	for _, run := range []struct {
		files map[string]string
		args  []string
	}{{s.first, nil}, {s.more, nil}, {s.next, nil}, {s.next, []string{"--full-refresh"}}} {
		put(t, dir, run.files)
		mustRun(t, dir, run.args...)
		left = append(left, tables(t, lake))
	}
	for _, table := range []string{"gold.customer_metrics", "gold.customer_segmentation", "gold.product_performance", "gold.sales_summary", "gold.regional_sales"} {
		history, err := deltaio.History(t.Context(), filepath.Join(lake, strings.ReplaceAll(table, ".", "/")))
		if err != nil {
			t.Fatal(err)
		}
		if len(history) != len(left) {
			t.Fatalf("%s has %d versions after %d runs", table, len(history), len(left))
		}
		for _, c := range history {
			want := left[c.Version]
			if d := diff(want[table], show(t, lake, table, c.Version)); d != "" {
				t.Errorf("%s@v%d is not what the run left: %s", table, c.Version, d)
			}
			var inputs map[string]int64
			if err := json.Unmarshal(c.Info["smeltInputs"], &inputs); err != nil {
				t.Fatal(err)
			}
			if len(inputs) != 4 {
				t.Errorf("%s@v%d names %v", table, c.Version, inputs)
			}
			if table != "gold.regional_sales" {
				continue
			}
			for name, v := range inputs {
				if d := diff(want[name], show(t, lake, name, v)); d != "" {
					t.Errorf("%s@v%d, of %s@v%d, is not what the run left: %s", name, v, table, c.Version, d)
				}
			}
			facts := revenue(t, show(t, lake, "silver.fact_sales", inputs["silver.fact_sales"]), "")
			if d := cmp.Diff(facts, revenue(t, show(t, lake, table, c.Version), "country")); d != "" {
				t.Errorf("%s@v%d is not the revenue of its silver (-):\n%s", table, c.Version, d)
			}
		}
	}
}

// show returns the rows of a version of a table.
func show(t *testing.T, lake, table string, version int64) []string {
	t.Helper()
	rows, err := rowsOf(lake, fmt.Sprintf("%s@v%d", table, version))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// revenue sums the revenue of each country, over the rows of a level where there are some.
func revenue(t *testing.T, rows []string, level string) map[string]string {
	t.Helper()
	sums := map[string]*big.Rat{}
	for _, row := range rows {
		var r struct {
			Level, Country string
			Revenue        json.Number
		}
		if err := json.Unmarshal([]byte(row), &r); err != nil {
			t.Fatal(err)
		}
		n, ok := new(big.Rat).SetString(r.Revenue.String())
		if !ok {
			t.Fatalf("revenue %q", r.Revenue)
		}
		if r.Level != level {
			continue
		}
		if sums[r.Country] == nil {
			sums[r.Country] = new(big.Rat)
		}
		sums[r.Country].Add(sums[r.Country], n)
	}
	out := map[string]string{}
	for country, sum := range sums {
		out[country] = sum.FloatString(6)
	}
	return out
}
