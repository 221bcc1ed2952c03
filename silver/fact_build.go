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

// build makes the batch of the chosen fact rows.
func (f *Fact) build(rec arrow.Record) (arrow.Record, error) {
	b := factBuilder{Fact: f, rec: rec, columns: make([]arrow.Array, 0, rec.NumCols())}
	defer b.release()
	b.text("order_id", f.orders)
	b.share(saleColumn.lineNumber)
	b.lineTypes()
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
	return array.NewRecord(FactSales.Schema, b.columns, int64(f.spans.rows)), nil
}

// factBuilder collects the columns of one batch of fact rows.
type factBuilder struct {
	*Fact
	rec     arrow.Record
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
func (b *factBuilder) share(column int) { b.add(share(b.mem, b.rec.Column(column), &b.spans), nil) }

// label adds a text column.
func (b *factBuilder) label(l *label, column int) {
	if col := b.rec.Column(column); l.col != col {
		l.set(col)
	}
	b.add(l.output(b.mem, &b.spans))
}

// text adds a column of cleaned texts, of which the rows may be twice the lines'.
func (b *factBuilder) text(name string, col *array.String) {
	if !b.spans.whole && len(col.ValueBytes()) > math.MaxInt32/2 {
		b.add(nil, &pipeline.Error{Kind: pipeline.ErrData, Table: FactSales.Name, Column: name, Msg: "a batch of lines holds more than 1 GiB of text in one column"})
		return
	}
	b.add(share(b.mem, col, &b.spans), nil)
}

// times adds ordered_at and order_date.
func (b *factBuilder) times() {
	f, s := b.Fact, &b.spans
	days, dates := newFixed[int32](f.mem, s.rows)
	copySpans(dates, f.day, s)
	if s.whole && f.ownTime {
		b.share(saleColumn.orderedAt)
	} else {
		buf, times := newFixed[int64](f.mem, s.rows)
		copySpans(times, f.at, s)
		row, mirrors := 0, f.mirrors
		for _, at := range s.list {
			if at.kind == mirrorRow {
				times[row], dates[row] = mirrors[0].at, mirrors[0].day
				mirrors = mirrors[1:]
			}
			row += at.n
		}
		b.add(newArray(pipeline.TimestampType, s.rows, 0, nil, buf), nil)
	}
	b.add(newArray(pipeline.DateType, s.rows, 0, nil, days), nil)
}

// lineTypes adds line_type.
func (b *factBuilder) lineTypes() {
	buf, out := newFixed[int32](b.mem, b.spans.rows)
	clear(out)
	row := 0
	for _, at := range b.spans.list {
		if at.kind != saleRow {
			for k := range at.n {
				out[row+k] = int32(returnRow)
			}
		}
		row += at.n
	}
	b.add(newCodes(len(out), 0, nil, buf, b.kinds), nil)
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

// next returns the next n values, to be set.
func (p *prices) next(n int) []decimal128.Num {
	next := p.out[:n]
	p.out = p.out[n:]
	return next
}

func (p *prices) array(n, nulls int, valid *memory.Buffer) arrow.Array {
	return newArray(pipeline.PriceType, n, nulls, valid, p.buf)
}

// price is an unscaled price as Arrow holds it.
func price(v int64) decimal128.Num { return decimal128.New(v>>63, uint64(v)) }

// measures adds the columns from quantity to category.
func (b *factBuilder) measures() {
	f, n := b.Fact, b.spans.rows
	b.quantities()
	if b.spans.whole && f.ownPrice {
		b.share(saleColumn.unitPrice)
	} else {
		unit := newPrices(f.mem, n)
		for _, at := range b.spans.list {
			out := unit.next(at.n)
			for k := range out {
				out[k] = price(f.amounts[at.from+k].price)
			}
		}
		b.add(unit.array(n, 0, nil), nil)
	}
	if b.spans.returns() {
		b.moneyWithReturns()
	} else {
		b.moneyOfSales()
	}
	b.costs()
	b.categories()
}

// moneyOfSales adds the columns from discount_amount to revenue of sales only.
func (b *factBuilder) moneyOfSales() {
	f, n := b.Fact, b.spans.rows
	discount, sales := newPrices(f.mem, n), newPrices(f.mem, n)
	for _, at := range b.spans.list {
		discounts, nets := discount.next(at.n), sales.next(at.n)
		for k, a := range f.amounts[at.from : at.from+at.n] {
			discounts[k], nets[k] = price(a.discount), price(a.net)
		}
	}
	b.add(discount.array(n, 0, nil), nil)
	b.share(saleColumn.taxAmount)
	revenue := sales.array(n, 0, nil)
	revenue.Retain()
	b.columns = append(b.columns, revenue, f.zeros(n), revenue)
}

// moneyWithReturns is moneyOfSales where some rows are returns.
func (b *factBuilder) moneyWithReturns() {
	f, n := b.Fact, b.spans.rows
	discount, sales, returned, revenue := newPrices(f.mem, n), newPrices(f.mem, n), newPrices(f.mem, n), newPrices(f.mem, n)
	for _, at := range b.spans.list {
		discounts, sold, back, balance := discount.next(at.n), sales.next(at.n), returned.next(at.n), revenue.next(at.n)
		if at.kind != saleRow {
			sold, back = back, sold
		}
		clear(back)
		for k, a := range f.amounts[at.from : at.from+at.n] {
			discounts[k], sold[k], balance[k] = price(a.discount), price(a.net), price(a.net)
			if at.kind != saleRow {
				balance[k] = price(-a.net)
			}
		}
	}
	b.add(discount.array(n, 0, nil), nil)
	b.share(saleColumn.taxAmount)
	b.columns = append(b.columns, sales.array(n, 0, nil), returned.array(n, 0, nil), revenue.array(n, 0, nil))
}

// quantities adds the quantities, negative on returns.
func (b *factBuilder) quantities() {
	f, s := b.Fact, &b.spans
	if s.whole && !f.flipped {
		b.share(saleColumn.quantity)
		return
	}
	buf, out := newFixed[int64](f.mem, s.rows)
	copySpans(out, f.quantity.values, s)
	row := 0
	for _, at := range s.list {
		if at.kind != saleRow {
			for k, q := range out[row : row+at.n] {
				out[row+k] = min(q, -q)
			}
		}
		row += at.n
	}
	b.add(newArray(pipeline.Int64Type, s.rows, 0, nil, buf), nil)
}

// costs adds cost and margin.
func (b *factBuilder) costs() {
	f, n := b.Fact, b.spans.rows
	cost, margin := newPrices(f.mem, n), newPrices(f.mem, n)
	unknown := false
	for _, at := range b.spans.list {
		costs, margins := cost.next(at.n), margin.next(at.n)
		sign := int64(1)
		if at.kind != saleRow {
			sign = -1
		}
		for k, a := range f.amounts[at.from : at.from+at.n] {
			if a.cost == null {
				unknown = true
				a.cost, a.net = 0, 0
			}
			costs[k], margins[k] = price(sign*a.cost), price(sign*(a.net-a.cost))
		}
	}
	var nulls int
	var valid *memory.Buffer
	if unknown {
		w := newBitWriter(f.mem, n)
		for _, at := range b.spans.list {
			for _, a := range f.amounts[at.from : at.from+at.n] {
				bit := uint64(0)
				if a.cost != null {
					bit = 1
				}
				w.add(bit, 1)
			}
		}
		nulls, valid = w.done()
		valid.Retain() // both columns take it over
	}
	b.add(cost.array(n, nulls, valid), nil)
	b.add(margin.array(n, nulls, valid), nil)
}

// categories adds category.
func (b *factBuilder) categories() {
	f := b.Fact
	buf, out := newFixed[int32](f.mem, b.spans.rows)
	products, category, row := f.product.batch, f.productCategory, out
	for _, at := range b.spans.list {
		for k, p := range products[at.from : at.from+at.n] {
			row[k] = category[p]
		}
		row = row[at.n:]
	}
	b.add(newCodes(len(out), 0, nil, buf, f.lines.categories.values.Values()), nil)
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
	homes, home := f.homes, f.homesOf(f.customer.batch)
	ownCountry, ownState, ownCity := true, true, true // the line's own value, in every row
	for i, c := range countries {
		if c < 0 {
			countries[i], ownCountry = homes[home[i]].country, false
		}
	}
	// The line has no country, or the same one, where the two are equal now.
	for i, c := range states {
		if c < 0 {
			ownState = false
			if at := &homes[home[i]]; at.country == countries[i] {
				states[i] = at.state
			}
			if states[i] < 0 {
				states[i] = f.unknownState
			}
		}
	}
	for i, c := range cities {
		if at := &homes[home[i]]; c < 0 && at.country == countries[i] {
			cities[i] = at.city
			ownCity = ownCity && at.city < 0
		}
	}
	if !ownCountry {
		for i, c := range countries {
			if c < 0 {
				countries[i] = f.unknown
			}
		}
	}
	b.place(f.country, ownCountry)
	buf, out := newFixed[int32](f.mem, f.spans.rows)
	row := out
	for _, at := range f.spans.list {
		for k, c := range countries[at.from : at.from+at.n] {
			row[k] = f.countryCodes[c]
		}
		row = row[at.n:]
	}
	b.add(codesOf(f.mem, buf, out, f.countryCode.values.Values()), nil)
	b.place(f.state, ownState)
	b.place(f.city, ownCity)
}

// homesOf returns where the customers of the lines live.
func (f *Fact) homesOf(customers []int32) []int32 {
	f.home = resize(f.home, len(customers))
	home, of := f.home, f.customerHome
	for i, c := range customers {
		home[i] = of[c+1]
	}
	return home
}

// place adds a column of places: bronze's where every value is the line's own
// and unchanged.
func (b *factBuilder) place(l *label, own bool) {
	l.own = l.own || !own
	b.add(l.output(b.mem, &b.spans))
}
