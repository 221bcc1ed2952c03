package csvio

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// tokenBytes is how much is tokenised at a time.
const tokenBytes = 32 << 10

// tokens are the separators of a stretch of text that begins where a record
// does. Each step looks at 64 bytes, of which it makes masks.
type tokens struct {
	*dialect
	at     []uint32 // positions of the delimiters and of where lines end
	lines  []uint32 // indexes in at of where lines end
	fields []uint32 // of each line, how many it has
	strays []uint32 // positions of the quotes that are in fields which are not enclosed
	// Of a line without quotes, at has only the first few delimiters: as many as
	// the fields that are wanted need.
	few   int
	n     int  // of at
	count int  // of lines
	seen  int  // delimiters of the line that has not ended yet
	odd   bool // some byte is not ASCII
	nul   bool
	// The stretch has quotes, and some of them are doubled or escaped.
	quoted, doubled bool
	broke           int // position after a closing quote where they end because of text there, or -1

	size       int // of a delimiter
	wide, mask uint64
}

// wideBytes is the longest delimiter that tokens can have.
const wideBytes = 8

func newTokens(d *dialect) *tokens {
	room := func() []uint32 { return make([]uint32, tokenBytes+slack) }
	t := &tokens{dialect: d, at: room(), lines: room(), fields: room(), few: math.MaxInt, size: 1}
	if n := len(d.wide); n > 0 {
		var text [wideBytes]byte
		copy(text[:], d.wide)
		t.size, t.wide, t.mask = n, binary.LittleEndian.Uint64(text[:]), ^uint64(0)>>(64-8*min(n, wideBytes))
	}
	return t
}

// apply reports whether there can be tokens of a dialect: not where it is hard
// to say what a quote is.
func (t *tokens) apply() bool {
	return t.size <= wideBytes && !(t.quoting && t.blank(t.quote)) && !(t.escaping && bytes.IndexByte(t.dialect.wide, t.escape) >= 0)
}

func (t *tokens) clear(quoted bool) {
	t.strays = t.strays[:0]
	t.n, t.count, t.seen, t.odd, t.nul, t.quoted, t.doubled, t.broke = 0, 0, 0, false, false, quoted, false, -1
}

// scanAny is scan for delimiters and line ends of all kinds.
func (t *tokens) scanAny(buf []byte, pos, lim, end int) {
	t.clear(false)
	delimiter, next := ones*uint64(t.delimiter), pos
	ascii := ^uint64(0)
	var w block
	for base := pos; base < lim; base += 64 {
		valid := w.load(buf[base:])
		ascii &= valid
		if left := lim - base; left < 64 {
			valid &= 1<<left - 1
		}
		d := w.equal(delimiter) & valid
		k := w.small() & valid &^ d
		if t.size > 1 {
			d, next = t.delimiters(buf, base, d, next)
		}
		if k != 0 {
			_, k = t.lineEnds(buf, pos, base, end, k)
		}
		if t.few < t.width {
			t.addFew(base, d, k)
		} else {
			t.add(base, d, k)
		}
	}
	t.odd = ascii != ^uint64(0)
}

// delimiters keeps of the places where a delimiter's first byte stands those
// where all of it does, from next on. It returns also where the last one ends.
func (t *tokens) delimiters(buf []byte, base int, first uint64, next int) (uint64, int) {
	for m := first; m != 0; m &= m - 1 {
		p := base + bits.TrailingZeros64(m)
		if p >= next && binary.LittleEndian.Uint64(buf[p:])&t.mask == t.wide {
			next = p + t.size
		} else {
			first ^= m & -m
		}
	}
	return first, next
}

// lineEnds finds line ends among the small bytes k: all their bytes, and the
// first one of each, where the line ends.
func (t *tokens) lineEnds(buf []byte, pos, base, end int, k uint64) (all, first uint64) {
	for ; k != 0; k &= k - 1 {
		p := base + bits.TrailingZeros64(k)
		bit := k & -k
		switch buf[p] {
		case 0:
			t.nul = true
		case '\n':
			all |= bit
			if p == pos || buf[p-1] != '\r' {
				first |= bit
			}
		case '\r':
			all |= bit
			if p+1 != end {
				first |= bit
			}
		}
	}
	return all, first
}

// add adds the separators of a step: delimiters by d, and by k where lines end.
func (t *tokens) add(base int, d, k uint64) {
	n, seen, before := t.n, t.seen, 0
	d |= k
	for ; k != 0; k &= k - 1 {
		i := bits.OnesCount64(d & (k&-k - 1)) // its place among them
		t.lines[t.count], t.fields[t.count] = uint32(n+i), uint32(seen+i-before+1)
		t.count++
		seen, before = 0, i+1
	}
	t.n = t.place(n, base, d)
	t.seen = seen + t.n - n - before
}

