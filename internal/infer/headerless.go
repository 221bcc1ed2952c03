package infer

import (
	"fmt"
	"slices"
	"strings"
)

// nameColumns names the columns of files without a header, where their values
// leave no doubt: lines of sales by their arithmetic, customers and products by
// the ids that those lines have. Other columns keep their numbers.
func (x *inference) nameColumns() {
	var lines []*layout
	for _, l := range x.layouts {
		if l.read.NoHeader && l.rows > 0 {
			if names := l.lineNames(); names != nil {
				x.rename(l, names)
				lines = append(lines, l)
			}
		}
	}
	for _, l := range x.layouts {
		if l.sale = l.look(); l.sale != nil && !l.read.NoHeader && l.sale.order != nil {
			lines = append(lines, l)
		}
	}
	for _, l := range x.layouts {
		if !l.read.NoHeader || l.rows == 0 || slices.Contains(lines, l) {
			continue
		}
		named := slices.ContainsFunc(lines, func(from *layout) bool {
			names := x.dimensionNames(l, from)
			if names != nil {
				x.rename(l, names)
			}
			return names != nil
		})
		if !named {
			x.warn("unsure: %s has no header, and what stands in it does not tell its columns: name them in smelt.yml, or in the file", l.title())
		}
	}
}

// rename gives columns their names, as if the file had them.
func (x *inference) rename(l *layout, names map[*column]string) {
	var said []string
	for i, c := range l.columns {
		if name := names[c]; name != "" {
			c.name, c.words = name, words(name)
			l.header[i], l.read.Names[i] = name, name
			said = append(said, fmt.Sprintf("%d is %s", c.index+1, name))
		}
	}
	x.warn("unsure: %s has no header: its columns were named by what stands in them: %s", l.title(), strings.Join(said, ", "))
	l.why["names"] = finding{0.8, "there is no header: named by what stands in them"}
}

// idLike reports whether values look like ids: digits or @ in them, no blanks.
func (c *column) idLike() bool {
	n := 0
	c.filledValues(func(_ int, v string, count int) {
		if strings.ContainsAny(v, "0123456789@") && !strings.Contains(v, " ") {
			n += count
		}
	})
	return n*10 >= c.filled*9 && c.dated.share < 0.5 && c.clock < 0.5 && (c.numeric < 0.9 || c.whole > 0.99) && !styledNumbers(c)
}

// lineNames finds what the columns of sales lines are; nil where anything that
// matters could be two of them, or none.
func (l *layout) lineNames() map[*column]string {
	names := map[*column]string{}
	var date *column
	for _, c := range l.columns {
		if c.dated.share < 0.95 {
			continue
		}
		if date != nil {
			return nil
		}
		date = c
	}
	if date == nil {
		return nil
	}
	names[date] = "order date"
	// An order: the finest id that has one date.
	var order *column
	for _, c := range l.columns {
		if c != date && c.filled == l.rows && c.unique < 0.95 && c.distinct > 1 && c.idLike() && l.constant(date, c) && (order == nil || c.distinct > order.distinct) {
			order = c
		}
	}
	if order == nil {
		return nil
	}
	names[order] = "order id"
	if !l.nameAmounts(names, order) {
		return nil
	}
	var customer []*column
	for _, c := range l.columns {
		if names[c] == "" && c.filled > 0 && c.distinct > 1 && c.distinct < order.distinct && c.idLike() && l.constant(c, order) {
			customer = append(customer, c)
		}
	}
	if len(customer) == 1 {
		names[customer[0]] = "customer id"
	}
	return names
}

