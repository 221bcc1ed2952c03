package silver

import (
	"math"
	"slices"
	"time"
)

const (
	microsPerDay = 86_400_000_000
	maxMicros    = math.MaxInt64 - microsPerDay // instants beyond it, either side, count as it
)

// zone is the offsets of a time zone over the years that orders fall in. It is
// immutable.
type zone struct {
	loc   *time.Location
	spans []span // ascending, without gaps
}

// span is a time during which one offset is in force. Times are microseconds.
type span struct{ from, until, offset int64 }

func newZone(loc *time.Location) *zone {
	if loc == nil {
		loc = time.UTC
	}
	z := &zone{loc: loc}
	const from, end = -31 * microsPerDay, 131 * 36_525 * microsPerDay / 100 // December 1969 to January 2101
	for at := int64(from); ; {
		s := spanOf(time.UnixMicro(at).In(loc))
		if s.until <= at {
			// Go ends the years of a zone's rule after 365 days and then finds
			// no bound on the last day of a leap year.
			s.until = at + microsPerDay
		}
		if n := len(z.spans); n > 0 && z.spans[n-1].offset == s.offset {
			z.spans[n-1].until = s.until
		} else {
			s.from = at
			z.spans = append(z.spans, s)
		}
		if s.until >= end {
			break
		}
		at = s.until
	}
	return z
}

func spanOf(t time.Time) span {
	_, offset := t.Zone()
	s := span{from: math.MinInt64, until: math.MaxInt64, offset: int64(offset) * 1_000_000}
	from, until := t.ZoneBounds()
	if !from.IsZero() {
		s.from = from.UnixMicro()
	}
	if !until.IsZero() {
		s.until = until.UnixMicro()
	}
	return s
}

// calendar tells the day on which an instant falls in a zone. It belongs to
// one goroutine.
type calendar struct {
	*zone
	last span
}

// day returns the days since 1970-01-01 of an instant in microseconds.
func (c *calendar) day(micros int64) int32 {
	if micros < c.last.from || micros >= c.last.until {
		c.seek(micros)
	}
	local := min(max(micros, -maxMicros), maxMicros) + c.last.offset
	day := local / microsPerDay
	if local%microsPerDay < 0 {
		day--
	}
	return int32(day)
}

func (c *calendar) seek(micros int64) {
	i, found := slices.BinarySearchFunc(c.spans, micros, func(s span, t int64) int {
		if t < s.from {
			return 1
		}
		if t >= s.until {
			return -1
		}
		return 0
	})
	if found {
		c.last = c.spans[i]
		return
	}
	c.last = spanOf(time.UnixMicro(micros).In(c.loc))
}
