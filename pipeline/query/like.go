package query

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// pattern is a LIKE pattern: texts that stand in order with anything between
// them. In a text, _ is any one character.
type pattern struct {
	parts [][]byte // split at %
}

func compilePattern(s string) pattern {
	var p pattern
	for part := range strings.SplitSeq(s, "%") {
		p.parts = append(p.parts, []byte(part))
	}
	return p
}

// match reports whether the whole text fits. Between the first and the last
// part each is taken where it first fits: later would leave less for the rest.
func (p pattern) match(s []byte) bool {
	n, ok := prefix(s, p.parts[0])
	if !ok {
		return false
	}
	s = s[n:]
	if len(p.parts) == 1 {
		return len(s) == 0
	}
	last := len(p.parts) - 1
	for _, part := range p.parts[1:last] {
		for {
			if n, ok = prefix(s, part); ok {
				s = s[n:]
				break
			}
			if len(s) == 0 {
				return false
			}
			_, size := utf8.DecodeRune(s)
			s = s[size:]
		}
	}
	// The last part must end the text: step to where as many characters are
	// left as it has.
	left := utf8.RuneCount(s) - utf8.RuneCount(p.parts[last])
	for ; left > 0; left-- {
		_, size := utf8.DecodeRune(s)
		s = s[size:]
	}
	n, ok = prefix(s, p.parts[last])
	return ok && n == len(s)
}

// prefix reports whether a text begins with a part, and how long that is.
func prefix(s, part []byte) (n int, ok bool) {
	if !bytes.ContainsRune(part, '_') {
		return len(part), bytes.HasPrefix(s, part)
	}
	for len(part) > 0 {
		if n == len(s) {
			return 0, false
		}
		_, want := utf8.DecodeRune(part)
		_, have := utf8.DecodeRune(s[n:])
		if part[0] != '_' && !bytes.Equal(part[:want], s[n:n+have]) {
			return 0, false
		}
		part, n = part[want:], n+have
	}
	return n, true
}
