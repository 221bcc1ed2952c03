package dashboard

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/metrics"
)

// Without a filter, every figure is that of a gold table, cell by cell.
func TestFiguresAreGold(t *testing.T) {
	for name, s := range map[string]made{
		"demo":      demo(t, 6000, ""),
		"parquet":   demo(t, 1500, "format: parquet\n"),
		"quantiles": demo(t, 1500, "reference_date: 2023-01-15\nrfm: {recency: quantile, frequency: quantile, monetary: quantile, measure: sales, segments: {Best: R4-5 F4-5, Others: [R1-3 F1-5, R4-5 F1-3]}}\n"),
		"returns":   demo(t, 1000, "rfm: {monetary: quantile, measure: returns}\n"),
		"discounts": demo(t, 1000, "rfm: {monetary: quantile, measure: discounts}\n"),
		"strange":   strange(t, 2, 300, "delta"),
	} {
		t.Run(name, func(t *testing.T) { areGold(t, s) })
	}
}

func areGold(t *testing.T, s made) {
	x := s.index(t)
	f := figures(t, x, Filter{})
	periods := 0
	for _, r := range texts(t, s.lake, "gold.sales_summary") {
		same(t, f.By[r["grain"]], []string{r["period_start"]}, r)
		periods++
	}
	for _, grain := range []string{"day", "week", "month", "quarter", "year"} {
		periods -= len(f.By[grain].Keys[0])
	}
	if periods != 0 {
		t.Errorf("gold.sales_summary has %d periods more", periods)
	}
	regions := 0
	for _, r := range texts(t, s.lake, "gold.regional_sales") {
		key := []string{r["country"], r["country_code"]}
		if r["level"] == "state" {
			key[1] = r["state"]
		}
		same(t, f.By[r["level"]], key, r)
		regions++
	}
	if n := len(f.By["country"].Keys[0]) + len(f.By["state"].Keys[0]); n != regions {
		t.Errorf("%d countries and states, gold.regional_sales has %d", n, regions)
	}
	products(t, s, f)
	customers(t, s, f)
	// Scored as of the reference date, customers are in the segment that they are in.
	// Their monetary value names none, so it is compared by itself.
	x.scoreBefore(0)
	for _, r := range texts(t, s.lake, "gold.customer_segmentation") {
		i := slices.IndexFunc(x.customers, func(c customer) bool { return c.id == r["customer_id"] })
		v, _ := x.asOf(i, int64(x.reference-x.first), int64(x.days))
		if got := string(money(v.Monetary)); got != r["monetary"] || itoa(int(v.Frequency)) != r["frequency"] || itoa(int(v.Recency)) != r["recency_days"] {
			t.Fatalf("customer %s: scored by %+v, gold has %v", r["customer_id"], v, r)
		}
	}
	for _, b := range x.buyers {
		if b.before != b.segment+1 {
			t.Fatalf("customer %s: scored for segment %d, is in %d of %q", x.customers[b.customer].id, int(b.before)-1, b.segment, x.segments)
		}
	}
}

// So they are of a public shop, whose returns name neither order nor customer.
func TestAdventureWorks(t *testing.T) {
	data := judgetest.Data(t, "adventureworks")
	m, err := bronze.LoadMapping("../../testdata/adventureworks.yml")
	if err != nil {
		t.Fatal(err)
	}
	m.Dir = data
	areGold(t, publish(t, m, filepath.Join(t.TempDir(), "lake")))
}

// at returns the row of a frame, -1 where it has none.
func at(f Frame, key []string) int {
	for i := range f.Keys[0] {
		if !slices.ContainsFunc(f.Keys, func(k []string) bool {
			return k[i] != key[slices.IndexFunc(f.Keys, func(o []string) bool { return &o[0] == &k[0] })]
		}) {
			return i
		}
	}
	return -1
}

// same compares a row of a frame with one of a gold table, in the columns of both.
func same(t *testing.T, f Frame, key []string, want map[string]string) {
	t.Helper()
	i := at(f, key)
	if i < 0 {
		t.Errorf("no row of %q", key)
		return
	}
	compared := 0
	for name, values := range f.Values {
		if w, ok := want[name]; ok || name == "cost" && hasColumn(want, "product_id") {
			compared++
			if string(values[i]) != w {
				t.Errorf("%q: %s is %s, gold has %s", key, name, values[i], w)
			}
		}
	}
	if compared < 5 {
		t.Errorf("%q: %d figures compared only", key, compared)
	}
}

func hasColumn(row map[string]string, name string) bool { _, ok := row[name]; return ok }

