package infer

import (
	"fmt"
	"slices"
	"strings"
)

// findReturns finds files of returns: lists of orders that came back, and
// records that are returns themselves.
func (x *inference) findReturns() {
	for _, l := range x.layouts {
		if l.role != unknownRole || !l.returnsNamed() || l.sale == nil {
			continue
		}
		s := l.sale
		if s.product == nil {
			s.product = x.productLike(l)
		}
		for _, lines := range x.lines {
			if lines.sale.order == nil {
				continue
			}
			// Whatever it is called: which column has the orders' ids?
			if s.order != nil {
				if covers, _ := x.linker.covers(s.order, lines, lines.sale.order); covers < 0.5 {
					s.order = nil
				}
			}
			for _, c := range l.columns {
				if covers, _ := x.linker.covers(c, lines, lines.sale.order); s.order == nil && covers >= 0.8 && (affinity(c, l, lines.sale.order, lines) > 0 || c.numeric < 0.9) {
					s.order = c
				}
			}
		}
		for _, lines := range x.lines { // products may go by their names
			for _, c := range l.columns {
				if s.product != nil || c == s.order || lines.sale.product == nil || c.filled == 0 {
					continue
				}
				if covers, _ := x.linker.covers(c, lines, lines.sale.product); covers >= 0.8 && (strings.EqualFold(c.name, lines.sale.product.name) || c.numeric < 0.5) {
					s.product = c
				}
			}
		}
		if flags := l.flag(); flags != nil && s.order != nil {
			x.flags(l, flags)
			continue
		}
		date, score := l.pick(patterns("return date", 1.0, "return at", 1.0, "return date time", 1.0, "date", 0.8, "created at", 0.7, "created date", 0.7, "date time", 0.7), aDate, set("order"))
		if s.date = date; score < enough {
			s.date = nil
		}
		switch {
		case s.order != nil && (s.quantity == nil || s.product == nil || !x.priced(l)):
			l.role, l.note, l.sure = listRole, fmt.Sprintf("%s names orders of the sales", s.order.name), 0.95
			if s.quantity != nil && s.product != nil {
				l.note += "; neither it nor the products have prices, so whole lines count as returned"
				l.sure = 0.7
			}
		case s.product != nil && s.date != nil:
			l.role, l.note, l.sure = returnsRole, "a record is a return: it names the product and the day", 0.95
		default:
			l.role, l.note = outRole, "unsure: it looks like returns, but names neither orders of the sales nor products and days"
		}
	}
}

// flags notes a file that says of orders whether they came back: yes and no are
// a status of the orders' lines, by a lookup.
func (x *inference) flags(l *layout, c *column) {
	said := map[int32]bool{}
	for row := range l.rows {
		order, back := l.sale.order.codes[row], yes(c.value(row))
		if before, ok := said[order]; ok && before != back || l.sale.product != nil {
			l.role, l.note = outRole, "unsure: it says of orders or their products whether they came back, but not one thing of each order"
			x.warn("unsure: %s: left out: %s says yes and no of one order: its returns do not count", l.title(), c.name)
			return
		}
		said[order] = back
	}
	l.role, l.note, l.flagged = flagRole, fmt.Sprintf("%s says of orders whether they came back", c.name), c
}

// flagged returns where the lines of a layout find whether their order came
// back.
func (x *inference) flagged(l *layout) (out []place) {
	for _, f := range x.with(flagRole) {
		if covers, _ := x.linker.covers(l.sale.order, f, f.sale.order); covers > 0 {
			k := &link{from: l.sale.order, to: f, key: f.sale.order, covers: covers}
			out = append(out, place{f, f.flagged, []*link{k}, 0.95})
		}
	}
	return out
}

// priced reports whether a return of the layout will have a price.
func (x *inference) priced(l *layout) bool {
	if l.money() {
		return true
	}
	for _, p := range x.layouts {
		if _, score := p.pick(productTargets[6].names, aNumber, p.context("product")); score >= enough && p.role == unknownRole && p != l && !l.returnsNamed() {
			return true
		}
		if c, _ := p.pick(productTargets[0].names, anID, p.context("product")); c != nil && p.isKey(c) && p.role == unknownRole {
			if _, score := p.pick(productTargets[6].names, aNumber, p.context("product")); score >= enough {
				return true
			}
		}
	}
	return false
}

// flag returns a column that says of each record whether it came back, where
// some did and some did not.
func (l *layout) flag() *column {
	for _, c := range l.columns {
		if slices.Contains(c.words, "return") && c.distinct == 2 && slices.ContainsFunc(c.values, yes) && slices.ContainsFunc(c.values, no) {
			return c
		}
	}
	return nil
}

func yes(s string) bool {
	return slices.Contains([]string{"yes", "y", "true", "1", "ja", "j", "oui", "si", "sí", "x"}, strings.ToLower(s))
}

func no(s string) bool {
	return slices.Contains([]string{"no", "n", "false", "0", "nein", "non"}, strings.ToLower(s))
}
