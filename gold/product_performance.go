package gold

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// ProductPerformance is the table gold.product_performance.
var ProductPerformance = &Spec{
	Name:     "gold.product_performance",
	By:       []Dimension{Column("product_id")},
	Measures: productMeasures,
	Table: declare("gold.product_performance", "One row per product of dim_products.", []string{"product_id"},
		slices.Concat(from(lineage.Join, "silver.dim_products", "product_id"), ofFact(lineage.GroupBy, "product_id")),
		attribute("silver.dim_products", "product_id"), attribute("silver.dim_products", "product_name"), attribute("silver.dim_products", "category"),
		measures(productMeasures...),
		[]pipeline.Column{
			{Name: "revenue_rank", Type: pipeline.Int64Type, From: from(lineage.Sort, "gold.product_performance", "revenue", "product_id"),
				Doc: "Rank by revenue: 1 is the highest, ties by product_id."},
			{Name: "category_rank", Type: pipeline.Int64Type, From: append(from(lineage.Sort, "gold.product_performance", "revenue", "product_id"), from(lineage.GroupBy, "gold.product_performance", "category")...),
				Doc: "Rank by revenue within the category."},
			{Name: "revenue_share", Type: pipeline.RatioType, Nullable: true, From: from(lineage.Aggregation, "gold.product_performance", "revenue"),
				Doc: "Revenue as a fraction of that of all products; NULL where that is not positive."},
			{Name: "cumulative_share", Type: pipeline.RatioType, Nullable: true, From: running,
				Doc: "Revenue of this and all products of a better rank as a fraction of that of all; NULL where that is not positive."},
			{Name: "abc_class", Type: pipeline.StringType, From: running,
				Doc: "A while the better ranked products have below 80 % of revenue, B below 95 %, else C; C for revenue ≤ 0."},
		}),
	Finish: finishProductPerformance,
}

// running is what a running sum of revenue is made from.
var running = append(from(lineage.Aggregation, "gold.product_performance", "revenue"), from(lineage.Sort, "gold.product_performance", "revenue_rank")...)

var productMeasures = []*metrics.Measure{metrics.Orders, metrics.Customers, metrics.UnitsSold, metrics.UnitsReturned,
	metrics.Sales, metrics.Returns, metrics.Revenue, metrics.Discounts, metrics.Cost, metrics.Margin,
	metrics.MarginRate, metrics.AveragePrice, metrics.ReturnRate, metrics.UnitReturnRate, metrics.FirstSold, metrics.LastSold}

func finishProductPerformance(f *Finished) error {
	g := f.Groups[0]
	n := int(f.Products.NumRows())
	var columns [3]arrow.Array
	for i, name := range []string{"product_id", "product_name", "category"} {
		var err error
		if columns[i], err = f.column("silver.dim_products", name); err != nil {
			return err
		}
	}
	id, name, category := textOf(columns[0]), textOf(columns[1]), textOf(columns[2])
	groups := g.findKeys(columns[0])
	revenue := make([]pipeline.Total, n)
	var total pipeline.Total
	var v metrics.Values
	for i := range n {
		g.Values(groups[i], &v)
		revenue[i], _ = metrics.Revenue.Eval(&v)
		total.Merge(revenue[i])
	}
	ranked := rank(revenue)
	place, inCategory := make([]int32, n), make([]int32, n)
	running := make([]pipeline.Total, n) // with the product's own
	var sum pipeline.Total
	categories := map[string]int32{}
	for k, i := range ranked {
		sum.Merge(revenue[i])
		running[i], place[i] = sum, int32(k+1)
		categories[string(category(int(i)))]++
		inCategory[i] = categories[string(category(int(i)))]
	}
	b := f.Build(n)
	for i := range n {
		g.Values(groups[i], &v)
		b.Text(id(i))
		b.Text(name(i))
		b.Text(category(i))
		b.Measures(&v, productMeasures...)
		b.Int(int64(place[i]))
		b.Int(int64(inCategory[i]))
		b.Share(revenue[i], total)
		b.Share(running[i], total)
		b.Text([]byte(ABCClass(revenue[i], running[i].Sub(revenue[i]), total)))
	}
	return b.Done()
}

// rank returns the positions of the values, the highest first, ties in order.
func rank(values []pipeline.Total) []int32 {
	return sortBy(len(values), func(i int) pipeline.Total { return pipeline.Total{}.Sub(values[i]) })
}

// ABCClass classes a product by the share of revenue that the products before
// it have: A below 80 %, B below 95 %, else C. All three are unscaled sums.
func ABCClass(revenue, before, total pipeline.Total) string {
	hundredfold := times(before, 100)
	switch {
	case revenue.Sign() <= 0 || total.Sign() <= 0:
		return "C"
	case hundredfold.Cmp(times(total, 80)) < 0:
		return "A"
	case hundredfold.Cmp(times(total, 95)) < 0:
		return "B"
	}
	return "C"
}
