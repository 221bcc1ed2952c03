package dbtproject

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/internal/dbt"
	"github.com/smeltdata/smelt/internal/models"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/pipeline/query"
)

// test is a check as dbt has it.
type test struct {
	*check.Check
	model  *models.Model
	kind   string // "not_null", "range": the generic test
	name   string // the only one of the project
	given  bool   // the name is not the one that dbt makes
	args   []pair
	config []pair
}

// pair is a key and a value as YAML has it.
type pair struct{ key, value string }

// own are the kinds whose generic tests come with the project; dbt has the others.
var own = []string{"unique_combination_of_columns", "range", "regex", "expression", "row_count", "freshness", "sum_equals", "quarantined"}

// kinds are those of own that the project uses.
func (p *Project) kinds() (out []string) {
	for _, k := range own {
		if slices.ContainsFunc(p.checks, func(t *test) bool { return t.kind == k }) {
			out = append(out, k)
		}
	}
	return out
}

// tests makes a test of each check of a table that has a model.
func (p *Project) tests(checks []check.Check) error {
	leave := func(c *check.Check, why string) { p.left = append(p.left, c.ID()+" ("+c.Says()+"): "+why) }
	for i := range checks {
		c := &checks[i]
		m := p.of(c.Table)
		warn, fail := c.Limits()
		switch {
		case m == nil || c.To != "" && p.of(c.ToTable()) == nil:
			if c.Line > 0 {
				leave(c, "its table has no model")
			}
		case c.Kind == check.VolumeAnomalies || c.Kind == check.ShareAnomalies:
			leave(c, "it compares with earlier runs, of which SQL knows nothing")
		case warn == nil && fail == nil:
			leave(c, "its rows are in quarantine, however many")
		default:
			t, err := p.test(c, m)
			if err != nil {
				return err
			}
			p.checks = append(p.checks, t)
		}
	}
	return nil
}

func (p *Project) test(c *check.Check, m *models.Model) (*test, error) {
	t := &test{Check: c, model: m, kind: string(c.Kind), given: true}
	arg := func(key, value string) { t.args = append(t.args, pair{key, value}) }
	to := func() { arg("to", "ref('"+p.of(c.ToTable()).Name+"')"); arg("field", c.To[len(c.ToTable())+1:]) }
	bounds := func(as func(string) string) {
		if c.Min != "" {
			arg("min_value", as(c.Min))
		}
		if c.Max != "" {
			arg("max_value", as(c.Max))
		}
	}
	// rows has dbt count rows, as smelt does, where it counts values.
	rows := func() { t.config = append(t.config, pair{"fail_calc", "coalesce(sum(n_records), 0)"}) }
	if c.OnFailure == check.Quarantine {
		t.kind, t.model = "quarantined", p.of("silver.quarantine")
		arg("reason", scalar(p.Dialect.Text(c.Reason())))
	} else {
		switch c.Kind {
		case check.NotNull:
			t.given = false
		case check.Unique:
			if len(c.Columns) > 1 {
				t.kind = "unique_combination_of_columns"
				var columns []string
				for _, column := range c.Columns {
					columns = append(columns, p.Dialect.Column(column))
				}
				arg("combination_of_columns", flow(columns))
			} else {
				t.given = false
				rows()
			}
		case check.AcceptedValues:
			p.accepted(t)
			rows()
		case check.Relationships, check.SumEquals:
			to()
		case check.Range:
			bounds(func(v string) string { return scalar(p.literal(m.Table, c.Columns[0], v)) })
		case check.RowCount:
			bounds(func(v string) string { return v })
		case check.Regex:
			arg("pattern", scalar(p.Dialect.Text(c.Pattern)))
		case check.Expression:
			condition, err := p.condition(c, c.Condition)
			if err != nil {
				return nil, err
			}
			arg("expression", scalar(condition))
		case check.Freshness:
			arg("within", scalar(interval(c.Within)))
		}
	}
	where := ""
	if c.Where != "" {
		var err error
		if where, err = p.condition(c, c.Where); err != nil {
			return nil, err
		}
		if t.kind != "quarantined" {
			t.config = append([]pair{{"where", scalar(where)}}, t.config...)
		}
	}
	t.name = p.testName(t)
	p.limits(t, where)
	return t, nil
}

// ofColumn reports whether the test stands beside the column that it is about.
func (t *test) ofColumn() bool {
	return len(t.Columns) == 1 && t.kind != "row_count" && t.kind != "quarantined"
}

