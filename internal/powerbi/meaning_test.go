package powerbi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// meaning is what a measure's DAX means, as somebody reads it: SQL over the lines
// of a group, or of a period p. It is written by hand from the DAX and not from
// package metrics, and a changed DAX must be read anew.
type meaning struct {
	measure string
	dax     string // white space does not count; "…" stands for periodDAX or daysDAX
	sql     string
	gold    string // what gold has of it, "table.expression"; "" = columns called like it
}

const (
	// What begins the DAX of measures that compare periods, and of trailing sums.
	periodDAX = `VAR FirstDay = MIN('calendar'[date]) VAR LastDay = MAX('calendar'[date]) VAR Days = INT(LastDay - FirstDay) + 1 ` +
		`VAR WholeMonths = DAY(FirstDay) = 1 && DAY(LastDay + 1) = 1 VAR Newest = CALCULATE(MAX('fact_sales'[order_date]), REMOVEFILTERS()) ` +
		`VAR IsPeriod = COUNTROWS('calendar') = Days && FirstDay <= Newest`
	daysDAX = `VAR Oldest = CALCULATE(MIN('fact_sales'[order_date]), REMOVEFILTERS()) VAR Newest = CALCULATE(MAX('fact_sales'[order_date]), REMOVEFILTERS()) ` +
		`VAR LastDay = MIN(MAX('calendar'[date]), Newest)`

	// Revenue of days, in SQL: blank without a line.
	revenueOf = `(SELECT sum(f.revenue) FROM fact f WHERE f.order_date BETWEEN (%s)::DATE AND (%s)::DATE)`
	whole     = `(day(first_day) = 1 AND day(last_day + 1) = 1)`
)

var (
	now      = fmt.Sprintf(revenueOf, "first_day", "last_day")
	previous = fmt.Sprintf(revenueOf, "CASE WHEN "+whole+" THEN first_day - to_months((datediff('month', first_day, last_day) + 1)::INT) ELSE first_day - to_days((last_day - first_day + 1)::INT) END", "first_day - 1")
	yearAgo  = fmt.Sprintf(revenueOf, "CASE WHEN "+whole+" THEN first_day - INTERVAL 12 MONTH ELSE first_day - INTERVAL 364 DAY END",
		"CASE WHEN "+whole+" THEN last_day(last_day - INTERVAL 12 MONTH) ELSE last_day - INTERVAL 364 DAY END")
)

// growth divides as DIVIDE does; a blank that is subtracted is 0.
func growth(over string) string {
	return fmt.Sprintf(`CASE WHEN first_day <= newest AND %[1]s > 0 THEN (coalesce(%[2]s, 0) - %[1]s)::DOUBLE / %[1]s END`, over, now)
}

// trailing is a sum of days; gold has it by day, and 0 where no day has a line.
func trailing(days int) string {
	return fmt.Sprintf(`CASE WHEN least(last_day, newest) - %d >= oldest THEN coalesce(%s, 0) END`, days-1, fmt.Sprintf(revenueOf, fmt.Sprintf("least(last_day, newest) - %d", days-1), "least(last_day, newest)"))
}

