package dashboard

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// mostDistinct is for how many values of a dimension there are distinct counts.
const mostDistinct = 100

// mostCells is how many cells a cube has at most: as JSON they take about 900 kB.
const mostCells = 20_000

// cubeKey is a month and, by dimension, the place of its value in a Dimension; 0 for
// those that the cube is without.
type cubeKey struct {
	month  uint16
	places [len(filters)]uint16
}

// cube adds up the lines by month and dimensions. Where that is more cells than a
// page may have, the dimension is left out without which the most of them remain that
// it may have; where no single one suffices, that with the most values, and so on. One
// whose values are not all listed is left out anyhow.
func (x *Index) cube(ctx context.Context, dims []Dimension, most int) (*Cube, error) {
	out := &Cube{Cap: most, Left: []string{}, Months: []string{}, Distinct: map[string]Frame{}}
	months := &x.calendars[slices.Index(grains[:], gold.ByMonth)]
	for _, start := range months.starts {
		out.Months = append(out.Months, start.String())
	}
	keys := make([]cubeKey, len(x.combinations)) // but for the month
	kept := slices.Clone(dims)
	for _, d := range dims {
		dim := slices.Index(filters[:], d.Name)
		f, err := x.distinct(ctx, dim, d.Values[:min(mostDistinct, len(d.Values))])
		if err != nil {
			return nil, err
		}
		out.Distinct[d.Name] = f
		if len(x.parts[dimensionParts[dim].part].keys) > len(d.Values) {
			kept = out.leave(kept, d.Name, keys)
			continue
		}
		place := map[uint32]uint16{}
		for i, v := range d.Values {
			place[uint32(slices.Index(x.words[dim], v))] = uint16(i)
		}
		for i, c := range x.combinations {
			keys[i].places[dim] = place[c[dim]]
		}
	}
	groups, of := groupsOf(keys)
	for len(groups)*len(months.starts) > tooMany && len(kept) > 0 {
		kept = out.leave(kept, widest(kept), keys)
		groups, of = groupsOf(keys)
	}
	perMonth, err := passOver(ctx, x, func() cells { return x.newCells(len(groups) * len(months.starts)) },
		func(to cells, p piece) {
			for i := p.from; i < p.to; i++ {
				kind := x.kind[i]
				to.add(x, i, 2*(of[kind>>1]*uint32(len(months.starts))+uint32(months.of[x.day[i]]))+kind&1)
			}
		},
		func(cells, piece) {}, cells.merge)
	if err != nil {
		return nil, err
	}
	sumsOf := map[cubeKey]*sums{}
	for g, key := range groups {
		for m := range months.starts {
			var s sums
			if s.add(perMonth, g*len(months.starts)+m); s.lines > 0 {
				key.month = uint16(m)
				sumsOf[key] = &s
			}
		}
	}
	for len(sumsOf) > most && len(kept) > 0 {
		all, list := slices.Collect(maps.Keys(sumsOf)), slices.Collect(maps.Values(sumsOf))
		kept = out.leave(kept, sufficient(kept, all, most), all)
		clear(sumsOf)
		for i, key := range all {
			if sumsOf[key] == nil {
				sumsOf[key] = &sums{}
			}
			sumsOf[key].merge(list[i])
		}
	}
	out.Cells = cubeFrame(sumsOf, kept)
	return out, nil
}

// tooMany is how many cells are not tried, since most will be empty.
const tooMany = 1 << 20

// groupsOf are the keys that there are, and by combination the one that it has.
func groupsOf(keys []cubeKey) (groups []cubeKey, of []uint32) {
	at := map[cubeKey]uint32{}
	for _, key := range keys {
		g, ok := at[key]
		if !ok {
			g = uint32(len(groups))
			at[key], groups = g, append(groups, key)
		}
		of = append(of, g)
	}
	return groups, of
}

// leave leaves a dimension out, which the keys lose, and returns those that are kept.
func (c *Cube) leave(kept []Dimension, name string, keys []cubeKey) []Dimension {
	c.Left = append(c.Left, name)
	dim := slices.Index(filters[:], name)
	for i := range keys {
		keys[i].places[dim] = 0
	}
	return slices.DeleteFunc(kept, func(d Dimension) bool { return d.Name == name })
}

// widest is the dimension with the most values.
func widest(kept []Dimension) string {
	return slices.MaxFunc(kept, func(a, b Dimension) int { return len(a.Values) - len(b.Values) }).Name
}

// sufficient is the dimension without which most keys remain of those that are no
// more than so many; the largest where there is none.
func sufficient(kept []Dimension, keys []cubeKey, most int) string {
	best, found := 0, ""
	for _, d := range kept {
		dim := slices.Index(filters[:], d.Name)
		without := map[cubeKey]bool{}
		for _, key := range keys {
			key.places[dim] = 0
			without[key] = true
		}
		if n := len(without); n <= most && n > best {
			best, found = n, d.Name
		}
	}
	if found == "" {
		return widest(kept)
	}
	return found
}

// cubeValues are a cube's: what others are made of. A page has revenue and margin
// from them.
var cubeValues = []*metrics.Measure{metrics.Sales, metrics.Returns, metrics.Discounts, metrics.UnitsSold, metrics.UnitsReturned, metrics.Cost}

