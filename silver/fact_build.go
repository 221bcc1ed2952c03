package silver

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// unknownPlace is the country and the state of lines without one.
const unknownPlace = "Unknown"

// placeCodes are the codes of the places of the fact rows.
type placeCodes struct{ country, countryCode, state, city []int32 }

// build makes the batch of the chosen fact rows.
func (f *Fact) build(rec arrow.Record) (arrow.Record, error) {
	b := factBuilder{Fact: f, rec: rec, sel: f.sel}
	if f.whole {
		b.sel = nil
	}
	defer b.release()
	b.text("order_id", f.orders)
	b.share(saleColumn.lineNumber)
	b.add(f.lineTypes(), nil)
	b.times()
	b.label(f.customer, saleColumn.customerID)
	b.label(f.product, saleColumn.productID)
	b.measures()
	b.places()
	b.label(f.channel, saleColumn.channel)
	b.label(f.payment, saleColumn.paymentMethod)
	b.label(f.currency, saleColumn.currency)
	original := plainStrings(f.mem, rec.Column(saleColumn.originalOrderID))
	cleaned := cleanStrings(f.mem, &f.clean, original, nil)
	b.text("original_order_id", cleaned)
	if cleaned != original {
		cleaned.Release()
	}
	original.Release()
	b.share(saleColumn.updatedAt)
	b.label(f.file, saleColumn.sourceFile)
	b.share(saleColumn.sourceRow)
	if b.err != nil {
		return nil, b.err
	}
	return array.NewRecord(FactSales.Schema, b.columns, int64(len(f.sel))), nil
}

// factBuilder collects the columns of one batch of fact rows.
type factBuilder struct {
	*Fact
	rec     arrow.Record
	sel     []int32 // nil where the fact rows are the lines, one for one
	columns []arrow.Array
	err     error // the first; nothing is to be made of the columns then
}

func (b *factBuilder) add(c arrow.Array, err error) {
	if c != nil {
		b.columns = append(b.columns, c)
	}
	if b.err == nil {
		b.err = err
	}
}

func (b *factBuilder) release() {
	for _, c := range b.columns {
		c.Release()
	}
}

// share adds a bronze column as it is.
func (b *factBuilder) share(column int) { b.add(share(b.mem, b.rec.Column(column), b.sel), nil) }

// label adds a text column.
func (b *factBuilder) label(l *label, column int) {
	if col := b.rec.Column(column); l.col != col {
		l.set(col)
	}
	b.add(l.output(b.mem, b.sel, &b.codes))
}

// text adds a column of cleaned texts, of which the rows may be twice the lines'.
func (b *factBuilder) text(name string, col *array.String) {
	if b.sel != nil && len(col.ValueBytes()) > math.MaxInt32/2 {
		b.add(nil, &pipeline.Error{Kind: pipeline.ErrData, Table: FactSales.Name, Column: name, Msg: "a batch of lines holds more than 1 GiB of text in one column"})
		return
	}
	b.add(share(b.mem, col, b.sel), nil)
}

// times adds ordered_at and order_date.
func (b *factBuilder) times() {
	if b.sel == nil && b.ownTime {
		b.share(saleColumn.orderedAt)
	} else {
		b.add(longsArray(b.mem, pipeline.TimestampType, b.when), nil)
	}
	days, out := newFixed[int32](b.mem, len(b.days))
	copy(out, b.days)
	b.add(newArray(pipeline.DateType, len(b.days), 0, nil, days), nil)
}

func (f *Fact) lineTypes() arrow.Array {
	buf, out := newFixed[int32](f.mem, len(f.kind))
	for j, k := range f.kind {
		out[j] = int32(min(k, returnRow))
	}
	return newCodes(len(out), 0, nil, buf, f.kinds)
}

// prices is a column of decimals under construction.
type prices struct {
	buf *memory.Buffer
	out []decimal128.Num
}

func newPrices(mem memory.Allocator, n int) prices {
	buf, out := newFixed[decimal128.Num](mem, n)
	return prices{buf, out}
}

func (p prices) set(j int, v int64) { p.out[j] = decimal128.New(v>>63, uint64(v)) }

func (p prices) array(nulls int, valid *memory.Buffer) arrow.Array {
	return newArray(pipeline.PriceType, len(p.out), nulls, valid, p.buf)
}

