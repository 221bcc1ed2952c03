package csvio

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestUTF16Reader(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "plain text, and more", "ä", "€", "😀", "\x00", "\x7f\u0080"})
		text := strings.Join(rapid.SliceOf(piece).Draw(rt, "pieces"), "")
		for _, order := range []interface {
			binary.ByteOrder
			binary.AppendByteOrder
		}{binary.LittleEndian, binary.BigEndian} {
			in := encode16(order, text)
			for i, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
				got, err := io.ReadAll(&utf16Reader{r: r, order: order})
				if err != nil || string(got) != text {
					rt.Fatalf("%v, reader %d: %q, %v, want %q", order, i, got, err, text)
				}
			}
		}
	})
}

// TestValid holds what skips ASCII to what looks at each byte.
func TestValid(t *testing.T) {
	windows := newCharset("windows-1252")
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "12345678", "ä", "€", "😀", "\x81", "\xe2\x82", "\xff", "\u0081", "\uFFFD"})
		text := []byte(strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(rt, "pieces"), ""))
		if got := windows.valid(text); got == slices.ContainsFunc(text, func(c byte) bool { return bytes.IndexByte([]byte("\x81\x8d\x8f\x90\x9d"), c) >= 0 }) {
			rt.Errorf("%q is Windows-1252: %v", text, got)
		}
		if got := isASCII(text); got == slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }) {
			rt.Errorf("%q is ASCII: %v", text, got)
		}
	})
}
