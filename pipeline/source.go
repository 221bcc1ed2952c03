package pipeline

import (
	"context"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// File is one input file and how it is to be read. Zero values mean the
// format's default: a comma, a double quote, doubled quotes, UTF-8, a header.
type File struct {
	Path string // to open
	Name string // what _source_file shows: relative to the data folder, with /

	Format      string   // "csv", "parquet", "delta" (a table's folder); "" = by the file's ending
	Compression string   // "none", "gzip", "zstd", "zip"; "" = by the file's ending
	Delimiter   string   // one or more ASCII characters
	Quote       string   // one byte; "none" = no quoting
	Escape      string   // one byte; "" = a doubled quote
	Encoding    string   // "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252", "latin-1"
	Comment     string   // records that start with it are skipped
	SkipRows    int      // physical lines before the header (or the first record)
	SkipFooter  int      // lines at the end that are no records, blank ones not counted
	NoHeader    bool     // the first record is data
	HeaderRows  int      // records that together name the columns, joined by a blank; 0 = one
	Names       []string // the columns' names, where given; with a header they replace it
}

// IsParquet reports whether the file is Parquet: as Format says, else by its
// ending. One that was packed as a whole (.parquet.gz) is meant as Parquet too.
func (f File) IsParquet() bool {
	name := strings.ToLower(f.Path)
	for _, packed := range []string{".gz", ".zst", ".zip"} {
		name = strings.TrimSuffix(name, packed)
	}
	return f.Format == "parquet" || f.Format == "" && filepath.Ext(name) == ".parquet"
}

// Opener opens an input file. Formats implement it; a library user may open
// anything else, a table in memory for instance.
type Opener func(ctx context.Context, f File) (Source, error)

// Source is an open input: a header and segments of records. It is safe for
// concurrent use.
type Source interface {
	// Columns returns the names of the source's columns, in order.
	Columns() []string
	// Split cuts the source into segments of about size bytes each, at record
	// boundaries, in record order. The same source and size give the same
	// segments. A source that can only be read in one go is one segment.
	Split(ctx context.Context, size int64) ([]Segment, error)
	Close() error
}

// Segment is a piece of a Source that can be scanned, repeatedly and
// concurrently with other segments.
type Segment interface {
	// Bytes is the segment's size in the file, for progress and grouping.
	Bytes() int64
	// Scan yields the segment's records. An error ends it.
	Scan(ctx context.Context, s Scan) iter.Seq2[*Batch, error]
}

// Scan says what to read of each record.
type Scan struct {
	Fields    []Field
	BatchRows int              // records a batch, at most; 0 = 8192
	Rows      []int64          // only these record numbers, ascending; nil = all
	Mem       memory.Allocator // nil = Go's heap
}

// Field is one wanted column of a source.
type Field struct {
	Column int     // position in Source.Columns
	Cast   *Parser // what the value is to become
	// Dict collects the values of a field whose type is CodeType. It belongs to
	// one scanning goroutine and may be passed on to that goroutine's next
	// scan, so that codes stay the same. nil = a new one for the scan.
	Dict *Dictionary
}

// Batch is what a scan yields: lent, valid until the next step.
type Batch struct {
	Record  arrow.Record // one column per Field, in its Cast's type, all nullable; may have no rows
	Rows    []int64      // the 1-based record number in its file of each row
	Rescued []Rescued    // values that could not be cast: NULL in Record; ascending by Row, then Field
	Rejects []Rejected   // records that could not be split into fields
	Rounded []int64      // per Field: values rounded to their type's scale
	Mended  int64        // rows whose record was damaged, and could be read in one way only
	Skipped int64        // blank, comment and repeated header lines passed over
}

// Rescued is a value that its field's type cannot hold.
type Rescued struct {
	Row   int    // index in the batch
	Field int    // index in Scan.Fields
	Text  string // the value as it stands in the source
}

// Rejected is a record that could not be read at all.
type Rejected struct {
	Row    int64 // 1-based record number in its file
	Offset int64 // byte offset of the record in its (decompressed) file
	Error  string
	Raw    []byte // the record's bytes; at most RawLimit of them
}

// RawLimit bounds how many bytes of a rejected record are kept.
const RawLimit = 64 << 10

// Stdin is the path of the standard input. smelt.yml may call it "-".
const Stdin = "/dev/stdin"

// Copied is a Source whose file can be read only once, as a pipe: Copied returns
// the copy of its bytes that the source reads, or nil if it made none.
type Copied interface{ Copied() *io.SectionReader }

// IsVirtual reports whether a path names something that is no local file, as
// "memory://sales" does: it is handed to the Opener as it stands.
func IsVirtual(path string) bool { return strings.Contains(path, "://") }
