package silver

import (
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

const microsPerDay = 86_400_000_000

// clock tells the calendar day of instants, of which many of one day come
// together. It belongs to one goroutine.
type clock struct {
	zone *pipeline.Zone
	last int32 // the day told last
	// The instants of last, from first on; length is 0 where they are not known.
	first, length int64
}

func newClock(zone *pipeline.Zone) clock { return clock{zone: zone, last: minDay} }

// day returns the calendar day of an instant.
func (c *clock) day(at int64) int32 {
	if uint64(at-c.first) < uint64(c.length) {
		return c.last
	}
	return c.turn(at)
}

// turn asks the zone, and from the second instant of a day on remembers which
// instants the day has. It does so of days of 24 hours only: on others the
// clocks change.
func (c *clock) turn(at int64) int32 {
	day := int32(c.zone.LocalDate(pipeline.Timestamp(at)))
	c.length = 0
	if day == c.last {
		start, end := c.zone.UTC(int64(day)*microsPerDay), c.zone.UTC(int64(day+1)*microsPerDay)
		if end-start == microsPerDay && start <= at && at < end {
			c.first, c.length = start, microsPerDay
		}
	}
	c.last = day
	return day
}

var localDateSQL = &sql.Macro{
	Name:   "local_date",
	Doc:    "The calendar day of an instant in a time zone: date. The session's own zone is UTC; which rules a zone has, each engine has from its own release of the tz database.",
	Args:   []string{"moment", "zone"},
	DuckDB: `cast(timezone({{ zone }}, {{ moment }}) as date)`,
	Spark:  `cast(from_utc_timestamp({{ moment }}, {{ zone }}) as date)`,
}
