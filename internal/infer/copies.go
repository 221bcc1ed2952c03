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
			e.open = fmt.Sprintf("%d of %d records of the sample stand in two of the files; name just one of them under files", twice, l.rows)
			e.choices = []string{e.text() + note + "they count twice"}
			e.essential = true
		}
	}
}

// sameOrders reports whether two layouts that share order ids mean the same
// orders by them: the products or the customers of a shared order agree.
func sameOrders(a, b *layout) bool {
	told := false
	for _, pair := range [][2]*column{{a.sale.product, b.sale.product}, {a.sale.customer, b.sale.customer}} {
		if pair[0] == nil || pair[1] == nil {
			continue
		}
		has, orders := map[string]bool{}, map[string]bool{}
		for row := range b.rows {
			orders[bare(b.sale.order.value(row))] = true
			has[bare(b.sale.order.value(row))+"\x00"+bare(pair[1].value(row))] = true
		}
		n, hit := 0, 0
		for row := range a.rows {
			order := bare(a.sale.order.value(row))
			if order != "" && orders[order] {
				n++
				if has[order+"\x00"+bare(pair[0].value(row))] {
					hit++
				}
			}
		}
		if hit*4 >= n {
			return true
		}
		told = told || n >= 10
	}
	return !told
}

// clashes says that a layout's order ids are another's too, for other orders.
func (l *layout) clashes(e *entry) {
	if l.clash == nil {
		return
	}
	e.open = fmt.Sprintf("%s: the same ids stand in %s for other orders: are they numbered anew", l.sale.order.name, l.clash.title())
	own := &entry{target: e.target, template: "{" + l.sale.order.name + "}/" + stemOf(l.files[0].Name)}
	e.choices = []string{own.text() + note + "orders of their own", e.text() + note + "the same orders"}
	e.essential = true
}
