package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// sideBySide hands the rows of the two tables out in batches, to so many workers.
func sideBySide(r *rand.Rand, workers int, ls []line, cs []customer) Each {
	seed := r.Uint64()
	return func(_ context.Context, t *pipeline.Table, columns []string, f func(worker int, rec arrow.Record) error) error {
		var g errgroup.Group
		n := len(ls)
		if t.Name == customers.Name {
			n = len(cs)
		}
		for worker := range workers {
			g.Go(func() error {
				r := rand.New(rand.NewPCG(seed, uint64(worker)))
				from, to := n*worker/workers, n*(worker+1)/workers
				for from < to {
					k := from + 1 + r.IntN(to-from)
					var rec arrow.Record
					if t.Name == customers.Name {
						rec = customers.Record(nil, cs[from:k])
					} else {
						rec = lines.Record(nil, ls[from:k])
					}
					err := f(worker, rec)
					rec.Release()
					if err != nil {
						return err
					}
					from = k
				}
				return nil
			})
		}
		return g.Wait()
	}
}

// someLines are lines of which some break each rule.
func someLines(r *rand.Rand, n int) (ls []line, cs []customer) {
	for i := range n {
		ls = append(ls, line{Order: fmt.Sprintf("O%d", r.IntN(n)), Number: pipeline.Some(int32(r.IntN(3))), Kind: pipeline.Some(pipeline.Code([]string{"sale", "return", "gift"}[r.IntN(3)])),
			Customer: pipeline.Some(pipeline.Code(fmt.Sprintf("C%d", r.IntN(20))))})
		if i < 15 {
			cs = append(cs, customer{ID: fmt.Sprintf("C%d", r.IntN(20))})
		}
	}
	return ls, cs
}

// Tables finds the same, however many workers read.
func TestTablesWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ls, cs := someLines(r, 300)
	var want []pipeline.CheckResult
	for _, workers := range []int{1, 2, 7} {
		s, err := New(both, declared(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Tables(t.Context(), workers, sideBySide(r, workers, ls, cs))
		if err != nil {
			t.Fatal(err)
		}
		failures := int64(0)
		for i := range got {
			failures += got[i].Failures
			got[i].Samples = nil // whose are first is chance
		}
		if failures == 0 {
			t.Fatal("nothing fails")
		}
		if workers == 1 {
			want = got
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d workers: %s", workers, d)
		}
	}
	// What reading fails of is the error.
	s, err := New(both, declared(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if _, err := s.Tables(t.Context(), 2, func(context.Context, *pipeline.Table, []string, func(int, arrow.Record) error) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// FailFast ends where a failure is certain, and nowhere else.
func TestFailFast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ls, cs := someLines(r, 100)
	is := func(limit *Limit, severity Severity) Check {
		return Check{Name: "kinds", Table: lines.Name, Kind: AcceptedValues, Columns: []string{"kind"}, Values: []string{"sale", "return"}, ErrorIf: limit, Severity: severity}
	}
	for _, c := range []struct {
		name  string
		check Check
		ends  bool
	}{
		{"none may fail", is(nil, ""), true},
		{"a few may", is(&Limit{Count: 5}, ""), true},
		{"all may", is(&Limit{Count: 100}, ""), false},
		{"no percent may", is(&Limit{Relative: true}, ""), true},
		{"a share may", is(&Limit{Relative: true, Percent: 1}, ""), false},
		{"a warning", is(nil, Warn), false},
		{"of no single rows", Check{Table: lines.Name, Kind: RowCount, Min: "1000"}, false},
	} {
		s, err := New(both, []Check{c.check}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.FailFast = true
		_, err = s.Tables(t.Context(), 1, sideBySide(r, 1, ls, cs))
		if (err != nil) != c.ends || err != nil && (!errors.Is(err, pipeline.ErrCheck) || !strings.Contains(err.Error(), `"kind":"gift"`)) {
			t.Errorf("%s: %v", c.name, err)
		}
		s, err = New(both, []Check{c.check}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.FailFast = true
		w, err := s.Sink(&memory{}, nil).Create(lines.Table, 0)
		if err != nil {
			t.Fatal(err)
		}
		rec := lines.Record(nil, ls)
		if err := w.Write(rec); (err != nil) != c.ends {
			t.Errorf("%s: %v", c.name, err)
		}
		rec.Release()
	}
}

// A suite's sink is selective where the inner one is.
func TestOnly(t *testing.T) {
	s, err := New(both, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sink(&memory{}, nil).(pipeline.Selective).Only(nil); !errors.Is(err, pipeline.ErrConfig) {
		t.Error(err)
	}
}
