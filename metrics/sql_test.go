package metrics_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

func TestSQL(t *testing.T) {
	for m, want := range map[*metrics.Measure]string{
		metrics.Orders:        "count(distinct case when line_type = 'sale' then order_id end)",
		metrics.NewCustomers:  "count(distinct case when line_type = 'sale' and order_date = first_sale_date then customer_id end)",
		metrics.UnitsReturned: "cast(coalesce(sum(case when line_type = 'return' then abs(quantity) end), 0) as bigint)",
		metrics.Cost:          "case when count(cost) = count(order_id) then cast(coalesce(sum(cost), 0) as decimal(28, 4)) end",
		metrics.LastSold:      "max(case when line_type = 'sale' then order_date end)",
		metrics.GrossSales:    "cast(sales + discounts as decimal(28, 4))",
		metrics.AOV:           "{{ quotient('sales', 'orders', 4) }}",
		metrics.MarginRate:    "{{ quotient('margin', 'revenue', 6) }}",
	} {
		if got := m.SQL(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", m.Name, got, want)
		}
	}
}

// Every measure's SQL names the columns that the measure declares, and declared measures.
func TestSQLNamesWhatIsDeclared(t *testing.T) {
	for _, m := range metrics.All() {
		text := m.SQL()
		if m.Parts() == nil {
			for _, c := range m.Columns() {
				if !strings.Contains(text, c) {
					t.Errorf("%s does not read %s: %s", m.Name, c, text)
				}
			}
		}
		for _, p := range m.Parts() {
			if _, err := metrics.ByName(p.Name); err != nil || !strings.Contains(text, p.Name) {
				t.Errorf("%s does not name its part %s: %s (%v)", m.Name, p.Name, text, err)
			}
		}
	}
}

// line is a row of the fact, in period "a" or "b"; amounts are unscaled.
type line struct {
	Period   string
	Order    string
	Customer *string
	Type     string
	Day      int64
	Quantity int64
	Money    map[string]*int64 // sales, returns, revenue, discount_amount, cost, margin
}

var amounts = []string{"sales", "returns", "revenue", "discount_amount", "cost", "margin"}

