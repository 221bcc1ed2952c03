package gold

import (
	"slices"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// CustomerMetrics is the table gold.customer_metrics. A customer without
// purchases has counts and sums of 0; returns that exceed purchases stay
// negative.
var CustomerMetrics = &Spec{
	Name:     "gold.customer_metrics",
	By:       []Dimension{Column("customer_id")},
	Measures: append([]*metrics.Measure{metrics.SaleDates, metrics.CLV}, customerMeasures...),
	Table: declare("gold.customer_metrics", "One row per customer of dim_customers.", []string{"customer_id"},
		slices.Concat(from(lineage.Join, "silver.dim_customers", "customer_id"), ofFact(lineage.GroupBy, "customer_id")),
		attribute("silver.dim_customers", "customer_id"),
		measures(customerMeasures...),
		[]pipeline.Column{
			{Name: "lifespan_days", Type: pipeline.Int32Type, Nullable: true, From: from(lineage.Transformation, "gold.customer_metrics", "last_order_date", "first_order_date"),
				Doc: "Days from the first to the last sale: last_order_date − first_order_date."},
			{Name: "tenure_days", Type: pipeline.Int32Type, Nullable: true, From: append(from(lineage.Transformation, "gold.customer_metrics", "first_order_date"), ofFact(lineage.Aggregation, "order_date")...),
				Doc: "Days since the first sale: reference_date − first_order_date."},
			{Name: "avg_days_between_orders", Type: pipeline.PriceType, Nullable: true, From: append(from(lineage.Transformation, "gold.customer_metrics", "lifespan_days"), accumulated(metrics.SaleDates)...),
				Doc: "Days between days of sale: lifespan_days / (distinct sale dates − 1); NULL with one date only."},
		},
		measures(metrics.CLV)),
	Finish: finishCustomerMetrics,
}

var customerMeasures = []*metrics.Measure{metrics.Orders, metrics.ReturnOrders, metrics.UnitsSold, metrics.UnitsReturned,
	metrics.Sales, metrics.Returns, metrics.Revenue, metrics.Discounts, metrics.Cost, metrics.Margin,
	metrics.AOV, metrics.ReturnRate, metrics.UnitReturnRate, metrics.OrderReturnRate,
	metrics.FirstOrderDate, metrics.LastOrderDate}

func finishCustomerMetrics(f *Finished) error {
	g := f.Groups[0]
	n := int(f.Customers.NumRows())
	key, err := f.column("silver.dim_customers", "customer_id")
	if err != nil {
		return err
	}
	id, groups := textOf(key), g.findKeys(key)
	b := f.Build(n)
	var v metrics.Values
	for i := range n {
		g.Values(groups[i], &v)
		b.Text(id(i))
		b.Measures(&v, customerMeasures...)
		first, bought := metrics.FirstOrderDate.Eval(&v)
		last, _ := metrics.LastOrderDate.Eval(&v)
		lifespan := last.Sub(first)
		b.Number(lifespan, bought)
		b.Number(pipeline.TotalOf(int64(f.Reference.V)).Sub(first), bought)
		dates, _ := metrics.SaleDates.Eval(&v)
		b.Number(quotient(lifespan, dates.Sub(pipeline.TotalOf(1)), 4))
		b.Measures(&v, metrics.CLV)
	}
	return b.Done()
}
