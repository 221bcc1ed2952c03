package check

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Kind says what a check demands.
type Kind string

const (
	NotNull        Kind = "not_null"        // no value of the column is NULL
	Unique         Kind = "unique"          // no two rows have the same values of the columns; a row with a NULL in one of them has none
	AcceptedValues Kind = "accepted_values" // each value is one of Values, or NULL
	Relationships  Kind = "relationships"   // each value is one of the column To, or NULL
	Range          Kind = "range"           // each value lies between Min and Max, both included, or is NULL
	Regex          Kind = "regex"           // each text has a match of Pattern, or is NULL
	Expression     Kind = "expression"      // Condition is true of each row, or unknown for a NULL
	RowCount       Kind = "row_count"       // the table has between Min and Max rows
	Freshness      Kind = "freshness"       // the column's newest value is no older than Within
	SumEquals      Kind = "sum_equals"      // the column's sum is that of the column To

	VolumeAnomalies Kind = "volume_anomalies" // the number of rows is not far from that of earlier runs
	ShareAnomalies  Kind = "share_anomalies"  // nor is the share of rows that Condition is true of
)

// Severity says what a failed check means.
type Severity string

const (
	Error Severity = "error" // the tables are not published
	Warn  Severity = "warn"  // they are, with a warning
)

// What OnFailure may be: what becomes of rows that fail. Where it is not said,
// Severity says it: Warn keeps them, Error fails.
const (
	KeepRows   = "keep"       // they are in the table, and published with it
	Quarantine = "quarantine" // they are no rows of the table: silver.quarantine has them, and no sum counts them
	Fail       = "fail"       // nothing is published
)

// OnFailures are all of them.
var OnFailures = []string{KeepRows, Quarantine, Fail}

// Limit is how many failing rows are too many: more than Count, or, where
// Percent is set, more than so many percent of the rows that were looked at.
type Limit struct {
	Count    int64
	Percent  float64
	Relative bool // Percent counts
}

// Exceeded reports whether so many failures of so many rows are too many.
func (l Limit) Exceeded(failures, rows int64) bool {
	if l.Relative {
		return failures > 0 && float64(failures)*100 > l.Percent*float64(rows)
	}
	return failures > l.Count
}

func (l Limit) String() string {
	if l.Relative {
		return strconv.FormatFloat(l.Percent, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(l.Count, 10)
}

// ParseLimit reads a limit: 10, or 0.5%.
func ParseLimit(s string) (Limit, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	number = strings.TrimSpace(number)
	if percent {
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return Limit{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: s, Msg: "is not a percentage", Hint: "write a number of rows, or a percentage from 0% to 100%"}
		}
		return Limit{Percent: p, Relative: true}, nil
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return Limit{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: s, Msg: "is not a number of rows", Hint: "write a number of rows, or a percentage from 0% to 100%"}
	}
	return Limit{Count: n}, nil
}

// Check is one rule about a table. Its zero fields are defaults.
type Check struct {
	Name    string // default: made of the table, the columns and the kind
	Doc     string
	Table   string // "silver.fact_sales"
	Kind    Kind
	Columns []string // not_null, accepted_values, relationships, range, regex, freshness and sum_equals are about one

	Values    []string      // accepted_values: literals as a condition has them, without quotes
	To        string        // relationships, sum_equals: "layer.table.column"
	Min, Max  string        // range: literals without quotes; row_count: numbers; "" = no bound
	Pattern   string        // regex: in RE2's syntax, anywhere in the text unless ^ and $ say otherwise
	Condition string        // expression, share_anomalies: of package query
	Within    time.Duration // freshness: counted back from the run's start
	Where     string        // a condition of package query: other rows are not looked at

	// The anomaly kinds: see anomaly.go.
	Of          string  // volume_anomalies: "rows" (default) of the table, or "new_rows" that a run adds to what is there
	Sensitivity float64 // modified z-score that is too much; default 3.5
	Change      *Limit  // a percentage that the value may differ from the median by, in place of Sensitivity
	Runs        int     // how many earlier runs are compared with, at most; default 14
	MinRuns     int     // and at least; default 7

	OnFailure string   // see there; Quarantine is for kinds that look at each row by itself
	Severity  Severity // default Error, with KeepRows Warn
	WarnIf    *Limit   // more failing rows than these are a warning; default 0 where Severity is Warn, else none
	ErrorIf   *Limit   // more are an error; default 0 where Severity is Error, else none

	Keep *int // how many failing rows are kept to be shown; nil = Kept

	Line, Col int // where it stands in smelt.yml, for errors; 0 = built in Go
}

// ID is the check's name, or what it is named by default:
// silver.fact_sales.order_id.not_null, silver.fact_sales.row_count.
func (c *Check) ID() string {
	if c.Name != "" {
		return c.Name
	}
	parts := []string{c.Table}
	if len(c.Columns) > 0 {
		parts = append(parts, strings.Join(c.Columns, "+"))
	}
	return strings.Join(append(parts, string(c.Kind)), ".")
}

// Says is the rule in words: "order_id is not NULL".
func (c *Check) Says() string {
	columns := strings.Join(c.Columns, ", ")
	s := ""
	switch c.Kind {
	case NotNull:
		s = columns + " is not NULL"
	case Unique:
		s = columns + " is unique"
	case AcceptedValues:
		s = columns + " is one of " + strings.Join(c.Values, ", ")
	case Relationships:
		s = columns + " is in " + c.To
	case Range, RowCount:
		if c.Kind == RowCount {
			columns = "the number of rows"
		}
		switch {
		case c.Max == "":
			s = columns + " is at least " + c.Min
		case c.Min == "":
			s = columns + " is at most " + c.Max
		default:
			s = columns + " is from " + c.Min + " to " + c.Max
		}
	case Regex:
		s = columns + " matches " + c.Pattern
	case Expression:
		s = c.Condition
	case Freshness:
		s = fmt.Sprintf("%s is at most %s old", columns, c.Within)
	case SumEquals:
		s = "the sum of " + columns + " is that of " + c.To
	}
	if c.Kind.anomalous() {
		s = c.saysAnomaly()
	}
	if c.Where != "" {
		s += " where " + c.Where
	}
	return s
}

// severity is what the check says of it, or implies.
func (c *Check) severity() Severity {
	switch {
	case c.Severity != "":
		return c.Severity
	case c.OnFailure == KeepRows:
		return Warn
	}
	return Error
}

// Limits returns what more than is a warning and an error; nil is never.
func (c *Check) Limits() (warn, fail *Limit) {
	warn, fail = c.WarnIf, c.ErrorIf
	if c.OnFailure == Quarantine {
		return warn, fail // rows that are out of the way do no harm, unless it says how many do
	}
	if c.severity() == Warn {
		if warn == nil {
			warn = &Limit{}
		}
	} else if fail == nil {
		fail = &Limit{}
	}
	return warn, fail
}

// Kinds are all of them.
var Kinds = []Kind{NotNull, Unique, AcceptedValues, Relationships, Range, Regex, Expression, RowCount, Freshness, SumEquals, VolumeAnomalies, ShareAnomalies}

// ofOne are the kinds about one column.
var ofOne = []Kind{NotNull, AcceptedValues, Relationships, Range, Regex, Freshness, SumEquals}

// wrong is the error of a check that cannot be.
func (c *Check) wrong(msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Table: c.Table, Line: c.Line, Col: c.Col, Msg: "check " + c.ID() + ": " + msg, Hint: hint}
}

