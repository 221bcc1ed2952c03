package csvio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// plain reports whether the file's bytes are its text: it can be read from
// anywhere.
func (s *source) plain() bool {
	return s.compression == "" && !strings.HasPrefix(s.encoding, "utf-16")
}

// sniff settles compression and encoding by what is declared and by the file's
// first bytes.
func (s *source) sniff(f pipeline.File) error {
	switch f.Compression {
	case "gzip", "zstd", "zip":
		s.compression = f.Compression
	case "":
		if s.compression = byEnding(f.Path); s.temp != nil {
			s.compression = s.byBytes() // a pipe's name says nothing
		}
	case "none":
	default:
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.name, Msg: fmt.Sprintf("unknown compression %q", f.Compression), Hint: "write none, gzip, zstd or zip"}
	}
	in, err := s.decompressed()
	if err != nil {
		return s.reading(err)
	}
	defer in.Close()
	head := make([]byte, 1024)
	n, err := io.ReadFull(in, head)
	if head = head[:n]; err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return s.reading(err)
	}
	for magic, what := range map[string]string{"\x1f\x8b": "compressed with gzip", "\x28\xb5\x2f\xfd": "compressed with zstd",
		"PK\x03\x04": "a zip archive or a spreadsheet", "PAR1": "a Parquet file"} {
		switch {
		case !bytes.HasPrefix(head, []byte(magic)):
		case s.compression == "":
			return s.fail("is "+what+", not text", nil, "set compression: gzip, zstd or zip, or format: parquet; save a spreadsheet as CSV")
		default:
			return s.fail("is "+what+" within "+s.compression+", not text", nil, "unpack it once, and name what is in it")
		}
	}
	if err := s.settle(f.Encoding, head); err != nil {
		return err
	}
	if order := utf16Order(head); order != "" && !strings.HasPrefix(s.encoding, "utf-16") && !s.dialect.nul {
		return s.fail("is not "+s.encodingName()+": every second byte is 0, as in UTF-16 without a byte order mark", nil, "set encoding: "+order)
	}
	return nil
}

// utf16Order is the encoding of a text of which every second byte is 0; "" = none is.
func utf16Order(text []byte) string {
	even, odd := zeros(text)
	half := float64(len(text)) / 2
	switch {
	case odd > 0.3*half && even < 0.05*half:
		return "utf-16le"
	case even > 0.3*half && odd < 0.05*half:
		return "utf-16be"
	}
	return ""
}

// settle settles the encoding.
func (s *source) settle(declared string, head []byte) error {
	switch declared {
	case "", "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252", "latin-1":
	default:
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.name, Msg: fmt.Sprintf("unknown encoding %q", declared),
			Hint: "write utf-8, utf-16, utf-16le, utf-16be, windows-1252 or latin-1"}
	}
	s.encoding = declared
	switch {
	case bytes.HasPrefix(head, utf8BOM), declared == "":
		s.encoding = "utf-8"
	case declared == "utf-16": // the usual one of those without a mark is Windows's
		s.encoding = "utf-16le"
		if len(head) > 1 && head[0] == 0 && head[1] != 0 {
			s.encoding = "utf-16be"
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		s.encoding = "utf-16le"
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		s.encoding = "utf-16be"
	}
	if s.encoding == "windows-1252" || s.encoding == "latin-1" {
		s.dialect.charset = newCharset(s.encoding)
	}
	return nil
}

// decoded opens the file's text in UTF-8, or in the dialect's charset.
func (s *source) decoded() (io.ReadCloser, error) {
	in, err := s.decompressed()
	if err != nil {
		return nil, err
	}
	return s.text(in), nil
}

// text decodes a stream of the file's bytes.
func (s *source) text(in io.ReadCloser) io.ReadCloser {
	u := &utf16Reader{r: in}
	switch s.encoding {
	case "utf-16le":
		u.order = binary.LittleEndian
	case "utf-16be":
		u.order = binary.BigEndian
	default:
		return in
	}
	return struct {
		io.Reader
		io.Closer
	}{u, in}
}
