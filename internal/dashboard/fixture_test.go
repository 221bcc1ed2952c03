package dashboard

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A made-up shop, line by line, from which books and the answers to filters are
// computed in the plainest way: every number of a page can be asked for here.

type shopLine struct {
	day                                                     int // from first
	order, customer, product                                int // customer −1: a guest
	country, state, category, subcategory, channel, segment string
	sale                                                    bool
	quantity, amount, discount, cost                        int64 // money in 1/10000; cost with its sign
}

type fixture struct {
	name     string
	lines    []shopLine
	products []string // names
	without  []string // "cost", "geography", "customers"
}

var (
	first     = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	days      = 1096
	places    = []struct{ country, states string }{{"United Kingdom", "England,Scotland,Wales,Northern Ireland"}, {"Germany", "Bavaria,Berlin,Hesse,Saxony,Hamburg"}, {"France", "Brittany,Normandy,Occitanie"}, {"Netherlands", "Utrecht,Friesland"}, {"Ireland", "Munster,Leinster"}, {"Spain", "Catalonia,Madrid,Galicia"}, {"United States", "California,Texas,New York,Washington,Ohio"}, {"Australia", "Victoria,Queensland"}, {"Japan", "Tokyo,Osaka"}, {"Norway", "Oslo,Vestland"}, {"Brazil", "Bahia,Paraná"}, {"Atlantis", "Unknown"}}
	goods     = []struct{ category, subs string }{{"Kitchen", "Cookware,Knives,Storage,Baking"}, {"Garden", "Tools,Pots,Lighting"}, {"Textiles", "Towels,Bedding,Curtains"}, {"Lighting", "Lamps,Bulbs"}, {"Furniture", "Chairs,Tables,Shelves"}, {"Stationery", "Paper,Pens"}, {"Toys", "Wood,Games,Puzzles"}, {"Uncategorized", ""}}
	channels  = []string{"Web shop", "Marketplace", "Store"}
	segments  = []string{"Consumer", "Small business", "Trade", ""}
	adjective = strings.Fields("Plain Linen Copper Oak Slate Willow Enamel Cotton Brass Walnut Stone Felt")
	noun      = strings.Fields("Bowl Lamp Chair Basket Tray Blanket Jug Stool Notebook Planter Kettle Board")
)

// newFixture makes a shop of three years that grows, has seasons and a few big customers.
func newFixture(name string, without ...string) *fixture {
	r := rand.New(rand.NewPCG(7, 11))
	f := &fixture{name: name, without: without}
	type product struct {
		category, sub string
		price, cost   int64
		back          float64
	}
	var products []product
	for i := range 300 {
		g := goods[min(int(r.ExpFloat64()*2.2), len(goods)-1)]
		subs := strings.Split(g.subs, ",")
		price := int64(20000 * (1 + r.ExpFloat64()*20))
		products = append(products, product{g.category, subs[r.IntN(len(subs))], price / 500 * 500, price * int64(35+r.IntN(45)) / 100 / 100 * 100, 0.005 + 0.06*r.Float64()*r.Float64()})
		f.products = append(f.products, adjective[i%12]+" "+noun[(i/12+i)%12]+" No. "+strconv.Itoa(i+1))
	}
	type customer struct{ place, state, segment int }
	var customers []customer
	order := 0
	for day := range days {
		season := []float64{0.8, 0.75, 0.9, 1, 1, 0.95, 0.85, 0.85, 1.05, 1.2, 1.6, 1.75}[first.AddDate(0, 0, day).Month()-1]
		n := int((6 + 7*float64(day)/float64(days)) * season * (0.6 + 0.8*r.Float64()))
		if first.AddDate(0, 0, day).Weekday() == time.Sunday {
			n /= 2
		}
		if day == 358 {
			n = 0 // the shop was closed
		}
		for range n {
			order++
			who := len(customers)
			if who > 20 && r.Float64() < 0.62 {
				who = who - 1 - int(float64(who)*r.Float64()*r.Float64()*0.999)
			} else {
				p := min(int(r.ExpFloat64()*2.3), len(places)-1)
				customers = append(customers, customer{p, r.IntN(strings.Count(places[p].states, ",") + 1), min(int(r.ExpFloat64()*1.2), 3)})
			}
			c := customers[who]
			ch := min(int(r.ExpFloat64()), 2)
			if r.Float64() < 0.04 {
				who = -1
			}
			for range 1 + r.IntN(3) {
				at := min(int(r.ExpFloat64()*55), 299)
				p := products[at]
				q := int64(1 + r.IntN(3))
				l := shopLine{day: day, order: order, customer: who, product: at, country: places[c.place].country, state: strings.Split(places[c.place].states, ",")[c.state], category: p.category, subcategory: p.sub, channel: channels[ch], segment: segments[c.segment], sale: true, quantity: q}
				l.discount = q * p.price * int64(r.IntN(4)) / 40 / 100 * 100
				l.amount, l.cost = q*p.price-l.discount, q*p.cost
				f.lines = append(f.lines, l)
				if back := day + 3 + r.IntN(20); back < days && r.Float64() < p.back {
					l.sale, l.day, l.discount, l.cost = false, back, 0, -l.cost
					f.lines = append(f.lines, l)
				}
			}
		}
	}
	for i := range f.lines {
		l := &f.lines[i]
		if slices.Contains(without, "geography") {
			l.country, l.state = "Unknown", "Unknown"
		}
		if slices.Contains(without, "customers") {
			l.customer, l.segment = -1, ""
		}
	}
	return f
}

