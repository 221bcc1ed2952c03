package openlineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// told collects the events of a reporter.
func told(t *testing.T, r *Reporter, do func()) []map[string]any {
	t.Helper()
	var out []map[string]any
	r.Send = func(e *Event) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	do()
	return out
}

// at follows a path of keys and indexes; nil where there is none.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func table(t *testing.T, name string, columns ...pipeline.Column) *pipeline.Table {
	t.Helper()
	out, err := pipeline.NewTable(name, "One row per "+name+".", nil, columns)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	begin = time.Date(2026, 11, 29, 1, 2, 3, 4e6, time.FixedZone("", 3600))
	end   = begin.Add(time.Second)
)

// shop is a run that has read one of two sales files and written two of three tables.
func shop(t *testing.T) Outcome {
	text := func(name string) pipeline.Column {
		return pipeline.Column{Name: name, Doc: "The " + name + ".", Type: pipeline.StringType}
	}
	amount := pipeline.Column{Name: "amount", Doc: "The amount.", Type: pipeline.PriceType}
	person := pipeline.Column{Name: "email", Doc: "Who.", Type: pipeline.CodeType, PII: "email"}
	col := func(table, column string) lineage.Column { return lineage.Column{Table: table, Column: column} }
	edge := func(from, to lineage.Column, k lineage.Kind) lineage.Edge {
		return lineage.Edge{From: from, To: to, Kind: k}
	}
	sales, fact, sum := "bronze.sales", "silver.fact_sales", "gold.sums"
	return Outcome{
		Report: &pipeline.Report{RunID: "00ff", BatchID: "bb", Full: "the first run", Checks: []pipeline.CheckResult{
			{Check: "few", Table: fact, Kind: "range", Says: "amount is at most 10", Severity: "error", Columns: []string{"amount"}, Status: "pass", Rows: 3},
			{Check: "pair", Table: fact, Kind: "unique", Says: "a pair is there once", Severity: "warn", Columns: []string{"email", "amount"}, Status: "warn", Rows: 3, Failures: 2, Samples: []pipeline.FailedRow{{Row: []byte(`{"email":"jo@example.com"}`), Rows: 2}}},
			{Check: "unknown", Table: sum, Kind: "sum_equals", Status: "skipped"},
		}},
		Sources: []Source{{Name: "source.sales", Files: []Files{
			{Path: "/shop/sales_*.csv", Read: []string{"/shop/sales_1.csv", "/shop/sales_2.csv"}, Records: 3, Bytes: 99},
			{Path: "/shop/old.csv"},
			{Path: "/shop/one.csv", Read: []string{"/shop/one.csv"}, Records: 1, Bytes: 9},
		}}},
		Tables: []Table{
			{Table: table(t, sales, text("who"), amount), Path: "/lake/bronze/sales", Delta: true, Version: 7, Written: true, Rows: 3, Bytes: 50, Files: 1},
			{Table: table(t, fact, person, amount, text("twice")), Path: "/lake/silver/fact_sales", Delta: true, Version: 0, Written: true, Rows: 3, Bytes: 60, Files: 2, Change: "CREATE"},
			{Table: table(t, "bronze.rejects", text("raw")), Path: "/lake/bronze/rejects", Version: -1, Written: true},
			{Table: table(t, sum, amount), Path: "/lake/gold/sums", Delta: true, Version: 4},
		},
		Edges: []lineage.Edge{
			edge(col("source.sales", "Who"), col(sales, "who"), lineage.Identity),
			edge(col(sales, "who"), col(fact, "email"), lineage.Transformation),
			edge(col(sales, "kind"), col(fact, "email"), lineage.Filter),
			edge(col(sales, "kind"), col(fact, "amount"), lineage.Filter),
			edge(col(sales, "kind"), col(fact, "twice"), lineage.Filter),
			edge(col(sales, "amount"), col(fact, "amount"), lineage.Identity),
			edge(col(sales, "amount"), col(fact, "amount"), lineage.Sort),
			edge(col(fact, "amount"), col(fact, "twice"), lineage.Aggregation),
			edge(col(fact, "amount"), col(sum, "amount"), lineage.Aggregation),
		},
	}
}