// measures adds the columns from quantity to category.
func (b *factBuilder) measures() {
	f, n := b.Fact, len(b.Fact.sel)
	returns := false
	for _, k := range f.kind {
		returns = returns || k != saleRow
	}
	b.quantities()
	if b.sel == nil && f.ownPrice {
		b.share(saleColumn.unitPrice)
	} else {
		price := newPrices(f.mem, n)
		for j, i := range f.sel {
			price.set(j, f.amounts[i].price)
		}
		b.add(price.array(0, nil), nil)
	}
	discount := newPrices(f.mem, n)
	for j, i := range f.sel {
		discount.set(j, f.amounts[i].discount)
	}
	b.add(discount.array(0, nil), nil)
	b.share(saleColumn.taxAmount)
	sales := newPrices(f.mem, n)
	if !returns {
		for j, i := range f.sel {
			sales.set(j, f.amounts[i].net)
		}
		revenue := sales.array(0, nil)
		revenue.Retain()
		b.columns = append(b.columns, revenue, f.zeros(n), revenue)
	} else {
		returned, revenue := newPrices(f.mem, n), newPrices(f.mem, n)
		for j, i := range f.sel {
			net := f.amounts[i].net
			if f.kind[j] == saleRow {
				sales.set(j, net)
				returned.set(j, 0)
				revenue.set(j, net)
			} else {
				sales.set(j, 0)
				returned.set(j, net)
				revenue.set(j, -net)
			}
		}
		b.columns = append(b.columns, sales.array(0, nil), returned.array(0, nil), revenue.array(0, nil))
	}
	b.costs()
	buf, categories := newFixed[int32](f.mem, n)
	products := f.product.batch
	for j, i := range f.sel {
		categories[j] = f.products[products[i]].category
	}
	b.add(newCodes(n, 0, nil, buf, f.categories.values.Values()), nil)
}

// quantities adds the quantities, negative on returns.
func (b *factBuilder) quantities() {
	f := b.Fact
	if b.sel == nil && !f.flipped {
		b.share(saleColumn.quantity)
		return
	}
	buf, out := newFixed[int64](f.mem, len(f.sel))
	for j, i := range f.sel {
		q := f.quantity[i]
		if f.kind[j] != saleRow && q > 0 {
			q = -q
		}
		out[j] = q
	}
	b.add(newArray(pipeline.Int64Type, len(f.sel), 0, nil, buf), nil)
}

// costs adds cost and margin.
func (b *factBuilder) costs() {
	f, n := b.Fact, len(b.Fact.sel)
	cost, margin := newPrices(f.mem, n), newPrices(f.mem, n)
	unknown := 0
	for j, i := range f.sel {
		a := &f.amounts[i]
		c, m := a.cost, a.net-a.cost
		switch {
		case a.cost == null:
			unknown++
			c, m = 0, 0
		case f.kind[j] != saleRow:
			c, m = -c, -m
		}
		cost.set(j, c)
		margin.set(j, m)
	}
	var valid *memory.Buffer
	if unknown > 0 {
		valid = newBits(f.mem, n)
		bits := valid.Bytes()
		for j, i := range f.sel {
			if f.amounts[i].cost != null {
				bits[j>>3] |= 1 << (j & 7)
			}
		}
		valid.Retain() // both columns take it over
	}
	b.add(cost.array(unknown, valid), nil)
	b.add(margin.array(unknown, valid), nil)
}

// zeros returns a column of n zero prices, shared by all batches.
func (f *Fact) zeros(n int) arrow.Array {
	if f.zero == nil || f.zero.Len() < n {
		f.zero = pricesArray(memory.DefaultAllocator, make([]int64, n))
	}
	return array.NewSlice(f.zero, 0, int64(n))
}

// places adds country, country_code, state and city.
func (b *factBuilder) places() {
	f := b.Fact
	f.country.set(b.rec.Column(saleColumn.country))
	f.state.set(b.rec.Column(saleColumn.state))
	f.city.set(b.rec.Column(saleColumn.city))
	countries, err1 := f.country.load()
	states, err2 := f.state.load()
	cities, err3 := f.city.load()
	if err := errors.Join(err1, err2, err3); err != nil {
		b.add(nil, err)
		return
	}
	p := &f.placed
	n := len(f.sel)
	p.country, p.countryCode, p.state, p.city = resize(p.country, n), resize(p.countryCode, n), resize(p.state, n), resize(p.city, n)
	customers := f.customer.batch
	ownCountry, ownState, ownCity := true, true, true // the line's own value, in every row
	for j, i := range f.sel {
		country, state, city := countries[i], states[i], cities[i]
		ownCountry, ownState = ownCountry && country >= 0, ownState && state >= 0
		if c := customers[i]; c >= 0 {
			at := &f.customers[c]
			if country < 0 || country == at.country {
				country = at.country
				if state < 0 {
					state = at.state
				}
				if city < 0 {
					city = at.city
					ownCity = ownCity && city < 0
				}
			}
		}
		if country < 0 {
			country = f.unknown
		}
		if state < 0 {
			state = f.unknownState
		}
		p.country[j], p.countryCode[j], p.state[j], p.city[j] = country, f.countryCodes[country], state, city
	}
	b.place(f.country, p.country, ownCountry)
	b.add(codesArray(f.mem, p.countryCode, f.countryCode.values.Values()), nil)
	b.place(f.state, p.state, ownState)
	b.place(f.city, p.city, ownCity)
}

// place adds a column of places: bronze's where every value is the line's own
// and unchanged.
func (b *factBuilder) place(l *label, codes []int32, own bool) {
	l.own = l.own || !own
	if l.passes() {
		b.add(share(b.mem, l.col, b.sel), nil)
		return
	}
	b.add(codesArray(b.mem, codes, l.values.Values()), nil)
}
