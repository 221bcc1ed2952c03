package csvio

import (
	"bytes"
	"context"
)

// skimmer finds where records end, and nothing else.
type skimmer struct {
	*stretches
	lf, cr int // the next of each; end where there is none, less than pos where it is not known
}

func newSkimmer(d *dialect, w *window, p place) *skimmer {
	k := &skimmer{stretches: newStretches(newReader(d, w, p)), lf: -1, cr: -1}
	k.tokens.few = 0
	return k
}

// forget drops what is known of positions in the window: it will change.
func (s *skimmer) forget() {
	s.lf, s.cr = -1, -1
	s.stretches.forget()
}

// until reads on to the first place that is not before stop, or to the end. It
// calls cut with each place that is the first one past a multiple of size.
func (s *skimmer) until(ctx context.Context, stop, size int64, cut func(place)) error {
	from := s.offset()
	next := (from/size + 1) * size // the multiple that the next cut passes
	for from < stop {
		// What the tokens hold is used up before anything else.
		held := s.line < s.tokens.count
		if (held || !s.regular(min(stop, next)) && !s.plain()) && !s.token() {
			l := s.peek()
			if l.kind == kindMore {
				if s.done() {
					return nil
				}
				s.forget()
				if err := s.fill(ctx); err != nil {
					return err
				}
				continue
			}
			if l.kind == kindLong || l.kind == kindComment {
				s.forget()
			}
			if err := s.take(ctx, l); err != nil {
				return err
			}
		}
		if from = s.offset(); from >= next {
			cut(s.place())
			next = (from/size + 1) * size
		}
	}
	return nil
}

// regular consumes lines that end before stop, up to the first one that needs a
// closer look, if only for a CR, and reports whether there were any. Nothing but
// LFs is looked for in them.
func (s *skimmer) regular(stop int64) bool {
	s.find(&s.cr, '\r')
	pos, text := s.pos, s.buf[:min(s.cr, s.nextQuote())]
	for to := int(min(stop-s.base, int64(len(text)))); pos < to && s.begins[text[pos]]; {
		n := bytes.IndexByte(text[pos:], '\n')
		if n < 0 || n > s.limit {
			break
		}
		pos += n + 1
		s.row++
	}
	some := pos > s.pos
	s.pos = pos
	return some
}

// plain consumes one line if no quote comes before its end.
func (s *skimmer) plain() bool {
	s.find(&s.lf, '\n')
	s.find(&s.cr, '\r')
	end := s.lf
	if s.cr < s.lf {
		if end = s.cr; end+1 == s.end {
			return false // an LF may follow
		}
	}
	return end < s.end && s.nextQuote() > end && s.consume(end)
}

func (s *skimmer) find(known *int, c byte) {
	if *known >= s.pos {
		return
	}
	if *known = bytes.IndexByte(s.rest(), c); *known < 0 {
		*known = s.end
	} else {
		*known += s.pos
	}
}

// token consumes one record with quotes that needs no exact reading.
func (s *skimmer) token() bool {
	if !s.ready() {
		return false
	}
	end := int(s.tokens.at[s.tokens.lines[s.line]])
	s.line++
	return s.consume(end)
}

// consume consumes the record that ends at end, unless lex must look at it.
func (s *skimmer) consume(end int) bool {
	text := s.buf[s.pos:end]
	if len(text) > s.limit || s.like(text) || s.comment != nil && bytes.HasPrefix(text, s.comment) {
		return false
	}
	if len(text) > 0 && text[0] > ' ' || !s.allBlank(text) {
		s.row++
	}
	s.pos = s.lineAfter(end)
	return true
}
