package infer

import (
	"fmt"
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
	over := 0
	c.filledValues(func(i int, _ string, n int) {
		if x := c.numbers[i]; x < 0 || x > 1 {
			out += n
			if x < 0 {
				over += n
			}
		}
	})
	small := out*100 <= c.filled*5
	switch {
	case strings.Contains(how.formula, "(price − discount)"):
		b.aside(c, "is of one unit: the amounts are net of it already")
	case over*2 > c.filled:
		b.aside(c, "is negative, which a discount is not")
		if amount == nil {
			b.notes = append(b.notes, "unsure: "+c.name+" is negative and left out; the amounts are before it.")
		}
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
