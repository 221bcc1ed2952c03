package dashboard

// seen counts what is distinct in a group, of sales or of returns: it keeps the last
// order and customer that it has counted, + 1, since their lines come in a row.
type seen struct {
	order, customer          uint32
	orders, customers, fresh uint32
}

func (s *seen) sawOrder(o uint32) bool {
	if s.order == o {
		return true
	}
	s.order = o
	s.orders++
	return false
}

func (s *seen) sawCustomer(c uint32) bool {
	if s.customer == c {
		return true
	}
	s.customer = c
	s.customers++
	return false
}

// cell adds up the lines of a group, of sales or of returns.
type cell struct {
	amount, discount, units, cost int64
	lines, unknown                uint32 // unknown: lines whose cost is
	seen
}

func (c *cell) add(amount, discount, units, cost int64, unknown uint32) {
	c.amount += amount
	c.discount += discount
	c.units += units
	c.cost += cost
	c.lines++
	c.unknown += unknown
}

func (c *cell) merge(o *cell) {
	c.lines += o.lines
	c.unknown += o.unknown
	c.amount += o.amount
	c.discount += o.discount
	c.units += o.units
	c.cost += o.cost
	c.seen.merge(&o.seen)
}

func (s *seen) merge(o *seen) {
	s.orders += o.orders
	s.customers += o.customers
	s.fresh += o.fresh
}

// cells are those of groups: of each its sales and then its returns. high are the sums
// of the numbers' high parts, where they have such.
type cells struct{ low, high []cell }

func (x *Index) newCells(groups int) cells {
	c := cells{low: make([]cell, 2*groups)}
	if x.wide {
		c.high = make([]cell, 2*groups)
	}
	return c
}

func (c cells) merge(o cells) {
	for i := range c.low {
		c.low[i].merge(&o.low[i])
	}
	for i := range c.high {
		c.high[i].merge(&o.high[i])
	}
}

// add adds a line to a cell.
func (c cells) add(x *Index, i int, at uint32) *cell {
	to := &c.low[at]
	if cost := x.cost.low[i]; cost != unknown {
		to.add(int64(x.amount.low[i]), int64(x.discount.low[i]), int64(x.units.low[i]), int64(cost), 0)
	} else {
		to.add(int64(x.amount.low[i]), int64(x.discount.low[i]), int64(x.units.low[i]), 0, 1)
	}
	if c.high != nil {
		c.addHigh(x, i, at)
	}
	return to
}

// addHigh adds the high parts of a line's numbers to a cell.
func (c cells) addHigh(x *Index, i int, at uint32) {
	c.high[at].add(int64(x.amount.high[i]), int64(x.discount.high[i]), int64(x.units.high[i]), int64(x.cost.high[i]), 0)
}
