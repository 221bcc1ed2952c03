package infer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// headersOf are the order headers that a layout's order ids are keys of.
func (x *inference) headersOf(l *layout) []*layout {
	var out []*layout
	for _, k := range l.links {
		if k.to.role == headerRole {
			out = append(out, k.to)
		}
	}
	return out
}

// header notes which customers an order header names.
func (x *inference) header(l *layout) {
	for _, h := range x.headersOf(l) {
		if h.sale == nil || h.sale.customer == nil {
			continue
		}
		for _, c := range x.with(customerRole) {
			if k := h.linkTo(c); k != nil && k.from == h.sale.customer {
				if person := x.onePerOrder(h, c); person != nil {
					x.person, x.personOf = person, c
				}
			}
		}
	}
}

func (l *layout) linkTo(to *layout) *link {
	for _, k := range l.links {
		if k.to == to && (to.key == nil || k.key == to.key) {
			return k
		}
	}
	return nil
}

func (x *inference) orderKeys(l *layout, b *block) {
	s := l.sale
	if s.order == nil {
		var suggest []string
		if s.customer != nil && s.date != nil {
			suggest = []string{(&entry{target: "order_id", template: "{" + s.customer.name + "}-{" + s.date.name + "}"}).text()}
		}
		b.fail("order_id", "no column was found that says which order a record belongs to", suggest...)
		return
	}
	e := b.column("order_id", s.order, max(nameScore(s.order, orderIDs, ""), 0.7))
	several := float64(s.order.filled) / float64(max(1, s.order.distinct))
	e.reason = fmt.Sprintf("%.1f lines an order", several)
	e.integer = s.order.floatID
	if s.order.filled*10 < l.rows*8 {
		e.open = fmt.Sprintf("%s: %d of %d records name no order; fill it down in the file", s.order.name, l.rows-s.order.filled, l.rows)
		e.choices = []string{e.text() + note + "those records go to silver.quarantine"}
		e.essential = true
	}
	l.clashes(e)
	for _, k := range l.links {
		if k.from == s.order && k.to.role == headerRole {
			e.reason = "found: " + k.reason()
			break
		}
	}
}

// linkTo2 is the link of a column to a layout.
func (l *layout) linkTo2(from *column, to *layout) *link {
	for _, k := range l.links {
		if k.from == from && k.to == to {
			return k
		}
	}
	return nil
}

func (x *inference) orderDate(l *layout, b *block, may func(*link) bool) {
	t := target{"ordered_at", aDate, orderDates}
	places := x.resolve(l, t, set("order sales invoice"), func(k *link) bool { return k.to.role == headerRole }, 1)
	if len(places) == 0 && l.dateParts(b) {
		return
	}
	if len(places) == 0 {
		var near []string
		for _, c := range l.columns {
			if c.dated.share > 0.8 {
				near = append(near, (&entry{target: "ordered_at", from: []string{c.name}, dates: c.dated.explicit(c, false)}).text())
			}
		}
		why := "no column was found that says when it was ordered"
		for _, c := range l.columns {
			if nameScore(c, orderDates, "order sales invoice") >= 0.8 && c.filled > 0 && c.dated.share <= 0.8 {
				why = fmt.Sprintf("%s is named so, but values such as %s are no dates that can be read", c.name, c.example())
			}
		}
		b.fail("ordered_at", why, near...)
		return
	}
	p := places[0]
	e := x.use(t, p)
	e.essential = true
	// The time of day may stand in a column of its own.
	if !p.column.dated.timed && len(p.path) == 0 && len(p.column.dated.patterns) == 1 {
		for _, c := range l.columns {
			if c.clock > 0.9 && slices.Contains(c.words, "time") {
				day := p.column.dated.patterns[0]
				if day == "" {
					day = "%Y-%m-%d"
				}
				if clock := clockPattern(c); clock != "" && e.open == "" {
					e.from, e.template = nil, "{"+p.column.name+"} {"+c.name+"}"
					e.dates = []string{day + " " + clock}
					e.reason += "; the time of day stands in " + c.name
					l.bound[c.name] = true
				}
			}
		}
	}
	if d := p.column.dated; d.share < 0.95 && e.open == "" {
		e.open = fmt.Sprintf("%s: %s of its values cannot be read as dates, such as %s", p.column.name, share(1-d.share), p.column.unread())
		e.choices = []string{e.text() + note + "those records go to silver.quarantine"}
	}
	if p.column.filled < p.layout.rows {
		e.reason += fmt.Sprintf("; %d of %d are empty", p.layout.rows-p.column.filled, p.layout.rows)
	}
	b.columns = append(b.columns, e)
	_ = may
}

