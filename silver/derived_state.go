package silver

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	. "github.com/smeltdata/smelt/pipeline"
)

// DerivedCell is one value of a customer or product that sales lines describe,
// and the line that it is from: what the next run needs to know whether a line
// is later. A row without a column says that lines name the key; one without a
// key, how many values of a column were negative.
type DerivedCell struct {
	Key     string      `col:"key" doc:"Key of the customer or product." check:"not_null"`
	Column  Code        `col:"column" doc:"Column that the value is of; empty for the key itself." check:"not_null"`
	Text    Null[Code]  `col:"text" doc:"The value of a text column."`
	Number  Null[int64] `col:"number" doc:"The value of another column, as silver holds it."`
	Updated int64       `col:"updated" doc:"updated_at of the line, as silver holds it." check:"not_null"`
	File    Code        `col:"file" doc:"File of the line." check:"not_null"`
	Row     int64       `col:"row" doc:"1-based number of the line's record in its file." check:"not_null"`
}

// DerivedCustomers and DerivedProducts keep what sales lines say of customers
// and products that no file has.
var (
	DerivedCustomers = Declare[DerivedCell](StateLayer+".derived_customers", "Values that sales lines give to customers.")
	DerivedProducts  = Declare[DerivedCell](StateLayer+".derived_products", "Values that sales lines give to products.")
)

// SaveDerived hands what lines say of the customers, or of the products, to
// write, in lent batches. name gives the name of a file by its place in record
// order. FreezeDimensions comes first.
func (m *Model) SaveDerived(t *TableOf[DerivedCell], name func(file int) string, write func(arrow.Record) error) error {
	d := m.derivedOf(t).gathered
	if d == nil {
		return nil
	}
	var cells []DerivedCell
	flush := func(least int) error {
		if len(cells) < least {
			return nil
		}
		rec := t.Record(m.mem, cells)
		defer rec.Release()
		cells = cells[:0]
		return write(rec)
	}
	from := func(a age) DerivedCell {
		return DerivedCell{Updated: a.updated, File: Code(name(int(a.at >> 40))), Row: a.at & (1<<40 - 1)}
	}
	for c, n := range d.negative {
		if n > 0 {
			cells = append(cells, DerivedCell{Column: Code(d.spec.numbers[c].name), Number: Some(n)})
		}
	}
	for row := range int32(d.rows()) {
		if !d.filled.has(row) {
			continue
		}
		key := string(d.keys.Bytes(row))
		cells = append(cells, DerivedCell{Key: key})
		for c, s := range d.spec.texts {
			if v := d.texts[c].text(int(row)); len(v) > 0 {
				cell := from(d.textAges[c][row])
				cell.Key, cell.Column, cell.Text = key, Code(s.name), Some(Code(v))
				cells = append(cells, cell)
			}
		}
		for c, s := range d.spec.numbers {
			if v := d.numbers[c].at(int(row)); v != null {
				cell := from(d.numberAges[c][row])
				cell.Key, cell.Column, cell.Number = key, Code(s.name), Some(v)
				cells = append(cells, cell)
			}
		}
		if err := flush(8192); err != nil {
			return err
		}
	}
	return flush(1)
}

// LoadDerived adds what SaveDerived has kept to what the scan's lines say. place
// gives the place of a file in record order.
func (k *KeyScan) LoadDerived(t *TableOf[DerivedCell], place func(file string) int, rows Stream) error {
	to, spec := &k.customers, &customerSpec
	if t == DerivedProducts {
		to, spec = &k.products, &productSpec
	}
	if *to == nil {
		*to = newDerived(spec, nil)
	}
	d, skip := *to, k.m.derivedOf(t).skip()
	for rec, err := range rows {
		if err != nil {
			return err
		}
		cells, err := t.Rows(rec)
		if err != nil {
			return err
		}
		for i := range cells {
			if err := d.load(&cells[i], place, skip); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *derived) load(cell *DerivedCell, place func(file string) int, skip func([]byte) bool) error {
	number := slices.IndexFunc(d.spec.numbers, func(c numberColumn) bool { return c.name == string(cell.Column) })
	if cell.Key == "" {
		if number >= 0 {
			d.negative[number] += cell.Number.V
		}
		return nil
	}
	if skip != nil && skip([]byte(cell.Key)) {
		return nil // a file has it by now
	}
	row := d.row([]byte(cell.Key))
	if row < 0 {
		return d.spec.full(d.spec.key)
	}
	d.filled.set(row)
	now := age{cell.Updated, int64(place(string(cell.File)))<<40 | cell.Row}
	text := d.spec.text(string(cell.Column))
	switch {
	case text >= 0 && cell.Text.Valid:
		code := d.texts[text].values.Code([]byte(cell.Text.V))
		if code < 0 {
			return d.spec.full(string(cell.Column))
		}
		d.textAges[text] = extend(d.textAges[text], d.rows())
		d.texts[text].cells[row], d.textAges[text][row] = code, now
	case number >= 0 && cell.Number.Valid:
		d.numberAges[number] = extend(d.numberAges[number], d.rows())
		d.numbers[number].set(int(row), cell.Number.V)
		d.numberAges[number][row] = now
	}
	return nil
}

func (m *Model) derivedOf(t *TableOf[DerivedCell]) *known {
	if t == DerivedProducts {
		return m.products
	}
	return m.customers
}
