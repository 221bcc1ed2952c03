package synth

import "strconv"

const salesHeader = "order_id,line_number,line_type,status,ordered_at,customer_id,product_id,quantity,unit_price,discount_rate,tax_amount,channel,payment_method,country,state,original_order_id,updated_at\n"

// Columns of the sales files.
const (
	sOrder = iota
	sLine
	sType
	sStatus
	sOrdered
	sCustomer
	sProduct
	sQuantity
	sPrice
	sDiscount
	sTax
	sChannel
	sPayment
	sCountry
	sState
	sOriginal
	sUpdated
	salesColumns
)

// Choices that an order or a line draws from, by sixteenths.
var (
	channels  = [16]string{"web", "web", "web", "web", "web", "web", "web", "web", "web", "web", "store", "store", "store", "store", "marketplace", "phone"}
	payments  = [16]string{"card", "card", "card", "card", "card", "card", "card", "card", "card", "card", "card", "paypal", "paypal", "paypal", "cash", "gift card"}
	discounts = [16]int64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 10, 20} // per cent
	rates     = [...]string{5: "0.05", 10: "0.1", 20: "0.2"}                // none is left empty
)

// order is an order on its way into a file.
type order struct {
	number         int64
	day, minute    int
	customer       int64 // -1: a guest
	country, place uint8
	channel        string
	payment        string
	cancelled      bool
	lines          int
	rng            rng // of its lines
}

// line is one line of an order.
type line struct {
	number   int
	product  int32
	quantity int64
	price    int64  // cents
	discount int64  // per cent
	status   string // "" where there is nothing to say
}

// order makes an order; whoever asks gets the same one.
func (w *world) order(number int64, day, lines int) order {
	r := stream(w.seed, streamOrder, number)
	x := r.next()
	o := order{number: number, day: day, minute: w.calendar.time(number, day), lines: lines, customer: -1}
	o.channel, o.payment = channels[x&15], payments[x>>4&15]
	o.cancelled = x>>8&1023 < 15
	if x>>18&1023 >= 60 {
		// The customer must be around; a shop with hardly any may have nobody.
		for range 16 {
			i := w.buyers.pick(&r)
			if c := &w.customers[i]; int(c.from) <= day && day < int(c.to) {
				o.customer, o.country, o.place = int64(i), c.country, c.place
				break
			}
		}
	}
	switch {
	case o.customer < 0:
		o.country, o.place = somewhere(&r, &w.markets)
	case x>>28&127 < 4: // a gift, sent to somebody else in the country
		o.place = uint8(r.below(len(countries[o.country].places)))
	}
	o.rng = r
	return o
}

// line makes the next line of the order.
func (o *order) line(w *world, number int) line {
	l := line{number: number, product: w.popularity.pick(&o.rng), quantity: 1}
	x := o.rng.next()
	if x&3 == 0 {
		l.quantity += int64(1 + (x>>2&3)*(x>>4&1))
	}
	l.discount = discounts[x>>8&15]
	l.price = w.products[l.product].price
	if x>>12&31 == 0 { // sold at last year's price
		l.price -= l.price / 20
	}
	switch k := x >> 20 & 1023; {
	case o.cancelled:
		l.status = "cancelled"
	case k < 15:
		l.status = "returned"
	case k < 60:
		l.status = "shipped"
	}
	return l
}

// texts are the parts of a record that all lines of an order share.
type texts struct {
	id   []byte // "S1000001,"
	when []byte // ordered_at and customer_id
	tail []byte // channel to state
}

// set renders an order's parts, for a document whose id begins with letter,
// made by order number at a minute of a day.
func (t *texts) set(w *world, o *order, letter byte, number int64, day, minute int) {
	t.id = append(appendOrderID(t.id[:0], letter, number), ',')
	t.when = append(appendStamp(t.when[:0], w.calendar.text[day], minute), ',')
	if o.customer >= 0 {
		t.when = strconv.AppendInt(append(t.when, 'C'), firstCustomer+o.customer, 10)
	}
	t.when = append(t.when, ',')
	land := &countries[o.country]
	t.tail = t.tail[:0]
	for _, s := range [...]string{o.channel, o.payment, land.code, land.places[o.place].state} {
		t.tail = append(append(t.tail, ','), s...)
	}
}

