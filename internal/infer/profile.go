package infer

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/smeltdata/smelt/pipeline"
)

// profile is what the values of a column are like.
type profile struct {
	filled   int      // records that have a value
	distinct int      // different values
	nulls    []string // texts that stand for no value, such as nan or N/A
	unique   float64  // distinct per filled

	numeric  float64         // share of the values that are numbers, written as number says
	number   pipeline.Number // how numbers are written
	signs    []string        // the currency signs of the values, where there are several
	whole    float64         // share that are whole numbers
	floatID  bool            // all are whole numbers with a zero fraction: 17850.0
	negative int             // records below zero
	minimum  float64
	maximum  float64

	dated dates
	email float64 // share that looks like e-mail addresses
	clock float64 // share that are times of day

	numbers []float64 // by code; NaN where none
	used    bool      // as the key of a lookup
}

// nullTexts are the texts that programs write for no value.
var nullTexts = []string{"nan", "NaN", "NAN", "null", "NULL", "Null", "N/A", "n/a", "#N/A", "NaT", "<NA>", `\N`, "None", "none", "nil", "(null)", "k.A.", "NA", "-", "--", "?", "#REF!"}

// certainNulls are those that mean nothing else in a text either.
var certainNulls = []string{"nan", "NaN", "NAN", "null", "NULL", "Null", "N/A", "n/a", "#N/A", "NaT", "<NA>", `\N`, "(null)", "k.A.", "-", "--"}

var (
	floatID   = regexp.MustCompile(`^-?\d+[.]0+$`)
	emailLike = regexp.MustCompile(`^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$`)
	clockLike = regexp.MustCompile(`^\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?$`)
)

// filledValues calls f for each value with its count, null texts and the empty
// one apart.
func (c *column) filledValues(f func(code int, value string, count int)) {
	for i, v := range c.values {
		if v != "" && !slices.Contains(c.nulls, v) {
			f(i, v, c.counts[i])
		}
	}
}

// profileAll looks at every column of the layout. How numbers are written is
// decided for the whole layout: a decimal comma in one column tells what 1.234
// means in another.
func (l *layout) profileAll() {
	for _, c := range l.columns {
		c.findNulls()
		c.measure()
	}
	l.number = l.numberStyle()
	for _, c := range l.columns {
		c.findNumbers(l.number)
		c.findDates()
	}
}

// findNulls takes the texts that stand for no value: in texts those that mean
// nothing else, in numbers and dates any, where they are no accident.
func (c *column) findNulls() {
	filled, other, digits := 0, 0, 0
	for i, v := range c.values {
		if v == "" {
			continue
		}
		filled += c.counts[i]
		if !slices.Contains(nullTexts, v) {
			other += c.counts[i]
			if strings.ContainsAny(v, "0123456789") {
				digits += c.counts[i]
			}
		}
	}
	for i, v := range c.values {
		switch {
		case other == 0 && filled > 0 && c.counts[i] == filled: // a column of nothing else
			if slices.Contains(certainNulls, v) {
				c.nulls = append(c.nulls, v)
			}
		case digits*10 >= other*9 && slices.Contains(nullTexts, v): // numbers, dates, ids
			if c.counts[i]*50 >= filled || slices.Contains(c.words, "id") {
				c.nulls = append(c.nulls, v)
			}
		case slices.Contains(certainNulls, v) && c.counts[i]*50 >= filled && !slices.Contains(c.words, "email"):
			c.nulls = append(c.nulls, v)
		}
	}
}

func (c *column) measure() {
	floats, emails, clocks := 0, 0, 0
	c.filledValues(func(_ int, v string, n int) {
		c.filled += n
		c.distinct++
		if floatID.MatchString(v) {
			floats += n
		}
		if emailLike.MatchString(v) {
			emails += n
		}
		if clockLike.MatchString(v) {
			clocks += n
		}
	})
	if c.filled > 0 {
		all := float64(c.filled)
		c.unique = float64(c.distinct) / all
		c.floatID = float64(floats) >= 0.95*all
		c.email, c.clock = float64(emails)/all, float64(clocks)/all
	}
}

var (
	commaFraction = regexp.MustCompile(`\d,(\d{1,2}|\d{4,})\D*$`)
	pointFraction = regexp.MustCompile(`\d[.](\d{1,2}|\d{4,})\D*$`)
	commaGroup    = regexp.MustCompile(`^\D*\d{1,3}(,\d{3})+(\D|$)`)
	pointGroup    = regexp.MustCompile(`^\D*\d{1,3}([.]\d{3})+(\D|$)`)
	points        = regexp.MustCompile(`^\D*\d{1,3}([.]\d{3}){2,}(\D|$)`)
	blankGroup    = regexp.MustCompile(`^\D*\d{1,3}([ \x{a0}\x{202f}\x{2009}]\d{3})+(\D|$)`)
	quoteGroup    = regexp.MustCompile(`^\D*\d{1,3}(['’]\d{3})+(\D|$)`)
	numberish     = regexp.MustCompile(`^(\d{1,3}([.,'’ \x{a0}\x{202f}\x{2009}]\d{3})+|\d+)([.,]\d+)?$`)
)

