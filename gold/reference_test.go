package gold

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// A second implementation of the five tables, written from the contract over
// Go maps and slices, as slow and plain as can be.

// naive is a group of lines.
type naive []silver.FactSale

func (n naive) filter(kind string) naive {
	var out naive
	for _, f := range n {
		if string(f.LineType) == kind {
			out = append(out, f)
		}
	}
	return out
}

func (n naive) distinct(of func(silver.FactSale) string) int64 {
	seen := map[string]bool{}
	for _, f := range n {
		seen[of(f)] = true
	}
	delete(seen, "")
	return int64(len(seen))
}

func (n naive) sum(of func(silver.FactSale) int64) int64 {
	total := int64(0)
	for _, f := range n {
		total += of(f)
	}
	return total
}

func order(f silver.FactSale) string    { return string(f.OrderID) }
func customer(f silver.FactSale) string { return string(f.CustomerID.V) }

func (n naive) orders() int64       { return n.filter("sale").distinct(order) }
func (n naive) returnOrders() int64 { return n.filter("return").distinct(order) }
func (n naive) customers() int64    { return n.filter("sale").distinct(customer) }
func (n naive) sold() int64 {
	return n.filter("sale").sum(func(f silver.FactSale) int64 { return f.Quantity })
}
func (n naive) returned() int64 {
	return -n.filter("return").sum(func(f silver.FactSale) int64 { return f.Quantity })
}
func (n naive) sales() int64 { return n.sum(func(f silver.FactSale) int64 { return int64(f.Sales) }) }
func (n naive) returns() int64 {
	return n.sum(func(f silver.FactSale) int64 { return int64(f.Returns) })
}
func (n naive) revenue() int64 {
	return n.sum(func(f silver.FactSale) int64 { return int64(f.Revenue) })
}
func (n naive) discounts() int64 {
	return n.filter("sale").sum(func(f silver.FactSale) int64 { return int64(f.DiscountAmount) })
}

func (n naive) cost(of func(silver.FactSale) pipeline.Null[pipeline.Price]) string {
	total := int64(0)
	for _, f := range n {
		if !of(f).Valid {
			return "NULL"
		}
		total += int64(of(f).V)
	}
	return money(total)
}

func costOf(f silver.FactSale) pipeline.Null[pipeline.Price]   { return f.Cost }
func marginOf(f silver.FactSale) pipeline.Null[pipeline.Price] { return f.Margin }

// dates returns the sale dates, each once, ascending.
func (n naive) dates() []pipeline.Date {
	days := map[pipeline.Date]bool{}
	for _, f := range n.filter("sale") {
		days[f.OrderDate] = true
	}
	return slices.Sorted(maps.Keys(days))
}

func money(v int64) string { return pipeline.FormatDecimal(v, 4) }

// over is a / b of unscaled values, with so many decimals.
func over(a, b int64, digits, scale int) string {
	q, ok := pipeline.Quotient(pipeline.TotalOf(a), pipeline.TotalOf(b), digits, pipeline.MaxPrice)
	if !ok {
		return "NULL"
	}
	return pipeline.FormatDecimal(q, scale)
}

func ratio(a, b int64) string { return over(a, b, 6, 6) }

func positive(a, b int64) string {
	if b <= 0 {
		return "NULL"
	}
	return ratio(a, b)
}

func ends(days []pipeline.Date) (first, last string) {
	if len(days) == 0 {
		return "NULL", "NULL"
	}
	return days[0].String(), days[len(days)-1].String()
}

func row(values ...any) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, "|")
}

// world is the input of the reference.
type world struct {
	facts     naive
	customers []silver.Customer
	products  []silver.Product
	reference pipeline.Null[pipeline.Date]
	rfm       bronze.RFM
	scratch   *pipeline.Scratch // of the aggregation; the reference has no limit
}

func (w *world) where(keep func(silver.FactSale) bool) naive {
	var out naive
	for _, f := range w.facts {
		if keep(f) {
			out = append(out, f)
		}
	}
	return out
}

func (w *world) day() pipeline.Date {
	if w.reference.Valid {
		return w.reference.V
	}
	newest := pipeline.Date(-1 << 30)
	for _, f := range w.facts {
		newest = max(newest, f.OrderDate)
	}
	return newest + 1
}

