package pipeline

import (
	"sort"
	"sync"
	"time"
)

const (
	second = int64(1_000_000) // in microseconds
	day    = 86400 * second
)

// Zone converts between instants and the local times of a location by table
// instead of by search. It is immutable and safe for concurrent use. The nil
// Zone is UTC.
type Zone struct {
	loc     *time.Location
	offsets []int64 // µs east of UTC, by period
	starts  []int64 // UTC µs at which period i+1 starts
	// changes are the local µs from which on local times belong to period i+1.
	// In an overlap that is the end of it, so that the earlier instant is
	// taken; in a gap too, so that times in it move forward.
	changes   []int64
	utcIndex  []uint16 // first period that may hold an instant, by bucket
	wallIndex []uint16 // the same for local times
}

// The tables hold the periods until tableEnd; buckets start at tableStart.
// Times outside of them take a slower path.
const (
	bucketBits = 40 // 12.7 days
	tableStart = -80 * 365 * day
	tableEnd   = 150 * 365 * day
	buckets    = (tableEnd-tableStart)>>bucketBits + 1
)

// The instants that a Timestamp may hold: years 0001 to 9999 in UTC.
const (
	minMicros = -62135596800 * second
	maxMicros = 253402300800*second - 1
)

// zoneTables keeps the zones by location: a table takes a millisecond to build, and
// every date column of every file has one.
var zoneTables sync.Map // *time.Location → *Zone

// NewZone returns the zone of a location; nil is UTC.
func NewZone(loc *time.Location) *Zone {
	if loc == nil {
		loc = time.UTC
	}
	if z, ok := zoneTables.Load(loc); ok {
		return z.(*Zone)
	}
	z, _ := zoneTables.LoadOrStore(loc, buildZone(loc))
	return z.(*Zone)
}

func buildZone(loc *time.Location) *Zone {
	z := &Zone{loc: loc}
	t := minMicros - 2*day
	offset := offsetAt(loc, t)
	z.offsets = append(z.offsets, offset)
	for t < tableEnd {
		_, end := time.UnixMicro(t).In(loc).ZoneBounds()
		if end.IsZero() {
			break
		}
		// ZoneBounds may stop at the end of a year without a change, and give
		// an end there that is not later: the loop goes on by the day then.
		at := end.UnixMicro()
		if at <= t {
			at = t + day
		}
		if next := offsetAt(loc, at); next != offset {
			at = changeWithin(loc, t, at)
			z.starts = append(z.starts, at)
			z.changes = append(z.changes, at+max(offset, next))
			z.offsets = append(z.offsets, next)
			offset = next
		}
		t = at
	}
	z.utcIndex, z.wallIndex = bucketIndex(z.starts), bucketIndex(z.changes)
	return z
}

// bucketIndex returns, for each bucket, how many of the times lie before it.
func bucketIndex(times []int64) []uint16 {
	index := make([]uint16, buckets)
	for i := range index {
		start := tableStart + int64(i)<<bucketBits
		index[i] = uint16(sort.Search(len(times), func(k int) bool { return times[k] > start }))
	}
	return index
}

// UTC returns the instant of a local time, both in microseconds since
// 1970-01-01 00:00 there. Of two instants it is the earlier one; a local time
// that was skipped is moved forward by what was skipped.
func (z *Zone) UTC(local int64) int64 {
	if z == nil {
		return local
	}
	if uint64(local-tableStart) < uint64(tableEnd-tableStart-2*day) {
		i := int(z.wallIndex[(local-tableStart)>>bucketBits])
		for i < len(z.changes) && z.changes[i] <= local {
			i++
		}
		return local - z.offsets[i]
	}
	return z.slowUTC(local)
}

// slowUTC tries the offsets before and after a local time.
func (z *Zone) slowUTC(local int64) int64 {
	before, after := offsetAt(z.loc, local-day), offsetAt(z.loc, local+day)
	if offsetAt(z.loc, local-before) != before && offsetAt(z.loc, local-after) == after {
		return local - after
	}
	return local - before
}

// offsetAt returns the µs east of UTC at an instant.
func offsetAt(loc *time.Location, utc int64) int64 {
	_, offset := time.UnixMicro(utc).In(loc).Zone()
	return int64(offset) * second
}

// changeWithin returns the first instant in (from, to] with to's offset, where
// the offset changes once between them.
func changeWithin(loc *time.Location, from, to int64) int64 {
	last := offsetAt(loc, to)
	for from+second < to {
		middle := from + (to-from)/2/second*second
		if offsetAt(loc, middle) == last {
			to = middle
		} else {
			from = middle
		}
	}
	return to
}

// LocalDate returns the calendar day of an instant in the zone.
func (z *Zone) LocalDate(t Timestamp) Date {
	local := int64(t)
	if z != nil {
		local += z.offset(local)
	}
	d := local / day
	if local%day < 0 {
		d--
	}
	return Date(d)
}

// offset returns the µs east of UTC at an instant.
func (z *Zone) offset(utc int64) int64 {
	if uint64(utc-tableStart) < uint64(tableEnd-tableStart) {
		i := int(z.utcIndex[(utc-tableStart)>>bucketBits])
		for i < len(z.starts) && z.starts[i] <= utc {
			i++
		}
		return z.offsets[i]
	}
	return offsetAt(z.loc, utc)
}
