package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

type line struct {
	Order    string                            `col:"order_id" doc:"x" check:"not_null"`
	Number   pipeline.Null[int32]              `col:"number" doc:"x"`
	Kind     pipeline.Null[pipeline.Code]      `col:"kind" doc:"x" check:"accepted_values=sale|return"`
	Customer pipeline.Null[pipeline.Code]      `col:"customer" doc:"x" check:"relationships=t.customers.id"`
	Price    pipeline.Null[pipeline.Price]     `col:"price" doc:"x"`
	Day      pipeline.Null[pipeline.Date]      `col:"day" doc:"x"`
	At       pipeline.Null[pipeline.Timestamp] `col:"at" doc:"x"`
	Good     pipeline.Null[bool]               `col:"good" doc:"x"`
}

type customer struct {
	ID   string       `col:"id" doc:"x" check:"not_null unique"`
	Paid pipeline.Sum `col:"paid" doc:"x"`
}

var (
	lines     = pipeline.Declare[line]("t.lines", "x", "order_id", "number")
	customers = pipeline.Declare[customer]("t.customers", "x", "id")
	both      = []*pipeline.Table{lines.Table, customers.Table}
)

// memory is a sink that keeps nothing but whether it was committed.
type memory struct{ committed, aborted bool }

func (m *memory) Create(*pipeline.Table, int) (pipeline.Writer, error) { return &nowhere{}, nil }
func (m *memory) Commit(context.Context, *pipeline.Report) error       { m.committed = true; return nil }
func (m *memory) Abort() error                                         { m.aborted = true; return nil }

type nowhere struct{ rows int64 }

func (n *nowhere) Write(rec arrow.Record) error   { n.rows += rec.NumRows(); return nil }
func (n *nowhere) Close() (pipeline.Stats, error) { return pipeline.Stats{Rows: n.rows}, nil }