func (w *world) customerMetrics() (rows []string) {
	for _, c := range w.customers {
		n := w.where(func(f silver.FactSale) bool { return f.CustomerID.Valid && string(f.CustomerID.V) == c.CustomerID })
		days := n.dates()
		first, last := ends(days)
		lifespan, tenure, between := "NULL", "NULL", "NULL"
		if len(days) > 0 {
			span := int64(days[len(days)-1] - days[0])
			lifespan, tenure = fmt.Sprint(span), fmt.Sprint(int64(w.day()-days[0]))
			between = over(span, int64(len(days)-1), 4, 4)
		}
		rows = append(rows, row(c.CustomerID, n.orders(), n.returnOrders(), n.sold(), n.returned(), money(n.sales()), money(n.returns()),
			money(n.revenue()), money(n.discounts()), n.cost(costOf), n.cost(marginOf),
			over(n.sales(), n.orders(), 0, 4), ratio(n.returns(), n.sales()), ratio(n.returned(), n.sold()), ratio(n.returnOrders(), n.orders()),
			first, last, lifespan, tenure, between, money(n.revenue())))
	}
	return rows
}

// scores are those of sorted or unsorted values, more is better, as the
// contract says for values of which more is better; keys break ties.
func scores(how string, values []float64, descending bool) []int {
	n := len(values)
	out := make([]int, n)
	if how == "quantile" {
		sorted := slices.Sorted(slices.Values(values))
		for i, v := range values {
			s := 1
			for _, p := range []float64{0.2, 0.4, 0.6, 0.8} {
				h := float64(n-1) * p
				lo := int(h + 1e-9)
				q := sorted[lo]
				if lo+1 < n {
					q += (h - float64(lo)) * (sorted[lo+1] - sorted[lo])
				}
				if q < v-1e-6 {
					s++
				}
			}
			if descending {
				s = 6 - s
			}
			out[i] = s
		}
		return out
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		if descending {
			return values[order[a]] > values[order[b]]
		}
		return values[order[a]] < values[order[b]]
	})
	for place, i := range order { // NTILE: the first n%5 tiles have one more
		size, rest := n/5, n%5
		if big := rest * (size + 1); place < big {
			out[i] = place/(size+1) + 1
		} else {
			out[i] = (place-big)/size + rest + 1
		}
	}
	return out
}

func (w *world) customerSegmentation() (rows []string) {
	var ids []string
	var recency, frequency, value []float64
	for _, c := range w.customers {
		n := w.where(func(f silver.FactSale) bool { return f.CustomerID.Valid && string(f.CustomerID.V) == c.CustomerID })
		if n.orders() == 0 {
			continue
		}
		days := n.dates()
		amount := map[string]int64{"": n.revenue(), "revenue": n.revenue(), "sales": n.sales(), "returns": n.returns(), "discounts": n.discounts()}
		ids = append(ids, c.CustomerID)
		recency = append(recency, float64(w.day()-days[len(days)-1]))
		frequency = append(frequency, float64(n.orders()))
		value = append(value, float64(amount[w.rfm.MonetaryMeasure]))
	}
	r, f, m := scores(w.rfm.Recency, recency, true), scores(w.rfm.Frequency, frequency, false), scores(w.rfm.Monetary, value, false)
	for i, id := range ids {
		rows = append(rows, row(id, int64(recency[i]), int64(frequency[i]), money(int64(value[i])), r[i], f[i], m[i],
			fmt.Sprint(r[i])+fmt.Sprint(f[i])+fmt.Sprint(m[i]), r[i]+f[i]+m[i], w.rfm.Grid[r[i]-1][f[i]-1]))
	}
	return rows
}

func (w *world) productPerformance() []string {
	type product struct {
		silver.Product
		n     naive
		cells []string
	}
	var ps []*product
	total := int64(0)
	for _, p := range w.products {
		n := w.where(func(f silver.FactSale) bool { return string(f.ProductID) == p.ProductID })
		name := "NULL"
		if p.ProductName.Valid {
			name = p.ProductName.V
		}
		days := n.dates()
		first, last := ends(days)
		total += n.revenue()
		margin := n.cost(marginOf)
		rate := "NULL"
		if margin != "NULL" {
			rate = ratio(n.sum(func(f silver.FactSale) int64 { return int64(f.Margin.V) }), n.revenue())
		}
		ps = append(ps, &product{p, n, []string{row(p.ProductID, name, string(p.Category), n.orders(), n.customers(), n.sold(), n.returned(),
			money(n.sales()), money(n.returns()), money(n.revenue()), money(n.discounts()), n.cost(costOf), margin, rate,
			over(n.sales(), n.sold(), 0, 4), ratio(n.returns(), n.sales()), ratio(n.returned(), n.sold()), first, last)}})
	}
	ranked := slices.Clone(ps)
	sort.SliceStable(ranked, func(a, b int) bool { return ranked[a].n.revenue() > ranked[b].n.revenue() })
	running := int64(0)
	inCategory := map[string]int{}
	for i, p := range ranked {
		revenue := p.n.revenue()
		class := "C"
		if revenue > 0 && total > 0 {
			if running*100 < total*80 {
				class = "A"
			} else if running*100 < total*95 {
				class = "B"
			}
		}
		running += revenue
		inCategory[string(p.Category)]++
		p.cells = append(p.cells, row(i+1, inCategory[string(p.Category)], positive(revenue, total), positive(running, total), class))
	}
	var rows []string
	for _, p := range ps {
		rows = append(rows, strings.Join(p.cells, "|"))
	}
	return rows
}

