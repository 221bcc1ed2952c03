package synth

import (
	"math/bits"
	"sort"
	"time"
)

// calendar spreads the orders over the shop's days. Order i is placed before
// order i+1; the place of an order follows from its number and the number of
// orders alone.
type calendar struct {
	first  []int64  // first order of each day; one more entry holds the number of orders
	text   []string // "2023-01-01"
	minute [minuteSteps + 1]int
}

// The shop's two years.
const (
	firstYear = 2023
	years     = 2
	days      = 365 + 366
)

var dayZero = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)

const minuteSteps = 1024

// season is how busy the middle of each month is, weekday each day from Sunday
// on, and hours each hour of a day.
var (
	season  = [12]uint64{84, 80, 88, 92, 98, 96, 90, 92, 98, 104, 132, 148}
	weekday = [7]uint64{118, 104, 98, 96, 97, 100, 87}
	hours   = [24]int{5, 3, 2, 1, 1, 2, 5, 10, 18, 26, 31, 33, 36, 33, 31, 31, 32, 35, 40, 47, 52, 47, 32, 14}
)

func newCalendar(orders int64) *calendar {
	c := &calendar{first: make([]int64, days+1), text: make([]string, days)}
	var sums [days + 1]uint64
	for d := range days {
		t := dayZero.AddDate(0, 0, d)
		c.text[d] = t.Format("2006-01-02")
		// Between the middles of two months, in proportion.
		month, day := int(t.Month())-1, t.Day()
		from, to, step := (month+11)%12, month, day+15
		if day > 15 {
			from, to, step = month, (month+1)%12, day-15
		}
		step = min(step, 30)
		w := season[from]*uint64(30-step) + season[to]*uint64(step)
		w *= weekday[t.Weekday()]
		w *= uint64(1200 + d) // growth: the last day is half as busy again as the first
		switch {
		case t.Month() == time.November && t.Weekday() == time.Friday && day >= 23 && day <= 29:
			w *= 3 // Black Friday
		case t.Month() == time.December && day >= 25 && day <= 26:
			w /= 3
		}
		sums[d+1] = sums[d] + w
	}
	for d := range sums {
		hi, lo := bits.Mul64(uint64(orders), sums[d])
		q, _ := bits.Div64(hi, lo, sums[days])
		c.first[d] = int64(q)
	}
	total := 0
	for _, h := range hours {
		total += h
	}
	at, before := 0, 0 // the hour that holds the step, and the share of those before it
	for i := range minuteSteps {
		want := i * total
		for (before+hours[at])*minuteSteps <= want {
			before += hours[at]
			at++
		}
		c.minute[i] = at*60 + (want-before*minuteSteps)*60/(hours[at]*minuteSteps)
	}
	c.minute[minuteSteps] = 24 * 60
	return c
}

// day returns the day of an order.
func (c *calendar) day(order int64) int {
	return sort.Search(days, func(d int) bool { return c.first[d+1] > order })
}

// time returns the minute of the day at which an order of that day was made.
func (c *calendar) time(order int64, day int) int {
	from, n := c.first[day], c.first[day+1]-c.first[day]
	at := ((order-from)*2 + 1) * minuteSteps * 64 / (2 * n) // in 64ths of a step
	i, part := int(at/64), int(at%64)
	return c.minute[i] + (c.minute[i+1]-c.minute[i])*part/64
}

// yearStart returns the first order of a year, 0 being the shop's first one.
func (c *calendar) yearStart(year int) int64 {
	return c.first[int(dayZero.AddDate(year, 0, 0).Sub(dayZero).Hours())/24]
}
