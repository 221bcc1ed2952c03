package infer

import (
	"fmt"
	"slices"
	"strings"
)

// block is a source, or a list of returned orders, of smelt.yml.
type block struct {
	x         *inference
	layout    *layout
	table     string
	kind      string
	columns   []*entry
	customers []*entry // that stand on the lines
	products  []*entry
	notes     []string
	asides    []string // columns that were looked at and left out, with why
	set       map[*column]bool
}

// column maps a target to a column of the block's own layout.
func (b *block) column(targetName string, c *column, score float64) *entry {
	t := target{column: targetName}
	for _, list := range [][]target{saleTargets, productTargets, customerTargets} {
		for _, o := range list {
			if o.column == targetName {
				t = o
			}
		}
	}
	e := b.x.use(t, place{layout: b.layout, column: c, score: score})
	b.layout.thousandths(e, t, c)
	b.columns = append(b.columns, e)
	return e
}

func (b *block) aside(c *column, why string) {
	if !b.set[c] {
		b.set[c] = true
		b.asides = append(b.asides, c.name+" "+why)
		b.layout.bound[c.name] = true
	}
}

// fail says that something essential was not found.
func (b *block) fail(targetName, why string, choices ...string) {
	b.columns = append(b.columns, &entry{target: targetName, essential: true, open: why, choices: choices})
}

func (b *block) has(targetName string) *entry {
	for _, e := range b.columns {
		if e.target == targetName {
			return e
		}
	}
	return nil
}

// dimension maps a file of customers or products.
func (x *inference) dimension(l *layout, table string, targets []target) {
	b := &block{x: x, layout: l, table: table, set: map[*column]bool{}}
	word := strings.TrimSuffix(table, "s")
	e := b.column(targets[0].column, l.key, max(l.sure, 0.6))
	e.reason, e.essential = l.note, true
	e.integer = l.key.floatID
	neutral := l.context(word)
	used := []*column{l.key}
	if table == "customers" {
		if better := x.person; better != nil && x.personOf == l {
			e.from, e.columns = []string{better.name}, []*column{better}
			e.reason = fmt.Sprintf("%s is a new one for each order, %s is the person", l.key.name, better.name)
			e.sure = 0.9
			l.bound[better.name] = true
			used = append(used, better)
			b.aside(l.key, "is one per order")
		}
	}
	may := func(k *link) bool { // two files that both number their records id have nothing in common by that
		return k.to.role == unknownRole && !(k.from == l.key && bareID(k.from) && bareID(k.key))
	}
	for _, t := range targets[1:] {
		skip := used
		if t.want != anyText && t.want != aWord { // a key may be a link of its own
			skip = nil
		}
		places := x.resolve(l, t, neutral, may, 2, skip...)
		places = preferReferences(places)
		if len(places) == 0 {
			continue
		}
		e := x.use(t, places[0])
		x.fallBack(t, e, places)
		if len(places[0].path) == 0 {
			used = append(used, places[0].column)
		}
		b.columns = append(b.columns, e)
	}
	if b.has("first_name") != nil && b.has("last_name") != nil {
		b.columns = slices.DeleteFunc(b.columns, func(e *entry) bool {
			if e.target == "full_name" && e.columns[0] != nil {
				delete(l.bound, e.columns[0].name)
				return true
			}
			return false
		})
	}
	// A lone "name" beside one half of a name is the other half.
	if e := b.has("full_name"); e != nil && e.columns[0] != nil && slices.Equal(e.columns[0].words, []string{"name"}) {
		switch first, last := b.has("first_name"), b.has("last_name"); {
		case first != nil && last == nil:
			e.target, e.reason = "last_name", "by its name, beside a first name"
		case last != nil && first == nil:
			e.target, e.reason = "first_name", "by its name, beside a last name"
		}
	}
	x.blocks = append(x.blocks, b)
}

// preferReferences takes the reference's name before the number that leads to
// it: category_id says less than the category's name.
func preferReferences(places []place) []place {
	if len(places) == 0 || len(places[0].path) > 0 {
		return places
	}
	for i, p := range places {
		if len(p.path) > 0 && p.path[0].from == places[0].column {
			return append(append([]place{p}, places[:i]...), places[i+1:]...)
		}
		if len(p.path) > 0 && p.score >= 0.9*places[0].score && slices.Contains(places[0].column.words, "id") {
			return append(append([]place{p}, places[:i]...), places[i+1:]...)
		}
	}
	return places
}

