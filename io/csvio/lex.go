package csvio

import "bytes"

// kind is what stands at the beginning of a line.
type kind uint8

const (
	kindMore    kind = iota // it is not all in the buffer yet
	kindRecord              // fields
	kindBad                 // a line that is damaged
	kindLong                // a line that is too long; its end is not known yet
	kindSkip                // a blank line, a comment or the header again
	kindComment             // a comment that is too long; its end is not known yet
	kindTable               // the header again, written in another way: another table begins
)

// lexed is one record or line, in positions from its first byte.
type lexed struct {
	kind kind
	end  int // where its text ends, before the line end
	next int // where the next one begins
	// broke is how far the bytes were read as one record before it proved to be
	// damaged. Until there, a record that reaches the end of its first line inside
	// quotes would go the same way, so it is damaged too: each byte is then looked
	// at twice at most, however many quotes are left open.
	broke  int
	msg    string
	mended bool // a record, read with some quotes taken for text
}

// span is a field's text: b[from:to].
type span struct {
	from, to int
	escaped  bool // doubled quotes or escapes are to be resolved
}

const (
	openQuote   = "unterminated quote"
	afterText   = "text after a closing quote"
	headerAgain = "the header again, written in another way: another table begins"
	strayQuotes = "quotes within fields that may enclose a delimiter"
)

// lex reads what stands at the beginning of b by the exact rules. final says
// that nothing follows b. broken is the place up to which an earlier record was
// read in vain. The fields of a record are left in spans.
func (d *dialect) lex(b []byte, final bool, broken int, spans *[]span) lexed {
	v, cut := b, false
	if len(b) > d.limit+1 {
		v = b[:d.limit+1]
	}
	cut = len(b) > d.limit
	fields, stray := (*spans)[:0], false
	defer func() { *spans = fields }()
	damaged := func(msg string, broke int) (l lexed) {
		l, fields = d.damaged(b, v, final, msg, broke, fields)
		return l
	}

	i := 0
	for i < len(v) && d.blank(v[i]) {
		i++
	}
	if i == len(v) && !cut {
		if !final {
			return lexed{kind: kindMore}
		}
		return lexed{kind: kindSkip, end: i, next: i}
	}
	if i < len(v) && (v[i] == '\n' || v[i] == '\r') {
		return d.line(b, v, i, final, lexed{kind: kindSkip})
	}
	if d.comment != nil {
		if !final && len(v) < len(d.comment) && bytes.HasPrefix(d.comment, v) {
			return lexed{kind: kindMore}
		}
		if bytes.HasPrefix(v, d.comment) {
			return d.line(b, v, lineEnd(v, 0), final, lexed{kind: kindSkip})
		}
	}
	for i = 0; ; i++ { // a field
		var s span
		if d.quoting && i < len(v) && v[i] == d.quote {
			end, escaped, broke := d.quoted(v, i+1, broken)
			if end+1 == len(v) && cut {
				end, broke = -1, len(v)
			}
			if end < 0 {
				if broke == len(v) && !cut && !final {
					return lexed{kind: kindMore}
				}
				return damaged(openQuote, broke)
			}
			s = span{i + 1, end, escaped}
			i = end + 1
			if i < len(v) && v[i] != '\n' && v[i] != '\r' && d.separates(v[i:]) == 0 {
				if !cut && !final && bytes.HasPrefix(d.wide, v[i:]) {
					return lexed{kind: kindMore}
				}
				return damaged(afterText, i)
			}
		} else {
			s.from = i
			for ; i < len(v); i++ {
				if !d.special[v[i]] {
					continue
				}
				if c := v[i]; c == d.quote && d.quoting {
					stray = true
				} else if c == '\n' || c == '\r' || d.wide == nil || d.separates(v[i:]) > 0 {
					break
				}
			}
			s.to = i
		}
		if i == len(v) && (cut || !final) {
			if !cut {
				return lexed{kind: kindMore}
			}
			return damaged(openQuote, i)
		}
		fields = append(fields, s)
		n := d.separates(v[i:])
		if n == 0 {
			break
		}
		i += n - 1
	}
	l := d.line(b, v, i, final, lexed{kind: kindRecord})
	if l.kind != kindRecord {
		return l
	}
	if stray && d.quoting && d.width > 0 && d.straddles(b[:l.end], fields) {
		l.kind, l.msg = kindBad, strayQuotes
		return l
	}
	return d.judged(b, l, fields)
}

// judged tells records from headers.
func (d *dialect) judged(b []byte, l lexed, fields []span) lexed {
	switch text := b[:l.end]; {
	case d.repeats(text):
		l.kind = kindSkip
	case d.again(text, fields):
		l.kind = kindTable
	default:
		l.kind = kindRecord
	}
	return l
}

// quoted finds the closing quote of a field whose text begins at i. Where
// there is none, end is -1 and broke is where the search ended.
func (d *dialect) quoted(v []byte, i, broken int) (end int, escaped bool, broke int) {
	if broken > i {
		defer func(from int) {
			stop := end
			if end < 0 {
				stop = len(v)
			}
			if e := lineEnd(v[:stop], from); e < stop && e+1 <= broken {
				end, broke = -1, broken
			}
		}(i)
	}
	for {
		var k int
		if d.escaping {
			for k = i; k < len(v) && v[k] != d.quote && v[k] != d.escape; k++ {
			}
		} else if k = bytes.IndexByte(v[i:], d.quote); k < 0 {
			k = len(v)
		} else {
			k += i
		}
		switch {
		case k == len(v):
			return -1, escaped, k
		case v[k] != d.quote: // the escape
			if k+1 == len(v) {
				return -1, escaped, len(v)
			}
			if i = k + 1; v[i] == d.quote || v[i] == d.escape {
				i, escaped = i+1, true
			}
		case k+1 < len(v) && v[k+1] == d.quote:
			i, escaped = k+2, true
		default:
			return k, escaped, 0
		}
	}
}

// damaged returns the line that a damaged record begins on, and its fields if
// it can be mended.
func (d *dialect) damaged(b, v []byte, final bool, msg string, broke int, fields []span) (lexed, []span) {
	e := lineEnd(v, 0)
	if e < broke {
		msg = openQuote // whatever came of it on a later line
	}
	l := d.line(b, v, e, final, lexed{kind: kindBad, msg: msg, broke: broke})
	if l.kind == kindBad && d.width > 0 && d.quoting {
		var ok bool
		if fields, ok = d.mend(b[:l.end], fields); ok {
			l.mended = true
			l = d.judged(b, l, fields)
		}
	}
	return l, fields
}

// line completes l, whose text ends at e: at a line end, or where v ends.
func (d *dialect) line(b, v []byte, e int, final bool, l lexed) lexed {
	l.end, l.next = e, e+1
	switch {
	case e == len(v) && len(b) > d.limit:
		l.kind, l.next = kindLong, e
		if d.comment != nil && bytes.HasPrefix(v, d.comment) {
			l.kind = kindComment
		}
	case e == len(v):
		l.next = e
		if !final {
			return lexed{kind: kindMore}
		}
	case b[e] == '\r' && e+1 == len(b):
		if !final {
			return lexed{kind: kindMore}
		}
	case b[e] == '\r' && b[e+1] == '\n':
		l.next++
	}
	return l
}

// lineEnd returns the position of the first LF or CR from i on, or len(b).
func lineEnd(b []byte, i int) int {
	rest := b[i:]
	n := bytes.IndexByte(rest, '\n')
	if n >= 0 {
		rest = rest[:n]
	}
	if r := bytes.IndexByte(rest, '\r'); r >= 0 {
		return i + r
	}
	return i + len(rest)
}
