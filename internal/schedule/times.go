// Package schedule runs something at the times of a cron expression, one run at a
// time, and keeps a history of the runs.
package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/smeltdata/smelt/pipeline"
)

// Times are the times of a cron expression in a time zone. They are immutable and
// safe for concurrent use.
//
// Where clocks change they are what cron gives: a time of day that is left out comes
// when the clocks have been put forward, one that comes twice counts the first time.
// What runs by an interval (a minute or hour that begins with *, @every, @hourly)
// keeps to it.
type Times struct {
	expr     string
	zone     *time.Location
	interval bool
	spec     cron.Schedule
}

// Parse reads an expression as a Kubernetes CronJob takes it: minute, hour, day of the
// month, month, day of the week; or @daily and the like, or @every with a duration.
// What it cannot read, or what never comes, is a *pipeline.Error of kind ErrConfig.
func Parse(expr string, zone *time.Location) (*Times, error) {
	wrong := func(err error) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: expr, Msg: "not a cron expression", Err: err,
			Hint: `write minute, hour, day of the month, month and day of the week: "15 2 * * *" is a quarter past two each day, "*/10 * * * *" every ten minutes, "0 6 * * 1-5" at six from Monday to Friday; or @daily, @every 6h`}
	}
	if strings.Contains(expr, "=") { // the library takes TZ=… before an expression
		return nil, wrong(fmt.Errorf("the time zone is a setting of its own"))
	}
	spec, err := cron.ParseStandard(expr)
	if err != nil {
		return nil, wrong(err)
	}
	fields := strings.Fields(expr)
	t := &Times{expr: strings.Join(fields, " "), zone: zone, spec: spec,
		interval: strings.HasPrefix(fields[0], "*") || len(fields) == 5 && strings.HasPrefix(fields[1], "*") || fields[0] == "@every" || fields[0] == "@hourly"}
	if t.Next(time.Now()).IsZero() {
		return nil, wrong(fmt.Errorf("there is no such day within five years"))
	}
	return t, nil
}

// String is the expression.
func (t *Times) String() string { return t.expr }

// Next returns the first time after a time, in the zone of the times; the zero time
// where none comes within five years.
func (t *Times) Next(after time.Time) time.Time {
	after = after.Round(0).In(t.zone) // by the clock on the wall, which may be set
	if t.interval {
		return t.spec.Next(after)
	}
	// What the clock shows is counted as if clocks never changed, and put back on the
	// time line then.
	_, offset := after.Zone()
	for shown := after.Add(time.Duration(offset) * time.Second).UTC(); ; {
		if shown = t.spec.Next(shown); shown.IsZero() {
			return time.Time{}
		}
		if at := when(shown, t.zone); at.After(after) {
			return at
		}
	}
}

// when returns the first moment at which clocks of a zone show a time, given as if it
// were UTC, or the first after it where they leave it out.
func when(shown time.Time, zone *time.Location) time.Time {
	with := func(other time.Time) time.Time { // the time at the offset of another
		_, offset := other.In(zone).Zone()
		return shown.Add(-time.Duration(offset) * time.Second).In(zone)
	}
	before, after := with(shown.Add(-24*time.Hour)), with(shown.Add(24*time.Hour))
	for _, at := range []time.Time{before, after} {
		if _, offset := at.Zone(); at.Add(time.Duration(offset) * time.Second).Equal(shown) {
			return at
		}
	}
	_, end := after.ZoneBounds() // left out: at the later offset it lies before the change
	return end
}
