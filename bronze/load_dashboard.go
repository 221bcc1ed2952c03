package bronze

import (
	"fmt"
	"regexp"
	"strings"
)

// DashboardSpec is what a shop says about its dashboard. It changes no table.
type DashboardSpec struct {
	Name     string // of the shop; "" = its folder's
	Currency string // ISO 4217, for amounts of which no line says theirs; "" = none
	Pages    []PageSpec
}

// PageSpec is a page of the dashboard that shows one table.
type PageSpec struct {
	Title string
	Table string   // "gold.sales_by_brand"
	Where string   // a condition of package query: other rows are not shown
	Chart string   // "table" (default), "bar" or "line"
	X     string   // column of the bars' names, or of the line's axis
	Y     []string // columns of numbers; for a table the columns to show, none = all

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

var charts = []string{"table", "bar", "line"}

var dashboardBlock = &block[DashboardSpec]{
	name: "dashboard block", doc: "What the pages of smelt dashboard say about the shop, and pages of its own.",
	keys: []key[DashboardSpec]{
		field("name", text, func(d *DashboardSpec) *string { return &d.Name }, "the folder's", "Alpine Sports",
			"What the shop is called."),
		field("currency", text, func(d *DashboardSpec) *string { return &d.Currency }, "that of the lines", "EUR",
			"The amounts' currency where no line says it, as ISO 4217 has it."),
		field("pages", listOf(pageBlock), func(d *DashboardSpec) *[]PageSpec { return &d.Pages }, "none", "[{title: Brands, table: gold.sales_by_brand, chart: bar, x: brand, y: revenue}]",
			"Pages of tables of the lake, besides those that all shops have."),
	},
}

var pageBlock = &block[PageSpec]{
	name: "page", doc: "A page that shows one table of the lake: its first 2,000 rows, as a chart and as a table.",
	keys: []key[PageSpec]{
		field("title", text, func(p *PageSpec) *string { return &p.Title }, required, "Brands",
			"What the page is called."),
		field("table", text, func(p *PageSpec) *string { return &p.Table }, required, "gold.sales_by_brand",
			"The table, whoever has made it."),
		field("where", text, func(p *PageSpec) *string { return &p.Where }, "none", "grain = 'month'",
			"Only rows for which this is true are shown, in the language of smelt show --where."),
		field("chart", choice(charts), func(p *PageSpec) *string { return &p.Chart }, "table", "bar",
			"How it is shown."),
		field("x", text, func(p *PageSpec) *string { return &p.X }, "none", "brand",
			"The column that names the bars, or that the line goes along; a chart needs it."),
		field("y", texts, func(p *PageSpec) *[]string { return &p.Y }, "none; for a table all", "[revenue, orders]",
			"The columns of numbers that a chart shows; of a table, the columns to show. One that is personal is shown only where it is named."),
	},
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// checkDashboard finds what shows without the tables.
func (m *Mapping) checkDashboard() *problem {
	d := &m.Dashboard
	if d.Currency != "" && !currencyCode.MatchString(d.Currency) {
		return bad("dashboard.currency", fmt.Sprintf("%q is no currency", d.Currency), "write its three letters of ISO 4217, as EUR")
	}
	titles := map[string]bool{}
	for i := range d.Pages {
		p, path := &d.Pages[i], fmt.Sprintf("dashboard.pages[%d]", i)
		p.Title = strings.TrimSpace(p.Title)
		if p.Chart == "" {
			p.Chart = charts[0]
		}
		switch {
		case p.Title == "":
			return bad(path, "the page has no title", "say what it is called: title: Brands")
		case titles[p.Title]:
			return bad(path+".title", fmt.Sprintf("two pages are called %q", p.Title), "give one another title")
		case p.Table == "":
			return bad(path, "the page has no table", "name the table that it shows, as gold.sales_by_brand")
		}
		titles[p.Title] = true
		if problem := checkChoice(path+".chart", "chart", p.Chart, charts); problem != nil {
			return problem
		}
		if p.Chart != "table" && (p.X == "" || len(p.Y) == 0) {
			return bad(path, fmt.Sprintf("a %s chart needs x and y", p.Chart), "name a column for x and at least one of numbers for y, or write chart: table")
		}
	}
	return nil
}
