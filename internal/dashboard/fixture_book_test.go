package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// answer computes the figures of a filter.
func (f *fixture) answer(filter Filter) *Figures {
	var lines []shopLine
	for _, l := range f.lines {
		if l.passes(filter) {
			lines = append(lines, l)
		}
	}
	out := &Figures{Filter: filter, By: map[string]Frame{}}
	out.Total = f.grouped(lines, []string{}, func(shopLine) []string { return nil }, nil)
	out.Before = Frame{By: []string{}, Values: map[string][]Value{}}
	if filter.From != "" {
		to := cmp.Or(filter.To, date(days-1))
		a, _ := time.Parse(time.DateOnly, filter.From)
		b, _ := time.Parse(time.DateOnly, to)
		earlier := Filter{From: a.Add(-b.Sub(a) - 24*time.Hour).Format(time.DateOnly), To: a.AddDate(0, 0, -1).Format(time.DateOnly), In: filter.In}
		if earlier.From >= date(0) {
			var before []shopLine
			for _, l := range f.lines {
				if l.passes(earlier) {
					before = append(before, l)
				}
			}
			out.Before = f.grouped(before, []string{}, func(shopLine) []string { return nil }, nil)
		}
	}
	for _, grain := range []string{"day", "week", "month", "quarter", "year"} {
		var calendar []string
		for d := range days {
			if s := date(d); (filter.From == "" || s >= filter.From) && (filter.To == "" || s <= filter.To) {
				calendar = append(calendar, period(grain, d))
			}
		}
		out.By[grain] = f.grouped(lines, []string{grain}, func(l shopLine) []string { return []string{period(grain, l.day)} }, slices.Compact(calendar))
	}
	for _, name := range []string{"country", "category", "channel", "segment"} {
		out.By[name] = f.grouped(lines, []string{name}, func(l shopLine) []string { return []string{l.dimension(name)} }, nil)
	}
	out.By["state"] = f.grouped(lines, []string{"country", "state"}, func(l shopLine) []string { return []string{l.country, l.state} }, nil)
	out.By["subcategory"] = f.grouped(lines, []string{"category", "subcategory"}, func(l shopLine) []string { return []string{l.category, l.subcategory} }, nil)
	out.Products = f.productsOf(lines)
	out.Customers = f.customersOf(filter)
	return out
}

func (f *fixture) productsOf(lines []shopLine) Products {
	all := f.grouped(lines, []string{"product_id", "product_name", "category"}, func(l shopLine) []string {
		return []string{fmt.Sprintf("P%03d", l.product+1), f.products[l.product], l.category}
	}, nil)
	n := len(all.Keys[0])
	rows := func(order []int) Frame {
		out := Frame{By: all.By, Keys: make([][]string, len(all.By)), Values: map[string][]Value{}}
		for _, i := range order {
			for k := range all.By {
				out.Keys[k] = append(out.Keys[k], all.Keys[k][i])
			}
			for m, list := range all.Values {
				out.Values[m] = append(out.Values[m], list[i])
			}
		}
		return out
	}
	var order []int
	for i := range n {
		order = append(order, i)
	}
	p := Products{Count: int64(n), Top: rows(order[:min(500, n)])}
	slices.Reverse(order)
	p.Bottom = rows(order[:min(50, n)])
	total, running, class := 0.0, 0.0, map[string]string{}
	revenue := func(i int) float64 { v, _ := strconv.ParseFloat(string(all.Values["revenue"][i]), 64); return v }
	for i := range n {
		total += revenue(i)
	}
	counts := map[string]int{}
	p.Pareto = []Point{{0, 0}}
	for i := range n {
		c := "C"
		if revenue(i) > 0 && running < 0.8*total {
			c = "A"
		} else if revenue(i) > 0 && running < 0.95*total {
			c = "B"
		}
		class[all.Keys[0][i]] = c
		counts[c]++
		running += revenue(i)
		p.Pareto = append(p.Pareto, Point{float64(i+1) / float64(n), running / total})
	}
	p.Classes = f.grouped(lines, []string{"abc_class"}, func(l shopLine) []string { return []string{class[fmt.Sprintf("P%03d", l.product+1)]} }, nil)
	for _, c := range p.Classes.Keys[0] {
		p.Classes.Values["products"] = append(p.Classes.Values["products"], counted(counts[c]))
	}
	return p
}

