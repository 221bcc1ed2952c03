package gold

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// idReader turns the batches of an axis's column into ids. It belongs to one
// worker.
type idReader interface {
	// differ marks the rows of a column whose value may be another than that of
	// the row before.
	differ(col arrow.Array, marks []int32) error
	// read fills dst with the ids of a column at rows, nil for all of them. NULL is 0.
	read(col arrow.Array, rows, dst []int32) error
	release()
}

// textIDs turns a text column's batches into ids, one question to id for each
// new value.
type textIDs struct {
	id    func([]byte) int32 // of a value; -1 = it cannot have one
	codes pipeline.Recoder
	local *pipeline.Dictionary // of plain string batches
	ids   []int32              // by local's code
	all   []int32              // scratch
}

func newTextIDs(id func([]byte) int32) *textIDs {
	t := &textIDs{id: id}
	t.codes.New = id
	return t
}

func (t *textIDs) release() { t.codes.Release() }

func unsupported(col arrow.Array) error {
	return fmt.Errorf("text of Arrow type %s is not supported: use string or a dictionary of it", col.DataType())
}

// codes are the rows of a dictionary column.
type codes struct {
	values *array.String // none is NULL
	rows   []int32
	valid  bitmap
}

// codesOf returns the rows of a dictionary column of the usual kind, and
// whether it is one.
func codesOf(col arrow.Array) (codes, bool) {
	c, ok := col.(*array.Dictionary)
	if !ok {
		return codes{}, false
	}
	values, ok := c.Dictionary().(*array.String)
	if !ok || values.NullN() > 0 {
		return codes{}, false
	}
	indices, ok := c.Indices().(*array.Int32)
	if !ok {
		return codes{}, false
	}
	return codes{values, indices.Int32Values(), validity(c)}, true
}

// bitmap says which rows are not NULL; the zero value says that none is.
type bitmap struct {
	bits   []byte
	offset int
}

func validity(col arrow.Array) bitmap {
	if col.NullN() == 0 {
		return bitmap{}
	}
	return bitmap{col.NullBitmapBytes(), col.Data().Offset()}
}

func (b *bitmap) null(i int) bool {
	if b.bits == nil {
		return false
	}
	i += b.offset
	return b.bits[i>>3]>>(i&7)&1 == 0
}

// differ marks the rows that are NULL where the row before is not, or not NULL
// where it is.
func (b *bitmap) differ(marks []int32) {
	if b.bits == nil {
		return
	}
	before := b.null(0)
	for i := range marks {
		now := b.null(i)
		if now != before {
			marks[i] = 1
		}
		before = now
	}
}

func (t *textIDs) differ(col arrow.Array, marks []int32) error {
	if c, ok := codesOf(col); ok {
		markChanges(c.rows, marks)
		c.valid.differ(marks)
		return nil
	}
	t.all = resize(t.all, len(marks))
	if err := t.read(col, nil, t.all); err != nil {
		return err
	}
	markChanges(t.all, marks)
	return nil
}

// markChanges marks the rows whose value is another than that of the row before.
func markChanges[T ~int32](values []T, marks []int32) {
	values = values[:len(marks)]
	for i := 1; i < len(values); i++ {
		marks[i] |= int32(values[i] ^ values[i-1])
	}
}

func (t *textIDs) read(col arrow.Array, rows, dst []int32) error {
	switch c := col.(type) {
	case *array.Dictionary:
		return t.readDictionary(c, rows, dst)
	case *array.String:
		if t.local == nil {
			t.local = pipeline.NewDictionary()
		}
		nulls := c.NullN() > 0
		for j := range dst {
			i := nth(rows, j)
			if nulls && c.IsNull(i) {
				dst[j] = 0
				continue
			}
			code := t.local.Code(pipeline.StringBytes(c, i))
			if int(code) == len(t.ids) {
				t.ids = append(t.ids, t.id(t.local.Bytes(code)))
			}
			if code < 0 || t.ids[code] < 0 {
				return errTooMuchText
			}
			dst[j] = t.ids[code]
		}
		return nil
	}
	return unsupported(col)
}

// nth returns the j-th of rows, nil being all.
func nth(rows []int32, j int) int {
	if rows == nil {
		return j
	}
	return int(rows[j])
}

func (t *textIDs) readDictionary(c *array.Dictionary, rows, dst []int32) error {
	if c, ok := codesOf(c); ok {
		ids, bad := t.codes.Codes(c.values), int32(0)
		switch {
		case c.valid.bits != nil:
			for j := range dst {
				i := nth(rows, j)
				dst[j] = 0
				if !c.valid.null(i) {
					dst[j] = ids[c.rows[i]]
					bad |= dst[j]
				}
			}
		case rows == nil:
			for i, code := range c.rows[:len(dst)] {
				dst[i] = ids[code]
				bad |= dst[i]
			}
		default:
			for j, i := range rows[:len(dst)] {
				dst[j] = ids[c.rows[i]]
				bad |= dst[j]
			}
		}
		if bad < 0 {
			return errTooMuchText
		}
		return nil
	}
	values, ok := c.Dictionary().(*array.String)
	if !ok {
		return unsupported(c)
	}
	ids := t.codes.Codes(values)
	for j := range dst {
		i := nth(rows, j)
		if c.IsNull(i) || values.IsNull(c.GetValueIndex(i)) {
			dst[j] = 0
		} else if dst[j] = ids[c.GetValueIndex(i)]; dst[j] < 0 {
			return errTooMuchText
		}
	}
	return nil
}

