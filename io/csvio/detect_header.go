package csvio

import (
	"strings"
)

// evidence is what the body says of its columns.
type evidence struct {
	n      int // records looked at
	kinds  [][5]int
	values []map[string]bool // texts of each column
}

// body looks at the records from a place on.
func (k *detector) body(from int) *evidence {
	e := &evidence{kinds: make([][5]int, k.width), values: make([]map[string]bool, k.width)}
	for c := range e.values {
		e.values[c] = map[string]bool{}
	}
	for i := from; i < len(k.lines) && e.n < 500; i++ {
		l := &k.lines[i]
		if !k.fits(l) || k.isComment(l) || l.sparse() && k.width > 3 {
			continue
		}
		e.n++
		for c, f := range l.fields {
			if noValue(f) {
				e.kinds[c][cellEmpty]++
			} else {
				e.kinds[c][kindOf(f)]++
				e.values[c][strings.TrimSpace(f)] = true
			}
		}
	}
	return e
}

// usual returns the kind of nearly all values of a column.
func (e *evidence) usual(c int) (cellKind, bool) {
	filled := e.n - e.kinds[c][cellEmpty]
	for kind := cellNumber; kind <= cellText; kind++ {
		if filled > 0 && e.kinds[c][kind]*10 >= filled*9 {
			return kind, true
		}
	}
	return cellText, false
}

// against counts the fields of a line that are names where values would be of a
// kind (yes), and those that are such values (no).
func (e *evidence) against(l *line) (yes, no int) {
	for c, f := range l.fields {
		kind, ok := e.usual(c)
		if !ok || noValue(f) {
			continue
		}
		mine := kindOf(f)
		switch kind {
		case cellNumber, cellDate:
			if mine == kind {
				no++
			} else if mine == cellText || mine == cellCode && !digitsMostly(f) {
				yes++
			}
		case cellCode:
			if mine == cellText {
				yes++
			} else if mine == kind && digitsMostly(f) {
				no++
			}
		}
	}
	return yes, no
}

func digitsMostly(s string) bool {
	n := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return 2*n >= len(s)
}

// header decides whether the table's first line names the columns.
func (k *detector) header(start int) (is bool, confidence float64, why string) {
	l := &k.lines[start]
	e := k.body(start + 1)
	if e.n == 0 {
		for _, f := range l.fields {
			if kind := kindOf(f); kind == cellNumber || kind == cellDate {
				return false, 0.5, "the only record holds values"
			}
		}
		return true, 0.6, "the only record holds words only"
	}
	yes, no := e.against(l)
	switch {
	case no > yes:
		return false, 0.6 + 0.4*float64(no)/float64(k.width+1), count(no, "field") + " of the first record " + plural(no, "is a value", "are values") + " like those below"
	case yes > 0 && no == 0:
		return true, 0.8 + 0.2*float64(yes)/float64(k.width), "the first record has words where those below have numbers, dates or codes"
	case yes > no:
		return true, 0.6, "the first record mostly has words where those below have numbers, dates or codes"
	}
	// All is text. Names are there, differ, and are no values of their columns.
	seen := map[string]bool{}
	repeats, missing, odd := 0, 0, 0
	for c, f := range l.fields {
		f = strings.TrimSpace(f)
		if f == "" {
			missing++
			continue
		}
		if seen[strings.ToLower(f)] {
			odd++
		}
		seen[strings.ToLower(f)] = true
		if e.values[c][f] {
			repeats++
		}
		if len(f) > 60 || kindOf(f) == cellNumber || kindOf(f) == cellDate {
			odd++
		}
	}
	switch {
	case repeats > 0 && 3*repeats >= k.width:
		return false, 0.6, "the first record's values come again below"
	case odd > 0 || missing > k.width/2:
		return false, 0.5, "the first record looks like the others"
	}
	return true, 0.65, "the first record's words are not among the values below them"
}

// headerRows counts the records that name the columns: those below the first
// hold no values either, in two columns at least that have numbers or dates.
func (k *detector) headerRows(start int) int {
	n := 1
	for ; n < 4 && start+n < len(k.lines); n++ {
		l := &k.lines[start+n]
		if !k.fits(l) || l.empty()*2 > k.width {
			break
		}
		e := k.body(start + n + 1)
		yes, no, words := 0, 0, 0
		for c, f := range l.fields {
			kind, ok := e.usual(c)
			if noValue(f) || !ok || kind != cellNumber && kind != cellDate {
				continue
			}
			if kindOf(f) == cellText {
				yes++
			} else {
				no++
			}
			if first := k.lines[start].fields; c < len(first) && f == first[c] {
				words++
			}
		}
		if e.n < 2 || no > 0 || yes < 2 && words < 1 {
			break
		}
	}
	return n
}
