package csvio

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline"
)

// Detection is how a file seems to be written.
type Detection struct {
	File     pipeline.File // how to read it; what is as usual is left out
	Columns  []string      // as reading it so names them
	Findings []Finding     // what was found, the usual too
}

// Finding is one thing that Detect found out.
type Finding struct {
	Option     string  // a key of smelt.yml: delimiter, skip_rows …; or line_ends, which needs none
	Value      string  // as smelt.yml would hold it
	Confidence float64 // 0..1; 1 = sure
	Reason     string
}

const (
	sampleBytes = 2 << 20  // of a file's text are looked at
	tailBytes   = 64 << 10 // of its end, where it is longer
)

// Detect looks at a sample of a delimited text file and finds how to read it:
// compression, encoding, delimiter, quote, escape, comments, lines before and
// after the table, and its header. It fails where the file cannot be read so.
func Detect(ctx context.Context, path string) (*Detection, error) {
	k := &detector{Detection: Detection{File: pipeline.File{Path: path, Name: filepath.ToSlash(path)}}}
	if err := k.sample(ctx); err != nil {
		return nil, err
	}
	k.lineEnds()
	k.dialect()
	k.layout()
	s, err := Open(ctx, k.File)
	if err != nil {
		return nil, err
	}
	k.Columns = s.Columns()
	return &k.Detection, s.Close()
}

// detector collects what is found, one step after the other.
type detector struct {
	Detection
	text  string // the sample, in UTF-8 and without a byte order mark; whole lines
	all   bool   // it is the whole file
	tail  string // the file's end, from some line on, where the sample is not all
	how   *dialect
	lines []line  // the sample's records
	width int     // fields that most of them have
	share float64 // how many of them that is
}

func (k *detector) found(option, value string, confidence float64, format string, args ...any) {
	k.Findings = append(k.Findings, Finding{option, value, max(0, min(1, confidence)), fmt.Sprintf(format, args...)})
}

// sample reads the sample and settles how the file's bytes become text.
func (k *detector) sample(ctx context.Context) error {
	s := &source{name: k.File.Name, dialect: &dialect{}, bomb: bombBytes}
	if pipeline.IsVirtual(k.File.Path) {
		return s.fail("is not a file on this machine", nil, "")
	}
	if err := s.openFile(ctx, k.File.Path); err != nil {
		return err
	}
	defer s.Close()
	k.compression(s)
	raw, err := k.read(s)
	if err != nil {
		return err
	}
	k.encoding(s, raw)
	k.text = s.decode(raw)
	if !k.all {
		k.text = k.text[:wholeLines(k.text)]
		if s.compression == "" {
			end := make([]byte, tailBytes)
			n, err := s.file.ReadAt(end, (s.size-tailBytes)&^1)
			if err != nil && err != io.EOF {
				return s.reading(err)
			}
			k.tail = s.decode(end[:n])
			_, k.tail = cutFirst(k.tail)
		}
	}
	return nil
}

// compression settles the compression by the file's first bytes.
func (k *detector) compression(s *source) {
	if s.compression = s.byBytes(); s.compression != "" {
		if byEnding(k.File.Path) != s.compression {
			k.File.Compression = s.compression
		}
		k.found("compression", s.compression, 1, "the file begins as such a file does")
		return
	}
	if byEnding(k.File.Path) != "" {
		k.File.Compression = "none"
		k.found("compression", "none", 0.9, "its name says otherwise, but it does not begin so")
	}
}

// read reads the sample's bytes.
func (k *detector) read(s *source) ([]byte, error) {
	in, err := s.decompressed()
	if err != nil {
		return nil, s.reading(err)
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, sampleBytes+1))
	if err != nil {
		return nil, s.reading(err)
	}
	k.all = len(raw) <= sampleBytes
	return raw[:min(len(raw), sampleBytes)], nil
}

