package powerbi

// What the report shows: four pages, and the filters that stand on each of them.
// Widths are of twelve columns and add up to twelve where the model has everything;
// what a model lacks is left out, and its neighbours take the room.

// slicers are the filters of each page.
var slicers = []slicer{
	{"date", "Date", col(CalendarTable, "date")},
	{"country", "Country", col(FactTable, "country")},
	{"category", "Category", col(ProductsTable, "category")},
	{"channel", "Channel", col(FactTable, "channel")},
	{"segment", "Segment", col("customer_segmentation", "segment")},
}

func pages() []page {
	return []page{salesOverview(), customerSegmentation(), productPerformance(), regionalRevenue()}
}

// month is the axis of time: months in their order, each with its year.
var month = col(CalendarTable, "month")

func salesOverview() page {
	revenue := figure("Revenue")
	return page{
		name: "sales", title: "Sales Overview",
		cards: []string{"Revenue", "Orders", "AOV", "Customers", "Units sold", "Return rate"},
		rows: [2][]chart{{
			{
				kind: "lineClusteredColumnComboChart", name: "by_month", title: "Sales, returns and revenue by month", width: 6,
				says:  "Columns of sales and of returns for each month, and net revenue as a line over them; drill down for days.",
				roles: []role{of("Category", month, col(CalendarTable, "date")), of("Y", figures("Sales", "Returns")...), of("Y2", revenue), of("Tooltips", figures("Orders")...)},
				sort:  month, look: oneAxis,
			},
			{
				kind: "pivotTable", name: "heat_map", title: "Revenue by weekday and month", width: 6,
				says:  "A heat map: a row for each day of the week, a column for each month of the year, darker where revenue is higher.",
				roles: []role{of("Rows", col(CalendarTable, "weekday")), of("Columns", col(CalendarTable, "month_name")), of("Values", revenue)},
				look:  shortHeatMap(revenue),
			},
		}, {
			{
				kind: "clusteredColumnChart", name: "year_on_year", title: "Revenue against the year before, by month", width: 4,
				says:  "Columns above zero where a month's revenue was above that of the same month a year before, below zero where it was less.",
				roles: []role{of("Category", month), of("Y", figures("Revenue YoY")...), of("Tooltips", append(figures("Revenue growth"), revenue)...)},
				sort:  month,
			},
			{
				kind: "lineChart", name: "trailing", title: "Revenue of the last 7 and 28 days, by day", width: 4,
				says:  "Two lines over the days: the sum of revenue of the last 7 days, and of the last 28.",
				roles: []role{of("Category", col(CalendarTable, "date")), of("Y", figures("Revenue 7d", "Revenue 28d")...)},
				sort:  col(CalendarTable, "date"), look: legend,
			},
			{
				kind: "columnChart", name: "customers", title: "New and returning customers by month", width: 4,
				says:  "A column for each month: those who bought for the first time, and on top those who had bought before.",
				roles: []role{of("Category", month), of("Y", figures("New customers", "Returning customers")...), of("Tooltips", figures("Customers", "Orders")...)},
				sort:  month, look: legend,
			},
		}},
	}
}

