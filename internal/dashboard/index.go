package dashboard

import (
	"math"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// Index is a lake in memory, in columns: the lines of silver.fact_sales and what
// the dimensions and gold tables add. It does not change, so any number of
// goroutines may ask it at once.
//
// Lines lie customer by customer, those of guests last, and within a customer order
// by order. So whoever passes over them meets all lines of a customer, and of an
// order, in a row: a group has counted one already if it was the last that it
// counted, and distinct counts need no sets. Orders whose lines are several
// customers' do not lie so; they are passed over once more by themselves (shared).
type Index struct {
	shop    Shop
	names   bool // of customers are given out
	workers int

	first pipeline.Date // day 0
	days  int           // from the first to the newest line
	lines int

	day     []uint16 // by line: since first
	kind    []uint32 // by line: its combination, doubled, + 1 on a return
	order   []uint32 // by line; with severalCustomers where it is an order of such
	product []uint32 // by line: in products

	amount   numbers // sales, or returns
	discount numbers // of sales
	units    numbers // sold, or returned: not negative
	cost     numbers
	wide     bool // numbers have high parts

	from     []uint32 // by customer, guests being one after the last, and the end: its first line
	pieces   []piece  // that lines can be passed over in, side by side
	shared   []uint32 // lines of such orders, order by order
	sharings []piece  // of shared

	combinations []combination
	words        [dimensions][]string // by dimension and code: the texts
	iso          map[string]string    // by country, ISO 3166-1 alpha-2
	customers    []customer           // ascending by id
	products     []product            // ascending by id
	subOf        []uint32             // by product: in subs
	subs         []subcategory

	calendars [len(grains)]calendar
	parts     [len(partNames)]part // that combinations make up

	reference pipeline.Date
	rules     bronze.RFM
	segments  []string  // of the R × F grid, in its order
	grid      [5][5]int // of r and f, less 1: in segments
	buyers    []buyer   // customers with a sale, by revenue
	currency  string
}

// numbers are a column of numbers: low, or low + 2³¹ · high where some number of the
// lines has more than 32 bits. So sums of each part are exact in 64 bits, for there
// are fewer than 2³² lines.
type numbers struct{ low, high []int32 }

// unknown is the low part of NULL.
const unknown = math.MinInt32

// known returns a number, and whether it is one.
func (n *numbers) known(i int) (int64, bool) {
	if n.high == nil {
		return int64(n.low[i]), n.low[i] != unknown
	}
	return int64(n.low[i]) + int64(n.high[i])<<31, n.low[i] != unknown
}

// severalCustomers marks orders that have lines of more than one customer, or of a
// customer and a guest.
const severalCustomers = 1 << 31

// piece is a run of lines that no customer or order of lies in another piece.
type piece struct{ from, to int }

// What lines are filtered by, and the state, in the order of Index.words.
const (
	byCountry = iota
	byCategory
	byChannel
	bySegment
	byState // no filter: a state is one of its country
	dimensions
)

// filters are the names of the dimensions that a Filter may have.
var filters = [...]string{byCountry: "country", byCategory: "category", byChannel: "channel", bySegment: "segment"}

// combination is what all lines of a kind have in common.
type combination [dimensions]uint32

// customer is a row of dim_customers.
type customer struct {
	id      string
	name    string // only where names are asked for
	country uint32 // in words
	segment uint32
	first   int32 // day of the first sale; -1 = none
}

// product is a row of dim_products.
type product struct{ id, name, category string }

// subcategory is one of a category; "" where a product has none.
type subcategory struct{ category, name string }

// buyer is a customer with a sale, as gold has it.
type buyer struct {
	customer uint32
	r, f     uint8
	segment  uint8 // in Index.segments
	before   uint8 // its segment 30 days earlier, + 1; 0 = it had no sale yet
	recency  int32
	orders   int64
	revenue  pipeline.Total
	clv      pipeline.Total
	returns  pipeline.Total
}
