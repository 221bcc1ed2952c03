package dashboard

import (
	"context"
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
// page may have, the dimension with the most values is left out, and so on; one whose
// values are not all listed is left out anyhow.
func (x *Index) cube(ctx context.Context, dims []Dimension, most int) (*Cube, error) {
	out := &Cube{Cap: most, Left: []string{}, Months: []string{}, Distinct: map[string]Frame{}}
	months := &x.calendars[slices.Index(grains[:], gold.ByMonth)]
	for _, start := range months.starts {
		out.Months = append(out.Months, start.String())
	}
	var in [len(filters)][]uint16 // by code: the place of the value; nil = not in the cube
	kept := slices.Clone(dims)
	for _, d := range dims {
		dim := slices.Index(filters[:], d.Name)
		places := make([]uint16, len(x.words[dim]))
		for place, v := range d.Values {
			places[slices.Index(x.words[dim], v)] = uint16(place)
		}
		in[dim] = places
		if len(x.parts[dimensionParts[dim].part].keys) > len(d.Values) {
			out.leave(&kept, &in, d.Name)
		}
		f, err := x.distinct(ctx, dim, d.Values[:min(mostDistinct, len(d.Values))])
		if err != nil {
			return nil, err
		}
		out.Distinct[d.Name] = f
	}
	keys := make([]cubeKey, len(x.combinations))
	for i, c := range x.combinations {
		for dim, places := range in {
			if places != nil {
				keys[i].places[dim] = places[c[dim]]
			}
		}
	}
	cells, err := passOver(ctx, x, func() map[cubeKey]*[2]cell { return map[cubeKey]*[2]cell{} },
		func(cells map[cubeKey]*[2]cell, p piece) {
			for i := p.from; i < p.to; i++ {
				kind := x.kind[i]
				key := keys[kind>>1]
				key.month = months.of[x.day[i]]
				c := cells[key]
				if c == nil {
					c = new([2]cell)
					cells[key] = c
				}
				l := x.line(i, kind&1)
				c[kind&1].add(&l)
			}
		},
		func(map[cubeKey]*[2]cell, piece) {}, mergeCells)
	if err != nil {
		return nil, err
	}
	for len(cells) > most && len(kept) > 0 {
		largest := slices.MaxFunc(kept, func(a, b Dimension) int { return len(a.Values) - len(b.Values) })
		dim := slices.Index(filters[:], largest.Name)
		fewer := map[cubeKey]*[2]cell{}
		for key, c := range cells {
			key.places[dim] = 0
			mergeCells(fewer, map[cubeKey]*[2]cell{key: c})
		}
		cells = fewer
		out.leave(&kept, &in, largest.Name)
	}
	out.Cells = cubeFrame(cells, kept)
	return out, nil
}

// leave leaves a dimension out.
func (c *Cube) leave(kept *[]Dimension, in *[len(filters)][]uint16, name string) {
	c.Left = append(c.Left, name)
	*kept = slices.DeleteFunc(*kept, func(d Dimension) bool { return d.Name == name })
	in[slices.Index(filters[:], name)] = nil
}

func mergeCells(a, b map[cubeKey]*[2]cell) {
	for key, c := range b {
		if a[key] == nil {
			a[key] = c
			continue
		}
		a[key][0].merge(&c[0])
		a[key][1].merge(&c[1])
	}
}

// cubeValues are a cube's: what others are made of. A page has revenue and margin
// from them.
var cubeValues = []*metrics.Measure{metrics.Sales, metrics.Returns, metrics.Discounts, metrics.UnitsSold, metrics.UnitsReturned, metrics.Cost}

func cubeFrame(cells map[cubeKey]*[2]cell, kept []Dimension) Frame {
	f := newFrame("month")
	for _, d := range kept {
		f.By, f.Keys = append(f.By, d.Name), append(f.Keys, []string{})
	}
	keys := make([]cubeKey, 0, len(cells))
	for key := range cells {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b cubeKey) int {
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
		var s sums
		s.add(cells[key][:])
		for _, v := range values {
			if slices.Contains(cubeValues, v.measure) {
				f.Values[v.measure.Name] = append(f.Values[v.measure.Name], short(v.of(&s)))
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

// distinctGrains are the periods that a cube has distinct counts for; "all" is beside.
var distinctGrains = [...]gold.Grain{gold.ByMonth, gold.ByQuarter, gold.ByYear}

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
	// each calls f for the groups that a line is in.
	each := func(kind uint32, day int, f func(g int, isIn func(day int32) bool)) {
		at := base[kind>>1]
		f(at, func(int32) bool { return true })
		for g, c := range of {
			f(at+starts[g]+int(c.of[day]), func(first int32) bool { return c.of[first] == c.of[day] })
		}
	}
	guests := len(x.customers)
	counts, err := passOver(ctx, x, func() [][2]seen { return make([][2]seen, len(list)*groups) },
		func(counts [][2]seen, p piece) {
			x.each(all, p, func(i, day int, kind uint32, who int) {
				shared := x.ofSeveral(x.order[i])
				each(kind, day, func(g int, isIn func(int32) bool) {
					if !shared {
						counts[g][kind&1].sawOrder(x.order[i] + 1)
					}
					if kind&1 == 0 && who < guests && !counts[g][0].sawCustomer(uint32(who+1)) && isIn(x.customers[who].first) {
						counts[g][0].fresh++
					}
				})
			})
		},
		func(counts [][2]seen, p piece) {
			x.eachShared(all, p, func(i, day int, kind uint32) {
				each(kind, day, func(g int, _ func(int32) bool) { counts[g][kind&1].sawOrder(x.order[i] + 1) })
			})
		},
		func(a, b [][2]seen) {
			for i := range a {
				a[i][0].merge(&b[i][0])
				a[i][1].merge(&b[i][1])
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
			c := &counts[v*groups+g]
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