// unread is a value that none of the column's date patterns reads.
func (c *column) unread() string {
	cast := pipeline.Cast{Type: pipeline.TimestampType, Dates: c.dated.explicit(c, false)}
	p, err := pipeline.NewParser(cast)
	if err != nil {
		return c.example()
	}
	for _, v := range c.values {
		if v == "" || slices.Contains(c.nulls, v) {
			continue
		}
		if _, status := p.Timestamp([]byte(v)); status != pipeline.Parsed {
			return v
		}
	}
	return c.example()
}

// dateParts takes the day from columns of years, months and days.
func (l *layout) dateParts(b *block) bool {
	parts := [3]*column{}
	for _, c := range l.columns {
		for i, of := range []struct {
			words    string
			min, max float64
		}{{"year jahr annee ano anno rok jaar", 1970, 2100}, {"month monat mois mes mese miesiac maand", 1, 12}, {"day tag jour dia giorno dzien dag", 1, 31}} {
			said := tokens(c.name)
			if len(said) > 0 && set(of.words)[said[len(said)-1]] && c.numeric > 0.95 && c.whole > 0.95 && c.minimum >= of.min && c.maximum <= of.max && parts[i] == nil {
				parts[i] = c
			}
		}
	}
	if parts[0] == nil || parts[1] == nil || parts[2] == nil {
		return false
	}
	e := &entry{target: "ordered_at", sure: 0.85, reason: "the day stands in three columns", essential: true, in: l, dates: []string{"%Y-%m-%d"}}
	e.template = fmt.Sprintf("{%s}-{%s}-{%s}", parts[0].name, parts[1].name, parts[2].name)
	for _, c := range parts {
		l.bound[c.name] = true
	}
	b.columns = append(b.columns, e)
	return true
}

func clockPattern(c *column) string {
	v := c.example()
	switch pm := strings.HasSuffix(strings.ToLower(v), "m"); {
	case pm && strings.Count(v, ":") == 2:
		return "%I:%M:%S" + strings.Repeat(" ", strings.Count(v, " ")) + "%p"
	case pm:
		return "%I:%M" + strings.Repeat(" ", strings.Count(v, " ")) + "%p"
	case strings.Count(v, ":") == 2:
		return "%H:%M:%S"
	case strings.Count(v, ":") == 1:
		return "%H:%M"
	}
	return ""
}

// customerKey maps who bought: by the lines, else by the order's header.
func (x *inference) customerKey(l *layout, b *block) {
	t := target{"customer_id", anID, append(slices.Clone(customerIDs), emails...)}
	s := l.sale
	reason := func(e *entry, k *link) {
		if k != nil {
			e.reason = "found: " + k.reason()
			e.sure = min(0.98, 0.5+k.covers/2)
		}
	}
	if s.customer != nil {
		e := b.column("customer_id", s.customer, max(nameScore(s.customer, t.names, "unique"), 0.6))
		e.integer = s.customer.floatID
		if s.customer.email > 0.5 {
			e.reason = "the e-mail address stands for the customer: there is no id"
			e.sure = 0.8
		}
		if s.customer.email <= 0.5 && slices.Contains(s.customer.words, "name") {
			e.reason = "the name stands for the customer: there is no id"
			e.sure = 0.7
		}
		for _, c := range x.with(customerRole) {
			reason(e, l.linkTo(c))
		}
		x.guests(e, s.customer, l)
		if missing := l.rows - s.customer.filled; missing > 0 {
			e.reason += fmt.Sprintf("; %d of %d records name none: guests", missing, l.rows)
		}
		return
	}
	for _, h := range x.headersOf(l) {
		if h.sale == nil || h.sale.customer == nil {
			continue
		}
		k := l.linkTo(h)
		for _, other := range l.links {
			if other.to == h && other.from == s.order {
				k = other
			}
		}
		if k == nil {
			continue
		}
		p := place{h, h.sale.customer, []*link{k}, 0.9}
		for _, c := range x.with(customerRole) {
			if to := h.linkTo(c); to != nil && x.person != nil && x.personOf == c && to.from == h.sale.customer {
				p = place{c, x.person, []*link{k, to}, 0.9}
			}
		}
		e := x.use(t, p)
		if x.person != nil && p.column == x.person {
			e.reason = fmt.Sprintf("%s is a new one for each order, %s is the person", h.sale.customer.name, x.person.name)
		} else {
			for _, c := range x.with(customerRole) {
				reason(e, h.linkTo(c))
			}
		}
		x.guests(e, h.sale.customer, h)
		b.columns = append(b.columns, e)
		return
	}
	b.notes = append(b.notes, "No column names the customer: all are guests.")
}

