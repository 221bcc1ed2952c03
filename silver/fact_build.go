package silver

import (
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
	columns := make([]arrow.Array, 0, len(FactSales.Columns))
	var err error
	add := func(c arrow.Array) { columns = append(columns, c) }
	sel := f.sel
	if f.whole {
		sel = nil
	}
	label := func(l *label, bronzeColumn int) {
		if err != nil {
			return
		}
		if l.col != rec.Column(bronzeColumn) {
			l.set(rec.Column(bronzeColumn))
		}
		var c arrow.Array
		if c, err = l.output(f.mem, sel, &f.codes); err == nil {
			add(c)
		}
	}
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	add(share(f.mem, f.orders, sel))
	add(share(f.mem, rec.Column(saleColumn.lineNumber), sel))
	add(f.lineTypes())
	if sel == nil && f.ownTime {
		add(share(f.mem, rec.Column(saleColumn.orderedAt), nil))
	} else {
		add(longsArray(f.mem, pipeline.TimestampType, f.when))
	}
	days, out := newFixed[int32](f.mem, len(f.days))
	copy(out, f.days)
	add(newArray(pipeline.DateType, len(f.days), 0, nil, days))
	label(f.customer, saleColumn.customerID)
	label(f.product, saleColumn.productID)
	if err != nil {
		return nil, err
	}
	columns = f.appendMeasures(columns, rec, sel)
	if columns, err = f.appendPlaces(columns, rec, sel); err != nil {
		return nil, err
	}
	label(f.channel, saleColumn.channel)
	label(f.payment, saleColumn.paymentMethod)
	label(f.currency, saleColumn.currency)
	label(f.file, saleColumn.sourceFile)
	if err != nil {
		return nil, err
	}
	original := plainStrings(f.mem, rec.Column(saleColumn.originalOrderID))
	defer func() { original.Release() }()
	if cleaned := cleanStrings(f.mem, &f.clean, original, nil); cleaned != original {
		original.Release()
		original = cleaned
	}
	file := columns[len(columns)-1]
	columns[len(columns)-1] = share(f.mem, original, sel)
	add(share(f.mem, rec.Column(saleColumn.updatedAt), sel))
	add(file)
	add(share(f.mem, rec.Column(saleColumn.sourceRow), sel))
	return array.NewRecord(FactSales.Schema, columns, int64(len(f.sel))), nil
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

// appendMeasures appends the columns from quantity to category.
func (f *Fact) appendMeasures(columns []arrow.Array, rec arrow.Record, sel []int32) []arrow.Array {
	n := len(f.sel)
	returns := false
	for _, k := range f.kind {
		returns = returns || k != saleRow
	}
	columns = append(columns, f.quantities(rec, sel))
	if sel == nil && f.ownPrice {
		columns = append(columns, share(f.mem, rec.Column(saleColumn.unitPrice), nil))
	} else {
		price := newPrices(f.mem, n)
		for j, i := range f.sel {
			price.set(j, f.amounts[i].price)
		}
		columns = append(columns, price.array(0, nil))
	}
	discount := newPrices(f.mem, n)
	for j, i := range f.sel {
		discount.set(j, f.amounts[i].discount)
	}
	columns = append(columns, discount.array(0, nil), share(f.mem, rec.Column(saleColumn.taxAmount), sel))
	sales := newPrices(f.mem, n)
	if !returns {
		for j, i := range f.sel {
			sales.set(j, f.amounts[i].net)
		}
		revenue := sales.array(0, nil)
		revenue.Retain()
		columns = append(columns, revenue, f.zeros(n), revenue)
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
		columns = append(columns, sales.array(0, nil), returned.array(0, nil), revenue.array(0, nil))
	}
	columns = f.appendCosts(columns)
	buf, categories := newFixed[int32](f.mem, n)
	products := f.product.batch
	for j, i := range f.sel {
		categories[j] = f.products[products[i]].category
	}
	return append(columns, newCodes(n, 0, nil, buf, f.categories.values.Values()))
}

// quantities returns the quantities, negative on returns.
func (f *Fact) quantities(rec arrow.Record, sel []int32) arrow.Array {
	if sel == nil && !f.flipped {
		return share(f.mem, rec.Column(saleColumn.quantity), nil)
	}
	buf, out := newFixed[int64](f.mem, len(f.sel))
	for j, i := range f.sel {
		q := f.quantity[i]
		if f.kind[j] != saleRow && q > 0 {
			q = -q
		}
		out[j] = q
	}
	return newArray(pipeline.Int64Type, len(f.sel), 0, nil, buf)
}

// appendCosts appends cost and margin.
func (f *Fact) appendCosts(columns []arrow.Array) []arrow.Array {
	n := len(f.sel)
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
	if unknown == 0 {
		return append(columns, cost.array(0, nil), margin.array(0, nil))
	}
	valid := newBits(f.mem, n)
	bits := valid.Bytes()
	for j, i := range f.sel {
		if f.amounts[i].cost != null {
			bits[j>>3] |= 1 << (j & 7)
		}
	}
	valid.Retain() // both columns take it over
	return append(columns, cost.array(unknown, valid), margin.array(unknown, valid))
}

// zeros returns a column of n zero prices, shared by all batches.
func (f *Fact) zeros(n int) arrow.Array {
	if f.zero == nil || f.zero.Len() < n {
		f.zero = pricesArray(memory.DefaultAllocator, make([]int64, n))
	}
	return array.NewSlice(f.zero, 0, int64(n))
}

// appendPlaces appends country, country_code, state and city.
func (f *Fact) appendPlaces(columns []arrow.Array, rec arrow.Record, sel []int32) ([]arrow.Array, error) {
	f.country.set(rec.Column(saleColumn.country))
	f.state.set(rec.Column(saleColumn.state))
	f.city.set(rec.Column(saleColumn.city))
	countries, err := f.country.load()
	if err != nil {
		return columns, err
	}
	states, err := f.state.load()
	if err != nil {
		return columns, err
	}
	cities, err := f.city.load()
	if err != nil {
		return columns, err
	}
	p := &f.place
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
	return append(columns, f.placeColumn(f.country, p.country, sel, ownCountry),
		codesArray(f.mem, p.countryCode, f.countryCode.values.Values()),
		f.placeColumn(f.state, p.state, sel, ownState),
		f.placeColumn(f.city, p.city, sel, ownCity)), nil
}

// placeColumn returns a column of places: bronze's where every value is the
// line's own and unchanged.
func (f *Fact) placeColumn(l *label, codes, sel []int32, own bool) arrow.Array {
	l.own = l.own || !own
	if l.passes() {
		return share(f.mem, l.col, sel)
	}
	return codesArray(f.mem, codes, l.values.Values())
}
