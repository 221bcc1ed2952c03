package silver

import (
	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// returnedOrders knows the orders, and products of orders, that lists name as
// returned. It is immutable.
type returnedOrders struct {
	orders  *pipeline.Dictionary
	entries []returnedOrder // by the order's code
}

type returnedOrder struct {
	whole    bool             // the order is named without a product
	at       int64            // when it came back; null where unknown
	products map[string]int64 // when each named product came back
}

// newReturnedOrders reads the lists. Of repeated entries the last time that is
// given counts.
func newReturnedOrders(list []bronze.ReturnedOrder) (*returnedOrders, error) {
	r := &returnedOrders{orders: pipeline.NewDictionary()}
	var clean cleaner
	for _, e := range list {
		order := clean.clean([]byte(e.OrderID))
		if len(order) == 0 {
			continue
		}
		code := r.orders.Code(order)
		if code < 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, Msg: "the lists of returned orders hold more than 2 GiB of order ids"}
		}
		if int(code) == len(r.entries) {
			r.entries = append(r.entries, returnedOrder{at: null})
		}
		entry := &r.entries[code]
		product := clean.clean([]byte(e.ProductID))
		if len(product) == 0 {
			entry.whole = true
			if e.ReturnedAt.Valid {
				entry.at = int64(e.ReturnedAt.V)
			}
			continue
		}
		if entry.products == nil {
			entry.products = map[string]int64{}
		}
		if _, ok := entry.products[string(product)]; !ok {
			entry.products[string(product)] = null
		}
		if e.ReturnedAt.Valid {
			entry.products[string(product)] = int64(e.ReturnedAt.V)
		}
	}
	return r, nil
}

// find reports whether a line of an order came back, and when; null where the
// lists do not say. What is said of the product goes before what is said of
// the order.
func (r *returnedOrders) find(order, product []byte) (at int64, ok bool) {
	code := r.orders.Find(order)
	if code < 0 {
		return null, false
	}
	e := &r.entries[code]
	at, ok = e.products[string(product)]
	if at == null || !ok {
		at = e.at
	}
	return at, ok || e.whole
}
