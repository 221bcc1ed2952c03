package gold

import (
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// RegionalSales is the table gold.regional_sales: countries, then states.
var RegionalSales = &Spec{
	Name:     "gold.regional_sales",
	By:       []Dimension{Column("country"), Column("country_code")},
	Measures: regionalMeasures,
	More:     []Set{{By: []Dimension{Column("country"), Column("country_code"), Column("state")}, Measures: regionalMeasures}},
	Table: declare("gold.regional_sales", "One row per country, and one per country and state.", []string{"level", "country", "state"},
		ofFact(lineage.GroupBy, "country", "country_code", "state"),
		[]pipeline.Column{
			{Name: "level", Type: pipeline.StringType, Checks: []string{"accepted_values=country|state"}, Doc: "country or state: what the row is about."},
		},
		fact("country"), fact("country_code"),
		[]pipeline.Column{
			{Name: "state", Type: pipeline.StringType, Nullable: true, From: ofFact(lineage.Identity, "state"), Doc: "State; NULL on the country level."},
		},
		measures(regionalMeasures...),
		[]pipeline.Column{
			{Name: "revenue_share", Type: pipeline.RatioType, Nullable: true, From: append(from(lineage.Aggregation, "gold.regional_sales", "revenue"), from(lineage.GroupBy, "gold.regional_sales", "level")...),
				Doc: "Revenue as a fraction of its level's; NULL where that is not positive."},
			{Name: "revenue_rank", Type: pipeline.Int64Type, From: append(from(lineage.Sort, "gold.regional_sales", "revenue", "country", "state"), from(lineage.GroupBy, "gold.regional_sales", "level")...),
				Doc: "Rank by revenue within the level: 1 is the highest, ties by country and state."},
		}),
	Finish: finishRegionalSales,
}

var regionalMeasures = []*metrics.Measure{metrics.Orders, metrics.Customers, metrics.UnitsSold, metrics.UnitsReturned,
	metrics.Sales, metrics.Returns, metrics.Revenue, metrics.AOV, metrics.ReturnRate}

func finishRegionalSales(f *Finished) error {
	b := f.Build(len(f.Groups[0].Rows()) + len(f.Groups[1].Rows()))
	var v metrics.Values
	for level, name := range []string{"country", "state"} {
		g := f.Groups[level]
		rows := g.Rows()
		revenue := make([]pipeline.Total, len(rows))
		var total pipeline.Total
		for i, row := range rows {
			g.Values(row, &v)
			revenue[i], _ = metrics.Revenue.Eval(&v)
			total.Merge(revenue[i])
		}
		place := make([]int64, len(rows))
		for k, i := range rank(revenue) {
			place[i] = int64(k + 1)
		}
		for i, row := range rows {
			g.Values(row, &v)
			b.Text([]byte(name))
			b.Text(g.Text(row, 0))
			b.Text(g.Text(row, 1))
			if level == 0 {
				b.Text(nil)
			} else {
				b.Text(g.Text(row, 2))
			}
			b.Measures(&v, regionalMeasures...)
			b.Share(revenue[i], total)
			b.Int(place[i])
		}
	}
	return b.Done()
}
