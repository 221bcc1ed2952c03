package csvio

import "bytes"

// lines takes lines of the tokens, as many as may wait. fresh says that the
// tokens are new.
func (s *scanner) lines(fresh bool) {
	t := s.tokens
	odd := t.odd
	if fresh {
		s.valid = (!t.nul || s.nul) && (!odd || s.encoded(s.buf[s.pos:s.stop()]))
	}
	s.batcher.odd = s.batcher.odd || odd
	starts, firsts := s.starts[:0], s.firsts[:0]
	for room := s.room(); s.line < t.count && len(starts) < room; {
		if s.all && s.valid && len(t.strays) == 0 {
			starts, firsts = s.regular(starts, firsts, room)
			if s.line == t.count || len(starts) == room {
				break
			}
		}
		first, fields := s.first, int(t.fields[s.line])
		end := int(t.at[t.lines[s.line]])
		s.first = int(t.lines[s.line]) + 1
		s.line++
		if s.straddling(end, first) {
			s.refuse(s.buf[s.pos:end], strayQuotes)
			s.row++
		} else if s.valid && fields == s.width && s.usual(s.buf[s.pos:end]) || s.ordinary(s.buf[s.pos:end], fields) {
			if s.all || s.wants() {
				starts = append(starts, uint32(s.pos))
				firsts = append(firsts, uint32(first))
				s.rows = append(s.rows, s.row)
			}
			s.row++
		}
		s.pos = s.lineAfter(end)
		if !s.all && len(s.only) == 0 || s.table > 0 {
			break
		}
	}
	s.fields(starts, firsts)
	if s.table > 0 {
		s.forget()
	}
}

// regular takes lines up to the first one that needs a closer look.
func (s *scanner) regular(starts, firsts []uint32, room int) ([]uint32, []uint32) {
	t, pos, first, width, line := s.tokens, s.pos, s.first, uint32(s.width), s.line
	lines, fields := t.lines[:t.count], t.fields[:t.count]
	for ; line < len(lines) && len(starts) < room; line++ {
		index := int(lines[line])
		end := int(t.at[index])
		if fields[line] != width || !s.begins[s.buf[pos]] || end-pos > s.limit {
			break
		}
		starts, firsts = append(starts, uint32(pos)), append(firsts, uint32(first))
		first, pos = index+1, s.lineAfter(end)
	}
	for range line - s.line {
		s.rows = append(s.rows, s.row)
		s.row++
	}
	s.pos, s.first, s.line = pos, first, line
	return starts, firsts
}

// usual reports whether a line, which has the right number of fields, can be
// nothing but a record.
func (s *scanner) usual(text []byte) bool {
	return len(text) > 0 && text[0] > ' ' && (s.comment == nil || text[0] != s.comment[0]) && !s.like(text) && len(text) <= s.limit
}

// fields notes where the wanted fields of lines are, column by column.
func (s *scanner) fields(starts, firsts []uint32) {
	t, size, n := s.tokens, uint32(s.tokens.size), s.waiting
	firsts = firsts[:len(starts)]
	for i, c := range s.wanted {
		from, to := s.from[i][n:][:len(starts)], s.to[i][n:][:len(starts)]
		at := t.at[c:]
		for k, f := range firsts {
			to[k] = at[f]
		}
		switch {
		case c == 0:
			copy(from, starts)
		case i > 0 && s.wanted[i-1] == c-1:
			for k, end := range s.to[i-1][n:][:len(from)] {
				from[k] = end + size
			}
		default:
			at = t.at[c-1:]
			for k, f := range firsts {
				from[k] = at[f] + size
			}
		}
	}
	if t.quoted {
		for i := range s.wanted {
			from, to := s.from[i][n:][:len(starts)], s.to[i][n:][:len(starts)]
			if same := s.same[i]; same >= 0 { // unescaping changes the text
				copy(from, s.from[same][n:])
				copy(to, s.to[same][n:])
			} else {
				s.unquote(from, to)
			}
		}
	}
	s.waiting += len(starts)
}

// unquote drops the quotes around fields, half of those that are doubled, and
// escapes.
func (s *scanner) unquote(from, to []uint32) {
	for k, a := range from {
		b := to[k]
		if a == b || s.buf[a] != s.quote {
			continue
		}
		a, b = a+1, b-1
		if s.tokens.doubled {
			if text := s.buf[a:b]; bytes.IndexByte(text, s.quote) >= 0 || s.escaping && bytes.IndexByte(text, s.escape) >= 0 {
				b = a + uint32(len(s.unescape(text)))
			}
		}
		from[k], to[k] = a, b
	}
}
