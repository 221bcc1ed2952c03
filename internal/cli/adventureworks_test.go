package cli

import (
	"bytes"
	"encoding/csv"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// TestAdventureWorks runs the published shop from its mapping and compares the
// figures that are known of it.
func TestAdventureWorks(t *testing.T) {
	data := judgetest.Data(t, "adventureworks")
	lake := filepath.Join(t.TempDir(), "lake")
	smelt(t, "run", "-c", "../../testdata/adventureworks.yml", "--data", data, "-o", lake)

	lines, orders := map[string]int{}, map[string]bool{}
	var units int
	var sales, returns int64
	first, last := "9", "0"
	for _, row := range rows(t, lake, "silver.fact_sales", "line_type,order_id,quantity,sales,returns,order_date") {
		lines[row[0]]++
		sales, returns = sales+unscaled(t, row[3]), returns+unscaled(t, row[4])
		if row[0] == "sale" {
			orders[row[1]] = true
			n, _ := strconv.Atoi(row[2])
			units += n
			first, last = min(first, row[5]), max(last, row[5])
		}
	}
	var countries []string
	for _, row := range rows(t, lake, "gold.regional_sales", "level,country") {
		if row[0] == "country" {
			countries = append(countries, row[1])
		}
	}
	for _, figure := range []struct {
		name      string
		got, want any
	}{
		{"sale lines", lines["sale"], 56_046},
		{"orders", len(orders), 25_164},
		{"units", units, 84_174},
		{"sales", pipeline.FormatDecimal(sales, 4), "24914586.8193"},
		{"return lines", lines["return"], 1_809},
		{"returns", pipeline.FormatDecimal(returns, 4), "765277.8401"},
		{"customers", len(rows(t, lake, "silver.dim_customers", "customer_id")), 18_148},
		{"products", len(rows(t, lake, "silver.dim_products", "product_id")), 293},
		{"first order", first, "2015-01-01"},
		{"last order", last, "2017-06-30"},
		{"countries", strings.Join(countries, ", "), "Australia, Canada, France, Germany, United Kingdom, United States"},
	} {
		if figure.got != figure.want {
			t.Errorf("%s: %v, not %v", figure.name, figure.got, figure.want)
		}
	}

	// gold says the same.
	var totals [4]int64
	for _, row := range rows(t, lake, "gold.sales_summary", "grain,orders,units_sold,sales,returns") {
		if row[0] == "day" {
			for i, text := range row[1:] {
				totals[i] += unscaled(t, text)
			}
		}
	}
	if want := [4]int64{25_164, 84_174, sales, returns}; totals != want {
		t.Errorf("gold.sales_summary adds up to %d, not %d", totals, want)
	}
}

// smelt runs a command that must succeed and returns its stdout.
func smelt(t *testing.T, args ...string) *bytes.Buffer {
	t.Helper()
	var out, err bytes.Buffer
	if code := Run(t.Context(), args, &out, &err); code != 0 {
		t.Fatalf("smelt %s: exit code %d\n%s", strings.Join(args, " "), code, &err)
	}
	return &out
}

// rows returns columns of a table.
func rows(t *testing.T, lake, table, columns string) [][]string {
	t.Helper()
	r := csv.NewReader(smelt(t, "show", table, "-o", lake, "--format", "csv", "--columns", columns))
	r.ReuseRecord = true
	var out [][]string
	for {
		row, err := r.Read()
		if err == io.EOF {
			return out[1:]
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(row))
	}
}

// unscaled reads a decimal as the integer of its digits.
func unscaled(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
