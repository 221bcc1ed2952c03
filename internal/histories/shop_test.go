package histories

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// random draws what a history is made of; the same seed draws the same.
type random struct{ *rand.Rand }

// chance is true p times in a hundred.
func (r random) chance(p int) bool { return r.IntN(100) < p }

// between returns a number in lo..hi.
func (r random) between(lo, hi int) int { return lo + r.IntN(hi-lo+1) }

// pick returns one of the list.
func pick[T any](r random, list ...T) T { return list[r.IntN(len(list))] }

// shop is a random shop: how large it is, its sources, and what smelt.yml says
// of them.
type shop struct {
	random
	numCustomers, numProducts, numLines int

	first   time.Time // orders lie within days of it
	days    int
	dollars bool // some lines are in another currency

	sources  []*source
	unmapped map[string]bool // what smelt.yml leaves out: a source's name, or source.column
	options  map[string]bool // top-level lines of smelt.yml, and whether they are there
}

// source is a source of smelt.yml, a lookup or a list of returned orders.
type source struct {
	name    string // its files are name_1.csv, name_2.csv …; name.csv where there is only one
	table   string // customers, products or sales; "" = a lookup or a list
	single  bool
	comma   string
	more    []string // further lines of smelt.yml
	columns []column
	rows    []row
}

// column is a column of a source's files.
type column struct {
	name string
	to   string // the bronze column; customers.x and products.x are derived; "" = none
	from string // in smelt.yml; "" = the name
	must bool   // smelt.yml has to map it
	draw func(l *line) string
}

// line is what the cells of a row have in common with those of other rows.
type line struct {
	order, number int
	day           int // of the shop's
	customer      string
	product       string
}

// row is a record of a file.
type row struct {
	line  line
	cells []string
}

// newShop draws a shop.
func newShop(r random) *shop {
	s := &shop{random: r, numCustomers: r.between(5, 60), numProducts: r.between(3, 20), unmapped: map[string]bool{}, options: map[string]bool{}}
	s.numLines = 20 + int(380*r.Float64()*r.Float64()*r.Float64())
	s.first = time.Date(2023, time.Month(r.between(1, 12)), r.between(1, 28), 0, 0, 0, 0, time.UTC)
	s.days = pick(r, 1, 20, 90, 400)
	s.dollars = r.chance(5)

	stores := r.chance(40)
	if r.chance(85) {
		s.sources = append(s.sources, s.customers())
	}
	if r.chance(85) {
		s.sources = append(s.sources, s.products())
	}
	s.sources = append(s.sources, s.sales(stores))
	if r.chance(45) {
		s.sources = append(s.sources, s.web())
	}
	if r.chance(35) {
		s.sources = append(s.sources, s.returns())
	}
	if stores {
		s.sources = append(s.sources, s.stores())
	}
	if r.chance(30) {
		s.sources = append(s.sources, s.returned())
	}
	for _, src := range s.sources {
		s.unmapped[src.name] = !src.must() && r.chance(6)
		for _, c := range src.columns {
			p := 10
			if c.to == "line_number" {
				p = 35
			}
			if c.to != "" && !c.must && r.chance(p) {
				s.unmapped[src.name+"."+c.name] = true
			}
		}
	}
	for _, line := range optional {
		s.options[line] = r.chance(15)
	}
	return s
}

// optional are top-level lines of smelt.yml.
var optional = []string{
	"timezone: America/New_York",
	"currency: EUR",
	"reference_date: 2024-06-30",
	"dates: {from: 2023-06-15}",
	"rfm: {recency: quantile, frequency: quantile, monetary: quantile, measure: sales}",
	// What goes to quarantine by a line, its customer and its product; mirrored returns too.
	"checks: [{table: silver.fact_sales, kind: expression, condition: \"NOT country = 'Unknown' AND NOT category = 'Uncategorized'\", name: known, on_failure: quarantine}, " +
		"{table: silver.fact_sales, kind: range, columns: quantity, min: -2, max: 3, on_failure: quarantine}, " +
		"{table: silver.fact_sales, kind: not_null, columns: cost, where: line_type = 'return', on_failure: quarantine}]",
}

// must reports whether smelt.yml has to name a source.
func (src *source) must() bool { return src.name == "sales" || src.name == "stores" }

