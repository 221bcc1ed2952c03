package dashboard

import (
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// factReader makes chunks of one worker's batches.
type factReader struct {
	l     *loader
	texts [8]coder // of the first columns
	order []byte   // the last line's, and its code
	code  uint32
	cache [1 << 12]struct {
		of   combination
		kind uint32 // + 1; 0 = free
	}
}

// Positions in factColumns.
const (
	colOrder = iota
	colCustomer
	colProduct
	colType
	colCountry
	colState
	colCategory
	colChannel
	colDate
	colQuantity
	colDiscount
	colRevenue
	colCost
)

// What a line without a customer, or of a strange line_type, has for a code.
const none = math.MaxUint32

func newFactReader(l *loader) *factReader {
	f := &factReader{l: l}
	find := func(d *pipeline.Dictionary) func([]byte) uint32 {
		return func(b []byte) uint32 { return uint32(d.Find(b)) }
	}
	f.texts[colCustomer].of, f.texts[colProduct].of = find(l.customerOf), find(l.productOf)
	f.texts[colType].of = func(b []byte) uint32 {
		switch string(b) {
		case "sale":
			return 0
		case "return":
			return 1
		}
		return none
	}
	for col, dim := range map[int]int{colCountry: byCountry, colState: byState, colCategory: byCategory, colChannel: byChannel} {
		f.texts[col].of = l.words[dim].of
	}
	return f
}

// chunk makes a chunk of a batch.
func (f *factReader) chunk(rec arrow.Record) (*chunk, error) {
	n := int(rec.NumRows())
	c := &chunk{order: make([]uint32, n), customer: make([]uint32, n), product: make([]uint32, n), kind: make([]uint32, n), day: make([]int32, n)}
	fail := func(col, row int, msg string) error {
		return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Column: factColumns[col], Value: rec.Column(col).ValueStr(row), Msg: msg, Hint: "smelt run --full-refresh makes the tables anew"}
	}
	days, ok := rec.Column(colDate).(*array.Date32)
	if !ok {
		return nil, fail(colDate, 0, "is no date")
	}
	for i, d := range days.Date32Values() {
		c.day[i] = int32(d)
	}
	if err := f.orders(rec.Column(colOrder), c.order); err != nil {
		return nil, err
	}
	var codes [8][]uint32
	for col := colCustomer; col <= colChannel; col++ {
		codes[col] = f.texts[col].codes(rec.Column(col))
	}
	for i := range n {
		var of combination
		var who uint32 = none
		if rec.Column(colCustomer).IsValid(i) {
			if who = codes[colCustomer][i]; who == none {
				return nil, fail(colCustomer, i, "is not in silver.dim_customers")
			}
			of[bySegment] = f.l.x.customers[who].segment
		}
		c.customer[i] = who
		if c.product[i] = codes[colProduct][i]; c.product[i] == none {
			return nil, fail(colProduct, i, "is not in silver.dim_products")
		}
		if codes[colType][i] == none {
			return nil, fail(colType, i, "is neither sale nor return")
		}
		of[byCountry], of[byState], of[byCategory], of[byChannel] = codes[colCountry][i], codes[colState][i], codes[colCategory][i], codes[colChannel][i]
		c.kind[i] = f.kind(of) + codes[colType][i]
	}
	back := func(i int) bool { return c.kind[i]&1 != 0 }
	for _, m := range []struct {
		to  *column
		col int
		as  func(v int64, back bool) int64
	}{
		{&c.amount, colRevenue, func(v int64, back bool) int64 {
			if back {
				return -v
			}
			return v
		}},
		{&c.discount, colDiscount, func(v int64, back bool) int64 {
			if back {
				return 0 // what counts are discounts of sales
			}
			return v
		}},
		{&c.units, colQuantity, func(v int64, back bool) int64 {
			if back {
				return max(v, -v)
			}
			return v
		}},
		{&c.cost, colCost, func(v int64, _ bool) int64 { return v }},
	} {
		if row, err := m.to.read(rec.Column(m.col), back, m.as); err != nil {
			return nil, fail(m.col, row, err.Error())
		}
	}
	return c, nil
}

// kind returns the kind of sales of a combination; that of its returns is the next.
func (f *factReader) kind(of combination) uint32 {
	h := uint32(0)
	for _, v := range of {
		h = (h ^ v) * 0x9e3779b1
	}
	slot := &f.cache[h>>20]
	if slot.kind == 0 || slot.of != of {
		f.l.mu.Lock()
		kind, ok := f.l.kinds[of]
		if !ok {
			kind = uint32(2 * len(f.l.kinds))
			f.l.kinds[of] = kind
		}
		f.l.mu.Unlock()
		slot.of, slot.kind = of, kind+1
	}
	return slot.kind - 1
}

// orders gives out the codes of orders, of which the lines mostly follow each other.
func (f *factReader) orders(col arrow.Array, out []uint32) error {
	text := textOf(col)
	for i := range out {
		id := text(i)
		if f.order == nil || string(id) != string(f.order) {
			shard := xxh3.Hash(id) % orderShards
			o := &f.l.orders[shard]
			o.mu.Lock()
			code := o.dict.Code(id)
			o.mu.Unlock()
			if code < 0 || uint64(code) > severalCustomers/orderShards-2 {
				return &pipeline.Error{Kind: pipeline.ErrData, Table: silver.FactSales.Name, Column: "order_id", Msg: "there are more orders than a dashboard can count"}
			}
			f.order, f.code = append(f.order[:0], id...), uint32(code)*orderShards+uint32(shard)
		}
		out[i] = f.code
	}
	return nil
}

// coder gives the texts of a column their codes.
type coder struct {
	of    func([]byte) uint32
	last  *array.String
	known []uint32 // by the dictionary's code
	out   []uint32
}

// codes returns the code of each row, of "" where it is NULL; valid until the next call.
func (c *coder) codes(col arrow.Array) []uint32 {
	n := col.Len()
	c.out = slices.Grow(c.out[:0], n)[:n]
	d, ok := col.(*array.Dictionary)
	if !ok {
		text := textOf(col)
		for i := range n {
			c.out[i] = c.of(text(i))
		}
		return c.out
	}
	values := d.Dictionary().(*array.String)
	if !pipeline.Extends(values, c.last) {
		c.known = c.known[:0]
	}
	for i := len(c.known); i < values.Len(); i++ {
		c.known = append(c.known, c.of(pipeline.StringBytes(values, i)))
	}
	values.Retain()
	if c.last != nil {
		c.last.Release()
	}
	c.last = values
	null := uint32(0)
	if d.NullN() > 0 {
		null = c.of(nil)
	}
	for i, code := range d.Indices().(*array.Int32).Int32Values() {
		if d.NullN() > 0 && d.IsNull(i) {
			c.out[i] = null
		} else {
			c.out[i] = c.known[code]
		}
	}
	return c.out
}
