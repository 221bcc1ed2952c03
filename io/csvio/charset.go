package csvio

import (
	"encoding/binary"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset is an encoding of one byte a character, a superset of ASCII.
type charset [256]rune

func newCharset(encoding string) *charset {
	var c charset
	for i := range c {
		c[i] = rune(i)
		if encoding == "windows-1252" {
			c[i] = charmap.Windows1252.DecodeByte(byte(i))
		}
	}
	return &c
}

// valid reports whether the encoding defines each byte of a text.
func (c *charset) valid(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf && c[b] == utf8.RuneError {
			return false
		}
	}
	return true
}

// append appends a text in the charset to dst, as UTF-8.
func (c *charset) append(dst, text []byte) []byte {
	for _, b := range text {
		if b < utf8.RuneSelf {
			dst = append(dst, b)
		} else {
			dst = utf8.AppendRune(dst, c[b])
		}
	}
	return dst
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// utf16Reader turns UTF-16 into UTF-8. What is not UTF-16, a lone surrogate or
// half a unit, becomes bytes that are not UTF-8, so that its record is rejected.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [16 << 10]byte
	n     int // bytes in in
	out   []byte
	taken int // of out
	lead  rune
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for u.taken == len(u.out) {
		if u.err != nil {
			return 0, u.err
		}
		u.decode()
	}
	n := copy(p, u.out[u.taken:])
	u.taken += n
	return n, nil
}

// decode reads and decodes what the next Read gives.
func (u *utf16Reader) decode() {
	m, err := u.r.Read(u.in[u.n:])
	u.n, u.err = u.n+m, err
	u.out, u.taken = u.out[:0], 0
	i := 0
	for ; i+2 <= u.n; i += 2 {
		c := rune(u.order.Uint16(u.in[i:]))
		trail := c&^0x3ff == 0xdc00
		if u.lead != 0 {
			if trail {
				u.out = utf8.AppendRune(u.out, 0x10000+(u.lead&0x3ff)<<10+c&0x3ff)
				u.lead = 0
				continue
			}
			u.lone(u.lead)
			u.lead = 0
		}
		switch {
		case c < utf8.RuneSelf:
			u.out = append(u.out, byte(c))
		case c&^0x3ff == 0xd800:
			u.lead = c
		case trail:
			u.lone(c)
		default:
			u.out = utf8.AppendRune(u.out, c)
		}
	}
	u.n = copy(u.in[:], u.in[i:u.n])
	if err == io.EOF {
		if u.lead != 0 {
			u.lone(u.lead)
		}
		if u.n > 0 {
			u.out = append(u.out, 0xff)
		}
		u.lead, u.n = 0, 0
	}
}

// lone appends a surrogate without its other half, as UTF-8 must not write it.
func (u *utf16Reader) lone(c rune) {
	u.out = append(u.out, 0xe0|byte(c>>12), 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f)
}
