package csvio

import (
	"bytes"
	"math"
)

// stretches finds stretches of records that need no exact reading, by tokens.
type stretches struct {
	*reader
	tokens *tokens
	mark   int       // position of the next quote; end where there is none, less than pos where it is not known
	cr     int       // the same of the next CR
	most   int       // bytes of a stretch without quotes
	reach  int       // how far beyond a quote the next stretch goes
	line   int       // the next of the tokens' lines
	first  int       // index in tokens.at of its first separator
	stray  int       // the next of the tokens' strays
	begins [256]bool // a line that begins with it is a record, or damaged
}

// Where quotes are rare, only what is near them pays for them: the text before
// one is a stretch of its own if it is long, and stretches with quotes grow from
// leastReach on as long as quotes keep coming.
const (
	longPlain  = 2 << 10
	leastReach = 512
)

func newStretches(r *reader) *stretches {
	s := &stretches{reader: r, tokens: newTokens(r.dialect), mark: -1, cr: -1, most: tokenBytes, reach: leastReach}
	for i := range s.begins {
		c := byte(i)
		s.begins[i] = c > ' ' && (r.comment == nil || c != r.comment[0]) && (r.header == nil || !r.likeFirst(c))
	}
	return s
}

// forget drops what is known of positions in the window: it will change.
func (s *stretches) forget() {
	s.mark, s.cr, s.line, s.tokens.count, s.tokens.broke = -1, -1, 0, 0, -1
}

// pass consumes records that end before stop, at most so many, up to the first one
// that needs a closer look, and reports whether there were any. Nothing but line
// ends and quotes is looked for in them.
func (s *stretches) pass(stop, most int64) bool {
	text := s.buf[:s.nextQuote()]
	from, last := s.pos, s.row+min(most, math.MaxInt64-s.row)
	for to := int(min(stop-s.base, int64(len(text)))); s.pos < to && s.row < last && s.begins[text[s.pos]]; s.row++ {
		n := bytes.IndexByte(text[s.pos:], '\n')
		if n < 0 || n > s.limit {
			break
		}
		if cr := s.nextCR(); cr < s.pos+n-1 {
			break
		}
		s.pos += n + 1
	}
	return s.pos > from
}

// nextCR returns the position of the next CR, or end.
func (s *stretches) nextCR() int {
	if s.cr < s.pos {
		s.cr = s.end
		if i := bytes.IndexByte(s.rest(), '\r'); i >= 0 {
			s.cr = s.pos + i
		}
	}
	return s.cr
}

// ready reports whether there are tokens of lines to come, or makes some.
func (s *stretches) ready() bool { return s.line < s.tokens.count || s.tokenise() }

// tokenise looks at what comes next. It reports whether a line ends in it.
func (s *stretches) tokenise() bool {
	lim := min(s.end, s.pos+tokenBytes)
	if lim == s.pos || s.table > 0 || !s.tokens.apply() {
		return false
	}
	quoted := s.nextQuote() < lim
	switch {
	case quoted && (s.mark-s.pos >= longPlain || s.limit < tokenBytes): // past a limit, lex must look at the quotes
		if lim, quoted = s.mark, false; lim-s.pos < 4*slack {
			return false
		}
		s.reach = leastReach
	case quoted:
		lim = min(lim, s.mark+s.reach)
		s.reach = min(2*s.reach, tokenBytes)
	default:
		s.reach = leastReach
	}
	s.line, s.first, s.stray = 0, 0, 0
	if quoted {
		s.tokens.scanQuoted(s.buf, s.pos, lim, s.end, s.broken > s.offset())
	} else {
		s.tokens.scan(s.buf, s.pos, min(lim, s.pos+s.most), s.end)
	}
	return s.tokens.count > 0
}

// peek is the reader's, but does not look again for a place that tokens broke at.
func (s *stretches) peek() lexed {
	broke := s.tokens.broke - s.pos
	if broke <= 0 || lineEnd(s.buf[s.pos:s.tokens.broke], 0) < broke {
		return s.reader.peek()
	}
	b := s.rest()
	var l lexed
	l, s.spans = s.damaged(b, b[:min(len(b), s.limit+1)], s.final, afterText, broke, s.spans)
	return l
}

// nextQuote returns the position of the next quote, or end.
func (s *stretches) nextQuote() int {
	if s.mark < s.pos {
		s.mark = s.end
		if s.quoting {
			if i := bytes.IndexByte(s.rest(), s.quote); i >= 0 {
				s.mark = s.pos + i
			}
		}
	}
	return s.mark
}

// lineAfter is where the line begins that follows one which ends at end.
func (s *stretches) lineAfter(end int) int {
	if s.buf[end] == '\r' && end+1 < s.end && s.buf[end+1] == '\n' {
		return end + 2
	}
	return end + 1
}

// stop is where the tokens' last line ends.
func (s *stretches) stop() int {
	t := s.tokens
	return int(t.at[t.lines[t.count-1]])
}

// straddling is straddles for a line of the tokens, of which the first separator
// is known, and the end.
func (s *stretches) straddling(end, first int) bool {
	t, v, from := s.tokens, s.buf[s.pos:end], 0
	for ; s.stray < len(t.strays) && int(t.strays[s.stray]) < end; s.stray++ {
		g := int(t.strays[s.stray]) - s.pos
		if g < from {
			continue
		}
		for int(t.at[first])-s.pos <= g {
			first++
		}
		to := int(t.at[first]) - s.pos
		if from = s.astride(v, g, to) + 1; from > to+1 {
			return true
		}
	}
	return false
}