// nameAmounts finds the quantity, the price and the product: an amount is a
// quantity times a price, and a price stays with its product.
func (l *layout) nameAmounts(names map[*column]string, order *column) bool {
	var numbers []*column
	for _, c := range l.columns {
		if names[c] == "" && c.numeric > 0.95 && c.distinct > 1 && l.numbersLines(c, order) {
			names[c] = "line number"
		}
		if names[c] == "" && c.numeric > 0.95 && c.distinct > 1 {
			numbers = append(numbers, c)
		}
	}
	ways := 0
	var quantity, price, amount *column
	for _, q := range numbers {
		for _, p := range numbers {
			for _, a := range numbers {
				if q == p || p == a || q == a || q.whole < 0.95 || p.whole > 0.9 || a.whole > 0.9 {
					continue
				}
				if r := (sums{l, q}).relate(a, p, nil, nil); r.share >= 0.95 && r.n >= 10 {
					quantity, price, amount = q, p, a
					ways++
				}
			}
		}
	}
	if ways > 1 {
		return false
	}
	var products, bare []*column
	for _, c := range l.columns {
		if names[c] != "" || c == quantity || c == price || c == amount || c.filled < l.rows*95/100 || c.unique > 0.9 || c.distinct < 2 || l.constant(c, order) {
			continue
		}
		if c.idLike() {
			products = append(products, c)
		} else if c.numeric < 0.1 {
			bare = append(bare, c)
		}
	}
	if ways == 0 { // no amount: what stays with a product whatever the quantity
		for _, p := range numbers {
			for _, q := range numbers {
				for _, c := range products {
					if p == q || p == c || q == c || p.whole > 0.9 || q.whole < 0.95 || q.maximum > 1000 || (sums{l, q}).perUnit(p, c) <= 0 || l.constant(p, order) || l.constant(q, c) || !l.constant(p, c) {
						continue
					}
					if quantity != nil && (quantity != q || price != p) {
						return false
					}
					quantity, price = q, p
				}
			}
		}
		if quantity == nil {
			return false
		}
	}
	names[quantity], names[price] = "quantity", "unit price"
	if amount != nil {
		names[amount] = "line total"
	}
	products = slices.DeleteFunc(products, func(c *column) bool { return names[c] != "" || !l.constant(price, c) })
	if len(products) != 1 {
		return false
	}
	names[products[0]] = "product id"
	for _, c := range bare {
		if l.constant(c, products[0]) && c.wordy() {
			names[c] = "product name"
			break
		}
	}
	return true
}

// numbersLines reports whether a column counts the lines of each order from 1.
func (l *layout) numbersLines(c, order *column) bool {
	next := make([]int, len(order.values))
	off := 0
	for row, code := range order.codes {
		if next[code]++; int(c.numbers[c.codes[row]]) != next[code] {
			off++
		}
	}
	return off*20 < l.rows
}

// dimensionNames names what holds the customers or products of lines.
func (x *inference) dimensionNames(l, lines *layout) map[*column]string {
	s := lines.sale
	for _, of := range []struct {
		c          *column
		id, called string
	}{{s.customer, "customer id", "full name"}, {s.product, "product id", "product name"}} {
		if of.c == nil {
			continue
		}
		for _, key := range l.columns {
			if !l.isKey(key) {
				continue
			}
			covers := coverage(of.c, key)
			if covers < 0.9 {
				continue
			}
			names := map[*column]string{key: of.id}
			for _, c := range l.columns {
				switch {
				case c == key:
				case c.email > 0.9 && of.id == "customer id":
					names[c] = "email"
				case c.wordy() && c.numeric < 0.1 && c.dated.share < 0.5 && !slices.Contains(mapValues(names), of.called):
					names[c] = of.called
				}
			}
			return names
		}
	}
	return nil
}

func mapValues(m map[*column]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// coverage is the share of a column's records whose value another has.
func coverage(from, key *column) float64 {
	has := map[string]bool{}
	for _, v := range key.values {
		has[bare(v)] = true
	}
	hit := 0
	from.filledValues(func(_ int, v string, n int) {
		if has[bare(v)] {
			hit += n
		}
	})
	if from.filled == 0 {
		return 0
	}
	return float64(hit) / float64(from.filled)
}
