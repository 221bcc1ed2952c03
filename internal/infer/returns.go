package infer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// status maps a status or a type of line, and finds which of its values say
// that goods came back.
func (x *inference) status(t target, b *block, places []place) {
	places = slices.DeleteFunc(places, func(p place) bool { // a store's status is no order's
		n := len(p.path)
		return n > 0 && p.path[n-1].to.role != headerRole && !slices.Contains(p.path[n-1].from.words, "status") && !slices.Contains(p.path[n-1].from.words, "type")
	})
	if t.column == "status" && b.kind == "" && b.layout.sale.order != nil {
		places = append(places, x.flagged(b.layout)...)
	}
	if len(places) == 0 && t.column == "status" && b.kind == "" {
		places = x.statusByID(b.layout)
	}
	for i, p := range places { // one that tells of returns goes before a better name
		if i > 0 && (len(p.column.back()) > 0 || p.column == p.layout.flagged) && len(places[0].column.back()) == 0 {
			places[0], places[i] = places[i], places[0]
			break
		}
	}
	if len(places) == 0 || b.kind == "returns" {
		return
	}
	p := places[0]
	if e := b.has("line_type"); e != nil && e.columns[0] == p.column {
		return
	}
	back := p.column.back()
	flags := p.column == p.layout.flagged || slices.Contains(p.column.words, "return") && p.column.distinct <= 2 && slices.ContainsFunc(p.column.values, yes) &&
		(slices.ContainsFunc(p.column.values, no) || p.column.distinct == 1 && p.column.filled < p.layout.rows)
	if t.column == "line_type" {
		if len(back) == 0 && p.score < 0.9 || flags || p.column.distinct > 50 {
			return
		}
	} else if slices.Contains(p.column.words, "return") && !flags && len(back) == 0 {
		return
	}
	e := x.use(t, p)
	switch {
	case flags:
		for _, v := range p.column.values {
			if yes(v) {
				e.replace = append(e.replace, [2]string{v, "returned"})
			}
		}
		e.reason = "says of each record whether it came back"
		x.addReturns(&x.statuses, "returned")
	case t.column == "line_type":
		e.reason = "has " + few(p.column)
		for _, v := range back {
			x.addReturns(&x.lineTypes, v)
		}
	default:
		e.reason = "has " + few(p.column)
		for _, v := range back {
			x.addReturns(&x.statuses, v)
		}
		p.column.filledValues(func(_ int, v string, n int) {
			if saysPartly(v) {
				x.warn("unsure: %s: %s: %s of the sample came back in part, which does not say what did: such lines count as sold", b.layout.title(), p.column.name, fmt.Sprintf("%d lines with %q", n, v))
			}
		})
	}
	b.columns = append(b.columns, e)
}

// statusByID finds a status whose words stand in a reference, and on the orders
// but its key.
func (x *inference) statusByID(l *layout) (out []place) {
	type way struct {
		at   *layout
		path []*link
	}
	ways := []way{{l, nil}}
	for _, k := range l.links {
		if k.from == l.sale.order && k.to.role == headerRole {
			ways = append(ways, way{k.to, []*link{k}})
		}
	}
	for _, w := range ways {
		for _, k := range w.at.links {
			if k.to.role != unknownRole || k.repeats > 0 || k.to.sale == nil || k.to.sale.date != nil || k.to.sale.customer != nil {
				continue
			}
			for _, c := range k.to.columns {
				if c != k.key && c.tellsStatus() {
					out = append(out, place{k.to, c, append(slices.Clone(w.path), k), 0.9})
				}
			}
		}
	}
	return out
}

func (x *inference) addReturns(list *[]string, value string) {
	if !slices.ContainsFunc(*list, func(s string) bool { return strings.EqualFold(s, value) }) {
		*list = append(*list, value)
	}
}

// back lists the values that say that something came back, one spelling each.
func (c *column) back() []string {
	if c.distinct > 500 {
		return nil
	}
	var out []string
	c.filledValues(func(_ int, v string, _ int) {
		v = strings.Join(strings.Fields(v), " ")
		if saysReturn(v) && !slices.ContainsFunc(out, func(s string) bool { return strings.EqualFold(s, v) }) {
			out = append(out, v)
		}
	})
	return out
}

// few lists the first values of a column.
func few(c *column) string {
	var out []string
	more := 0
	c.filledValues(func(_ int, v string, _ int) {
		if slices.ContainsFunc(out, func(s string) bool { return strings.EqualFold(s, v) }) {
			return
		}
		if len(out) < 4 {
			out = append(out, v)
		} else {
			more++
		}
	})
	s := strings.Join(out, ", ")
	if more > 0 {
		s += " …"
	}
	if s == "" {
		return "no values"
	}
	return strings.Join(strings.Fields(s), " ")
}

// currency maps the currency of the amounts.
func (x *inference) currency(t target, b *block, places []place) {
	if len(places) == 0 {
		return
	}
	p := places[0]
	if p.column.distinct <= 1 || len(p.path) > 0 && p.column.distinct <= 1 {
		b.columns = append(b.columns, x.use(t, p))
		return
	}
	if b.has("unit_price") == nil && b.has("line_amount") == nil {
		b.aside(p.column, "has "+few(p.column)+", but the prices are the products'")
		return
	}
	e := x.use(t, p)
	e.reason = "has " + few(p.column)
	b.columns = append(b.columns, e)
	most, n := "", 0
	p.column.filledValues(func(_ int, v string, count int) {
		if count > n {
			most, n = v, count
		}
	})
	x.money = most
	x.warn("unsure: the sales are in several currencies (%s), which cannot be added up: smelt run fails until smelt.yml says which one to keep (currency: %s)", few(p.column), most)
}

