// Package dashboard shows a shop's figures: pages of charts over the gold tables,
// filtered by what silver.fact_sales knows of each line.
//
// Data flows one way: Open reads a lake into an Index, which answers filters with
// Figures; a Book is what a page has from the start; Page writes the page, as one
// file or for a server. Measures are those of package metrics and nothing else.
package dashboard

import "time"

// Book is what a page knows without asking: the shop, what its measures and
// filters are, the figures of all lines, and for a page without a server the cube
// that others are summed from. It is written into the page as JSON.
type Book struct {
	Mode       string      `json:"mode"` // "build" (one file) or "serve" (GET api/figures answers filters)
	Shop       Shop        `json:"shop"`
	Measures   []Measure   `json:"measures"`
	Dimensions []Dimension `json:"dimensions"` // that lines can be filtered by; one without a second value is none
	Missing    []Missing   `json:"missing"`    // what the shop has no data for
	Figures    *Figures    `json:"figures"`    // of all lines
	Cube       *Cube       `json:"cube,omitempty"`
	Pages      []OwnPage   `json:"pages,omitempty"`
}

// Shop is what the figures are of.
type Shop struct {
	Name      string    `json:"name"`     // the folder's
	Currency  string    `json:"currency"` // ISO 4217; "" where no line says
	First     string    `json:"first"`    // order dates of the fact, as YYYY-MM-DD
	Last      string    `json:"last"`
	Lines     int64     `json:"lines"` // rows of silver.fact_sales
	Customers int64     `json:"customers"`
	Products  int64     `json:"products"`
	Published time.Time `json:"published"` // when the last run published
}

// Measure is one of package metrics, for the page. One of three forms holds: Num
// and Den (their quotient), Terms (their sum), or neither (it is in Frames).
type Measure struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"` // "Return rate"
	Unit    string   `json:"unit"`
	Kind    string   `json:"kind"` // "count", "money" or "ratio"
	Doc     string   `json:"doc"`
	Formula string   `json:"formula"`
	Num     string   `json:"num,omitempty"`
	Den     string   `json:"den,omitempty"`
	Terms   []string `json:"terms,omitempty"`
}

// Dimension is what lines can be filtered by: "country", "category", "channel" or
// "segment" (of the customer). Lines of unknown value have the value "".
type Dimension struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Values []string `json:"values"` // by revenue, largest first
}

// Missing is something that pages have no data for, and what would give it.
type Missing struct {
	What string `json:"what"` // "cost", "geography", "customers", "categories", "channels", "segments"
	Says string `json:"says"` // a sentence for people
}

// Filter is which lines count. The zero value is all of them.
type Filter struct {
	From string              `json:"from"` // order dates, both included; "" = open
	To   string              `json:"to"`
	In   map[string][]string `json:"in,omitempty"` // by dimension, the values of which a line must have one
}

// Figures are the answer to a filter.
type Figures struct {
	Filter    Filter           `json:"filter"`
	Total     Frame            `json:"total"`     // one row
	Before    Frame            `json:"before"`    // one row: of as many days before From; no row where those are not all in the shop's time
	By        map[string]Frame `json:"by"`        // "day", "week", "month", "quarter", "year" (gap-free), "country", "state", "category", "subcategory", "channel", "segment"
	Products  Products         `json:"products"`  // of the lines that count
	Customers Customers        `json:"customers"` // of the customers that the filter's dimensions leave, at the shop's reference date: dates do not filter these
}

// Frame is a table of figures, column by column. Keys are texts (dates as
// YYYY-MM-DD, the first day of a period), values exact decimals, or null where
// unknown. Rows of By are in key order for periods, else by revenue, largest first.
type Frame struct {
	By     []string           `json:"by"`     // names of the keys: ["country", "state"]
	Keys   [][]string         `json:"keys"`   // one slice for each of By
	Values map[string][]Value `json:"values"` // by name of an additive or distinct measure
}

// Value is an exact decimal, "-12.5000", or "" where it is unknown.
type Value string

// MarshalJSON writes a number or null.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	return []byte(v), nil
}

// Products are what the product page shows.
type Products struct {
	Count   int64   `json:"count"`   // of products with a line
	Top     Frame   `json:"top"`     // by product_id, product_name, category: up to 500 by revenue, largest first
	Bottom  Frame   `json:"bottom"`  // up to 50, smallest first
	Pareto  []Point `json:"pareto"`  // up to 200 points: share of products against share of revenue
	Classes Frame   `json:"classes"` // by abc_class, with the value "products" beside the measures
}

// Point is a point of a curve.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Customers are what the segmentation page shows, from gold.customer_segmentation
// and gold.customer_metrics.
type Customers struct {
	Reference string `json:"reference"`
	Count     int64  `json:"count"`
	Grid      Frame  `json:"grid"`     // by r_score, f_score: values customers, revenue
	Segments  Frame  `json:"segments"` // by segment, in the order of the grid: customers, revenue, orders, and customers_before, those it had 30 days earlier
	CLV       []Bin  `json:"clv"`
	Recency   []Bin  `json:"recency"` // days
	Top       Frame  `json:"top"`     // by customer_id, full_name, segment: up to 100 by revenue; names are left out of a page unless asked for
}

// Bin is a bar of a histogram: From is in it, To is not, but in the last.
type Bin struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	N    int64   `json:"n"`
}

// Cube is what a page without a server sums filtered figures from: additive
// quantities by month and dimensions, and distinct counts for one filter at a time.
type Cube struct {
	Cap      int              `json:"cap"`      // cells that a page has at most
	Left     []string         `json:"left"`     // dimensions that were left out to stay below it
	Cells    Frame            `json:"cells"`    // by "month" and dimensions; keys are indexes into Months and Dimension.Values, as texts
	Months   []string         `json:"months"`   // first days
	Distinct map[string]Frame `json:"distinct"` // by dimension: by its value and "grain", "period" ("all", ""), the distinct counts
}

// OwnPage is a gold table of the user's own, shown as a page.
type OwnPage struct {
	Title   string     `json:"title"`
	Table   string     `json:"table"` // "gold.sales_by_brand"
	Chart   string     `json:"chart"` // "bar", "line" or "table"
	X       string     `json:"x"`
	Y       []string   `json:"y"`
	Columns []string   `json:"columns"`
	Types   []string   `json:"types"`
	Rows    [][]string `json:"rows"` // as texts, NULL as ""; up to 2,000
	Total   int64      `json:"total"`
}
