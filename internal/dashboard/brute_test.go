package dashboard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

func itoa(n int) string { return strconv.Itoa(n) }

// group is a group of lines, counted with sets.
type group struct {
	sums
	order, returned, who, new map[string]bool
}

func (g *group) add(r *silver.FactSale, isNew bool) {
	if g.order == nil {
		g.order, g.returned, g.who, g.new = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	g.lines++
	g.sales.Add(int64(r.Sales))
	g.returns.Add(int64(r.Returns))
	if r.Cost.Valid {
		g.cost.Add(int64(r.Cost.V))
	} else {
		g.unknown++
	}
	if r.LineType == "return" {
		g.sentBack.Add(-r.Quantity)
		g.returned[r.OrderID] = true
		return
	}
	g.sold.Add(r.Quantity)
	g.discounts.Add(int64(r.DiscountAmount))
	g.order[r.OrderID] = true
	if r.CustomerID.Valid {
		g.who[string(r.CustomerID.V)] = true
		if isNew {
			g.new[string(r.CustomerID.V)] = true
		}
	}
}

func (g *group) finished() sums {
	g.orders, g.returnOrders, g.customers, g.fresh = int64(len(g.order)), int64(len(g.returned)), int64(len(g.who)), int64(len(g.new))
	return g.sums
}

// brute answers filters line by line.
type brute struct {
	lines    []silver.FactSale
	first    map[string]pipeline.Date // sale ever, by customer
	segment  map[string]string
	products map[string]silver.Product
	from, to pipeline.Date // of all lines
}

func newBrute(t *testing.T, s made) *brute {
	b := &brute{lines: rowsOf(t, s.lake, facts), first: map[string]pipeline.Date{}, segment: map[string]string{}, products: map[string]silver.Product{}}
	for _, c := range rowsOf(t, s.lake, silver.DimCustomers) {
		b.segment[c.CustomerID] = string(c.Segment.V)
	}
	for _, p := range rowsOf(t, s.lake, silver.DimProducts) {
		b.products[p.ProductID] = p
	}
	for i, l := range b.lines {
		if l.LineType == "sale" && l.CustomerID.Valid {
			id := string(l.CustomerID.V)
			if d, ok := b.first[id]; !ok || l.OrderDate < d {
				b.first[id] = l.OrderDate
			}
		}
		if i == 0 || l.OrderDate < b.from {
			b.from = l.OrderDate
		}
		if i == 0 || l.OrderDate > b.to {
			b.to = l.OrderDate
		}
	}
	return b
}

// value is what a line has in a dimension.
func (b *brute) value(l *silver.FactSale, dim string) string {
	switch dim {
	case "country":
		return string(l.Country)
	case "category":
		return string(l.Category)
	case "channel":
		return string(l.Channel.V)
	}
	return b.segment[string(l.CustomerID.V)]
}

// frames are the groups of a filter by frame and joined keys.
func (b *brute) frames(f Filter, from, to pipeline.Date) map[string]map[string]*group {
	out := map[string]map[string]*group{"total": {"": {}}}
	for i := range b.lines {
		l := &b.lines[i]
		ok := l.OrderDate >= from && l.OrderDate <= to
		for dim, values := range f.In {
			ok = ok && (len(values) == 0 || slices.Contains(values, b.value(l, dim)))
		}
		if !ok {
			continue
		}
		first, bought := b.first[string(l.CustomerID.V)]
		among := bought && first >= from && first <= to
		p := b.products[string(l.ProductID)]
		groups := map[string][]string{"total": {""}, "product": {string(l.ProductID), p.ProductName.V, string(p.Category)}, "country": {string(l.Country), string(l.CountryCode.V)},
			"state": {string(l.Country), string(l.State)}, "category": {string(l.Category)}, "channel": {string(l.Channel.V)},
			"segment": {b.segment[string(l.CustomerID.V)]}, "subcategory": {string(p.Category), string(p.Subcategory.V)}}
		for _, g := range []gold.Grain{gold.ByDay, gold.ByWeek, gold.ByMonth, gold.ByQuarter, gold.ByYear} {
			groups[g.String()] = []string{g.Start(l.OrderDate).String()}
		}
		for frame, keys := range groups {
			isNew := among
			if len(keys[0]) == 10 && frame != "product" { // a period
				for _, g := range []gold.Grain{gold.ByDay, gold.ByWeek, gold.ByMonth, gold.ByQuarter, gold.ByYear} {
					if g.String() == frame {
						isNew = among && g.Start(first) == g.Start(l.OrderDate)
					}
				}
			}
			if out[frame] == nil {
				out[frame] = map[string]*group{}
			}
			key := strings.Join(keys, "\x00")
			if out[frame][key] == nil {
				out[frame][key] = &group{}
			}
			out[frame][key].add(l, isNew)
		}
	}
	return out
}

// equal compares a frame with groups, both ways.
func equal(t *testing.T, what string, f Frame, groups map[string]*group, periods bool) {
	t.Helper()
	n := len(f.Values["sales"])
	met := 0
	for i := range n {
		var keys []string
		for _, k := range f.Keys {
			keys = append(keys, k[i])
		}
		g := groups[strings.Join(keys, "\x00")]
		if g == nil {
			g = &group{} // a period without lines
		} else {
			met++
		}
		s := g.finished()
		for _, v := range values {
			if v.measure.Name == "new_customers" && !periods {
				if f.Values["new_customers"] != nil {
					t.Errorf("%s: has new customers", what)
				}
				continue
			}
			if got, want := f.Values[v.measure.Name][i], v.of(&s); got != want {
				t.Errorf("%s %q: %s is %s, want %s", what, keys, v.measure.Name, got, want)
			}
		}
	}
	if met != len(groups) {
		t.Errorf("%s: %d groups are missing", what, len(groups)-met)
	}
}

// Random filters give what a plain look at each line gives.
func TestFiguresAreRight(t *testing.T) {
	shops := []made{demo(t, 2500, "")}
	for seed := range uint64(6) {
		shops = append(shops, strange(t, seed, 150+int(seed)*40, []string{"delta", "parquet"}[seed%2]))
	}
	for i, s := range shops {
		x, b := s.index(t), newBrute(t, s)
		x.pieces, x.sharings = nil, nil
		cutSmall(x)
		r := rand.New(rand.NewPCG(uint64(i), 7))
		for n := range 40 {
			f := randomFilter(r, x, n)
			t.Run(fmt.Sprintf("%d/%s..%s %v", i, f.From, f.To, f.In), func(t *testing.T) { isRight(t, x, b, f) })
		}
	}
}

// cutSmall cuts pieces anew, as small as they may be, so that all of a shop's edges
// are met.
func cutSmall(x *Index) {
	last := 0
	for i := 1; i <= x.lines; i++ {
		who := func(i int) int {
			return slices.IndexFunc(x.from, func(f uint32) bool { return int(f) > i })
		}
		if i == x.lines || who(i) != who(i-1) || who(i) == len(x.customers)+1 && x.order[i] != x.order[i-1] {
			x.pieces = append(x.pieces, piece{last, i})
			last = i
		}
	}
	last = 0
	for i := 1; i <= len(x.shared); i++ {
		if i == len(x.shared) || x.order[x.shared[i]] != x.order[x.shared[i-1]] {
			x.sharings = append(x.sharings, piece{last, i})
			last = i
		}
	}
}

func randomFilter(r *rand.Rand, x *Index, n int) Filter {
	var f Filter
	if n == 0 {
		return f
	}
	day := func() string { return (x.first + pipeline.Date(r.IntN(x.days+20)-10)).String() }
	if r.IntN(2) == 0 {
		f.From = day()
	}
	if r.IntN(2) == 0 {
		f.To = day()
	}
	if f.From > f.To && f.To != "" {
		f.From, f.To = f.To, f.From
	}
	for dim, name := range filters {
		if r.IntN(3) == 0 {
			if f.In == nil {
				f.In = map[string][]string{}
			}
			f.In[name] = []string{}
			for _, v := range x.words[dim] {
				if r.IntN(3) == 0 {
					f.In[name] = append(f.In[name], v)
				}
			}
		}
	}
	return f
}

func isRight(t *testing.T, x *Index, b *brute, f Filter) {
	out := figures(t, x, f)
	from, to := b.from, b.to
	if d, _ := dateOf("", f.From); d.Valid {
		from = max(from, d.V)
	}
	if d, _ := dateOf("", f.To); d.Valid {
		to = min(to, d.V)
	}
	want := b.frames(f, from, to)
	out.Total.Keys = [][]string{{""}}
	equal(t, "total", out.Total, want["total"], true)
	for name, frame := range out.By {
		isPeriod := slices.Contains([]string{"day", "week", "month", "quarter", "year"}, name)
		equal(t, name, frame, want[name], isPeriod)
		if !isPeriod {
			continue
		}
		var calendar []string
		grain := slices.IndexFunc([]gold.Grain{0, 1, 2, 3, 4}, func(g gold.Grain) bool { return g.String() == name })
		for d := gold.Grain(grain).Start(from); d <= to && from <= to; d = gold.Grain(grain).Next(d) {
			calendar = append(calendar, d.String())
		}
		if !slices.Equal(frame.Keys[0], calendar) {
			t.Errorf("%s: the calendar is %v, want %v", name, frame.Keys[0], calendar)
		}
	}
	if n := len(want["product"]); int(out.Products.Count) != n {
		t.Errorf("%d products, want %d", out.Products.Count, n)
	}
	if len(want["product"]) <= bottomProducts {
		equal(t, "top", out.Products.Top, want["product"], false)
		equal(t, "bottom", out.Products.Bottom, want["product"], false)
		slices.Reverse(out.Products.Bottom.Keys[0])
		if !slices.Equal(out.Products.Bottom.Keys[0], out.Products.Top.Keys[0]) {
			t.Error("bottom is not top upside down")
		}
	}
	classes(t, b, f, from, to, out, want["product"])
	before := from - (to - from + 1)
	switch {
	case f.From == "" || from > to || before < b.from || f.From < b.from.String():
		if len(out.Before.Values["sales"]) > 0 {
			t.Error("there is a time before that there was not")
		}
	default:
		out.Before.Keys = [][]string{{""}}
		equal(t, "before", out.Before, b.frames(f, before, from-1)["total"], true)
	}
}

// classes checks the distinct counts of ABC classes, product by product.
func classes(t *testing.T, b *brute, f Filter, from, to pipeline.Date, out *Figures, products map[string]*group) {
	keys := slices.SortedFunc(maps.Keys(products), func(a, c string) int {
		ga, gc := products[a].revenue(), products[c].revenue()
		if n := gc.Cmp(ga); n != 0 {
			return n
		}
		return strings.Compare(a, c)
	})
	var total, running pipeline.Total
	for _, k := range keys {
		total.Merge(products[k].revenue())
	}
	want := map[string]*group{}
	members := map[string]int{}
	for _, k := range keys {
		p := products[k]
		class := gold.ABCClass(p.revenue(), running, total)
		running.Merge(p.revenue())
		members[class]++
		if want[class] == nil {
			want[class] = &group{order: map[string]bool{}, returned: map[string]bool{}, who: map[string]bool{}}
		}
		w := want[class]
		maps.Copy(w.order, p.order)
		maps.Copy(w.returned, p.returned)
		maps.Copy(w.who, p.who)
		w.unknown += p.unknown
		for _, s := range [][2]*pipeline.Total{{&w.sales, &p.sales}, {&w.returns, &p.returns}, {&w.cost, &p.cost}, {&w.discounts, &p.discounts}, {&w.sold, &p.sold}, {&w.sentBack, &p.sentBack}} {
			s[0].Merge(*s[1])
		}
	}
	equal(t, "classes", out.Products.Classes, want, false)
	for i, class := range out.Products.Classes.Keys[0] {
		if got := string(out.Products.Classes.Values["products"][i]); got != itoa(members[class]) {
			t.Errorf("class %s: %s products, want %d", class, got, members[class])
		}
	}
}

// A filter that makes no sense is said to, and what is near.
func TestFilterErrors(t *testing.T) {
	x := strange(t, 1, 100, "delta").index(t)
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{From: "2023-13-01"}, "write it as"},
		{Filter{To: "yesterday"}, "write it as"},
		{Filter{From: "2023-02-01", To: "2023-01-01"}, "exchange"},
		{Filter{In: map[string][]string{"contry": {"France"}}}, `did you mean "country"?`},
		{Filter{In: map[string][]string{"country": {"Frances"}}}, `did you mean "France"?`},
		{Filter{In: map[string][]string{"channel": {"by telephone"}}}, "channel is one of "},
	} {
		_, err := x.Figures(context.Background(), c.f)
		var e *pipeline.Error
		if !errors.As(err, &e) || !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(e.Hint, c.want) {
			t.Errorf("%v: %v", c.f, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Figures(ctx, Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Several may ask at once.
func TestConcurrent(t *testing.T) {
	x := strange(t, 2, 200, "delta").index(t)
	want := figures(t, x, Filter{})
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			got, err := x.Figures(context.Background(), Filter{})
			if err == nil && !reflect.DeepEqual(got, want) {
				err = errors.New("other figures")
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
