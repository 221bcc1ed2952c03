package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// Fact turns bronze.sales into fact_sales for one worker. Columns that need no
// change are passed on without a copy; texts are dictionary-encoded. The rows
// do not depend on batches or workers, the dictionaries do.
type Fact struct {
	m   *Model
	mem memory.Allocator
	*lines

	customer, country, state, city, channel, payment, file *label
	customerHome                                           []int32 // by the customer label's code + 1, in homes
	homes                                                  []home  // the different ones; the first is nowhere
	countryCodes                                           []int32 // by the country label's code: -1 or a code of the dictionary below
	countryCode                                            *label  // has no column in bronze
	unknown, unknownState                                  int32   // codes of 'Unknown'

	// Of the batch: the fact rows, and of the mirrored ones when they were.
	spans   spans
	mirrors []moment

	kinds arrow.Array // the dictionary of line_type, by min(kind, returnRow)
	zero  arrow.Array // zero prices
	home  []int32     // scratch

	usedCustomers                bitset // by the customer label's code + 1: a fact row names it
	usedProducts                 bitset // by the product label's code
	usedCurrencies               bitset // by the currency label's code + 1
	newest                       int32
	rows, deduplicated, mirrored int64
	quarantine                   *quarantine
	key                          []byte

	tests []factTest
	tried arrow.Record // the rows of all lines that were usable before the tests; nil without any
	fails []int        // scratch
}

// home is where customers live: codes of the labels, -1 where unknown.
type home struct{ country, state, city int32 }

// moment is an instant and its calendar day.
type moment struct {
	at  int64
	day int32
}

// kind says what a fact row is.
type kind uint8

const (
	saleRow   kind = iota
	returnRow      // a return document
	mirrorRow      // the return of a returned sale
)

// NewFact returns the fact stage of one worker. mem may be nil. Release or
// Model.Finish lets go of it.
func (m *Model) NewFact(mem memory.Allocator) *Fact {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	tests, names := m.newFactTests()
	f := &Fact{m: m, mem: mem, lines: newLines(m, mem), newest: minDay, quarantine: newQuarantine("sales", mem, names...), tests: tests}
	kinds := pipeline.NewDictionary()
	kinds.Code([]byte("sale"))
	kinds.Code([]byte("return"))
	f.kinds = kinds.Values()
	f.channel, f.payment = newLabel("channel"), newLabel("payment_method")
	f.state, f.city = newLabel("state"), newLabel("city")
	f.countryCode = newLabel("country_code")
	f.file = newLabel("_source_file")
	f.file.raw = true
	f.country = newLabel("country")
	var name []byte
	f.country.rule = func(cleaned []byte) []byte {
		name = appendCountry(name[:0], cleaned)
		return name
	}
	f.country.added = func(_ int32, text []byte) {
		var c countryName
		c, _, f.key = lookupCountry(text, f.key)
		f.countryCodes = append(f.countryCodes, f.countryCode.add([]byte(c.code)))
	}
	f.unknown = f.country.add([]byte(unknownPlace))
	f.unknownState = f.state.add([]byte(unknownPlace))
	k := m.customers
	f.customer = newLabelOver("customer_id", k.keys)
	countries, states, cities := k.text("country"), k.text("state"), k.text("city")
	nowhere := home{-1, -1, -1}
	f.homes, f.customerHome = []home{nowhere}, []int32{0}
	places := map[home]int32{nowhere: 0}
	f.customer.added = func(code int32, key []byte) {
		row, at := k.rowAt(code, key), nowhere
		switch {
		case row < 0:
			f.customer.full = true
		case int(row) < k.rows():
			at = home{f.country.add(countries.text(int(row))), f.state.add(states.text(int(row))), f.city.add(cities.text(int(row)))}
		}
		place, ok := places[at]
		if !ok {
			place = int32(len(f.homes))
			places[at], f.homes = place, append(f.homes, at)
		}
		f.customerHome = append(f.customerHome, place)
	}
	f.customer.addAll(k.keys)
	m.mu.Lock()
	m.facts = append(m.facts, f)
	m.mu.Unlock()
	return f
}

// Release lets go of what the stage holds; it may be called twice.
func (f *Fact) Release() {
	f.forget()
	f.lines.release()
	f.releaseLabels()
}

func (f *Fact) releaseLabels() {
	for _, l := range []*label{f.customer, f.country, f.state, f.city, f.channel, f.payment, f.file} {
		l.release()
	}
}

