package synth

import (
	"context"
	"strconv"
)

// world is the shop before any file of it is written: who buys, what is sold,
// and when each order is made. It is read-only once made, so that any number
// of goroutines can write parts of the files from it. Everything in it follows
// from the options.
type world struct {
	seed       uint64
	records    int64 // sales records wanted
	customers  []customer
	buyers     weighted // draws a customer
	products   []product
	popularity weighted // draws a product
	markets    weighted // draws a country
	calendar   *calendar

	mess          uint32 // share of the sales records with a blemish, in 2^-24
	dimensionMess uint32 // the same for customers and products
	repeats       uint32 // share of the orders with a repeated line, in 2^-24; the same again has a corrected one

	orders int64 // number of orders
	cut    int   // records of the last order that would be too many
	broken int64 // the order whose first line has a quote that never closes; -1 = none
}

func newWorld(ctx context.Context, o Options) (*world, error) {
	w := &world{seed: o.Seed, records: o.Rows, broken: -1}
	w.mess = uint32(o.Messy * (1 << 24))
	w.dimensionMess = uint32(min(1, o.Messy*dimensionMessFactor) * (1 << 24))
	w.repeats = uint32(o.Messy * 0.2 * (1 << 24)) // an order has 2.4 lines: together a sixth of the blemishes

	shares := make([]uint64, len(countries))
	for i := range countries {
		shares[i] = uint64(countries[i].share)
	}
	w.markets = newWeighted(shares)
	w.customers, w.buyers = newCustomers(o.Seed, CustomersOf(o.Rows), &w.markets)
	w.products = newProducts(o.Seed, ProductsOf(o.Rows))
	w.popularity = newPopularity(o.Seed, ProductsOf(o.Rows))

	// Count orders until they have as many records as are wanted.
	left := o.Rows
	for left > 0 {
		if w.orders%chunkOrders == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := w.shape(w.orders)
		left -= int64(s.records())
		w.orders++
	}
	w.cut = int(-left)
	w.calendar = newCalendar(w.orders)
	if w.mess > 0 && w.orders >= 100 {
		w.broken = w.orders * 7 / 10
	}
	return w, nil
}

// dirty reports whether the record at hand gets a blemish.
func (w *world) dirty(r *rng, share uint32) bool {
	return uint32(r.next()>>40) < share
}

// shape is how many records an order puts into the sales file.
type shape struct {
	lines     int  // the order's own
	repeated  bool // its last line once more, as it stands
	returned  bool // something of an earlier order comes back
	corrected bool // a line of an earlier order in a newer version
	stale     bool // after which the old version comes once more
}

func (s shape) records() int {
	n := s.lines
	for _, b := range [...]bool{s.repeated, s.returned, s.corrected, s.stale} {
		if b {
			n++
		}
	}
	return n
}

// settled is the number of orders that the shop must have before anything of
// them comes back.
const settled = 20

// lineCounts holds the numbers of lines of 256 orders: 2.4 on average.
var lineCounts = func() (t [256]uint8) {
	at := 0
	for _, c := range [...]struct{ lines, share int }{{1, 90}, {2, 72}, {3, 44}, {4, 26}, {5, 12}, {6, 6}, {7, 3}, {8, 2}, {10, 1}} {
		for range c.share {
			t[at] = uint8(c.lines)
			at++
		}
	}
	return t
}()

func (w *world) shape(order int64) shape {
	r := stream(w.seed, streamShape, order)
	x := r.next()
	s := shape{lines: int(lineCounts[x&255])}
	if order < settled {
		return s
	}
	s.returned = x>>8&1023 < 50
	if w.repeats > 0 {
		y := r.next()
		s.repeated = uint32(y>>40) < w.repeats
		s.corrected = uint32(y)>>8 < w.repeats
		s.stale = s.corrected && x>>18&3 == 0
	}
	return s
}

// stamp renders a minute of a day: 2023-01-01 14:05.
func (w *world) stamp(day, minute int) string {
	return string(appendStamp(nil, w.calendar.text[day], minute))
}

func appendStamp(dst []byte, day string, minute int) []byte {
	h, m := minute/60, minute%60
	dst = append(dst, day...)
	return append(dst, ' ', byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10))
}

// orderID is the key of an order; a return document has one of its own.
func appendOrderID(dst []byte, letter byte, order int64) []byte {
	return strconv.AppendInt(append(dst, letter), firstOrder+order, 10)
}

const firstOrder = 1_000_001