// currencies are the codes that may stand beside an amount.
var currencies = set(`USD EUR GBP CHF JPY CNY INR BRL CAD AUD SEK NOK DKK PLN CZK HUF MXN ZAR TRY RUB
	KRW SGD HKD NZD THB AED SAR ILS RON BGN UAH IDR MYR PHP VND CLP COP ARS PEN EGP
	NGN KES`)

// signCodes are the codes that some signs are written for.
var signCodes = map[string]string{"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "R$": "BRL", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"}

// unsigned cuts a currency's sign or code off a number. A code that is no
// currency's is a part of an id.
func unsigned(v string) (rest, sign string) {
	text := []byte(strings.TrimLeft(v, "-+("))
	number, mark := pipeline.CutCurrency(text)
	if len(mark) == 0 || len(mark) == 3 && 'A' <= mark[0] && mark[0] <= 'Z' && mark[2] <= 'Z' && !currencies[string(mark)] {
		return v, ""
	}
	return strings.TrimSpace(string(number)), string(mark)
}

// likeNumber reports whether a text is a number in any style.
func likeNumber(v string) bool {
	v, _ = unsigned(v)
	v = strings.TrimSpace(strings.Trim(v, "+-()%"))
	return v != "" && len(v) < 40 && v[0]-'0' <= 9 && v[len(v)-1]-'0' <= 9 && numberish.MatchString(v)
}

// numberStyle decides what separates fractions and thousands in a layout.
func (l *layout) numberStyle() pipeline.Number {
	comma, point, grouped, pointed, blank, quoted := 0, 0, 0, 0, 0, 0
	for _, c := range l.columns {
		like := 0
		c.filledValues(func(_ int, v string, n int) {
			if likeNumber(v) {
				like += n
			}
		})
		if c.filled == 0 || like*10 < c.filled*8 {
			continue
		}
		c.filledValues(func(_ int, v string, n int) {
			if !likeNumber(v) {
				return
			}
			if commaFraction.MatchString(v) {
				comma += n
			}
			if pointFraction.MatchString(v) {
				point += n
			}
			if commaGroup.MatchString(v) {
				grouped += n
			}
			if pointGroup.MatchString(v) && (strings.Contains(v, ",") || points.MatchString(v)) {
				pointed += n
			} else if pointGroup.MatchString(v) {
				pointed += n
			}
			if blankGroup.MatchString(v) {
				blank += n
			}
			if quoteGroup.MatchString(v) {
				quoted += n
			}
		})
	}
	l.proof = comma+point > 0
	var s pipeline.Number
	if comma > point || comma == 0 && point == 0 && grouped > 0 && l.read.Delimiter == ";" {
		s.Decimal = ','
		if pointed > 0 {
			s.Thousands = '.'
		}
	} else if grouped > 0 {
		s.Thousands = ','
	}
	if s.Thousands == 0 && blank > 0 {
		s.Thousands = ' '
	}
	if s.Thousands == 0 && quoted > 0 {
		s.Thousands = '\''
	}
	return s
}

// findNumbers finds which values are numbers, in the layout's style or in
// plain digits, and what their signs are.
func (c *column) findNumbers(style pipeline.Number) {
	try := []pipeline.Number{{}}
	if style != (pipeline.Number{}) {
		try = append([]pipeline.Number{style}, try...)
	}
	currency, percent, parens, signs := 0, 0, 0, map[string]int{}
	c.filledValues(func(_ int, v string, n int) {
		if !strings.ContainsFunc(v, unicode.IsDigit) {
			return
		}
		if _, sign := unsigned(v); sign != "" {
			currency += n
			signs[cmp.Or(signCodes[sign], sign)] += n
		}
		if strings.HasSuffix(v, "%") {
			percent += n
		}
		if strings.HasPrefix(v, "(") && strings.HasSuffix(v, ")") {
			parens += n
		}
	})
	if len(signs) > 1 {
		c.signs = slices.Sorted(maps.Keys(signs))
	}
	best := -1.0
	for _, s := range try {
		s.Currency, s.Percent, s.Parentheses = currency > 0, percent > 0, parens > 0
		share, numbers, st := c.parseNumbers(s)
		if share > best {
			best = share
			c.numeric, c.number, c.numbers = share, s, numbers
			c.whole, c.negative, c.minimum, c.maximum = st.whole, st.negative, st.minimum, st.maximum
		}
	}
}

// found tells about numbers.
type found struct {
	whole            float64
	negative         int
	minimum, maximum float64
}

// findDates finds the patterns that dates are written in.
func (c *column) findDates() {
	if c.numeric > 0.9 && c.maximum < 1e7 { // 20240131 is a date and a number
		return
	}
	c.dated = datesOf(c)
}