// Stage returns the stage for the lines of one segment: it turns batches of
// bronze.sales into batches of fact_sales, in record order, a mirrored return
// before its sale. returns says that every line is a return document. Rows that
// cannot be used go to quarantine as lent batches of silver.quarantine. Of one
// Fact, one stage may run at a time.
func (f *Fact) Stage(seg int, returns bool, quarantine func(arrow.Record) error) pipeline.Stage {
	return func(in pipeline.Stream) pipeline.Stream {
		return func(yield func(arrow.Record, error) bool) {
			losers := f.m.repeats.losers[seg]
			for rec, err := range in {
				var out arrow.Record
				if err == nil && rec.NumRows() > 0 {
					out, losers, err = f.batch(rec, returns, losers, quarantine)
					f.drop()
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if out == nil {
					continue
				}
				more := yield(out, nil)
				out.Release()
				if !more {
					return
				}
			}
		}
	}
}

// batch turns one batch into fact rows, nil where there are none. losers are
// the lines from here on that lost against another; it returns
// those that are left.
func (f *Fact) batch(rec arrow.Record, returns bool, losers []int64, quarantine func(arrow.Record) error) (arrow.Record, []int64, error) {
	defer f.forget()
	if err := f.judge(rec, returns); err != nil {
		return nil, nil, err
	}
	losers = f.choose(losers, false)
	if err := f.quarantine.flush(quarantine); err != nil {
		return nil, nil, err
	}
	if f.spans.rows == 0 {
		return nil, losers, nil
	}
	if err := f.noteCurrencies(); err != nil {
		return nil, nil, err
	}
	out := f.tried
	if f.tried = nil; out == nil || int(out.NumRows()) != f.spans.rows { // lines have lost, or failed a check
		if out != nil {
			out.Release()
		}
		var err error
		if out, err = f.build(rec); err != nil {
			return nil, nil, err
		}
	}
	f.note(out)
	return out, losers, nil
}

// note notes which customers and products the fact rows of the batch name, and
// their newest day.
func (f *Fact) note(rows arrow.Record) {
	f.usedCustomers = f.usedCustomers.extend(f.customer.values.Len() + 1)
	f.usedProducts = f.usedProducts.extend(f.product.values.Len())
	for _, at := range f.spans.list {
		for _, c := range f.customer.batch[at.from : at.from+at.n] {
			f.usedCustomers.set(c + 1)
		}
		for _, p := range f.product.batch[at.from : at.from+at.n] {
			f.usedProducts.set(p)
		}
	}
	for _, day := range rows.Column(factDate).(*array.Date32).Date32Values() {
		f.newest = max(f.newest, int32(day))
	}
}

var factDate = FactSales.MustIndex("order_date")

// choose lists the fact rows of the batch, and puts the unusable lines aside, but
// for a trial, which nothing is noted of.
func (f *Fact) choose(losers []int64, trial bool) []int64 {
	s, source, isReturn := &f.spans, f.source.values, f.isReturn
	s.reset()
	f.mirrors = f.mirrors[:0]
	statuses, asked := f.statuses, f.m.returned != nil || f.m.returnedDated && f.returnedAt.values != nil
	from := 0 // of the sales that are not in a span yet
	for i, why := range f.reason {
		lost := false
		if len(losers) > 0 {
			for len(losers) > 0 && losers[0] < source[i] {
				losers = losers[1:]
			}
			lost = len(losers) > 0 && losers[0] == source[i]
		}
		switch {
		case why != usable:
			if !trial {
				f.quarantine.add(f.rec, i, why)
			}
			s.add(from, i, saleRow)
			from = i + 1
		case lost:
			f.deduplicated++
			s.add(from, i, saleRow)
			from = i + 1
		case isReturn[i]:
			s.add(from, i, saleRow)
			s.add(i, i+1, returnRow)
			from = i + 1
		case asked || statuses != nil && statuses[i] == 1:
			if at, ok := f.cameBack(i); ok {
				f.mirrors = append(f.mirrors, f.returnTime(i, f.returnedAt.at(i), at))
				s.add(from, i, saleRow)
				s.add(i, i+1, mirrorRow)
				from = i // the sale itself follows
			}
		}
	}
	s.add(from, f.n, saleRow)
	if !trial {
		f.rows += int64(s.rows)
		f.mirrored += int64(len(f.mirrors))
	}
	s.whole = s.rows == f.n && len(f.mirrors) == 0
	return losers
}

// cameBack reports whether a sale came back, by its status, its returned_at or a
// list, and when the list says so; null where it does not.
func (f *Fact) cameBack(i int) (at int64, ok bool) {
	at = null
	if f.m.returned != nil {
		product := f.product.values.Bytes(f.product.batch[i])
		at, ok = f.m.returned.find(pipeline.StringBytes(f.orders, i), product)
	}
	return at, ok || f.statuses != nil && f.statuses[i] == 1 || f.m.returnedDated && f.returnedAt.at(i) != null
}

// returnTime returns the first of the times that is given and valid, else the
// sale's own.
func (f *Fact) returnTime(i int, times ...int64) moment {
	for _, at := range times {
		if at == null {
			continue
		}
		if day := int32(f.m.zone.LocalDate(pipeline.Timestamp(at))); f.m.firstDay <= day && day <= f.m.lastDay {
			return moment{at, day}
		}
	}
	return moment{f.at[i], f.day[i]}
}

// noteCurrencies notes which currencies the fact rows name.
func (f *Fact) noteCurrencies() error {
	if f.currency.nothing || f.m.currency != "" {
		return nil
	}
	currencies, err := f.currency.load()
	f.usedCurrencies = f.usedCurrencies.extend(f.currency.values.Len() + 1)
	for _, s := range f.spans.list {
		for _, c := range currencies[s.from : s.from+s.n] {
			f.usedCurrencies.set(c + 1)
		}
	}
	return err
}

// finish adds to the model what the worker saw.
func (f *Fact) finish(currencies map[string]bool) {
	m := f.m
	m.customers.nameAll(f.customer.values, f.usedCustomers, 1)
	m.products.nameAll(f.product.values, f.usedProducts, 0)
	for code := range int32(f.currency.values.Len()) {
		if f.usedCurrencies.has(code + 1) {
			currencies[string(f.currency.values.Bytes(code))] = true
		}
	}
	m.newest = max(m.newest, f.newest)
	f.quarantine.count(m.counts.Quarantined)
	m.counts.Deduplicated["sales"] += f.deduplicated
	m.counts.Added["sales"] += f.mirrored
	m.counts.Rows["sales"] += f.rows
}
