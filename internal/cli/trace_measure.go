package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
	"github.com/smeltdata/smelt/silver"
)

// takenApart is a number of a gold table and what all its lines come to.
type takenApart struct {
	Column    string    `json:"column"`
	Of        string    `json:"of,omitempty"` // the measure that the column is computed from, where it is none itself
	Formula   string    `json:"formula"`
	Doc       string    `json:"doc"`
	Published *string   `json:"published"` // what the table says of the measure; nil is NULL
	Stands    bool      `json:"stands"`    // the table has the measure
	Counted   *string   `json:"counted"`   // what the lines come to
	Equal     bool      `json:"equal"`
	Parts     []counted `json:"parts"` // of a quotient or a sum: its terms; else itself
}

// counted is a measure and the lines that it counts.
type counted struct {
	Measure string  `json:"measure"`
	Formula string  `json:"formula"`
	Value   *string `json:"value"`
	Lines   int64   `json:"lines"`
}

// lines are rows of a table, of which the first are kept.
type lines struct {
	Table string      `json:"table"`
	Total int64       `json:"total"`
	Rows  []tracedRow `json:"rows"`

	limit int
	less  func(a, b tracedRow) int
	full  bool          // limit rows are kept,
	last  pipeline.Date // the last of them of this order_date: later ones need not be kept
}

// add takes a row of a day, by which rows are ordered first.
func (l *lines) add(day pipeline.Date, row func() tracedRow) {
	l.Total++
	if l.full && day > l.last {
		return
	}
	l.Rows = append(l.Rows, row())
	if l.limit > 0 && len(l.Rows) >= l.limit+1000 {
		l.cut()
		last, err := dateOf(l.Rows[len(l.Rows)-1].text("order_date"))
		l.full, l.last = err == nil, last
	}
}

// cut keeps the first rows.
func (l *lines) cut() {
	slices.SortStableFunc(l.Rows, l.less)
	if l.limit > 0 && len(l.Rows) > l.limit {
		l.Rows = slices.Clone(l.Rows[:l.limit])
	}
}

// measured finds the measure that a column of a gold table holds, or is computed
// from: what its declaration names first.
func (t *tracer) measured(table *pipeline.Table, column string) (*metrics.Measure, error) {
	if table.Index(column) < 0 {
		return nil, noColumn(table, column)
	}
	if m := gold.MeasuresOf(table.Name)[column]; m != nil {
		return m, nil
	}
	if table == gold.CustomerSegmentation.Table {
		switch column {
		case "recency_days":
			return metrics.LastOrderDate, nil
		case "frequency":
			return metrics.Orders, nil
		case "monetary":
			if t.m != nil {
				return metrics.ByName(cmp.Or(t.m.Rules.RFM.MonetaryMeasure, "revenue"))
			}
			return metrics.Revenue, nil
		}
	}
	edges, err := lineage.Of(table)
	if err != nil {
		return nil, err
	}
	for _, e := range edges {
		if e.To.Column == column && e.From.Table == table.Name && !slices.Contains(table.Key, e.From.Column) {
			return t.measured(table, e.From.Column)
		}
	}
	var names []string
	for _, c := range table.Columns {
		if gold.MeasuresOf(table.Name)[c.Name] != nil {
			names = append(names, c.Name)
		}
	}
	hint := "smelt explain " + table.Name + "." + column + " tells where it comes from"
	if names != nil {
		hint = "measures are " + strings.Join(names, ", ")
	}
	return nil, usage(fmt.Sprintf("--measure: no lines are counted for %s.%s", table.Name, column), hint)
}

// linesOf returns the conditions that the fact's lines of a gold row meet.
func linesOf(table *pipeline.Table, row tracedRow) ([]condition, error) {
	switch table {
	case gold.SalesSummary.Table:
		d, err := gold.DimensionByName(row.text("grain"))
		if err != nil {
			return nil, err
		}
		start, err := dateOf(row.text("period_start"))
		return []condition{{column: "order_date", value: row.at("period_start"), until: d.Grain.Next(start).Time().Format("2006-01-02")}}, err
	case gold.RegionalSales.Table:
		out := []condition{{column: "country", value: row.at("country")}, {column: "country_code", value: row.at("country_code")}}
		if row.text("level") == "state" {
			out = append(out, condition{column: "state", value: row.at("state")})
		}
		return out, nil
	}
	var out []condition
	for _, k := range table.Key {
		out = append(out, condition{column: k, value: row.at(k)})
	}
	return out, nil
}

