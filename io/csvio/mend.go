package csvio

import (
	"bytes"
	"slices"
	"sync"
)

// A quote is out of place where it neither encloses a field nor is doubled or
// escaped in one. The rules for such quotes:
//
//   - In a field that does not begin with one, quotes are text, unless the text
//     between two of them, "so to say", would enclose a delimiter: then nobody
//     can tell, and the record is rejected.
//   - A line that cannot be read at all is read again with some quotes taken for
//     text: those within an enclosed field, or the first byte of a field that has
//     no other. Of all ways to read it, the one with the fewest such quotes counts,
//     if it is the only one and has the right number of fields. A quote that
//     begins a field and has no other one after it in its line stays an
//     unterminated quote; and where a quote taken for text follows a delimiter
//     in an enclosed field, the field may have ended before, so the record is
//     rejected.

// mendFields bounds the work: lines of more fields are not mended.
const mendFields = 1 << 10

// reading is the best way to read a line up to some place.
type reading struct {
	cost    int32 // quotes taken for text, and 1; 0 = there is no way
	from    int32 // place of its last field
	a, b    int32 // that field's text
	escaped bool
	more    bool // another one is as good
}

// mender mends a line. A place is where a field may begin: 0 is the line's
// beginning, and the others are after each delimiter.
type mender struct {
	*dialect
	line   []byte
	cuts   []int32 // where the delimiters are
	quotes []int32 // where the quotes are
	best   []int32 // cost of the best way to a place, whatever the number of fields
	// By place and by how many delimiters before it are text. There are lost at most:
	// more leave too few fields.
	table []reading
	lost  int
	limit int32 // quotes that may be text
}

var menders = sync.Pool{New: func() any { return new(mender) }}

// mend reads a damaged line, and reports whether that can be done.
func (d *dialect) mend(v []byte, fields []span) ([]span, bool) {
	m := menders.Get().(*mender)
	defer menders.Put(m)
	m.dialect, m.line, m.cuts, m.quotes = d, v, m.cuts[:0], m.quotes[:0]
	for i, c := range v {
		if d.special[c] {
			if c == d.quote {
				m.quotes = append(m.quotes, int32(i))
			} else if d.separates(v[i:]) > 0 {
				m.cuts = append(m.cuts, int32(i))
			}
		}
	}
	places, w := len(m.cuts)+1, d.width
	if places < w || places > mendFields || places*w > 64*mendFields {
		return fields, false
	}
	m.lost = places - w
	// Most often a few quotes are enough. What takes more cannot be better.
	m.limit = 2
	for m.read(); m.best[places] == 0 && int(m.limit) < len(m.quotes); m.read() {
		m.limit *= 8
	}
	result := m.table[places*(m.lost+1)+m.lost]
	if result.cost == 0 || result.more || result.cost > m.best[places] {
		return fields, false
	}
	fields = slices.Grow(fields[:0], w)[:w]
	for n, p := w, places; n > 0; n-- {
		r := m.table[p*(m.lost+1)+p-n]
		fields[n-1], p = span{int(r.a), int(r.b), r.escaped}, int(r.from)
	}
	return fields, !d.straddles(v, fields)
}

// read finds the best ways to all places.
func (m *mender) read() {
	places := len(m.cuts) + 1
	m.best = slices.Grow(m.best[:0], places+1)[:places+1]
	m.table = slices.Grow(m.table[:0], (places+1)*(m.lost+1))[:(places+1)*(m.lost+1)]
	clear(m.best)
	clear(m.table)
	m.best[0], m.table[0].cost = 1, 1
	at, next, first := 0, 0, 0 // the place, the next delimiter and the next quote
	for p := range places {
		if p > 0 {
			at = int(m.cuts[p-1]) + max(1, len(m.wide))
		}
		for next < len(m.cuts) && int(m.cuts[next]) < at {
			next++
		}
		for first < len(m.quotes) && int(m.quotes[first]) < at {
			first++
		}
		if m.best[p] == 0 {
			continue
		}
		end := len(m.line)
		if next < len(m.cuts) {
			end = int(m.cuts[next])
		}
		quotes := int32(0)
		for k := first; k < len(m.quotes) && int(m.quotes[k]) < end; k++ {
			quotes++
		}
		enclosed := quotes > 0 && int(m.quotes[first]) == at
		if !enclosed || quotes == 1 && first+1 < len(m.quotes) {
			m.step(p, next+1, reading{cost: quotes, a: int32(at), b: int32(end)}, false)
		}
		if enclosed {
			m.enclosed(p, at+1, next, first+1)
		}
	}
}

