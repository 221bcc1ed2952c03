package silver

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

func TestCalendar(t *testing.T) {
	for _, name := range []string{"UTC", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Europe/Dublin"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		z := newZone(loc)
		c := calendar{zone: z}
		check := func(micros int64) {
			t.Helper()
			if got, want := pipeline.Date(c.day(micros)), pipeline.DateOf(time.UnixMicro(micros).In(loc)); got != want {
				t.Fatalf("%s: %s falls on %s, want %s", name, pipeline.Timestamp(micros), got, want)
			}
		}
		for _, s := range z.spans { // around every change of the offset
			for _, d := range []int64{-microsPerDay, -1, 0, 1, microsPerDay} {
				if s.from > math.MinInt64+microsPerDay {
					check(s.from + d)
				}
			}
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 20_000 { // 1900 to 2200
			check(-70*31_557_600_000_000 + rng.Int64N(300*31_557_600_000_000))
		}
		for year := 1970; year <= 2101; year++ {
			for _, h := range []int{-25, -24, -12, -1, 0, 1, 12} {
				check(time.Date(year, 1, 1, h, 0, 0, 0, time.UTC).UnixMicro())
			}
		}
	}
	c := calendar{zone: newZone(nil)}
	for _, extreme := range []int64{math.MinInt64 + 1, math.MaxInt64} {
		if day := c.day(extreme); -maxMicros/microsPerDay-1 > int64(day) || int64(day) > maxMicros/microsPerDay+1 {
			t.Errorf("day(%d) = %d", extreme, day)
		}
	}
}
