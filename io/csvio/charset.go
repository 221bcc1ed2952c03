package csvio

import (
	"encoding/binary"
	"io"
	"math/bits"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset is an encoding of one byte a character, a superset of ASCII. Where
// Latin-1 has control characters that no text uses, a file that says Latin-1 means
// those of Windows-1252, € and curly quotes, as browsers know; but it is taken as
// it is where Windows-1252 defines none.
type charset [256]rune

func newCharset(encoding string) *charset {
	var c charset
	for i := range c {
		c[i] = rune(i)
		if r := charmap.Windows1252.DecodeByte(byte(i)); encoding == "windows-1252" || r != utf8.RuneError {
			c[i] = r
		}
	}
	return &c
}

// valid reports whether the encoding defines each byte of a text.
func (c *charset) valid(text []byte) bool {
	for {
		text = text[asciiPrefix(text):]
		if len(text) == 0 {
			return true
		}
		if c[text[0]] == utf8.RuneError {
			return false
		}
		text = text[1:]
	}
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

func isASCII(b []byte) bool { return asciiPrefix(b) == len(b) }

// asciiPrefix is how many bytes b begins with that are ASCII.
func asciiPrefix(b []byte) int {
	n := 0
	for ; len(b)-n >= 32; n += 32 {
		p := (*[32]byte)(b[n:])
		if (binary.LittleEndian.Uint64(p[:])|binary.LittleEndian.Uint64(p[8:])|binary.LittleEndian.Uint64(p[16:])|binary.LittleEndian.Uint64(p[24:]))&high != 0 {
			break
		}
	}
	for ; len(b)-n >= 8; n += 8 {
		if x := binary.LittleEndian.Uint64(b[n:]) & high; x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
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
		if u.lead == 0 {
			i += u.ascii(u.in[i:u.n])
			if i+2 > u.n {
				break
			}
		}
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

// ascii appends the ASCII that in begins with, four units at a time. It returns
// how many bytes it took.
func (u *utf16Reader) ascii(in []byte) int {
	others, shift := uint64(0xff80ff80ff80ff80), 0
	if u.order == binary.BigEndian {
		others, shift = 0x80ff80ff80ff80ff, 8
	}
	n := 0
	for ; len(in)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(in[n:])
		if x&others != 0 {
			break
		}
		x >>= shift // each unit's byte is its lower one
		x |= x >> 8
		u.out = binary.LittleEndian.AppendUint32(u.out, uint32(x&0xffff|x>>16&0xffff0000))
	}
	return n
}

// lone appends a surrogate without its other half, as UTF-8 must not write it.
func (u *utf16Reader) lone(c rune) {
	u.out = append(u.out, 0xe0|byte(c>>12), 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f)
}