// addFew is add for a step of which only the first few delimiters of lines are wanted.
func (t *tokens) addFew(base int, d, k uint64) {
	n, seen := t.n, t.seen
	for {
		line := d & (k&-k - 1) // its delimiters; of all that is left where k is 0
		d ^= line
		left := t.few - seen
		seen += bits.OnesCount64(line)
		for ; left > 0 && line != 0; left-- {
			t.at[n] = uint32(base + bits.TrailingZeros64(line))
			line &= line - 1
			n++
		}
		if k == 0 {
			break
		}
		t.at[n] = uint32(base + bits.TrailingZeros64(k))
		t.lines[t.count], t.fields[t.count] = uint32(n), uint32(seen+1)
		t.count++
		n, seen, k = n+1, 0, k&(k-1)
	}
	t.n, t.seen = n, seen
}

// scanQuoted is scan for text with quotes. It ends early, at the line before one
// that must be read by the exact rules: a comment, or one with text after a closing
// quote; or, where lines are strict, one with a line end within quotes.
func (t *tokens) scanQuoted(buf []byte, pos, lim, end int, strict bool) {
	t.clear(true)
	delimiter, quote, escape := ones*uint64(t.delimiter), ones*uint64(t.quote), ones*uint64(t.escape)
	next := pos
	broken := uint64(0) // all bits, where a line end within quotes is wrong
	if strict {
		broken = ^broken
	}
	// Of the step before, in the lowest bit, as if it were shifted by one:
	inside := uint64(0)     // all bits, where it ends inside quotes
	afterSep := uint64(1)   // it ends with a separator or a closing quote
	afterQuote := uint64(0) // with a closing quote
	afterLine := uint64(1)  // with a line end
	afterSign := uint64(0)  // with an escape
	spill := uint64(0)      // where in this step the delimiter ends that begins in the one before
	var w block
	for base := pos; base < lim; base += 64 {
		valid, within := w.load(buf[base:]), ^uint64(0)
		t.odd = t.odd || valid != ^uint64(0)
		if left := lim - base; left < 64 {
			within = 1<<left - 1
			valid &= within
		}
		d, q := w.equal(delimiter)&valid, w.equal(quote)&valid
		k := w.small() & valid &^ d
		var lone uint64 // quotes after an escape
		if t.escaping {
			if e := w.equal(escape) & valid; e|afterSign != 0 {
				var escaped uint64
				escaped, afterSign = escapes(e, afterSign)
				t.doubled = true
				lone = q & escaped
				q ^= lone
			}
		}
		var all, ends uint64
		if k != 0 {
			all, ends = t.lineEnds(buf, pos, base, end, k)
		}
		in := q // after this: from an opening quote to the byte before its closing one
		in ^= in << 1
		in ^= in << 2
		in ^= in << 4
		in ^= in << 8
		in ^= in << 16
		in ^= in << 32
		in ^= inside
		var strays, sep, after, closing, text, wrong uint64
		for {
			var to int
			if sep = d &^ in; t.size > 1 {
				sep, to = t.delimiters(buf, base, sep, next)
			}
			opening := q & in
			closing = q &^ in
			lined := all&^in<<1 | afterLine
			// An opening quote follows a separator, or a closing quote that it doubles;
			// after a closing quote stands a separator, or its double.
			after = sep<<(t.size-1) | spill | all&^in | closing
			text = (closing<<1 | afterQuote) &^ (sep | all | opening)
			wrong = text | all&in&broken
			if t.comment != nil {
				wrong |= t.comments(buf[:end], base, lined&within)
			}
			wrong &= within
			// The first other one is no opening quote, but text.
			stray := opening &^ (after<<1 | afterSep) & (wrong&-wrong - 1)
			if stray == 0 {
				t.doubled = t.doubled || opening&(closing<<1|afterQuote) != 0
				next, afterLine = to, all&^in>>63
				break
			}
			stray &= -stray
			strays |= stray
			q ^= stray
			in ^= -stray
		}
		strays |= lone &^ in // outside of quotes nothing is escaped
		sep, ends = sep&(wrong&-wrong-1), ends&^in&(wrong&-wrong-1)
		for ; strays != 0; strays &= strays - 1 {
			t.strays = append(t.strays, uint32(base+bits.TrailingZeros64(strays)))
		}
		t.add(base, sep, ends)
		if wrong != 0 {
			if text&wrong&-wrong != 0 {
				t.broke = base + bits.TrailingZeros64(wrong)
			}
			return
		}
		inside = uint64(int64(in) >> 63)
		afterSep, afterQuote, spill = after>>63, closing>>63, sep>>(65-t.size)
	}
}

// comments keeps of the beginnings of lines m those of comments.
func (t *tokens) comments(b []byte, base int, m uint64) uint64 {
	for x := m; x != 0; x &= x - 1 {
		if p := base + bits.TrailingZeros64(x); p >= len(b) || !bytes.HasPrefix(b[p:], t.comment) {
			m ^= x & -x
		}
	}
	return m
}

// escapes is the mask of what follows an escape that is not escaped itself.
// before is 1 where the byte before is such an escape; then after says so of the
// last one.
func escapes(e, before uint64) (escaped, after uint64) {
	const even = 0x5555555555555555
	e &^= before
	follows := e<<1 | before
	sum, after := bits.Add64(e&^even&^follows, e, 0) // runs that begin at odd places
	return (even ^ sum<<1) & follows, after
}
