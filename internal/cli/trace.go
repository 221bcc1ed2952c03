package cli

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// tracer tells where rows and numbers of a lake come from, by its tables as they
// are published.
type tracer struct {
	ctx    context.Context
	dir    string
	m      *bronze.Mapping // nil = no smelt.yml: the files cannot be found
	limit  int             // lines that are kept of all that are counted; 0 = all
	source bool            // the files' records are wanted too
}

// value is one value of a row as text; nil is NULL.
type value struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
}

// tracedRow is a row of a table, in its order.
type tracedRow []value

// at returns a value of the row; nil is NULL, or a column that it does not have.
func (r tracedRow) at(column string) *string {
	for _, v := range r {
		if v.Column == column {
			return v.Value
		}
	}
	return nil
}

// text is at with "" for NULL.
func (r tracedRow) text(column string) string {
	if v := r.at(column); v != nil {
		return *v
	}
	return ""
}

// condition picks rows by one column.
type condition struct {
	column string
	value  *string // nil = NULL
	until  string  // of a date: below this one, and not below value; "" = equal to value
}

// where lets a scan pass over what the conditions exclude: by one column of text.
func where(t *store.Table, conditions []condition) []pipeline.Where {
	for _, c := range conditions {
		at := t.Schema.FieldIndices(c.column)
		if len(at) != 1 || c.value == nil || !pipeline.SameType(t.Schema.Field(at[0]).Type, pipeline.StringType) {
			continue
		}
		want := []byte(*c.value)
		return []pipeline.Where{{Column: c.column, Min: want, Max: want, Wants: func(v []byte) bool { return bytes.Equal(v, want) },
			Values: iter.Seq[[]byte](func(yield func([]byte) bool) { yield(want) })}}
	}
	return nil
}

