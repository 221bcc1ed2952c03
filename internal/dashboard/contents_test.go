package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

func book(t testing.TB, x *Index, mode string) *Book {
	t.Helper()
	b, err := x.Book(context.Background(), mode)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func total(t *testing.T, v Value) pipeline.Total {
	t.Helper()
	whole, rest, _ := strings.Cut(string(v), ".")
	n, err := strconv.ParseInt(whole+(rest + "0000")[:4], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.TotalOf(n)
}

// A cube's cells add up to the figures of any filter that they know, and its
// distinct counts are those of the filter by one value.
func TestCube(t *testing.T) {
	for seed, s := range map[uint64]made{0: demo(t, 2500, ""), 1: strange(t, 1, 300, "delta"), 2: strange(t, 2, 300, "parquet")} {
		x := s.index(t)
		b := book(t, x, "build")
		if b.Cube.Cap != mostCells || len(b.Cube.Left) > 0 || len(b.Cube.Cells.By) != len(b.Dimensions)+1 {
			t.Fatalf("shop %d: left out %v of %v", seed, b.Cube.Left, b.Cube.Cells.By)
		}
		for k, d := range b.Dimensions {
			for place, v := range d.Values {
				f := figures(t, x, Filter{In: map[string][]string{d.Name: {v}}})
				for month, start := range b.Cube.Months {
					sums := map[string]pipeline.Total{}
					for i := range b.Cube.Cells.Keys[0] {
						if b.Cube.Cells.Keys[0][i] != itoa(month) || b.Cube.Cells.Keys[k+1][i] != itoa(place) {
							continue
						}
						for name, values := range b.Cube.Cells.Values {
							if values[i] != "" {
								sums[name] = sums[name].Plus(total(t, values[i]))
							}
						}
					}
					row := slices.Index(f.By["month"].Keys[0], start)
					for _, m := range cubeValues {
						if want := f.By["month"].Values[m.Name][row]; want != "" && total(t, want) != sums[m.Name] {
							t.Errorf("shop %d: %s %q in %s: cells have %v %s, want %s", seed, d.Name, v, start, sums[m.Name], m.Name, want)
						}
					}
				}
				isDistinct(t, b.Cube.Distinct[d.Name], v, f)
			}
		}
	}
}

// isDistinct compares a value's distinct counts with the figures of a filter by it.
func isDistinct(t *testing.T, got Frame, value string, f *Figures) {
	t.Helper()
	names := []string{"orders", "return_orders", "customers", "new_customers"}
	row := func(grain, period string) []string {
		out := []string{"0", "0", "0", "0"}
		if i := at(got, []string{value, grain, period}); i >= 0 {
			for k, name := range names {
				out[k] = string(got.Values[name][i])
			}
		}
		return out
	}
	want := func(frame Frame, i int) []string {
		var out []string
		for _, name := range names {
			out = append(out, string(frame.Values[name][i]))
		}
		return out
	}
	if got, want := row("all", ""), want(f.Total, 0); !slices.Equal(got, want) {
		t.Errorf("%s in all: %v, want %v", value, got, want)
	}
	for _, grain := range distinctGrains {
		frame := f.By[grain.String()]
		for i, period := range frame.Keys[0] {
			if got, want := row(grain.String(), period), want(frame, i); !slices.Equal(got, want) {
				t.Errorf("%s in %s %s: %v, want %v", value, grain, period, got, want)
			}
		}
	}
}

// A cube that would have too many cells does without the dimension that costs the
// fewest of them, and without more where one does not suffice.
func TestCubeLeavesOut(t *testing.T) {
	x := demo(t, 2500, "").index(t)
	b := book(t, x, "build")
	cells := b.Cube.Cells
	without := map[string]int{} // how many cells there are
	for _, name := range cells.By[1:] {
		keys := map[string]bool{}
		for i := range cells.Keys[0] {
			key := ""
			for k, values := range cells.Keys {
				if cells.By[k] != name {
					key += values[i] + " "
				}
			}
			keys[key] = true
		}
		without[name] = len(keys)
	}
	want := slices.MaxFunc(cells.By[1:], func(a, c string) int { return without[a] - without[c] })
	for _, most := range []int{len(cells.Keys[0]) - 1, without[want], without[want] - 1, 100} {
		cube, err := x.cube(context.Background(), b.Dimensions, most)
		if err != nil {
			t.Fatal(err)
		}
		n := len(cube.Cells.Keys[0])
		if most >= without[want] && (!slices.Equal(cube.Left, []string{want}) || n != without[want]) || n > most || len(cube.Left)+len(cube.Cells.By) != len(cells.By) {
			t.Errorf("at most %d: left out: %v, by %v, %d cells of %d", most, cube.Left, cube.Cells.By, n, len(cells.Keys[0]))
		}
		var sum pipeline.Total
		for _, v := range cube.Cells.Values["sales"] {
			sum.Merge(total(t, v))
		}
		if want := total(t, b.Figures.Total.Values["sales"][0]); sum != want {
			t.Errorf("the cells have %v of %v sales", sum, want)
		}
	}
}

func TestBook(t *testing.T) {
	s := demo(t, 2500, "")
	x := s.index(t)
	b := book(t, x, "build")
	if b.Shop.Name != "corner-shop" || b.Shop.Lines != int64(x.lines) || b.Shop.First >= b.Shop.Last || b.Shop.Published.IsZero() || b.Shop.Customers == 0 || b.Shop.Products == 0 {
		t.Errorf("%+v", b.Shop)
	}
	var names []string
	for _, m := range b.Measures {
		of, err := metrics.ByName(m.Name)
		if err != nil || m.Title == "" || m.Unit == "" || m.Doc != of.Doc || m.Formula != of.Formula {
			t.Errorf("%+v", m)
		}
		names = append(names, m.Name)
	}
	for _, m := range b.Measures { // whatever a page needs for a measure is there
		for _, of := range append(slices.Clone(m.Terms), m.Num, m.Den) {
			if of != "" && !slices.Contains(names, of) {
				t.Errorf("%s is made of %s, which is missing", m.Name, of)
			}
		}
		if m.Num == "" && m.Terms == nil && b.Figures.Total.Values[m.Name] == nil {
			t.Errorf("no figure of %s", m.Name)
		}
	}
	if rate := b.Measures[slices.Index(names, "return_rate")]; rate.Title != "Return rate" || rate.Kind != "ratio" || rate.Num != "returns" {
		t.Errorf("%+v", rate)
	}
	for _, d := range b.Dimensions {
		if len(d.Values) < 2 || !slices.Equal(d.Values, b.Figures.By[d.Name].Keys[0]) {
			t.Errorf("%+v", d)
		}
	}
	if len(b.Missing) > 0 {
		t.Errorf("the demo misses %v", b.Missing)
	}
	if _, err := json.Marshal(b); err != nil {
		t.Error(err)
	}
	if serve := book(t, x, "serve"); serve.Cube != nil || serve.Mode != "serve" {
		t.Error("a served page has a cube")
	}
	var e *pipeline.Error
	if _, err := x.Book(context.Background(), "print"); !errors.As(err, &e) || !errors.Is(err, pipeline.ErrConfig) || e.Hint == "" {
		t.Errorf("%v", err)
	}
	named, err := Open(context.Background(), Options{Lake: s.lake, Names: true}) // and without a mapping
	if err != nil {
		t.Fatal(err)
	}
	if top := figures(t, named, Filter{}).Customers.Top; slices.IndexFunc(top.Keys[1], func(n string) bool { return n != "" }) < 0 {
		t.Error("no names, though they were asked for")
	}
}

// A shop without most data says so.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "sales.csv", "order,at,product,quantity,price\n1,2024-01-31,p,2,3.5\n2,2024-03-01,p,1,3.5\n")
	b := book(t, makeLake(t, dir, "sources:\n  - table: sales\n    files: sales.csv\n    columns: {order_id: order, ordered_at: at, product_id: product, quantity: quantity, unit_price: price}\n").index(t), "build")
	var what []string
	for _, m := range b.Missing {
		what = append(what, m.What)
	}
	if !slices.Equal(what, []string{"cost", "geography", "customers", "categories", "channels", "segments"}) || len(b.Dimensions) > 0 {
		t.Errorf("missing: %v; dimensions: %v", what, b.Dimensions)
	}
	if f := b.Figures; f.Total.Values["cost"][0] != "" || len(f.By["month"].Keys[0]) != 3 || f.Customers.Count != 0 || len(b.Cube.Cells.Keys[0]) != 2 {
		t.Errorf("%+v", f)
	}
}

// A shop without any line has a page too.
func TestNoLines(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "sales.csv", "order,at,product,quantity,price\n")
	x := makeLake(t, dir, "sources:\n  - table: sales\n    files: sales.csv\n    columns: {order_id: order, ordered_at: at, product_id: product, quantity: quantity, unit_price: price}\n").index(t)
	for _, f := range []Filter{{}, {From: "2024-01-01", To: "2024-12-31"}} {
		if f := figures(t, x, f); f.Total.Values["sales"][0] != "0.0000" || len(f.By["day"].Keys[0]) != 0 {
			t.Errorf("%+v", f)
		}
	}
	if b := book(t, x, "build"); b.Shop.First != "" || len(b.Cube.Cells.Keys[0]) != 0 {
		t.Errorf("%+v", b)
	}
}