// mixedSigns leaves amounts open whose values have the signs of several
// currencies: they cannot be added up, and no column tells them apart.
func (b *block) mixedSigns() {
	if e := b.has("currency"); e != nil && e.columns[0].distinct > 1 {
		return // silver refuses a second one
	}
	for _, e := range b.columns {
		if e.open != "" || len(e.columns) != 1 || len(e.columns[0].signs) < 2 || !slices.Contains(numericTargets, e.target) {
			continue
		}
		e.open = fmt.Sprintf("%s: amounts in several currencies (%s) cannot be added up", e.columns[0].name, strings.Join(e.columns[0].signs, ", "))
		e.choices = []string{e.text() + note + "they are all one currency's"}
		e.essential = true
	}
}

// returnsPrefix finds letters that the ids of returns begin with: those orders
// have quantities below zero, and no others do.
func (x *inference) returnsPrefix(l *layout, b *block) {
	s := l.sale
	measure := s.quantity
	if measure == nil || measure.negative == 0 {
		if e := b.has("line_amount"); e != nil && e.columns[0].negative > 0 {
			measure = e.columns[0]
		}
	}
	if s.order == nil || len(s.order.values) == 0 {
		return
	}
	type group struct{ all, below int }
	groups := map[string]*group{}
	for row := range l.rows {
		id := s.order.value(row)
		if id == "" {
			continue
		}
		p := letters(id)
		g := groups[p]
		if g == nil {
			g = &group{}
			groups[p] = g
		}
		g.all++
		if measure != nil {
			if q := measure.numbers[measure.codes[row]]; !math.IsNaN(q) && q < 0 {
				g.below++
			}
		}
	}
	var names []string
	for p := range groups {
		names = append(names, p)
	}
	slices.Sort(names)
	for _, p := range names {
		g := groups[p]
		if p == "" || len(names) < 2 || slices.ContainsFunc(names, func(o string) bool { return o != p && strings.HasPrefix(o, p) }) {
			continue
		}
		others := group{}
		for _, o := range names {
			if o != p {
				others.all += groups[o].all
				others.below += groups[o].below
			}
		}
		if g.below*10 >= g.all*9 && others.below*5 <= others.all {
			if g.all > others.all {
				continue
			}
			x.prefix = p
			x.prefixWhy = fmt.Sprintf("%d of %d lines of orders such as %s are below 0, and %d of %d others", g.below, g.all, s.order.begins(p), others.below, others.all)
			return
		}
		if g.below == 0 && others.below == 0 && (returnWords[strings.ToLower(strings.TrimRight(p, "-_ "))] || slices.Contains([]string{"RMA", "RET", "RTN", "RF", "CN", "RÜ"}, strings.TrimRight(strings.ToUpper(p), "-_ "))) {
			x.prefix = p
			x.prefixWhy = fmt.Sprintf("likely: orders such as %s are named like returns; their quantities are above 0", s.order.begins(p))
			return
		}
	}
}

// letters is what an id begins with before its first digit.
func letters(id string) string {
	i := strings.IndexFunc(id, unicode.IsDigit)
	if i <= 0 {
		return ""
	}
	return id[:i]
}

func (c *column) begins(prefix string) string {
	for _, v := range c.values {
		if letters(v) == prefix {
			return v
		}
	}
	return prefix
}

// returns maps a file whose records are returns.
func (x *inference) returns(l *layout) {
	b := &block{x: x, layout: l, table: "sales", kind: "returns", set: map[*column]bool{}}
	x.blocks = append(x.blocks, b)
	s := l.sale
	b.notes = append(b.notes, strings.ToUpper(l.note[:1])+l.note[1:]+".")
	may := func(k *link) bool { return k.to.role == unknownRole && k.from != s.product && k.from != s.order }
	if s.order != nil {
		b.column("order_id", s.order, 0.9).reason = "names an order of the sales"
	}
	if s.date != nil {
		e := b.column("ordered_at", s.date, 0.9)
		e.essential = true
	} else {
		b.fail("ordered_at", "no column was found that says when it came back")
	}
	if s.customer != nil {
		b.column("customer_id", s.customer, 0.9).integer = s.customer.floatID
	}
	x.productKey(l, b)
	if s.quantity != nil {
		b.column("quantity", s.quantity, 0.95)
	} else {
		b.columns = append(b.columns, &entry{target: "quantity", value: "1", sure: 0.8, reason: "no column counts units: each record is one"})
	}
	if l.money() {
		x.amounts(l, b)
	}
	used := []*column{s.order, s.product, s.customer, s.quantity, s.date}
	for _, t := range append(slices.Clone(geography), saleTargets[6], saleTargets[7]) {
		if places := preferReferences(x.resolve(l, t, set("return store customer"), may, 2, used...)); len(places) > 0 && b.has(t.column) == nil {
			b.columns = append(b.columns, x.use(t, places[0]))
		}
	}
}

// list maps a file that lists orders that came back.
func (x *inference) list(l *layout) {
	b := &block{x: x, layout: l, table: "returned orders", set: map[*column]bool{}}
	x.lists = append(x.lists, b)
	s := l.sale
	e := b.column("order_id", s.order, 0.95)
	e.reason = l.note
	e.nulls, e.integer = nil, false
	if s.product != nil {
		for _, lines := range x.lines {
			if lines.sale.product == nil {
				continue
			}
			if covers, _ := x.linker.covers(s.product, lines, lines.sale.product); covers > 0.8 {
				e := b.column("product_id", s.product, 0.9)
				e.reason = share(covers) + " are products of the sales"
				e.nulls, e.integer = nil, false
				break
			}
		}
	}
	if s.date != nil {
		e := b.column("returned_at", s.date, 0.9)
		e.nulls = nil
	}
}
