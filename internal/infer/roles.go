package infer

import (
	"fmt"
	"slices"
	"strings"
)

// saleColumns are the columns of a layout that make its records lines of sales.
type saleColumns struct {
	order, product, customer, quantity, date *column
	productByName                            bool // no id: the product's name stands for it
}

// pick returns the column that fits patterns best, and how well.
func (l *layout) pick(names []pattern, want want, neutral map[string]bool, skip ...*column) (*column, float64) {
	var best *column
	bestScore := 0.0
	for _, c := range l.columns {
		if c.name == "" || slices.Contains(skip, c) || l.repeats(c) {
			continue
		}
		score := 0.0
		for _, p := range names {
			score = max(score, p.weight*match(c.words, p.words, neutral))
		}
		if score *= c.fits(want, l); score > bestScore {
			best, bestScore = c, score
		}
	}
	return best, bestScore
}

// fits says how well the values of a column are what a target wants.
func (c *column) fits(w want, l *layout) float64 {
	if c.filled == 0 {
		if w == aDate || w == aNumber || w == anID {
			return 0.3
		}
		return 0.75 // an empty column of the right name does no harm
	}
	switch w {
	case anID:
		switch {
		case c.dated.share > 0.5, c.clock > 0.5, c.numeric > 0.95 && c.whole < 0.95, styledNumbers(c) && c.numeric > 0.95:
			return 0
		case c.distinct == 1 && l.rows > 20:
			return 0.8
		}
	case aNumber:
		if c.numeric < 0.6 || c.dated.share > 0.9 && c.numeric < 0.9 {
			return 0
		}
	case aWhole:
		if c.numeric < 0.6 || c.whole < 0.5 {
			return 0
		}
	case aDate:
		if c.dated.share < 0.6 {
			return 0
		}
	case anEmail:
		if c.email < 0.3 {
			return 0.2
		}
	case anyText, aWord:
		if c.dated.share > 0.8 {
			return 0
		}
		if w == aWord && c.distinct > 200 && c.unique > 0.5 {
			return 0.3
		}
	}
	return 1
}

const enough = 0.55 // score below which a name decides nothing

// context are the words that say nothing new in a layout's headers.
func (l *layout) context(more string) map[string]bool {
	m := set(more)
	for _, w := range l.stem {
		m[w] = true
	}
	delete(m, "id")
	delete(m, "name")
	return m
}

// look finds the columns that make sales lines.
func (l *layout) look() *saleColumns {
	s := &saleColumns{}
	get := func(names []pattern, w want, neutral string) *column {
		c, score := l.pick(names, w, set(neutral), s.order, s.product, s.customer, s.quantity, s.date)
		if score < enough {
			return nil
		}
		return c
	}
	s.order = get(orderIDs, anID, "")
	if s.order == nil && (l.stemHas("order") || l.stemHas("invoice") || l.stemHas("transaction")) && !l.stemHas("line") && !l.stemHas("item") && !l.stemHas("detail") {
		s.order = get(patterns("id", 0.8, "name", 0.6), anID, "")
		if s.order != nil && s.order.unique < 0.5 && slices.Contains(s.order.words, "name") && !strings.Contains(strings.Join(s.order.values, ""), "#") {
			s.order = nil
		}
	}
	if s.order != nil && l.thin(s.order) { // one that every record has is the better one
		for _, c := range l.columns {
			named := nameScore(c, orderIDs, "") >= enough && c.fits(anID, l) > 0 || slices.Equal(c.words, []string{"name"}) && looksLikeNumbers(c)
			if named && !l.thin(c) && c.unique < 1 && !l.repeats(c) {
				s.order = c
				break
			}
		}
	}
	s.customer = get(customerIDs, anID, "unique")
	s.product = get(productIDs, anID, "line item")
	if s.product != nil && s.product.numeric > 0.95 && slices.Equal(s.product.words, []string{"order", "item", "id"}) {
		s.product = nil
	}
	s.quantity = get(quantities, aNumber, lineWords)
	s.date = get(orderDates, aDate, "order sales invoice transaction")
	if s.quantity == nil {
		s.quantity = l.multiplier(s.order, s.product, s.customer)
	}
	if s.customer == nil {
		s.customer = get(emails, anyText, "")
	}
	if s.customer == nil {
		s.customer = get(patterns("customer name", 0.7, "bill name", 0.6), anyText, "full last")
	}
	// A number that says not of what, where records that share it share the rest.
	if s.order == nil && s.date != nil && s.customer != nil {
		for _, c := range l.columns {
			if slices.Equal(c.words, []string{"id"}) && c.unique < 0.9 && c.filled == l.rows && l.constant(s.date, c) && l.constant(s.customer, c) {
				s.order = c
			}
		}
	}
	// A file whose orders go by names such as #1001.
	if s.order == nil && s.quantity != nil {
		for _, c := range l.columns {
			if slices.Equal(c.words, []string{"name"}) && looksLikeNumbers(c) {
				s.order = c
			}
		}
	}
	return s
}