var meanings = []meaning{
	{"Orders", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(DISTINCTCOUNTNOBLANK('fact_sales'[order_id]), KEEPFILTERS('fact_sales'[line_type] = "sale")) + 0)`,
		`count(DISTINCT order_id) FILTER (WHERE line_type = 'sale')`, ""},
	{"Return orders", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(DISTINCTCOUNTNOBLANK('fact_sales'[order_id]), KEEPFILTERS('fact_sales'[line_type] = "return")) + 0)`,
		`count(DISTINCT order_id) FILTER (WHERE line_type = 'return')`, ""},
	{"Customers", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(DISTINCTCOUNTNOBLANK('fact_sales'[customer_id]), KEEPFILTERS('fact_sales'[line_type] = "sale")) + 0)`,
		`count(DISTINCT customer_id) FILTER (WHERE line_type = 'sale')`, ""},
	{"New customers", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(DISTINCTCOUNTNOBLANK('fact_sales'[customer_id]), KEEPFILTERS('fact_sales'[line_type] = "sale"),
		KEEPFILTERS(TREATAS(SUMMARIZE('customer_metrics', 'customer_metrics'[customer_id], 'customer_metrics'[first_order_date]), 'fact_sales'[customer_id], 'fact_sales'[order_date]))) + 0)`,
		`count(DISTINCT customer_id) FILTER (WHERE line_type = 'sale' AND order_date = first_sale)`, ""},
	{"Units sold", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(SUM('fact_sales'[quantity]), KEEPFILTERS('fact_sales'[line_type] = "sale")) + 0)`,
		`coalesce(sum(quantity) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Units returned", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(SUMX('fact_sales', ABS('fact_sales'[quantity])), KEEPFILTERS('fact_sales'[line_type] = "return")) + 0)`,
		`coalesce(sum(abs(quantity)) FILTER (WHERE line_type = 'return'), 0)`, ""},
	{"Sale dates", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(DISTINCTCOUNTNOBLANK('fact_sales'[order_date]), KEEPFILTERS('fact_sales'[line_type] = "sale")) + 0)`,
		`nullif(greatest(count(DISTINCT order_date) FILTER (WHERE line_type = 'sale'), 1), 1)`, "customer_metrics.round(lifespan_days / avg_days_between_orders)::BIGINT + 1"},
	{"Sales", `SUM('fact_sales'[sales])`, `sum(sales)`, ""},
	{"Returns", `SUM('fact_sales'[returns])`, `sum("returns")`, ""},
	{"Revenue", `SUM('fact_sales'[revenue])`, `sum(revenue)`, ""},
	{"Discounts", `IF(NOT ISEMPTY('fact_sales'), CALCULATE(SUM('fact_sales'[discount_amount]), KEEPFILTERS('fact_sales'[line_type] = "sale")) + 0)`,
		`coalesce(sum(discount_amount) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Gross sales", `[Sales] + [Discounts]`, `sum(CASE WHEN line_type = 'sale' THEN sales + discount_amount ELSE sales END)`, "product_performance.sales + discounts"},
	{"Cost", `IF(COUNTBLANK('fact_sales'[cost]) = 0, SUM('fact_sales'[cost]))`, `CASE WHEN count(*) = count(cost) THEN sum(cost) END`, ""},
	{"Margin", `IF(COUNTBLANK('fact_sales'[margin]) = 0, SUM('fact_sales'[margin]))`, `CASE WHEN count(*) = count(margin) THEN sum(margin) END`, ""},
	{"CLV", `SUM('fact_sales'[revenue])`, `sum(revenue)`, ""},
	{"AOV", `DIVIDE([Sales], [Orders])`, `sum(sales)::DOUBLE / nullif(count(DISTINCT order_id) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Average price", `DIVIDE([Sales], [Units sold])`, `sum(sales)::DOUBLE / nullif(sum(quantity) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Return rate", `DIVIDE([Returns], [Sales])`, `sum("returns")::DOUBLE / nullif(sum(sales), 0)`, ""},
	{"Unit return rate", `DIVIDE([Units returned], [Units sold])`,
		`coalesce(sum(abs(quantity)) FILTER (WHERE line_type = 'return'), 0)::DOUBLE / nullif(sum(quantity) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Order return rate", `DIVIDE([Return orders], [Orders])`,
		`count(DISTINCT order_id) FILTER (WHERE line_type = 'return')::DOUBLE / nullif(count(DISTINCT order_id) FILTER (WHERE line_type = 'sale'), 0)`, ""},
	{"Margin rate", `DIVIDE([Margin], [Revenue])`, `CASE WHEN count(*) = count(margin) THEN sum(margin)::DOUBLE / nullif(sum(revenue), 0) END`, ""},
	{"First order date", `CALCULATE(MIN('fact_sales'[order_date]), KEEPFILTERS('fact_sales'[line_type] = "sale"))`, `min(order_date) FILTER (WHERE line_type = 'sale')`, ""},
	{"Last order date", `CALCULATE(MAX('fact_sales'[order_date]), KEEPFILTERS('fact_sales'[line_type] = "sale"))`, `max(order_date) FILTER (WHERE line_type = 'sale')`, ""},
	{"First sold", `CALCULATE(MIN('fact_sales'[order_date]), KEEPFILTERS('fact_sales'[line_type] = "sale"))`, `min(order_date) FILTER (WHERE line_type = 'sale')`, ""},
	{"Last sold", `CALCULATE(MAX('fact_sales'[order_date]), KEEPFILTERS('fact_sales'[line_type] = "sale"))`, `max(order_date) FILTER (WHERE line_type = 'sale')`, ""},

	{"Revenue previous period", `… VAR Months = DATEDIFF(FirstDay, LastDay, MONTH) + 1 VAR StartDay = IF(WholeMonths, EDATE(FirstDay, -Months), FirstDay - Days)
		RETURN IF(IsPeriod, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, FirstDay - 1)))`,
		`coalesce(` + previous + `, 0)`, "sales_summary.coalesce(previous_revenue, 0)"},
	{"Revenue growth", `VAR RevenueBefore = [Revenue previous period] RETURN IF(RevenueBefore > 0, DIVIDE([Revenue] - RevenueBefore, RevenueBefore))`,
		growth(previous), "sales_summary.growth"},
	{"Revenue year ago", `… VAR StartDay = IF(WholeMonths, EDATE(FirstDay, -12), FirstDay - 364) VAR EndDay = IF(WholeMonths, EOMONTH(LastDay, -12), LastDay - 364)
		RETURN IF(IsPeriod, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, EndDay)))`,
		`CASE WHEN ` + yearAgo + ` > 0 THEN ` + yearAgo + ` END`, "sales_summary.round(revenue / (1 + yoy_growth), 2)"},
	{"Revenue YoY", `VAR RevenueBefore = [Revenue year ago] RETURN IF(RevenueBefore > 0, DIVIDE([Revenue] - RevenueBefore, RevenueBefore))`,
		growth(yearAgo), "sales_summary.yoy_growth"},
	{"Revenue 7d", `… VAR StartDay = LastDay - 6 RETURN IF(MIN('calendar'[date]) <= Newest && StartDay >= Oldest, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, LastDay)))`,
		trailing(7), "sales_summary.revenue_7d"},
	{"Revenue 28d", `… VAR StartDay = LastDay - 27 RETURN IF(MIN('calendar'[date]) <= Newest && StartDay >= Oldest, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, LastDay)))`,
		trailing(28), "sales_summary.revenue_28d"},
	{"Revenue share", `VAR RevenueOfAll = CALCULATE([Revenue], ALLSELECTED()) RETURN IF(RevenueOfAll > 0, DIVIDE([Revenue], RevenueOfAll))`,
		`sum(revenue)::DOUBLE / (SELECT sum(revenue) FROM fact)`, "product_performance.revenue_share"},
	{"Returning customers", `[Customers] - [New customers]`,
		`count(DISTINCT customer_id) FILTER (WHERE line_type = 'sale') - count(DISTINCT customer_id) FILTER (WHERE line_type = 'sale' AND order_date = first_sale)`,
		"sales_summary.customers - new_customers"},
}

var space = regexp.MustCompile(`\s+`)

// TestMeaningsAreOfTheDAX keeps the table complete, and its DAX that of the model.
func TestMeaningsAreOfTheDAX(t *testing.T) {
	m := model(t, sources["local"])
	if n := len(m.Table(MeasuresTable).Measures); n != len(meanings) {
		t.Errorf("the model has %d measures, %d are explained", n, len(meanings))
	}
	for _, x := range meanings {
		got := m.Measure(x.measure)
		if got == nil {
			t.Errorf("the model has no %s", x.measure)
			continue
		}
		begin := periodDAX
		if strings.Contains(x.dax, "Oldest") {
			begin = daysDAX
		}
		want := strings.Replace(x.dax, "…", begin, 1)
		plain := func(s string) string {
			return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.TrimSpace(space.ReplaceAllString(s, " ")))
		}
		if plain(got.DAX) != plain(want) {
			t.Errorf("%s has changed: read the DAX, and write what it means\n%s\n%s", x.measure, plain(got.DAX), plain(want))
		}
	}
}

// TestMeanings has DuckDB evaluate each measure in each group of the gold tables
// that have it, and finds the number that gold has.
func TestMeanings(t *testing.T) {
	python := judgetest.Python(t, "duckdb")
	type check struct {
		Measure string   `json:"measure"`
		SQL     string   `json:"sql"`
		Table   string   `json:"table"`
		Column  string   `json:"column"`
		By      string   `json:"by"`
		Where   string   `json:"where"`
		Within  *float64 `json:"within"`
	}
	by := map[string]string{"customer_metrics": "customer_id", "product_performance": "product_id", "regional_sales": "country", "sales_summary": "order_date"}
	var checks []check
	for _, x := range meanings {
		add := func(table, column string, within float64) {
			c := check{Measure: x.measure, SQL: x.sql, Table: table, Column: column, By: by[table]}
			if strings.Contains(x.sql, "first_day") || strings.Contains(x.sql, "last_day") {
				c.By = "period"
			}
			if strings.HasSuffix(column, "7d") || strings.HasSuffix(column, "28d") {
				c.Where = "WHERE grain = 'day'"
			}
			if within > 0 {
				c.Within = &within
			}
			checks = append(checks, c)
		}
		if table, column, ok := strings.Cut(x.gold, "."); ok {
			within := map[bool]float64{true: 0.51e-6}[strings.Contains(x.sql, "DOUBLE")]
			if x.measure == "Revenue year ago" {
				within = 1 // as exact as a growth of six digits gives it back
			}
			add(table, column, within)
			continue
		}
		of, err := metrics.ByName(model(t, sources["local"]).Measure(x.measure).Of)
		if err != nil {
			t.Fatal(err)
		}
		within := 0.0 // sums and counts are exact
		if of.Den != nil {
			within = map[int]float64{4: 0.51e-4, 6: 0.51e-6}[of.Scale()] // gold rounds
		}
		found := false
		for _, s := range gold.Seed() {
			if s.Table.Index(of.Name) >= 0 {
				add(s.Table.Base(), of.Name, within)
				found = true
			}
		}
		if !found {
			t.Errorf("no gold table has %s: say what to compare it with", x.measure)
		}
	}
	asked, err := json.Marshal(map[string]any{"lake": lake(t), "checks": checks})
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bytes.NewReader(run(t, asked, python, "-B", filepath.Join("testdata", "meaning.py"))))
	unknown := 0
	for _, c := range checks {
		var a struct {
			Measure, Table, First   string
			Groups, Unknown, Differ int
		}
		if err := answers.Decode(&a); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-24s %-20s %5d groups, %5d of them unknown, %d differ", a.Measure, a.Table, a.Groups, a.Unknown, a.Differ)
		if a.Differ > 0 || a.Groups-a.Unknown < 3 {
			t.Errorf("%s: %d of %d groups of gold.%s differ, as %s\n%s", c.Measure, a.Differ, a.Groups, c.Table, a.First, c.SQL)
		}
		if c.Measure == "Cost" {
			unknown += a.Unknown
		}
	}
	if unknown == 0 {
		t.Error("the shop has no unknown cost: nothing shows what becomes of it")
	}
}

// lake makes the tables of a small shop, as Parquet, and returns their folder.
func lake(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	made, err := synth.Generate(t.Context(), dir, synth.Options{Rows: 1500, Seed: 3, Messy: 0.03}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := bronze.LoadMapping(made.Config)
	if err != nil {
		t.Fatal(err)
	}
	l, err := store.Open(filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	create := func(path string, t *pipeline.Table) (pipeline.Writer, error) {
		return parquetio.Create(path, t, parquetio.Options{})
	}
	if _, err := gold.Run(t.Context(), m, csvio.Open, l.Sink(create, "parquet")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "lake")
}
