package parquetio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/smeltdata/smelt/pipeline"
)

// Open opens a Parquet file as a source. It is a pipeline.Opener.
//
// Every column that is not nested can be read, whichever encoding and
// compression its writer chose, but for LZO. A nested column (a struct, a list,
// a map) is listed under its own name, and refused when it is wanted. An INT96
// time is an instant, as Spark writes it. Files that are encrypted, cut off or
// not Parquet are refused.
func Open(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	name := f.Name
	if name == "" {
		name = f.Path
	}
	s, err := openFile(f.Path, name)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// source is an open file. Scans read it with ReadAt, and share nothing else.
type source struct {
	name    string
	file    *os.File
	size    int64
	meta    footer
	leaves  []leaf
	columns []int // a leaf of each column
}

func (s *source) fail(column, msg string, err error) error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: column, Msg: msg, Err: err}
}

// unread is the error of a column whose type is not read.
func (s *source) unread(l *leaf) error {
	if l.nested {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: l.name, Msg: "is nested (a list, a map or a struct), which smelt does not read", Hint: "flatten it before, or map another column"}
	}
	return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: l.name, Value: l.declared, Msg: "has a Parquet type that smelt does not read", Hint: "write it as a text, a number or a time, or map another column"}
}

func openFile(path, name string) (*source, error) {
	s := &source{name: name}
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil, s.fail("", "is a pipe: a Parquet file is read from its end on, so it must lie on a disk", nil)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, s.fail("", "cannot be opened", errors.Unwrap(err))
	}
	s.file = file
	if err := s.open(); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

func (s *source) open() error {
	info, err := s.file.Stat()
	if err != nil {
		return s.fail("", "cannot be read", errors.Unwrap(err))
	}
	if info.IsDir() {
		return s.fail("", "is a directory, not a Parquet file", nil)
	}
	s.size = info.Size()
	if err := s.checkFrame(); err != nil {
		return err
	}
	if err := s.readFooter(); err != nil {
		return err
	}
	if s.leaves, err = leavesOf(s.meta.Schema); err != nil {
		return s.fail("", "its Parquet schema cannot be read", err)
	}
	for i, l := range s.leaves {
		// The leaves of a nested column stand together.
		if i == 0 || l.top != s.leaves[i-1].top {
			s.columns = append(s.columns, i)
		}
	}
	return s.checkFooter()
}

// checkFrame looks at the first and the last bytes, so that what is not Parquet
// at all, or only the beginning of it, is called that.
func (s *source) checkFrame() error {
	var head, tail [8]byte
	if s.size >= 4 {
		if _, err := s.file.ReadAt(head[:4], 0); err != nil {
			return s.fail("", "cannot be read", err)
		}
	}
	switch first := string(head[:4]); {
	case s.size == 0:
		return s.fail("", "is empty, not a Parquet file", nil)
	case first == "PARE":
		return s.encrypted()
	case first[:2] == "\x1f\x8b" || first == "\x28\xb5\x2f\xfd" || first == "PK\x03\x04":
		return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Msg: "is not a Parquet file, but a packed one (gzip, zstd or zip)", Hint: "unpack it first: Parquet files are compressed within"}
	case first != magic:
		return s.fail("", "is not a Parquet file", nil)
	case s.size < 12:
		return s.cutOff()
	}
	if _, err := s.file.ReadAt(tail[:], s.size-8); err != nil {
		return s.fail("", "cannot be read", err)
	}
	if string(tail[4:]) == "PARE" {
		return s.encrypted()
	}
	if string(tail[4:]) != magic || int64(binary.LittleEndian.Uint32(tail[:4])) > s.size-12 {
		return s.cutOff()
	}
	return nil
}

func (s *source) cutOff() error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Msg: "is damaged: it begins as a Parquet file but has no footer at its end", Hint: "the file was probably cut off while it was written or copied: fetch it again"}
}

func (s *source) encrypted() error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Msg: "is an encrypted Parquet file, which cannot be read", Hint: "decrypt it first"}
}

