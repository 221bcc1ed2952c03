package infer

import "slices"

// pattern is a way in which a header says that it holds something.
type pattern struct {
	words  string
	weight float64
}

func patterns(list ...any) []pattern {
	var out []pattern
	for i := 0; i < len(list); i += 2 {
		out = append(out, pattern{list[i].(string), list[i+1].(float64)})
	}
	return out
}

// want is what the values of a column must be like to be a target.
type want uint8

const (
	anyText want = iota
	anID
	aNumber
	aWhole
	aDate
	anEmail
	aWord // few values, each a text
)

// target is a bronze column with the names it goes by.
type target struct {
	column string
	want   want
	names  []pattern
}

var geography = []target{
	{"city", anyText, patterns("city", 1.0, "ship city", 0.97, "bill city", 0.8, "customer city", 0.85, "store city", 0.8)},
	{"state", anyText, patterns("state", 1.0, "state name", 1.0, "state id", 0.9, "region", 0.75, "ship state", 0.97, "ship state id", 0.9, "ship region", 0.8, "bill state", 0.8, "customer state", 0.85, "store state", 0.8)},
	{"postal_code", anyText, patterns("postal", 1.0, "postal id", 1.0, "postal id prefix", 0.9, "ship postal", 0.97, "ship postal id", 0.97, "bill postal", 0.8, "bill postal id", 0.8, "customer postal", 0.85, "customer postal id", 0.85)},
	{"country", anyText, patterns("country", 1.0, "country name", 1.0, "country id", 0.9, "country region", 0.9, "country region name", 0.95, "ship country", 0.97, "ship country id", 0.9, "bill country", 0.8, "customer country", 0.85, "store country", 0.8)},
}

var customerTargets = append([]target{
	{"customer_id", anID, patterns("customer id", 1.0, "id", 0.8, "customer", 0.6)},
	{"first_name", anyText, patterns("first name", 1.0, "first", 0.7)},
	{"last_name", anyText, patterns("last name", 1.0, "last", 0.7)},
	{"full_name", anyText, patterns("full name", 1.0, "customer name", 0.97, "name", 0.85, "bill name", 0.75, "contact name", 0.8, "company name", 0.7, "ship name", 0.65)},
	{"email", anEmail, patterns("email", 1.0, "email address", 1.0, "customer email", 1.0, "bill email", 0.9)},
	{"phone", anyText, patterns("phone", 1.0, "phone id", 1.0, "bill phone", 0.8)},
	{"gender", aWord, patterns("gender", 1.0)},
	{"birth_date", aDate, patterns("birth date", 1.0, "birth", 0.9)},
	{"address", anyText, patterns("address", 1.0, "bill address", 0.8, "ship address", 0.7)},
	{"segment", aWord, patterns("segment", 1.0, "customer segment", 1.0, "customer type", 0.75, "customer group", 0.75)},
	{"signup_date", aDate, patterns("signup date", 1.0, "signup", 0.9, "customer signup", 0.9, "created at", 0.8, "created date", 0.85, "created", 0.7)},
	{"updated_at", aDate, patterns("updated at", 1.0, "updated date", 1.0, "updated", 0.9, "last updated", 1.0)},
}, geography...)

var productTargets = []target{
	{"product_id", anID, patterns("product id", 1.0, "sku", 0.95, "item id", 0.9, "stock id", 0.9, "id", 0.8, "ean", 0.8, "product", 0.6)},
	{"product_name", anyText, patterns("product name", 1.0, "name", 0.95, "item name", 0.97, "line item name", 0.97, "product description", 0.8, "item description", 0.8, "description", 0.75, "product model", 0.6, "product detail", 0.7)},
	{"category", anyText, patterns("category", 1.0, "category name", 1.0, "product category", 1.0, "product group", 0.8, "product group name", 0.8, "department", 0.75, "department name", 0.75, "group", 0.65, "product line", 0.7, "product type", 0.69, "item type", 0.69, "product type name", 0.69)},
	{"subcategory", anyText, patterns("sub category", 1.0, "sub category name", 1.0, "sub group", 0.8, "product type", 0.7, "product type name", 0.7, "item type", 0.7)},
	{"brand", anyText, patterns("brand", 1.0, "brand name", 1.0)},
	{"unit_cost", aNumber, patterns("unit cost", 1.0, "cost", 0.95, "cost price", 1.0, "standard cost", 0.9, "list cost", 0.85, "order price", 0.7)},
	{"unit_price", aNumber, patterns("unit price", 1.0, "price", 0.95, "list price", 0.97, "sales price", 0.9, "net price", 0.8, "sales price net", 0.9, "unit price net", 0.95, "sales price gross", 0.7, "gross price", 0.7)},
	{"currency", aWord, patterns("currency", 1.0, "currency id", 1.0)},
	{"updated_at", aDate, patterns("updated at", 1.0, "updated date", 1.0, "updated", 0.9, "last updated", 1.0)},
}