// run writes tables through a suite, in parts and batches of random sizes.
func run(t rapid.TB, r *rand.Rand, checks []Check, ls []line, cs []customer) (results map[string]pipeline.CheckResult, err error) {
	t.Helper()
	var scratch *pipeline.Scratch
	if r.IntN(2) == 0 {
		scratch = pipeline.NewScratch(1, "") // all in a temporary file
		defer func() {
			if err := scratch.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	s, err := New(both, checks, scratch)
	if err != nil {
		return nil, err
	}
	inner := &memory{}
	var evaluated *pipeline.Report
	sink := s.Sink(inner, func(_ context.Context, r *pipeline.Report) error { evaluated = r; return nil })
	write(t, r, sink, lines, ls)
	write(t, r, sink, customers, cs)
	report := &pipeline.Report{}
	err = sink.Commit(context.Background(), report)
	if (err == nil) != inner.committed || evaluated != report || err != nil && !errors.Is(err, pipeline.ErrCheck) {
		t.Fatalf("committed %t, evaluated %v: %v", inner.committed, evaluated, err)
	}
	results = map[string]pipeline.CheckResult{}
	for _, c := range report.Checks {
		results[c.Check] = c
	}
	return results, err
}

func write[T any](t rapid.TB, r *rand.Rand, sink pipeline.Sink, table *pipeline.TableOf[T], rows []T) {
	t.Helper()
	for part := 0; part == 0 || len(rows) > 0; part++ {
		w, err := sink.Create(table.Table, part)
		if err != nil {
			t.Fatal(err)
		}
		for n := r.IntN(len(rows) + 1); n > 0; {
			k := 1 + r.IntN(n)
			rec := table.Record(nil, rows[:k])
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
			rec.Release()
			rows, n = rows[k:], n-k
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func declared(t *testing.T) []Check {
	t.Helper()
	var out []Check
	for _, table := range both {
		more, err := Declared(table)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, more...)
	}
	return out
}

func TestDeclared(t *testing.T) {
	var got []string
	for _, c := range declared(t) {
		got = append(got, c.ID()+": "+c.Says())
	}
	want := []string{
		"t.lines.order_id.not_null: order_id is not NULL",
		"t.lines.kind.accepted_values: kind is one of sale, return",
		"t.lines.customer.relationships: customer is in t.customers.id",
		"t.lines.order_id+number.unique: order_id, number is unique",
		"t.customers.id.not_null: id is not NULL",
		"t.customers.id.unique: id is unique",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Each kind of check finds what it is for, and nothing else.
func TestKinds(t *testing.T) {
	some := func(s string) pipeline.Null[pipeline.Code] { return pipeline.Some(pipeline.Code(s)) }
	ls := []line{
		{Order: "A", Number: pipeline.Some[int32](1), Kind: some("sale"), Customer: some("ann"), Price: pipeline.Some[pipeline.Price](10_000), Day: pipeline.Some[pipeline.Date](19_000), At: pipeline.Some[pipeline.Timestamp](19_000 * 86_400_000_000)},
		{Order: "A", Number: pipeline.Some[int32](2), Kind: some("sale"), Customer: some("bob"), Price: pipeline.Some[pipeline.Price](25_000), Day: pipeline.Some[pipeline.Date](19_001)},
		{Order: "A", Number: pipeline.Some[int32](2), Kind: some("gift"), Customer: some("eve"), Price: pipeline.Some[pipeline.Price](-5_000)},
		{Order: "B"}, {Order: "B"}, // no number: no key
		{Order: "C", Number: pipeline.Some[int32](1), Customer: some("eve")},
	}
	cs := []customer{{"ann", pipeline.Sum{Num: decimal128.FromI64(10_000)}}, {"bob", pipeline.Sum{Num: decimal128.FromI64(20_000)}}}
	days := time.Since(time.Unix(19_001*86_400, 0))
	of := func(kind Kind, column string) Check {
		return Check{Table: "t.lines", Kind: kind, Columns: []string{column}}
	}
	with := func(c Check, change func(*Check)) Check { change(&c); return c }
	for _, tc := range []struct {
		Check
		rows, failures int64
		sample         string
	}{
		{of(NotNull, "order_id"), 6, 0, ""},
		{of(NotNull, "number"), 6, 2, `"order_id":"B"`},
		{with(of(NotNull, "number"), func(c *Check) { c.Where = "order_id != 'B'" }), 4, 0, ""},
		{with(of(NotNull, "kind"), func(c *Check) { c.Where = "order_id = 'B'" }), 2, 2, `"order_id":"B"`},
		{Check{Table: "t.lines", Kind: Unique, Columns: []string{"order_id", "number"}}, 6, 2, `2 {"order_id":"A","number":2}`},
		{with(of(Unique, "customer"), func(c *Check) { c.Where = "price > 0" }), 2, 0, ""},
		{of(Unique, "day"), 6, 0, ""},
		{of(Unique, "kind"), 6, 2, `2 {"kind":"sale"}`},
		{with(of(AcceptedValues, "kind"), func(c *Check) { c.Values = []string{"sale", "it's"} }), 6, 1, `"kind":"gift"`},
		{with(of(AcceptedValues, "number"), func(c *Check) { c.Values = []string{"1"} }), 6, 2, `"number":2`},
		{with(of(Relationships, "customer"), func(c *Check) { c.To = "t.customers.id" }), 6, 2, `2 {"customer":"eve"}`},
		{with(of(Range, "price"), func(c *Check) { c.Min = "0" }), 6, 1, `"price":-0.5000`},
		{with(of(Range, "price"), func(c *Check) { c.Min, c.Max = "-0.5", "2.5" }), 6, 0, ""},
		{with(of(Range, "day"), func(c *Check) { c.Max = "2022-01-08" }), 6, 1, `"day":"2022-01-09"`},
		{with(of(Regex, "order_id"), func(c *Check) { c.Pattern = "^[AB]$" }), 6, 1, `"order_id":"C"`},
		{with(of(Regex, "customer"), func(c *Check) { c.Pattern = "n" }), 6, 3, `"customer":"bob"`},
		{Check{Table: "t.lines", Kind: Expression, Condition: "price * 2 >= number OR kind = 'gift'"}, 6, 0, ""},
		{Check{Table: "t.lines", Kind: Expression, Condition: "day <= at"}, 6, 0, ""},
		{Check{Table: "t.lines", Kind: Expression, Condition: "price > number"}, 6, 2, `"order_id":"A"`},
		{Check{Table: "t.lines", Kind: RowCount, Min: "6", Max: "6"}, 6, 0, ""},
		{Check{Table: "t.lines", Kind: RowCount, Min: "7"}, 6, 1, ""},
		{Check{Table: "t.lines", Kind: RowCount, Max: "5"}, 6, 1, ""},
		{with(of(Freshness, "day"), func(c *Check) { c.Within = days + time.Hour }), 6, 0, ""},
		{with(of(Freshness, "day"), func(c *Check) { c.Within = days - time.Hour }), 6, 1, ""},
		{with(of(Freshness, "at"), func(c *Check) { c.Within = days + time.Hour }), 6, 1, ""},
		{with(of(SumEquals, "price"), func(c *Check) { c.To = "t.customers.paid" }), 6, 0, ""},
		{with(of(SumEquals, "number"), func(c *Check) { c.To, c.Where = "t.customers.paid", "kind = 'sale'" }), 2, 0, ""}, // 3 and 3.0000
		{with(of(SumEquals, "number"), func(c *Check) { c.To = "t.customers.paid" }), 6, 1, ""},
		{with(of(SumEquals, "price"), func(c *Check) { c.To, c.Where = "t.customers.paid", "price > 0" }), 2, 1, ""},
	} {
		for seed := range uint64(5) {
			results, err := run(t, rand.New(rand.NewPCG(seed, 1)), []Check{tc.Check}, ls, cs)
			r := results[tc.ID()]
			if r.Rows != tc.rows || r.Failures != tc.failures || (err != nil) != (tc.failures > 0) {
				t.Fatalf("%s: %+v, %v, want %d failures of %d", tc.Says(), r, err, tc.failures, tc.rows)
			}
			if tc.sample != "" && !slices.ContainsFunc(r.Samples, func(s pipeline.FailedRow) bool {
				return strings.Contains(fmt.Sprintf("%d %s", s.Rows, s.Row), tc.sample)
			}) || tc.sample == "" && len(r.Samples) > 0 {
				t.Errorf("%s: samples %+v", tc.Says(), r.Samples)
			}
			if err != nil && !strings.Contains(err.Error(), tc.ID()) {
				t.Error(err)
			}
		}
	}
}

// Limits and severities say what so many failures mean.
func TestLimits(t *testing.T) {
	limit := func(s string) *Limit {
		l, err := ParseLimit(s)
		if err != nil || l.String() != strings.ReplaceAll(s, " ", "") {
			t.Fatal(s, l, err)
		}
		return &l
	}
	ls := make([]line, 200)
	for i := range ls {
		ls[i] = line{Order: fmt.Sprint(i)}
		if i >= 3 {
			ls[i].Good = pipeline.Some(true)
		}
	}
	c := Check{Table: "t.lines", Kind: NotNull, Columns: []string{"good"}}
	for _, tc := range []struct {
		severity   Severity
		warn, fail *Limit
		want       string
	}{
		{"", nil, nil, "error"}, {Error, nil, nil, "error"}, {Warn, nil, nil, "warn"},
		{"", nil, limit("3"), "pass"}, {"", nil, limit("2"), "error"}, {"", limit("2"), limit("3"), "warn"},
		{"", nil, limit("1.5%"), "pass"}, {"", nil, limit("1.4%"), "error"}, {"", limit("0%"), limit("100%"), "warn"},
		{Warn, limit("3"), nil, "pass"}, {Warn, nil, limit("2"), "error"},
	} {
		c.Severity, c.WarnIf, c.ErrorIf = tc.severity, tc.warn, tc.fail
		results, err := run(t, rand.New(rand.NewPCG(1, 1)), []Check{c}, ls, nil)
		if r := results[c.ID()]; r.Status != tc.want || r.Failures != 3 || (err != nil) != (tc.want == "error") {
			t.Errorf("%+v: %+v, %v", tc, r, err)
		}
	}
	for _, s := range []string{"", "%", "-1", "1.5", "101%", "-1%", "NaN%", "x"} {
		if _, err := ParseLimit(s); !errors.Is(err, pipeline.ErrConfig) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	for want, c := range map[string]Check{
		"did you mean t.lines":        {Table: "t.line", Kind: RowCount, Min: "1"},
		"did you mean order_id":       {Table: "t.lines", Kind: NotNull, Columns: []string{"orderid"}},
		"is about one column":         {Table: "t.lines", Kind: NotNull},
		"unique needs columns":        {Table: "t.lines", Kind: Unique},
		"t.lines.kind is no number":   {Table: "t.lines", Kind: SumEquals, Columns: []string{"kind"}, To: "t.customers.paid"},
		"t.customers.id is no number": {Table: "t.lines", Kind: SumEquals, Columns: []string{"price"}, To: "t.customers.id"},
		"names no column":             {Table: "t.lines", Kind: Relationships, Columns: []string{"kind"}, To: "t.customers"},
		"to: there is no column":      {Table: "t.lines", Kind: Relationships, Columns: []string{"kind"}, To: "t.customers.name"},
		"needs min or max":            {Table: "t.lines", Kind: Range, Columns: []string{"price"}},
		"needs values":                {Table: "t.lines", Kind: AcceptedValues, Columns: []string{"price"}},
		"needs a condition":           {Table: "t.lines", Kind: Expression},
		"needs within":                {Table: "t.lines", Kind: Freshness, Columns: []string{"day"}},
		"neither error nor warn":      {Table: "t.lines", Kind: RowCount, Min: "1", Severity: "fatal"},
		"RE2":                         {Table: "t.lines", Kind: Regex, Columns: []string{"kind"}, Pattern: "("},
		"not a number of rows":        {Table: "t.lines", Kind: RowCount, Min: "few"},
		`no kind "not_nul"`:           {Table: "t.lines", Kind: "not_nul", Columns: []string{"kind"}},
		`there is no column "cheap"`:  {Table: "t.lines", Kind: Range, Columns: []string{"price"}, Min: "cheap"},
		`there is no column "pric"`:   {Table: "t.lines", Kind: Expression, Condition: "pric > 0"},
		"found the end":               {Table: "t.lines", Kind: RowCount, Min: "1", Where: "price >"},
	} {
		if _, err := New(both, []Check{c}, nil); !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	twice := Check{Table: "t.lines", Kind: RowCount, Min: "1"}
	if _, err := New(both, []Check{twice, twice}, nil); err == nil || !strings.Contains(err.Error(), "t.lines.row_count: there is another") {
		t.Error(err)
	}
}

// Unique and relationships agree with a count of small random tables, also where
// everything goes to temporary files.
func TestSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var ls []line
		apart := int32(rapid.SampledFrom([]int{1, 1, 1 << 20}).Draw(t, "apart")) // of dense keys
		kinds := rapid.SampledFrom([]int{1, 50}).Draw(t, "kinds")                // one in so many is NULL
		numbers := rapid.SampledFrom([]int{1, 4}).Draw(t, "numbers")             // three of so many, and one, are there
		choice := rapid.IntRange(1, 2).Draw(t, "choice")                         // of kinds
		orders := rapid.SampledFrom([]int{5, 100}).Draw(t, "orders")
		for range rapid.SampledFrom([]int{0, 1, 20, 60, 400}).Draw(t, "lines") {
			l := line{Order: string(rune('a' + r.IntN(orders)))}
			if numbers == 1 || r.IntN(numbers) > 0 {
				l.Number = pipeline.Some(int32(r.IntN(6)))
			}
			if l.Number.Valid && r.IntN(3) > 0 {
				l.Number.V = int32(r.IntN(300)) * apart
			}
			if r.IntN(kinds) > 0 || kinds == 1 {
				l.Kind = pipeline.Some(pipeline.Code([]string{"sale", "return"}[r.IntN(choice)]))
			}
			if r.IntN(4) > 0 {
				l.Customer = pipeline.Some(pipeline.Code(fmt.Sprint(r.IntN(9))))
			}
			ls = append(ls, l)
		}
		var cs []customer
		for i := range 9 {
			if r.IntN(3) > 0 {
				cs = append(cs, customer{ID: fmt.Sprint(i)})
			}
		}
		if rapid.Bool().Draw(t, "sorted") {
			slices.SortFunc(ls, func(a, b line) int { return strings.Compare(a.Order, b.Order) })
			for i := range ls { // 1, 2, 3, as most orders have, with few exceptions
				if ls[i].Number = pipeline.Some(int32(1)); i > 0 && ls[i].Order == ls[i-1].Order {
					ls[i].Number.V = ls[i-1].Number.V + int32(r.IntN(20)+19)/20 // now and then the same again
				}
			}
			for i := range len(ls) / 2 { // some come again, of other kinds perhaps
				again := ls[i]
				if r.IntN(2) > 0 && again.Kind.Valid {
					again.Kind = pipeline.Some(pipeline.Code([]string{"sale", "return"}[r.IntN(2)]))
				}
				ls = append(ls, again)
			}
		}
		keys, whole, ids, dense, wrong := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, int64(0)
		for _, l := range ls {
			ids[l.Order]++
			if l.Number.Valid {
				keys[fmt.Sprint(l.Order, l.Number.V)]++
			}
			if l.Number.Valid && l.Kind.Valid {
				dense[fmt.Sprint(l.Kind.V, l.Number.V)]++
				whole[fmt.Sprint(l.Order, l.Kind.V, l.Number.V)]++
			}
			if l.Customer.Valid && !slices.ContainsFunc(cs, func(c customer) bool { return c.ID == string(l.Customer.V) }) {
				wrong++
			}
		}
		repeated := func(keys map[string]int64) (rows int64) {
			for _, n := range keys {
				if n > 1 {
					rows += n
				}
			}
			return rows
		}
		unique := Check{Table: "t.lines", Kind: Unique, Columns: []string{"order_id", "number"}}
		related := Check{Table: "t.lines", Kind: Relationships, Columns: []string{"customer"}, To: "t.customers.id"}
		packed := Check{Table: "t.lines", Kind: Unique, Columns: []string{"number", "kind"}}
		lines := Check{Table: "t.lines", Kind: Unique, Columns: []string{"order_id", "number", "kind"}}
		single := Check{Table: "t.lines", Kind: Unique, Columns: []string{"order_id"}}
		results, _ := run(t, r, []Check{unique, related, packed, lines, single}, ls, cs)
		for _, c := range []struct {
			check Check
			keys  map[string]int64
		}{{unique, keys}, {packed, dense}, {lines, whole}, {single, ids}} {
			if got, want := results[c.check.ID()], repeated(c.keys); got.Failures != want {
				t.Fatalf("%+v, want %d", got, want)
			}
		}
		if got := results[related.ID()]; got.Failures != wrong {
			t.Fatalf("%+v, want %d", got, wrong)
		}
	})
}

// A bag gives back what was put into it, from memory or from a file.
func TestBag(t *testing.T) {
	for _, scratch := range []*pipeline.Scratch{new(pipeline.Scratch), pipeline.NewScratch(1, "")} {
		b, want := newBag(scratch), map[string]int64{}
		w := b.writer()
		for i := range 300_000 {
			key := fmt.Sprint("key ", i%100_000)
			if i%50_000 == 0 {
				key = strings.Repeat("long", 10_000)
			}
			want[key] += int64(i % 7)
			if err := w.add([]byte(key), int64(i%7)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for part := range partCount {
			err := b.each(part, func(key []byte, n int64) error {
				got[string(key)] += n
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(want, got) {
			t.Error("other keys, or other counts")
		}
		if (b.spill.Load() != nil) != (scratch.Spilled() > 0) || b.spill.Load() == nil && scratch.Full() {
			t.Error("nothing was spilled")
		}
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	}
}
