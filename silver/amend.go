package silver

import (
	"bytes"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// What an incremental run asks of a Model besides.

// AnyOrder lets AddCustomers and AddProducts take records in any order: the
// functions say where a file stands in record order, below 2^22. It comes before them.
func (m *Model) AnyOrder(customers, products func(file []byte) int) {
	m.readers[0].place, m.readers[1].place = customers, products
}

// KeepCustomers says that the customers are those of an earlier
// silver.dim_customers and those that only new lines name: rows are the earlier
// ones that the lines at hand may name, with the columns customer_id, city, state
// and country, found by name. No AddCustomers goes with it, no line describes
// customers, and it comes before Freeze. DimCustomers, Customers and the counts
// are then about those customers only that are new.
func (m *Model) KeepCustomers(rows pipeline.Stream) error {
	return m.customers.keep(rows, []string{"city", "state", "country"}, nil)
}

// KeepProducts is KeepCustomers for products, by the columns product_id,
// category, unit_cost and unit_price of silver.dim_products.
func (m *Model) KeepProducts(rows pipeline.Stream) error {
	return m.products.keep(rows, []string{"category"}, []string{"unit_cost", "unit_price"})
}

func (k *known) keep(rows pipeline.Stream, textColumns, numberColumns []string) error {
	k.earlier = true
	var buf []int64
	for rec, err := range rows {
		if err != nil {
			return err
		}
		n, key := int(rec.NumRows()), named(rec, k.spec.key)
		at := make([]int32, n)
		for i := range n {
			v, _ := textAt(key, i)
			if at[i] = k.row(v); at[i] < 0 {
				return k.spec.full(k.spec.key)
			}
			k.filled.set(at[i])
		}
		for _, c := range textColumns {
			col, t := named(rec, c), k.text(c)
			for i := range n {
				if v, ok := textAt(col, i); ok {
					if t.cells[at[i]] = t.values.Code(v); t.cells[at[i]] < 0 {
						return k.spec.full(c)
					}
				}
			}
		}
		for _, c := range numberColumns {
			buf = numbers(buf, named(rec, c))
			for i, v := range buf[:n] {
				k.number(c).set(int(at[i]), v)
			}
		}
	}
	return nil
}

// placeOf returns where a record stands in record order.
func (r *dimensionReader) placeOf(rec arrow.Record, i int) int64 {
	t := r.dim.spec.bronze
	file, _ := textAt(rec.Column(t.MustIndex("_source_file")), i)
	return int64(r.place(file))<<40 | rec.Column(t.MustIndex("_source_row")).(*array.Int64).Value(i)
}

// ChangedCustomers returns the customers that the fact places elsewhere now than
// the rows of an earlier silver.dim_customers do: with its columns customer_id,
// city, state and country, found by name. Where checks quarantine, a customer that
// is new there is one too: all of its lines may have been. Freeze comes first.
func (m *Model) ChangedCustomers(old pipeline.Stream) (*Keys, error) {
	k := m.customers
	var fresh func(row int32) bool
	if len(m.checks) > 0 {
		fresh = func(int32) bool { return true }
	}
	return k.changed(old, fresh, func(rec arrow.Record, i int, row int32) bool {
		for _, column := range []string{"city", "state", "country"} {
			var now []byte
			if row >= 0 {
				now = k.text(column).text(int(row))
			}
			was, _ := textAt(named(rec, column), i)
			if !bytes.Equal(was, now) {
				return true
			}
		}
		return false
	})
}

// ChangedProducts is ChangedCustomers for products, by the columns product_id,
// category, unit_cost and unit_price of silver.dim_products. A product that is
// new there and has a unit_price is one too: its lines may have been
// quarantined for want of a price; where checks quarantine, any new product is.
func (m *Model) ChangedProducts(old pipeline.Stream) (*Keys, error) {
	k := m.products
	priced := func(row int32) bool { return len(m.checks) > 0 || k.number("unit_price").at(int(row)) != null }
	return k.changed(old, priced, func(rec arrow.Record, i int, row int32) bool {
		now := []byte(uncategorized)
		if row >= 0 {
			if v := k.text("category").text(int(row)); len(v) > 0 {
				now = v
			}
		}
		if was, _ := textAt(named(rec, "category"), i); !bytes.Equal(was, now) {
			return true
		}
		for _, column := range []string{"unit_cost", "unit_price"} {
			was, now := int64(null), int64(null)
			if c := named(rec, column).(*array.Decimal128); c.IsValid(i) {
				was = int64(c.Value(i).LowBits())
			}
			if row >= 0 {
				now = k.number(column).at(int(row))
			}
			if was != now {
				return true
			}
		}
		return false
	})
}

// changed returns the keys of the old rows that differ from those of now, -1
// where there is none, and of those that are new, where fresh wants them.
func (k *known) changed(old pipeline.Stream, fresh func(row int32) bool, differs func(rec arrow.Record, i int, row int32) bool) (*Keys, error) {
	keys, seen := NewKeys(), bitset(nil).extend(k.rows())
	for rec, err := range old {
		if err != nil {
			return nil, err
		}
		col := named(rec, k.spec.key)
		for i := range int(rec.NumRows()) {
			key, _ := textAt(col, i)
			row := k.find(key)
			if row >= 0 {
				seen.set(row)
			}
			if differs(rec, i, row) {
				if err := keys.Add(key); err != nil {
					return nil, err
				}
			}
		}
	}
	for row := range int32(k.rows()) {
		if fresh != nil && k.filled.has(row) && !seen.has(row) && fresh(row) {
			if err := keys.Add(k.keys.Bytes(row)); err != nil {
				return nil, err
			}
		}
	}
	return keys, nil
}

func named(rec arrow.Record, column string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(column)[0])
}

// Amended replaces what Finish found of the lines that were read by what is so
// of all lines: which customers and products they name, and the newest day. Kept
// customers and products are left alone.
func (m *Model) Amended(customers, products iter.Seq[[]byte], newest pipeline.Null[pipeline.Date]) {
	m.newest = minDay
	if newest.Valid {
		m.newest = int32(newest.V)
	}
	for table, d := range map[string]struct {
		*known
		keys iter.Seq[[]byte]
	}{"customers": {m.customers, customers}, "products": {m.products, products}} {
		if d.earlier {
			continue
		}
		d.order = nil
		clear(d.known.named)
		for key := range d.keys {
			if row := d.find(key); row >= 0 && !d.inferred.has(row) {
				continue
			}
			row := d.rowOf(key)
			d.known.named = d.known.named.extend(d.rows() + d.late.Len())
			d.known.named.set(row)
		}
		m.counts.Rows[table], m.counts.Added[table] = d.count()
	}
}
