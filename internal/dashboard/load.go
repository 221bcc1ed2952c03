package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

var (
	factColumns     = []string{"order_id", "customer_id", "product_id", "line_type", "country", "state", "category", "channel", "order_date", "quantity", "discount_amount", "revenue", "cost"}
	customerColumns = []string{"customer_id", "full_name", "country", "segment"}
	productColumns  = []string{"product_id", "product_name", "category", "subcategory"}
)

// loader reads the lines as they come, which is several parts of the table side by
// side, and keeps them in chunks; arrange gives them their places.
type loader struct {
	x     *Index
	words [dimensions]words
	customerOf,
	productOf *pipeline.Dictionary // by id: the places in Index
	orders [orderShards]orders

	mu     sync.Mutex
	kinds  map[combination]uint32
	chunks []*chunk
}

// words gives texts their codes; "" stands for NULL and has the code 0.
type words struct {
	mu   sync.Mutex
	code map[string]uint32
	list []string
}

func (w *words) of(text []byte) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code, ok := w.code[string(text)]; ok {
		return code
	}
	code := uint32(len(w.list))
	w.code[string(text)] = code
	w.list = append(w.list, string(text))
	return code
}

// orders are those whose hash falls to a shard, so that workers seldom meet.
type orders struct {
	mu   sync.Mutex
	dict *pipeline.Dictionary
}

const orderShards = 64

// chunk is a batch of lines.
type chunk struct {
	order, customer, product, kind []uint32
	day                            []int32
	amount, discount, units, cost  column
}

// column are the numbers of a chunk, in 32 bits where all fit.
type column struct {
	small []int32
	wide  []int64 // with math.MinInt64 for NULL
}

func newLoader(x *Index) *loader {
	l := &loader{x: x, kinds: map[combination]uint32{}, customerOf: pipeline.NewDictionary(), productOf: pipeline.NewDictionary()}
	for i := range l.words {
		l.words[i] = words{code: map[string]uint32{"": 0}, list: []string{""}}
	}
	for i := range l.orders {
		l.orders[i].dict = pipeline.NewDictionary()
	}
	return l
}