// guests takes 0 as no customer where it stands for several people, or for none
// of the customers' file.
func (x *inference) guests(e *entry, c *column, l *layout) {
	zero := slices.IndexFunc(c.values, func(v string) bool { return bare(v) == "0" })
	if zero < 0 || c.numeric < 0.95 || c.negative > 0 || c.distinct < 3 {
		return
	}
	several := slices.ContainsFunc(l.columns, func(o *column) bool {
		if o.email < 0.5 {
			return false
		}
		first := ""
		for row := range l.rows {
			if v := o.value(row); int(c.codes[row]) == zero && v != "" {
				if first != "" && v != first {
					return true
				}
				first = v
			}
		}
		return false
	})
	k := l.best(c)
	if several || k != nil && k.to.role == customerRole && !x.linker.all(k.to, k.key).has[c.values[zero]] {
		e.nulls = append(append(e.nulls, c.nulls...), c.values[zero])
		e.reason += "; 0 stands for guests"
	}
}

func (x *inference) productKey(l *layout, b *block) {
	s := l.sale
	if s.product == nil {
		var coarse []string
		for _, t := range productTargets[1:4] {
			if c, score := l.pick(t.names, t.want, set(lineWords)); score >= enough && c.filled > 0 {
				coarse = append(coarse, (&entry{target: "product_id", from: []string{c.name}}).text())
			}
		}
		b.fail("product_id", "no column was found that says which product was sold", coarse...)
		return
	}
	e := b.column("product_id", s.product, max(nameScore(s.product, productIDs, "line item"), 0.65))
	e.integer = s.product.floatID
	if s.productByName {
		e.reason, e.sure = "no product id was found: the name stands for it", 0.7
	}
	for _, p := range x.with(productRole) {
		if k := l.linkTo2(s.product, p); k != nil {
			e.reason = "found: " + k.reason()
			e.sure = min(0.98, 0.5+k.covers/2)
		}
	}
	if s.product.filled < l.rows && !s.productByName {
		if name := l.productName("line"); name != nil && name != s.product && len(x.with(productRole)) == 0 {
			e.from = append(e.from, name.name)
			e.columns = append(e.columns, name)
			e.reason = fmt.Sprintf("%d of %d records have none: their name stands for it", l.rows-s.product.filled, l.rows)
		}
	}
}

// lineNumber maps a line's number where lines of an order have different ones:
// lines with the same number are versions of one line.
func (x *inference) lineNumber(l *layout, b *block, places []place) {
	if l.sale.order == nil {
		return
	}
	for _, p := range places {
		if len(p.path) > 0 {
			continue
		}
		type key struct{ order, line int32 }
		seen := map[key]bool{}
		n, low := 0, 0
		for row := range l.rows {
			x := p.column.numbers[p.column.codes[row]]
			if x != x {
				continue
			}
			n++
			seen[key{l.sale.order.codes[row], p.column.codes[row]}] = true
			if x >= 0 && x <= 1000 {
				low++
			}
		}
		if n == 0 || low*100 < n*95 || len(seen)*100 < n*85 || p.column.distinct == n && n > 20 {
			b.aside(p.column, "does not number the lines of an order")
			continue
		}
		e := b.column("line_number", p.column, p.score)
		e.reason = "different for each line of an order"
		if len(seen) < n {
			e.reason = fmt.Sprintf("%d of %d repeat the order and number: versions of one line, the latest counts", n-len(seen), n)
		}
		return
	}
}
