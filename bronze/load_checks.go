package bronze

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

var checkBlock = &block[check.Check]{
	name: "check", doc: "One rule about a table of bronze, silver or gold.",
	keys: []key[check.Check]{
		field("table", text, func(c *check.Check) *string { return &c.Table }, required, "silver.fact_sales",
			"The table that it is about."),
		field("kind", converted[check.Kind](choice(stringsOf(check.Kinds))), func(c *check.Check) *check.Kind { return &c.Kind }, required, "not_null",
			"What it demands of it."),
		field("columns", texts, func(c *check.Check) *[]string { return &c.Columns }, "none", "[order_id, line_number]",
			"The columns that it is about; one but for unique, none for expression, row_count and the anomalies."),
		field("values", texts, func(c *check.Check) *[]string { return &c.Values }, "none", "[web, store]",
			"For accepted_values: what a value may be."),
		field("to", text, func(c *check.Check) *string { return &c.To }, "none", "silver.dim_products.product_id",
			"For relationships the column that has all values, for sum_equals the one with the same sum."),
		field("min", text, func(c *check.Check) *string { return &c.Min }, "none", "0",
			"For range and row_count: the least value, or the fewest rows."),
		field("max", text, func(c *check.Check) *string { return &c.Max }, "none", "10000.00",
			"For range and row_count: the greatest value, or the most rows."),
		field("pattern", text, func(c *check.Check) *string { return &c.Pattern }, "none", `"^[A-Z]{2}-"`,
			"For regex: what a text has to match, in RE2's syntax."),
		field("condition", text, func(c *check.Check) *string { return &c.Condition }, "none", "revenue = sales - returns",
			"For expression: what is true of each row, in the language of smelt show --where; for share_anomalies, of the rows that are counted."),
		field("within", scalar("a duration", object{"type": "string", "examples": []any{"36h", "7d"}}, ageOf), func(c *check.Check) *time.Duration { return &c.Within }, "none", "36h",
			"For freshness: how old the newest value may be, in d, h, m or s."),
		field("where", text, func(c *check.Check) *string { return &c.Where }, "none", "channel = 'web'",
			"Only rows for which this is true are looked at."),
		field("of", choice([]string{"rows", "new_rows"}), func(c *check.Check) *string { return &c.Of }, "rows", "new_rows",
			"For volume_anomalies: all rows of the table, or those that a run adds to a table of bronze."),
		field("sensitivity", positive, func(c *check.Check) *float64 { return &c.Sensitivity }, "3.5", "5",
			"For anomalies: how far from the earlier values is too far, as a modified z-score."),
		field("change", optional(rowLimit), func(c *check.Check) **check.Limit { return &c.Change }, "none", "20%",
			"For anomalies, in place of sensitivity: how far from the median of the earlier values is too far, in percent of it."),
		field("runs", wholeNumber, func(c *check.Check) *int { return &c.Runs }, "14", "30",
			"For anomalies: how many of the last runs are compared with, at most."),
		field("min_runs", wholeNumber, func(c *check.Check) *int { return &c.MinRuns }, "7", "3",
			"For anomalies: how many at least; until then the check is skipped."),
		field("on_failure", choice(check.OnFailures), func(c *check.Check) *string { return &c.OnFailure }, "fail, with severity warn keep", "quarantine",
			"What becomes of rows that fail: they are published, or go to silver.quarantine before anything counts them, or keep everything from being published."),
		field("severity", converted[check.Severity](choice([]string{string(check.Error), string(check.Warn)})), func(c *check.Check) *check.Severity { return &c.Severity }, "error, with on_failure keep warn", "warn",
			"Whether a failure keeps the tables from being published, or is a warning."),
		field("warn_if", optional(rowLimit), func(c *check.Check) **check.Limit { return &c.WarnIf }, "0 with severity warn", "1%",
			"More failing rows than these, or a larger share, are a warning."),
		field("error_if", optional(rowLimit), func(c *check.Check) **check.Limit { return &c.ErrorIf }, "0 with severity error", "100",
			"More failing rows than these, or a larger share, are an error."),
		field("store_failures", optional(wholeNumber), func(c *check.Check) **int { return &c.Keep }, "100", "20",
			"How many failing rows are kept of each run, at most, for smelt test --last --show-failures."),
		field("name", text, func(c *check.Check) *string { return &c.Name }, "table.columns.kind", "few_returns",
			"What it is called."),
		field("doc", text, func(c *check.Check) *string { return &c.Doc }, "none", "Orders of more are typing errors.",
			"Why it should be so."),
	},
}

var rowLimit = scalar("a number of rows or a percentage", object{"type": []any{"integer", "string"}}, check.ParseLimit)

var positive = scalar("a number above 0", object{"type": "number"}, func(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0 && v < 1e9) {
		return 0, &pipeline.Error{Msg: fmt.Sprintf("%q is not a number above 0", s)}
	}
	return v, nil
})

// ageOf reads a duration that may be in days.
func ageOf(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if n, err := strconv.ParseUint(days, 10, 16); ok && err == nil {
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, &pipeline.Error{Msg: fmt.Sprintf("%q is not a duration", s), Hint: "write it as 36h, 90m or 7d"}
	}
	return d, nil
}

func stringsOf[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// converted is a shape of texts whose Go side is another type.
func converted[V ~string](s shape[string]) shape[V] {
	return shape[V]{kind: s.kind, schema: s.schema, decode: func(d *decoder, n *node, path string, to *V) error {
		var v string
		err := s.decode(d, n, path, &v)
		*to = V(v)
		return err
	}}
}

// checkChecks finds what shows without the tables.
func (m *Mapping) checkChecks() *problem {
	for i, c := range m.Checks {
		path := fmt.Sprintf("checks[%d]", i)
		if c.Table == "" {
			return bad(path, "the check has no table", "name the table that it is about, as silver.fact_sales")
		}
		if p := checkChoice(path+".kind", "kind", string(c.Kind), stringsOf(check.Kinds)); p != nil {
			return p
		}
		if c.OnFailure != "" {
			if p := checkChoice(path+".on_failure", "on_failure", c.OnFailure, check.OnFailures); p != nil {
				return p
			}
		}
	}
	return nil
}
