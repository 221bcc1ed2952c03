package csvio

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline"
)

// dialect is how a file is written. It is immutable once the header is known.
type dialect struct {
	delimiter byte
	quoting   bool
	quote     byte
	escaping  bool // escape is a byte of its own
	escape    byte
	comment   []byte // nil = none
	nul       bool   // NUL bytes are allowed: one is the escape
	limit     int    // longest record
	width     int    // fields a record; 0 = not known yet
	header    []byte // the header as it stands, without its line end; nil = none repeats
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
	if f.Delimiter != "" {
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
	if d.quoting && d.quote == d.delimiter || d.escaping && d.escape == d.delimiter {
		return nil, bad("%q cannot be the delimiter and the quote or escape", d.delimiter)
	}
	if strings.ContainsAny(f.Comment, "\r\n") {
		return nil, bad("a comment's beginning cannot hold a line end")
	}
	if f.Comment != "" {
		d.comment = []byte(f.Comment)
	}
	if f.SkipRows < 0 {
		return nil, bad("skip_rows is negative")
	}
	return d, nil
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

// repeats reports whether a record is the header again, as it is in a file
// that was put together from several.
func (d *dialect) repeats(record []byte) bool {
	if d.header == nil || len(record) != len(d.header) && len(record) != len(d.header)+len(utf8BOM) {
		return false
	}
	return bytes.Equal(bytes.TrimPrefix(record, utf8BOM), d.header)
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
