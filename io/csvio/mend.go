package csvio

import (
	"bytes"
	"math/bits"
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
	// Fields end at each delimiter before the place lo, where the first field with
	// a quote begins, and after the place hi, with which the last one has ended.
	lo, hi int
	best   []int32 // by place from lo on: cost of the best way there, whatever the number of fields
	// By place from lo on, and by how many delimiters before it are text. There are
	// lost at most: more leave too few fields.
	table []reading
	lost  int
	limit int32 // quotes that may be text
}

var menders = sync.Pool{New: func() any { return new(mender) }}

// mend reads a damaged line, and reports whether that can be done.
func (d *dialect) mend(v []byte, fields []span) ([]span, bool) {
	m := menders.Get().(*mender)
	m.dialect, m.line = d, v
	defer func() {
		m.dialect, m.line = nil, nil
		menders.Put(m)
	}()
	m.find()
	places, w := len(m.cuts)+1, d.width
	if places < w || places > mendFields || places*w > 64*mendFields {
		return fields, false
	}
	m.lost = places - w
	// Most often a few quotes are enough. What takes more cannot be better.
	m.limit = 2
	for m.read(); m.best[m.hi-m.lo] == 0 && int(m.limit) < len(m.quotes); m.read() {
		m.limit *= 8
	}
	result := m.ways(m.hi)[m.lost]
	if result.cost == 0 || result.more || result.cost > m.best[m.hi-m.lo] {
		return fields, false
	}
	fields = slices.Grow(fields[:0], w)[:w]
	for n, p := w, places; n > 0; n-- {
		if p <= m.lo || p > m.hi {
			fields[n-1] = span{m.begin(p - 1), m.end(p - 1), false}
			p--
			continue
		}
		r := m.ways(p)[p-n]
		fields[n-1], p = span{int(r.a), int(r.b), r.escaped}, int(r.from)
	}
	return fields, !d.straddles(v, fields)
}

// find finds delimiters and quotes.
func (m *mender) find() {
	m.cuts, m.quotes = m.cuts[:0], m.quotes[:0]
	size, overlap := int32(max(1, len(m.wide))), false
	delimiter, quote := ones*uint64(m.delimiter), ones*uint64(m.quote)
	var w block
	for base := 0; base < len(m.line); base += 64 {
		b, valid := m.line[base:], ^uint64(0)
		if len(b) < 64 {
			var tail [64]byte
			valid = 1<<copy(tail[:], b) - 1
			b = tail[:]
		}
		valid &= w.load(b)
		for q := w.equal(quote) & valid; q != 0; q &= q - 1 {
			m.quotes = append(m.quotes, int32(base+bits.TrailingZeros64(q)))
		}
		for d := w.equal(delimiter) & valid; d != 0; d &= d - 1 {
			at := base + bits.TrailingZeros64(d)
			if m.wide == nil || m.separates(m.line[at:]) > 0 {
				n := len(m.cuts)
				overlap = overlap || n > 0 && m.cuts[n-1]+size > int32(at)
				m.cuts = append(m.cuts, int32(at))
			}
		}
	}
	m.lo, m.hi = 0, len(m.cuts)+1
	if n := len(m.quotes); n > 0 && !overlap {
		m.lo, _ = slices.BinarySearch(m.cuts, m.quotes[0])
		m.hi, _ = slices.BinarySearch(m.cuts, m.quotes[n-1])
		m.hi++
	}
}

// begin is the place p in the line.
func (m *mender) begin(p int) int {
	if p == 0 {
		return 0
	}
	return int(m.cuts[p-1]) + max(1, len(m.wide))
}

// end is where the delimiter n is, or where the line ends after the last one.
func (m *mender) end(n int) int {
	if n == len(m.cuts) {
		return len(m.line)
	}
	return int(m.cuts[n])
}

// ways is the part of the table for a place.
func (m *mender) ways(p int) []reading {
	return m.table[(p-m.lo)*(m.lost+1):][:m.lost+1]
}

// read finds the best ways to all places from lo to hi.
func (m *mender) read() {
	n := m.hi - m.lo + 1
	m.best = slices.Grow(m.best[:0], n)[:n]
	m.table = slices.Grow(m.table[:0], n*(m.lost+1))[:n*(m.lost+1)]
	clear(m.best)
	clear(m.table)
	m.best[0], m.table[0].cost = 1, 1
	next, first := m.lo, 0 // the next delimiter and the next quote
	for p := m.lo; p < m.hi; p++ {
		at := m.begin(p)
		for next < len(m.cuts) && int(m.cuts[next]) < at {
			next++
		}
		for first < len(m.quotes) && int(m.quotes[first]) < at {
			first++
		}
		if m.best[p-m.lo] == 0 {
			continue
		}
		end, quotes := m.end(next), int32(0)
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
	c, best := m.best[p-m.lo]+cost, &m.best[to-m.lo]
	if c > m.limit+1 {
		return
	}
	if *best == 0 || c < *best {
		*best = c
	}
	if doubtful {
		return
	}
	r.from = int32(p)
	before, after := m.ways(p), m.ways(to)
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
	for at := 0; at < len(v); {
		n := bytes.IndexByte(v[at:], d.quote)
		if n < 0 {
			return false
		}
		at += n
		for fields[0].to < at {
			fields = fields[1:]
		}
		f := fields[0]
		if at < f.from { // it encloses the field
			at = f.to + 1
		} else if at = d.astride(v, at, f.to) + 1; at > f.to+1 {
			return true
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
