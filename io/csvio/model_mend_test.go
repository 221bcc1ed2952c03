package csvio

import "strings"

// ways are the best ways to read the rest of a damaged line, by their number
// of fields.
type ways map[int]way

type way struct {
	cost    int
	several bool
	fields  []modelField // nil = nobody can tell
}

func (w ways) add(n int, x way) {
	old, ok := w[n]
	if ok && old.cost < x.cost {
		return
	}
	if ok && old.cost == x.cost {
		if x.fields == nil {
			return
		}
		x.several = x.several || old.fields != nil
	}
	w[n] = x
}

func (x way) unless(doubtful bool) way {
	if doubtful {
		x.fields = nil
	}
	return x
}

// mend reads the rest of a line, with some quotes taken for text.
func (m *model) mend(line string, i int, known map[int]ways) ways {
	if w, ok := known[i]; ok {
		return w
	}
	w := ways{}
	known[i] = w
	doubtful := false
	field := func(end, cost int, f modelField) {
		if end == len(line) {
			w.add(1, way{cost, false, []modelField{f}}.unless(doubtful))
			return
		}
		for n, r := range m.mend(line, end+len(m.delimiter), known) {
			w.add(n+1, way{cost + r.cost, r.several, append([]modelField{f}, r.fields...)}.unless(doubtful || r.fields == nil))
		}
	}
	q := string(m.quote)
	end := strings.Index(line[i:], m.delimiter)
	if end < 0 {
		end = len(line)
	} else {
		end += i
	}
	quotes := strings.Count(line[i:end], q)
	if i == len(line) || line[i] != m.quote {
		field(end, quotes, modelField{line[i:end], i, end, false})
		return w
	}
	if quotes == 1 && strings.Contains(line[end:], q) {
		field(end, 1, modelField{line[i:end], i, end, false})
	}
	closes := func(at int) bool { return at == len(line) || strings.HasPrefix(line[at:], m.delimiter) }
	text, cost := "", 0
	for at := i + 1; at < len(line); {
		next := byte(0)
		if at+1 < len(line) {
			next = line[at+1]
		}
		switch c := line[at]; {
		case m.escape != 0 && c == m.escape && at+1 < len(line) && (next == m.escape || next == m.quote):
			text += string(next)
			at += 2
		case c != m.quote:
			text += line[at : at+1]
			at++
		case at+1 < len(line) && next == m.quote:
			if closes(at + 2) {
				field(at+2, cost+1, modelField{text + q, i + 1, at + 1, true})
			}
			text += q
			at += 2
		default:
			if closes(at + 1) {
				field(at+1, cost, modelField{text, i + 1, at, true})
			}
			doubtful = doubtful || strings.HasSuffix(line[i+1:at], m.delimiter)
			text += q
			cost++
			at++
		}
	}
	return w
}

// mended reads a damaged line, if there is one best way to.
func (m *model) mended(line string) ([]modelField, bool) {
	if m.quote == 0 {
		return nil, false
	}
	w := m.mend(line, 0, map[int]ways{})
	best, ok := w[m.width]
	for _, other := range w {
		ok = ok && other.cost >= best.cost
	}
	if !ok || best.fields == nil || best.several || m.doubtful(line, best.fields) {
		return nil, false
	}
	return best.fields, true
}

// doubtful reports whether quotes in fields that are not enclosed could enclose
// a delimiter.
func (m *model) doubtful(raw string, fields []modelField) bool {
	if m.quote == 0 {
		return false
	}
	// Pairs of quotes are nothing: neither of them opens or closes.
	var lone []int
	for i := 0; i < len(raw); i++ {
		if raw[i] == m.quote && i+1 < len(raw) && raw[i+1] == m.quote {
			i++
		} else if raw[i] == m.quote {
			lone = append(lone, i)
		}
	}
	is := func(i int, set string) bool { return i >= 0 && i < len(raw) && strings.IndexByte(set, raw[i]) >= 0 }
	for _, f := range fields {
		for k := 0; k+1 < len(lone) && !f.enclosed; k++ {
			g, h := lone[k], lone[k+1]
			if g < f.from || g >= f.to || g+1 == f.to || is(g+1, " \t") || is(h-1, " \t") || strings.HasSuffix(raw[:h], m.delimiter) {
				continue
			}
			if h+1 < len(raw) && !is(h+1, " \t\r\n") && !strings.HasPrefix(raw[h+1:], m.delimiter) {
				continue
			}
			if h >= f.to {
				return true
			}
			k++
		}
	}
	return false
}
