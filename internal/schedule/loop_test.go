package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// diary is what a loop did: a line for each start, end and note.
type diary struct{ lines []string }

func (d *diary) add(format string, args ...any) {
	d.lines = append(d.lines, time.Now().UTC().Format("02T15:04:05 ")+fmt.Sprintf(format, args...))
}

// want compares the lines that begin with a word after their time, or all where there is none.
func (d *diary) want(t *testing.T, word string, lines ...string) {
	t.Helper()
	got := slices.DeleteFunc(slices.Clone(d.lines), func(line string) bool { _, text, _ := strings.Cut(line, " "); return !strings.HasPrefix(text, word) })
	if !slices.Equal(got, lines) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

// loop runs a schedule for a time in a world whose clock begins on 2000-01-01.
func loop(t *testing.T, expr string, lasts, jitter time.Duration, run func(ctx context.Context, n int) error) *diary {
	t.Helper()
	d := &diary{}
	synctest.Test(t, func(t *testing.T) {
		times, err := Parse(expr, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		n := 0
		l := &Loop{Times: times, Jitter: jitter, Note: func(text string) { d.add("note: %s", text) },
			Run: func(ctx context.Context) (string, error) {
				n++
				d.add("run %d", n)
				return fmt.Sprint("id", n), run(ctx, n)
			},
			Ended: func(e Entry, err error) {
				d.add("ended: %s, due %s, began %s, id %s, %v", e.Outcome, e.Due.Format("15:04"), e.Started.Format("15:04:05"), e.Run, err)
			},
		}
		l.Forever(ctx)
		d.add("over")
	})
	return d
}

func TestLoop(t *testing.T) {
	d := loop(t, "0 6 * * *", 72*time.Hour+time.Second, 0, func(_ context.Context, n int) error {
		time.Sleep(time.Minute)
		switch n {
		case 2:
			return errors.New("the disk is full")
		case 3:
			return fmt.Errorf("no: %w", pipeline.ErrNothingNew)
		}
		return nil
	})
	d.want(t, "",
		"01T00:00:00 note: next run at 2000-01-01 06:00:00 UTC, in 6h0m0s",
		"01T06:00:00 run 1",
		"01T06:01:00 ended: done, due 06:00, began 06:00:00, id id1, <nil>",
		"01T06:01:00 note: next run at 2000-01-02 06:00:00 UTC, in 23h59m0s",
		"02T06:00:00 run 2",
		"02T06:01:00 ended: failed, due 06:00, began 06:00:00, id id2, the disk is full",
		"02T06:01:00 note: 1 of 2 runs failed since the start",
		"02T06:01:00 note: next run at 2000-01-03 06:00:00 UTC, in 23h59m0s",
		"03T06:00:00 run 3",
		"03T06:01:00 ended: nothing new, due 06:00, began 06:00:00, id id3, no: nothing new",
		"03T06:01:00 note: 1 of 3 runs failed since the start",
		"03T06:01:00 note: next run at 2000-01-04 06:00:00 UTC, in 23h59m0s",
		"04T00:00:01 over")
}

// TestLongRun: times that pass while a run is on are passed over, and said.
func TestLongRun(t *testing.T) {
	d := loop(t, "*/10 * * * *", 59*time.Minute, 0, func(_ context.Context, n int) error {
		if n == 1 {
			time.Sleep(25 * time.Minute)
		}
		return nil
	})
	d.want(t, "run", "01T00:10:00 run 1", "01T00:40:00 run 2", "01T00:50:00 run 3")
	d.want(t, "note: passed", `01T00:35:00 note: passed over, for the run was on or the machine asleep: 2 of the times of "*/10 * * * *"`)
}

// TestBusy: another program's run is waited for, but not beyond the next time.
func TestBusy(t *testing.T) {
	busy := &pipeline.Error{Kind: pipeline.ErrBusy, Msg: "another smelt run (process 7) is writing to lake"}
	free := time.Date(2000, 1, 1, 0, 25, 12, 0, time.UTC)
	d := loop(t, "*/10 * * * *", 35*time.Minute, 0, func(context.Context, int) error {
		if time.Now().Before(free) {
			return busy
		}
		return nil
	})
	d.want(t, "note: waiting",
		"01T00:10:00 note: waiting, until 2000-01-01 00:20:00 UTC at most: another smelt run (process 7) is writing to lake",
		"01T00:20:00 note: waiting, until 2000-01-01 00:30:00 UTC at most: another smelt run (process 7) is writing to lake")
	d.want(t, "ended",
		"01T00:19:55 ended: skipped, due 00:10, began 00:10:00, id id120, another smelt run (process 7) is writing to lake",
		"01T00:25:15 ended: done, due 00:20, began 00:20:00, id id184, <nil>",
		"01T00:30:00 ended: done, due 00:30, began 00:30:00, id id185, <nil>")
	d.want(t, "note: 1 of") // a run that is skipped has not failed
}

// TestEnd: a loop that is ended ends the run that is on, and waits for it.
func TestEnd(t *testing.T) {
	d := loop(t, "0 1 * * *", time.Hour+10*time.Minute, 0, func(ctx context.Context, _ int) error {
		<-ctx.Done()
		time.Sleep(3 * time.Second) // to take away what it has begun
		return fmt.Errorf("writing: %w", ctx.Err())
	})
	if len(d.lines) != 4 || !strings.HasPrefix(d.lines[2], "01T01:10:03 ended: interrupted, due 01:00") || d.lines[3] != "01T01:10:03 over" {
		t.Errorf("%q", d.lines)
	}
	// One that waits for another program's run does not wait any longer.
	d = loop(t, "0 1 * * *", time.Hour+11*time.Second, 0, func(context.Context, int) error { return &pipeline.Error{Kind: pipeline.ErrBusy} })
	d.want(t, "ended", "01T01:00:11 ended: interrupted, due 01:00, began 01:00:00, id id3, context deadline exceeded")
	d.want(t, "over", "01T01:00:11 over")
}

// TestJitter: runs begin within the jitter of their time, not all at the same moment.
func TestJitter(t *testing.T) {
	var begun []time.Duration
	loop(t, "0 * * * *", 200*time.Hour, 5*time.Minute, func(context.Context, int) error {
		begun = append(begun, time.Since(time.Now().Truncate(time.Hour)))
		return nil
	})
	if len(begun) != 199 && len(begun) != 200 {
		t.Errorf("%d runs", len(begun))
	}
	if late := slices.Max(begun); late < 3*time.Minute || late >= 5*time.Minute {
		t.Errorf("%s after its time", late)
	}
	if early := slices.Min(begun); early < 0 || early > 2*time.Minute {
		t.Errorf("%s after its time", early)
	}
}
