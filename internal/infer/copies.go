package infer

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"
)

// dropCopies leaves out files that are another's copy, byte for byte: a second
// download counts nothing twice.
func (x *inference) dropCopies(files []opened) []opened {
	var out []opened
	for _, f := range files {
		i := slices.IndexFunc(out, func(o opened) bool { return f.size > 0 && o.size == f.size && sameBytes(o.file.Path, f.file.Path) })
		if i < 0 {
			out = append(out, f)
			continue
		}
		// Of sales.csv and "sales (1).csv" the shorter name is the first one's.
		kept, copied := &out[i], f
		if len(f.file.Name) < len(kept.file.Name) {
			copied, *kept = *kept, f
		}
		x.left = append(x.left, leftOut{copied.file.Name, "a copy of " + kept.file.Name + ", byte for byte"})
		x.warn("%s is a copy of %s and left out", copied.file.Name, kept.file.Name)
	}
	return out
}

// sameBytes reports whether two files hold the same; ones that cannot be read
// do not.
func sameBytes(a, b string) bool {
	fa, err := os.Open(a)
	if err != nil {
		return false
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false
	}
	defer fb.Close()
	ra, rb := bufio.NewReaderSize(fa, 1<<16), bufio.NewReaderSize(fb, 1<<16)
	pa, pb := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		na, ea := io.ReadFull(ra, pa)
		nb, eb := io.ReadFull(rb, pb)
		if !bytes.Equal(pa[:na], pb[:nb]) {
			return false
		}
		if ea != nil || eb != nil {
			return ea == eb && (ea == io.EOF || ea == io.ErrUnexpectedEOF)
		}
	}
}

// overlap asks about records that stand in two files of a layout: exports whose
// spans overlap count them twice, unless line numbers tell.
func (x *inference) overlap(l *layout, b *block) {
	if len(l.begins) < 2 || b.has("line_number") != nil {
		return
	}
	first := map[uint64]int{} // the file that has it
	twice, file := 0, 0
	var h maphash.Hash
	for row := range l.rows {
		for file+1 < len(l.begins) && row >= l.begins[file+1] {
			file++
		}
		h.Reset()
		for _, c := range l.columns {
			var code [4]byte
			for i := range code {
				code[i] = byte(c.codes[row] >> (8 * i))
			}
			h.Write(code[:])
		}
		key := h.Sum64()
		if other, ok := first[key]; !ok {
			first[key] = file
		} else if other != file {
			twice++
		}
	}
	if twice > 0 && twice*500 > l.rows {
		if e := b.has("order_id"); e != nil && e.open == "" && len(e.from) > 0 {
			e.open = fmt.Sprintf("%d of %d records of the sample stand in two of the files; overlap: max under files counts them once", twice, l.rows)
			e.choices = []string{e.text() + note + "they count twice without overlap: max"}
			e.essential = true
		}
	}
}

// shared counts a layout's records whose order another has too, and those of
// them that have the same value of a column there.
func shared(a, b *layout, of, there *column) (n, same int) {
	has, orders := map[string]bool{}, map[string]bool{}
	for row := range b.rows {
		order := bare(b.sale.order.value(row))
		orders[order] = true
		has[order+"\x00"+bare(there.value(row))] = true
	}
	for row := range a.rows {
		if order := bare(a.sale.order.value(row)); order != "" && orders[order] {
			n++
			if has[order+"\x00"+bare(of.value(row))] {
				same++
			}
		}
	}
	return n, same
}

// tellTwice decides what it means that a share of a layout's orders are in
// another too: that it tells of the same again, or that it numbers its own anew.
func (x *inference) tellTwice(l, kept *layout, covers float64) {
	products, sameProducts := shared(l, kept, l.sale.product, kept.sale.product)
	customers, sameCustomers := 0, 0
	if l.sale.customer != nil && kept.sale.customer != nil {
		customers, sameCustomers = shared(l, kept, l.sale.customer, kept.sale.customer)
	}
	switch {
	case products >= 10 && sameProducts*4 < products && sameCustomers*4 <= customers: // other orders
		l.clash = kept
		l.clashed = fmt.Sprintf("%s: the same ids stand in %s for other orders: are they numbered anew", l.sale.order.name, kept.title())
	case covers < 0.95 && sameProducts*2 > products:
		l.clash = kept
		l.clashed = fmt.Sprintf("%s: %s of these orders are in %s too, with the same products; take this source out, or its copies out of the file", l.sale.order.name, share(covers), kept.title())
	case covers < 0.2:
		x.warn("unsure: %s of the orders of %s are in %s too: their lines may count twice", share(covers), l.title(), kept.title())
	default:
		if covers < 0.95 {
			x.warn("unsure: %s is left out: %s of its orders are in %s too, and would count twice", l.title(), share(covers), kept.title())
		}
		l.role, l.note = outRole, fmt.Sprintf("unsure: %s of its orders are in %s too, and would count twice", share(covers), kept.title())
	}
}

// clashes asks about order ids that are another layout's too.
func (l *layout) clashes(e *entry) {
	if l.clash == nil {
		return
	}
	e.open, e.essential = l.clashed, true
	own := &entry{target: e.target, template: "{" + l.sale.order.name + "}/" + stemOf(l.files[0].Name)}
	e.choices = []string{own.text() + note + "orders of their own", e.text() + note + "the same orders, which count twice where their lines do"}
}