// customers reads dim_customers. A customer's country is named as fact_sales names it.
func (l *loader) customers(ctx context.Context, r *reader) error {
	err := r.each(ctx, 1, silver.DimCustomers.Table, func(_ int, rec arrow.Record) error {
		id, name, country, segment := textOf(rec.Column(0)), textOf(rec.Column(1)), textOf(rec.Column(2)), textOf(rec.Column(3))
		for i := range int(rec.NumRows()) {
			c := customer{id: string(id(i)), first: -1, segment: l.words[bySegment].of(segment(i))}
			if l.x.names {
				c.name = string(name(i))
			}
			from := country(i)
			if from == nil {
				from = []byte("Unknown")
			}
			c.country = l.words[byCountry].of(from)
			l.x.customers = append(l.x.customers, c)
		}
		return nil
	})
	byID := func(a, b customer) int { return strings.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(l.x.customers, byID) { // others may have rearranged the table
		slices.SortFunc(l.x.customers, byID)
	}
	return l.keys(err, l.customerOf, silver.DimCustomers.Table, len(l.x.customers), func(i int) string { return l.x.customers[i].id })
}

// products reads dim_products.
func (l *loader) products(ctx context.Context, r *reader) error {
	subs, subOf := map[subcategory]uint32{}, map[string]uint32{}
	err := r.each(ctx, 1, silver.DimProducts.Table, func(_ int, rec arrow.Record) error {
		id, name, category, sub := textOf(rec.Column(0)), textOf(rec.Column(1)), textOf(rec.Column(2)), textOf(rec.Column(3))
		for i := range int(rec.NumRows()) {
			s := subcategory{string(category(i)), string(sub(i))}
			code, ok := subs[s]
			if !ok {
				code = uint32(len(l.x.subs))
				subs[s], l.x.subs = code, append(l.x.subs, s)
			}
			l.x.products = append(l.x.products, product{id: string(id(i)), name: string(name(i)), category: s.category})
			subOf[string(id(i))] = code
		}
		return nil
	})
	byID := func(a, b product) int { return strings.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(l.x.products, byID) {
		slices.SortFunc(l.x.products, byID)
	}
	for _, p := range l.x.products {
		l.x.subOf = append(l.x.subOf, subOf[p.id])
	}
	return l.keys(err, l.productOf, silver.DimProducts.Table, len(l.x.products), func(i int) string { return l.x.products[i].id })
}

// keys gives the keys of a dimension the codes 0, 1, 2 …
func (l *loader) keys(err error, d *pipeline.Dictionary, t *pipeline.Table, n int, id func(int) string) error {
	for i := 0; i < n && err == nil; i++ {
		if code := d.Code([]byte(id(i))); int(code) != i {
			return &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: t.Key[0], Value: id(i), Msg: "is in the table twice", Hint: "smelt run --full-refresh makes the table anew"}
		}
	}
	return err
}

// lines reads fact_sales.
func (l *loader) lines(ctx context.Context, r *reader) error {
	readers := make([]*factReader, l.x.workers)
	for i := range readers {
		readers[i] = newFactReader(l)
	}
	err := r.each(ctx, len(readers), silver.FactSales.Table, func(worker int, rec arrow.Record) error {
		c, err := readers[worker].chunk(rec)
		if err == nil && len(c.order) > 0 {
			l.mu.Lock()
			l.chunks = append(l.chunks, c)
			l.mu.Unlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	// A customer's combinations shall lie together: most differ in a few parts only.
	l.x.combinations = slices.SortedFunc(maps.Keys(l.kinds), func(a, b combination) int {
		for _, dim := range []int{bySegment, byCountry, byState, byChannel, byCategory} {
			if a[dim] != b[dim] {
				return cmp.Compare(a[dim], b[dim])
			}
		}
		return 0
	})
	kinds := make([]uint32, len(l.kinds))
	for i, c := range l.x.combinations {
		kinds[l.kinds[c]/2] = uint32(2 * i)
	}
	for _, c := range l.chunks {
		for i, kind := range c.kind {
			c.kind[i] = kinds[kind/2] | kind&1
		}
	}
	for i := range l.words {
		l.x.words[i] = l.words[i].list
	}
	return l.arrange(ctx)
}

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

// The largest number that is read: what prices can be is less by far.
const largest = 1 << 61

// read takes over a column of whole numbers or prices, unscaled, each as a function
// of it and of whether its line is a return.
func (n *column) read(col arrow.Array, back func(i int) bool, as func(v int64, back bool) int64) (row int, err error) {
	n.small = make([]int32, 0, col.Len())
	add := func(i int, v int64) {
		if v = as(v, back(i)); n.wide == nil && v > unknown && v <= math.MaxInt32 {
			n.small = append(n.small, int32(v))
			return
		}
		n.widen(col.Len())
		n.wide = append(n.wide, v)
	}
	null := func() {
		if n.wide == nil {
			n.small = append(n.small, unknown)
		} else {
			n.wide = append(n.wide, math.MinInt64)
		}
	}
	for i := range col.Len() {
		if col.IsNull(i) {
			null()
			continue
		}
		var v int64
		switch a := col.(type) {
		case *array.Int64:
			v = a.Value(i)
		case *array.Decimal128:
			d := a.Value(i)
			if v = int64(d.LowBits()); d.HighBits() != v>>63 {
				v = math.MaxInt64
			}
		default:
			return i, fmt.Errorf("is a %s, no number", col.DataType())
		}
		if v <= -largest || v >= largest {
			return i, fmt.Errorf("is too large a number")
		}
		add(i, v)
	}
	return 0, nil
}

// widen makes the column one of 64 bits.
func (n *column) widen(room int) {
	if n.wide != nil {
		return
	}
	n.wide = make([]int64, 0, room)
	for _, v := range n.small {
		if v == unknown {
			n.wide = append(n.wide, math.MinInt64)
		} else {
			n.wide = append(n.wide, int64(v))
		}
	}
	n.small = nil
}

// parts are the low and the high parts of numbers.
func (n *column) parts() (low, high []int32) {
	n.widen(len(n.small))
	low, high = make([]int32, len(n.wide)), make([]int32, len(n.wide))
	for i, v := range n.wide {
		if v == math.MinInt64 {
			low[i] = unknown
		} else {
			low[i], high[i] = int32(v&math.MaxInt32), int32(v>>31)
		}
	}
	return low, high
}

// textOf returns a column's texts by row: nil for NULL, else valid as long as the column.
func textOf(col arrow.Array) func(int) []byte {
	values, at := col, func(i int) int { return i }
	if d, ok := col.(*array.Dictionary); ok {
		values, at = d.Dictionary(), d.GetValueIndex
	}
	text := values.(*array.String)
	return func(i int) []byte {
		if col.IsNull(i) {
			return nil
		}
		if b := pipeline.StringBytes(text, at(i)); b != nil {
			return b
		}
		return []byte{}
	}
}
