package silver

import (
	_ "embed" // the table of countries
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed countries.tsv
var countriesTSV string

// countryName is a row of the table of countries.
type countryName struct {
	code, name string // alpha-2; Unicode CLDR English name
}

// countries maps the folded form of every known spelling to its country.
var countries = sync.OnceValue(func() map[string]countryName {
	known := make(map[string]countryName, 2048)
	for line := range strings.Lines(countriesTSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := countryName{code: f[0], name: f[2]}
		spellings := append([]string{f[0], f[1], f[2]}, strings.Split(f[3], "|")...)
		for _, s := range spellings {
			if k := string(appendCountryKey(nil, []byte(s))); k != "" {
				known[k] = c
			}
		}
	}
	return known
})

// lookupCountry finds the country that a cleaned text spells. key is scratch
// memory, returned for the next call.
func lookupCountry(s, key []byte) (c countryName, ok bool, scratch []byte) {
	key = appendCountryKey(key[:0], s)
	c, ok = countries()[string(key)]
	return c, ok, key
}

// appendCountry appends the English name of the country that a cleaned text
// spells; the text itself where that is unknown.
func appendCountry(dst, s []byte) []byte {
	var buf [64]byte
	if c, ok, _ := lookupCountry(s, buf[:0]); ok {
		return append(dst, c.name...)
	}
	return append(dst, s...)
}

// appendCountryKey appends the form by which spellings of a country are the
// same: lower case, without diacritics, dots and apostrophes, & as "and",
// hyphens as spaces.
func appendCountryKey(dst, s []byte) []byte {
	start := len(dst)
	space := func() {
		if n := len(dst); n > start && dst[n-1] != ' ' {
			dst = append(dst, ' ')
		}
	}
	add := func(r rune) {
		switch {
		case r == '.' || r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`' || r == '´' || unicode.Is(unicode.Mn, r):
		case r == '&':
			space()
			dst = append(dst, "and "...)
		case r == '-' || r >= '‐' && r <= '—' || unicode.IsSpace(r):
			space()
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
	}
	ascii := true
	for _, b := range s {
		ascii = ascii && b < utf8.RuneSelf
	}
	if !ascii {
		s = norm.NFD.Bytes(s)
	}
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(s[i:])
		}
		add(r)
		i += n
	}
	if n := len(dst); n > start && dst[n-1] == ' ' {
		dst = dst[:n-1]
	}
	return dst
}

// CountryCode returns the ISO 3166-1 alpha-2 code of the country that a cleaned
// text spells in any of the known ways; "" for an unknown one.
func CountryCode(country string) string {
	c, _, _ := lookupCountry([]byte(country), nil)
	return c.code
}
