package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

func keep(t *testing.T, lake, run, status string) {
	t.Helper()
	r := &pipeline.Report{RunID: run, Checks: []pipeline.CheckResult{
		{Check: "a", Table: "silver.fact_sales", Columns: []string{"x", "y"}, Kind: "unique", Says: "says", Severity: "error", Status: status, Rows: 7, Failures: 2, Message: "m", Samples: []pipeline.FailedRow{{Row: json.RawMessage(`{"x":1}`), Rows: 1}, {Row: json.RawMessage(`{"x":2}`), Rows: 2}}},
		{Check: "b", Table: "silver.fact_sales", Kind: "row_count", Says: "says", Severity: "warn", Status: "pass"},
	}}
	if err := KeepResults(context.Background(), lake, "test", r); err != nil {
		t.Fatal(err)
	}
}

// The newest evaluations are read, whichever files they are in, and of a run that
// was evaluated again the last one.
func TestEvaluations(t *testing.T) {
	ctx := context.Background()
	lake := t.TempDir()
	if _, err := LastResults(ctx, lake); !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), "nothing was checked here yet") {
		t.Errorf("no results: %v", err)
	}
	if err := KeepResults(ctx, lake, "run", &pipeline.Report{RunID: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ResultsFolder(lake)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a run without checks has kept results:", err)
	}
	for i := range 12 {
		keep(t, lake, fmt.Sprint("r", i), "pass")
		if i == 7 {
			if _, err := deltaio.Compact(ctx, ResultsFolder(lake), deltaio.CompactOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	keep(t, lake, "r10", "error")
	for n, want := range map[int]string{1: "r10", 2: "r10 r11", 4: "r10 r11 r9 r8", 6: "r10 r11 r9 r8 r7 r6", 50: "r10 r11 r9 r8 r7 r6 r5 r4 r3 r2 r1 r0"} {
		past, err := evaluations(ctx, lake, n)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range past {
			got = append(got, e.run)
			if len(e.results) != 2 || e.command != "test" || e.results[0].Check != "a" || e.results[1].Check != "b" || e.count("error") != map[bool]int{true: 1}[e.run == "r10"] {
				t.Errorf("%+v", e)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the newest %d: %s, want %s", n, got, want)
		}
	}
	last, err := LastResults(ctx, lake)
	if err != nil || len(last) != 2 || last[0].Status != "error" || len(last[0].Columns) != 2 || len(last[0].Samples) != 2 || last[0].Rows != 7 || last[0].Failures != 2 || last[0].Message != "m" || last[1].Samples != nil {
		t.Errorf("%+v, %v", last, err)
	}

	// Files with older results are not opened.
	snapshot, err := deltaio.Load(ctx, ResultsFolder(lake))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range snapshot.Files()[:len(snapshot.Files())-1] {
		if err := os.WriteFile(filepath.Join(snapshot.Dir, f.Path), []byte("damaged"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LastResults(ctx, lake); err != nil {
		t.Error("the newest file holds the newest results:", err)
	}
	if _, err := evaluations(ctx, lake, 2); err == nil {
		t.Error("a damaged file goes unnoticed")
	}
}

// A check shows its last results; the rows that fail are those of the last one that
// has looked at any. What is no rule any more is shown as long as it is the newest.
func TestChecks(t *testing.T) {
	var past []evaluation
	for i := range 40 {
		r := pipeline.CheckResult{Check: "few", Table: "a.b", Kind: "expression", Status: "warn", Failures: 1, Samples: []pipeline.FailedRow{{Row: json.RawMessage(`{"id":1}`), Rows: 1}}}
		if i == 0 {
			r.Status, r.Failures, r.Samples = "skipped", 0, nil
		}
		e := evaluation{run: fmt.Sprint("r", i), results: []pipeline.CheckResult{r}}
		switch i {
		case 0:
			e.results = append(e.results, pipeline.CheckResult{Check: "own", Table: "a.b", Status: "pass"})
		case 1:
			e.results = append(e.results, pipeline.CheckResult{Check: "gone", Table: "a.b", Status: "error"})
		}
		past = append(past, e)
	}
	got := checks([]check.Check{{Name: "few", Table: "a.b", Kind: check.Expression, Condition: "id > 1", Doc: "Why."}, {Name: "new", Table: "a.b", Kind: check.RowCount, Min: "1", Severity: check.Warn}}, past, pii{})
	if len(got) != 3 || got[0].Name != "few" || got[1].Name != "new" || got[2].Name != "own" {
		t.Fatalf("%+v", got)
	}
	few := got[0]
	if len(few.Results) != maxResults || few.Severity != "error" || few.Says != "id > 1" || few.Doc != "Why." || got[1].Severity != "warn" || len(got[1].Results) != 0 || few.Rule == nil || few.Rule.Condition != "id > 1" || got[2].Rule != nil {
		t.Errorf("%d results, %+v", len(few.Results), got[1])
	}
	for i, r := range few.Results {
		if r.Run != fmt.Sprint("r", i) || (len(r.Samples) > 0) != (i == 1) {
			t.Errorf("result %d: %+v", i, r)
		}
	}
}
