package infer

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

var notNumber = math.NaN()

// parseNumbers reads the column's values as numbers of a style.
func (c *column) parseNumbers(style pipeline.Number) (share float64, numbers []float64, st found) {
	p, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.PriceType, Number: style})
	if err != nil {
		return 0, nil, st
	}
	numbers = make([]float64, len(c.values))
	for i := range numbers {
		numbers[i] = notNumber
	}
	parsed, whole, all := 0, 0, 0
	c.filledValues(func(i int, v string, n int) {
		all += n
		d, status := p.Decimal([]byte(v))
		if status != pipeline.Parsed && status != pipeline.Rounded {
			return
		}
		x := float64(d) / 1e4
		numbers[i] = x
		if parsed == 0 {
			st.minimum, st.maximum = x, x
		}
		parsed += n
		st.minimum, st.maximum = min(st.minimum, x), max(st.maximum, x)
		if d%10000 == 0 {
			whole += n
		}
		if x < 0 {
			st.negative += n
		}
	})
	if all == 0 {
		return 0, numbers, st
	}
	st.whole = float64(whole) / float64(all)
	return float64(parsed) / float64(all), numbers, st
}

var (
	threeDigits = regexp.MustCompile(`^\D*[1-9]\d{0,2}[.,]\d{3}\D*$`)
	separated   = regexp.MustCompile(`\d[.,]\d`)
)

// thousandths asks what 1.234 is where nothing in the files tells: a thousand
// and more, or one and a fraction.
func (l *layout) thousandths(e *entry, t target, c *column) {
	if t.want != aNumber && !slices.Contains(numericTargets, e.target) || l.number.Decimal == '.' || e.open != "" {
		return
	}
	signs, first, plainly := map[byte]bool{}, "", 0
	c.filledValues(func(_ int, v string, _ int) {
		switch {
		case !separated.MatchString(v):
		case threeDigits.MatchString(v):
			first = cmp.Or(first, v)
			signs[v[strings.IndexAny(v, ".,")]] = true
		default:
			plainly++
		}
	})
	if first == "" || plainly > 0 || len(signs) > 1 || l.proof || signs[','] && l.read.Delimiter != ";" {
		return
	}
	sign, other := ".", ","
	if signs[','] {
		sign, other = ",", "."
	}
	e.open = fmt.Sprintf("%s: is %s more than a thousand, or has it a fraction", c.name, first)
	thousands, fraction := *e, *e
	thousands.number, fraction.number = fmt.Sprintf("{decimal: %q, thousands: %q}", other, sign), fmt.Sprintf("{decimal: %q}", sign)
	e.choices = []string{thousands.text(), fraction.text()}
}

// plain reports whether numbers are written in plain digits with a point.
func plain(n pipeline.Number) bool { return n == pipeline.Number{} }

// near reports whether two amounts are the same but for rounding.
func near(a, b, units float64) bool {
	return math.Abs(a-b) <= 0.011+0.005*math.Min(math.Abs(units), 20)+1e-6*math.Abs(b)
}
