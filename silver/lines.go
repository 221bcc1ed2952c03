package silver

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
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
	products         []productOf // by the product label's code
	categories       *label      // has no column in bronze

	// Of the batch, by row.
	rec      arrow.Record
	n        int
	orders   *array.String // cleaned
	reason   []reason
	isReturn []bool
	at       []int64 // when it was: ordered_at, or a return's returned_at
	day      []int32
	amounts  []amounts
	quantity []int64 // 0 for NULL

	ownTime  bool // at is ordered_at in every usable row
	ownPrice bool // the unit price is the line's own in every usable row
	flipped  bool // a usable return has a positive quantity

	prices [6]([]int64) // scratch: returned_at, unit_price, line_amount, discount_rate, discount_amount
	source []int64      // _source_row
}

// productOf is what a line needs to know of its product.
type productOf struct {
	row             int32 // in the model: see known.rowOf
	category        int32
	price, unitCost int64 // null where unknown
}

func newLines(m *Model, mem memory.Allocator) *lines {
	l := &lines{m: m, mem: mem}
	l.lineType = newTextReader(l.oneOf(m.returnValues))
	l.status = newTextReader(l.oneOf(m.returnedStatuses))
	l.categories = newLabel("category")
	l.product = newLabel("product_id")
	prices, costs, categories := m.products.number("unit_price"), m.products.number("unit_cost"), m.products.text("category")
	l.product.added = func(_ int32, key []byte) {
		p := productOf{row: m.products.rowOf(key), price: null, unitCost: null}
		category := []byte(nil)
		switch {
		case p.row < 0:
			l.product.full = true
		case int(p.row) < len(prices):
			p.price, p.unitCost, category = prices[p.row], costs[p.row], categories.text(int(p.row))
		}
		if p.category = l.categories.add(category); p.category < 0 {
			p.category = l.categories.add([]byte(uncategorized))
		}
		l.products = append(l.products, p)
	}
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
	l.quantity = numbersOr(0, l.quantity, rec.Column(saleColumn.quantity))
	l.at = numbers(l.at, rec.Column(saleColumn.orderedAt))
	l.source = numbers(l.source, rec.Column(saleColumn.sourceRow))
	for i, c := range [...]int{saleColumn.returnedAt, saleColumn.unitPrice, saleColumn.lineAmount, saleColumn.discountRate, saleColumn.discountAmount} {
		l.prices[i] = numbers(l.prices[i], rec.Column(c))
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
			return fmt.Appendf(nil, "return-%s-%d", name, l.source[i])
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
	prefix := l.m.returnPrefix
	returnedAt, amount := l.prices[0], l.prices[2]
	valid := validity(l.orders)
	offsets, texts := l.orders.ValueOffsets(), l.orders.ValueBytes()
	typed := !l.lineType.nothing
	l.ownTime = true
	for i := range l.n {
		q := l.quantity[i]
		isReturn := returns || q < 0 || amount[i] < 0 && amount[i] != null || typed && l.lineType.code(i) == 1
		has := valid.has(i)
		if len(prefix) > 0 && has && !isReturn {
			isReturn = bytes.HasPrefix(texts[offsets[i]-offsets[0]:offsets[i+1]-offsets[0]], prefix)
		}
		l.isReturn[i] = isReturn
		why := usable
		switch {
		case !has:
			why = missingOrderID
		case products[i] < 0:
			why = missingProductID
		case q == 0:
			why = invalidQuantity
		default:
			at := l.at[i]
			if at == null && isReturn {
				at = returnedAt[i]
				l.at[i], l.ownTime = at, false
			}
			if at == null {
				why = invalidDate
				break
			}
			day := int32(l.m.zone.LocalDate(pipeline.Timestamp(at)))
			l.day[i] = day
			if day < l.m.firstDay || day > l.m.lastDay {
				why = invalidDate
			}
		}
		l.reason[i] = why
	}
}

// value computes the amounts of the lines that are usable so far.
func (l *lines) value(products []int32) {
	price, amount, rate, discount := l.prices[1], l.prices[2], l.prices[3], l.prices[4]
	l.ownPrice, l.flipped = true, false
	for i, why := range l.reason {
		if why != usable {
			continue
		}
		p := &l.products[products[i]]
		l.amounts[i], l.reason[i] = lineAmounts(l.quantity[i], price[i], amount[i], rate[i], discount[i], p.price, p.unitCost)
		l.ownPrice = l.ownPrice && price[i] != null
		l.flipped = l.flipped || l.isReturn[i] && l.quantity[i] > 0
	}
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

// cleanStrings returns a string column with cleaned texts: the column itself
// where nothing changes. missing gives the text of rows that have none; nil
// leaves them NULL.
func cleanStrings(mem memory.Allocator, clean *cleaner, col *array.String, missing func(i int) []byte) *array.String {
	if col.NullN() == col.Len() && missing == nil || isCleanColumn(col) && (missing == nil || col.NullN() == 0) {
		return col
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(col.Len())
	b.ReserveData(len(col.ValueBytes()))
	valid := validity(col)
	for i := range col.Len() {
		var v []byte
		if valid.has(i) {
			v = clean.clean(pipeline.StringBytes(col, i))
		}
		if len(v) == 0 && missing != nil {
			v = missing(i)
		}
		if len(v) == 0 {
			b.AppendNull()
		} else {
			b.BinaryBuilder.Append(v)
		}
	}
	return b.NewStringArray()
}

// isCleanColumn reports whether no text of a column can change when cleaned.
func isCleanColumn(col *array.String) bool {
	if col.Len() == 0 {
		return true
	}
	if !plainASCII(col.ValueBytes()) {
		return false
	}
	valid, offsets := validity(col), col.ValueOffsets()
	for i := range col.Len() {
		if offsets[i] == offsets[i+1] && valid.has(i) {
			return false
		}
	}
	return true
}