func customerSegmentation() page {
	const table = "customer_segmentation"
	customers, revenue := figure("Customers"), figure("Revenue")
	segment, name := col(table, "segment"), col(CustomersTable, "full_name")
	return page{
		name: "customers", title: "Customer Segmentation",
		cards: []string{"Customers", "New customers", "Orders", "AOV", "Revenue", "Return rate"},
		rows: [2][]chart{{
			{
				kind: "pivotTable", name: "grid", title: "Customers by recency and frequency score", width: 4,
				says:  "A grid of five by five: recency score down, frequency score across, 5 is best, darker where there are more customers.",
				roles: []role{of("Rows", col(table, "r_score")), of("Columns", col(table, "f_score")), of("Values", customers)},
				sort:  col(table, "r_score"), falling: true, look: heatMap(customers),
			},
			{
				kind: "clusteredBarChart", name: "customers_by_segment", title: "Customers by segment", width: 4,
				says:  "A bar for each segment, the largest first.",
				roles: []role{of("Category", segment), of("Y", customers), of("Tooltips", figures("Orders", "AOV")...)},
				sort:  customers, falling: true, look: labels,
			},
			{
				kind: "clusteredBarChart", name: "revenue_by_segment", title: "Revenue by segment", width: 4,
				says:  "A bar for each segment, the one with most revenue first.",
				roles: []role{of("Category", segment), of("Y", revenue), of("Tooltips", figures("AOV", "Return rate")...)},
				sort:  revenue, falling: true, look: labels,
			},
		}, {
			{
				kind: "columnChart", name: "recency", title: "Customers by days since their last order", width: 4,
				says:  "A distribution: for each number of days, how many customers ordered last that long ago.",
				roles: []role{of("Category", col(table, "recency_days")), of("Y", customers)},
				sort:  col(table, "recency_days"),
			},
			{
				kind: "clusteredBarChart", name: "lifetime_value", title: "Average lifetime value by segment", width: 3,
				says:  "A bar for each segment: what a customer of it has brought on average.",
				roles: []role{of("Category", segment), of("Y", mean("customer_metrics", "clv")), of("Tooltips", customers)},
				sort:  mean("customer_metrics", "clv"), falling: true, look: labels,
			},
			{
				kind: "tableEx", name: "top_customers", title: "The 20 customers with most revenue", width: 5,
				says:  "A table of customers with their segment, orders, average order and revenue, the largest first.",
				roles: []role{of("Values", append([]ref{col(CustomersTable, "customer_id"), name, segment}, figures("Orders", "AOV", "Revenue")...)...)},
				sort:  revenue, falling: true, best: best{20, col(CustomersTable, "customer_id"), revenue},
			},
		}},
	}
}

func productPerformance() page {
	const table = "product_performance"
	revenue, returns := figure("Revenue"), figure("Return rate")
	product, id := col(ProductsTable, "product_name"), col(ProductsTable, "product_id")
	return page{
		name: "products", title: "Product Performance",
		cards: []string{"Revenue", "Units sold", "Units returned", "Return rate", "Margin", "Margin rate"},
		rows: [2][]chart{{
			{
				kind: "clusteredBarChart", name: "top_products", title: "The 10 products with most revenue", width: 4,
				says:  "A bar for each of ten products, the one with most revenue first.",
				roles: []role{of("Category", product), of("Y", revenue), of("Tooltips", figures("Units sold", "Return rate", "Margin rate")...)},
				sort:  revenue, falling: true, best: best{10, product, revenue}, look: labels,
			},
			{
				kind: "scatterChart", name: "return_rate", title: "Return rate against revenue, by product", width: 4,
				says:  "A dot for each product: further right where revenue is higher, further up where more of it came back, larger where more units were sold.",
				roles: []role{of("Category", product), of("X", revenue), of("Y", returns), of("Size", figures("Units sold")...)},
			},
			{
				kind: "treemap", name: "categories", title: "Revenue by category and subcategory", width: 4,
				says:  "A rectangle for each category, divided by subcategory, larger where revenue is higher.",
				roles: []role{of("Group", col(ProductsTable, "category")), of("Details", col(ProductsTable, "subcategory")), of("Values", revenue), of("Tooltips", figures("Margin rate", "Return rate")...)},
			},
		}, {
			{
				kind: "lineChart", name: "pareto", title: "Share of revenue by rank of product", width: 4,
				says:  "A curve that climbs to 100%: the share of all revenue that the best products have together.",
				roles: []role{of("Category", col(table, "revenue_rank")), of("Y", mean(table, "cumulative_share")), of("Tooltips", revenue)},
				sort:  col(table, "revenue_rank"),
			},
			{
				kind: "clusteredColumnChart", name: "abc", title: "Revenue by ABC class", width: 3,
				says:  "A column for each class: A are the products that make the first 80% of revenue, B the next 15%, C the rest.",
				roles: []role{of("Category", col(table, "abc_class")), of("Y", revenue), of("Tooltips", figures("Units sold", "Margin rate")...)},
				sort:  col(table, "abc_class"), look: labels,
			},
			{
				kind: "tableEx", name: "products", title: "The 50 products with most revenue", width: 5,
				says:  "A table of products with units sold, return rate, margin rate and revenue, the largest revenue first.",
				roles: []role{of("Values", append([]ref{id, product}, figures("Units sold", "Return rate", "Margin rate", "Revenue")...)...)},
				sort:  revenue, falling: true, best: best{50, id, revenue},
			},
		}},
	}
}