func cubeFrame(cells map[cubeKey]*sums, kept []Dimension) Frame {
	f := newFrame("month")
	for _, d := range kept {
		f.By, f.Keys = append(f.By, d.Name), append(f.Keys, []string{})
	}
	keys := slices.SortedFunc(maps.Keys(cells), func(a, b cubeKey) int {
		if a.month != b.month {
			return int(a.month) - int(b.month)
		}
		return slices.Compare(a.places[:], b.places[:])
	})
	for _, m := range cubeValues {
		f.Values[m.Name] = []Value{}
	}
	for _, key := range keys {
		f.Keys[0] = append(f.Keys[0], strconv.Itoa(int(key.month)))
		for i, d := range kept {
			f.Keys[i+1] = append(f.Keys[i+1], strconv.Itoa(int(key.places[slices.Index(filters[:], d.Name)])))
		}
		for _, v := range values {
			if slices.Contains(cubeValues, v.measure) {
				f.Values[v.measure.Name] = append(f.Values[v.measure.Name], short(v.of(cells[key])))
			}
		}
	}
	return f
}

// short is a value without zeros at the end: a cube has many.
func short(v Value) Value {
	if !strings.Contains(string(v), ".") {
		return v
	}
	return Value(strings.TrimSuffix(strings.TrimRight(string(v), "0"), "."))
}

// distinctGrains are the periods that a cube has distinct counts for, the finest
// first; "all" is beside.
var distinctGrains = [...]gold.Grain{gold.ByMonth, gold.ByQuarter, gold.ByYear}

// periodCounts count what is distinct in the sales and in the returns of a period.
type periodCounts [2]seen

// distinct counts orders, return orders, customers and new customers by a value of a
// dimension and a period. Periods without a line of the value are left out.
func (x *Index) distinct(ctx context.Context, dim int, list []string) (Frame, error) {
	// The groups of a value: all time, then the periods of each grain.
	var starts [len(distinctGrains) + 1]int
	var of [len(distinctGrains)]*calendar
	starts[0] = 1
	for g, grain := range distinctGrains {
		of[g] = &x.calendars[slices.Index(grains[:], grain)]
		starts[g+1] = starts[g] + len(of[g].starts)
	}
	groups := starts[len(distinctGrains)]
	place := make([]int, len(x.words[dim])) // -1 = not listed
	for i := range place {
		place[i] = slices.Index(list, x.words[dim][i])
	}
	base := make([]int, len(x.combinations))
	for i, c := range x.combinations {
		base[i] = place[c[dim]] * groups
	}
	all := &selection{to: x.days - 1, combinations: make([]bool, len(x.combinations))}
	for i, b := range base {
		all.combinations[i] = b >= 0
	}
	// order and customer count one in the groups of one of its lines: where its month
	// has counted it already, all others have too.
	order := func(counts []periodCounts, order uint32, day int, kind uint32) {
		at := base[kind>>1]
		for g, c := range of {
			if counts[at+starts[g]+int(c.of[day])][kind&1].sawOrder(order) && g == 0 {
				return
			}
		}
		counts[at][kind&1].sawOrder(order)
	}
	customer := func(counts []periodCounts, customer uint32, day int, kind uint32) {
		at, first := base[kind>>1], x.customers[customer-1].first
		for g, c := range of {
			group := &counts[at+starts[g]+int(c.of[day])][0]
			if group.sawCustomer(customer) {
				if g == 0 {
					return
				}
			} else if c.of[first] == c.of[day] {
				group.fresh++
			}
		}
		if !counts[at][0].sawCustomer(customer) {
			counts[at][0].fresh++
		}
	}
	type tally struct {
		counts []periodCounts
		block
	}
	t, err := passOver(ctx, x, func() *tally { return &tally{counts: make([]periodCounts, len(list)*groups)} },
		func(t *tally, p piece) {
			x.blocks(all, p, &t.block, func(lines []line) {
				for k := range lines {
					l := &lines[k]
					if l.order != 0 {
						order(t.counts, l.order, int(l.day), l.kind)
					}
					if l.customer != 0 {
						customer(t.counts, l.customer, int(l.day), l.kind)
					}
				}
			})
		},
		func(t *tally, p piece) {
			x.eachShared(all, p, func(i, day int, kind uint32) { order(t.counts, x.order[i]+1, day, kind) })
		},
		func(a, b *tally) {
			for i := range a.counts {
				a.counts[i][0].merge(&b.counts[i][0])
				a.counts[i][1].merge(&b.counts[i][1])
			}
		})
	f := newFrame(filters[dim], "grain", "period")
	for v, value := range list {
		for g := range groups {
			grain, period := "all", ""
			for k := range distinctGrains {
				if g >= starts[k] && g < starts[k+1] {
					grain, period = distinctGrains[k].String(), of[k].starts[g-starts[k]].String()
				}
			}
			c := &t.counts[v*groups+g]
			if c[0].orders == 0 && c[1].orders == 0 {
				continue
			}
			count := func(n uint32) Value { return whole(pipeline.TotalOf(int64(n))) }
			f.add([]string{value, grain, period}, map[string]Value{metrics.Orders.Name: count(c[0].orders), metrics.ReturnOrders.Name: count(c[1].orders),
				metrics.Customers.Name: count(c[0].customers), metrics.NewCustomers.Name: count(c[0].fresh)})
		}
	}
	return f, err
}
