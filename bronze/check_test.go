package bronze

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

// shop is a mapping built in Go.
func shop() *Mapping {
	return &Mapping{
		Dir:     "data",
		Lookups: map[string]LookupSpec{"t": {Files: []string{"t.csv"}, Key: "K"}},
		Sources: []SourceSpec{
			{Table: "customers", Files: []string{"c.csv"}, Columns: []ColumnSpec{{Column: "customer_id", From: []string{"Id"}}}},
			{Table: "sales", Files: []string{"s.csv"}, Columns: []ColumnSpec{
				{Column: "quantity", From: []string{"Q"}},
				{Column: "ordered_at", From: []string{"D", "t[X].D"}},
				{Column: "product_id", From: []string{"P"}},
				{Column: "order_id", Template: "{A}-{B}"},
			}},
		},
	}
}

func TestCheck(t *testing.T) {
	m := shop()
	for range 2 { // the second time changes nothing
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		if m.Location != time.UTC || m.Output != "lake" || m.Rules.RFM.Grid != DefaultGrid || m.Rules.DateTo == 0 || len(m.Rules.ReturnValues) != 4 {
			t.Errorf("defaults are missing: %+v", m)
		}
		var order []string
		for _, c := range m.Sources[1].Columns {
			order = append(order, c.Column)
		}
		if diff := cmp.Diff([]string{"order_id", "ordered_at", "product_id", "quantity"}, order); diff != "" {
			t.Error(diff)
		}
	}
}

// A return needs no order, and one date: of the order or of the return.
func TestCheckReturns(t *testing.T) {
	for columns, right := range map[string]bool{"returned_at: D": true, "ordered_at: D": true, "ordered_at: D, returned_at: D": true, "order_id: D": false} {
		_, err := ParseMapping("smelt.yml", []byte("sources: [{table: sales, kind: returns, files: r.csv, columns: {product_id: P, quantity: Q, "+columns+"}}]"))
		if (err == nil) != right || err != nil && !strings.Contains(err.Error(), "bronze.sales needs ordered_at, which is not mapped") {
			t.Errorf("%s: %v", columns, err)
		}
	}
}