func date(day int) string { return first.AddDate(0, 0, day).Format(time.DateOnly) }

func period(grain string, day int) string {
	t := first.AddDate(0, 0, day)
	switch grain {
	case "week":
		return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly)
	case "month":
		return t.Format("2006-01") + "-01"
	case "quarter":
		return fmt.Sprintf("%d-%02d-01", t.Year(), (int(t.Month())-1)/3*3+1)
	case "year":
		return fmt.Sprintf("%d-01-01", t.Year())
	}
	return date(day)
}

func (l shopLine) dimension(name string) string {
	return map[string]string{"country": l.country, "category": l.category, "channel": l.channel, "segment": l.segment}[name]
}

func (l shopLine) passes(f Filter) bool {
	for name, values := range f.In {
		if !slices.Contains(values, l.dimension(name)) {
			return false
		}
	}
	return (f.From == "" || date(l.day) >= f.From) && (f.To == "" || date(l.day) <= f.To)
}

func units(n int64) Value { return Value(new(big.Rat).SetFrac64(n, 10000).FloatString(4)) }
func counted(n int) Value { return Value(strconv.Itoa(n)) }

// grouped sums lines by keys, which come out in order of the keys, or by revenue.
func (f *fixture) grouped(lines []shopLine, by []string, keyOf func(shopLine) []string, gapFree []string) Frame {
	type group struct {
		keys                                            []string
		sales, returns, discounts, sold, back, cost     int64
		orders, returnOrders, customers, firstCustomers map[int]bool
	}
	firstDay := map[int]int{}
	for _, l := range f.lines {
		if d, ok := firstDay[l.customer]; l.sale && (!ok || l.day < d) {
			firstDay[l.customer] = l.day
		}
	}
	timely, from, to := gapFree != nil, days, 0 // and the days of all lines that count
	for _, l := range lines {
		from, to = min(from, l.day), max(to, l.day)
	}
	groups := map[string]*group{}
	var list []*group
	at := func(keys []string) *group {
		k := strings.Join(keys, "\x00")
		if groups[k] == nil {
			groups[k] = &group{keys: keys, orders: map[int]bool{}, returnOrders: map[int]bool{}, customers: map[int]bool{}, firstCustomers: map[int]bool{}}
			list = append(list, groups[k])
		}
		return groups[k]
	}
	for _, k := range gapFree {
		at([]string{k})
	}
	for _, l := range lines {
		g := at(keyOf(l))
		g.cost += l.cost
		if !l.sale {
			g.returns, g.back = g.returns+l.amount, g.back+l.quantity
			g.returnOrders[l.order] = true
			continue
		}
		g.sales, g.discounts, g.sold = g.sales+l.amount, g.discounts+l.discount, g.sold+l.quantity
		g.orders[l.order] = true
		if l.customer >= 0 {
			g.customers[l.customer] = true
			if len(by) == 1 && timely && period(by[0], firstDay[l.customer]) == g.keys[0] || len(by) == 0 && firstDay[l.customer] >= from && firstDay[l.customer] <= to {
				g.firstCustomers[l.customer] = true
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *group) int {
		if timely {
			return cmp.Compare(a.keys[0], b.keys[0])
		}
		return cmp.Or(cmp.Compare(b.sales-b.returns, a.sales-a.returns), slices.Compare(a.keys, b.keys))
	})
	out := Frame{By: by, Keys: make([][]string, len(by)), Values: map[string][]Value{}}
	for _, g := range list {
		for k := range by {
			out.Keys[k] = append(out.Keys[k], g.keys[k])
		}
		add := func(name string, v Value) { out.Values[name] = append(out.Values[name], v) }
		add("orders", counted(len(g.orders)))
		add("return_orders", counted(len(g.returnOrders)))
		add("customers", counted(len(g.customers)))
		if timely || len(by) == 0 {
			add("new_customers", counted(len(g.firstCustomers)))
		}
		add("units_sold", counted(int(g.sold)))
		add("units_returned", counted(int(g.back)))
		add("sales", units(g.sales))
		add("returns", units(g.returns))
		add("revenue", units(g.sales-g.returns))
		add("discounts", units(g.discounts))
		cost, margin := units(g.cost), units(g.sales-g.returns-g.cost)
		if slices.Contains(f.without, "cost") {
			cost, margin = "", ""
		}
		add("cost", cost)
		add("margin", margin)
	}
	return out
}