func regionalRevenue() page {
	revenue := figure("Revenue")
	places := down(FactTable, "Geography", "country")
	country, year := col(FactTable, "country"), col(CalendarTable, "year")
	return page{
		name: "regions", title: "Regional Revenue",
		cards: []string{"Revenue", "Orders", "AOV", "Customers", "Units sold", "Return rate"},
		rows: [2][]chart{{
			{
				kind: "azureMap", name: "map", title: "Revenue by country, on the map", width: 7,
				says:  "A map of the world, countries darker where revenue is higher; drill down for states and cities.",
				roles: []role{of("Category", places), of("Tooltips", append([]ref{revenue}, figures("Orders", "Return rate")...)...)},
				look:  filledMap(revenue),
			},
			{
				kind: "clusteredBarChart", name: "countries", title: "Revenue by country; drill down for states", width: 5,
				says:  "A bar for each country, the one with most revenue first; drill down for its states and their cities.",
				roles: []role{of("Category", places), of("Y", revenue), of("Tooltips", figures("Orders", "Return rate")...)},
				sort:  revenue, falling: true, look: labels,
			},
		}, {
			{
				kind: "pivotTable", name: "places", title: "Countries and their states", width: 5,
				says:  "A table of countries that open to their states: revenue, share of it, orders and return rate.",
				roles: []role{of("Rows", country, col(FactTable, "state")), of("Values", figures("Revenue", "Revenue share", "Orders", "Return rate")...)},
				sort:  revenue, falling: true,
			},
			{
				kind: "columnChart", name: "years", title: "Revenue by year, of the 8 countries with most", width: 4,
				says:  "A column for each year, stacked by country.",
				roles: []role{of("Category", year), of("Series", country), of("Y", revenue), of("Tooltips", figures("Revenue YoY")...)},
				sort:  year, best: best{8, country, revenue}, look: legend,
			},
			{
				kind: "pivotTable", name: "growth", title: "Growth over the year before", width: 3,
				says:  "A table of the 10 countries with most revenue: for each year, by how much revenue grew over the year before.",
				roles: []role{of("Rows", country), of("Columns", year), of("Values", figures("Revenue YoY")...)},
				sort:  country, best: best{10, country, revenue}, look: noTotals,
			},
		}},
	}
}

// legend shows one, above the chart.
func legend() map[string][]object {
	return map[string][]object{"legend": {{Properties: props{"show": yes(true), "position": str("Top")}}}}
}

// oneAxis measures the line by the columns' axis, or the two could not be compared.
func oneAxis() map[string][]object {
	o := legend()
	o["valueAxis"] = []object{{Properties: props{"secShow": yes(false)}}}
	return o
}

// labels writes the value at each bar, which needs no axis for it then, and gives
// long names of what the bars are room.
func labels() map[string][]object {
	return map[string][]object{
		"labels":       {{Properties: props{"show": yes(true)}}},
		"valueAxis":    {{Properties: props{"show": yes(false)}}},
		"categoryAxis": {{Properties: props{"maxMarginFactor": integer(40)}}},
	}
}

// noTotals is a matrix of cells alone.
func noTotals() map[string][]object {
	return map[string][]object{"subTotals": {{Properties: props{"rowSubtotals": yes(false), "columnSubtotals": yes(false)}}}}
}

// heatMap colours the cells of a matrix.
func heatMap(by ref) func() map[string][]object {
	return func() map[string][]object {
		o := noTotals()
		o["values"] = []object{{Properties: props{"backColor": heat(by)}, Selector: each(by.queryRef())}}
		return o
	}
}

// shortHeatMap writes thousands as K, so that twelve months fit beside each other.
func shortHeatMap(by ref) func() map[string][]object {
	return func() map[string][]object {
		o := heatMap(by)()
		o["columnFormatting"] = []object{{
			Properties: props{"labelDisplayUnits": literal("0D"), "labelPrecision": integer(1)},
			Selector:   props{"metadata": by.queryRef()},
		}}
		return o
	}
}

// filledMap colours countries, on a pale map that needs no bubbles.
func filledMap(by ref) func() map[string][]object {
	return func() map[string][]object {
		return map[string][]object{
			"mapControls": {{Properties: props{"defaultStyle": str("grayscale_light"), "autoZoom": yes(true), "showStylePicker": yes(false)}}},
			"bubbleLayer": {{Properties: props{"show": yes(false)}}},
			"filledMap":   {{Properties: props{"show": yes(true)}}},
			"dataPoint":   {{Properties: props{"fill": heat(by)}, Selector: each("")}}, // the map's own colour knows no rule
		}
	}
}