// encoding settles the encoding.
func (k *detector) encoding(s *source, raw []byte) {
	set := func(name string, confidence float64, format string, args ...any) {
		if s.encoding = name; name != "utf-8" {
			k.File.Encoding = name
		}
		k.found("encoding", name, confidence, format, args...)
	}
	switch {
	case bytes.HasPrefix(raw, utf8BOM):
		set("utf-8", 1, "it has a byte order mark")
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		set("utf-16le", 1, "it has a byte order mark")
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		set("utf-16be", 1, "it has a byte order mark")
	case utf16Order(raw) == "utf-16le":
		set("utf-16le", 0.95, "every second byte is 0")
	case utf16Order(raw) == "utf-16be":
		set("utf-16be", 0.95, "every second byte is 0, the first of each pair")
	case isASCII(raw):
		set("utf-8", 0.98, "all is ASCII")
	default:
		k.eightBit(raw, set)
	}
	if s.encoding == "windows-1252" || s.encoding == "latin-1" {
		s.dialect.charset = newCharset(s.encoding)
	}
}

// eightBit tells UTF-8 from the encodings of one byte a character.
func (k *detector) eightBit(raw []byte, set func(name string, confidence float64, format string, args ...any)) {
	good, bad, controls, undefined := 0, 0, 0, 0
	windows := newCharset("windows-1252")
	for b := raw; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			if !k.all && len(b) < utf8.UTFMax && !utf8.FullRune(b) {
				break // the sample ends within a character
			}
			bad++
			n = 1
		} else if n > 1 {
			good++
		}
		if b[0] >= 0x80 && b[0] < 0xa0 {
			controls++
			if windows[b[0]] == utf8.RuneError {
				undefined++
			}
		}
		b = b[n:]
	}
	switch {
	case bad == 0:
		set("utf-8", 0.99, "its %d characters beyond ASCII are valid UTF-8", good)
	case good > 20*bad:
		set("utf-8", 0.7, "%d characters are valid UTF-8; %d bytes are not, and their records will be rejected", good, bad)
	case undefined > 0:
		set("latin-1", 0.5, "it is not UTF-8, and has bytes that Windows-1252 does not know")
	case controls > 0:
		set("windows-1252", 0.9, "it is not UTF-8, and has characters that Latin-1 does not: € or curly quotes, say")
	default:
		set("windows-1252", 0.8, "it is not UTF-8; every letter in it is the same in Latin-1")
	}
}

// zeros counts the NUL bytes at even and at odd places.
func zeros(b []byte) (even, odd float64) {
	for i, c := range b {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	return even, odd
}

// decode turns a piece of the file into UTF-8.
func (s *source) decode(raw []byte) string {
	b, _ := io.ReadAll(s.text(io.NopCloser(bytes.NewReader(raw)))) // of what is not UTF-16 becomes what is not UTF-8
	b = bytes.TrimPrefix(b, utf8BOM)
	if c := s.dialect.charset; c != nil {
		b = c.append(nil, b)
	}
	return string(b)
}

// lineEnds reports how lines end, which needs no telling.
func (k *detector) lineEnds() {
	crlf := strings.Count(k.text, "\r\n")
	n := map[string]int{"CRLF": crlf, "CR": strings.Count(k.text, "\r") - crlf, "LF": strings.Count(k.text, "\n") - crlf}
	best, total := "LF", 0
	for name, c := range n {
		total += c
		if cmp.Or(cmp.Compare(c, n[best]), cmp.Compare(best, name)) > 0 {
			best = name
		}
	}
	switch {
	case total == 0:
	case n[best] == total:
		k.found("line_ends", best, 1, "all %d lines end so", total)
	default:
		k.found("line_ends", "mixed", 1, "of %d lines %d end with %s; every kind is read", total, n[best], best)
	}
}

// wholeLines is the length of the lines in t that have an end.
func wholeLines(t string) int {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i] == '\n' || t[i] == '\r' && i+1 < len(t) {
			return i + 1
		}
	}
	return len(t)
}

// cutFirst cuts the first line off.
func cutFirst(t string) (first, rest string) {
	e := lineEnd([]byte(t), 0)
	n := e + 1
	if e+1 < len(t) && t[e] == '\r' && t[e+1] == '\n' {
		n++
	}
	return t[:e], t[min(n, len(t)):]
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}
