package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/smeltdata/smelt/pipeline"
)

// Open opens a delimited text file as a source. It is a pipeline.Opener.
//
// A file may be compressed with gzip or zstd, or be the only one in a zip archive,
// and encoded in UTF-8, UTF-16, Windows-1252 or Latin-1; a byte order mark decides
// over the declared encoding.
// A pipe is copied to the temporary folder first, because input is read more than
// once, and its compression is found by its first bytes; the copy is gone after
// Close. The source may be used from several goroutines.
func Open(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	if f.Name == "" {
		f.Name = f.Path
	}
	d, err := newDialect(f)
	if err != nil {
		return nil, err
	}
	s := &source{name: f.Name, dialect: d, chunk: chunkBytes, grid: markBytes, window: windowBytes, bomb: bombBytes, last: -1}
	if pipeline.IsVirtual(f.Path) {
		return nil, s.fail("is not a file on this machine", nil, "give the path of a file, or an opener of your own for such names")
	}
	if err := s.openFile(ctx, f.Path); err != nil {
		return nil, err
	}
	if err := s.open(ctx, f); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// source is an open file. Scans read it with ReadAt, and share nothing else.
type source struct {
	name        string
	dialect     *dialect
	file        *os.File
	size        int64
	was         os.FileInfo        // the file when it was opened; nil = a copy
	temp        *pipeline.TempFile // the same, where it is a copy of a pipe; or nil
	compression string
	bomb        int64 // bytes of text that it may have, however small it is
	encoding    string
	columns     []string
	first       place // where the first record begins, in the decoded text
	last        int64 // where the last one ends, if lines after it are skipped and the file is not plain; or -1
	skipped     int64 // lines before and after the records, the header aside
	chunk       int64 // bytes that Split gives a worker at a time
	grid        int64 // bytes between the marks of a segment
	window      int   // bytes that are in memory at first
}

func (s *source) fail(msg string, err error, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Msg: msg, Err: err, Hint: hint}
}

// reading wraps an error of a read.
func (s *source) reading(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, errBomb) {
		return s.fail("is too large when decompressed", err, "if it is right, decompress it first and name the text file")
	}
	if a, ok := errors.AsType[archiveError](err); ok {
		return s.fail("cannot be read", err, a.hint)
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return s.fail("cannot be decompressed as zstd: it needs a window of more than 128 MiB", nil, "compress it with --long=27 at most, or unpack it first")
	}
	if s.compression != "" {
		return s.fail("cannot be decompressed as "+s.compression, err, "the file is damaged, cut off or compressed in another way: fetch it again, or set its compression")
	}
	return s.fail("cannot be read", err, "")
}

func (s *source) Columns() []string { return slices.Clone(s.columns) }

// Close closes the file; a copy is gone then.
func (s *source) Close() error {
	if s.temp != nil {
		return s.temp.Close()
	}
	return s.file.Close()
}

// unchanged fails if the file was written to since it was opened: what was read
// may then be the half of a record, or of two versions.
func (s *source) unchanged() error {
	if s.was == nil {
		return nil
	}
	info, err := s.file.Stat()
	if err != nil {
		return s.fail("cannot be read", withoutPath(err), "")
	}
	if info.Size() != s.was.Size() || !info.ModTime().Equal(s.was.ModTime()) {
		return s.fail("was changed while it was read", nil, "run again when nothing writes to it, or read a copy")
	}
	return nil
}

// open reads everything up to the first record.
func (s *source) open(ctx context.Context, f pipeline.File) error {
	if err := s.sniff(f); err != nil {
		return err
	}
	in, err := s.stream(0)
	if err != nil {
		return s.reading(err)
	}
	defer in.Close()
	r := newReader(s.dialect, newWindow(in, 0, s.window), place{row: 1})
	if err := s.readHeader(ctx, r, f); err != nil {
		var e *pipeline.Error
		if errors.As(err, &e) {
			return err
		}
		return s.reading(err)
	}
	s.dialect.width = len(s.columns)
	if f.SkipFooter > 0 {
		if err := s.cutFooter(ctx, f.SkipFooter); err != nil {
			return s.reading(err)
		}
	}
	return nil
}

func (s *source) empty() error {
	return s.fail("is empty: it has no header", nil, "check that the file was written in full; for a file without a header set header: false and names")
}