// step notes that a field from place p can end before place to. Of r, the cost
// is the field's. doubtful says that nobody can tell.
func (m *mender) step(p, to int, r reading, doubtful bool) {
	cost := r.cost
	if m.best[p]+cost > m.limit+1 {
		return
	}
	if c := m.best[p] + cost; m.best[to] == 0 || c < m.best[to] {
		m.best[to] = c
	}
	if doubtful {
		return
	}
	r.from = int32(p)
	before, after := m.table[p*(m.lost+1):][:m.lost+1], m.table[to*(m.lost+1):][:m.lost+1]
	for n := to - p - 1; n <= m.lost; n++ {
		a, b := &before[n-(to-p-1)], &after[n]
		switch c := a.cost + cost; {
		case a.cost == 0:
		case b.cost == 0 || c < b.cost:
			*b = r
			b.cost, b.more = c, a.more
		case c == b.cost:
			b.more = true
		}
	}
}

// enclosed notes each way that a field may end whose text begins at from. next
// and first are the next delimiter and quote.
func (m *mender) enclosed(p, from, next, first int) {
	i, strays, escaped, doubtful := from, int32(0), m.escaping, false
	closes := func(end int) bool {
		for next < len(m.cuts) && int(m.cuts[next]) < end {
			next++
		}
		return end == len(m.line) || next < len(m.cuts) && int(m.cuts[next]) == end
	}
	for k := first; k < len(m.quotes) && strays <= m.limit; k++ {
		q := int(m.quotes[k])
		if m.escaping {
			n := q
			for n > i && m.line[n-1] == m.escape {
				n--
			}
			if i = q + 1; (q-n)%2 == 1 {
				continue
			}
		}
		if k+1 < len(m.quotes) && int(m.quotes[k+1]) == q+1 {
			if closes(q + 2) {
				m.step(p, next+1, reading{cost: strays + 1, a: int32(from), b: int32(q + 1), escaped: escaped}, doubtful)
			}
			k, i, escaped = k+1, q+2, true
			continue
		}
		if closes(q + 1) {
			m.step(p, next+1, reading{cost: strays, a: int32(from), b: int32(q), escaped: escaped}, doubtful)
		}
		strays++
		doubtful = doubtful || q > from && m.ends(m.line[from:q])
	}
}

// straddles reports whether quotes within the fields that are not enclosed could
// enclose a delimiter: one stands before text, and the next one after text at a
// field's or word's end, in another field.
func (d *dialect) straddles(v []byte, fields []span) bool {
	for _, f := range fields {
		if f.from > 0 && v[f.from-1] == d.quote {
			continue
		}
		for g := f.from; g < f.to; g++ {
			if v[g] == d.quote {
				if g = d.astride(v, g, f.to); g > f.to {
					return true
				}
			}
		}
	}
	return false
}

// astride looks at a quote within a field which is not enclosed, and ends at to.
// It returns the last place that needs no look any more, which is past to if
// the quote could enclose the delimiter there.
func (d *dialect) astride(v []byte, g, to int) int {
	switch {
	case g+1 == to || v[g+1] == ' ' || v[g+1] == '\t':
		return g
	case v[g+1] == d.quote:
		return g + 1
	}
	h := d.lone(v, g+1)
	switch {
	case h < 0:
		return to
	case d.closes(v, h):
		return h
	}
	return g
}

// lone returns the next quote that is not doubled, or -1.
func (d *dialect) lone(v []byte, i int) int {
	for {
		n := bytes.IndexByte(v[i:], d.quote)
		if n < 0 {
			return -1
		}
		if i += n; i+1 == len(v) || v[i+1] != d.quote {
			return i
		}
		i += 2
	}
}

// closes reports whether a quote stands as one that closes: after text, and
// before a delimiter, a blank or the end.
func (d *dialect) closes(v []byte, h int) bool {
	if c := v[h-1]; c == ' ' || c == '\t' || d.ends(v[:h]) {
		return false
	}
	return h+1 == len(v) || v[h+1] == ' ' || v[h+1] == '\t' || v[h+1] == '\n' || v[h+1] == '\r' || d.separates(v[h+1:]) > 0
}

// ends reports whether b ends with a delimiter.
func (d *dialect) ends(b []byte) bool {
	n := max(1, len(d.wide))
	return len(b) >= n && d.separates(b[len(b)-n:]) > 0
}