// thin reports whether many records lack a column's value.
func (l *layout) thin(c *column) bool { return c.filled*10 < l.rows*9 }

// looksLikeNumbers reports whether texts are numbers with a sign or letters
// before them, as order names are: #1001, SO-77.
func looksLikeNumbers(c *column) bool {
	n := 0
	c.filledValues(func(_ int, v string, count int) {
		if strings.TrimLeft(v, "#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") != v && strings.ContainsAny(v[max(0, len(v)-2):], "0123456789") && !strings.Contains(v, " ") {
			n += count
		}
	})
	return c.filled > 0 && n*10 >= c.filled*9
}

// productName is the column that names what a line sold, where it has no id.
func (l *layout) productName(neutral string) *column {
	c, score := l.pick(patterns("product name", 1.0, "line item name", 1.0, "item name", 1.0, "product", 0.9, "item", 0.8, "product description", 0.8, "item description", 0.8, "description", 0.7, "name", 0.6), anyText, set(neutral))
	if score < enough || c.numeric > 0.9 {
		return nil
	}
	return c
}

// money reports whether records have amounts.
func (l *layout) money() bool {
	_, price := l.pick(unitPrices, aNumber, set("unit line item"))
	_, amount := l.pick(lineAmounts, aNumber, set("line item"))
	return max(price, amount) >= enough
}

// assign decides what each layout is.
func (x *inference) assign() {
	for _, l := range x.layouts {
		if l.rows == 0 {
			l.role, l.note = outRole, "it has no records"
			continue
		}
		l.sale = l.look()
	}
	x.findLines()
	x.findReturns()
	x.findDimension(productRole)
	x.findDimension(customerRole)
	x.findHeaders()
}

// returnsNamed reports whether the names say that records are returns.
func (l *layout) returnsNamed() bool {
	if l.stemHas("return") {
		return true
	}
	n, dated := 0, false
	for _, c := range l.columns {
		if slices.Contains(c.words, "return") {
			n++
			dated = dated || c.dated.share > 0.5
		}
	}
	return n*3 >= len(l.columns) && (n > 1 || len(l.columns) < 4) && dated || n*2 >= len(l.columns)
}