func (s *source) readHeader(ctx context.Context, r *reader, f pipeline.File) error {
	if err := r.fill(ctx); err != nil {
		return err
	}
	r.skipBOM()
	for range f.SkipRows {
		if r.done() {
			break
		}
		if err := r.skipLine(ctx); err != nil {
			return err
		}
		s.skipped++
		if r.pos == r.end && !r.final {
			if err := r.fill(ctx); err != nil {
				return err
			}
		}
	}
	s.first = place{offset: r.offset(), row: 1}
	if f.NoHeader && len(f.Names) > 0 {
		s.columns = slices.Clone(f.Names)
		return nil
	}
	skipped := s.skipped
	var h header
	for len(h.records) < max(1, f.HeaderRows) {
		l, ok, err := r.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			if len(h.records) > 0 {
				return s.fail(fmt.Sprintf("ends within the header, after %d of its %d records", len(h.records), f.HeaderRows), nil, "check header_rows")
			}
			return s.empty()
		}
		if l.kind == kindBad && s.widthAfter(r, l) {
			l = r.peek() // it may be mended, now that the number of fields is known
		}
		switch l.kind {
		case kindRecord:
			if f.NoHeader { // it shows how many columns there are
				for i := range r.spans {
					s.columns = append(s.columns, strconv.Itoa(i+1))
				}
				return nil
			}
			if err := s.addHeader(&h, r, l); err != nil {
				return err
			}
		case kindSkip, kindComment:
			skipped++
		default:
			msg := l.msg
			if l.kind == kindLong {
				msg = "it is too long"
			}
			return s.fail("the header cannot be split into fields: "+msg, nil, "check delimiter, quote, escape and skip_rows")
		}
		if err := r.take(ctx, l); err != nil {
			return err
		}
	}
	return s.useHeader(ctx, r, f, h, skipped)
}

// widthAfter looks beyond a damaged header for a record that shows how many
// fields there are.
func (s *source) widthAfter(r *reader, l lexed) bool {
	var spans []span
	for b, tries := r.rest()[l.next:], 0; len(b) > 0 && tries < 16; tries++ {
		next := s.dialect.lex(b, r.final, 0, &spans)
		switch next.kind {
		case kindRecord:
			s.dialect.width = len(spans)
			return len(spans) > 1
		case kindMore, kindLong, kindComment:
			return false
		}
		b = b[next.next:]
	}
	return false
}

// header is what is read of a header.
type header struct {
	records [][]byte // as they stand
	names   [][]byte // the fields of the first
	columns []string // the fields of all of them, joined
}

// addHeader adds a record to the header.
func (s *source) addHeader(h *header, r *reader, l lexed) error {
	text := slices.Clone(r.rest()[:l.end])
	if !s.dialect.encoded(text) {
		hint := "set the file's encoding, windows-1252 for instance"
		if s.encoding != "utf-8" {
			hint = "leave out encoding where the file is in UTF-8, or set another one"
		}
		return s.fail("the header is not valid "+s.encodingName(), nil, hint)
	}
	if bytes.IndexByte(text, 0) >= 0 && !s.dialect.nul {
		return s.fail("the header holds a NUL byte", nil, "set the file's encoding, utf-16le for instance")
	}
	if h.records == nil {
		h.columns = make([]string, len(r.spans))
	} else if len(r.spans) != len(h.columns) {
		return s.fail(fmt.Sprintf("the header's first record has %d fields, record %d has %d", len(h.columns), len(h.records)+1, len(r.spans)), nil, "check header_rows and skip_rows")
	}
	for i, sp := range r.spans {
		name := text[sp.from:sp.to]
		if sp.escaped {
			name = s.dialect.unescape(slices.Clone(name))
		}
		if h.records == nil {
			h.names = append(h.names, bytes.TrimPrefix(name, utf8BOM))
		}
		if s.dialect.charset != nil {
			name = s.dialect.charset.append(nil, name)
		}
		h.columns[i] = strings.TrimSpace(h.columns[i] + " " + string(bytes.TrimSpace(bytes.TrimPrefix(name, utf8BOM))))
	}
	h.records = append(h.records, bytes.TrimPrefix(text, utf8BOM))
	return nil
}

// useHeader takes the header's names, and goes on to the first record.
func (s *source) useHeader(ctx context.Context, r *reader, f pipeline.File, h header, skipped int64) error {
	s.columns = h.columns
	if len(f.Names) > 0 {
		if len(f.Names) != len(s.columns) {
			return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.name,
				Msg: fmt.Sprintf("names lists %d columns, the file's header has %d", len(f.Names), len(s.columns)), Hint: "name every column of the file, in order"}
		}
		s.columns = slices.Clone(f.Names)
	}
	s.dialect.width = len(s.columns)
	s.dialect.setHeader(h.records, h.names)
	for { // right below the header, its names are no other table's
		l, ok, err := r.next(ctx)
		if err != nil {
			return err
		}
		if !ok || l.kind != kindTable {
			break
		}
		if err := r.take(ctx, l); err != nil {
			return err
		}
		skipped++
	}
	s.first = place{offset: r.offset(), row: 1}
	s.skipped = skipped
	return nil
}

// encodingName is the file's encoding, as messages call it.
func (s *source) encodingName() string {
	switch s.encoding {
	case "utf-16le", "utf-16be":
		return "UTF-16"
	case "windows-1252":
		return "Windows-1252"
	case "latin-1":
		return "Latin-1"
	}
	return "UTF-8"
}

// stream opens the file's text from an offset on; in UTF-8, unless the dialect
// has a charset. A stream that must be decoded is read from its beginning.
func (s *source) stream(at int64) (io.ReadCloser, error) {
	if s.plain() {
		return io.NopCloser(io.NewSectionReader(s.file, at, s.size-at)), nil
	}
	r, err := s.decoded()
	if err == nil && at > 0 {
		if _, err = io.CopyN(io.Discard, r, at); err != nil {
			r.Close()
		}
	}
	return r, err
}
