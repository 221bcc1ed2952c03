package parquetio

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// Options says how a file is laid out. The zero value is the default.
type Options struct {
	Compression  string // "snappy" (default), "zstd" or "none"
	RowGroupRows int    // rows of a row group, at most; default 1,048,576
	PageRows     int    // rows of a page, at most; default 20,480
}

// Limits that keep a writer's memory bounded where values are long. They are
// checked after a number of rows that depends on the rows alone, so that the
// same rows give the same file.
const (
	defaultRowGroupRows = 1 << 20
	defaultPageRows     = 20 << 10
	pageBytes           = 1 << 20  // a page ends with the row that brings its text to this size
	rowGroupBytes       = 64 << 20 // a row group ends when its encoded pages reach this size
	checkRows           = 2 << 10  // how often rowGroupBytes is looked at
	maxPageBytes        = 1 << 30  // a page that is larger is refused; the format's own limit is 2 GiB
)

func (o Options) withDefaults() (Options, error) {
	if o.Compression == "" {
		o.Compression = "snappy"
	}
	if o.RowGroupRows == 0 {
		o.RowGroupRows = defaultRowGroupRows
	}
	if o.PageRows == 0 {
		o.PageRows = defaultPageRows
	}
	if o.RowGroupRows < 0 || o.PageRows < 0 || o.RowGroupRows > 1<<30 || o.PageRows > 1<<20 {
		return o, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: fmt.Sprintf("Parquet options: %d rows a row group and %d a page are out of range", o.RowGroupRows, o.PageRows)}
	}
	o.PageRows = min(o.PageRows, o.RowGroupRows)
	if _, ok := codecs[o.Compression]; !ok {
		return o, &pipeline.Error{Kind: pipeline.ErrConfig, Value: o.Compression, Msg: "unknown Parquet compression", Hint: "use snappy, zstd or none"}
	}
	return o, nil
}

var codecs = map[string]format.CompressionCodec{"snappy": format.Snappy, "zstd": format.Zstd, "none": format.Uncompressed}

// compressor compresses one page after the other into one buffer.
type compressor struct {
	codec format.CompressionCodec
	zstd  *zstd.Encoder
	buf   []byte
}

func newCompressor(codec format.CompressionCodec) (*compressor, error) {
	c := &compressor{codec: codec}
	if codec == format.Zstd {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, err
		}
		c.zstd = e
	}
	return c, nil
}

// store is compress where that would not pay: for Snappy, all is one literal.
func (c *compressor) store(b []byte) []byte {
	if c.codec != format.Snappy || len(b) == 0 {
		return c.compress(b)
	}
	c.buf = append(binary.AppendUvarint(c.buf[:0], uint64(len(b))), literal)
	c.buf = append(binary.LittleEndian.AppendUint32(c.buf, uint32(len(b)-1)), b...)
	return c.buf
}

// literal is Snappy's tag of bytes as they are, whose number, less one, follows
// in four bytes.
const literal = 63 << 2

// compress returns the compressed bytes, which are valid until the next call.
func (c *compressor) compress(b []byte) []byte {
	switch c.codec {
	case format.Snappy:
		if n := s2.MaxEncodedLen(len(b)); cap(c.buf) < n {
			c.buf = make([]byte, n+n/4)
		}
		return s2.EncodeSnappy(c.buf[:cap(c.buf)], b)
	case format.Zstd:
		c.buf = c.zstd.EncodeAll(b, c.buf[:0])
		return c.buf
	}
	return b
}

func (c *compressor) close() {
	if c.zstd != nil {
		c.zstd.Close() // an encoder that only ran EncodeAll has nothing to flush
	}
}