// findLines finds the files whose records are lines of sales.
func (x *inference) findLines() {
	var lines []*layout
	for _, l := range x.layouts {
		s := l.sale
		if l.role != unknownRole || l.returnsNamed() {
			continue
		}
		if s.product == nil && (s.quantity != nil || l.money()) {
			neutral := "line"
			if p := l.productName(neutral); p != nil && p != s.order && (s.order != nil || s.date != nil) && p.unique < 0.95 {
				s.product, s.productByName = p, true
			}
		}
		if s.product == nil && s.order != nil && (s.quantity != nil || l.money()) {
			s.product = x.productLike(l)
		}
		if s.product == nil {
			continue
		}
		if l.isKey(s.product) && l.rows > 3 && (s.order == nil || s.order.unique < 0.5) && s.date == nil {
			continue // a list of products
		}
		switch {
		case s.order != nil && (s.quantity != nil || l.money() || s.date != nil):
			l.sure = 0.95
			l.note = fmt.Sprintf("a record is a product (%s) of an order (%s)", s.product.name, s.order.name)
		case s.order != nil && x.linked(l, s.order) && x.linked(l, s.product):
			l.sure = 0.8
			l.note = fmt.Sprintf("a record is a product (%s) of an order (%s)", s.product.name, s.order.name)
		case s.order == nil && s.date != nil && (s.quantity != nil || l.money()) && !l.isKey(s.product) && !inventory(l):
			l.sure = 0.6
			l.note = fmt.Sprintf("a record is a product (%s) that was sold on a day (%s), but names no order", s.product.name, s.date.name)
		default:
			continue
		}
		l.role = salesRole
		lines = append(lines, l)
	}
	x.keepOneTelling(lines)
	if x.lines = x.with(salesRole); len(x.lines) > 0 {
		return
	}
	// No products anywhere: orders are all that is known.
	for _, l := range x.layouts {
		if s := l.sale; l.role == unknownRole && s != nil && !l.returnsNamed() && !inventory(l) && (s.quantity != nil || l.money() || s.order != nil && s.date != nil) && (s.date != nil && !l.isBirths(s.date) || s.order != nil && s.order.unique < 1) {
			l.role, l.sure, l.note = salesRole, 0.4, "the nearest to lines of sales that there is"
			x.lines = append(x.lines, l)
			return
		}
	}
}

// productLike finds a column that is a key of a file with what products have, a
// name and a price, whatever the shop calls them.
func (x *inference) productLike(l *layout) *column {
	for _, k := range l.links {
		if k.from == l.sale.order || k.from == l.sale.customer || k.covers < 0.8 || k.to.sale == nil || k.to.sale.order != nil {
			continue
		}
		_, name := k.to.pick(productTargets[1].names, anyText, k.to.context("product"))
		_, price := k.to.pick(productTargets[6].names, aNumber, k.to.context("product"))
		_, cost := k.to.pick(productTargets[5].names, aNumber, k.to.context("product"))
		if name >= 0.7 && (max(price, cost) >= 0.7 || k.to.stemHas("product")) {
			return k.from
		}
	}
	return nil
}

// isBirths keeps customers with a date of birth from being sales.
func (l *layout) isBirths(c *column) bool { return slices.Contains(c.words, "birth") }

// inventory reports whether the file's name says that it counts stock.
func inventory(l *layout) bool {
	for _, w := range []string{"stock", "inventory", "lager", "stocks", "review", "reviews", "rating", "ratings", "feedback", "survey", "event", "events", "session", "sessions", "wishlist", "forecast", "budget", "target", "cost", "price"} {
		if slices.Contains(l.stem, w) {
			return true
		}
	}
	return false
}

func (x *inference) with(r role) []*layout {
	var out []*layout
	for _, l := range x.layouts {
		if l.role == r {
			out = append(out, l)
		}
	}
	return out
}

func (x *inference) linked(l *layout, c *column) bool { return l.best(c) != nil }

// keepOneTelling leaves out files that tell of the same orders as others do:
// they would count twice. The finer ones stay.
func (x *inference) keepOneTelling(lines []*layout) {
	byScore(lines, func(l *layout) float64 {
		score := l.sure
		if l.sale.quantity != nil {
			score += 0.1
		}
		if l.sale.order != nil {
			score += 0.2 * (1 - l.sale.order.unique)
		}
		return score + float64(min(l.rows, 1000000))/1e7
	})
	for i, l := range lines {
		for _, kept := range lines[:i] {
			if kept.role != salesRole || l.role != salesRole {
				continue
			}
			if l.sale.order == nil || kept.sale.order == nil {
				if l.sale.order == nil {
					l.role, l.note = outRole, fmt.Sprintf("unsure: it looks like sales without orders, which %s may tell of already", kept.title())
					x.warn("unsure: %s is left out: it looks like sales without orders, which %s may tell of already", l.title(), kept.title())
				}
				continue
			}
			if covers, _ := x.linker.covers(l.sale.order, kept, kept.sale.order); covers > 0 {
				x.tellTwice(l, kept, covers)
			}
		}
	}
}
