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

	"github.com/smeltdata/smelt/pipeline"
)

// Open opens a delimited text file as a source. It is a pipeline.Opener.
//
// A file may be compressed with gzip or zstd, and encoded in UTF-8, UTF-16,
// Windows-1252 or Latin-1; a byte order mark decides over the declared encoding.
// A pipe is copied to the temporary folder first, because input is read more than
// once; Close removes the copy. The source may be used from several goroutines.
func Open(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	if f.Name == "" {
		f.Name = f.Path
	}
	d, err := newDialect(f)
	if err != nil {
		return nil, err
	}
	s := &source{name: f.Name, dialect: d, chunk: chunkBytes, window: windowBytes}
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
	temporary   bool // the file is a copy that Close removes
	compression string
	encoding    string
	columns     []string
	first       place // where the first record begins, in the decoded text
	skipped     int64 // lines before it, the header aside
	chunk       int64 // bytes that Split gives a worker at a time
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
	if s.compression != "" {
		return s.fail("cannot be decompressed as "+s.compression, err, "the file is damaged, cut off or compressed in another way: fetch it again, or set its compression")
	}
	return s.fail("cannot be read", err, "")
}

func (s *source) Columns() []string { return slices.Clone(s.columns) }

// Close closes the file, and removes it if it is a copy.
func (s *source) Close() error {
	err := s.file.Close()
	if s.temporary {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
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
	for {
		l, ok, err := r.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			return s.empty()
		}
		if l.kind == kindRecord {
			return s.useHeader(ctx, r, f, l, skipped)
		}
		if l.kind != kindSkip && l.kind != kindComment {
			msg := l.msg
			if l.kind == kindLong {
				msg = "it is too long"
			}
			return s.fail("the header cannot be split into fields: "+msg, nil, "check delimiter, quote, escape and skip_rows")
		}
		skipped++
		if err := r.take(ctx, l); err != nil {
			return err
		}
	}
}

// useHeader takes the first record for the header, or for what shows how many
// columns there are.
func (s *source) useHeader(ctx context.Context, r *reader, f pipeline.File, l lexed, skipped int64) error {
	if f.NoHeader {
		for i := range r.spans {
			s.columns = append(s.columns, strconv.Itoa(i+1))
		}
		return nil
	}
	text := slices.Clone(r.rest()[:l.end])
	if !s.dialect.encoded(text) {
		return s.fail("the header is not valid "+s.encodingName(), nil, "set the file's encoding, windows-1252 for instance")
	}
	if bytes.IndexByte(text, 0) >= 0 && !s.dialect.nul {
		return s.fail("the header holds a NUL byte", nil, "set the file's encoding, utf-16le for instance")
	}
	for _, sp := range r.spans {
		name := text[sp.from:sp.to]
		if sp.escaped {
			name = s.dialect.unescape(slices.Clone(name))
		}
		if s.dialect.charset != nil {
			name = s.dialect.charset.append(nil, name)
		}
		s.columns = append(s.columns, string(bytes.TrimSpace(bytes.TrimPrefix(name, utf8BOM))))
	}
	if len(f.Names) > 0 {
		if len(f.Names) != len(s.columns) {
			return &pipeline.Error{Kind: pipeline.ErrConfig, File: s.name,
				Msg: fmt.Sprintf("names lists %d columns, the file's header has %d", len(f.Names), len(s.columns)), Hint: "name every column of the file, in order"}
		}
		s.columns = slices.Clone(f.Names)
	}
	s.dialect.header = bytes.TrimPrefix(text, utf8BOM)
	if err := r.take(ctx, l); err != nil {
		return err
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
