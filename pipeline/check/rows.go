package check

import (
	"regexp"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// rowTest appends the numbers of a batch's rows that fail, ascending.
type rowTest func(rec arrow.Record, dst []int) ([]int, error)

// rowTest returns the test of a check that looks at each row by itself; nil for
// one that does not.
func (c *Check) rowTest(t *pipeline.Table) (rowTest, error) {
	condition := ""
	switch c.Kind {
	case NotNull:
		return nulls(c.Columns[0]), nil
	case Regex:
		return unmatched(c.Columns[0], regexp.MustCompile(c.Pattern)), nil
	case AcceptedValues:
		var values []string
		for _, v := range c.Values {
			values = append(values, c.literal(t, v))
		}
		condition = c.column() + " NOT IN (" + strings.Join(values, ", ") + ")"
	case Range:
		var sides []string
		if c.Min != "" {
			sides = append(sides, c.column()+" < "+c.literal(t, c.Min))
		}
		if c.Max != "" {
			sides = append(sides, c.column()+" > "+c.literal(t, c.Max))
		}
		condition = strings.Join(sides, " OR ")
	case Expression:
		condition = "NOT (" + c.Condition + ")"
	case ShareAnomalies: // its rows do not fail, they are counted
		condition = c.Condition
	default:
		return nil, nil
	}
	f, err := c.parse(condition, t)
	if err != nil {
		return nil, err
	}
	return f.Rows, nil
}

// parse reads a condition that the check has or stands for.
func (c *Check) parse(condition string, t *pipeline.Table) (*query.Filter, error) {
	f, err := query.Parse(condition, t.Schema)
	if e, ok := err.(*pipeline.Error); ok {
		named := *e
		named.Table, named.Msg, named.Line, named.Col = c.Table, "check "+c.ID()+": "+e.Msg, c.Line, c.Col
		return nil, &named
	}
	return f, err
}

// column is the check's column as a condition has it.
func (c *Check) column() string { return `"` + strings.ReplaceAll(c.Columns[0], `"`, `""`) + `"` }

// literal is a value of the check's column as a condition has it.
func (c *Check) literal(t *pipeline.Table, v string) string {
	typ := t.Columns[t.MustIndex(c.Columns[0])].Type
	if d, ok := typ.(*arrow.DictionaryType); ok {
		typ = d.ValueType
	}
	switch typ.ID() {
	case arrow.STRING, arrow.BINARY, arrow.DATE32, arrow.TIMESTAMP:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return v
}

func named(rec arrow.Record, column string) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(column)
	if len(at) != 1 {
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Column: column, Msg: "a batch does not have the column that a check looks at"}
	}
	return rec.Column(at[0]), nil
}

// isNull returns a function that tells NULLs; nil where there are none.
func isNull(col arrow.Array) func(i int) bool {
	if d, ok := col.(*array.Dictionary); ok {
		if values := d.Dictionary(); values.NullN() > 0 {
			return func(i int) bool { return d.IsNull(i) || values.IsNull(d.GetValueIndex(i)) }
		}
	}
	if col.NullN() == 0 {
		return nil
	}
	return col.IsNull
}

func nulls(column string) rowTest {
	return func(rec arrow.Record, dst []int) ([]int, error) {
		col, err := named(rec, column)
		if err != nil {
			return dst, err
		}
		null := isNull(col)
		if null == nil {
			return dst, nil
		}
		for i := range col.Len() {
			if null(i) {
				dst = append(dst, i)
			}
		}
		return dst, nil
	}
}

func unmatched(column string, pattern *regexp.Regexp) rowTest {
	return func(rec arrow.Record, dst []int) ([]int, error) {
		col, err := named(rec, column)
		if err != nil {
			return dst, err
		}
		null := isNull(col)
		add := func(i int, fails bool) {
			if fails && (null == nil || !null(i)) {
				dst = append(dst, i)
			}
		}
		switch c := col.(type) {
		case *array.Dictionary:
			values, ok := c.Dictionary().(*array.String)
			if !ok {
				break
			}
			seen := make([]int8, values.Len()) // 1 = it matches, −1 = it does not
			for i := range c.Len() {
				if c.IsNull(i) {
					continue
				}
				k := c.GetValueIndex(i)
				if seen[k] == 0 {
					seen[k] = -1
					if pattern.Match(pipeline.StringBytes(values, k)) {
						seen[k] = 1
					}
				}
				add(i, seen[k] < 0)
			}
			return dst, nil
		case *array.String:
			for i := range c.Len() {
				add(i, !pattern.Match(pipeline.StringBytes(c, i)))
			}
			return dst, nil
		}
		return dst, &pipeline.Error{Kind: pipeline.ErrConfig, Column: column, Msg: "a regex is for texts, which the column has none of"}
	}
}