// segmentOf is the grid of R and F, as gold.customer_segmentation has it.
func segmentOf(r, f int) string {
	switch {
	case r <= 2:
		return []string{"Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"}[f-1]
	case r == 3:
		return []string{"About To Sleep", "About To Sleep", "Need Attention", "Loyal Customers", "Loyal Customers"}[f-1]
	case r == 4:
		return []string{"Promising", "Potential Loyalists", "Potential Loyalists", "Loyal Customers", "Loyal Customers"}[f-1]
	}
	return []string{"New Customers", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"}[f-1]
}

func (f *fixture) customersOf(filter Filter) Customers {
	type buyer struct {
		id, last, r, f int
		orders         map[int]bool
		revenue        int64
	}
	scored := func(until int) []*buyer {
		at := map[int]*buyer{}
		var list []*buyer
		for _, l := range f.lines {
			if l.customer < 0 || l.day >= until || !l.passes(Filter{In: map[string][]string{}}) {
				continue
			}
			if v, ok := filter.In["segment"]; ok && !slices.Contains(v, l.segment) {
				continue
			}
			if v, ok := filter.In["country"]; ok && !slices.Contains(v, l.country) {
				continue
			}
			b := at[l.customer]
			if b == nil {
				b = &buyer{id: l.customer, orders: map[int]bool{}}
				at[l.customer] = b
				list = append(list, b)
			}
			if l.sale {
				b.orders[l.order], b.last, b.revenue = true, max(b.last, l.day), b.revenue+l.amount
			} else {
				b.revenue -= l.amount
			}
		}
		slices.SortFunc(list, func(a, b *buyer) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.id, b.id)) })
		for i, b := range list {
			b.r = i*5/len(list) + 1
		}
		slices.SortFunc(list, func(a, b *buyer) int {
			return cmp.Or(cmp.Compare(len(a.orders), len(b.orders)), cmp.Compare(a.id, b.id))
		})
		for i, b := range list {
			b.f = i*5/len(list) + 1
		}
		return list
	}
	now, before := scored(days), scored(days-30)
	out := Customers{Reference: date(days), Count: int64(len(now)), Grid: Frame{By: []string{"r_score", "f_score"}, Keys: make([][]string, 2), Values: map[string][]Value{}}, Segments: Frame{By: []string{"segment"}, Keys: make([][]string, 1), Values: map[string][]Value{}}, Top: Frame{By: []string{"customer_id", "segment"}, Keys: make([][]string, 2), Values: map[string][]Value{}}}
	type sum struct {
		n, orders int
		revenue   int64
	}
	cells, names, was := map[[2]int]*sum{}, map[string]*sum{}, map[string]int{}
	for _, b := range before {
		was[segmentOf(b.r, b.f)]++
	}
	for r := 1; r <= 5; r++ {
		for s := 1; s <= 5; s++ {
			cells[[2]int{r, s}], names[segmentOf(r, s)] = &sum{}, &sum{}
		}
	}
	for _, b := range now {
		for _, s := range []*sum{cells[[2]int{b.r, b.f}], names[segmentOf(b.r, b.f)]} {
			s.n, s.orders, s.revenue = s.n+1, s.orders+len(b.orders), s.revenue+b.revenue
		}
	}
	for r := 1; r <= 5; r++ {
		for s := 1; s <= 5; s++ {
			c := cells[[2]int{r, s}]
			out.Grid.Keys[0], out.Grid.Keys[1] = append(out.Grid.Keys[0], strconv.Itoa(r)), append(out.Grid.Keys[1], strconv.Itoa(s))
			out.Grid.Values["customers"], out.Grid.Values["revenue"] = append(out.Grid.Values["customers"], counted(c.n)), append(out.Grid.Values["revenue"], units(c.revenue))
		}
	}
	for _, n := range []string{"Champions", "Loyal Customers", "Potential Loyalists", "New Customers", "Promising", "Need Attention", "About To Sleep", "At Risk", "Can't Lose Them", "Hibernating"} {
		s, v := names[n], out.Segments.Values
		out.Segments.Keys[0] = append(out.Segments.Keys[0], n)
		v["customers"], v["revenue"], v["orders"], v["customers_before"] = append(v["customers"], counted(s.n)), append(v["revenue"], units(s.revenue)), append(v["orders"], counted(s.orders)), append(v["customers_before"], counted(was[n]))
	}
	clv, recency := map[int]int64{}, map[int]int64{}
	for _, b := range now {
		clv[min(int(b.revenue/1000000), 19)]++
		recency[min((days-b.last)/50, 21)]++
	}
	for i := range 20 {
		out.CLV = append(out.CLV, Bin{float64(i * 100), float64(i*100 + 100), clv[i]})
	}
	for i := range 22 {
		out.Recency = append(out.Recency, Bin{float64(i * 50), float64(i*50 + 50), recency[i]})
	}
	slices.SortFunc(now, func(a, b *buyer) int { return cmp.Or(cmp.Compare(b.revenue, a.revenue), cmp.Compare(a.id, b.id)) })
	for _, b := range now[:min(100, len(now))] {
		out.Top.Keys[0], out.Top.Keys[1] = append(out.Top.Keys[0], fmt.Sprintf("C%05d", b.id+1)), append(out.Top.Keys[1], segmentOf(b.r, b.f))
		out.Top.Values["revenue"], out.Top.Values["orders"] = append(out.Top.Values["revenue"], units(b.revenue)), append(out.Top.Values["orders"], counted(len(b.orders)))
	}
	if len(now) == 0 {
		out.CLV, out.Recency = nil, nil
	}
	return out
}