var errTooMuchText = fmt.Errorf("the distinct values are more than 2 GiB of text")

// dateIDs turns a date column's batches into ids of its periods.
type dateIDs struct {
	grain Grain
	reg   *registry
	near  []int32 // id by day since 1970, for the years that most shops know; 0 = not asked yet
	far   map[pipeline.Date]int32
}

// nearDays is 1970-01-01 to 2100-12-31.
const nearDays = 47847

func newDateIDs(grain Grain, reg *registry) *dateIDs {
	return &dateIDs{grain: grain, reg: reg, near: make([]int32, nearDays), far: map[pipeline.Date]int32{}}
}

func (t *dateIDs) release() {}

func (t *dateIDs) dates(col arrow.Array) (*array.Date32, error) {
	if c, ok := col.(*array.Date32); ok {
		return c, nil
	}
	return nil, fmt.Errorf("want a date, have %s", col.DataType())
}

func (t *dateIDs) differ(col arrow.Array, marks []int32) error {
	c, err := t.dates(col)
	if err != nil {
		return err
	}
	markChanges(c.Date32Values(), marks)
	valid := validity(c)
	valid.differ(marks)
	return nil
}

func (t *dateIDs) read(col arrow.Array, rows, dst []int32) error {
	c, err := t.dates(col)
	if err != nil {
		return err
	}
	valid, days := validity(c), c.Date32Values()
	for j := range dst {
		i := nth(rows, j)
		switch d := days[i]; {
		case valid.null(i):
			dst[j] = 0
		case uint32(d) < nearDays && t.near[d] != 0:
			dst[j] = t.near[d]
		default:
			dst[j] = t.ask(pipeline.Date(d))
		}
	}
	return nil
}

func (t *dateIDs) ask(d pipeline.Date) int32 {
	id, ok := t.far[d]
	if !ok {
		id = t.reg.date(t.grain.Start(d))
		if uint32(d) < nearDays {
			t.near[d] = id
		} else {
			t.far[d] = id
		}
	}
	return id
}

// columns are the columns of one batch that every aggregation reads.
type columns struct {
	schema *arrow.Schema // that the positions are for
	at     [numColumns]int

	order                                            arrow.Array
	kind                                             arrow.Array
	dates                                            []arrow.Date32
	quantity                                         []int64
	sales, returns, revenue, discounts, cost, margin []decimal128.Num
	hasCost, hasMargin                               bitmap
}

// The fixed columns, by name in factColumns.
const (
	colOrder = iota
	colKind
	colDate
	colQuantity
	colSales
	colReturns
	colRevenue
	colDiscount
	colCost
	colMargin
	numColumns
)

var factColumns = [numColumns]string{"order_id", "line_type", "order_date", "quantity", "sales", "returns", "revenue", "discount_amount", "cost", "margin"}

// bind finds a schema's columns.
func (c *columns) bind(schema *arrow.Schema) error {
	if c.schema == schema {
		return nil
	}
	for i, name := range factColumns {
		at, err := position(schema, name)
		if err != nil {
			return err
		}
		want := silver.FactSales.Columns[silver.FactSales.MustIndex(name)].Type
		if have := schema.Field(at).Type; !pipeline.SameType(have, want) {
			return factError(name, "", fmt.Sprintf("a batch has type %s where %s is needed", have, want))
		}
		c.at[i] = at
	}
	c.schema = schema
	return nil
}

// position returns the position of a column, or an error that names the nearest.
func position(schema *arrow.Schema, name string) (int, error) {
	if at := schema.FieldIndices(name); len(at) == 1 {
		return at[0], nil
	}
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	e := factError(name, "", "the fact's batches have no such column, or several")
	if near := pipeline.Nearest(name, names); near != "" && near != name {
		e.Hint = "did you mean " + near + "?"
	}
	return 0, e
}

func factError(column, value, msg string) *pipeline.Error {
	return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Column: column, Value: value, Msg: msg}
}

// read takes the columns of a batch of the bound schema.
func (c *columns) read(rec arrow.Record) error {
	for i := range numColumns {
		if i != colCost && i != colMargin && rec.Column(c.at[i]).NullN() > 0 {
			return factError(factColumns[i], "", "NULL in a column that is not nullable")
		}
	}
	money := func(i int) []decimal128.Num { return rec.Column(c.at[i]).(*array.Decimal128).Values() }
	c.order, c.kind = rec.Column(c.at[colOrder]), rec.Column(c.at[colKind])
	c.dates = rec.Column(c.at[colDate]).(*array.Date32).Date32Values()
	c.quantity = rec.Column(c.at[colQuantity]).(*array.Int64).Int64Values()
	c.sales, c.returns, c.revenue = money(colSales), money(colReturns), money(colRevenue)
	c.discounts, c.cost, c.margin = money(colDiscount), money(colCost), money(colMargin)
	c.hasCost, c.hasMargin = validity(rec.Column(c.at[colCost])), validity(rec.Column(c.at[colMargin]))
	return nil
}