// sale appends one record. kind is its line_type; original and updated, where
// not empty, its original_order_id and updated_at.
func (p *piece) sale(w *world, t *texts, l *line, kind string, country uint8, original, updated []byte) {
	b := append(p.buf, t.id...)
	b = strconv.AppendInt(b, int64(l.number), 10)
	b = append(append(append(b, ','), kind...), ',')
	b = append(append(b, l.status...), ',')
	b = append(b, t.when...)
	b = append(append(b, w.products[l.product].id...), ',')
	b = strconv.AppendInt(b, l.quantity, 10)
	b = appendCents(append(b, ','), l.price)
	b = append(append(b, ','), rates[l.discount]...)
	b = append(b, ',')
	if tax := int64(countries[country].tax); tax > 0 {
		// Cents × per cent × per mille, to the nearest cent.
		net := max(l.quantity, -l.quantity) * l.price * (100 - l.discount)
		b = appendCents(b, (net*tax+50_000)/100_000)
	}
	b = append(b, t.tail...)
	b = append(append(b, ','), original...)
	b = append(append(b, ','), updated...)
	p.buf = append(b, '\n')
	p.records++
}

// writeOrders appends the records of orders from..to, each with whatever else
// comes in beside it.
func (w *world) writeOrders(p *piece, from, to int64) {
	day := w.calendar.day(from)
	var t texts
	for number := from; number < to; number++ {
		for w.calendar.first[day+1] <= number {
			day++
		}
		s := w.shape(number)
		end := p.records + int64(s.records())
		if number == w.orders-1 {
			end -= int64(w.cut)
		}
		o := w.order(number, day, s.lines)
		t.set(w, &o, 'S', number, o.day, o.minute)
		messy := stream(w.seed, streamMess, number)
		start := len(p.buf) // of the last record
		for k := 1; k <= s.lines && p.records < end; k++ {
			l := o.line(w, k)
			start = len(p.buf)
			p.sale(w, &t, &l, "sale", o.country, nil, nil)
			if number == w.broken && k == 1 {
				p.spoil(w, start, &messy, &openQuote)
			} else if w.dirty(&messy, w.mess) {
				start = p.blemish(w, start, &messy)
			}
		}
		if s.repeated && p.records < end {
			p.buf = append(p.buf, p.buf[start:]...)
			p.records++
			p.mess[RepeatedLine]++
		}
		if s.returned && p.records < end {
			start = len(p.buf)
			w.writeReturn(p, &t, &o, &messy)
			if w.dirty(&messy, w.mess) {
				p.blemish(w, start, &messy)
			}
		}
		if s.corrected && p.records < end {
			w.writeCorrection(p, &t, &o, &messy, s.stale && p.records+1 < end)
		}
	}
}

// earlier returns an order of some days before the given one, and a line of it.
func (w *world) earlier(than *order, r *rng) (order, line) {
	number := than.number - 1 - int64(r.below(int(min(than.number, 200))))
	if d := than.day - r.between(3, 30); d >= 0 && w.calendar.first[d+1] > w.calendar.first[d] {
		number = w.calendar.first[d] + int64(r.below(int(w.calendar.first[d+1]-w.calendar.first[d])))
	}
	o := w.order(number, w.calendar.day(number), w.shape(number).lines)
	want := r.between(1, o.lines)
	lines := o // its own stream of lines, so that o can be read once more
	var l line
	for k := 1; k <= want; k++ {
		l = lines.line(w, k)
	}
	return o, l
}

// writeReturn appends a return document: by its line_type, or by a negative
// quantity as the tills in the stores book it.
func (w *world) writeReturn(p *piece, t *texts, at *order, r *rng) {
	o, l := w.earlier(at, r)
	for range 8 { // better nothing that came back before
		if l.status == "" || l.status == "shipped" {
			break
		}
		o, l = w.earlier(at, r)
	}
	original := appendOrderID(nil, 'S', o.number)
	t.set(w, &o, 'R', at.number, at.day, at.minute)
	l.number = 1
	if l.quantity > 1 && r.chance(50) {
		l.quantity--
	}
	kind := "return"
	if l.status = "refunded"; r.chance(40) {
		kind, l.status, l.quantity = "sale", "", -l.quantity
		p.mess[NegativeQuantity]++
	}
	p.sale(w, t, &l, kind, o.country, original, nil)
}

// writeCorrection appends a newer version of an earlier line, and where stale
// is set the old one after it, which must lose although it comes last.
func (w *world) writeCorrection(p *piece, t *texts, at *order, r *rng, stale bool) {
	o, l := w.earlier(at, r)
	t.set(w, &o, 'S', o.number, o.day, o.minute)
	old := l
	if r.chance(50) {
		l.quantity += int64(r.between(1, 3))
	} else {
		l.status = choose(r, []string{"shipped", "returned", "cancelled"})
	}
	p.sale(w, t, &l, "sale", o.country, nil, appendStamp(nil, w.calendar.text[at.day], at.minute))
	p.mess[CorrectedLine]++
	if stale {
		p.sale(w, t, &old, "sale", o.country, nil, nil)
		p.mess[StaleLine]++
	}
}