func products(t *testing.T, s made, f *Figures) {
	sold := map[string]bool{}
	for _, r := range rowsOf(t, s.lake, facts) {
		sold[string(r.ProductID)] = true
	}
	classes := map[string]int{}
	rows := texts(t, s.lake, "gold.product_performance")
	slices.SortFunc(rows, func(a, b map[string]string) int {
		return len(a["revenue_rank"])*1e6 - len(b["revenue_rank"])*1e6 + strings.Compare(a["revenue_rank"], b["revenue_rank"])
	})
	rows = slices.DeleteFunc(rows, func(r map[string]string) bool { return !sold[r["product_id"]] })
	for i, r := range rows {
		classes[r["abc_class"]]++
		key := []string{r["product_id"], r["product_name"], r["category"]}
		if i < topProducts {
			same(t, f.Products.Top, key, r)
			if f.Products.Top.Keys[0][i] != r["product_id"] {
				t.Errorf("place %d: %s, gold has %s", i+1, f.Products.Top.Keys[0][i], r["product_id"])
			}
		}
		if k := len(rows) - 1 - i; k < bottomProducts {
			same(t, f.Products.Bottom, key, r)
			if f.Products.Bottom.Keys[0][k] != r["product_id"] {
				t.Errorf("place %d from below: %s, gold has %s", k+1, f.Products.Bottom.Keys[0][k], r["product_id"])
			}
		}
	}
	if int(f.Products.Count) != len(rows) {
		t.Errorf("%d products, gold has %d", f.Products.Count, len(rows))
	}
	for class, n := range classes {
		i := at(f.Products.Classes, []string{class})
		if i < 0 || string(f.Products.Classes.Values["products"][i]) != itoa(n) {
			t.Errorf("class %s: gold has %d products, %v", class, n, f.Products.Classes)
		}
	}
	if p := f.Products.Pareto; len(p) == 0 || len(p) > paretoPoints || p[len(p)-1] != (Point{1, 1}) {
		t.Errorf("the curve ends elsewhere: %v", p)
	}
}

func customers(t *testing.T, s made, f *Figures) {
	metric := map[string]map[string]string{}
	for _, r := range texts(t, s.lake, "gold.customer_metrics") {
		metric[r["customer_id"]] = r
	}
	cells, segments := map[[2]string]int{}, map[string]int{}
	rows := texts(t, s.lake, "gold.customer_segmentation")
	for _, r := range rows {
		cells[[2]string{r["r_score"], r["f_score"]}]++
		segments[r["segment"]]++
	}
	if int(f.Customers.Count) != len(rows) {
		t.Errorf("%d customers, gold has %d", f.Customers.Count, len(rows))
	}
	for i, v := range f.Customers.Grid.Values["customers"] {
		if want := cells[[2]string{f.Customers.Grid.Keys[0][i], f.Customers.Grid.Keys[1][i]}]; string(v) != itoa(want) {
			t.Errorf("cell %s %s: %s customers, gold has %d", f.Customers.Grid.Keys[0][i], f.Customers.Grid.Keys[1][i], v, want)
		}
	}
	for i, v := range f.Customers.Segments.Values["customers"] {
		name := f.Customers.Segments.Keys[0][i]
		if string(v) != itoa(segments[name]) {
			t.Errorf("%s: %s customers, gold has %d", name, v, segments[name])
		}
		delete(segments, name)
	}
	if len(segments) > 0 {
		t.Errorf("segments are missing: %v", segments)
	}
	for _, bins := range [][]Bin{f.Customers.CLV, f.Customers.Recency} {
		n := int64(0)
		for i, b := range bins {
			n += b.N
			if b.To <= b.From && b.N == 0 || i > 0 && b.From != bins[i-1].To {
				t.Errorf("bins: %v", bins)
			}
		}
		if n != f.Customers.Count || len(bins) > mostBins {
			t.Errorf("%d bins of %d customers: %v", len(bins), n, bins)
		}
	}
	top := f.Customers.Top
	for i, id := range top.Keys[0] {
		for _, name := range []string{"revenue", "orders", "clv", "returns"} {
			if got, want := string(top.Values[name][i]), metric[id][name]; got != want {
				t.Errorf("customer %s: %s is %s, gold has %s", id, name, got, want)
			}
		}
		if top.Keys[1][i] != "" {
			t.Errorf("a name is given out that nobody asked for")
		}
	}
	if len(rows) > 0 && f.Customers.Reference == "" {
		t.Error("no reference date")
	}
	if s.mapping.Rules.ReferenceDate.Valid && f.Customers.Reference != s.mapping.Rules.ReferenceDate.V.String() {
		t.Errorf("reference date %s", f.Customers.Reference)
	}
}

// The values of frames are measures, by their names.
func TestValuesAreMeasures(t *testing.T) {
	for _, v := range values {
		if m, err := metrics.ByName(v.measure.Name); err != nil || m.Den != nil {
			t.Errorf("%s: %v", v.measure.Name, err)
		}
	}
}
