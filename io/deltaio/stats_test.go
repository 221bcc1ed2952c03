package deltaio

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 32)
	top := strings.Repeat("\U0010FFFF", 32)
	sum, _ := decimal128.FromString("-12345678901234567890123456789012.3456", 38, 4)
	for _, c := range []struct {
		value       any
		lower, want string
	}{
		{int64(math.MinInt64), "-9223372036854775808", "-9223372036854775808"},
		{pipeline.Price(0), "", ""}, // no type of ColumnStats
		{true, "", ""},
		{nil, "", ""},
		{sum, "-12345678901234567890123456789012.3456", "-12345678901234567890123456789012.3456"},
		{decimal128.FromI64(-5), "-0.0005", "-0.0005"},
		{pipeline.Date(-1), `"1969-12-31"`, `"1969-12-31"`},
		{pipeline.Date(4_000_000), "", ""}, // the year 12921
		{pipeline.Timestamp(-1), `"1969-12-31T23:59:59.999Z"`, `"1970-01-01T00:00:00.000Z"`},
		{pipeline.Timestamp(1_000_000), `"1970-01-01T00:00:01.000Z"`, `"1970-01-01T00:00:01.000Z"`},
		{pipeline.Timestamp(1_000_001), `"1970-01-01T00:00:01.000Z"`, `"1970-01-01T00:00:01.001Z"`},
		{pipeline.Timestamp(math.MaxInt64), "", ""},
		{"", `""`, `""`},
		{long, `"` + long + `"`, `"` + long + `"`},
		{long + "a", `"` + long + `"`, `"` + long[:31] + `y"`},
		{strings.Repeat("é", 33), `"` + strings.Repeat("é", 32) + `"`, `"` + strings.Repeat("é", 31) + `ê"`},
		{long[:31] + "\U0010FFFFz", `"` + long[:31] + "\U0010FFFF" + `"`, `"` + long[:30] + `y"`},
		{long[:31] + "\uD7FFz", `"` + long[:31] + "\uD7FF" + `"`, `"` + long[:31] + "\uE000" + `"`},
		{top, `"` + top + `"`, `"` + top + `"`},
		{top + "a", `"` + top + `"`, ""},
		{"bad \xff", "", ""},
	} {
		if got := jsonBound(c.value, pipeline.SumType, false); got != c.lower {
			t.Errorf("lower bound of %v: %s, want %s", c.value, got, c.lower)
		}
		if got := jsonBound(c.value, pipeline.SumType, true); got != c.want {
			t.Errorf("upper bound of %v: %s, want %s", c.value, got, c.want)
		}
	}
}

func TestIndexed(t *testing.T) {
	for properties, want := range map[string]string{"": "id amount at", "delta.dataSkippingNumIndexedCols=2": "id amount", "delta.dataSkippingNumIndexedCols=0": "", "delta.dataSkippingNumIndexedCols=-1": "id amount at", "delta.dataSkippingStatsColumns=at, `id`": "id at"} {
		name, value, _ := strings.Cut(properties, "=")
		wanted := indexed(sales.Table, map[string]string{name: value})
		var got []string
		for _, c := range sales.Columns {
			if wanted[c.Name] {
				got = append(got, c.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", properties, got, want)
		}
	}
}

func TestRowsOf(t *testing.T) {
	for stats, want := range map[string]int64{`{"numRecords":12,"minValues":{}}`: 12, `{"numRecords":7}`: 7, `{"minValues":{},"numRecords":5}`: 5, "": -1, "{": -1, `{}`: -1, `{"numRecords":-1}`: -1, `{"numRecords":"x"}`: -1, `{"numRecords":1.5}`: -1} {
		if got := rowsOf(stats); got != want {
			t.Errorf("%s: %d, want %d", stats, got, want)
		}
	}
}

func TestInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 5, "interval 30 days": 30 * day, "interval 1 week": 7 * day, "INTERVAL 1 day 12 hours": 36 * time.Hour, "interval 0 seconds": 0, "168 hours": 7 * day, "interval x": 5, "interval 3": 5, "interval 1 month": 5, "interval -1 days": 5, "interval 99999999999 weeks": 5} {
		if got := interval(text, 5); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestOthersStats reads the forms in which other writers give bounds.
func TestOthersStats(t *testing.T) {
	for _, c := range []struct {
		typ  string
		a, b string
		want bool // a is less than b
	}{
		{"long", "1", "2", true}, {"long", "2", "2", false}, {"long", "9", "10", true}, {"long", "1e3", "2", false},
		{"decimal(18,4)", "1.5", "1.5000", false}, {"decimal(18,4)", "-2", "-1.9999", true}, {"decimal(18,4)", "1.5E1", "16", false},
		{"string", `"a"`, `"b"`, true}, {"string", `null`, `"b"`, false}, {"string", `"\u00e9"`, `"z"`, false},
		{"date", `"2020-01-01"`, `"2020-01-02"`, true},
		{"timestamp", `"2020-01-01T00:00:00.000Z"`, `"2020-01-01T00:00:00.001Z"`, false}, // may have been cut down
		{"timestamp", `"2020-01-01T00:00:00.000Z"`, `"2020-01-01T00:00:00.002Z"`, true},
		{"timestamp", `"2020-01-01T01:00:00+01:00"`, `"2020-01-01 00:00:00.5"`, true},
		{"timestamp", `"garbage"`, `"2020-01-01T00:00:00Z"`, false},
		{"boolean", "false", "true", false},
	} {
		if got := less(arrowType([]byte(`"`+c.typ+`"`)), []byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("%s %s < %s: %v", c.typ, c.a, c.b, got)
		}
	}
}
