package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestNext lists the times after one, as clocks of the zone show them.
func TestNext(t *testing.T) {
	for _, c := range []struct{ zone, expr, after, want string }{
		{"UTC", "15 2 * * *", "2026-02-27T02:15", "02-28T02:15Z 03-01T02:15Z"},
		{"UTC", "0 0 29 2 *", "2026-02-27T02:15", "02-29T00:00Z"}, // in 2028
		{"UTC", "0 6 * * 1-5", "2026-11-27T06:00", "11-30T06:00Z 12-01T06:00Z"},
		{"UTC", "0 0 13 * FRI", "2026-11-26T06:00", "11-27T00:00Z 12-04T00:00Z 12-11T00:00Z 12-13T00:00Z"}, // either day counts
		{"UTC", "@every 90m", "2026-11-26T06:00", "11-26T07:30Z 11-26T09:00Z"},
		// Clocks are put forward from 2:00 to 3:00.
		{"Europe/Berlin", "30 2 * * *", "2026-03-28T00:00", "03-28T02:30+01:00 03-29T03:00+02:00 03-30T02:30+02:00"},
		{"Europe/Berlin", "0,30 2-3 * * *", "2026-03-29T00:00", "03-29T03:00+02:00 03-29T03:30+02:00 03-30T02:00+02:00"},
		{"Europe/Berlin", "*/30 * * * *", "2026-03-29T01:00", "03-29T01:30+01:00 03-29T03:00+02:00 03-29T03:30+02:00"},
		{"America/Sao_Paulo", "0 0 * * *", "2018-11-03T01:00", "11-04T01:00-02:00 11-05T00:00-02:00"},
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00", "10-04T02:30+11:00 10-05T02:15+11:00"},
		{"Pacific/Apia", "0 12 * * *", "2011-12-29T06:00", "12-29T12:00-10:00 12-31T00:00+14:00 12-31T12:00+14:00"}, // a day was left out
		// Clocks are put back from 3:00 to 2:00.
		{"Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", "10-25T02:30+02:00 10-26T02:30+01:00"},
		{"Europe/Berlin", "0 * * * *", "2026-10-25T01:00", "10-25T02:00+02:00 10-25T02:00+01:00 10-25T03:00+01:00"},
		{"Europe/Berlin", "@hourly", "2026-10-25T01:00", "10-25T02:00+02:00 10-25T02:00+01:00 10-25T03:00+01:00"},
		{"Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00", "04-05T01:45+11:00 04-06T01:45+10:30"},
	} {
		z := zone(t, c.zone)
		times, err := Parse(c.expr, z)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.ParseInLocation("2006-01-02T15:04", c.after, z)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range strings.Fields(c.want) {
			at = times.Next(at)
			got = append(got, at.Format("01-02T15:04Z07:00"))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s %s after %s:\n got %s\nwant %s", c.zone, c.expr, c.after, got, c.want)
		}
	}
}

// TestOnceADay: a time of day comes once on every day, whatever clocks do, and never
// before its time.
func TestOnceADay(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		hour, minute := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		times, err := Parse(time.Date(0, 1, 1, hour, minute, 0, 0, time.UTC).Format("4 15")+" * * *", z)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1.0e9, 2.0e9).Draw(t, "after"), 0).In(z)
		for range 400 {
			next := times.Next(at)
			if d := next.Sub(at); d <= 0 || d > 26*time.Hour {
				t.Fatalf("%s after %s", next, at)
			}
			if y, m, d := at.Date(); at.Second() == 0 && next.Year() == y && next.Month() == m && next.Day() == d && at.Hour() == hour && at.Minute() == minute {
				t.Fatalf("%s and %s are the same day", at, next)
			}
			if shown := next.Hour()*60 + next.Minute(); shown != hour*60+minute {
				// left out: it is the first minute after the change
				if start, _ := next.ZoneBounds(); !start.Equal(next) {
					t.Fatalf("%s is not %02d:%02d", next, hour, minute)
				}
			}
			at = next
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		"":                 "empty spec string",
		"15 2 * *":         "exactly 5 fields",
		"60 2 * * *":       "above maximum (59)",
		"0 0 30 2 *":       "no such day",
		"TZ=UTC 0 2 * * *": "time zone is a setting",
		"@sometimes":       "@sometimes",
		"@every 5":         "duration",
		"@every":           "@every",
		"* * * * * *":      "exactly 5 fields",
	} {
		_, err := Parse(expr, time.UTC)
		if !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "*/10 * * * *") {
			t.Errorf("%q: %v", expr, err)
		}
	}
}
