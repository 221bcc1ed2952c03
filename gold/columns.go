package gold

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// textIDs turns a text column's batches into ids, one question to id for each
// new value. It belongs to one worker.
type textIDs struct {
	id    func([]byte) int32 // of a value; -1 = it cannot have one
	codes pipeline.Recoder
	local *pipeline.Dictionary // of plain string batches
	ids   []int32              // by local's code
}

func newTextIDs(id func([]byte) int32) *textIDs {
	t := &textIDs{id: id}
	t.codes.New = id
	return t
}

// read fills dst with the ids of a column's rows; NULL is 0.
func (t *textIDs) read(col arrow.Array, dst []int32) error {
	switch c := col.(type) {
	case *array.Dictionary:
		return t.readDictionary(c, dst)
	case *array.String:
		if t.local == nil {
			t.local = pipeline.NewDictionary()
		}
		nulls := c.NullN() > 0
		for i := range dst {
			if nulls && c.IsNull(i) {
				dst[i] = 0
				continue
			}
			code := t.local.Code(pipeline.StringBytes(c, i))
			if int(code) == len(t.ids) {
				t.ids = append(t.ids, t.id(t.local.Bytes(code)))
			}
			if code < 0 || t.ids[code] < 0 {
				return errTooMuchText
			}
			dst[i] = t.ids[code]
		}
		return nil
	}
	return fmt.Errorf("text of Arrow type %s is not supported: use string or a dictionary of it", col.DataType())
}

func (t *textIDs) readDictionary(c *array.Dictionary, dst []int32) error {
	values, ok := c.Dictionary().(*array.String)
	if !ok {
		return fmt.Errorf("text of Arrow type %s is not supported: use string or a dictionary of it", c.DataType())
	}
	codes := t.codes.Codes(values)
	nulls := c.NullN() > 0
	indices, ok := c.Indices().(*array.Int32)
	if !ok || nulls || values.NullN() > 0 {
		for i := range dst {
			if c.IsNull(i) || values.IsNull(c.GetValueIndex(i)) {
				dst[i] = 0
			} else if dst[i] = codes[c.GetValueIndex(i)]; dst[i] < 0 {
				return errTooMuchText
			}
		}
		return nil
	}
	bad := int32(0)
	for i, code := range indices.Int32Values()[:len(dst)] {
		id := codes[code]
		dst[i] = id
		bad |= id
	}
	if bad < 0 {
		return errTooMuchText
	}
	return nil
}

var errTooMuchText = fmt.Errorf("the distinct values are more than 2 GiB of text")

// dateIDs turns a date column's batches into ids of its periods. It belongs to
// one worker.
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

func (t *dateIDs) read(col arrow.Array, dst []int32) error {
	c, ok := col.(*array.Date32)
	if !ok {
		return fmt.Errorf("want a date, have %s", col.DataType())
	}
	nulls := c.NullN() > 0
	for i, d := range c.Date32Values() {
		switch {
		case nulls && c.IsNull(i):
			dst[i] = 0
		case uint32(d) < nearDays && t.near[d] != 0:
			dst[i] = t.near[d]
		default:
			dst[i] = t.ask(pipeline.Date(d))
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
	noCost, noMargin                                 arrow.Array // nil when every line's is known
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
	c.noCost, c.noMargin = nil, nil
	if a := rec.Column(c.at[colCost]); a.NullN() > 0 {
		c.noCost = a
	}
	if a := rec.Column(c.at[colMargin]); a.NullN() > 0 {
		c.noMargin = a
	}
	return nil
}
