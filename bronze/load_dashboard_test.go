package bronze

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The dashboard is what smelt.yml says, and no reason to make tables anew.
func TestDashboard(t *testing.T) {
	plain, err := ParseMapping("x", []byte(rules("")))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMapping("x", []byte(rules("dashboard:", "  name: Alpine Sports", "  currency: EUR", "  pages:",
		"    - {title: ' Brands ', table: gold.brands, chart: bar, x: brand, y: revenue}",
		"    - {title: Months, table: gold.sales_summary, where: grain = 'month'}")))
	if err != nil {
		t.Fatal(err)
	}
	want := DashboardSpec{Name: "Alpine Sports", Currency: "EUR", Pages: []PageSpec{
		{Title: "Brands", Table: "gold.brands", Chart: "bar", X: "brand", Y: []string{"revenue"}, Line: 6, Col: 7},
		{Title: "Months", Table: "gold.sales_summary", Where: "grain = 'month'", Chart: "table", Line: 7, Col: 7},
	}}
	if diff := cmp.Diff(want, m.Dashboard); diff != "" {
		t.Error(diff)
	}
	before, err := Digests(context.Background(), plain)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Digests(context.Background(), m)
	if err != nil || !maps.Equal(before, after) {
		t.Errorf("the digests differ: %v %v %v", before, after, err)
	}
}