// takeApart counts the lines of the fact that a number of a gold row is made of.
func (t *tracer) takeApart(table *pipeline.Table, row tracedRow, column string) (*takenApart, *lines, error) {
	m, err := t.measured(table, column)
	if err != nil {
		return nil, nil, err
	}
	conditions, err := linesOf(table, row)
	if err != nil {
		return nil, nil, err
	}
	bases := m.Needs().Bases()
	columns := []string{"order_date", "order_id", "line_type"}
	for _, b := range bases {
		columns = append(columns, b.Columns()...)
	}
	columns = append(columns, "product_id", "customer_id", "_source_file", "_source_row")
	shown := unrepeated(columns)
	for _, c := range conditions {
		columns = append(columns, c.column)
	}
	columns = unrepeated(columns)
	all := &lines{Table: silver.FactSales.Name, limit: t.limit, less: inOrder}
	sums := make([]accumulator, len(bases))
	for i, b := range bases {
		sums[i] = accumulator{base: b, texts: pipeline.NewDictionary(), days: map[int32]bool{}}
	}
	err = t.scan(silver.FactSales.Name, columns, conditions, func(rec arrow.Record) func(row int) error {
		types, days := textsOf(rec.Column(slices.Index(columns, "line_type"))), rec.Column(0).(*array.Date32)
		for i := range sums {
			sums[i].bind(rec.Column(slices.Index(columns, sums[i].base.Definition().Column)))
		}
		return func(row int) error {
			typ, some := types(row), false
			for i := range sums {
				if d := sums[i].base.Definition(); d.LineType == "" || d.LineType == typ {
					some = true
					if err := sums[i].add(row); err != nil {
						return err
					}
				}
			}
			if some {
				all.add(pipeline.Date(days.Value(row)), func() tracedRow { return rowAt(rec, row)[:len(shown)] })
			}
			return nil
		}
	})
	if err != nil {
		return nil, nil, err
	}
	all.cut()
	var v metrics.Values
	v.Reset()
	for i := range sums {
		if sums[i].base == metrics.CountNewCustomers {
			if err := t.withoutEarlier(&sums[i], conditions); err != nil {
				return nil, nil, err
			}
		}
		sums[i].set(&v)
	}
	n := &takenApart{Column: column, Formula: m.Formula, Doc: m.Doc, Counted: evaluated(m, &v)}
	switch {
	case gold.MeasuresOf(table.Name)[column] == m, column == "frequency", column == "monetary":
		n.Published, n.Stands = row.at(column), true
	default:
		n.Of = m.Name
		n.Stands = table.Index(m.Name) >= 0
		n.Published = row.at(m.Name)
	}
	n.Equal = n.Stands && (n.Published == nil) == (n.Counted == nil) && (n.Published == nil || *n.Published == *n.Counted)
	for _, part := range partsOf(m) {
		p := counted{Measure: part.Name, Formula: part.Formula, Value: evaluated(part, &v)}
		for i := range sums {
			if part.Needs().Has(sums[i].base) {
				p.Lines = max(p.Lines, sums[i].lines)
			}
		}
		n.Parts = append(n.Parts, p)
	}
	return n, all, nil
}

// partsOf are the measures that a measure is computed from, else itself.
func partsOf(m *metrics.Measure) []*metrics.Measure {
	switch {
	case m.Den != nil:
		return []*metrics.Measure{m.Num, m.Den}
	case m.Terms != nil:
		return m.Terms
	}
	return []*metrics.Measure{m}
}

