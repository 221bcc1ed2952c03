package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline"
)

type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a column or a keyword
	quoted           // a column in double quotes
	text             // 'text'
	number
	symbol // an operator, a sign, a parenthesis or a comma
)

// token is one piece of a condition. text is unquoted.
type token struct {
	kind tokenKind
	text string
	at   int // byte offset in the condition
}

// is reports whether the token is a symbol or a keyword, given in upper case.
func (t token) is(s string) bool {
	return t.kind == symbol && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case text:
		return "'" + t.text + "'"
	}
	return t.text
}

// syntaxError is an error at a place in the condition.
func syntaxError(condition string, at int, msg, hint string) error {
	n := utf8.RuneCountInString(condition[:min(at, len(condition))]) + 1
	return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: fmt.Sprintf("condition, character %d: %s", n, msg), Hint: hint}
}

// lex splits a condition into tokens, the last of kind end.
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '\'' || r == '"':
			value, n, ok := unquote(s[i:])
			if !ok {
				return nil, syntaxError(s, i, fmt.Sprintf("the quote %c is not closed", r), "")
			}
			kind := text
			if r == '"' {
				kind = quoted
			}
			out = append(out, token{kind, value, i})
			i += n
		case isDigit(s, i) || (r == '-' || r == '+' || r == '.') && (isDigit(s, i+1) || r != '.' && i+1 < len(s) && s[i+1] == '.' && isDigit(s, i+2)):
			j := i + 1
			for j < len(s) && (isDigit(s, j) || s[j] == '.') {
				j++
			}
			if strings.Count(s[i:j], ".") > 1 || j < len(s) && isWordByte(s[j]) {
				for j < len(s) && (isWordByte(s[j]) || s[j] == '.') {
					j++
				}
				return nil, syntaxError(s, i, fmt.Sprintf("%q is not a number", s[i:j]), "write dates and texts in single quotes, numbers as plain digits with a decimal point")
			}
			out = append(out, token{number, s[i:j], i})
			i = j
		case r == '_' || unicode.IsLetter(r):
			j := i
			for j < len(s) {
				c, n := utf8.DecodeRuneInString(s[j:])
				if c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
					break
				}
				j += n
			}
			out = append(out, token{word, s[i:j], i})
			i = j
		default:
			op := ""
			for _, o := range []string{"<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/"} {
				if strings.HasPrefix(s[i:], o) {
					op = o
					break
				}
			}
			if op == "" {
				return nil, syntaxError(s, i, fmt.Sprintf("unexpected %q", r), "")
			}
			out = append(out, token{symbol, op, i})
			i += len(op)
		}
	}
	return append(out, token{end, "", len(s)}), nil
}

// unquote reads a quoted text at the start of s and says how long it is there.
func unquote(s string) (value string, n int, ok bool) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != quote {
			return b.String(), i + 1, true
		}
		b.WriteByte(quote)
		i++
	}
	return "", 0, false
}

func isDigit(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }

func isWordByte(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= utf8.RuneSelf
}
