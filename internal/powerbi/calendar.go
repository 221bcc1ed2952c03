package powerbi

// calendar is the date table: each day of the years that the shop has orders in.
// It is made in M from sales_summary, whose periods begin with the first order and
// end with the newest, so that nothing scans the fact for it. Whole years are what
// DAX's functions of time ask for, and a few days more where the first week needs
// them. Names of months are English everywhere.
func calendar() Table {
	return Table{
		Name: CalendarTable, IsDate: true,
		Doc: "One row per day of the years that the shop has orders in.",
		Columns: []Column{
			{Name: "date", Type: DateTime, Format: day, Key: true, Doc: "The day."},
			{Name: "year", Type: Whole, Format: "0", Doc: "Year: 2026."},
			{Name: "quarter", Type: Text, Doc: "Quarter: 2026 Q1."},
			{Name: "month", Type: Text, SortBy: "month_start", Doc: "Month: Jan 2026."},
			{Name: "month_start", Type: DateTime, Format: day, Hidden: true, Doc: "First day of the month."},
			{Name: "month_name", Type: Text, SortBy: "month_number", Doc: "Month of any year: Jan."},
			{Name: "month_number", Type: Whole, Format: "0", Hidden: true, Doc: "Number of the month in its year: 1 is January."},
			{Name: "week", Type: Text, SortBy: "week_start", Doc: "ISO week, from Monday: 2026 W01."},
			{Name: "week_start", Type: DateTime, Format: day, Hidden: true, Doc: "Monday of the week."},
			{Name: "weekday", Type: Text, SortBy: "weekday_number", Doc: "Day of the week: Mon."},
			{Name: "weekday_number", Type: Whole, Format: "0", Hidden: true, Doc: "Number of the day in its week: 1 is Monday."},
		},
		Hierarchies: []Hierarchy{
			{Name: "Calendar", Levels: []string{"year", "quarter", "month", "date"}},
			{Name: "Weeks", Levels: []string{"week", "date"}},
		},
		Query: `let
    Periods = sales_summary[period_start],
    Orders = Table.SelectRows(sales_summary, each [grain] = "day")[period_start],
    First = List.Min({Date.StartOfYear(List.Min(Orders, #date(2000, 1, 1))), List.Min(Periods, #date(2000, 1, 1))}),
    Last = Date.EndOfYear(List.Max(Orders, #date(2000, 1, 1))),
    Days = List.Dates(First, Duration.Days(Last - First) + 1, #duration(1, 0, 0, 0)),
    Named = (day as date, format as text) as text => Date.ToText(day, [Format = format, Culture = "en-US"]),
    Week = (day as date) as text =>
        let
            Thursday = Date.AddDays(Date.StartOfWeek(day, Day.Monday), 3),
            Number = Number.IntegerDivide(Date.DayOfYear(Thursday) - 1, 7) + 1
        in
            Text.From(Date.Year(Thursday)) & " W" & Text.PadStart(Text.From(Number), 2, "0"),
    Rows = List.Transform(Days, each {
        _,
        Date.Year(_),
        Text.From(Date.Year(_)) & " Q" & Text.From(Date.QuarterOfYear(_)),
        Named(_, "MMM yyyy"),
        Date.StartOfMonth(_),
        Named(_, "MMM"),
        Date.Month(_),
        Week(_),
        Date.StartOfWeek(_, Day.Monday),
        Named(_, "ddd"),
        Date.DayOfWeek(_, Day.Monday) + 1
    })
in
    #table(
        type table [
            date = date, year = Int64.Type, quarter = text, month = text, month_start = date, month_name = text,
            month_number = Int64.Type, week = text, week_start = date, weekday = text, weekday_number = Int64.Type
        ],
        Rows
    )`,
	}
}
