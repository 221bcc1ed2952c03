package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// ratios says how far each codec that can be read may blow bytes up, roughly:
// the size that a page's header promises is allocated only within them.
var ratios = map[format.CompressionCodec]int{format.Uncompressed: 1, format.Snappy: 64, format.Gzip: 1100, format.Lz4: 256, format.Lz4Raw: 256, format.Zstd: 1 << 16, format.Brotli: 1 << 16}

// decompressor decompresses the pages of one column chunk.
type decompressor struct {
	codec  format.CompressionCodec
	buf    []byte
	gzip   *gzip.Reader
	brotli *brotli.Reader
}

var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPageBytes))
})

// decompress returns the size bytes that src stands for, which may be a part of
// src. They are valid until the next call.
func (d *decompressor) decompress(src []byte, size int) ([]byte, error) {
	if d.codec == format.Uncompressed {
		return src, nil
	}
	if d.codec == format.Snappy {
		if stored := storedIn(src); stored != nil && len(stored) == size {
			return stored, nil
		}
	}
	if size < 0 || size > maxPageBytes || size > 64+ratios[d.codec]*len(src) {
		return nil, fmt.Errorf("%d bytes cannot hold a page of %d", len(src), size)
	}
	d.buf = grow(d.buf[:0], size)
	n, err := d.into(d.buf, src)
	if err == nil && n != size {
		err = fmt.Errorf("a page of %d bytes has %d", size, n)
	}
	return d.buf, err
}

// storedIn returns what Snappy stored as one literal, as our writer stores pages
// that hardly shrink; else nil.
func storedIn(src []byte) []byte {
	rest, n, err := uvarint(src)
	if err != nil || len(rest) < 5 || rest[0] != literal || n-1 != uint64(binary.LittleEndian.Uint32(rest[1:])) || n != uint64(len(rest)-5) {
		return nil
	}
	return rest[5:]
}

// into decompresses src and says how long it is; more than fits is an error.
func (d *decompressor) into(dst, src []byte) (int, error) {
	switch d.codec {
	case format.Snappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return n, err
		}
		b, err := snappy.Decode(dst, src)
		return len(b), err
	case format.Lz4:
		if hadoopLZ4(dst, src) {
			return len(dst), nil
		}
		return lz4.UncompressBlock(src, dst)
	case format.Lz4Raw:
		return lz4.UncompressBlock(src, dst)
	case format.Zstd:
		z, err := zstdDecoder()
		if err != nil {
			return 0, err
		}
		b, err := z.DecodeAll(src, dst[:0:len(dst)])
		return len(b), err
	case format.Gzip:
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		if err := d.gzip.Reset(bytes.NewReader(src)); err != nil {
			return 0, err
		}
		return readAll(d.gzip, dst)
	default:
		if d.brotli == nil {
			d.brotli = new(brotli.Reader)
		}
		if err := d.brotli.Reset(bytes.NewReader(src)); err != nil {
			return 0, err
		}
		return readAll(d.brotli, dst)
	}
}

// hadoopLZ4 decompresses what Hadoop's codec, and so Spark's, calls LZ4: blocks,
// each of which begins with its size, and within them parts, each of which
// begins with its compressed size. It reports whether src is that, and fills dst:
// others wrote a bare LZ4 block under the same name.
func hadoopLZ4(dst, src []byte) bool {
	length := func() int {
		n := int64(binary.BigEndian.Uint32(src))
		src = src[4:]
		return int(n)
	}
	for len(src) >= 4 {
		size := length()
		if size > len(dst) {
			return false
		}
		block := dst[:size]
		dst = dst[size:]
		for len(block) > 0 {
			if len(src) < 4 {
				return false
			}
			k := length()
			if k > len(src) {
				return false
			}
			n, err := lz4.UncompressBlock(src[:k], block)
			if err != nil || n == 0 {
				return false
			}
			block, src = block[n:], src[k:]
		}
	}
	return len(src) == 0 && len(dst) == 0
}

// readAll reads all of r, which must not be more than dst holds.
func readAll(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	if more, err := io.CopyN(io.Discard, r, 1); more > 0 {
		return n, errors.New("a page is longer than it says")
	} else if err != io.EOF {
		return n, err
	}
	return n, nil
}
