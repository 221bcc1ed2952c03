package silver

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// cleaner turns a text into its cleaned form: Unicode NFC, trimmed, inner runs
// of white space folded to one space. A text without anything left is NULL.
// It belongs to one goroutine.
type cleaner struct {
	buf, out []byte
}

// clean returns the cleaned form of s: s itself where nothing changes, else
// memory that is valid until the next call. Empty means NULL.
func (c *cleaner) clean(s []byte) []byte {
	if isClean(s) {
		return s
	}
	c.buf = norm.NFC.Append(c.buf[:0], s...)
	c.out = foldSpace(c.out[:0], c.buf)
	return c.out
}

var cleanTextSQL = &sql.Macro{
	Name: "clean_text",
	Doc:  "A text trimmed and with each run of white space as one space: string. NULL where nothing is left. DuckDB composes it to NFC; Spark cannot, and takes it as NFC. A letter has at most 30 marks.",
	Args: []string{"value"},
	DuckDB: `nullif(trim(regexp_replace(
    nfc_normalize({{ value }}),
    '[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+', ' ', 'g')), '')`,
	Spark: `nullif(trim(regexp_replace(
    {{ value }},
    r'[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+', ' ')), '')`,
}

// isClean reports whether a text is its own cleaned form. It may say no for a
// text that is.
func isClean(s []byte) bool {
	space := true // a space here would be leading or doubled
	for i, b := range s {
		switch {
		case b > ' ' && b < utf8.RuneSelf:
			space = false
		case b == ' ':
			if space {
				return false
			}
			space = true
		case b < ' ':
			return false
		default:
			return isCleanUnicode(s, i, space)
		}
	}
	return !space || len(s) == 0
}

// isCleanUnicode is isClean for a text whose first non-ASCII byte is at i and
// whose bytes before it are clean; space says that a space there would be too
// many.
func isCleanUnicode(s []byte, i int, space bool) bool {
	if !norm.NFC.IsNormal(s) {
		return false
	}
	for i < len(s) {
		r, n := utf8.DecodeRune(s[i:])
		if unicode.IsSpace(r) {
			if space || r != ' ' {
				return false
			}
			space = true
		} else {
			space = false
		}
		i += n
	}
	return !space
}

// foldSpace appends s to dst, trimmed and with every run of white space as one
// space.
func foldSpace(dst, s []byte) []byte {
	pending := false
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(s[i:])
		}
		if unicode.IsSpace(r) {
			pending = len(dst) > 0
		} else {
			if pending {
				dst, pending = append(dst, ' '), false
			}
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return dst
}

// appendFolded appends s in lower case and without white space: the form by
// which spellings of one category are the same.
func appendFolded(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		switch {
		case unicode.IsSpace(r):
		case r == utf8.RuneError && n == 1:
			dst = append(dst, s[i])
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += n
	}
	return dst
}

// Go's lower case is one letter for one, wherever it stands. Spark's would know a
// sigma at the end of a word, and keep the dot of İ.
var lowerCaseSQL = &sql.Macro{
	Name:   "lower_case",
	Doc:    "A text in lower case, letter by letter: string.",
	Args:   []string{"value"},
	DuckDB: `lower({{ value }})`,
	Spark:  `lower(translate({{ value }}, 'İΣ', 'iσ'))`,
}

var spellingKeySQL = &sql.Macro{
	Name: "spelling_key",
	Doc:  "The form by which spellings of one category, subcategory or brand are the same: string, in lower case and without spaces. value is a clean text.",
	Args: []string{"value"},
	Body: `replace({{ lower_case(value) }}, ' ', '')`,
}

// CleanText returns a text as silver has it: as keys are compared, NFC, trimmed,
// inner white space folded. "" is NULL.
func CleanText(s string) string {
	var c cleaner
	return string(c.clean([]byte(s)))
}