// book makes the whole book of a mode.
func (f *fixture) book(mode string) *Book {
	b := &Book{Mode: mode, Shop: Shop{Name: f.name, Currency: "GBP", First: date(0), Last: date(days - 1), Lines: int64(len(f.lines)), Products: 300, Published: time.Date(2026, 1, 2, 6, 30, 0, 0, time.UTC)}, Figures: f.answer(Filter{})}
	b.Shop.Customers = b.Figures.Customers.Count
	for _, m := range metrics.All() {
		kind := map[string]string{"price": "money", "sum": "money", "ratio": "ratio", "int64": "count"}[pipeline.TypeName(m.Type)]
		if kind == "" || m.Name == "clv" || m.Name == "sale_dates" {
			continue
		}
		title := strings.ToUpper(m.Name[:1]) + strings.ReplaceAll(m.Name[1:], "_", " ")
		if m.Name == "aov" {
			title = "Average order value"
		}
		d := Measure{Name: m.Name, Title: title, Unit: m.Unit, Kind: kind, Doc: m.Doc, Formula: m.Formula}
		if m.Den != nil {
			d.Num, d.Den = m.Num.Name, m.Den.Name
		}
		for _, t := range m.Terms {
			d.Terms = append(d.Terms, t.Name)
		}
		b.Measures = append(b.Measures, d)
	}
	for _, d := range []string{"country", "category", "channel", "segment"} {
		if values := b.Figures.By[d].Keys[0]; len(values) > 1 {
			b.Dimensions = append(b.Dimensions, Dimension{Name: d, Title: strings.ToUpper(d[:1]) + d[1:], Values: values})
		}
	}
	says := map[string]string{"cost": "No product has a unit cost, so there is no cost, margin or margin rate.", "geography": "No line has a country, so there is no map.", "customers": "No sale names a customer, so there are no segments and no new customers."}
	for _, w := range f.without {
		b.Missing = append(b.Missing, Missing{What: w, Says: says[w]})
	}
	if mode == "build" {
		b.Cube = f.cube(b)
	}
	b.Pages = []OwnPage{{Title: "Sales by weekday", Table: "gold.sales_by_weekday", Chart: "bar", X: "weekday", Y: []string{"revenue"}, Columns: []string{"weekday", "orders", "revenue"}, Types: []string{"string", "int64", "decimal(28,4)"},
		Rows: [][]string{{"Monday", "1204", "81234.5000"}, {"Tuesday", "1187", "79011.2500"}, {"Wednesday", "1290", "88110.0000"}, {"Thursday", "", ""}, {"=SUM(A1)", "3", "1.0000"}}, Total: 5}}
	return b
}

func (f *fixture) cube(b *Book) *Cube {
	c := &Cube{Cap: 40000, Months: b.Figures.By["month"].Keys[0], Distinct: map[string]Frame{}}
	by, index := []string{"month"}, map[string]map[string]int{}
	for _, d := range b.Dimensions {
		by = append(by, d.Name)
		index[d.Name] = map[string]int{}
		for i, v := range d.Values {
			index[d.Name][v] = i
		}
	}
	c.Cells = f.grouped(f.lines, by, func(l shopLine) []string {
		keys := []string{strconv.Itoa(slices.Index(c.Months, period("month", l.day)))}
		for _, d := range by[1:] {
			keys = append(keys, strconv.Itoa(index[d][l.dimension(d)]))
		}
		return keys
	}, nil)
	for m := range distinct {
		delete(c.Cells.Values, m)
	}
	for _, d := range b.Dimensions {
		all := Frame{By: []string{d.Name, "grain", "period"}, Keys: make([][]string, 3), Values: map[string][]Value{}}
		for _, grain := range []string{"all", "year", "quarter", "month"} {
			fr := f.grouped(f.lines, all.By, func(l shopLine) []string {
				p := ""
				if grain != "all" {
					p = period(grain, l.day)
				}
				return []string{l.dimension(d.Name), grain, p}
			}, nil)
			for k := range all.Keys {
				all.Keys[k] = append(all.Keys[k], fr.Keys[k]...)
			}
			for m := range distinct {
				all.Values[m] = append(all.Values[m], fr.Values[m]...)
			}
		}
		c.Distinct[d.Name] = all
	}
	return c
}

var distinct = map[string]bool{"orders": true, "return_orders": true, "customers": true}