func unrepeated(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// inOrder orders lines by their day, order, file and record.
func inOrder(a, b tracedRow) int {
	return cmp.Or(cmp.Compare(a.text("order_date"), b.text("order_date")), cmp.Compare(a.text("order_id"), b.text("order_id")), byRecord(a, b),
		cmp.Compare(b.text("line_type"), a.text("line_type")))
}

// byRecord orders rows by their file and record.
func byRecord(a, b tracedRow) int {
	return cmp.Or(cmp.Compare(a.text("_source_file"), b.text("_source_file")),
		cmp.Compare(len(a.text("_source_row")), len(b.text("_source_row"))), cmp.Compare(a.text("_source_row"), b.text("_source_row")))
}

// evaluated returns a measure's value as a table has it; nil is NULL.
func evaluated(m *metrics.Measure, v *metrics.Values) *string {
	total, state := m.Eval(v)
	if state != metrics.Known {
		return nil
	}
	text := ""
	n, small := total.Int64()
	switch sum, ok := total.Sum(); {
	case m.Type.ID() == arrow.DATE32:
		text = pipeline.Date(n).String()
	case small:
		text = pipeline.FormatDecimal(n, m.Scale())
	case ok:
		text = sum.String()
	default:
		return nil
	}
	return &text
}

// withoutEarlier takes from new customers those who bought before the period.
func (t *tracer) withoutEarlier(a *accumulator, conditions []condition) error {
	start, err := dateOf(*conditions[0].value)
	if err != nil {
		return err
	}
	earlier := map[int32]bool{}
	before := condition{column: "order_date", value: textOf("0001-01-01"), until: start.String()}
	err = t.scan(silver.FactSales.Name, []string{"customer_id", "order_date", "line_type"}, []condition{before, {column: "line_type", value: textOf("sale")}}, func(rec arrow.Record) func(row int) error {
		customers := textsOf(rec.Column(0))
		return func(row int) error {
			if code := a.texts.Find([]byte(customers(row))); code >= 0 {
				earlier[code] = true
			}
			return nil
		}
	})
	a.less = int64(len(earlier))
	return err
}

func textOf(s string) *string { return &s }

// textsOf returns the texts of a column, "" for NULL.
func textsOf(col arrow.Array) func(row int) string {
	text := pipeline.CellsOf(col)
	var buf []byte
	return func(row int) string {
		if col.IsNull(row) {
			return ""
		}
		buf = text(buf[:0], row)
		return string(buf)
	}
}

// accumulator accumulates a quantity as gold does, for one group and slowly.
type accumulator struct {
	base    metrics.Base
	lines   int64
	total   pipeline.Total
	any     bool
	unknown bool // a line's value is NULL
	texts   *pipeline.Dictionary
	days    map[int32]bool
	less    int64 // to be taken from a distinct count

	column arrow.Array
	text   pipeline.Cell
	buf    []byte
}

// bind makes it read a column of a batch.
func (a *accumulator) bind(col arrow.Array) { a.column, a.text = col, pipeline.CellsOf(col) }

// add takes a row that the quantity counts.
func (a *accumulator) add(row int) error {
	a.lines++
	op := a.base.Definition().Op
	if a.column.IsNull(row) {
		a.unknown = a.unknown || op == metrics.OpSum
		return nil
	}
	var n int64
	switch c := a.column.(type) {
	case *array.Int64:
		n = c.Value(row)
	case *array.Decimal128:
		n = int64(c.Value(row).LowBits()) // a price
	case *array.Date32:
		n = int64(c.Value(row))
	default:
		a.buf = a.text(a.buf[:0], row)
		if a.texts.Code(a.buf) < 0 {
			return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Column: a.base.Definition().Column,
				Msg: "more than 2 GiB of different texts, which is more than can be counted here"}
		}
		return nil
	}
	switch op {
	case metrics.OpSum:
		a.total.Add(n)
	case metrics.OpSumAbs:
		a.total.Add(max(n, -n))
	case metrics.OpMin:
		if !a.any || pipeline.TotalOf(n).Cmp(a.total) < 0 {
			a.total = pipeline.TotalOf(n)
		}
	case metrics.OpMax:
		if !a.any || pipeline.TotalOf(n).Cmp(a.total) > 0 {
			a.total = pipeline.TotalOf(n)
		}
	default:
		a.days[int32(n)] = true
	}
	a.any = true
	return nil
}

// set gives a group's values the quantity.
func (a *accumulator) set(v *metrics.Values) {
	switch a.base.Definition().Op {
	case metrics.OpDistinct, metrics.OpFirst:
		v.Set(a.base, pipeline.TotalOf(int64(a.texts.Len()+len(a.days))-a.less))
	case metrics.OpMin, metrics.OpMax:
		if a.any {
			v.Set(a.base, a.total)
		}
	default:
		v.Set(a.base, a.total)
		if a.unknown {
			v.SetUnknown(a.base)
		}
	}
}