func (w *world) salesSummary() (rows []string) {
	if len(w.facts) == 0 {
		return nil
	}
	first, newest := w.facts[0].OrderDate, w.facts[0].OrderDate
	firstSale := map[string]pipeline.Date{}
	for _, f := range w.facts {
		first, newest = min(first, f.OrderDate), max(newest, f.OrderDate)
		if id := customer(f); f.LineType == "sale" && id != "" {
			if d, ok := firstSale[id]; !ok || f.OrderDate < d {
				firstSale[id] = f.OrderDate
			}
		}
	}
	for _, grain := range []string{"day", "month", "quarter", "week", "year"} {
		start := func(d pipeline.Date) pipeline.Date {
			t := d.Time()
			switch grain {
			case "week":
				for t.Weekday() != 1 {
					t = t.AddDate(0, 0, -1)
				}
			case "month":
				t = t.AddDate(0, 0, 1-t.Day())
			case "quarter":
				t = t.AddDate(0, -((int(t.Month()) - 1) % 3), 1-t.Day())
			case "year":
				t = t.AddDate(0, 0, 1-t.YearDay())
			}
			return pipeline.DateOf(t)
		}
		var periods []pipeline.Date
		for d := start(first); d <= newest; d++ {
			if start(d) == d {
				periods = append(periods, d)
			}
		}
		byStart := map[pipeline.Date]int64{}
		for i, p := range periods {
			n := w.where(func(f silver.FactSale) bool { return start(f.OrderDate) == p })
			next := p + 1
			for start(next) != next {
				next++
			}
			fresh := 0
			for _, d := range firstSale {
				if start(d) == p {
					fresh++
				}
			}
			now := n.revenue()
			byStart[p] = now
			previous, growth, yoy, week, month := "NULL", "NULL", "NULL", "NULL", "NULL"
			if i > 0 {
				before := byStart[periods[i-1]]
				previous, growth = money(before), positive(now-before, before)
			}
			ago := p - 364
			if grain != "day" && grain != "week" {
				ago = pipeline.DateOf(p.Time().AddDate(-1, 0, 0))
			}
			if before, ok := byStart[ago]; ok {
				yoy = positive(now-before, before)
			}
			window := func(days int) string {
				if grain != "day" || i+1 < days {
					return "NULL"
				}
				total := int64(0)
				for _, q := range periods[i+1-days : i+1] {
					total += byStart[q]
				}
				return money(total)
			}
			week, month = window(7), window(28)
			rows = append(rows, row(grain, p, p >= first && next-1 <= newest, n.orders(), n.returnOrders(), n.customers(), fresh, n.sold(), n.returned(),
				money(n.sales()), money(n.returns()), money(now), money(n.discounts()), over(n.sales(), n.orders(), 0, 4), ratio(n.returns(), n.sales()),
				previous, growth, yoy, week, month))
		}
	}
	return rows
}

func (w *world) regionalSales() (rows []string) {
	for _, level := range []string{"country", "state"} {
		type key struct{ country, code, state string }
		parts := map[key]naive{}
		total := int64(0)
		for _, f := range w.facts {
			k := key{string(f.Country), "NULL", "NULL"}
			if f.CountryCode.Valid {
				k.code = string(f.CountryCode.V)
			}
			if level == "state" {
				k.state = string(f.State)
			}
			parts[k] = append(parts[k], f)
			total += int64(f.Revenue)
		}
		keys := slices.Collect(maps.Keys(parts))
		sort.Slice(keys, func(a, b int) bool { return row(keys[a].country, keys[a].state) < row(keys[b].country, keys[b].state) })
		ranked := slices.Clone(keys)
		sort.SliceStable(ranked, func(a, b int) bool { return parts[ranked[a]].revenue() > parts[ranked[b]].revenue() })
		for _, k := range keys {
			n := parts[k]
			rows = append(rows, row(level, k.country, k.code, k.state, n.orders(), n.customers(), n.sold(), n.returned(), money(n.sales()), money(n.returns()),
				money(n.revenue()), over(n.sales(), n.orders(), 0, 4), ratio(n.returns(), n.sales()), positive(n.revenue(), total), slices.Index(ranked, k)+1))
		}
	}
	return rows
}
