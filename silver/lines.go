package silver

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
)

// Positions of the columns of bronze.sales.
var saleColumn = struct {
	orderID, lineNumber, lineType, status, orderedAt, returnedAt, customerID, productID, quantity, unitPrice, lineAmount,
	discountRate, discountAmount, taxAmount, currency, channel, paymentMethod, city, state, country, originalOrderID,
	updatedAt, sourceFile, sourceRow int
}{
	orderID: saleIndex("order_id"), lineNumber: saleIndex("line_number"), lineType: saleIndex("line_type"),
	status: saleIndex("status"), orderedAt: saleIndex("ordered_at"), returnedAt: saleIndex("returned_at"),
	customerID: saleIndex("customer_id"), productID: saleIndex("product_id"), quantity: saleIndex("quantity"),
	unitPrice: saleIndex("unit_price"), lineAmount: saleIndex("line_amount"), discountRate: saleIndex("discount_rate"),
	discountAmount: saleIndex("discount_amount"), taxAmount: saleIndex("tax_amount"), currency: saleIndex("currency"),
	channel: saleIndex("channel"), paymentMethod: saleIndex("payment_method"), city: saleIndex("city"),
	state: saleIndex("state"), country: saleIndex("country"), originalOrderID: saleIndex("original_order_id"),
	updatedAt: saleIndex("updated_at"), sourceFile: saleIndex("_source_file"), sourceRow: saleIndex("_source_row"),
}

func saleIndex(name string) int { return bronze.Sales.MustIndex(name) }

// lines reads batches of bronze.sales, one after the other, and judges each
// line: what it is, when it was, what it comes to, or why it cannot be used. It
// belongs to one goroutine. The model must be frozen.
type lines struct {
	m      *Model
	mem    memory.Allocator
	schema *arrow.Schema // of the last batch, known to be right
	clean  cleaner

	lineType, status textReader // 1 = one of the configured values
	product          *label
	currency         *label
	categories       *label // has no column in bronze

	// What a line needs to know of its product, by the product label's code. What
	// every line asks for is apart, so that it stays in the cache.
	productCategory []int32
	productPrice    []int64 // null where unknown
	productCost     []int64 // null where unknown

	// Of the batch, by row.
	rec      arrow.Record
	n        int
	orders   *array.String // cleaned
	reason   []reason
	isReturn []bool
	at       []int64 // when it was: ordered_at, or a return's returned_at
	day      []int32
	amounts  []amounts
	statuses []int32 // 1 = one of the configured values; nil where no line has a status

	ownTime  bool // at is ordered_at in every usable row
	ownPrice bool // the unit price is the line's own in every usable row
	flipped  bool // a usable return has a positive quantity

	// Columns as numbers: NULL is null, and 0 in quantity.
	quantity, orderedAt, returnedAt, unitPrice, lineAmount, discountRate, discountAmount, source column

	types, statusBuf []int32 // scratch
	clock            clock
	whole            wholeLines // of batches that are compared whole
}

func newLines(m *Model, mem memory.Allocator) *lines {
	l := &lines{m: m, mem: mem, clock: newClock(m.zone)}
	l.lineType = newTextReader(l.oneOf(m.returnValues))
	l.status = newTextReader(l.oneOf(m.returnedStatuses))
	l.categories = newLabel("category")
	l.product = newLabelOver("product_id", m.products.keys)
	prices, costs, categories := m.products.number("unit_price"), m.products.number("unit_cost"), m.products.text("category")
	l.product.added = func(code int32, key []byte) {
		row, price, cost, name := m.products.rowAt(code, key), int64(null), int64(null), []byte(nil)
		switch {
		case row < 0:
			l.product.full = true
		case int(row) < m.products.rows():
			price, cost, name = prices.at(int(row)), costs.at(int(row)), categories.text(int(row))
		}
		category := l.categories.add(name)
		if category < 0 {
			category = l.categories.add([]byte(uncategorized))
		}
		l.productCategory = append(l.productCategory, category)
		l.productPrice, l.productCost = append(l.productPrice, price), append(l.productCost, cost)
	}
	l.product.addAll(m.products.keys)
	l.currency = newLabel("currency")
	if m.currency != "" {
		l.currency.add([]byte(m.currency)) // its code is 0
	}
	return l
}

// oneOf returns a textReader's function that tells the texts of a set.
func (l *lines) oneOf(set map[string]bool) func([]byte) int32 {
	return func(v []byte) int32 {
		if set[foldCase(l.clean.clean(v))] {
			return 1
		}
		return 0
	}
}

func (l *lines) release() {
	l.lineType.release()
	l.status.release()
	l.product.release()
	l.currency.release()
	l.drop()
}

// drop lets go of the batch.
func (l *lines) drop() {
	if l.orders != nil {
		l.orders.Release()
		l.orders = nil
	}
	l.rec = nil
}

