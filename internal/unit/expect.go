package unit

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// expectation is what a test expects of a table, and what the table has.
type expectation struct {
	spec    *bronze.ExpectSpec
	table   *pipeline.Table
	where   *query.Filter // nil = all rows
	columns []int         // of the table, that are compared, a key that is among them first
	keys    int           // so many of columns are the whole key; 0 where not all of it is compared
	want    []row

	mu  sync.Mutex
	got []row
}

// row holds the compared values of a row, as text; nil is NULL.
type row []*string

// expect reads what a test expects of a table.
func expect(spec *bronze.ExpectSpec, tables []*pipeline.Table) (*expectation, error) {
	e := &expectation{spec: spec}
	var names []string
	for _, t := range tables {
		if names = append(names, t.Name); t.Name == spec.Table {
			e.table = t
		}
	}
	if e.table == nil {
		return nil, wrong(spec.Line, spec.Col, fmt.Sprintf("there is no table %q", spec.Table), near(spec.Table, names))
	}
	if spec.Where != "" {
		var err error
		if e.where, err = query.Parse(spec.Where, e.table.Schema); err != nil {
			if wrong, ok := err.(*pipeline.Error); ok {
				wrong.Line, wrong.Col, wrong.Msg = spec.Line, spec.Col, "where: "+wrong.Msg
			}
			return nil, err
		}
	}
	rows, err := spec.Rows.Parsed()
	if err != nil {
		return nil, err
	}
	if err := e.choose(rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		values := make(row, len(e.columns))
		for i, column := range e.columns {
			at := slices.IndexFunc(r.Cells, func(c bronze.TestCell) bool { return c.Column == e.table.Columns[column].Name })
			if at < 0 {
				name := e.table.Columns[column].Name
				return nil, wrong(r.Line, r.Col, fmt.Sprintf("the row leaves out %s, which another row of the table has", name), fmt.Sprintf("write its value, or %s: null", name))
			}
			c := r.Cells[at]
			if c.Null {
				continue
			}
			text, err := canonical(c.Value, e.table.Columns[column].Type)
			if err != nil {
				return nil, wrong(c.Line, c.Col, fmt.Sprintf("%s: %q is %s", c.Column, c.Value, err), "")
			}
			values[i] = &text
		}
		e.want = append(e.want, values)
	}
	return e, nil
}

// choose finds out which columns are compared.
func (e *expectation) choose(rows []bronze.TestRow) error {
	named := map[string]bool{}
	for _, r := range rows {
		for _, c := range r.Cells {
			if e.table.Index(c.Column) < 0 {
				var names []string
				for _, column := range e.table.Columns {
					names = append(names, column.Name)
				}
				return wrong(c.Line, c.Col, fmt.Sprintf("%s has no column %q", e.table.Name, c.Column), near(c.Column, names))
			}
			named[c.Column] = true
		}
	}
	if len(rows) == 0 { // rows that are there all the same are shown by their key
		for _, k := range e.table.Key {
			named[k] = true
		}
	}
	if !slices.ContainsFunc(e.table.Key, func(k string) bool { return !named[k] }) {
		for _, k := range e.table.Key {
			e.columns = append(e.columns, e.table.MustIndex(k))
		}
		e.keys = len(e.columns)
	}
	for i, c := range e.table.Columns {
		if named[c.Name] && !slices.Contains(e.columns, i) {
			e.columns = append(e.columns, i)
		}
	}
	return nil
}

var plainNumber = regexp.MustCompile(`^[-+]?\d+(\.\d+)?$`)

// canonical returns a value as the cells of a column of a type are written, so
// that 19.9 is 19.9000. Its error completes "is".
func canonical(text string, t arrow.DataType) (string, error) {
	switch t.ID() {
	case arrow.STRING, arrow.DICTIONARY, arrow.BINARY:
		return text, nil
	case arrow.INT64, arrow.INT32, arrow.DECIMAL128:
		number, scale := strings.TrimSpace(text), 0
		if d, ok := t.(*arrow.Decimal128Type); ok {
			scale = int(d.Scale)
		}
		v, ok := new(big.Rat).SetString(number)
		if !ok || !plainNumber.MatchString(number) {
			return "", fmt.Errorf("no number, written plainly: 19.90")
		}
		plain := v.FloatString(scale)
		if back, _ := new(big.Rat).SetString(plain); back.Cmp(v) != 0 {
			return "", fmt.Errorf("a number of more than the %d decimals that the column has", scale)
		}
		return plain, nil
	}
	p, err := pipeline.NewParser(pipeline.Cast{Type: t})
	if err != nil {
		return "", fmt.Errorf("of a type that no value can be written of, %s", t)
	}
	var status pipeline.Status
	out := ""
	switch t.ID() {
	case arrow.DATE32:
		var v pipeline.Date
		v, status = p.Date([]byte(text))
		out = v.Time().Format("2006-01-02")
	case arrow.TIMESTAMP:
		var v pipeline.Timestamp
		v, status = p.Timestamp([]byte(text))
		out = v.Time().Format("2006-01-02T15:04:05.999999Z07:00")
	case arrow.BOOL:
		switch strings.ToLower(text) {
		case "true", "false":
			return strings.ToLower(text), nil
		}
		return "", fmt.Errorf("neither true nor false")
	}
	if status != pipeline.Parsed {
		return "", fmt.Errorf("no %s, written as 2024-01-31 or 2024-01-31 10:00", map[bool]string{true: "day", false: "time"}[t.ID() == arrow.DATE32])
	}
	return out, nil
}

