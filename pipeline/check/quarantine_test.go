package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

type sold struct {
	Order    string `col:"order_id" doc:"."`
	Quantity int64  `col:"quantity" doc:"."`
}

type put struct {
	Reason pipeline.Code `col:"reason" doc:"."`
	Values string        `col:"values" doc:"."`
	File   pipeline.Code `col:"source_file" doc:"."`
	Row    int64         `col:"source_row" doc:"."`
}

var (
	sales = pipeline.Declare[sold]("silver.fact_sales", "x")
	aside = pipeline.Declare[put]("silver.quarantine", "x")
)

// Failing finds the rows that fail and that the condition picks.
func TestFailing(t *testing.T) {
	rec := sales.Record(nil, []sold{{"a", 1}, {"b", 9}, {"c", 9}, {"d", 2}})
	defer rec.Release()
	c := Check{Table: "silver.fact_sales", Kind: Range, Columns: []string{"quantity"}, Max: "5", Where: "order_id != 'b'"}
	failing, err := c.Failing(sales.Table)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := failing(rec, nil); err != nil || !slices.Equal(got, []int{2}) {
			t.Fatal(got, err)
		}
	}
}

// What is in quarantine for a check is what it reports: its limits are about that.
func TestQuarantined(t *testing.T) {
	limit := func(s string) *Limit { l, _ := ParseLimit(s); return &l }
	for _, tc := range []struct {
		check Check
		want  string
	}{
		{Check{}, "pass"}, {Check{ErrorIf: limit("2")}, "pass"}, {Check{ErrorIf: limit("1")}, "error"}, {Check{WarnIf: limit("39%")}, "warn"}, {Check{WarnIf: limit("40%")}, "pass"},
	} {
		c := tc.check
		c.Table, c.Kind, c.Columns, c.Max, c.OnFailure, c.Name = "silver.fact_sales", Range, []string{"quantity"}, "5", Quarantine, "few"
		s, err := New([]*pipeline.Table{sales.Table, aside.Table}, []Check{c}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got pipeline.CheckResult
		sink := s.Sink(&memory{}, func(_ context.Context, r *pipeline.Report) error { got = r.Checks[0]; return nil })
		r := rand.New(rand.NewPCG(1, 1))
		write(t, r, sink, sales, []sold{{"a", 1}, {"b", 2}, {"c", 3}})
		write(t, r, sink, aside, []put{{"check:few", `{"quantity":"9"}`, "s.csv", 4}, {"invalid_date", "{}", "s.csv", 5}, {"check:few", `{"quantity":"8"}`, "s.csv", 6}})
		err = sink.Commit(context.Background(), &pipeline.Report{})
		if got.Status != tc.want || got.Rows != 5 || got.Failures != 2 || errors.Is(err, pipeline.ErrCheck) != (tc.want == "error") {
			t.Errorf("%+v: %+v, %v", tc.check, got, err)
		}
		slices.SortFunc(got.Samples, func(a, b pipeline.FailedRow) int { return int(a.Record - b.Record) })
		want := []pipeline.FailedRow{{Row: []byte(`{"quantity":"9"}`), Rows: 1, File: "s.csv", Record: 4}, {Row: []byte(`{"quantity":"8"}`), Rows: 1, File: "s.csv", Record: 6}}
		if d := cmp.Diff(want, got.Samples); d != "" {
			t.Error(d)
		}
	}
}

func TestOnFailureWrong(t *testing.T) {
	for want, c := range map[string]Check{
		"unique says nothing of a single row": {Kind: Unique, Columns: []string{"order_id"}, OnFailure: Quarantine},
		"none of keep, quarantine and fail":   {Kind: NotNull, Columns: []string{"order_id"}, OnFailure: "drop"},
		"severity: error does not":            {Kind: NotNull, Columns: []string{"order_id"}, OnFailure: KeepRows, Severity: Error},
		"severity: warn does":                 {Kind: NotNull, Columns: []string{"order_id"}, OnFailure: Fail, Severity: Warn},
		"only lines of silver.fact_sales":     {Table: "silver.quarantine", Kind: NotNull, Columns: []string{"reason"}, OnFailure: Quarantine},
	} {
		if c.Table == "" {
			c.Table = "silver.fact_sales"
		}
		if _, err := New([]*pipeline.Table{sales.Table, aside.Table}, []Check{c}, nil); !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
