package csvio

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline"
)

// dialect is how a file is written. It is immutable once the header is known.
type dialect struct {
	delimiter byte      // its first byte
	wide      []byte    // the delimiter, if it has several bytes
	special   [256]bool // a byte that is not always text outside of quotes
	quoting   bool
	quote     byte
	escaping  bool // escape is a byte of its own
	escape    byte
	comment   []byte   // nil = none
	nul       bool     // NUL bytes are allowed: one is the escape
	limit     int      // longest record
	width     int      // fields a record; 0 = not known yet
	header    [][]byte // the header's records as they stand, without their line ends; nil = none repeats
	names     [][]byte // the fields of its first one
	named     bool     // not all of them are empty
	short     int      // bytes that a record needs to hold names, at least; those it may have are long
	long      int
	charset   *charset
}

// recordLimit is the longest record that is read, in bytes.
const recordLimit = 16 << 20

func newDialect(f pipeline.File) (*dialect, error) {
	d := &dialect{delimiter: ',', quoting: true, quote: '"', limit: recordLimit}
	bad := func(format string, args ...any) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: f.Name, Msg: fmt.Sprintf(format, args...)}
	}
	one := func(key, s string, to *byte) error {
		if len(s) != 1 || s[0] >= 0x80 || s[0] == '\n' || s[0] == '\r' {
			return bad("%s must be one ASCII character, not %q", key, s)
		}
		*to = s[0]
		return nil
	}
	switch {
	case len(f.Delimiter) > 1:
		if strings.ContainsAny(f.Delimiter, "\r\n\x00\"") || !isASCII([]byte(f.Delimiter)) {
			return nil, bad("delimiter must be of ASCII characters, not %q", f.Delimiter)
		}
		d.delimiter, d.wide = f.Delimiter[0], []byte(f.Delimiter)
	case f.Delimiter != "":
		if err := one("delimiter", f.Delimiter, &d.delimiter); err != nil {
			return nil, err
		}
	}
	switch f.Quote {
	case "":
	case "none":
		d.quoting = false
	default:
		if err := one("quote", f.Quote, &d.quote); err != nil {
			return nil, err
		}
	}
	if f.Escape != "" {
		if err := one("escape", f.Escape, &d.escape); err != nil {
			return nil, err
		}
		d.escaping = d.quoting && d.escape != d.quote
		d.nul = d.escape == 0
	}
	if d.quoting && bytes.IndexByte(d.wide, d.quote) >= 0 || d.quoting && d.quote == d.delimiter || d.escaping && d.escape == d.delimiter {
		return nil, bad("%q cannot be the delimiter and the quote or escape", cmp.Or(f.Delimiter, ","))
	}
	if strings.ContainsAny(f.Comment, "\r\n") {
		return nil, bad("a comment's beginning cannot hold a line end")
	}
	if f.Comment != "" {
		d.comment = []byte(f.Comment)
	}
	for key, n := range map[string]int{"skip_rows": f.SkipRows, "skip_footer": f.SkipFooter, "header_rows": f.HeaderRows} {
		if n < 0 {
			return nil, bad("%s is negative", key)
		}
	}
	if f.NoHeader && f.HeaderRows > 0 {
		return nil, bad("header_rows needs a header")
	}
	for _, c := range []byte{'\n', '\r', d.delimiter} {
		d.special[c] = true
	}
	d.special[d.quote] = d.special[d.quote] || d.quoting
	return d, nil
}

// separates returns the length of the delimiter at the beginning of b; 0 = there
// is none.
func (d *dialect) separates(b []byte) int {
	switch {
	case len(b) == 0 || b[0] != d.delimiter:
		return 0
	case d.wide == nil:
		return 1
	case bytes.HasPrefix(b, d.wide):
		return len(d.wide)
	}
	return 0
}

// blank reports whether c makes a line blank if it has nothing else.
func (d *dialect) blank(c byte) bool {
	return (c == ' ' || c == '\t') && c != d.delimiter
}

func (d *dialect) allBlank(line []byte) bool {
	for _, c := range line {
		if !d.blank(c) {
			return false
		}
	}
	return true
}

var utf8BOM = []byte("\uFEFF")

// setHeader notes the header, as it may come again.
func (d *dialect) setHeader(records [][]byte, names [][]byte) {
	d.header, d.names = records, names
	d.short, d.long = len(records[0]), len(records[0])
	size, bare := 0, 0
	for _, n := range names {
		size += len(n)
		bare += len(bytes.TrimSpace(n))
	}
	d.named = bare > 0
	d.short = min(d.short, bare+max(1, len(d.wide))*(len(names)-1))
	d.long = max(d.long, 2*size+(4+max(1, len(d.wide)))*len(names)) + len(utf8BOM) // enclosed, every byte doubled, some blanks
	for _, r := range records {
		d.short, d.long = min(d.short, len(r)), max(d.long, len(r)+len(utf8BOM))
	}
}

// like reports whether a record may be the header again, for all that its
// length and its beginning tell.
func (d *dialect) like(record []byte) bool {
	if d.header == nil || len(record) < d.short || len(record) > d.long || len(record) == 0 {
		return false
	}
	return d.likeFirst(record[0])
}

// likeFirst is like for a record's first byte alone, where there is a header.
func (d *dialect) likeFirst(c byte) bool {
	for _, h := range d.header {
		if len(h) > 0 && (c^h[0])&^' ' == 0 { // in another case, maybe
			return true
		}
	}
	return d.quoting && c == d.quote || c == utf8BOM[0] || len(d.names[0]) == 0 || (c^d.names[0][0])&^' ' == 0
}

// repeats reports whether a record is the header again, as it is in a file
// that was put together from several.
func (d *dialect) repeats(record []byte) bool {
	if !d.like(record) {
		return false
	}
	record = bytes.TrimPrefix(record, utf8BOM)
	for _, h := range d.header {
		if bytes.Equal(record, h) {
			return true
		}
	}
	return false
}

// again reports whether a record holds the header's names, although it is
// written in another way, in capitals for instance: the beginning of another table.
func (d *dialect) again(record []byte, fields []span) bool {
	if !d.named || len(fields) < 2 || len(fields) != len(d.names) || !d.like(record) {
		return false
	}
	var buf []byte
	for i, f := range fields {
		text := record[f.from:f.to]
		if f.escaped {
			buf = append(buf[:0], text...)
			text = d.unescape(buf)
		}
		if !bytes.EqualFold(bytes.TrimSpace(text), bytes.TrimSpace(d.names[i])) {
			return false
		}
	}
	return true
}

// encoded reports whether a text is valid in the file's encoding.
func (d *dialect) encoded(text []byte) bool {
	if d.charset != nil {
		return d.charset.valid(text)
	}
	return utf8.Valid(text)
}

// unescape rewrites a quoted field's text in place, and returns what is left
// of it: doubled quotes become one, and the escape before a quote or an escape goes.
func (d *dialect) unescape(b []byte) []byte {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if i+1 < len(b) && (c == d.quote && b[i+1] == d.quote || d.escaping && c == d.escape && (b[i+1] == d.quote || b[i+1] == d.escape)) {
			i++
			c = b[i]
		}
		b[n] = c
		n++
	}
	return b[:n]
}
