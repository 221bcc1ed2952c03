package metrics

import (
	"math"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

func values(set map[Base]int64, unknown ...Base) *Values {
	var v Values
	v.Reset()
	for b, n := range set {
		v.Set(b, pipeline.TotalOf(n))
	}
	for _, b := range unknown {
		v.SetUnknown(b)
	}
	return &v
}

func TestEval(t *testing.T) {
	some := values(map[Base]int64{SumSales: 1_000_000, SumReturns: 250_000, SumDiscounts: 5, CountOrders: 3, SumUnitsSold: 8, SumRevenue: 750_000, MinSaleDate: 17000})
	huge := values(nil)
	huge.Set(SumSales, pipeline.Total{Hi: math.MaxInt64})
	for _, c := range []struct {
		measure *Measure
		values  *Values
		want    int64
		state   State
	}{
		{Sales, some, 1_000_000, Known},
		{GrossSales, some, 1_000_005, Known},
		{AOV, some, 333_333, Known},              // 33.3333 of 100 / 3
		{ReturnRate, some, 250_000, Known},       // 0.25
		{AveragePrice, some, 125_000, Known},     // 12.5
		{FirstOrderDate, some, 17000, Known},     //
		{LastOrderDate, some, 0, Missing},        // never set
		{AOV, values(nil), 0, Missing},           // no orders: NULL, not 0
		{Sales, values(nil), 0, Known},           // no lines: 0
		{Cost, values(nil), 0, Known},            // cost and margin included
		{Cost, values(nil, SumCost), 0, Missing}, // a line's cost is unknown: never a flattering 0
		{MarginRate, values(nil, SumMargin), 0, Missing},
		{ReturnRate, values(map[Base]int64{SumReturns: math.MaxInt64, SumSales: 1}), 0, Beyond},
		{ReturnRate, values(map[Base]int64{SumReturns: -5, SumSales: 10}), -500_000, Known},
		{AOV, values(map[Base]int64{SumSales: 5, CountOrders: 2}), 3, Known},   // 0.00025 → 0.0003
		{AOV, values(map[Base]int64{SumSales: -5, CountOrders: 2}), -3, Known}, // half away from zero
		{Sales, huge, 0, Overflow},
	} {
		got, state := c.measure.Eval(c.values)
		if state != c.state || state == Known && got != pipeline.TotalOf(c.want) {
			t.Errorf("%s: got %v, state %d, want %d, state %d", c.measure.Name, got, state, c.want, c.state)
		}
	}
}

func TestAllMeasuresAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if err := m.Check(); err != nil {
			t.Error(err)
		}
		if seen[m.Name] || m.Doc == "" || m.Unit == "" || m.Formula == "" || len(m.Columns()) == 0 {
			t.Errorf("%s: repeated, or without doc, unit, formula or columns", m.Name)
		}
		seen[m.Name] = true
		if got, err := ByName(m.Name); err != nil || got != m {
			t.Errorf("ByName(%s) = %v, %v", m.Name, got, err)
		}
	}
	if _, err := ByName("reveneu"); err == nil || !strings.Contains(err.Error(), "revenue") {
		t.Errorf("the error of an unknown measure names no near one: %v", err)
	}
}

func TestCheckRefuses(t *testing.T) {
	for want, m := range map[string]*Measure{
		"no name":                  {},
		"must be Nullable":         {Name: "x", Type: pipeline.RatioType, Num: Sales, Den: Orders},
		"a quotient is a price or": {Name: "x", Type: pipeline.Int64Type, Num: Sales, Den: Orders, Nullable: true},
		"another scale":            {Name: "x", Type: pipeline.SumType, Terms: []*Measure{Sales, Orders}},
		"a term can be NULL":       {Name: "x", Type: pipeline.SumType, Terms: []*Measure{Sales, Cost}},
		"neither a quantity":       {Name: "x", Type: pipeline.SumType, Num: Sales},
		"accumulates an unknown":   {Name: "x", Type: pipeline.SumType, Base: Base(NumBases)},
	} {
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
