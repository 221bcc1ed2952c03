package silver

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// appendEmail appends the e-mail address in lower case, or nothing unless it
// matches ^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$. s is cleaned text.
func appendEmail(dst, s []byte) []byte {
	at := bytes.IndexByte(s, '@')
	if at <= 0 {
		return dst
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		if unicode.IsSpace(r) || (r == '@' && i != at) {
			return dst
		}
		i += n
	}
	dots, label := 0, 0 // dots in the domain, bytes since the last one
	for _, b := range s[at+1:] {
		if b != '.' {
			label++
			continue
		}
		if label == 0 {
			return dst
		}
		dots, label = dots+1, 0
	}
	if dots == 0 || label == 0 {
		return dst
	}
	return append(dst, bytes.ToLower(s)...)
}

// The pattern has no repeated group: on a long text Java's stack ends before it does.
var emailSQL = &sql.Macro{
	Name:   "email",
	Doc:    "An e-mail address in lower case: string. NULL unless it is one with an @ and a domain of at least two names. value is a clean text.",
	Args:   []string{"value"},
	DuckDB: `case when regexp_matches({{ value }}, '^[^@ ]+@[^@ .]+[.][^@ ]*[^@ .]$') and not regexp_matches({{ value }}, '@.*[.][.]') then {{ lower_case(value) }} end`,
	Spark:  `case when {{ value }} rlike '^[^@ ]+@[^@ .]+[.][^@ ]*[^@ .]$' and not {{ value }} rlike '@.*[.][.]' then {{ lower_case(value) }} end`,
}

// appendPhone appends the ASCII digits of a telephone number, with a leading +
// kept, or nothing where there is no digit. s is cleaned text.
func appendPhone(dst, s []byte) []byte {
	start := len(dst)
	if len(s) > 0 && s[0] == '+' {
		dst = append(dst, '+')
	}
	digits := len(dst)
	for _, b := range s {
		if '0' <= b && b <= '9' {
			dst = append(dst, b)
		}
	}
	if len(dst) == digits {
		return dst[:start]
	}
	return dst
}

var onlyDigitsSQL = &sql.Macro{
	Name:   "only_digits",
	Doc:    "The ASCII digits of a text: string, '' without any.",
	Args:   []string{"value"},
	DuckDB: `regexp_replace({{ value }}, '[^0-9]', '', 'g')`,
	Spark:  `regexp_replace({{ value }}, '[^0-9]', '')`,
}

var phoneSQL = &sql.Macro{
	Name: "phone",
	Doc:  "A telephone number's digits, a leading + kept: string. NULL without a digit. value is a clean text.",
	Args: []string{"value"},
	Body: `case when {{ only_digits(value) }} <> '' then case when {{ value }} like '+%' then '+' else '' end || {{ only_digits(value) }} end`,
}
