package silver

import (
	_ "embed" // the table of countries
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/smeltdata/smelt/pipeline/sql"
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
// same: lower case, without accents and other marks, dots and apostrophes, & as
// "and", hyphens as spaces.
func appendCountryKey(dst, s []byte) []byte {
	start := len(dst)
	space := func() {
		if n := len(dst); n > start && dst[n-1] != ' ' {
			dst = append(dst, ' ')
		}
	}
	add := func(r rune) {
		switch {
		case r == '.' || r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`' || r == '´' || unicode.Is(unicode.M, r):
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
	if ascii {
		return dst
	}
	return append(dst[:start], norm.NFC.Bytes(dst[start:])...) // syllables of Hangul
}

// CountrySpellings returns the known spellings of countries, each as its key,
// country_key in SQL, with the country's name and its alpha-2 code, in the order
// of the keys.
func CountrySpellings() [][3]string {
	var out [][3]string
	for key, c := range countries() {
		out = append(out, [3]string{key, c.name, c.code})
	}
	slices.SortFunc(out, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// withoutMarksSQL is made when it is asked for. Spark has no function that takes a
// letter apart, so it is told what the letters with accents are made of.
var withoutMarksSQL = sync.OnceValue(func() *sql.Macro {
	accented, plain := accents()
	return &sql.Macro{
		Name:   "without_marks",
		Doc:    "A text in lower case without its letters' accents and other marks: string. Spark takes it as NFC, and knows the marks of its Java: 17 has none of Unicode 14 and later.",
		Args:   []string{"value"},
		DuckDB: `strip_accents({{ lower_case(value) }})`,
		Spark:  `regexp_replace(translate({{ lower_case(value) }}, '` + accented + `', '` + plain + `'), r'\p{M}+', '')`,
	}
})

// accents returns the characters that are in lower case and that Unicode makes of
// another character and of marks, and in the same order those others.
func accents() (accented, plain string) {
	var from, to []rune
	for r := rune(utf8.RuneSelf); r < 0x20000; r++ { // all are below
		parts := []rune(norm.NFD.String(string(r)))
		if r == unicode.ToLower(r) && norm.NFC.IsNormalString(string(r)) && len(parts) > 1 && !unicode.Is(unicode.M, parts[0]) && unicode.Is(unicode.M, parts[1]) {
			from, to = append(from, r), append(to, parts[0])
		}
	}
	return string(from), string(to)
}

var countryKeySQL = &sql.Macro{
	Name: "country_key",
	Doc:  "The form by which spellings of a country are the same: string, in lower case, without accents, dots and apostrophes, & as and, hyphens as spaces. value is a clean text.",
	Args: []string{"value"},
	DuckDB: `trim(regexp_replace(replace(regexp_replace(
    {{ without_marks(value) }}, '[.\x27\x60´ʼ‘’]', '', 'g'), '&', ' and '), '[ ‐-—-]+', ' ', 'g'))`,
	Spark: `trim(regexp_replace(replace(regexp_replace(
    {{ without_marks(value) }}, r'[.\x27\x60´ʼ‘’]', ''), '&', ' and '), '[ ‐-—-]+', ' '))`,
}

// CountryCode returns the ISO 3166-1 alpha-2 code of the country that a cleaned
// text spells in any of the known ways; "" for an unknown one.
func CountryCode(country string) string {
	c, _, _ := lookupCountry([]byte(country), nil)
	return c.code
}
