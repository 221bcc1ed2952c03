package dashboard

import (
	"errors"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

func TestSheets(t *testing.T) {
	values := func(list ...Value) []Value { return list }
	f := &Figures{
		Total: Frame{Values: map[string][]Value{"orders": values("3"), "sales": values("10.0000"), "discounts": values("0.5"), "returns": values("-2.5000"), "revenue": values("0.0000"), "margin": values("")}},
		By: map[string]Frame{
			"month": {By: []string{"month"}, Keys: [][]string{{"2024-01-01", "2024-02-01"}}, Values: map[string][]Value{"orders": values("0", "6"), "sales": values("0.0000", "20.0000")}},
			"state": {By: []string{"country", "state"}, Keys: [][]string{{"A, B"}, {""}}, Values: map[string][]Value{
				"revenue": values("12345678901234567890.1234"), "margin": values("-6172839450617283945.0617"), "sales": values("12345678901234567890.1234"), "discounts": values("1.0000")}},
		},
		Customers: Customers{Segments: Frame{By: []string{"segment"}, Keys: [][]string{{"Champions"}}, Values: map[string][]Value{"customers_before": values("4"), "customers": values("5"), "revenue": values("1.0000")}}},
	}
	sheets, err := f.Sheets()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var names []string
	for _, s := range sheets {
		names = append(names, s.Name)
		got[s.Name] = string(s.CSV())
	}
	if want := "total day week month quarter year country state category subcategory channel segment products product_classes customer_segments customer_grid"; strings.Join(names, " ") != want {
		t.Errorf("sheets: %v", names)
	}
	for name, want := range map[string]string{
		"total":             "orders,sales,returns,revenue,discounts,gross_sales,margin,aov,return_rate,margin_rate\n3,10.0000,-2.5000,0.0000,0.5,10.5000,,3.3333,-0.250000,\n",
		"month":             "month,orders,sales,aov\n2024-01-01,0,0.0000,\n2024-02-01,6,20.0000,3.3333\n",
		"state":             "country,state,sales,revenue,discounts,gross_sales,margin,margin_rate\n\"A, B\",,12345678901234567890.1234,12345678901234567890.1234,1.0000,12345678901234567891.1234,-6172839450617283945.0617,-0.500000\n",
		"customer_segments": "segment,customers,revenue,customers_before\nChampions,5,1.0000,4\n",
		"channel":           "channel,orders,sales,returns,revenue,discounts,gross_sales,margin,aov,return_rate,margin_rate\n",
	} {
		if got[name] != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got[name], want)
		}
	}
	f.Total.Values["sales"][0] = "1.23456"
	if _, err := f.Sheets(); !errors.Is(err, pipeline.ErrData) || !strings.Contains(err.Error(), "1.23456") {
		t.Errorf("five decimals: %v", err)
	}
}
