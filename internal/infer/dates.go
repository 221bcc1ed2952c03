package infer

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/smeltdata/smelt/pipeline"
)

// dates is how a column writes dates.
type dates struct {
	share    float64  // of the values that are dates
	patterns []string // strftime patterns; "" = ISO 8601
	timed    bool     // with a time of day
	zoned    bool     // with an offset

	// Where days and months could be either: the patterns of the other reading.
	unsure bool
	mixed  bool     // some values are days first for certain, others months first
	other  []string // with months first where patterns has days first
	first  string   // a value that shows it
	open   int      // how many records it is that could be either
	reason string
}

// The parts of date patterns. A pattern with days first has one with months
// first beside it.
var (
	plainDays = []string{"%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %b %y", "%d. %b %Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%b-%d-%y", "%b/%d/%Y",
		"%A, %B %d, %Y", "%a %b %d %Y", "%a, %d %b %Y", "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"}
	eitherDays = [][2]string{{"%d/%m/%Y", "%m/%d/%Y"}, {"%d-%m-%Y", "%m-%d-%Y"}, {"%d/%m/%y", "%m/%d/%y"}, {"%d-%m-%y", "%m-%d-%y"}, {"%d %m %Y", "%m %d %Y"}}
	clocks     = []string{"", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", ", %H:%M:%S", ", %H:%M", ", %I:%M %p", ", %I:%M:%S %p",
		" %H:%M:%S %z", " %H:%M:%S.%f %z", " %H:%M:%S %Z", " %H:%M:%S.%f %Z", " %H.%M", " %H:%M:%S %p"}
)

// layoutOf is a pattern, ready to read by.
type layoutOf struct {
	pattern string // "" = ISO 8601
	swapped int    // the pattern with months first, or days first; -1 = none
	days    bool   // days first, where swapped ≥ 0
	parser  *pipeline.Parser
}

var allPatterns = sync.OnceValue(func() []layoutOf {
	var out []layoutOf
	add := func(pattern string) int {
		c := pipeline.Cast{Type: pipeline.TimestampType}
		if pattern != "" {
			c.Dates = []string{pattern}
		}
		p, err := pipeline.NewParser(c)
		if err != nil {
			return -1
		}
		out = append(out, layoutOf{pattern: pattern, swapped: -1, parser: p})
		return len(out) - 1
	}
	add("")
	for _, clock := range clocks {
		for _, day := range plainDays {
			add(day + clock)
		}
		for _, either := range eitherDays {
			d, m := add(either[0]+clock), add(either[1]+clock)
			if d >= 0 && m >= 0 {
				out[d].swapped, out[m].swapped, out[d].days = m, d, true
			}
		}
	}
	return out
})

func (l *layoutOf) reads(text string) bool {
	_, status := l.parser.Timestamp([]byte(text))
	return status == pipeline.Parsed
}

const (
	probeValues = 200   // of a column, evenly spaced, that every pattern is tried on
	dateValues  = 20000 // that the patterns which read any of those are tried on
)

// datesOf finds the patterns of a column's dates.
func datesOf(c *column) (d dates) {
	var values []string
	var counts []int
	total := 0
	digits := 0
	c.filledValues(func(_ int, v string, n int) {
		if len(values) == dateValues {
			return
		}
		total += n
		values, counts = append(values, v), append(counts, n)
		if strings.ContainsAny(v, "0123456789") {
			digits += n
		}
	})
	if total == 0 || digits*2 < total {
		return d
	}
	patterns := allPatterns()
	read, matched := make([]bool, len(values)), 0
	for len(d.patterns) < 4 {
		var unread []string
		for k, v := range values {
			if !read[k] && len(v) <= 40 {
				unread = append(unread, v)
			}
		}
		probe := evenly(unread, probeValues)
		best, bestCount := -1, 0
		for i := range patterns {
			if !slices.ContainsFunc(probe, patterns[i].reads) {
				continue
			}
			n := 0
			for k, v := range values {
				if !read[k] && patterns[i].reads(v) {
					n += counts[k]
				}
			}
			// Of two readings that fit as well, days first is looked at first:
			// decide then compares them.
			if n > bestCount {
				best, bestCount = i, n
			}
		}
		if best < 0 || len(d.patterns) == 0 && bestCount*4 < total {
			break
		}
		d.take(&patterns[best], patterns, values, counts, read)
		for k, v := range values {
			if !read[k] && (patterns[best].reads(v) || patterns[best].swapped >= 0 && patterns[patterns[best].swapped].reads(v)) {
				read[k] = true
				matched += counts[k]
			}
		}
	}
	d.share = float64(matched) / float64(total)
	return d
}

// dropRare leaves a few values that could be either to _rescued_data, where
// the others are clear: half a file is not to wait for them.
func (d *dates) dropRare(filled int) {
	if !d.unsure || d.mixed || len(d.patterns) < 2 || d.open*20 > filled {
		return
	}
	for i := range d.patterns {
		if d.patterns[i] != d.other[i] {
			d.patterns, d.other = slices.Delete(d.patterns, i, i+1), slices.Delete(d.other, i, i+1)
			break
		}
	}
	d.unsure = false
	d.reason = fmt.Sprintf("%d values such as %s could be day first or month first: they are left unread", d.open, d.first)
}

