package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// The expected bounds are computed by hand.
func TestJudge(t *testing.T) {
	percent := func(p float64) *Limit { return &Limit{Percent: p, Relative: true} }
	few := func(c Check) Check { c.MinRuns = 1; return c }
	volume, share := few(Check{Kind: VolumeAnomalies}), few(Check{Kind: ShareAnomalies})
	for _, tc := range []struct {
		name  string
		check Check
		v     float64
		past  []float64
		want  string // part of what is wrong; "" = nothing
	}{
		// median 100, deviations 0 2 5 8 10, MAD 5, spread 7.4129, bounds ± 25.945
		{"inside", volume, 125, []float64{100, 102, 95, 108, 90}, ""},
		{"above", volume, 126, []float64{100, 102, 95, 108, 90}, "126 rows, where 74.1 rows to 125.9 rows is expected: the median of the last 5 runs is 100 rows"},
		{"below", volume, 74, []float64{100, 102, 95, 108, 90}, "74 rows"},
		{"an outlier moves nothing", volume, 125, []float64{100, 102, 95, 108, 9_000}, ""}, // median 102, MAD 6
		{"an outlier of its own", volume, 9_000, []float64{100, 102, 95, 108, 9_000}, "9000 rows"},
		{"sensitivity", few(Check{Kind: VolumeAnomalies, Sensitivity: 1}), 108, []float64{100, 102, 95, 108, 90}, "108 rows, where 92.6 rows"},
		// most are equal: MAD 0, mean deviation 20 / 5 = 4, spread 5.0132, bounds ± 17.546
		{"mean in place of the MAD", volume, 117, []float64{100, 100, 100, 120, 100}, ""},
		{"mean in place of the MAD, above", volume, 118, []float64{100, 100, 100, 120, 100}, "82.5 rows to 117.5 rows"},
		{"all equal", volume, 100, []float64{100, 100}, ""},
		{"all equal, another", volume, 101, []float64{100, 100}, "101 rows, where 100 rows to 100 rows"},
		{"change", few(Check{Kind: VolumeAnomalies, Change: percent(20)}), 120, []float64{100, 90, 500, 100}, ""},
		{"change, above", few(Check{Kind: VolumeAnomalies, Change: percent(20)}), 121, []float64{100, 90, 500, 100}, "80 rows to 120 rows"},
		{"even number of values", few(Check{Kind: VolumeAnomalies, Change: percent(10)}), 99, []float64{80, 100}, ""}, // median 90
		{"share", few(Check{Kind: ShareAnomalies, Change: percent(50)}), 0.031, []float64{0.02}, "3.1%, where 1% to 3% is expected: the median of the last 1 runs is 2%"},
		{"share, rounded as it is kept", share, 1.0 / 3, []float64{0.333333, 0.333333}, ""},
		{"no less than none", few(Check{Kind: VolumeAnomalies, Sensitivity: 20}), 700, []float64{100, 102, 95, 108, 90}, "where 0 rows to"},
		{"the newest ones count", Check{Kind: VolumeAnomalies, Runs: 2, MinRuns: 2}, 5, []float64{5, 5, 900, 900, 900}, ""},
	} {
		wrong, skipped := tc.check.judge(tc.v, tc.past)
		if skipped != "" || (wrong == "") != (tc.want == "") || !strings.Contains(wrong, tc.want) {
			t.Errorf("%s: wrong %q, skipped %q", tc.name, wrong, skipped)
		}
	}
	if wrong, skipped := (&Check{Kind: VolumeAnomalies}).judge(5, []float64{1, 1, 1, 1, 1, 1}); wrong != "" || skipped != "it takes 7 earlier runs to compare with, there are 6: 5 rows" {
		t.Errorf("%q, %q", wrong, skipped)
	}
}

// A suite measures what the rows are, and fails by what earlier runs had.
func TestAnomalies(t *testing.T) {
	ls := make([]line, 40)
	for i := range ls {
		ls[i] = line{Order: fmt.Sprint(i)}
		if i < 10 {
			ls[i].Good = pipeline.Some(true)
		}
	}
	for _, tc := range []struct {
		check  Check
		past   []float64
		value  float64
		rows   int64
		status string
	}{
		{Check{Kind: VolumeAnomalies}, []float64{40, 40, 40}, 40, 40, "pass"},
		{Check{Kind: VolumeAnomalies}, []float64{80, 79, 81}, 40, 40, "error"},
		{Check{Kind: VolumeAnomalies, Severity: Warn, Where: "good = TRUE"}, []float64{12, 12, 12}, 10, 10, "warn"},
		{Check{Kind: ShareAnomalies, Condition: "good IS NULL"}, []float64{0.75, 0.75, 0.75}, 0.75, 40, "pass"},
		{Check{Kind: ShareAnomalies, Condition: "good IS NULL"}, []float64{0.05, 0.04, 0.06}, 0.75, 40, "error"},
		{Check{Kind: ShareAnomalies, Condition: "good = TRUE", Where: "order_id < '2'"}, []float64{1, 1}, 1.0 / 6, 12, "skipped"}, // learns
	} {
		tc.check.Table, tc.check.MinRuns = "t.lines", 3
		s, err := New(both, []Check{tc.check}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Remember(func(_ context.Context, id string, n int) ([]float64, error) {
			if id != tc.check.ID() || n != 14 {
				t.Errorf("%s, %d", id, n)
			}
			return tc.past, nil
		})
		var got pipeline.CheckResult
		sink := s.Sink(&memory{}, func(_ context.Context, r *pipeline.Report) error { got = r.Checks[0]; return nil })
		r := rand.New(rand.NewPCG(1, 1))
		write(t, r, sink, lines, ls)
		write(t, r, sink, customers, nil)
		err = sink.Commit(context.Background(), &pipeline.Report{Full: "the first run"})
		if got.Status != tc.status || got.Value == nil || *got.Value != tc.value || got.Rows != tc.rows || len(got.Samples) > 0 || errors.Is(err, pipeline.ErrCheck) != (tc.status == "error") {
			t.Errorf("%s: %+v, %v", tc.check.Says(), got, err)
		}
	}
}

func TestAnomaliesWrong(t *testing.T) {
	percent := func(s string) *Limit { l, _ := ParseLimit(s); return &l }
	for want, c := range map[string]Check{
		"needs a condition":          {Kind: ShareAnomalies},
		"there is no column":         {Kind: ShareAnomalies, Condition: "god = TRUE"},
		"is no percentage":           {Kind: VolumeAnomalies, Change: percent("20")},
		"two ways to say the same":   {Kind: VolumeAnomalies, Change: percent("20%"), Sensitivity: 3},
		"is more than runs":          {Kind: VolumeAnomalies, Runs: 3, MinRuns: 4},
		"is for tables of bronze":    {Kind: VolumeAnomalies, Of: "new_rows"},
		"of: is for volume":          {Kind: ShareAnomalies, Condition: "good", Of: "rows"},
		"leave columns out":          {Kind: VolumeAnomalies, Columns: []string{"good"}},
		"warn_if and error_if count": {Kind: VolumeAnomalies, WarnIf: percent("1")},
	} {
		c.Table = "t.lines"
		if _, err := New(both, []Check{c}, nil); !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
