package metrics

import (
	"fmt"
	"strings"
)

// SQL returns the base as an aggregate over lines of silver.fact_sales, in any
// dialect. Over no lines it is what Reset says: 0, or NULL of a date. A group's row
// without a line, all NULL, counts as none, so groups may be joined from outside.
//
// CountNewCustomers also reads first_sale_date, the day of the customer's first sale
// ever, which is no column of the fact: a query joins it to the lines.
func (b Base) SQL() string {
	d := definitions[b]
	value := d.Column
	if d.Op == OpSumAbs {
		value = "abs(" + value + ")"
	}
	var which []string
	if d.LineType != "" {
		which = append(which, "line_type = '"+d.LineType+"'")
	}
	if d.Op == OpFirst {
		which = append(which, "order_date = first_sale_date")
	}
	if which != nil {
		value = "case when " + strings.Join(which, " and ") + " then " + value + " end"
	}
	switch d.Op {
	case OpMin:
		return "min(" + value + ")"
	case OpMax:
		return "max(" + value + ")"
	case OpDistinct, OpFirst:
		return "count(distinct " + value + ")"
	}
	sum := "cast(coalesce(sum(" + value + "), 0) as " + b.sumType() + ")"
	if b == SumCost || b == SumMargin { // order_id is never NULL, so it counts the lines
		return "case when count(" + d.Column + ") = count(order_id) then " + sum + " end"
	}
	return sum
}

// sumType is the SQL type of a sum: engines widen sums as they like.
func (b Base) sumType() string {
	if b == SumUnitsSold || b == SumUnitsReturned {
		return "bigint"
	}
	return "decimal(28, 4)"
}

// SQL returns the measure as an SQL expression in any dialect: of a quantity its
// base's aggregate over lines; of a sum or a quotient an expression of the measures
// that it is made of, by their names.
func (m *Measure) SQL() string {
	switch {
	case m.Den != nil:
		return fmt.Sprintf("{{ quotient('%s', '%s', %d) }}", m.Num.Name, m.Den.Name, m.Scale())
	case m.Terms != nil:
		names := make([]string, len(m.Terms))
		for i, t := range m.Terms {
			names[i] = t.Name
		}
		sum := strings.Join(names, " + ")
		if m.Scale() > 0 {
			return "cast(" + sum + " as decimal(28, 4))"
		}
		return sum
	}
	return m.Base.SQL()
}

// Parts returns the measures that the measure's SQL names, none of a quantity.
func (m *Measure) Parts() []*Measure {
	if m.Den != nil {
		return []*Measure{m.Num, m.Den}
	}
	return m.Terms
}