// readFooter decodes the footer, whose frame was checked.
func (s *source) readFooter() error {
	var tail [4]byte
	if _, err := s.file.ReadAt(tail[:], s.size-8); err != nil {
		return s.fail("", "cannot be read", err)
	}
	b := make([]byte, binary.LittleEndian.Uint32(tail[:]))
	if _, err := s.file.ReadAt(b, s.size-8-int64(len(b))); err != nil {
		return s.fail("", "cannot be read", err)
	}
	n, err := unmarshal(b, &s.meta)
	if err == nil && s.meta.EncryptionAlgorithm.Valid {
		return s.encrypted()
	}
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d bytes are left over", len(b)-n)
	}
	if err != nil {
		return s.fail("", "its Parquet footer is damaged", err)
	}
	return nil
}

// checkFooter refuses a footer whose numbers cannot be true, before anything
// is read or allocated by them.
func (s *source) checkFooter() error {
	m := &s.meta
	damaged := func(format string, args ...any) error {
		return s.fail("", "its Parquet footer is damaged: "+fmt.Sprintf(format, args...), nil)
	}
	for g, rg := range m.RowGroups {
		if len(rg.Columns) != len(s.leaves) {
			return damaged("row group %d has %d columns, the schema %d", g, len(rg.Columns), len(s.leaves))
		}
		if rg.NumRows < 0 {
			return damaged("row group %d has %d rows", g, rg.NumRows)
		}
		for i := range rg.Columns {
			c := &rg.Columns[i]
			if c.CryptoMetadata.Valid || len(c.EncryptedColumnMetadata) > 0 {
				return s.encrypted()
			}
			at := c.MetaData.DataPageOffset
			if d := c.MetaData.DictionaryPageOffset; d != 0 {
				at = min(at, d)
			}
			if n := c.MetaData.TotalCompressedSize; at < 0 || n < 0 || at > s.size || n > s.size-at {
				return damaged("column %s of row group %d lies outside the file", s.leaves[i].name, g)
			}
			if !s.leaves[i].nested && c.MetaData.NumValues != rg.NumRows {
				return damaged("column %s of row group %d has %d values in %d rows", s.leaves[i].name, g, c.MetaData.NumValues, rg.NumRows)
			}
		}
	}
	return nil
}

func (s *source) Columns() []string {
	names := make([]string, len(s.columns))
	for i, k := range s.columns {
		names[i] = s.leaves[k].name
	}
	return names
}

func (s *source) Close() error { return s.file.Close() }

// Split cuts the file between row groups.
func (s *source) Split(_ context.Context, size int64) ([]pipeline.Segment, error) {
	var out []pipeline.Segment
	var current *segment
	row := int64(1)
	for g, rg := range s.meta.RowGroups {
		var n int64
		for i := range rg.Columns {
			n += rg.Columns[i].MetaData.TotalCompressedSize
		}
		// A row group joins the segment that it brings nearer to the size.
		if current == nil || current.bytes+n/2 > size {
			current = &segment{source: s, from: g, row: row}
			out = append(out, current)
		}
		current.to = g + 1
		current.bytes += n
		row += rg.NumRows
	}
	return out, nil
}

// segment is a run of row groups.
type segment struct {
	source   *source
	from, to int
	row      int64 // number of its first record
	bytes    int64
}

func (g *segment) Bytes() int64 { return g.bytes }

func (g *segment) Scan(ctx context.Context, sc pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) {
		s := g.source
		scan, err := pipeline.NewArrayScan(s.name, s.Columns(), sc)
		if err != nil {
			yield(nil, err)
			return
		}
		wanted := make([]int, len(sc.Fields))
		for i, f := range sc.Fields {
			wanted[i] = s.columns[f.Column]
		}
		row := g.row
		for i := g.from; i < g.to; i++ {
			n := s.meta.RowGroups[i].NumRows
			if n > 0 && scan.Wants(row, int(n)) {
				r, err := s.openGroup(i, wanted)
				if err != nil {
					yield(nil, err)
					return
				}
				more := r.each(ctx, sc, func(columns []arrow.Array, first int64, m int) bool {
					for b, err := range scan.Batches(columns, row+first, m) {
						if !yield(b, err) || err != nil {
							return false
						}
					}
					return true
				}, func(first int64, m int) bool { return scan.Wants(row+first, m) }, func(err error) { yield(nil, err) })
				r.close()
				if !more {
					return
				}
			}
			row += n
		}
	}
}

// guard turns a panic of the Parquet library, which some damaged files cause,
// into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged Parquet data: %v", r)
		}
	}()
	return f()
}
