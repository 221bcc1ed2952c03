package schedule

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Loop runs something at the times of a schedule, one run after the other: times that
// pass while a run is on are passed over. A run that fails does not end it.
type Loop struct {
	Times  *Times
	Jitter time.Duration // a run begins up to so much later than its time, by chance

	// Run makes one run and returns its id. An error of kind ErrNothingNew is no
	// failure; one of kind ErrBusy has it called again until the next time comes.
	Run func(ctx context.Context) (id string, err error)
	// Ended is told of each run that is over; an error of Run is given as it came.
	Ended func(e Entry, err error)
	// Note is told what happens between runs.
	Note func(text string)
}

// busyWait is how long a run waits for another program's to end, before it looks again.
const busyWait = 5 * time.Second

// Forever runs until ctx ends. A run that is on then is told so by its own context, and
// has ended when Forever returns.
func (l *Loop) Forever(ctx context.Context) {
	runs, failed := 0, 0
	due := l.Times.Next(time.Now())
	for {
		at := due
		if l.Jitter > 0 {
			at = at.Add(rand.N(l.Jitter))
		}
		l.Note(fmt.Sprintf("next run at %s, in %s", at.Format("2006-01-02 15:04:05 MST"), until(at).Round(time.Second)))
		if !sleep(ctx, at) {
			return
		}
		e, err := l.once(ctx, due)
		l.Ended(e, err)
		if ctx.Err() != nil {
			return
		}
		runs++
		if e.Outcome == Failed {
			failed++
		}
		if failed > 0 {
			l.Note(fmt.Sprintf("%d of %d runs failed since the start", failed, runs))
		}
		// A clock that is put back does not make a time come twice.
		now := time.Now()
		if now.Before(due) {
			now = due
		}
		next := l.Times.Next(due)
		passed := 0
		for ; !next.IsZero() && !next.After(now); next = l.Times.Next(next) {
			passed++
		}
		if passed > 0 {
			l.Note(fmt.Sprintf("passed over, for the run was on or the machine asleep: %d of the times of %q", passed, l.Times))
		}
		if next.IsZero() { // of a year that is far away
			return
		}
		due = next
	}
}

// once makes the run of a time, waiting for another program's run until the next time.
func (l *Loop) once(ctx context.Context, due time.Time) (Entry, error) {
	e := Entry{Due: due, Started: time.Now()}
	next := l.Times.Next(e.Started)
	var err error
	for waiting := false; ; waiting = true {
		e.Run, err = l.Run(ctx)
		if !errors.Is(err, pipeline.ErrBusy) || until(next) <= busyWait {
			break
		}
		if !waiting {
			l.Note(fmt.Sprintf("waiting, until %s at most: %v", next.Format("2006-01-02 15:04:05 MST"), err))
		}
		if !sleep(ctx, time.Now().Add(busyWait)) {
			err = ctx.Err()
			break
		}
	}
	e.Ended = time.Now()
	switch {
	case err == nil:
		e.Outcome = Done
	case errors.Is(err, pipeline.ErrNothingNew):
		e.Outcome = NothingNew
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		e.Outcome = Interrupted
	case errors.Is(err, pipeline.ErrBusy):
		e.Outcome, e.Error = Skipped, err.Error()
	default:
		e.Outcome, e.Error = Failed, err.Error()
	}
	return e, err
}

// until is how long it is by the clock on the wall, which is set, and goes on while a
// machine sleeps.
func until(at time.Time) time.Duration { return at.Round(0).Sub(time.Now().Round(0)) }

// sleep waits for a time, and reports whether it has come before ctx ended. It looks
// at the clock every minute, so that it wakes in time when the clock is set.
func sleep(ctx context.Context, at time.Time) bool {
	for {
		d := until(at)
		if d <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(min(d, time.Minute))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}
