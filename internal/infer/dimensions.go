package infer

import (
	"fmt"
	"slices"
)

// findDimension finds the files of products or of customers: the sales' ids are
// keys of theirs; where no link shows it, their names say so.
func (x *inference) findDimension(r role) {
	word, targets := "product", productTargets
	if r == customerRole {
		word, targets = "customer", customerTargets
	}
	type candidate struct {
		l     *layout
		key   *column
		from  *layout
		link  *link
		score float64
	}
	var found []candidate
	for _, from := range x.layouts {
		if from.sale == nil || from.role != salesRole && from.role != returnsRole && (r != customerRole || from.role != unknownRole || !x.isHeader(from)) {
			continue
		}
		for _, k := range from.links {
			if k.to.role != unknownRole || k.to.returnsNamed() || x.isHeader(k.to) {
				continue
			}
			is := from.sale.product
			score := 0.0
			if r == customerRole {
				is = from.sale.customer
				score = nameScore(k.from, append(slices.Clone(customerIDs), emails...), "")
			} else {
				score = nameScore(k.from, productIDs, "line item")
			}
			if k.from == is {
				score = max(score, 0.7)
			}
			if score < enough {
				continue
			}
			has := float64(k.to.attributes(targets)) / 20
			if k.to.stemHas(word) {
				has += 0.2
			}
			found = append(found, candidate{k.to, k.key, from, k, score + k.covers + has})
		}
	}
	byScore(found, func(c candidate) float64 { return c.score })
	if len(found) > 0 {
		best := found[0]
		best.l.role, best.l.key, best.l.sure = r, best.key, 0.95
		best.l.note = fmt.Sprintf("%s: %s are found here", best.key.name, shareOf(best.link.covers, word, best.from))
		told := map[*layout]bool{}
		for _, c := range found { // lines name the key, whichever of their columns that is
			if c.l != best.l || c.key != best.key || told[c.from] {
				continue
			}
			told[c.from] = true
			if r == productRole {
				c.from.sale.product, c.from.sale.productByName = c.link.from, false
			} else {
				c.from.sale.customer = c.link.from
			}
			if c.from.best(c.link.from) != c.link {
				c.from.links = append([]*link{c.link}, c.from.links...)
			}
		}
		x.otherParts(r, word, best.l, best.key)
		return
	}
	// No sale names it: what does the file call itself?
	for _, l := range x.layouts {
		if l.role != unknownRole || l.rows == 0 || l.returnsNamed() || !l.stemHas(word) || x.isHeader(l) || inventory(l) {
			continue
		}
		key, score := l.pick(targets[0].names, anID, l.context(word))
		if key != nil && score >= 0.6 && key.unique >= 0.3 && l.attributes(targets) >= 2 {
			l.role, l.key, l.sure = r, key, 0.6
			l.note = fmt.Sprintf("by its name and columns; no sale was found to name a %s of it", key.name)
			x.otherParts(r, word, l, key)
			return
		}
	}
}

// otherParts finds what else holds customers or products, where they are split
// over files of different columns: files of keys that the sales name and the
// first file lacks.
func (x *inference) otherParts(r role, word string, first *layout, key *column) {
	targets := map[role][]target{customerRole: customerTargets, productRole: productTargets}[r]
	have := map[string]bool{}
	add := func(l *layout, key *column) {
		for v := range x.linker.all(l, key).has {
			have[bare(v)] = true
		}
	}
	add(first, key)
	for _, l := range x.layouts {
		if l.role != unknownRole || l.rows == 0 || l.returnsNamed() || inventory(l) || x.isHeader(l) {
			continue
		}
		key, score := l.pick(targets[0].names, anID, l.context(word))
		if key == nil || score < 0.6 || !l.isKey(key) || l.attributes(targets) == 0 {
			continue
		}
		has := x.linker.all(l, key).has
		for _, from := range x.layouts {
			c := (*column)(nil)
			if from.sale != nil && (from.role == salesRole || from.role == returnsRole || from.role == unknownRole && x.isHeader(from)) {
				c = map[role]*column{customerRole: from.sale.customer, productRole: from.sale.product}[r]
			}
			if c == nil || l.role != unknownRole {
				continue
			}
			missing, found := 0, 0
			c.filledValues(func(_ int, v string, n int) {
				if have[bare(v)] {
					return
				}
				missing += n
				if has[v] || has[bare(v)] {
					found += n
				}
			})
			if found*2 < missing || found*100 < c.filled {
				continue
			}
			l.role, l.key, l.sure = r, key, 0.9
			l.note = fmt.Sprintf("%s: %s of the %ss in %s that %s lacks are found here", key.name, share(float64(found)/float64(missing)), word, from.title(), first.title())
			add(l, key)
		}
	}
}

func shareOf(covers float64, word string, from *layout) string {
	return fmt.Sprintf("%s of the %ss in %s", share(covers), word, from.title())
}

func nameScore(c *column, names []pattern, neutral string) float64 {
	score := 0.0
	for _, p := range names {
		score = max(score, p.weight*match(c.words, p.words, set(neutral)))
	}
	return score
}

// attributes counts how many targets a layout has columns for.
func (l *layout) attributes(targets []target) int {
	n := 0
	for _, t := range targets[1:] {
		if _, score := l.pick(t.names, t.want, l.context("customer product")); score >= 0.7 {
			n++
		}
	}
	return n
}

// isHeader reports whether a layout's records are orders whose lines are in
// another file.
func (x *inference) isHeader(l *layout) bool {
	return slices.ContainsFunc(x.lines, func(lines *layout) bool {
		return slices.ContainsFunc(lines.links, func(k *link) bool {
			return k.to == l && (k.from == lines.sale.order || nameScore(k.from, orderIDs, "") >= 0.75) && nameScore(k.key, orderIDs, "") >= 0.6 ||
				k.to == l && k.from == lines.sale.order
		})
	})
}

// findHeaders names the order headers, and what is left.
func (x *inference) findHeaders() {
	for _, l := range x.layouts {
		if l.role != unknownRole || inventory(l) || !x.isHeader(l) {
			continue
		}
		for _, lines := range x.lines {
			if k := lines.linkTo2(lines.sale.order, l); k != nil && k.covers >= 0.8 && k.repeats <= 0.005 {
				l.role, l.sure = headerRole, 0.95
				l.note = "a record is an order; its lines are in another file"
			}
		}
	}
}

// onePerOrder reports whether the orders' customer is a new one each time, and
// returns the column of the customers that tells them apart truly: Olist's
// customer_id is one per order, its customer_unique_id one per person.
func (x *inference) onePerOrder(header *layout, customers *layout) *column {
	c := header.sale.customer
	if c == nil || header.rows < 2 || c.unique < 0.999 || c.filled < header.rows*9/10 {
		return nil
	}
	var best *column
	for _, o := range customers.columns {
		if o == customers.key || o.filled < customers.rows*9/10 || o.dated.share > 0.5 || o.email > 0.5 {
			continue
		}
		if nameScore(o, customerIDs, "unique") >= 0.8 && (best == nil || o.unique > best.unique) {
			best = o
		}
	}
	return best
}
