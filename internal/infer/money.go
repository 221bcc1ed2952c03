package infer

import (
	"fmt"
	"math"
	"slices"
)

// sums tests arithmetic over the records of a layout's sample.
type sums struct {
	l        *layout
	quantity *column // nil = one each
}

func (s sums) number(c *column, row int) float64 {
	if c == nil {
		return 0
	}
	return c.numbers[c.codes[row]]
}

// holds returns the share of the records for which a formula gives total, of
// those that could show that it does not, and how many those are.
func (s sums) holds(total *column, f func(row int, q float64) (value float64, telling bool)) (share float64, n int) {
	hit := 0
	for row := range s.l.rows {
		q := 1.0
		if s.quantity != nil {
			q = s.number(s.quantity, row)
		}
		t := s.number(total, row)
		v, telling := f(row, q)
		if !telling || math.IsNaN(q) || math.IsNaN(t) || math.IsNaN(v) || q == 0 {
			continue
		}
		n++
		if near(math.Abs(v), math.Abs(t), q) {
			hit++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(hit) / float64(n), n
}

func zeroNaN(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

// relation is how an amount follows from quantity, price, discount and tax.
type relation struct {
	share   float64
	n       int
	formula string
	net     bool // discount is taken off
	taxed   bool
}

// relate tries the formulas on which an amount could rest.
func (s sums) relate(amount, price, discount, tax *column) (best relation) {
	try := func(formula string, net, taxed bool, f func(row int, q float64) (float64, bool)) {
		share, n := s.holds(amount, f)
		if n > 0 && share > best.share+0.02 {
			best = relation{share, n, formula, net, taxed}
		}
	}
	p := func(row int) float64 { return s.number(price, row) }
	apart := func(q float64) bool { return math.Abs(q) != 1 }
	if discount == nil && tax == nil {
		try("quantity × price", false, false, func(row int, q float64) (float64, bool) { return q * p(row), apart(q) })
		return best
	}
	try("quantity × price", false, false, func(row int, q float64) (float64, bool) {
		return q * p(row), apart(q) || discount != nil && zeroNaN(s.number(discount, row)) != 0
	})
	if discount != nil {
		d := func(row int) float64 { return zeroNaN(s.number(discount, row)) }
		try("quantity × price × (1 − discount)", true, false, func(row int, q float64) (float64, bool) { return q * p(row) * (1 - d(row)), d(row) != 0 })
		try("quantity × price × (1 − discount per cent)", true, false, func(row int, q float64) (float64, bool) {
			return q * p(row) * (1 - d(row)/100), d(row) != 0
		})
		try("quantity × price − discount", true, false, func(row int, q float64) (float64, bool) { return q*p(row) - d(row), d(row) != 0 })
		try("quantity × (price − discount)", true, false, func(row int, q float64) (float64, bool) { return q * (p(row) - d(row)), d(row) != 0 && apart(q) })
	}
	if tax != nil {
		d := func(row int) float64 { return zeroNaN(s.number(discount, row)) }
		t := func(row int) float64 { return zeroNaN(s.number(tax, row)) }
		try("quantity × price + tax", discount == nil, true, func(row int, q float64) (float64, bool) { return q*p(row) + t(row), t(row) != 0 })
		if discount != nil {
			try("quantity × price − discount + tax", true, true, func(row int, q float64) (float64, bool) {
				return q*p(row) - d(row) + t(row), t(row) != 0 && d(row) != 0
			})
			try("quantity × price × (1 − discount) + tax", true, true, func(row int, q float64) (float64, bool) {
				return q*p(row)*(1-d(row)) + t(row), t(row) != 0 && d(row) != 0
			})
		}
	}
	return best
}

// perUnit tells by products that were sold in different quantities whether an
// amount is of one unit or of the line: +1 unit, -1 line, 0 nobody knows.
func (s sums) perUnit(amount, product *column) int {
	if s.quantity == nil || product == nil {
		return 0
	}
	type seen struct{ q, a float64 }
	first := map[int32]seen{}
	unit, line, told := 0, 0, 0
	for row := range s.l.rows {
		q, a := math.Abs(s.number(s.quantity, row)), math.Abs(s.number(amount, row))
		if math.IsNaN(q) || math.IsNaN(a) || q == 0 || a == 0 {
			continue
		}
		code := product.codes[row]
		f, ok := first[code]
		if !ok {
			first[code] = seen{q, a}
			continue
		}
		if f.q == q {
			continue
		}
		told++
		if near(f.a, a, 1) {
			unit++
		} else if near(f.a*q/f.q, a, q) {
			line++
		}
	}
	switch {
	case unit > 2*line && unit*3 > told:
		return 1
	case slices.Contains(amount.words, "unit") && line*10 < told*9: // its name says otherwise
	case line > 2*unit && line*3 > told:
		return -1
	}
	return 0
}

// multiplier finds the quantity by arithmetic, whatever it is called: an amount
// is a price times it.
func (l *layout) multiplier(skip ...*column) *column {
	price, score := l.pick(unitPrices, aNumber, set(lineWords), skip...)
	if score < enough {
		return nil
	}
	for _, c := range l.columns {
		if c == price || slices.Contains(skip, c) || c.numeric < 0.95 || c.whole < 0.9 || c.distinct < 2 || c.dated.share > 0.5 || c.number.Currency {
			continue
		}
		for _, amount := range l.columns {
			if amount == c || amount == price || amount.filled == 0 || nameScore(amount, lineAmounts, lineWords) < enough {
				continue
			}
			if r := (sums{l, c}).relate(amount, price, nil, nil); r.share >= 0.9 && r.n >= 3 {
				return c
			}
		}
	}
	return nil
}

// amounts maps what lines cost.
func (x *inference) amounts(l *layout, b *block) {
	s := l.sale
	line := set(lineWords)
	used := []*column{s.order, s.product, s.customer, s.quantity, s.date}
	price, priceScore := l.pick(unitPrices, aNumber, line, used...)
	if priceScore < enough {
		price = nil
	}
	var amounts []*column
	for _, c := range l.columns {
		if c == price || slices.Contains(used, c) || l.repeats(c) || c.fits(aNumber, l) < 1 || c.filled == 0 || slices.Contains(c.words, "tax") || slices.Contains(c.words, "discount") {
			continue
		}
		if nameScore(c, lineAmounts, lineWords) >= enough {
			amounts = append(amounts, c)
		}
	}
	byScore(amounts, func(c *column) float64 { return nameScore(c, lineAmounts, lineWords) })
	discount, score := l.pick(discounts, aNumber, set(lineWords+" amount"), used...)
	if score < enough || discount.filled == 0 {
		discount = nil
	}
	tax, score := l.pick(taxes, aNumber, set(lineWords), used...)
	if score < enough || tax.filled == 0 || slices.Contains(tax.words, "rate") || slices.Contains(tax.words, "percent") {
		tax = nil
	}
	if discount != nil && l.ofOrder(discount, s.order) {
		if discount.minimum == 0 && discount.maximum == 0 {
			b.aside(discount, "is of the whole order")
		} else {
			e := b.column("discount_amount", discount, 0.4)
			e.open, e.drop = discount.name+": is of whole orders, which no line can show; without it sales are before it", true
		}
		discount = nil
	}
	if tax != nil && l.ofOrder(tax, s.order) {
		b.aside(tax, "is of the whole order")
		tax = nil
	}
	test := sums{l, s.quantity}
	if discount == nil && price != nil {
		if net := test.netPrice(price, used); net != nil {
			b.aside(price, "is before what "+net.name+" takes off")
			price = net
		}
	}
	discount = test.exactDiscount(discount, price)
	product := s.product
	if product == nil { // the next best that has a price of its own
		product, _ = l.pick(productTargets[2].names, anyText, line)
	}

	// An amount of the whole order is none of a line.
	amounts = slices.DeleteFunc(amounts, func(c *column) bool {
		if l.ofOrder(c, s.order) && (price == nil || test.relate(c, price, discount, tax).share < 0.8) {
			b.aside(c, "is of the whole order")
			return true
		}
		return false
	})
	if price != nil && l.ofOrder(price, s.order) && test.perUnit(price, product) <= 0 && len(amounts) > 0 {
		b.aside(price, "is of the whole order")
		price = nil
	}

	amounts = slices.DeleteFunc(amounts, func(c *column) bool { // with the tax in it, where another is without
		for _, o := range amounts {
			if o == c || tax == nil {
				continue
			}
			share, n := test.holds(c, func(row int, _ float64) (float64, bool) {
				t := zeroNaN(test.number(tax, row))
				return test.number(o, row) + t, t != 0
			})
			if n > 0 && share >= 0.95 {
				b.aside(c, "is "+o.name+" + tax")
				return true
			}
		}
		return false
	})

	var amount *column
	var how relation
	if price != nil {
		for _, c := range amounts {
			if r := test.relate(c, price, discount, tax); r.share >= 0.8 && (amount == nil || r.net && !how.net) && !r.taxed {
				amount, how = c, r
			} else if r.share >= 0.8 {
				b.aside(c, "is "+r.formula)
			}
		}
	}
	switch {
	case price != nil && amount != nil && price.negative*200 > price.filled && amount.negative > 0:
		e := b.column("line_amount", amount, 0.9)
		e.reason = how.formula + "; prices below 0 are returns, which the amount shows too"
		b.aside(price, "is below 0 on returns, which no price of a unit is")
		price = nil
		if !how.net {
			discount = nil
		}
	case price != nil && amount != nil:
		e := b.column("unit_price", price, min(priceScore, 1))
		e.sure = 0.97
		e.reason = fmt.Sprintf("%s is %s in %s of %d records that can tell", amount.name, how.formula, share(how.share), how.n)
		switch {
		case how.net && discount != nil:
			e := b.column("line_amount", amount, 0.97)
			e.reason = "net of discount: " + how.formula
		case discount != nil:
			b.aside(amount, "is before the discount: "+how.formula)
		default:
			b.aside(amount, "is "+how.formula)
		}
	case price != nil && len(amounts) == 0 && test.perUnit(price, product) < 0:
		e := b.column("line_amount", price, 0.9)
		e.reason = "of the line, not of one unit: it grows with the quantity"
		price, amount = nil, e.columns[0]
	case price != nil && len(amounts) == 0:
		e := b.column("unit_price", price, priceScore)
		if test.perUnit(price, product) > 0 {
			e.sure, e.reason = 0.97, "of one unit: it stays the same whatever the quantity"
		} else if s.quantity != nil {
			e.sure = min(e.sure, 0.85)
			e.reason = "by its name: of one unit"
		}
		if price.negative*200 > price.filled {
			e.open = fmt.Sprintf("%s: %d of the sample are below 0, which no price of a unit is; returns have quantities below 0", price.name, price.negative)
			e.choices = []string{e.text() + note + "those lines go to silver.quarantine"}
			e.essential = true
		}
	case price != nil: // amounts that do not follow from it
		amount = amounts[0]
		less, n := test.holds(amount, func(row int, q float64) (float64, bool) {
			most := math.Abs(q * test.number(price, row))
			return math.Min(most, math.Abs(test.number(amount, row))), true
		})
		if n > 0 && less >= 0.95 {
			e := b.column("unit_price", price, min(priceScore, 0.8))
			e.reason = "by its name; no amount is more than quantity × this"
			e = b.column("line_amount", amount, min(nameScore(amount, lineAmounts, lineWords), 0.8))
			e.reason = "by its name: what was paid; never more than quantity × price, which may be a discount"
			break
		}
		e := b.column("unit_price", price, min(priceScore, 0.7))
		e.reason = fmt.Sprintf("by its name; %s does not follow from it and is left out", amount.name)
		b.aside(amount, "is not quantity × "+price.name)
		amount = nil
	case len(amounts) > 0:
		c := amounts[0]
		score := nameScore(c, lineAmounts, lineWords)
		if test.perUnit(c, product) > 0 {
			e := b.column("unit_price", c, 0.85)
			e.reason = "of one unit: it stays the same whatever the quantity"
			price = c
			break
		}
		amount = c
		e := b.column("line_amount", c, min(score, 0.9))
		e.reason = "by its name: of the line"
		if test.perUnit(c, product) < 0 {
			e.sure, e.reason = 0.95, "of the line: it grows with the quantity"
		} else if s.quantity == nil {
			e.reason = "by its name; each record is one unit"
		}
	default:
		if p := x.products(); p != nil {
			b.notes = append(b.notes, "The lines carry no price: the product's counts.")
		} else {
			b.fail("unit_price", "no column of prices or amounts was found, on the lines or on products")
		}
	}
	if e := b.has("line_amount"); e != nil && price == nil && discount != nil && test.beforeDiscount(e.columns[0], discount, product) {
		e.open = fmt.Sprintf("%s: is the same whatever %s is: it is before the discount, and no price of one unit is there to take it off", e.columns[0].name, discount.name)
		e.choices = []string{e.text() + note + "sales before the discount"}
		e.essential = true
	}
	x.discount(l, b, discount, price, amount, how)
	if tax != nil && (price != nil || amount != nil) {
		e := b.column("tax_amount", tax, nameScore(tax, taxes, lineWords))
		e.sure = min(e.sure, 0.9)
	}
}

func (x *inference) products() *layout {
	for _, l := range x.with(productRole) {
		if _, score := l.pick(productTargets[6].names, aNumber, l.context("product")); score >= enough {
			return l
		}
	}
	return nil
}
