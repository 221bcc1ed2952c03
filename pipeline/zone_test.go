package pipeline

import (
	"math/rand/v2"
	"testing"
	"time"
)

var zoneNames = []string{"UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata",
	"Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Europe/Dublin"}

func location(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return loc
}

// slowInstant looks for the instants whose local time is the given one, with
// every offset in force within two days: the earliest, or in a gap the one by
// the offset before it.
func slowInstant(loc *time.Location, local int64) int64 {
	found, ok, largest := int64(0), false, int64(-1<<62)
	for at := local - 2*day; at <= local+2*day; at += 6 * 3600 * second {
		offset := offsetAt(loc, at)
		largest = max(largest, offset)
		if u := local - offset; offsetAt(loc, u) == offset && (!ok || u < found) {
			found, ok = u, true
		}
	}
	if ok {
		return found
	}
	return local - offsetAt(loc, local-largest)
}

func TestZoneAgainstTime(t *testing.T) {
	for _, name := range zoneNames {
		loc := location(t, name)
		z := NewZone(loc)
		check := func(local int64) {
			t.Helper()
			if got, want := z.UTC(local), slowInstant(loc, local); got != want {
				t.Fatalf("%s: UTC(%s) = %s, want %s", name, time.UnixMicro(local).UTC(), time.UnixMicro(got).UTC(), time.UnixMicro(want).UTC())
			}
			instant := time.UnixMicro(local).In(loc)
			if got, want := z.LocalDate(Timestamp(local)), DateOf(instant); got != want {
				t.Fatalf("%s: LocalDate(%s) = %s, want %s", name, instant.UTC(), got, want)
			}
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for range 3_000 {
			check(minMicros + rng.Int64N(maxMicros-minMicros))
			check(-80*365*day + rng.Int64N(230*365*day))
		}
		for i := range z.starts { // around every change, by the half hour
			for d := -3 * 3600 * second; d <= 3*3600*second; d += 1800 * second {
				check(z.changes[i] + d)
				check(z.changes[i] + d - 1)
				check(z.starts[i] + d)
			}
		}
		for _, edge := range []int64{tableStart, tableEnd} {
			for d := -3 * day; d <= 3*day; d += day / 4 {
				check(edge + d)
			}
		}
	}
}

func TestZoneOverlapAndGap(t *testing.T) {
	p, err := NewParser(Cast{Type: TimestampType, Location: location(t, "Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2024-03-31 01:59:59":       "2024-03-31T00:59:59Z",
		"2024-03-31 02:30:00":       "2024-03-31T01:30:00Z", // in the gap: 03:30 summer time
		"2024-03-31 03:00:00":       "2024-03-31T01:00:00Z",
		"2024-10-27 02:30:00":       "2024-10-27T00:30:00Z", // in the overlap: the first
		"2024-10-27 03:00:00":       "2024-10-27T02:00:00Z",
		"2024-10-27T02:30:00+01:00": "2024-10-27T01:30:00Z",
	} {
		got, st := p.Timestamp([]byte(text))
		if st != Parsed || got.String() != want {
			t.Errorf("%s = %s (%d), want %s", text, got, st, want)
		}
	}
}