func TestRun(t *testing.T) {
	r := &Reporter{Job: JobID{"ns", "shop"}, Version: "v1.2.3", Parent: &RunID{JobID{"airflow", "dag.task"}, "11111111-2222-7333-8444-555555555555"}}
	events := told(t, r, func() { r.Begin(begin).End(end, shop(t)) })
	var got []string
	begun := map[any]string{}
	for _, e := range events {
		id, name := at(e, "run", "runId"), at(e, "job", "name").(string)
		got = append(got, at(e, "eventType").(string)+" "+name)
		if e["eventType"] == "START" {
			if begun[id] != "" {
				t.Errorf("%s begins again", id)
			}
			begun[id] = name
		} else if begun[id] != name {
			t.Errorf("%s ends %s, which is %q", name, id, begun[id])
		}
		if !uuid.MatchString(id.(string)) || id.(string)[14] != '7' {
			t.Errorf("run %s is no UUID of version 7", id)
		}
		if at(e, "inputs") == nil || at(e, "outputs") == nil {
			t.Errorf("%s has null for datasets", name)
		}
	}
	want := []string{"START shop", "START shop.bronze.sales", "COMPLETE shop.bronze.sales", "START shop.silver.fact_sales", "COMPLETE shop.silver.fact_sales",
		"START shop.bronze.rejects", "COMPLETE shop.bronze.rejects", "START shop.test", "COMPLETE shop.test", "COMPLETE shop"}
	if !slices.Equal(got, want) {
		t.Fatalf("events\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	first, bronze, fact, rejects, test, last := events[0], events[2], events[4], events[6], events[8], events[9]
	for _, c := range []struct {
		got  any
		want string
	}{
		{at(first, "eventTime"), `"2026-11-29T00:02:03.004Z"`},
		{at(last, "eventTime"), `"2026-11-29T00:02:04.004Z"`},
		{at(first, "producer"), `"https://github.com/smeltdata/smelt/tree/v1.2.3"`},
		{at(first, "run", "facets", "parent", "job", "name"), `"dag.task"`},
		{at(first, "run", "facets", "parent", "root", "run", "runId"), `"11111111-2222-7333-8444-555555555555"`},
		{at(bronze, "run", "facets", "parent", "run", "runId"), asJSON(t, at(first, "run", "runId"))},
		{at(bronze, "run", "facets", "parent", "root", "run", "runId"), `"11111111-2222-7333-8444-555555555555"`},
		{at(last, "run", "facets", "tags", "tags", 0), `{"key":"run_id","source":"SMELT","value":"00ff"}`},
		{at(last, "run", "facets", "tags", "tags", 2, "value"), `"the first run"`},
		{at(last, "run", "facets", "errorMessage"), `null`},

		// The files: what was read of them, and what only was there.
		{at(bronze, "inputs", 0, "name"), `"/shop/sales_*.csv"`},
		{at(bronze, "inputs", 0, "inputFacets", "inputStatistics", "rowCount"), `3`},
		{at(bronze, "inputs", 0, "inputFacets", "inputStatistics", "fileCount"), `2`},
		{at(bronze, "inputs", 0, "inputFacets", "subset", "inputCondition", "locations"), `["/shop/sales_1.csv","/shop/sales_2.csv"]`},
		{at(bronze, "inputs", 0, "facets", "schema", "fields"), `[{"name":"Who"}]`},
		{at(bronze, "inputs", 1, "name"), `"/shop/old.csv"`},
		{at(bronze, "inputs", 1, "inputFacets"), `null`},
		{at(bronze, "inputs", 2, "inputFacets", "inputStatistics", "size"), `9`},
		{at(bronze, "inputs", 2, "inputFacets", "subset"), `null`},
		{at(bronze, "outputs", 0, "facets", "columnLineage", "fields", "who", "inputFields", 2, "name"), `"/shop/sales_*.csv"`},
		{at(bronze, "outputs", 0, "facets", "lifecycleStateChange"), `null`},

		// A table.
		{at(fact, "inputs"), `[{"facets":{"version":{"_producer":"https://github.com/smeltdata/smelt/tree/v1.2.3","_schemaURL":"https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet","datasetVersion":"7"}},"name":"/lake/bronze/sales","namespace":"file"}]`},
		{at(fact, "outputs", 0, "outputFacets", "outputStatistics", "rowCount"), `3`},
		{at(fact, "outputs", 0, "outputFacets", "outputStatistics", "size"), `60`},
		{at(fact, "outputs", 0, "outputFacets", "outputStatistics", "fileCount"), `2`},
		{at(fact, "outputs", 0, "facets", "lifecycleStateChange", "lifecycleStateChange"), `"CREATE"`},
		{at(fact, "outputs", 0, "facets", "version", "datasetVersion"), `"0"`},
		{at(fact, "outputs", 0, "facets", "tags", "tags"), `[{"field":"email","key":"pii","source":"SMELT","value":"email"}]`},
		{at(fact, "outputs", 0, "facets", "schema", "fields", 1), `{"description":"The amount.","name":"amount","ordinal_position":2,"type":"decimal(18,4)"}`},
		{at(fact, "outputs", 0, "facets", "schema", "fields", 0, "type"), `"string"`},

		{at(rejects, "inputs", 1, "name"), `"/shop/old.csv"`},
		{at(rejects, "outputs", 0, "facets", "columnLineage"), `null`},
		{at(rejects, "outputs", 0, "facets", "version"), `null`},

		// Its lineage: a filter of all rows is the dataset's, its own columns are seen through.
		{at(fact, "outputs", 0, "facets", "columnLineage", "dataset"), `[{"field":"kind","name":"/lake/bronze/sales","namespace":"file","transformations":[{"masking":false,"subtype":"FILTER","type":"INDIRECT"}]}]`},
		{at(fact, "outputs", 0, "facets", "columnLineage", "fields", "amount", "inputFields"), `[{"field":"amount","name":"/lake/bronze/sales","namespace":"file","transformations":[{"masking":false,"subtype":"IDENTITY","type":"DIRECT"},{"masking":false,"subtype":"SORT","type":"INDIRECT"}]}]`},
		{at(fact, "outputs", 0, "facets", "columnLineage", "fields", "twice", "inputFields", 0, "transformations", 0, "subtype"), `"AGGREGATION"`},
		{at(fact, "outputs", 0, "facets", "columnLineage", "fields", "twice", "inputFields", 0, "transformations", 1, "subtype"), `"SORT"`},

		// The test: what was skipped holds neither nor not, and rows are nobody's business.
		{at(test, "inputs", 1), `null`},
		{at(test, "inputs", 0, "name"), `"/lake/silver/fact_sales"`},
		{at(test, "inputs", 0, "inputFacets", "dataQualityAssertions", "assertions"), `[{"assertion":"range","column":"amount","description":"amount is at most 10","name":"few","params":{"failures":0,"rows":3},"severity":"error","success":true},` +
			`{"actual":"2 rows fail","assertion":"unique","description":"a pair is there once","name":"pair","params":{"columns":["email","amount"],"failures":2,"rows":3},"severity":"warn","success":false}]`},
	} {
		if got := asJSON(t, c.got); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// TestEnds tells how runs end that publish nothing.
func TestEnds(t *testing.T) {
	failed := shop(t)
	failed.Report.Checks[0].Status = "error"
	failed.Err = &pipeline.Error{Kind: pipeline.ErrCheck, Msg: "check few: 1 of 3 rows fail"}
	for _, c := range []struct {
		name    string
		outcome Outcome
		events  string
		message string
	}{
		{"a check fails", failed, "START shop; START shop.test; FAIL shop.test; FAIL shop", "check few: 1 of 3 rows fail"},
		{"a value is wrong", Outcome{Err: errors.Join(&pipeline.Error{Kind: pipeline.ErrInput, File: "a.csv", Msg: "no date", Value: "jo@example.com"})}, "START shop; FAIL shop", "a.csv: no date"},
		{"interrupted", Outcome{Err: fmt.Errorf("run: %w", context.Canceled)}, "START shop; ABORT shop", ""},
		{"nothing new", Outcome{Err: pipeline.ErrNothingNew, Report: failed.Report}, "START shop; COMPLETE shop", ""},
		{"no report", Outcome{}, "START shop; COMPLETE shop", ""},
	} {
		r := &Reporter{Job: JobID{"ns", "shop"}, Version: "dev"}
		events := told(t, r, func() { r.Begin(begin).End(end, c.outcome) })
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s %s", at(e, "eventType"), at(e, "job", "name")))
		}
		if s := strings.Join(got, "; "); s != c.events {
			t.Errorf("%s: %s, want %s", c.name, s, c.events)
		}
		last := events[len(events)-1]
		if m, _ := at(last, "run", "facets", "errorMessage", "message").(string); m != c.message {
			t.Errorf("%s: message %q, want %q", c.name, m, c.message)
		}
		if p := at(events[0], "run", "facets", "parent"); p != nil {
			t.Errorf("%s: a parent: %s", c.name, p)
		}
		if text := asJSON(t, events); strings.Contains(text, "jo@example.com") {
			t.Errorf("%s: the events have a value of the shop: %s", c.name, text)
		}
	}
}

func TestTestAlone(t *testing.T) {
	o := shop(t)
	r := &Reporter{Job: JobID{"ns", "shop"}, Version: "dev"}
	events := told(t, r, func() {
		r.BeginTest(begin).EndTest(end, o.Report.Checks, o.Tables, nil)
		r.BeginTest(begin).EndTest(end, nil, o.Tables, errors.New("cannot be read"))
	})
	if len(events) != 4 || at(events[1], "eventType") != "COMPLETE" || at(events[3], "eventType") != "FAIL" || at(events[1], "job", "name") != "shop.test" {
		t.Errorf("events: %s", asJSON(t, events))
	}
}

func TestCompose(t *testing.T) {
	for _, c := range [][3]lineage.Kind{ // outer, inner, both
		{lineage.Identity, lineage.Identity, lineage.Identity},
		{lineage.Identity, lineage.Sort, lineage.Sort},
		{lineage.Transformation, lineage.Identity, lineage.Transformation},
		{lineage.Transformation, lineage.Aggregation, lineage.Aggregation},
		{lineage.Aggregation, lineage.Transformation, lineage.Aggregation},
		{lineage.Aggregation, lineage.Filter, lineage.Filter},
		{lineage.Join, lineage.Filter, lineage.Join},
		{lineage.Join, lineage.Aggregation, lineage.Join},
	} {
		if got := compose(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		of   arrow.DataType
		want string
	}{{pipeline.CodeType, "string"}, {pipeline.Int64Type, "bigint"}, {pipeline.DateType, "date"}, {pipeline.BoolType, "boolean"}, {&arrow.TimestampType{Unit: arrow.Microsecond}, "timestamp_ntz"}, {pipeline.BinaryType, "binary"}, {pipeline.Int32Type, "int"}} {
		if got := typeName(c.of); got != c.want {
			t.Errorf("%s is %s, want %s", c.of, got, c.want)
		}
	}
}
