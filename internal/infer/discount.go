package infer

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// discount maps a discount as a rate or as an amount.
func (x *inference) discount(l *layout, b *block, c, price, amount *column, how relation) {
	if c == nil {
		return
	}
	rated := slices.Contains(c.words, "rate") || slices.Contains(c.words, "percent")
	amounts := slices.Contains(c.words, "amount")
	out := 0 // records outside 0..1
	below, above := 0, 0
	c.filledValues(func(i int, _ string, n int) {
		x := c.numbers[i]
		if x < 0 || x > 1 {
			out += n
		}
		if x < 0 {
			below += n
		} else if x > 0 {
			above += n
		}
	})
	small := out*100 <= c.filled*5
	if c.maximum == 0 && slices.Contains(c.words, "percent") && !c.number.Percent {
		small = false // none yet: its name says what they will be
	}
	switch {
	case strings.Contains(how.formula, "(price − discount)"):
		b.aside(c, "is of one unit: the amounts are net of it already")
	case below > above && amount != nil:
		b.aside(c, "is below 0, which a discount is not; the amounts are taken as net of it")
	case below > above:
		e := b.column("discount_amount", c, 0.4)
		e.open, e.drop = c.name+": is below 0, which a discount is not; without it sales are before it", true
	case strings.Contains(how.formula, "1 − discount)"), c.number.Percent && !amounts, small && !amounts && (rated || c.whole < 1 || c.maximum == 0 || c.maximum == 1):
		e := b.column("discount_rate", c, 0.9)
		e.reason = "a fraction: all but few values are between 0 and 1"
		switch {
		case how.net && strings.Contains(how.formula, "1 − discount)"):
			e.sure, e.reason = 0.97, "a fraction: the amount is "+how.formula
		case c.number.Percent:
			e.reason = "in per cent"
		}
	case strings.Contains(how.formula, "per cent"), rated && !amounts:
		e := b.column("discount_rate", c, 0.85)
		e.from, e.template, e.number = nil, "{"+c.name+"}%", "{percent: true}"
		e.reason = "whole per cent: 15 is 0.15"
		if c.number.Decimal != 0 {
			e.number = fmt.Sprintf("{decimal: %q, percent: true}", string(c.number.Decimal))
		}
	case strings.Contains(how.formula, "− discount"), amounts:
		e := b.column("discount_amount", c, 0.9)
		e.reason = "by its name: an amount of the line"
		if how.net {
			e.sure, e.reason = 0.97, "an amount: the line's is "+how.formula
		}
	case c.maximum > 100 || c.whole < 0.7:
		e := b.column("discount_amount", c, 0.75)
		e.reason = "an amount of the line: values such as " + c.example() + " are no fractions and hardly per cent"
	case price == nil:
		b.aside(c, "may be an amount or per cent; the line's amount is taken as net of it")
	default:
		e := b.column("discount_amount", c, 0.4)
		cents := &entry{target: "discount_rate", template: "{" + c.name + "}%", number: "{percent: true}"}
		e.open = c.name + ": an amount of the line, or per cent?"
		e.choices = []string{e.text(), cents.text()}
	}
}

// netPrice finds a price of one unit that discounts are taken off already,
// beside the one they are not: never more than that, and somewhere less.
func (s sums) netPrice(price *column, skip []*column) *column {
	net, score := s.l.pick(patterns("net price", 1.0, "unit price net", 1.0, "sales price net", 1.0, "price discount", 1.0), aNumber, set("unit"), append(skip, price)...)
	if score < 0.9 || slices.Contains(price.words, "net") {
		return nil
	}
	n, less, more := 0, 0, 0
	for row := range s.l.rows {
		a, b := s.number(net, row), s.number(price, row)
		switch {
		case math.IsNaN(a) || math.IsNaN(b):
			continue
		case a < b:
			less++
		case a > b:
			more++
		}
		n++
	}
	if n == 0 || less == 0 || more*100 > n || net.minimum <= 0 && net.maximum <= 0 {
		return nil
	}
	return net
}

// beforeDiscount reports whether an amount of the line is before its discount:
// what a product's unit brings stays the same, discount or none.
func (s sums) beforeDiscount(amount, discount, product *column) bool {
	if product == nil {
		return false
	}
	plain := map[int32]float64{} // what a unit of a product brings without a discount
	each := func(f func(code int32, q, each, d float64)) {
		for row := range s.l.rows {
			q := 1.0
			if s.quantity != nil {
				q = s.number(s.quantity, row)
			}
			if a := s.number(amount, row); !math.IsNaN(a) && !math.IsNaN(q) && q != 0 && a != 0 {
				f(product.codes[row], q, a/q, zeroNaN(s.number(discount, row)))
			}
		}
	}
	each(func(code int32, _, unit, d float64) {
		if d == 0 {
			plain[code] = unit
		}
	})
	same, told := 0, 0
	each(func(code int32, q, unit, d float64) {
		if base, ok := plain[code]; ok && math.Abs(d) > 0.02 {
			told++
			if near(unit*q, base*q, q) {
				same++
			}
		}
	})
	return told >= 2 && same*10 >= told*8
}

// exactDiscount takes the amount of a discount before its rate, where both are
// given: the amount is what the shop has rounded.
func (s sums) exactDiscount(discount, price *column) *column {
	if discount == nil || price == nil || slices.Contains(discount.words, "amount") {
		return discount
	}
	for _, c := range s.l.columns {
		if c == discount || !slices.Contains(c.words, "amount") || nameScore(c, discounts, lineWords) < enough || c.fits(aNumber, s.l) < 1 {
			continue
		}
		for _, of := range []float64{1, 100} {
			if share, n := s.holds(c, func(row int, q float64) (float64, bool) {
				d := zeroNaN(s.number(discount, row)) / of
				return q * s.number(price, row) * d, d != 0
			}); n > 0 && share >= 0.95 {
				return c
			}
		}
	}
	return discount
}
