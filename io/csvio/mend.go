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
	cost int32 // quotes taken for text, and 1; 0 = there is no way
	more bool  // another one is as good
	from int32 // place of its last field
	span span
}

// mender is memory for mending.
type mender struct {
	cuts  []int     // where the delimiters are
	best  []int32   // by place, whatever the number of fields
	table []reading // by place and number of fields
}

var menders = sync.Pool{New: func() any { return new(mender) }}

// mend reads a damaged line, and reports whether that can be done.
func (d *dialect) mend(v []byte, fields []span) ([]span, bool) {
	m := menders.Get().(*mender)
	defer menders.Put(m)
	// The places where a field may begin: 0, and after each delimiter.
	cuts := m.cuts[:0]
	last := -1 // the last quote
	for i, c := range v {
		if d.special[c] {
			if c == d.quote {
				last = i
			} else if d.separates(v[i:]) > 0 {
				cuts = append(cuts, i)
			}
		}
	}
	m.cuts = cuts
	places, w := len(cuts)+1, d.width
	if places < w || places > mendFields || places*w > 64*mendFields {
		return fields, false
	}
	size := max(1, len(d.wide))
	best := slices.Grow(m.best[:0], places+1)[:places+1]
	table := slices.Grow(m.table[:0], (places+1)*(w+1))[:(places+1)*(w+1)]
	m.best, m.table = best, table
	clear(best)
	clear(table)
	best[0], table[0].cost = 1, 1
	for p := range places {
		if best[p] == 0 {
			continue
		}
		at := 0
		if p > 0 {
			at = cuts[p-1] + size
		}
		// step notes a field that ends at a delimiter, or at the end of the line.
		step := func(end int, s span, cost int32, doubtful bool) {
			to := places
			if end < len(v) {
				i, ok := slices.BinarySearch(cuts, end)
				if !ok {
					return
				}
				to = i + 1
			}
			if c := best[p] + cost; best[to] == 0 || c < best[to] {
				best[to] = c
			}
			if doubtful {
				return
			}
			for n := range min(w, p+1) { // no more fields than places
				a, b := &table[p*(w+1)+n], &table[to*(w+1)+n+1]
				switch c := a.cost + cost; {
				case a.cost == 0:
				case b.cost == 0 || c < b.cost:
					*b = reading{c, a.more, int32(p), s}
				case c == b.cost:
					b.more = true
				}
			}
		}
		next, _ := slices.BinarySearch(cuts, at)
		end := len(v)
		if next < len(cuts) {
			end = cuts[next]
		}
		quotes := int32(0)
		for _, c := range v[at:end] {
			if c == d.quote {
				quotes++
			}
		}
		if at == len(v) || v[at] != d.quote {
			step(end, span{at, end, false}, quotes, false)
			continue
		}
		if quotes == 1 && last > end {
			step(end, span{at, end, false}, 1, false)
		}
		d.enclosed(v, at+1, step)
	}
	result := table[places*(w+1)+w]
	if result.cost == 0 || result.more || result.cost > best[places] {
		return fields, false
	}
	fields = slices.Grow(fields[:0], w)[:w]
	for n, p := w, int32(places); n > 0; n-- {
		r := table[int(p)*(w+1)+n]
		fields[n-1], p = r.span, r.from
	}
	return fields, !d.straddles(v, fields)
}

// enclosed calls step for each way that a field whose text begins at i may end.
func (d *dialect) enclosed(v []byte, i int, step func(end int, s span, cost int32, doubtful bool)) {
	from, strays, escaped, doubtful := i, int32(0), false, false
	for i < len(v) {
		switch c := v[i]; {
		case d.escaping && c == d.escape && i+1 < len(v) && (v[i+1] == d.quote || v[i+1] == d.escape):
			i, escaped = i+2, true
		case c != d.quote:
			i++
		case i+1 < len(v) && v[i+1] == d.quote:
			if i+2 == len(v) || d.separates(v[i+2:]) > 0 {
				step(i+2, span{from, i + 1, escaped}, strays+1, doubtful)
			}
			i, escaped = i+2, true
		default:
			if i+1 == len(v) || d.separates(v[i+1:]) > 0 {
				step(i+1, span{from, i, escaped}, strays, doubtful)
			}
			strays++
			doubtful = doubtful || i > from && d.ends(v[from:i])
			i++
		}
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