// testName is what dbt names a test of one column; else the check's own name, or one
// that is made as dbt does it.
func (p *Project) testName(t *test) string {
	name := strings.Join(append([]string{t.kind, t.model.Name}, t.Columns...), "_")
	if !strings.HasPrefix(t.Check.ID(), t.Table+".") || !strings.HasSuffix(t.Check.ID(), "."+string(t.Kind)) || t.kind == "quarantined" {
		name = dbt.Identifier(t.Check.ID(), "check")
	}
	for n, first := 2, name; slices.ContainsFunc(p.checks, func(o *test) bool { return o.name == name }); n++ {
		name, t.given = fmt.Sprintf("%s_%d", first, n), true
	}
	plain := strings.Join(append([]string{t.kind, t.model.Name}, t.Columns...), "_")
	if name != plain || len(name) > 60 || slices.ContainsFunc(t.Columns, func(c string) bool { return p.Dialect.Column(c) != c }) {
		t.given = true // dbt would cut it, or have the quotes in it
	}
	return name
}

// accepted adds the values that a column may have, as texts or as SQL has them.
func (p *Project) accepted(t *test) {
	typ := t.model.Table.Columns[t.model.Table.MustIndex(t.Columns[0])].Type
	texts := pipeline.SameType(typ, pipeline.StringType)
	if texts && !slices.ContainsFunc(t.Values, func(v string) bool { return strings.ContainsAny(v, `'\{`) }) {
		t.args = append(t.args, pair{"values", flow(t.Values)})
		return
	}
	var literals []string
	for _, v := range t.Values {
		literals = append(literals, p.literal(t.model.Table, t.Columns[0], v))
	}
	t.args = append(t.args, pair{"values", flow(literals)}, pair{"quote", "false"})
}

// literal is a value of a column as SQL has it.
func (p *Project) literal(t *pipeline.Table, column, v string) string {
	typ := t.Columns[t.MustIndex(column)].Type
	if d, ok := typ.(*arrow.DictionaryType); ok {
		typ = d.ValueType
	}
	switch typ.ID() {
	case arrow.STRING, arrow.BINARY:
		return p.Dialect.Text(v)
	case arrow.DATE32:
		return "date " + p.Dialect.Text(v)
	case arrow.TIMESTAMP:
		return "timestamp " + p.Dialect.Text(v)
	}
	return v
}

// condition is a condition on a check's table as SQL has it.
func (p *Project) condition(c *check.Check, condition string) (string, error) {
	text, err := query.SQL(condition, p.of(c.Table).Table.Schema, p.Dialect)
	if e, ok := err.(*pipeline.Error); ok {
		named := *e
		named.Table, named.Msg, named.Line, named.Col = c.Table, "check "+c.ID()+": "+e.Msg, c.Line, c.Col
		return "", &named
	}
	return text, err
}

// limits says how many failing rows are too many. dbt looks at error_if first, and
// then at warn_if, which without a word is any row: so it is said that there is no
// warning where smelt knows none.
func (p *Project) limits(t *test, where string) {
	warn, fail := t.Limits()
	over := func(l *check.Limit) string {
		switch {
		case l.Relative: // stands behind the number of failures in dbt's own query
			of := t.Table
			if where != "" {
				of += " where " + where
			}
			return fmt.Sprintf("* 100 > %s * (select count(*) from %s)", strings.TrimSuffix(l.String(), "%"), of)
		case l.Count > 0:
			return fmt.Sprintf("> %d", l.Count)
		}
		return ""
	}
	set := func(key string, value string) {
		if value != "" {
			t.config = append(t.config, pair{key, scalar(value)})
		}
	}
	switch {
	case fail == nil:
		set("severity", "warn")
		set("warn_if", over(warn))
	case warn == nil:
		set("error_if", over(fail))
		set("warn_if", over(fail))
	default:
		set("error_if", over(fail))
		set("warn_if", over(warn))
	}
}

// interval writes a duration as both engines have it, in the largest unit that fits.
func interval(d time.Duration) string {
	for _, u := range []struct {
		name string
		d    time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d%u.d == 0 {
			return fmt.Sprintf("interval '%d' %s", d/u.d, u.name)
		}
	}
	return fmt.Sprintf("interval '%d' second", d/time.Second)
}

// yaml writes the test as an entry of a list that is so far from the edge.
func (t *test) yaml(indent string) string {
	var b strings.Builder
	b.WriteString(indent + "- " + t.kind)
	if !t.given && len(t.args)+len(t.config) == 0 && t.Doc == "" {
		return b.String() + "\n"
	}
	b.WriteString(":\n")
	in := indent + "    "
	if t.given {
		b.WriteString(in + "name: " + t.name + "\n")
	}
	if t.Doc != "" {
		b.WriteString(in + "description: " + described(t.Doc) + "\n")
	}
	block := func(key string, pairs []pair) {
		if len(pairs) == 0 {
			return
		}
		b.WriteString(in + key + ":\n")
		for _, p := range pairs {
			b.WriteString(in + "  " + p.key + ": " + p.value + "\n")
		}
	}
	block("arguments", t.args)
	block("config", t.config)
	return b.String()
}

// Tests returns the name of each check's test, by the check's ID. Checks that are no
// tests here are not in it.
func (p *Project) Tests() map[string]string {
	out := map[string]string{}
	for _, t := range p.checks {
		out[t.ID()] = t.name
	}
	return out
}