// fallBack adds the column itself after its translation, where the translation
// does not have all of its values.
func (x *inference) fallBack(t target, e *entry, places []place) {
	p := places[0]
	if len(p.path) != 1 || p.path[0].covers > 0.99999 || p.path[0].from.numeric > 0.5 || slices.Contains(p.path[0].from.words, "id") || t.want != anyText {
		return
	}
	e.from = append(e.from, p.path[0].from.name)
	e.reason += "; the rest stay as they are"
	p.path[0].from.used = true
}

// sales maps lines of sales.
func (x *inference) sales(l *layout) {
	b := &block{x: x, layout: l, table: "sales", set: map[*column]bool{}}
	x.blocks = append(x.blocks, b)
	s := l.sale
	x.header(l)
	line := set(lineWords)
	may := func(k *link) bool {
		return k.to.role == headerRole || k.to.role == unknownRole && (k.from != s.order || slices.Contains(x.headersOf(l), k.to)) && k.from != s.product
	}
	x.orderKeys(l, b)
	x.orderDate(l, b, may)
	x.customerKey(l, b)
	x.productKey(l, b)
	if s.quantity != nil {
		named := nameScore(s.quantity, quantities, lineWords)
		e := b.column("quantity", s.quantity, named)
		if named < enough {
			e.sure, e.reason = 0.95, "whatever its name: an amount is a price × it"
		}
		if s.quantity.negative > 0 {
			e.reason += fmt.Sprintf("; %d of the sample are below 0: returns", s.quantity.negative)
		}
		if s.quantity.whole < 0.9 {
			e.reason += "; fractions are no units and go to quarantine"
			e.sure = min(e.sure, 0.6)
		}
	} else {
		b.columns = append(b.columns, &entry{target: "quantity", value: "1", sure: 0.8, reason: "no column counts units: each record is one"})
	}
	x.amounts(l, b)
	used := []*column{s.order, s.product, s.customer, s.quantity}
	for _, e := range b.columns {
		for _, c := range e.columns {
			if len(e.from) > 0 && e.from[0] == c.name {
				used = append(used, c)
			}
		}
	}
	for _, t := range saleTargets {
		if b.has(t.column) != nil {
			continue
		}
		places := x.resolve(l, t, line, may, 3, used...)
		switch t.column {
		case "line_number":
			x.lineNumber(l, b, places)
			continue
		case "status", "line_type":
			x.status(t, b, places)
			continue
		case "currency":
			x.currency(t, b, places)
			continue
		case "returned_at", "original_order_id", "updated_at":
			places = slices.DeleteFunc(places, func(p place) bool { return len(p.path) > 0 && t.column == "updated_at" || p.score < 0.8 })
		}
		places = preferReferences(places)
		if len(places) == 0 {
			continue
		}
		p := places[0]
		if p.column.distinct == 1 && p.column.filled == p.layout.rows && t.column == "channel" {
			b.aside(p.column, "is the same throughout")
			continue
		}
		e := x.use(t, p)
		x.fallBack(t, e, places)
		b.columns = append(b.columns, e)
		if len(p.path) == 0 {
			used = append(used, p.column)
		}
	}
	x.overlap(l, b)
	b.mixedSigns()
	x.carry(l, b)
	x.returnsPrefix(l, b)
	if e := b.has("returned_at"); e != nil && e.columns[0].filled > 0 && len(x.statuses) == 0 && len(x.lineTypes) == 0 {
		if c := e.columns[0]; c.filled*2 < e.in.rows {
			x.dated = fmt.Sprintf("likely: %s has a day on %d of %d records, and no status says more", c.name, c.filled, e.in.rows)
		} else {
			e.open = fmt.Sprintf("%s: a day stands on %d of %d records: they cannot all have come back", c.name, c.filled, e.in.rows)
			e.drop = true
		}
	}
	x.attributesOnLines(l, b, may, used)
	b.unnamedUnits()
	b.unitsBack()
}

// unitsBack asks where a line says how many of its units came back: no column
// of the sales takes that.
func (b *block) unitsBack() {
	e := b.has("quantity")
	for _, c := range b.layout.columns {
		if e.open == "" && !b.layout.bound[c.name] && slices.Contains(c.words, "quantity") && slices.Contains(c.words, "return") && c.numeric > 0.9 && c.maximum > 0 {
			e.open = fmt.Sprintf("%s: units that came back stand beside those that were sold, which smelt does not take off", c.name)
			e.choices = []string{e.text() + note + "sales before returns"}
			e.essential = true
		}
	}
}