// take notes the rows of a batch of the table.
func (e *expectation) take(rec arrow.Record) error {
	picks := make([]int, 0, rec.NumRows())
	var err error
	if e.where != nil {
		picks, err = e.where.Rows(rec, picks)
	} else {
		for i := range int(rec.NumRows()) {
			picks = append(picks, i)
		}
	}
	if err != nil {
		return err
	}
	taken := make([]row, len(picks))
	for i := range taken {
		taken[i] = make(row, len(e.columns))
	}
	for k, column := range e.columns {
		col := rec.Column(column)
		text := pipeline.CellsOf(col)
		for i, at := range picks {
			if !col.IsNull(at) {
				s := string(text(nil, at))
				taken[i][k] = &s
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got = append(e.got, taken...)
	return nil
}

// compare finds the rows that are not as expected. Rows of one key belong
// together; without one, those that have most in common do.
func (e *expectation) compare() TableResult {
	out := TableResult{Table: e.table.Name, Where: e.spec.Where, Expected: len(e.want), Actual: len(e.got)}
	for _, c := range e.columns {
		out.Columns = append(out.Columns, e.table.Columns[c].Name)
	}
	want, got := slices.Clone(e.want), slices.Clone(e.got)
	slices.SortFunc(want, compareRows)
	slices.SortFunc(got, compareRows)
	want, got = without(want, got), without(got, want)
	for _, w := range want {
		best, most := -1, 0
		for i, g := range got {
			same := 0
			for k := range w {
				if compareCells(w[k], g[k]) == 0 {
					same++
				}
			}
			if e.keys > 0 && compareRows(w[:e.keys], g[:e.keys]) != 0 {
				continue
			}
			if same > most {
				best, most = i, same
			}
		}
		if best < 0 {
			out.Rows = append(out.Rows, e.row("missing", w, nil))
			continue
		}
		out.Rows = append(out.Rows, e.row("differs", w, got[best]))
		got = slices.Delete(got, best, best+1)
	}
	for _, g := range got {
		out.Rows = append(out.Rows, e.row("unexpected", nil, g))
	}
	return out
}

func (e *expectation) row(status string, want, got row) Row {
	r := Row{Status: status}
	for i, c := range e.columns {
		cell := Cell{Column: e.table.Columns[c].Name}
		if want != nil {
			cell.Expected = want[i]
		}
		if got != nil {
			cell.Actual = got[i]
		}
		r.Cells = append(r.Cells, cell)
	}
	return r
}

// without returns the rows of a that b does not have, as often as it does not.
// Both are sorted.
func without(a, b []row) (out []row) {
	for _, r := range a {
		for len(b) > 0 && compareRows(b[0], r) < 0 {
			b = b[1:]
		}
		if len(b) > 0 && compareRows(b[0], r) == 0 {
			b = b[1:]
			continue
		}
		out = append(out, r)
	}
	return out
}

func compareRows(a, b row) int { return slices.CompareFunc(a, b, compareCells) }

func compareCells(a, b *string) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	}
	return strings.Compare(*a, *b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// memorySink keeps what tests expect something of, and nothing else.
type memorySink struct {
	of map[string][]*expectation // by table
}

func (s *memorySink) Create(t *pipeline.Table, _ int) (pipeline.Writer, error) {
	return &memoryWriter{of: s.of[t.Name]}, nil
}

func (s *memorySink) Commit(context.Context, *pipeline.Report) error { return nil }
func (s *memorySink) Abort() error                                   { return nil }

type memoryWriter struct {
	of   []*expectation
	rows int64
}

func (w *memoryWriter) Write(rec arrow.Record) error {
	w.rows += rec.NumRows()
	for _, e := range w.of {
		if err := e.take(rec); err != nil {
			return err
		}
	}
	return nil
}

func (w *memoryWriter) Close() (pipeline.Stats, error) {
	return pipeline.Stats{Rows: w.rows}, nil
}