// change changes something that smelt.yml says.
func (s *shop) change() {
	if s.chance(40) {
		line := pick(s.random, optional...)
		s.options[line] = !s.options[line]
		return
	}
	for {
		src := pick(s.random, s.sources...)
		if !src.must() && s.chance(15) {
			s.unmapped[src.name] = !s.unmapped[src.name]
			return
		}
		c := pick(s.random, src.columns...)
		if c.to != "" && !c.must {
			s.unmapped[src.name+"."+c.name] = !s.unmapped[src.name+"."+c.name]
			return
		}
	}
}

// config returns smelt.yml, line by line, so that lines can be left out.
func (s *shop) config() []string {
	out := []string{"output: lake"}
	for _, line := range optional {
		if s.options[line] {
			out = append(out, line)
		}
	}
	off := func(src *source) bool {
		return s.unmapped[src.name] || src.name == "stores" && s.unmapped["sales.Country"]
	}
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	add("sources:")
	for _, src := range s.sources {
		if src.table == "" || off(src) {
			continue
		}
		add("  - table: %s", src.table)
		add("    files: %q", src.name+"_*.csv")
		for _, line := range src.more {
			add("    %s", line)
		}
		for _, block := range []string{"columns", "customers", "products"} {
			head := true
			for _, c := range src.columns {
				of, to, derived := strings.Cut(c.to, ".")
				if !derived {
					of, to = "columns", of
				}
				if of != block || to == "" || s.unmapped[src.name+"."+c.name] {
					continue
				}
				if head {
					add("    %s:", block)
					head = false
				}
				from := c.from
				if from == "" {
					from = c.name
				}
				add("      %s: %s", to, from)
			}
		}
	}
	for _, src := range s.sources {
		if src.table == "" && !off(src) {
			out = append(out, src.more...)
		}
	}
	return out
}

// fill draws the rows of all sources.
func (s *shop) fill() {
	for _, src := range s.sources {
		switch {
		case src.table == "customers":
			for i := range s.numCustomers {
				s.repeat(src, line{customer: customerID(i + 1), day: s.day()}, 15)
			}
		case src.table == "products":
			for i := range s.numProducts {
				s.repeat(src, line{product: productID(i + 1), day: s.day()}, 15)
			}
		case src.name == "stores":
			for i := range 4 {
				src.rows = append(src.rows, src.row(line{order: i + 1}))
			}
		default:
			n := s.numLines
			if src.name != "sales" {
				n = 1 + n/4
			}
			s.orders(src, n)
		}
	}
}

// repeat adds a row, and p times in a hundred another version of it.
func (s *shop) repeat(src *source, l line, p int) {
	src.rows = append(src.rows, src.row(l))
	for s.chance(p) {
		again := src.row(l)
		if s.chance(25) {
			again.cells = slices.Clone(src.rows[len(src.rows)-1].cells) // equal
		}
		src.rows = append(src.rows, again)
	}
	if last := &src.rows[len(src.rows)-1]; src.table != "" && s.chance(1) {
		last.cells = append(slices.Clone(last.cells), "one too many") // rejected
	}
}

// orders adds orders of one to four lines.
func (s *shop) orders(src *source, n int) {
	for order := 1; len(src.rows) < n; order++ {
		l := line{order: order, day: s.day(), customer: s.customer()}
		for number := range s.between(1, 4) {
			l.number, l.product = number+1, s.product()
			if s.chance(6) {
				l.customer = s.customer()
			}
			s.repeat(src, l, 5)
		}
	}
}

// row draws a row.
func (src *source) row(l line) row {
	r := row{line: l}
	for _, c := range src.columns {
		r.cells = append(r.cells, c.draw(&r.line))
	}
	return r
}

// text returns a row as it stands in a file.
func (src *source) text(cells []string) string {
	quoted := slices.Clone(cells)
	for i, c := range quoted {
		if strings.Contains(c, src.comma) {
			quoted[i] = `"` + c + `"`
		}
	}
	return strings.Join(quoted, src.comma)
}

// header returns the first line of a source's files.
func (src *source) header() string {
	var names []string
	for _, c := range src.columns {
		names = append(names, c.name)
	}
	return src.text(names)
}

func (s *shop) day() int { return s.IntN(s.days) }

func customerID(i int) string { return fmt.Sprintf("C%d", i) }
func productID(i int) string  { return fmt.Sprintf("P%d", i) }

// customer draws who buys: known ones, guests, and some that no file has.
func (s *shop) customer() string {
	if s.chance(10) {
		return ""
	}
	return customerID(s.between(1, s.numCustomers+2))
}

func (s *shop) product() string { return productID(s.between(1, s.numProducts+1)) }