// lineWords say nothing new in a header of sales lines.
const lineWords = "line item product order sales transaction invoice receipt"

// saleTargets leaves out what saleMoney and the keys decide.
var saleTargets = append([]target{
	{"line_number", aWhole, patterns("line id", 1.0, "line", 0.85, "order line id", 1.0, "line item", 0.9, "line item id", 0.95, "order line item", 0.95, "order item id", 0.9, "item id", 0.6, "position", 0.9)},
	{"line_type", aWord, patterns("line type", 1.0, "transaction type", 0.95, "invoice type", 0.9, "receipt type", 0.95, "document type", 0.95, "sales type", 0.8, "order type", 0.75, "type", 0.75)},
	{"status", aWord, patterns("status", 1.0, "order status", 1.0, "line status", 0.97, "financial status", 0.9, "payment status", 0.7, "item status", 0.95, "return status", 0.85, "status name", 0.95, "order return", 0.7, "return", 0.7)},
	{"ordered_at", aDate, orderDates},
	{"returned_at", aDate, patterns("return date", 1.0, "return at", 1.0)},
	{"currency", aWord, patterns("currency", 1.0, "currency id", 1.0, "order currency", 0.95)},
	{"channel", aWord, patterns("channel", 1.0, "sales channel", 1.0, "order channel", 0.97, "channel name", 0.97, "channel id", 0.8, "sales channel id", 0.8)},
	{"payment_method", aWord, patterns("payment method", 1.0, "payment type", 0.95, "payment", 0.75, "payment method name", 0.97)},
	{"original_order_id", anyText, patterns("original order id", 1.0, "original order", 0.9, "original invoice id", 0.95)},
	{"updated_at", aDate, patterns("updated at", 1.0, "updated date", 1.0, "updated", 0.9, "last updated", 1.0)},
}, geography...)

var orderDates = patterns("order date", 1.0, "order date time", 1.0, "transaction date time", 0.95, "sales date time", 0.95, "invoice date time", 0.95, "order at", 1.0, "order time", 0.8, "invoice date", 0.95, "sales date", 0.95, "transaction date", 0.95,
	"receipt date", 0.95, "created at", 0.85, "created date", 0.85, "order created", 0.85, "date time", 0.85, "date", 0.82, "at", 0.5, "created", 0.7, "order", 0.7, "time", 0.55, "order created date", 0.85, "order date id", 0.8, "date id", 0.7, "sales", 0.6, "sales at", 0.8, "payment date", 0.62, "payment at", 0.62)

