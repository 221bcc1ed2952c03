package metrics

import (
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Counts of documents, customers and units.
var (
	Orders = &Measure{Name: "orders", Unit: "orders", Type: pipeline.Int64Type, Base: CountOrders,
		Formula: "count(distinct order_id) of sales",
		Doc:     "Distinct orders over sale rows."}
	ReturnOrders = &Measure{Name: "return_orders", Unit: "orders", Type: pipeline.Int64Type, Base: CountReturnOrders,
		Formula: "count(distinct order_id) of returns",
		Doc:     "Distinct orders over return rows."}
	Customers = &Measure{Name: "customers", Unit: "customers", Type: pipeline.Int64Type, Base: CountCustomers,
		Formula: "count(distinct customer_id) of sales",
		Doc:     "Distinct customers over sale rows; guests have no id and are not counted."}
	NewCustomers = &Measure{Name: "new_customers", Unit: "customers", Type: pipeline.Int64Type, Base: CountNewCustomers,
		Formula: "count(distinct customer_id) whose first sale ever is in the period",
		Doc:     "Customers whose first sale ever is in the period."}
	UnitsSold = &Measure{Name: "units_sold", Unit: "units", Type: pipeline.Int64Type, Base: SumUnitsSold,
		Formula: "sum(quantity) of sales",
		Doc:     "Units sold: Σ quantity of sales."}
	UnitsReturned = &Measure{Name: "units_returned", Unit: "units", Type: pipeline.Int64Type, Base: SumUnitsReturned,
		Formula: "sum(abs(quantity)) of returns",
		Doc:     "Units returned: Σ |quantity| of returns."}
	SaleDates = &Measure{Name: "sale_dates", Unit: "days", Type: pipeline.Int64Type, Base: CountSaleDates,
		Formula: "count(distinct order_date) of sales",
		Doc:     "Distinct days on which the customer bought."}
)

// Sums of money.
var (
	Sales = &Measure{Name: "sales", Unit: "shop currency", Type: pipeline.SumType, Base: SumSales,
		Formula: "sum(sales)",
		Doc:     "Net amount sold: Σ sales, in the shop's currency."}
	Returns = &Measure{Name: "returns", Unit: "shop currency", Type: pipeline.SumType, Base: SumReturns,
		Formula: "sum(returns)",
		Doc:     "Net amount returned: Σ returns, in the shop's currency."}
	Revenue = &Measure{Name: "revenue", Unit: "shop currency", Type: pipeline.SumType, Base: SumRevenue,
		Formula: "sum(revenue)",
		Doc:     "Σ revenue (sales − returns), in the shop's currency."}
	Discounts = &Measure{Name: "discounts", Unit: "shop currency", Type: pipeline.SumType, Base: SumDiscounts,
		Formula: "sum(discount_amount) of sales",
		Doc:     "Discounts granted: Σ discount_amount of sales, in the shop's currency."}
	GrossSales = &Measure{Name: "gross_sales", Unit: "shop currency", Type: pipeline.SumType, Terms: []*Measure{Sales, Discounts},
		Formula: "sales + discounts",
		Doc:     "Amount sold before discount: sales + discounts, in the shop's currency."}
	Cost = &Measure{Name: "cost", Unit: "shop currency", Type: pipeline.SumType, Nullable: true, Base: SumCost,
		Formula: "sum(cost), NULL where any line's is",
		Doc:     "Σ cost (quantity × unit_cost), in the shop's currency; NULL where any line's cost is unknown."}
	Margin = &Measure{Name: "margin", Unit: "shop currency", Type: pipeline.SumType, Nullable: true, Base: SumMargin,
		Formula: "sum(margin), NULL where any line's is",
		Doc:     "Σ margin (revenue − cost), in the shop's currency; NULL where any line's cost is unknown."}
	CLV = &Measure{Name: "clv", Unit: "shop currency", Type: pipeline.SumType, Base: SumRevenue,
		Formula: "sum(revenue)",
		Doc:     "Historic customer lifetime value: revenue to date, in the shop's currency."}
)

// Averages, rates and dates.
var (
	AOV = &Measure{Name: "aov", Unit: "shop currency", Type: pipeline.PriceType, Nullable: true, Num: Sales, Den: Orders,
		Formula: "sales / orders",
		Doc:     "Average order value: sales / orders, in the shop's currency."}
	AveragePrice = &Measure{Name: "average_price", Unit: "shop currency", Type: pipeline.PriceType, Nullable: true, Num: Sales, Den: UnitsSold,
		Formula: "sales / units_sold",
		Doc:     "Average net price of a unit: sales / units_sold, in the shop's currency."}
	ReturnRate = &Measure{Name: "return_rate", Unit: "fraction", Type: pipeline.RatioType, Nullable: true, Num: Returns, Den: Sales,
		Formula: "returns / sales",
		Doc:     "Share of the amount sold that came back: returns / sales, a fraction."}
	UnitReturnRate = &Measure{Name: "unit_return_rate", Unit: "fraction", Type: pipeline.RatioType, Nullable: true, Num: UnitsReturned, Den: UnitsSold,
		Formula: "units_returned / units_sold",
		Doc:     "Share of the units sold that came back: units_returned / units_sold, a fraction."}
	OrderReturnRate = &Measure{Name: "order_return_rate", Unit: "fraction", Type: pipeline.RatioType, Nullable: true, Num: ReturnOrders, Den: Orders,
		Formula: "return_orders / orders",
		Doc:     "Orders with returns to orders: return_orders / orders, a fraction."}
	MarginRate = &Measure{Name: "margin_rate", Unit: "fraction", Type: pipeline.RatioType, Nullable: true, Num: Margin, Den: Revenue,
		Formula: "margin / revenue",
		Doc:     "Share of revenue that is left after cost: margin / revenue, a fraction."}
	FirstOrderDate = &Measure{Name: "first_order_date", Unit: "date", Type: pipeline.DateType, Nullable: true, Base: MinSaleDate,
		Formula: "min(order_date) of sales",
		Doc:     "Day of the first sale."}
	LastOrderDate = &Measure{Name: "last_order_date", Unit: "date", Type: pipeline.DateType, Nullable: true, Base: MaxSaleDate,
		Formula: "max(order_date) of sales",
		Doc:     "Day of the latest sale."}
	FirstSold = &Measure{Name: "first_sold", Unit: "date", Type: pipeline.DateType, Nullable: true, Base: MinSaleDate,
		Formula: "min(order_date) of sales",
		Doc:     "Day on which it first sold."}
	LastSold = &Measure{Name: "last_sold", Unit: "date", Type: pipeline.DateType, Nullable: true, Base: MaxSaleDate,
		Formula: "max(order_date) of sales",
		Doc:     "Day on which it last sold."}
)

var all = []*Measure{Orders, ReturnOrders, Customers, NewCustomers, UnitsSold, UnitsReturned, SaleDates,
	Sales, Returns, Revenue, Discounts, GrossSales, Cost, Margin, CLV,
	AOV, AveragePrice, ReturnRate, UnitReturnRate, OrderReturnRate, MarginRate,
	FirstOrderDate, LastOrderDate, FirstSold, LastSold}

// All returns every declared measure, in the order of the documentation.
func All() []*Measure { return slices.Clone(all) }

// ByName returns the measure of a name. The error of an unknown one names the
// nearest.
func ByName(name string) (*Measure, error) {
	names := make([]string, len(all))
	for i, m := range all {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	hint := "measures are: " + strings.Join(names, ", ")
	if near := pipeline.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: name, Msg: "there is no such measure", Hint: hint}
}