// randomLines are lines whose sums are large, small, negative and 0.
func randomLines(rng *rand.Rand) (lines []line) {
	size := []int64{3, 100_000, 99_999_999_999}[rng.IntN(3)]
	for range rng.IntN(30) {
		l := line{Period: []string{"a", "b"}[rng.IntN(2)], Order: fmt.Sprint("O", rng.IntN(8)), Type: "sale", Quantity: rng.Int64N(9), Money: map[string]*int64{}}
		l.Day = int64(rng.IntN(10))
		if l.Period == "b" {
			l.Day += 10 // the later period
		}
		if rng.IntN(4) > 0 {
			c := fmt.Sprint("C", rng.IntN(5))
			l.Customer = &c
		}
		if rng.IntN(3) == 0 {
			l.Type, l.Quantity = "return", -l.Quantity
		}
		for _, name := range amounts {
			if v := rng.Int64N(2*size) - size; !(name == "cost" || name == "margin") || rng.IntN(20) > 0 {
				l.Money[name] = &v
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// sql is the line as a row of VALUES.
func (l line) sql(shop int) string {
	customer := "NULL"
	if l.Customer != nil {
		customer = "'" + *l.Customer + "'"
	}
	row := fmt.Sprintf("%d, '%s', '%s', %s, '%s', date '1970-01-01' + %d, %d", shop, l.Period, l.Order, customer, l.Type, l.Day, l.Quantity)
	for _, name := range amounts {
		if amount := l.Money[name]; amount != nil {
			row += ", " + pipeline.FormatDecimal(*amount, 4)
		} else {
			row += ", NULL"
		}
	}
	return "(" + row + ")"
}

// naive accumulates the lines of a period as the bases' definitions say.
func naive(lines []line, period string) *metrics.Values {
	firstSale := map[string]int64{}
	for _, l := range lines {
		if l.Type == "sale" && l.Customer != nil {
			if first, ok := firstSale[*l.Customer]; !ok || l.Day < first {
				firstSale[*l.Customer] = l.Day
			}
		}
	}
	var v metrics.Values
	v.Reset()
	for b := range metrics.Base(metrics.NumBases) {
		d := b.Definition()
		sum, distinct, unknown := int64(0), map[string]bool{}, false
		var days []int64
		for _, l := range lines {
			if l.Period != period || d.LineType != "" && d.LineType != l.Type {
				continue
			}
			switch d.Column {
			case "order_id":
				distinct[l.Order] = true
			case "order_date":
				days = append(days, l.Day)
				distinct[fmt.Sprint(l.Day)] = true
			case "customer_id":
				if l.Customer != nil && (d.Op != metrics.OpFirst || firstSale[*l.Customer] == l.Day) {
					distinct[*l.Customer] = true
				}
			case "quantity":
				if d.Op == metrics.OpSumAbs {
					sum += max(l.Quantity, -l.Quantity)
				} else {
					sum += l.Quantity
				}
			default:
				if amount := l.Money[d.Column]; amount != nil {
					sum += *amount
				} else {
					unknown = true
				}
			}
		}
		switch {
		case d.Op == metrics.OpDistinct || d.Op == metrics.OpFirst:
			v.Set(b, pipeline.TotalOf(int64(len(distinct))))
		case d.Op == metrics.OpMin && days != nil:
			v.Set(b, pipeline.TotalOf(slices.Min(days)))
		case d.Op == metrics.OpMax && days != nil:
			v.Set(b, pipeline.TotalOf(slices.Max(days)))
		case unknown:
			v.SetUnknown(b)
		case d.Op == metrics.OpSum || d.Op == metrics.OpSumAbs:
			v.Set(b, pipeline.TotalOf(sum))
		}
	}
	return &v
}

// Measures mean in SQL what they mean in Go, of groups with and without lines.
func TestSQLJudged(t *testing.T) {
	python := judgetest.Python(t, "duckdb")
	rng := rand.New(rand.NewPCG(5, 9))
	shops := make([][]line, 200)
	for i := range shops {
		shops[i] = randomLines(rng)
	}
	run := exec.Command(python, "-c", "import duckdb, json, sys; print(json.dumps(duckdb.execute(sys.stdin.read()).fetchall()))")
	run.Stdin = strings.NewReader(query(t, shops))
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var rows [][]any // shop, period and a value for each measure
	if err := json.Unmarshal(out, &rows); err != nil || len(rows) != 3*len(shops) {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for _, row := range rows {
		shop, period := int(row[0].(float64)), row[1].(string)
		v := naive(shops[shop], period)
		for k, m := range metrics.All() {
			var want any
			if total, state := m.Eval(v); state == metrics.Known {
				n, _ := total.Int64()
				want = fmt.Sprint(n)
			}
			if got := row[k+2]; got != want {
				t.Errorf("%s of period %s is %v in SQL and %v in Go, of these lines: %v", m.Name, period, got, want, shops[shop])
			}
		}
		if t.Failed() {
			return
		}
	}
}

// query computes all measures of the periods a, b and c of each shop, as unscaled text.
func query(t *testing.T, shops [][]line) string {
	var values []string
	for shop, lines := range shops {
		for _, l := range lines {
			values = append(values, l.sql(shop))
		}
	}
	var counted, finished, shown []string
	for _, m := range metrics.All() {
		if m.Parts() == nil {
			counted = append(counted, m.SQL()+" as "+m.Name)
		} else {
			finished = append(finished, m.SQL()+" as "+m.Name)
		}
		switch pipeline.TypeName(m.Type) {
		case "date":
			shown = append(shown, "cast("+m.Name+" - date '1970-01-01' as varchar)")
		case "int64":
			shown = append(shown, "cast("+m.Name+" as varchar)")
		default: // a decimal's digits without its point
			shown = append(shown, "cast(cast(replace(cast("+m.Name+" as varchar), '.', '') as hugeint) as varchar)")
		}
	}
	text := `with rows (shop, period, order_id, customer_id, line_type, order_date, quantity, sales, returns, revenue, discount_amount, cost, margin) as (
	values ` + strings.Join(values, ",\n") + `),
lines as (
	select shop, period, order_id, customer_id, line_type, cast(order_date as date) as order_date, cast(quantity as bigint) as quantity,
	       cast(sales as decimal(18, 4)) as sales, cast(returns as decimal(18, 4)) as returns, cast(revenue as decimal(18, 4)) as revenue,
	       cast(discount_amount as decimal(18, 4)) as discount_amount, cast(cost as decimal(18, 4)) as cost, cast(margin as decimal(18, 4)) as margin,
	       min(case when line_type = 'sale' then order_date end) over (partition by shop, customer_id) as first_sale_date
	from rows),
measured as (
	select shops.shop, periods.period, ` + strings.Join(counted, ",\n") + `
	from range(` + fmt.Sprint(len(shops)) + `) as shops (shop) cross join (values ('a'), ('b'), ('c')) as periods (period)
	left join lines on lines.shop = shops.shop and lines.period = periods.period
	group by shops.shop, periods.period),
rated as (
	select *, ` + strings.Join(finished, ",\n") + ` from measured)
select shop, period, ` + strings.Join(shown, ",\n") + ` from rated order by shop, period`
	scope := &sql.Scope{Dialect: sql.DuckDB, Macros: map[string]*sql.Macro{}}
	for _, m := range sql.Arithmetic() {
		scope.Macros[m.Name] = m
	}
	expanded, err := scope.Expand(text)
	if err != nil {
		t.Fatal(err)
	}
	return expanded
}