// read reads and judges a batch, which must stay valid until drop.
func (l *lines) read(rec arrow.Record, returns bool) error {
	if l.schema != rec.Schema() {
		if err := bronze.Sales.Check(rec); err != nil {
			return err
		}
		l.schema = rec.Schema()
	}
	l.drop()
	l.rec, l.n = rec, int(rec.NumRows())
	l.reason = resize(l.reason, l.n)
	l.isReturn = resize(l.isReturn, l.n)
	l.day = resize(l.day, l.n)
	l.amounts = resize(l.amounts, l.n)
	l.lineType.bind(rec.Column(saleColumn.lineType))
	l.status.bind(rec.Column(saleColumn.status))
	l.product.set(rec.Column(saleColumn.productID))
	l.currency.set(rec.Column(saleColumn.currency))
	for _, c := range [...]struct {
		of      *column
		at      int
		missing int64
	}{
		{&l.quantity, saleColumn.quantity, 0}, {&l.orderedAt, saleColumn.orderedAt, null}, {&l.returnedAt, saleColumn.returnedAt, null},
		{&l.unitPrice, saleColumn.unitPrice, null}, {&l.lineAmount, saleColumn.lineAmount, null}, {&l.discountRate, saleColumn.discountRate, null},
		{&l.discountAmount, saleColumn.discountAmount, null}, {&l.source, saleColumn.sourceRow, null},
	} {
		c.of.read(rec.Column(c.at), c.missing)
	}
	if l.statuses = nil; !l.status.nothing {
		l.statuses = l.status.rows(l.statusBuf)
		l.statusBuf = l.statuses
	}
	if err := l.readOrders(returns); err != nil {
		return err
	}
	products, err := l.product.load()
	if err != nil {
		return err
	}
	l.identify(products, returns)
	l.value(products)
	return l.checkCurrency()
}

// readOrders cleans the order ids. Returns from a source of their own get one
// where they have none.
func (l *lines) readOrders(returns bool) error {
	col := plainStrings(l.mem, l.rec.Column(saleColumn.orderID))
	l.orders = col
	var missing func(i int) []byte
	if returns {
		file := l.rec.Column(saleColumn.sourceFile)
		missing = func(i int) []byte {
			name, _ := textAt(file, i)
			return fmt.Appendf(nil, "return-%s-%d", name, l.source.at(i))
		}
	}
	l.orders = cleanStrings(l.mem, &l.clean, col, missing)
	if l.orders != col {
		col.Release()
	}
	return nil
}

// identify decides which lines are return documents, and rejects those without
// an order, a product, a quantity or a date.
func (l *lines) identify(products []int32, returns bool) {
	n, prefix := l.n, l.m.returnPrefix
	quantity, amount := l.quantity.values, l.lineAmount.values
	var types []int32
	if !l.lineType.nothing {
		l.types = l.lineType.rows(l.types)
		types = l.types
	}
	valid := validity(l.orders)
	offsets, texts := l.orders.ValueOffsets(), l.orders.ValueBytes()
	l.ownTime = true
	if l.at = l.orderedAt.values; l.at == nil { // every time is NULL, and may become a return's
		l.orderedAt.buf = numbers(l.orderedAt.buf, l.rec.Column(saleColumn.orderedAt))
		l.at = l.orderedAt.buf
	}
	at, isReturn, reasons, days, products := l.at[:n], l.isReturn[:n], l.reason[:n], l.day[:n], products[:n]
	first, last, clock := l.m.firstDay, l.m.lastDay, l.clock
	for i := range at {
		q := int64(0)
		if i < len(quantity) {
			q = quantity[i]
		}
		back := returns || q < 0 || i < len(types) && types[i] == 1
		if a := valueAt(amount, i); a < 0 && a != null {
			back = true
		}
		has := valid.has(i)
		if len(prefix) > 0 && has && !back {
			back = bytes.HasPrefix(texts[offsets[i]-offsets[0]:offsets[i+1]-offsets[0]], prefix)
		}
		isReturn[i] = back
		why := usable
		switch {
		case !has:
			why = missingOrderID
		case products[i] < 0:
			why = missingProductID
		case q == 0:
			why = invalidQuantity
		default:
			when := at[i]
			if when == null && back {
				when = l.returnedAt.at(i)
				at[i], l.ownTime = when, false // a NULL time is never read in place
			}
			if when == null {
				why = invalidDate
				break
			}
			day := clock.day(when)
			days[i] = day
			if day < first || day > last {
				why = invalidDate
			}
		}
		reasons[i] = why
	}
	l.clock = clock
}

// value computes the amounts of the lines that are usable so far.
func (l *lines) value(products []int32) {
	quantity, prices, amount, rate, discount := l.quantity.values, l.unitPrice.values, l.lineAmount.values, l.discountRate.values, l.discountAmount.values
	reasons, out, isReturn, costs := l.reason, l.amounts[:l.n], l.isReturn[:l.n], l.productCost
	products = products[:l.n]
	ownPrice, flipped := true, false
	for i := range out {
		if reasons[i] != usable {
			continue
		}
		p, q, price, list := products[i], quantity[i], valueAt(prices, i), int64(null)
		if price == null {
			ownPrice, list = false, l.productPrice[p]
		}
		out[i], reasons[i] = lineAmounts(q, price, valueAt(amount, i), valueAt(rate, i), valueAt(discount, i), list, costs[p])
		flipped = flipped || q > 0 && isReturn[i]
	}
	l.ownPrice, l.flipped = ownPrice, flipped
}

// checkCurrency rejects lines of foreign currencies.
func (l *lines) checkCurrency() error {
	if l.m.currency == "" || l.currency.nothing {
		return nil
	}
	codes, err := l.currency.load()
	if err != nil {
		return err
	}
	for i, c := range codes {
		if c > 0 && l.reason[i] == usable {
			l.reason[i] = foreignCurrency
		}
	}
	return nil
}
