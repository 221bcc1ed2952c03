package csvio

import (
	"bytes"
	"context"
)

// skimmer finds where records end, and nothing else.
type skimmer struct {
	*stretches
	cr int // the next one; end where there is none, less than pos where it is not known
}

func newSkimmer(d *dialect, w *window, p place) *skimmer {
	k := &skimmer{stretches: newStretches(newReader(d, w, p)), cr: -1}
	k.tokens.few = 0
	return k
}

// forget drops what is known of positions in the window: it will change.
func (s *skimmer) forget() {
	s.cr = -1
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
		if (held || !s.regular(min(stop, next))) && !s.token() {
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
// closer look, and reports whether there were any. Nothing but line ends and
// quotes is looked for in them.
func (s *skimmer) regular(stop int64) bool {
	text := s.buf[:s.nextQuote()]
	from := s.pos
	for to := int(min(stop-s.base, int64(len(text)))); s.pos < to && s.begins[text[s.pos]]; s.row++ {
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
func (s *skimmer) nextCR() int {
	if s.cr < s.pos {
		s.cr = s.end
		if i := bytes.IndexByte(s.rest(), '\r'); i >= 0 {
			s.cr = s.pos + i
		}
	}
	return s.cr
}

// token consumes one record that needs no exact reading.
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