// validate finds mistakes of the check that show without data.
func (c *Check) validate(t *pipeline.Table) error {
	wrong := func(msg, hint string) error {
		return c.wrong(msg, hint)
	}
	for _, name := range c.Columns {
		if t.Index(name) < 0 {
			var names []string
			for _, column := range t.Columns {
				names = append(names, column.Name)
			}
			hint := "the columns are " + strings.Join(names, ", ")
			if near := pipeline.Nearest(name, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			return wrong(fmt.Sprintf("there is no column %q", name), hint)
		}
	}
	switch {
	case slices.Contains(ofOne, c.Kind) && len(c.Columns) != 1:
		return wrong(fmt.Sprintf("%s is about one column, not %d", c.Kind, len(c.Columns)), "")
	case c.Kind == Unique && len(c.Columns) == 0:
		return wrong("unique needs columns", "")
	case (c.Kind == Relationships || c.Kind == SumEquals) && strings.Count(c.To, ".") != 2:
		return wrong(fmt.Sprintf("to: %q names no column", c.To), "write layer.table.column")
	case (c.Kind == Range || c.Kind == RowCount) && c.Min == "" && c.Max == "":
		return wrong(fmt.Sprintf("%s needs min or max", c.Kind), "")
	case c.Kind == AcceptedValues && len(c.Values) == 0:
		return wrong("accepted_values needs values", "")
	case (c.Kind == Expression || c.Kind == ShareAnomalies) && c.Condition == "":
		return wrong(string(c.Kind)+" needs a condition", "")
	case c.Kind == Freshness && c.Within <= 0:
		return wrong("freshness needs within", "write how old the newest value may be, as 24h")
	case c.Severity != "" && c.Severity != Error && c.Severity != Warn:
		return wrong(fmt.Sprintf("severity: %q is neither error nor warn", c.Severity), "")
	case c.Kind == Regex:
		if _, err := regexp.Compile(c.Pattern); err != nil {
			return wrong("pattern: "+err.Error(), "patterns are in RE2's syntax")
		}
	case c.Kind == RowCount:
		for _, s := range []string{c.Min, c.Max} {
			if n, err := strconv.ParseInt(s, 10, 64); s != "" && (err != nil || n < 0) {
				return wrong(fmt.Sprintf("%q is not a number of rows", s), "")
			}
		}
	case !slices.Contains(Kinds, c.Kind):
		return wrong(fmt.Sprintf("there is no kind %q", c.Kind), "")
	}
	if c.Kind.anomalous() {
		if err := c.validateAnomaly(); err != nil {
			return err
		}
	}
	return c.validateFailure()
}

// Declared returns the checks that a table's declaration demands: those of its
// columns' tags, and that its key is unique.
func Declared(t *pipeline.Table) ([]Check, error) {
	var out []Check
	unique := false
	for _, column := range t.Columns {
		for _, tag := range column.Checks {
			kind, argument, _ := strings.Cut(tag, "=")
			c := Check{Table: t.Name, Kind: Kind(kind), Columns: []string{column.Name}}
			switch c.Kind {
			case AcceptedValues:
				c.Values = strings.Split(argument, "|")
			case Relationships, SumEquals:
				c.To = argument
			case Range:
				c.Min, c.Max, _ = strings.Cut(argument, "..")
			case Regex:
				c.Pattern = argument
			}
			if err := c.validate(t); err != nil {
				return nil, err
			}
			unique = unique || c.Kind == Unique && slices.Equal(c.Columns, t.Key)
			out = append(out, c)
		}
	}
	if len(t.Key) > 0 && !unique {
		out = append(out, Check{Table: t.Name, Kind: Unique, Columns: t.Key})
	}
	return out, nil
}