// Earlier segments are those of what was known then.
func TestMovement(t *testing.T) {
	s := demo(t, 2500, "")
	x, b := s.index(t), newBrute(t, s)
	end := x.reference - movement
	var rfm []gold.RFM
	for _, c := range x.customers {
		orders := map[string]bool{}
		var last pipeline.Date
		var v gold.RFM
		for _, l := range b.lines {
			if string(l.CustomerID.V) != c.id || l.OrderDate >= end {
				continue
			}
			v.Monetary.Add(int64(l.Revenue))
			if l.LineType == "sale" {
				orders[l.OrderID] = true
				last = max(last, l.OrderDate)
			}
		}
		if v.Frequency, v.Recency = int64(len(orders)), int64(end-last); len(orders) > 0 {
			rfm = append(rfm, v)
		}
	}
	want := map[string]int{}
	for _, scores := range gold.RFMScores(s.mapping.Rules.RFM, rfm) {
		want[s.mapping.Rules.RFM.Grid[scores[0]-1][scores[1]-1]]++
	}
	f := figures(t, x, Filter{}).Customers.Segments
	moved := false
	for i, name := range f.Keys[0] {
		if got := string(f.Values["customers_before"][i]); got != itoa(want[name]) {
			t.Errorf("%s: had %s customers, want %d", name, got, want[name])
		}
		moved = moved || f.Values["customers_before"][i] != f.Values["customers"][i]
	}
	if !moved || len(rfm) == 0 {
		t.Error("nothing has moved")
	}
}

// Where no dashboard can be made the error says what to do.
func TestOpenErrors(t *testing.T) {
	s := strange(t, 1, 100, "delta")
	part := strange(t, 3, 100, "parquet")
	remove(t, part.lake, "gold/customer_metrics")
	for name, c := range map[string]struct{ lake, want string }{
		"no folder":   {s.lake + "-nowhere", "smelt run makes them"},
		"table":       {part.lake, "gold.customer_metrics"},
		"older table": {s.lake, "customer_id: the lake"},
	} {
		if name == "older table" {
			rewrite(t, s.lake)
		}
		_, err := Open(context.Background(), Options{Lake: c.lake})
		var e *pipeline.Error
		if !errors.As(err, &e) || e.Hint == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
