package csvio

import (
	"strings"
	"unicode"
)

// cellKind is what a field looks like.
type cellKind uint8

const (
	cellEmpty cellKind = iota
	cellNumber
	cellDate // or a time
	cellCode // a text without blanks that has digits, an address or a link
	cellText
)

// kindOf classifies a field.
func kindOf(s string) cellKind {
	s = strings.TrimSpace(s)
	if s == "" {
		return cellEmpty
	}
	if isNumber(s) {
		return cellNumber
	}
	if isDate(s) {
		return cellDate
	}
	if !strings.ContainsAny(s, " \t") && (strings.ContainsAny(s, "0123456789@") || strings.Contains(s, "://")) {
		return cellCode
	}
	return cellText
}

// isNumber reports whether s is a number, with or without groups of thousands,
// a currency, a percent sign or parentheses.
func isNumber(s string) bool {
	if n := len(s); n > 2 && s[0] == '(' && s[n-1] == ')' {
		s = s[1 : n-1]
	}
	s = strings.TrimLeft(s, "+-")
	s = strings.TrimSuffix(s, "%")
	for _, currency := range []string{"$", "€", "£", "¥", "USD", "EUR", "GBP", "R$", "CHF"} {
		s = strings.TrimPrefix(strings.TrimSuffix(s, currency), currency)
	}
	s = strings.TrimLeft(strings.TrimSpace(s), "-")
	if s == "" || len(s) > 40 || s[0] < '0' && s[0] != '.' && s[0] != ',' || s[0] > '9' {
		return false
	}
	digits, points, commas := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '.':
			points++
		case c == ',':
			commas++
		case (c == 'e' || c == 'E') && digits > 0 && i+1 < len(s):
			rest := strings.TrimLeft(s[i+1:], "+-")
			return rest != "" && strings.Trim(rest, "0123456789") == ""
		case (c == ' ' || c == '\'') && digits > 0 && i+3 < len(s): // groups of thousands
		default:
			return false
		}
	}
	return digits > 0 && (points <= 1 || commas <= 1)
}

// isDate reports whether s is a date, a time or both.
func isDate(s string) bool {
	if len(s) < 4 || len(s) > 35 {
		return false
	}
	digits, marks, letters := 0, 0, 0
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '-' || r == '/' || r == ':' || r == '.':
			marks++
		case r == ' ' || r == ',' || r == '+':
		case unicode.IsLetter(r):
			letters++
		default:
			return false
		}
	}
	first := s[0] >= '0' && s[0] <= '9'
	switch {
	case letters == 0:
		return first && digits >= 3 && (marks >= 2 || strings.Count(s, ":") == 1 && digits <= 6)
	case strings.ContainsAny(s, "TZ") && letters <= 2, letters == 2 && (strings.HasSuffix(s, "M") || strings.HasSuffix(s, "m")):
		return first && digits >= 3 && marks >= 1
	}
	return hasMonth(s) && digits >= 3 && digits <= 20
}

func hasMonth(s string) bool {
	low := strings.ToLower(s)
	for _, m := range []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"} {
		if i := strings.Index(low, m); i >= 0 {
			return len(low) < 24
		}
	}
	return false
}

// noValue reports whether a field is one of the words that stand for no value.
func noValue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "-", "--", "?", ".", "..", "...", "*", "null", "na", "n/a", "nan", "none", "nil", "#n/a", "\\n", "unknown", "missing", "x", "tbd", "k.a.":
		return true
	}
	return false
}
