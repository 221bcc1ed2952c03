package powerbi

import "fmt"

// overTime are measures that compare a period with others, as gold.sales_summary
// does for each grain, and what else a model knows and a line does not. One rule
// serves days, weeks, months, quarters, years and any range: whole months are
// compared with as many whole months, else days with as many days.
//
// They are blank where the days that are left have gaps, as all Mondays have: the
// period before would be no period of Mondays. And they are blank after the newest
// order: a calendar has whole years, and the shop has not got there.
func overTime() []Measure {
	const period = `VAR FirstDay = MIN('calendar'[date])
VAR LastDay = MAX('calendar'[date])
VAR Days = INT(LastDay - FirstDay) + 1
VAR WholeMonths = DAY(FirstDay) = 1 && DAY(LastDay + 1) = 1
VAR Newest = CALCULATE(MAX('fact_sales'[order_date]), REMOVEFILTERS())
VAR IsPeriod = COUNTROWS('calendar') = Days && FirstDay <= Newest
`
	const before = period + `VAR Months = DATEDIFF(FirstDay, LastDay, MONTH) + 1
VAR StartDay = IF(WholeMonths, EDATE(FirstDay, -Months), FirstDay - Days)
RETURN
    IF(IsPeriod, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, FirstDay - 1)))`
	const yearAgo = period + `VAR StartDay = IF(WholeMonths, EDATE(FirstDay, -12), FirstDay - 364)
VAR EndDay = IF(WholeMonths, EOMONTH(LastDay, -12), LastDay - 364)
RETURN
    IF(IsPeriod, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, EndDay)))`
	growth := func(over string) string {
		return fmt.Sprintf(`VAR RevenueBefore = [%s]
RETURN
    IF(RevenueBefore > 0, DIVIDE([Revenue] - RevenueBefore, RevenueBefore))`, over)
	}
	trailing := func(days int) string {
		return fmt.Sprintf(`VAR Oldest = CALCULATE(MIN('fact_sales'[order_date]), REMOVEFILTERS())
VAR Newest = CALCULATE(MAX('fact_sales'[order_date]), REMOVEFILTERS())
VAR LastDay = MIN(MAX('calendar'[date]), Newest)
VAR StartDay = LastDay - %d
RETURN
    IF(MIN('calendar'[date]) <= Newest && StartDay >= Oldest, CALCULATE([Revenue], DATESBETWEEN('calendar'[date], StartDay, LastDay)))`, days-1)
	}
	const folder, currency, fraction = "Over time", "shop currency", "fraction"
	return []Measure{
		{Name: "Revenue previous period", Unit: currency, Format: money, Folder: folder, DAX: before,
			Doc: "Revenue of the period before: as many whole months, else as many days.", Formula: "revenue of the period before"},
		{Name: "Revenue growth", Unit: fraction, Format: percent, Folder: folder, DAX: growth("Revenue previous period"),
			Doc: "Growth of revenue over the period before; blank where that is missing or not positive.", Formula: "(revenue - previous) / previous"},
		{Name: "Revenue year ago", Unit: currency, Format: money, Folder: folder, DAX: yearAgo,
			Doc: "Revenue of the same months a year earlier; of days and weeks, 364 days earlier.", Formula: "revenue a year earlier"},
		{Name: "Revenue YoY", Unit: fraction, Format: percent, Folder: folder, DAX: growth("Revenue year ago"),
			Doc: "Growth of revenue over a year earlier; blank where that is missing or not positive.", Formula: "(revenue - year ago) / year ago"},
		{Name: "Revenue 7d", Unit: currency, Format: money, Folder: folder, DAX: trailing(7),
			Doc: "Revenue of the 7 days up to the last day with orders in reach; blank before there are 7.", Formula: "sum(revenue) of 7 days"},
		{Name: "Revenue 28d", Unit: currency, Format: money, Folder: folder, DAX: trailing(28),
			Doc: "Revenue of the 28 days up to the last day with orders in reach; blank before there are 28.", Formula: "sum(revenue) of 28 days"},
		{Name: "Revenue share", Unit: fraction, Format: percent, Folder: "Rates",
			DAX: `VAR RevenueOfAll = CALCULATE([Revenue], ALLSELECTED())
RETURN
    IF(RevenueOfAll > 0, DIVIDE([Revenue], RevenueOfAll))`,
			Doc: "Share of the revenue of all that is selected; blank where that is not positive.", Formula: "revenue / revenue of all selected"},
	}
}

// returning are the customers that are not new.
var returning = Measure{Name: "Returning customers", Unit: "customers", Format: count, Folder: "Counts", DAX: "[Customers] - [New customers]",
	Doc: "Customers who bought before: customers - new customers.", Formula: "customers - new_customers"}