// take adds a pattern to the column's: for one that could be days or months
// first, the values decide.
func (d *dates) take(p *layoutOf, all []layoutOf, values []string, counts []int, read []bool) {
	d.timed = d.timed || strings.Contains(p.pattern, "%M") || p.pattern == "" && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, ":") })
	d.zoned = d.zoned || strings.Contains(strings.ToLower(p.pattern), "%z") || p.pattern == "" && slices.ContainsFunc(values, isoOffset.MatchString)
	if p.swapped < 0 {
		d.patterns, d.other = append(d.patterns, p.pattern), append(d.other, p.pattern)
		return
	}
	days, months := p, &all[p.swapped]
	if !p.days {
		days, months = months, days
	}
	onlyDays, onlyMonths, either := 0, 0, 0
	first, proof := "", ""
	for k, v := range values {
		if read[k] {
			continue
		}
		asDays, asMonths := days.reads(v), months.reads(v)
		switch {
		case asDays && asMonths:
			either += counts[k]
			if first == "" {
				first = v
			}
		case asDays:
			onlyDays += counts[k]
			if onlyDays == counts[k] {
				proof = v
			}
		case asMonths:
			onlyMonths += counts[k]
			if onlyMonths == counts[k] && proof == "" {
				proof = v
			}
		}
	}
	d.settle(days.pattern, months.pattern, onlyDays, onlyMonths, either, first, proof)
}

var isoOffset = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ].*([Zz]|[+-]\d{2}(:?\d{2})?)$`)

// settle decides between days and months first by what can only be one of them.
func (d *dates) settle(days, months string, onlyDays, onlyMonths, either int, first, proof string) {
	switch {
	case onlyDays > 200*onlyMonths && onlyMonths > 0:
		d.settle(days, months, onlyDays, 0, either, first, proof)
		d.reason += fmt.Sprintf("; %d cannot be read so", onlyMonths)
	case onlyMonths > 200*onlyDays && onlyDays > 0:
		d.settle(days, months, 0, onlyMonths, either, first, proof)
		d.reason += fmt.Sprintf("; %d cannot be read so", onlyDays)
	case onlyDays > 0 && onlyMonths > 0:
		d.patterns, d.other = append(d.patterns, days), append(d.other, months)
		d.unsure, d.mixed, d.first = true, true, proof
		d.reason = fmt.Sprintf("%d values can only have the day first, %d only the month", onlyDays, onlyMonths)
	case onlyDays > 0:
		d.patterns, d.other = append(d.patterns, days), append(d.other, days)
		d.reason = fmt.Sprintf("day first: %s can be nothing else", proof)
	case onlyMonths > 0:
		d.patterns, d.other = append(d.patterns, months), append(d.other, months)
		d.reason = fmt.Sprintf("month first: %s can be nothing else", proof)
	default:
		d.patterns, d.other = append(d.patterns, days), append(d.other, months)
		d.unsure, d.first, d.open = true, first, either
		d.reason = fmt.Sprintf("all %d values could be day first or month first", either)
	}
}

// decideDates reads all values of a column whose sample leaves days and months
// open, and then asks the file's other dates.
func (l *layout) decideDates(ctx context.Context, open pipeline.Opener) error {
	for _, c := range l.columns {
		d := &c.dated
		if !d.unsure || d.mixed || d.share < 0.8 || l.whole {
			continue
		}
		patterns := allPatterns()
		var days, months *layoutOf
		for i := range patterns {
			if p := &patterns[i]; p.swapped >= 0 && p.days && slices.Contains(d.patterns, p.pattern) {
				days, months = p, &patterns[p.swapped]
			}
		}
		if days == nil {
			continue
		}
		onlyDays, onlyMonths, either, proof := 0, 0, 0, ""
		err := l.each(ctx, open, c, func(v string) {
			switch asDays, asMonths := days.reads(v), months.reads(v); {
			case asDays && asMonths:
				either++
			case asDays:
				onlyDays++
				proof = v
			case asMonths:
				onlyMonths++
				proof = v
			}
		})
		if err != nil {
			return err
		}
		at := slices.Index(d.patterns, days.pattern)
		d.patterns, d.other = slices.Delete(d.patterns, at, at+1), slices.Delete(d.other, at, at+1)
		d.unsure = false
		d.settle(days.pattern, months.pattern, onlyDays, onlyMonths, either, d.first, proof)
		d.reason += ", in the whole file"
	}
	l.followOtherDates()
	for _, c := range l.columns {
		c.dated.dropRare(c.filled)
	}
	return nil
}

// followOtherDates lets a column whose values leave days and months open be
// read as the other dates of the same files, written with the same sign, are.
func (l *layout) followOtherDates() {
	for _, c := range l.columns {
		d := &c.dated
		if !d.unsure || d.mixed {
			continue
		}
		for _, o := range l.columns {
			if o == c || o.dated.unsure || o.dated.share < 0.8 {
				continue
			}
			for i := range d.patterns {
				if d.patterns[i] == d.other[i] || !d.unsure {
					continue
				}
				for _, p := range o.dated.patterns {
					if dayPart(p) == dayPart(d.patterns[i]) || dayPart(p) == dayPart(d.other[i]) {
						if dayPart(p) == dayPart(d.other[i]) {
							d.patterns[i] = d.other[i]
						}
						d.other[i], d.unsure = d.patterns[i], false
						d.reason = fmt.Sprintf("as %s of the same file, where %s", o.name, o.dated.reason)
						break
					}
				}
			}
		}
	}
}

func dayPart(pattern string) string {
	day, _, _ := strings.Cut(pattern, "%H")
	day, _, _ = strings.Cut(day, "%I")
	return strings.TrimRight(day, " T,")
}

// evenly returns n of the values at most, evenly spaced.
func evenly(values []string, n int) []string {
	if len(values) <= n {
		return values
	}
	out := make([]string, n)
	for i := range out {
		out[i] = values[i*(len(values)-1)/(n-1)]
	}
	return out
}
