package csvio

import (
	"bytes"
	"context"
	"math"
)

// skimmer finds where records end, and nothing else.
type skimmer struct{ *stretches }

func newSkimmer(d *dialect, w *window, p place) *skimmer {
	k := &skimmer{newStretches(newReader(d, w, p))}
	k.tokens.few = 0
	return k
}

// until reads on to the first place that is not before stop, or to the end. It
// calls cut with each place that is the first one past a multiple of size.
func (s *skimmer) until(ctx context.Context, stop, size int64, cut func(place)) error {
	from := s.offset()
	next := (from/size + 1) * size // the multiple that the next cut passes
	for from < stop {
		// What the tokens hold is used up before anything else.
		held := s.line < s.tokens.count
		if (held || !s.pass(min(stop, next), math.MaxInt64)) && !s.token() {
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
