package powerbi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// measuresTable has every measure: those of package metrics, written from their
// declarations, and those of overtime.go, which only a model can have. Power BI shows
// it first, as the column that a table must have is hidden.
//
// Over no lines a measure is blank, where gold has 0: Power BI leaves out rows in
// which all is blank, and would list each customer in each country otherwise.
func measuresTable(o Options) Table {
	t := Table{
		Name: MeasuresTable, Doc: "The shop's measures, over the lines of fact_sales that the filters leave.",
		Columns: []Column{{Name: "none", Type: Text, Hidden: true, Doc: "Empty: a table must have a column."}},
		Query:   "#table(type table [none = text], {})",
	}
	for _, m := range metrics.All() {
		if o.lacks(m.Columns()...) {
			continue
		}
		t.Measures = append(t.Measures, Measure{
			Name: Title(m.Name), Of: m.Name, Doc: m.Doc, Unit: m.Unit, Formula: m.Formula,
			DAX: dax(m), Format: formatOf(m), Folder: folderOf(m),
		})
	}
	t.Measures = append(t.Measures, overTime()...)
	if !o.lacks("customer_id") {
		t.Measures = append(t.Measures, returning)
	}
	return t
}

// formatOf returns the format string of a measure, by its unit.
func formatOf(m *metrics.Measure) string {
	switch {
	case m.Unit == "fraction":
		return percent
	case m.Unit == "date":
		return day
	case m.Scale() == 0:
		return count
	}
	return money
}

// folderOf returns the folder that a measure is shown in.
func folderOf(m *metrics.Measure) string {
	switch formatOf(m) {
	case percent:
		return "Rates"
	case day:
		return "Dates"
	case count:
		return "Counts"
	}
	return "Amounts"
}

// dax writes a measure as DAX. Measures are named without a table, columns always
// with theirs.
func dax(m *metrics.Measure) string {
	switch {
	case m.Den != nil:
		return fmt.Sprintf("DIVIDE([%s], [%s])", Title(m.Num.Name), Title(m.Den.Name))
	case m.Terms != nil:
		var terms []string
		for _, t := range m.Terms {
			terms = append(terms, "["+Title(t.Name)+"]")
		}
		return strings.Join(terms, " + ")
	}
	return accumulated(m.Base.Definition())
}

// accumulated writes what a base accumulates.
func accumulated(d metrics.Definition) string {
	column := Field{FactTable, d.Column}.String()
	var of string
	switch d.Op {
	case metrics.OpSum:
		of = "SUM(" + column + ")"
	case metrics.OpSumAbs:
		of = "SUMX('" + FactTable + "', ABS(" + column + "))"
	case metrics.OpMin:
		of = "MIN(" + column + ")"
	case metrics.OpMax:
		of = "MAX(" + column + ")"
	case metrics.OpDistinct, metrics.OpFirst: // a guest has no id, and blanks are not counted
		of = "DISTINCTCOUNTNOBLANK(" + column + ")"
	}
	var filters []string
	if d.LineType != "" { // together with what else is chosen, not instead of it
		filters = append(filters, fmt.Sprintf("KEEPFILTERS(%s = %q)", Field{FactTable, "line_type"}, d.LineType))
	}
	if d.Op == metrics.OpFirst { // a customer's lines on the day of the first sale ever
		customer, day := Field{"customer_metrics", d.Column}, Field{"customer_metrics", "first_order_date"}
		filters = append(filters, fmt.Sprintf("KEEPFILTERS(TREATAS(SUMMARIZE('%s', %s, %s), %s, %s))", customer.Table, customer, day, column, Field{FactTable, "order_date"}))
	}
	if len(filters) > 0 {
		of = "CALCULATE(" + strings.Join(append([]string{of}, filters...), ", ") + ")"
	}
	switch {
	case d.Op == metrics.OpMin || d.Op == metrics.OpMax:
		return of
	case d.LineType != "": // 0 where there are lines, but none of this type
		return fmt.Sprintf("IF(NOT ISEMPTY('%s'), %s + 0)", FactTable, of)
	case nullable(d.Column): // never a sum that leaves out what is unknown
		return fmt.Sprintf("IF(COUNTBLANK(%s) = 0, %s)", column, of)
	}
	return of
}

// nullable reports whether a column of the fact can be unknown.
func nullable(column string) bool {
	return slices.ContainsFunc(silver.FactSales.Columns, func(c pipeline.Column) bool { return c.Name == column && c.Nullable })
}
