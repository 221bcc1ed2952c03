package gold

import (
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// SalesSummary is the table gold.sales_summary: a calendar without gaps from
// the first to the newest order_date, by day, week, month, quarter and year.
var SalesSummary = &Spec{
	Name:     "gold.sales_summary",
	By:       []Dimension{OrderDate(ByDay)},
	Measures: summaryMeasures,
	More: []Set{
		{By: []Dimension{OrderDate(ByWeek)}, Measures: summaryMeasures},
		{By: []Dimension{OrderDate(ByMonth)}, Measures: summaryMeasures},
		{By: []Dimension{OrderDate(ByQuarter)}, Measures: summaryMeasures},
		{By: []Dimension{OrderDate(ByYear)}, Measures: summaryMeasures},
	},
	Table: declare("gold.sales_summary", "One row per day, week, month, quarter and year between the first and the newest order.", []string{"grain", "period_start"},
		ofFact(lineage.GroupBy, "order_date"),
		[]pipeline.Column{
			{Name: "grain", Type: pipeline.StringType, Checks: []string{"accepted_values=day|week|month|quarter|year"}, Doc: "Length of the period: day, week (ISO, from Monday), month, quarter or year."},
			{Name: "period_start", Type: pipeline.DateType, From: ofFact(lineage.Transformation, "order_date"), Doc: "First day of the period."},
			{Name: "is_complete", Type: pipeline.BoolType, From: append(from(lineage.Transformation, "gold.sales_summary", "grain", "period_start"), ofFact(lineage.Aggregation, "order_date")...), Doc: "Whether the whole period lies between the first and the newest order_date."},
		},
		measures(summaryMeasures...),
		[]pipeline.Column{
			{Name: "previous_revenue", Type: pipeline.SumType, Nullable: true, From: append(from(lineage.Identity, "gold.sales_summary", "revenue"), inOrder...), Doc: "Revenue of the period before."},
			{Name: "growth", Type: pipeline.RatioType, Nullable: true, From: from(lineage.Transformation, "gold.sales_summary", "revenue", "previous_revenue"),
				Doc: "(revenue − previous_revenue) / previous_revenue, a fraction; NULL where that is missing or not positive."},
			{Name: "yoy_growth", Type: pipeline.RatioType, Nullable: true, From: append(from(lineage.Transformation, "gold.sales_summary", "revenue"), inOrder...),
				Doc: "Growth over the same month, quarter or year a year earlier, a day 364 days or a week 52 weeks earlier; NULL as growth is."},
			{Name: "revenue_7d", Type: pipeline.SumType, Nullable: true, From: append(from(lineage.Aggregation, "gold.sales_summary", "revenue"), inOrder...), Doc: "On days: revenue of the 7 days that end with it; NULL before there are 7."},
			{Name: "revenue_28d", Type: pipeline.SumType, Nullable: true, From: append(from(lineage.Aggregation, "gold.sales_summary", "revenue"), inOrder...), Doc: "On days: revenue of the 28 days that end with it; NULL before there are 28."},
		}),
	Finish: finishSalesSummary,
}

// inOrder finds a period's neighbours: the periods of its grain, by their start.
var inOrder = append(from(lineage.GroupBy, "gold.sales_summary", "grain"), from(lineage.Sort, "gold.sales_summary", "period_start")...)

var summaryMeasures = []*metrics.Measure{metrics.Orders, metrics.ReturnOrders, metrics.Customers, metrics.NewCustomers,
	metrics.UnitsSold, metrics.UnitsReturned, metrics.Sales, metrics.Returns, metrics.Revenue, metrics.Discounts,
	metrics.AOV, metrics.ReturnRate}

// yearAgo is how many periods before lies the one that yoy_growth compares with.
var yearAgo = map[Grain]int{ByDay: 364, ByWeek: 52, ByMonth: 12, ByQuarter: 4, ByYear: 1}

func finishSalesSummary(f *Finished) error {
	b := f.Build(0)
	if !f.First.Valid {
		return b.Done()
	}
	for _, grain := range []Grain{ByDay, ByMonth, ByQuarter, ByWeek, ByYear} { // by name, as the key is ordered
		f.summarise(b, grain)
	}
	return b.Done()
}

// summarise adds the calendar of one grain.
func (f *Finished) summarise(b *Builder, grain Grain) {
	g := f.Groups[grain]
	var revenue []pipeline.Total
	var v metrics.Values
	for day := grain.Start(f.First.V); day <= f.Newest.V; day = grain.Next(day) {
		g.Values(g.FindDate(day), &v)
		now, _ := metrics.Revenue.Eval(&v)
		revenue = append(revenue, now)
		b.Text([]byte(grain.String()))
		b.Date(day, true)
		b.Bool(day >= f.First.V && grain.Next(day)-1 <= f.Newest.V)
		b.Measures(&v, summaryMeasures...)
		if previous := len(revenue) - 2; previous >= 0 {
			b.Number(revenue[previous], metrics.Known)
		} else {
			b.Number(pipeline.Total{}, metrics.Missing)
		}
		b.growth(revenue, 1)
		b.growth(revenue, yearAgo[grain])
		b.trailing(revenue, 7, grain == ByDay)
		b.trailing(revenue, 28, grain == ByDay)
	}
}

// growth gives the next column the growth of the last value over the one so
// many periods before.
func (b *Builder) growth(revenue []pipeline.Total, before int) {
	now := len(revenue) - 1
	if now < before {
		b.Number(pipeline.Total{}, metrics.Missing)
		return
	}
	b.Share(revenue[now].Sub(revenue[now-before]), revenue[now-before])
}

// trailing gives the next column the sum of the last so many values.
func (b *Builder) trailing(revenue []pipeline.Total, days int, wanted bool) {
	if !wanted || len(revenue) < days {
		b.Number(pipeline.Total{}, metrics.Missing)
		return
	}
	var sum pipeline.Total
	for _, v := range revenue[len(revenue)-days:] {
		sum.Merge(v)
	}
	b.Number(sum, metrics.Known)
}