func TestCheckErrors(t *testing.T) {
	text := "x"
	for want, spoil := range map[string]func(m *Mapping){
		`sources[1].table: unknown table "sale"`:                      func(m *Mapping) { m.Sources[1].Table = "sale" },
		`sources[0].kind: kind belongs`:                               func(m *Mapping) { m.Sources[0].Kind = "returns" },
		`sources[1].files: no file`:                                   func(m *Mapping) { m.Sources[1].Files = nil },
		`sources[1].files[0]: a file's name is empty`:                 func(m *Mapping) { m.Sources[1].Files[0] = " " },
		`sources[1].columns.quantity: the column is mapped twice`:     func(m *Mapping) { m.Sources[1].Columns[1] = m.Sources[1].Columns[0] },
		`sources[1].columns.quantity: quantity wants one of from`:     func(m *Mapping) { m.Sources[1].Columns[0].Value = &text },
		`sources[1].columns.quantity: quantity wants one`:             func(m *Mapping) { m.Sources[1].Columns[0].From = nil },
		`sources[1].columns.order_id.template: a { is not closed`:     func(m *Mapping) { m.Sources[1].Columns[3].Template = "{" },
		`sources[1].columns.ordered_at.from[1]: a bracket`:            func(m *Mapping) { m.Sources[1].Columns[1].From[1] = "t[X" },
		`sources[1].columns: bronze.sales needs quantity`:             func(m *Mapping) { m.Sources[1].Columns = m.Sources[1].Columns[1:] },
		`sources[1].columns.quantiti: bronze.sales has no column`:     func(m *Mapping) { m.Sources[1].Columns[0].Column = "quantiti" },
		`sources[1].skip_rows: skip_rows is negative`:                 func(m *Mapping) { m.Sources[1].Read.SkipRows = -1 },
		`sources[1].number.decimal: '1' cannot separate`:              func(m *Mapping) { m.Sources[1].Number.Decimal = '1' },
		`sources[1].columns.quantity.number: decimal and thousands`:   func(m *Mapping) { m.Sources[1].Columns[0].Number = &pipeline.Number{Thousands: '.'} },
		`sources[1].products.product_id: product_id is the key`:       func(m *Mapping) { m.Sources[1].Products = []ColumnSpec{{Column: "product_id"}} },
		`lookups.t.key: the lookup has no key`:                        func(m *Mapping) { m.Lookups["t"] = LookupSpec{Files: []string{"t.csv"}} },
		`lookups.a.b: "a.b" cannot name a lookup`:                     func(m *Mapping) { m.Lookups["a.b"] = m.Lookups["t"] },
		`returns.orders[0].files: no file`:                            func(m *Mapping) { m.Rules.ReturnedOrders = []ReturnedOrdersSpec{{}} },
		`returns.orders[0].columns: bronze.sales needs order_id`:      func(m *Mapping) { m.Rules.ReturnedOrders = []ReturnedOrdersSpec{{Files: []string{"r"}}} },
		`rfm.recency: unknown scoring "median"`:                       func(m *Mapping) { m.Rules.RFM.Recency = "median" },
		`rfm.segments: no segment has R1 F1`:                          func(m *Mapping) { m.Rules.RFM.Grid[4][4] = "x" },
		`dates: the first day 2200-01-01 is after the last`:           func(m *Mapping) { m.Rules.DateFrom = pipeline.DateOf(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) },
		`sources[1].columns.quantity.value: "x" is no value`:          func(m *Mapping) { m.Sources[1].Columns[0] = ColumnSpec{Column: "quantity", Value: &text} },
		`sources[1].columns.ordered_at.dates[0]`:                      func(m *Mapping) { m.Sources[1].Columns[1].Dates = []string{"%Q"} },
		`sources[1].customers: customers stand on the lines but colu`: func(m *Mapping) { m.Sources[1].Customers = []ColumnSpec{{Column: "city", From: []string{"C"}}} },
		`sources: no source is given`:                                 func(m *Mapping) { m.Sources = nil },
	} {
		m := shop()
		spoil(m)
		err := m.Check()
		if !errors.Is(err, pipeline.ErrConfig) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A column's way of writing comes from itself, else its source, else the
// mapping; a constant is written plainly.
func TestCast(t *testing.T) {
	berlin, tokyo := time.FixedZone("Berlin", 3600), time.FixedZone("Tokyo", 9*3600)
	comma, point := pipeline.Number{Decimal: ','}, pipeline.Number{Thousands: ','}
	m := &Mapping{Location: time.UTC}
	plain := &SourceSpec{}
	local := &SourceSpec{Location: berlin, Number: comma, Nulls: []string{"-"}}
	value := "1"
	for _, c := range []struct {
		name   string
		source *SourceSpec
		column ColumnSpec
		want   pipeline.Cast
	}{
		{"nothing said", plain, ColumnSpec{}, pipeline.Cast{Location: time.UTC}},
		{"by the source", local, ColumnSpec{}, pipeline.Cast{Location: berlin, Number: comma, Nulls: []string{"-"}}},
		{"by the column", local, ColumnSpec{Location: tokyo, Number: &point, Nulls: []string{"?"}, Dates: []string{"%Y"}, Integer: true},
			pipeline.Cast{Location: tokyo, Number: point, Nulls: []string{"?"}, Dates: []string{"%Y"}, Integer: true}},
		{"no nulls", local, ColumnSpec{Nulls: []string{}}, pipeline.Cast{Location: berlin, Number: comma, Nulls: []string{}}},
		{"a constant", local, ColumnSpec{Value: &value}, pipeline.Cast{Location: berlin}},
	} {
		c.want.Type = pipeline.PriceType
		if diff := cmp.Diff(c.want, m.Cast(c.source, &c.column, pipeline.PriceType), compareZones); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