// scan reads columns of a table, those of the conditions among them. begin gets
// each batch and returns what gets its rows that meet all conditions.
func (t *tracer) scan(table string, columns []string, conditions []condition, begin func(rec arrow.Record) func(row int) error) error {
	of, err := store.OpenTable(t.ctx, t.dir, table, store.At{})
	if err != nil {
		return err
	}
	for rec, err := range of.Scan(t.ctx, columns, where(of, conditions)...) {
		if err != nil {
			return err
		}
		var meets []func(row int) bool
		for _, c := range conditions {
			meets = append(meets, c.on(rec.Column(slices.Index(columns, c.column))))
		}
		f := begin(rec)
	rows:
		for row := range int(rec.NumRows()) {
			for _, ok := range meets {
				if !ok(row) {
					continue rows
				}
			}
			if err := f(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// on returns which rows of a column meet the condition.
func (c condition) on(col arrow.Array) func(row int) bool {
	if c.value == nil {
		return col.IsNull
	}
	switch col := col.(type) {
	case *array.String:
		want := []byte(*c.value)
		return func(row int) bool { return col.IsValid(row) && bytes.Equal(pipeline.StringBytes(col, row), want) }
	case *array.Int64:
		want, err := strconv.ParseInt(*c.value, 10, 64)
		return func(row int) bool { return err == nil && col.IsValid(row) && col.Value(row) == want }
	case *array.Date32:
		from, err := dateOf(*c.value)
		to := from + 1
		if c.until != "" && err == nil {
			to, err = dateOf(c.until)
		}
		return func(row int) bool {
			d := pipeline.Date(col.Value(row))
			return err == nil && col.IsValid(row) && from <= d && d < to
		}
	}
	text := pipeline.CellsOf(col)
	var buf []byte
	return func(row int) bool {
		if col.IsNull(row) {
			return false
		}
		buf = text(buf[:0], row)
		return string(buf) == *c.value
	}
}

// dateOf reads a day as cellsOf writes it.
func dateOf(text string) (pipeline.Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	return pipeline.DateOf(t), err
}

// rowAt returns a row of a batch.
func rowAt(rec arrow.Record, row int) tracedRow {
	var out tracedRow
	for i, f := range rec.Schema().Fields() {
		v := value{Column: f.Name}
		if col := rec.Column(i); col.IsValid(row) {
			text := string(pipeline.CellsOf(col)(nil, row))
			v.Value = &text
		}
		out = append(out, v)
	}
	return out
}

// eachRow is what a scan begins with that wants rows as they are.
func eachRow(f func(row tracedRow)) func(rec arrow.Record) func(row int) error {
	return func(rec arrow.Record) func(row int) error {
		return func(row int) error {
			f(rowAt(rec, row))
			return nil
		}
	}
}

// row returns the one row of a table that the conditions pick, with all columns.
func (t *tracer) row(table *pipeline.Table, conditions []condition) (tracedRow, error) {
	of, err := store.OpenTable(t.ctx, t.dir, table.Name, store.At{})
	if err != nil {
		return nil, err
	}
	var columns []string
	for _, f := range of.Schema.Fields() {
		columns = append(columns, f.Name)
	}
	if conditions, err = t.narrower(table, conditions); err != nil {
		return nil, err
	}
	var found []tracedRow
	err = t.scan(table.Name, columns, conditions, eachRow(func(row tracedRow) {
		if len(found) < 8 {
			found = append(found, row)
		}
	}))
	if err != nil || len(found) == 1 {
		return slices.Concat(found...), err
	}
	if len(found) == 0 {
		return nil, t.noRow(table, conditions)
	}
	var keys []string
	for _, r := range found {
		var k []string
		for _, c := range table.Key {
			if v := r.at(c); v != nil {
				k = append(k, c+"="+*v)
			}
		}
		keys = append(keys, strings.Join(k, ","))
	}
	return nil, usage(fmt.Sprintf("--key: several rows of %s are meant", table.Name), "name one: "+strings.Join(keys, "  "))
}

// narrower adds to a record's file and number the order that it is of, where it
// has one: pages without it are not read. To find it three columns are.
func (t *tracer) narrower(table *pipeline.Table, conditions []condition) ([]condition, error) {
	if table.Name != bronze.Sales.Name && table.Name != "silver.fact_sales" {
		return conditions, nil
	}
	columns := []string{"order_id"}
	for _, c := range conditions {
		if c.column == "order_id" {
			return conditions, nil
		}
		columns = append(columns, c.column)
	}
	var order *string
	err := t.scan(table.Name, columns, conditions, eachRow(func(row tracedRow) { order = row.at("order_id") }))
	if err == nil && order != nil {
		conditions = append([]condition{{column: "order_id", value: order}}, conditions...)
	}
	return conditions, err
}

// noRow is the error of a key that no row has, with the nearest that one has.
func (t *tracer) noRow(table *pipeline.Table, conditions []condition) error {
	var asked []string
	for _, c := range conditions {
		if slices.Contains(table.Key, c.column) {
			asked = append(asked, c.column+"="+*c.value)
		}
	}
	hint := fmt.Sprintf("smelt show %s lists them; its key is %s", table.Name, strings.Join(table.Key, ", "))
	if len(table.Key) == 1 {
		var some []string
		err := t.scan(table.Name, table.Key, nil, eachRow(func(row tracedRow) {
			if len(some) < 10_000 {
				some = append(some, row.text(table.Key[0]))
			}
		}))
		if near := pipeline.Nearest(*conditions[0].value, some); err == nil && near != "" {
			hint = fmt.Sprintf("did you mean %s? %s", near, hint)
		}
	}
	return &pipeline.Error{Kind: pipeline.ErrConfig, Table: table.Name, Value: strings.Join(asked, ","), Msg: "no row has this key", Hint: hint}
}

// keyOf reads what --key says: values in the key's order, or column=value; all in
// one with commas between, or one --key each. A key of one column is one value,
// whatever it holds.
func keyOf(t *pipeline.Table, given []string) ([]condition, error) {
	if len(t.Key) == 0 {
		return nil, usage(fmt.Sprintf("--key: %s has no key", t.Name), "")
	}
	parts := given
	if len(t.Key) > 1 && len(given) == 1 {
		parts = strings.Split(given[0], ",")
	}
	var out []condition
	for i, part := range parts {
		column, text, named := strings.Cut(part, "=")
		if named = named && slices.Contains(t.Key, column); !named {
			if name, _, ok := strings.Cut(part, "="); ok && len(t.Key) > 1 && pipeline.Nearest(name, t.Key) != "" {
				return nil, usage(fmt.Sprintf("--key: %s has no column %q in its key", t.Name, name), "did you mean "+pipeline.Nearest(name, t.Key)+"? the key is "+strings.Join(t.Key, ", "))
			}
			if i >= len(t.Key) {
				return nil, usage(fmt.Sprintf("--key: %s are more values than the key of %s has", strings.Join(given, ","), t.Name), "the key is "+strings.Join(t.Key, ", ")+"; where a value holds a comma, give each a --key of its own")
			}
			column, text = t.Key[i], part
		}
		if slices.ContainsFunc(out, func(c condition) bool { return c.column == column }) {
			return nil, usage(fmt.Sprintf("--key: %s stands there twice", column), "the key is "+strings.Join(t.Key, ", "))
		}
		out = append(out, condition{column: column, value: &text})
	}
	return out, nil
}

// tableNamed finds the declaration of a published table.
func (t *tracer) tableNamed(name string) (*pipeline.Table, error) {
	name, err := find(name, t.dir)
	if err != nil {
		return nil, err
	}
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(tables, func(d *pipeline.Table) bool { return d.Name == name })
	if i < 0 {
		return nil, usage(fmt.Sprintf("%s is not a table of smelt's", name), "what it is made from is not declared; smelt show "+name+" prints it")
	}
	return tables[i], nil
}