// The keys that lines, order headers and lists of returns have.
var (
	orderIDs    = patterns("order id", 1.0, "sales order id", 1.0, "invoice id", 0.95, "receipt id", 0.9, "transaction id", 0.87, "sales id", 0.85, "order", 0.8, "invoice", 0.8, "order name", 0.7, "receipt", 0.65, "transaction", 0.6, "document id", 0.75)
	productIDs  = patterns("product id", 1.0, "sku", 0.95, "product sku", 0.97, "item id", 0.9, "stock id", 0.9, "ean", 0.85, "product", 0.7, "item", 0.7, "variant id", 0.6)
	customerIDs = patterns("customer id", 1.0, "customer", 0.75, "card id", 0.7, "segment card id", 0.75, "segment card", 0.7, "card", 0.6)
	emails      = patterns("email", 0.8, "customer email", 0.9, "bill email", 0.75)
	quantities  = patterns("quantity", 1.0, "order quantity", 1.0, "sales quantity", 1.0, "line quantity", 1.0, "product quantity", 1.0, "item quantity", 1.0, "return quantity", 1.0, "unit sales", 0.8, "count", 0.6, "product count", 0.6)
	unitPrices  = patterns("unit price", 1.0, "price", 0.87, "sales price", 0.9, "item price", 0.9, "product price", 0.9, "line price", 0.85, "net price", 0.85, "list price", 0.75, "gross price", 0.75, "unit price net", 1.0, "unit price gross", 0.9, "unit amount", 0.95, "unit", 0.6, "sales price net", 0.9)
	lineAmounts = patterns("line total", 1.0, "line amount", 1.0, "sales amount", 0.92, "net amount", 0.92, "sales", 0.87, "net sales", 0.95, "total net", 0.93, "line total net", 1.0, "sub total net", 0.9, "total gross", 0.65, "amount", 0.82, "total price", 0.86, "total amount", 0.8, "total sales", 0.85,
		"total", 0.75, "sub total", 0.7, "extended amount", 0.9, "extended price", 0.9, "payment", 0.6, "gross amount", 0.65, "gross sales", 0.65, "net", 0.65)
	discounts = patterns("discount", 1.0, "discount rate", 1.0, "discount percent", 1.0, "discount amount", 1.0, "line discount", 1.0, "item discount", 1.0, "promotion discount", 0.9, "discount total", 0.8)
	taxes     = patterns("tax", 1.0, "tax amount", 1.0, "line tax", 1.0, "sales tax", 1.0)
)

// returnWords are what values of a status or a type say of goods that came
// back, or of an order that was taken back, in the languages of the vocabulary.
var returnWords = set(`return returned returns refund refunded refunds cancelled canceled cancellation voided void reversed chargeback
	storniert storno retoure retourniert retour zuruckgegeben zurueckgegeben erstattet gutschrift ruckgabe rueckgabe
	rembourse remboursee retournee retourne annule annulee avoir
	makulerad annullerad annulleret returnerad returneret krediterad
	devuelto devuelta devolucion cancelado cancelada reembolsado reembolsada anulado anulada
	devolvido devolvida devolucao reembolso annullato annullata reso resa restituito rimborsato rimborso stornato
	geannuleerd geretourneerd terugbetaald retourgezonden anulowane anulowano anulowany zwrocone zwrocono zwrot zwrocony`)

// inPart and partly are words that make less of them.
var inPart = set("partially partial partly teilweise teil partiellement parcialmente parzialmente gedeeltelijk czesciowo")
var partly = set("requested request pending rejected not no never nicht non nao niet nie sin window policy eligible label")

// saysReturn reports whether a value says that what it is about came back.
func saysReturn(value string) bool {
	found, ordered := false, false
	for _, t := range tokens(value) {
		if partly[t] || inPart[t] {
			return false
		}
		found = found || returnWords[t] || t == "back"
		ordered = ordered || t == "order" || t == "ordered" // back-ordered is not sent back
	}
	return found && !ordered
}

// saysPartly reports whether a value says that a part of what it is about came
// back.
func saysPartly(value string) bool {
	all := tokens(value)
	return slices.ContainsFunc(all, func(t string) bool { return inPart[t] }) && slices.ContainsFunc(all, func(t string) bool { return returnWords[t] })
}

// statusWords are what values of a status say.
var statusWords = set(`paid unpaid pending shipped delivered completed complete processing processed cancelled canceled returned refunded open closed
	transit failed hold fulfilled unfulfilled dispatched invoiced disputed resolved
	bezahlt versandt versendet geliefert offen storniert abgeschlossen erledigt payee paye expediee expedie livree livre annulee annule remboursee cours
	pagado enviado entregado cancelado devuelto pendiente
	pago concluido entregue devolvido pendente spedito consegnato pagato annullato evaso reso
	betaald verzonden geleverd geannuleerd afgerond zrealizowane wyslane anulowane zwrocone oplacone dostarczone`)

// tellsStatus reports whether the values of a column are those of a status,
// whatever it is called.
func (c *column) tellsStatus() bool {
	if c.distinct == 0 || c.distinct > 30 {
		return false
	}
	n := 0
	c.filledValues(func(_ int, v string, count int) {
		if slices.ContainsFunc(tokens(v), func(t string) bool { return statusWords[t] }) {
			n += count
		}
	})
	return n*2 > c.filled
}
