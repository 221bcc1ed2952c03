package infer

import (
	"slices"
	"strings"
)

// ofOrder reports whether a column is about whole orders: where orders have
// several lines, it repeats on them, or stands on the first alone.
func (l *layout) ofOrder(c, order *column) bool {
	if order == nil || slices.Contains(c.words, "line") || slices.Contains(c.words, "item") || slices.Contains(c.words, "unit") {
		return false
	}
	several, same, first := l.overOrders(c, order)
	return several > 0 && first == several || several >= 2 && (same+first)*100 >= several*95
}

// onFirstLine reports whether a column stands on the first line of an order
// alone: its other lines are blank.
func (l *layout) onFirstLine(c, order *column) bool {
	several, _, first := l.overOrders(c, order)
	return several >= 2 && first*100 >= several*95 && first*2 >= l.severalLines(order)
}

// overOrders counts the orders of several lines whose first line has a value,
// and those of them whose other lines have the same one, or none.
func (l *layout) overOrders(c, order *column) (several, same, first int) {
	type seen struct {
		value       string
		n           int
		same, blank bool
	}
	orders := make([]seen, len(order.values))
	for row := range l.rows {
		v := c.value(row)
		o := &orders[order.codes[row]]
		if o.n++; o.n == 1 {
			o.value, o.same, o.blank = v, true, true
			continue
		}
		o.same = o.same && v == o.value
		o.blank = o.blank && v == ""
	}
	for i, o := range orders {
		if o.n < 2 || order.values[i] == "" || strings.Trim(o.value, "0.,") == "" && c.numeric > 0 || o.value == "" {
			continue
		}
		several++
		if o.same {
			same++
		}
		if o.blank {
			first++
		}
	}
	return several, same, first
}

// severalLines counts the orders of several lines.
func (l *layout) severalLines(order *column) int {
	n := 0
	for i, count := range order.counts {
		if count > 1 && order.values[i] != "" {
			n++
		}
	}
	return n
}

// constant reports whether a column is the same on all records of an order.
func (l *layout) constant(c, order *column) bool {
	first := make([]int32, len(order.values)) // code + 1
	other := 0
	for row, code := range order.codes {
		switch v := c.codes[row] + 1; {
		case first[code] == 0:
			first[code] = v
		case first[code] != v:
			other++
		}
	}
	return other*200 < l.rows
}

// ofOrders are the columns of sales that an order has, whatever its lines are.
var ofOrders = []string{"status", "ordered_at", "returned_at", "customer_id", "currency", "channel", "payment_method", "city", "state", "postal_code", "country", "updated_at"}

// carry takes what stands on an order's first line alone to its other lines: a
// lookup of the file in itself.
func (x *inference) carry(l *layout, b *block) {
	for _, e := range b.columns {
		own := len(e.from) == 1 && len(e.columns) == 1 && e.columns[0].name == e.from[0]
		if !own || l.sale.order == nil || !slices.Contains(ofOrders, e.target) || !l.onFirstLine(e.columns[0], l.sale.order) {
			continue
		}
		k := &link{from: l.sale.order, to: l, key: l.sale.order, covers: 1, fill: true}
		e.from[0] = x.expr(place{layout: l, column: e.columns[0], path: []*link{k}})
		e.reason += "; " + k.reason()
	}
}