// unnamedUnits asks whether a column of small whole numbers, whose name says
// nothing, counts the units that a price is of.
func (b *block) unnamedUnits() {
	e := b.has("quantity")
	if e.value == "" || b.has("unit_price") == nil {
		return
	}
	for _, c := range b.layout.columns {
		unknown := len(c.words) > 0 && !slices.ContainsFunc(c.words, func(w string) bool { return known[w] })
		if unknown && !b.layout.bound[c.name] && !c.used && c.numeric >= 0.95 && c.whole >= 0.95 && c.distinct > 1 && c.distinct <= 200 && c.maximum <= 1000 && c.minimum >= -1000 && c.maximum > 1 && c.dated.share < 0.5 && len(e.choices) < 4 {
			e.choices = append(e.choices, (&entry{target: "quantity", from: []string{c.name}}).text())
		}
	}
	if len(e.choices) > 0 {
		e.open = "no column is named like a count of units; is it one of these, or is each record one unit"
		e.choices = append(e.choices, e.text())
		e.essential = true
	}
}

// attributesOnLines maps what the lines tell of customers and products that
// have no file.
func (x *inference) attributesOnLines(l *layout, b *block, may func(*link) bool, used []*column) {
	add := func(targets []target, neutral map[string]bool, floor float64, may func(*link) bool) (out []*entry) {
		for _, t := range targets[1:] {
			if t.column == "updated_at" || t.column == "currency" || t.want == aNumber && t.column != "unit_cost" || t.column == "signup_date" {
				continue
			}
			if t.column == "unit_cost" { // a cost that may be of the line is none of a unit
				t.names = patterns("unit cost", 1.0, "cost price", 1.0)
			}
			for _, p := range x.resolve(l, t, neutral, may, 2) {
				free := !slices.Contains(used, p.column) || slices.ContainsFunc(geography, func(g target) bool { return g.column == t.column }) ||
					p.column == l.sale.customer && (t.column == "email" || t.column == "full_name") || p.column == l.sale.product && t.column == "product_name" && l.sale.productByName
				if p.score < floor || !free || slices.ContainsFunc(out, func(e *entry) bool { return e.columns[0] == p.column }) {
					continue
				}
				out = append(out, x.use(t, p))
				break
			}
		}
		return out
	}
	if len(x.with(customerRole)) == 0 && b.has("customer_id") != nil {
		b.customers = add(customerTargets, set("customer bill"), 0.7, may)
		x.customerNames(b)
	}
	if len(x.with(productRole)) == 0 && b.has("product_id") != nil {
		b.products = add(productTargets, set("product item line"), 0.62, func(k *link) bool { // orders and customers say nothing of a product
			return may(k) && k.to.role != headerRole && k.from != l.sale.customer
		})
		named := slices.ContainsFunc(b.products, func(e *entry) bool { return e.target == "product_name" })
		for _, c := range l.columns { // a bare Product or Item is its name, where it is not its id
			bareName := len(c.words) == 1 && (c.words[0] == "product" || c.words[0] == "item")
			if named || !bareName || slices.Contains(used, c) && !(c == l.sale.product && c.wordy()) {
				continue
			}
			e := x.use(productTargets[1], place{l, c, nil, 0.75})
			b.products, named = append(b.products, e), true
		}
	}
}

// customerNames keeps a product's name, or a bare one, from being a person's.
func (x *inference) customerNames(b *block) {
	b.customers = slices.DeleteFunc(b.customers, func(e *entry) bool {
		ws := e.columns[0].words
		person := slices.Contains(ws, "customer") || slices.Contains(ws, "full") || slices.Contains(ws, "first") || slices.Contains(ws, "last") || slices.Contains(ws, "bill") || slices.Contains(ws, "contact") || slices.Contains(ws, "ship")
		return (e.target == "full_name" || e.target == "first_name" || e.target == "last_name") && !person
	})
}

// wordy reports whether most values of a column are several words.
func (c *column) wordy() bool {
	n := 0
	c.filledValues(func(_ int, v string, count int) {
		if strings.Contains(v, " ") {
			n += count
		}
	})
	return n*2 > c.filled
}
