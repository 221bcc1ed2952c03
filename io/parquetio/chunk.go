package parquetio

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// chunkReader reads the values of one column chunk, page by page. Nothing that
// a page says of itself is believed before it is checked: its sizes against the
// file, its number of values against the row group, its checksum.
type chunkReader struct {
	leaf *leaf
	text bool // never as a dictionary array
	decompressor

	file    io.ReaderAt
	at, end int64  // of the bytes that are not read yet
	ahead   []byte // read, but not used yet
	space   []byte // what ahead is a part of
	rows    int64  // that later pages hold

	page page
	body []byte // of the page, decompressed
	dict *dictionary
}

func (c *chunkReader) close() {
	if c.dict != nil {
		c.dict.release()
	}
}

func (c *chunkReader) left() int { return c.page.rows - c.page.row }

// next makes sure that the page has rows left.
func (c *chunkReader) next() error {
	for c.left() == 0 {
		if err := c.readPage(); err != nil {
			return err
		}
	}
	return nil
}

// readPage reads up to the next data page.
func (c *chunkReader) readPage() error {
	for {
		var h format.PageHeader
		body, err := c.fetch(&h)
		if err != nil {
			return err
		}
		switch h.Type {
		case format.DictionaryPage:
			if !h.DictionaryPageHeader.Valid || c.dict != nil {
				return errors.New("a dictionary page is out of place")
			}
			// A dictionary outlives its page.
			text, err := c.decompress(nil, body, int(h.UncompressedPageSize))
			if err != nil {
				return err
			}
			if c.codec == format.Uncompressed {
				text = append([]byte(nil), text...)
			}
			c.dict, err = newDictionary(text, &h.DictionaryPageHeader.V, c.leaf)
			return err
		case format.DataPage:
			if !h.DataPageHeader.Valid {
				return errors.New("a page has no header")
			}
			return c.openPage(&h, body)
		case format.DataPageV2:
			if !h.DataPageHeaderV2.Valid {
				return errors.New("a page has no header")
			}
			return c.openPageV2(&h, body)
		}
	}
}

// openPage decodes a data page of version 1, which is compressed as a whole.
func (c *chunkReader) openPage(h *format.PageHeader, body []byte) error {
	d := &h.DataPageHeader.V
	if err := c.count(d.NumValues); err != nil {
		return err
	}
	data, err := c.unpack(body, int(h.UncompressedPageSize))
	if err != nil {
		return err
	}
	levels := []byte(nil)
	if c.leaf.optional {
		if levels, data, err = levelsOf(data, d.DefinitionLevelEncoding, int(d.NumValues)); err != nil {
			return err
		}
	}
	return c.page.open(c, int(d.NumValues), levels, d.DefinitionLevelEncoding, d.Encoding, data)
}

// openPageV2 decodes a data page of version 2, whose levels stand before the
// compressed values.
func (c *chunkReader) openPageV2(h *format.PageHeader, body []byte) error {
	d := &h.DataPageHeaderV2.V
	if err := c.count(d.NumValues); err != nil {
		return err
	}
	skip, n := int(d.RepetitionLevelsByteLength), int(d.DefinitionLevelsByteLength)
	if skip < 0 || n < 0 || skip+n > len(body) {
		return errors.New("the levels of a page are longer than the page")
	}
	levels, data := body[skip:skip+n], body[skip+n:]
	if (!d.IsCompressed.Valid || d.IsCompressed.V) && len(data) > 0 {
		var err error
		if data, err = c.unpack(data, int(h.UncompressedPageSize)-skip-n); err != nil {
			return err
		}
	}
	if !c.leaf.optional || n == 0 {
		levels = nil
	}
	return c.page.open(c, int(d.NumValues), levels, format.RLE, d.Encoding, data)
}

// unpack decompresses a data page's values.
func (c *chunkReader) unpack(data []byte, size int) ([]byte, error) {
	data, err := c.decompress(c.body, data, size)
	if err == nil && c.codec != format.Uncompressed {
		c.body = data
	}
	return data, err
}

// maxPageValues bounds how much memory a few bytes of runs can ask for.
const maxPageValues = 1 << 26

// count takes a page's values off those that the row group has left.
func (c *chunkReader) count(n int32) error {
	if n < 0 || int64(n) > c.rows {
		return fmt.Errorf("a page of %d values where its row group has %d rows left", n, c.rows)
	}
	if n > maxPageValues {
		return fmt.Errorf("a page of %d values is more than smelt reads", n)
	}
	c.rows -= int64(n)
	return nil
}

// fetch reads the next page's header, and its body, which is valid until the
// next call.
func (c *chunkReader) fetch(h *format.PageHeader) ([]byte, error) {
	n := 0
	for size := 1 << 10; ; size *= 4 {
		whole, err := c.peek(size)
		if err != nil {
			return nil, err
		}
		if len(c.ahead) == 0 {
			return nil, errors.New("the column ends before its row group does")
		}
		if n, err = unmarshal(c.ahead, h); err == nil {
			break
		}
		if err != errShort || whole || size > maxHeaderBytes {
			return nil, fmt.Errorf("a page's header is damaged: %w", err)
		}
	}
	c.ahead = c.ahead[n:]
	size := int(h.CompressedPageSize)
	if size < 0 || int64(size) > int64(len(c.ahead))+c.end-c.at {
		return nil, fmt.Errorf("a page of %d bytes goes beyond its column", size)
	}
	if _, err := c.peek(size); err != nil {
		return nil, err
	}
	body := c.ahead[:size]
	c.ahead = c.ahead[size:]
	if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(body) {
		return nil, errors.New("a page's checksum is wrong")
	}
	return body, nil
}

const (
	maxHeaderBytes = 16 << 20 // a page's header may hold bounds of any length
	readAhead      = 32 << 10
)

// peek reads ahead until n bytes or all of the column are at hand; whole says
// which.
func (c *chunkReader) peek(n int) (whole bool, err error) {
	if n > len(c.ahead) && c.at < c.end {
		want := int(min(int64(max(n, len(c.ahead)+readAhead)), int64(len(c.ahead))+c.end-c.at))
		have := len(c.ahead)
		if want > cap(c.space) {
			space := make([]byte, want+want/4)
			copy(space, c.ahead)
			c.space = space
		} else {
			copy(c.space[:cap(c.space)], c.ahead)
		}
		c.ahead = c.space[:want]
		k, err := c.file.ReadAt(c.ahead[have:], c.at)
		if k < want-have {
			c.ahead = c.ahead[:have]
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return false, err
		}
		c.at += int64(k)
	}
	return c.at >= c.end, nil
}
