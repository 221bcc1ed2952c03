package parquetio

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// chunkReader reads the values of one column chunk, page by page. What is passed
// over is not decompressed where whole pages are. Nothing that a page says of
// itself is believed before it is checked: its sizes against the file, its
// number of values against the row group, its checksum.
type chunkReader struct {
	leaf *leaf
	decompressor

	file    io.ReaderAt
	at, end int64  // of the bytes that are not read yet
	ahead   []byte // read, but not used yet
	space   []byte // what ahead is a part of
	rows    int64  // that later pages hold
	skipped int64  // rows that are passed over before the next one is read

	head   format.PageHeader // of the page
	header []byte            // the same as it stands in the file
	body   int               // bytes that follow the header and are not used yet
	pages  int               // data pages so far
	page   page
	dict   *dictionary
}

func (c *chunkReader) close() {
	if c.dict != nil {
		c.dict.release()
	}
}

func (c *chunkReader) left() int { return c.page.rows - c.page.row }

// skip passes over n rows.
func (c *chunkReader) skip(n int) { c.skipped += int64(n) }

// next makes sure that the page has rows left, and that those are the next ones.
func (c *chunkReader) next() error {
	for {
		k := min(c.skipped, int64(c.left()))
		c.page.row += int(k)
		c.skipped -= k
		if c.left() > 0 {
			return nil
		}
		if err := c.readPage(); err != nil {
			return err
		}
	}
}

// readPage reads up to the next data page's header.
func (c *chunkReader) readPage() error {
	for {
		if err := c.readHeader(); err != nil {
			return err
		}
		switch h := &c.head; h.Type {
		case format.DictionaryPage:
			body, err := c.readBody()
			if err != nil {
				return err
			}
			if err := c.openDictionary(body); err != nil {
				return err
			}
		case format.DataPage:
			if !h.DataPageHeader.Valid {
				return errors.New("a page has no header")
			}
			return c.begin(h.DataPageHeader.V.NumValues, h.DataPageHeader.V.Encoding)
		case format.DataPageV2:
			if !h.DataPageHeaderV2.Valid {
				return errors.New("a page has no header")
			}
			return c.begin(h.DataPageHeaderV2.V.NumValues, h.DataPageHeaderV2.V.Encoding)
		}
	}
}

// openDictionary decodes the dictionary page of a body.
func (c *chunkReader) openDictionary(body []byte) error {
	h := &c.head
	if !h.DictionaryPageHeader.Valid || c.dict != nil {
		return errors.New("a dictionary page is out of place")
	}
	text, err := c.decompress(body, int(h.UncompressedPageSize))
	if err != nil {
		return err
	}
	// A dictionary outlives its page.
	c.dict, err = newDictionary(slices.Clone(text), &h.DictionaryPageHeader.V, c.leaf)
	return err
}

// begin makes a data page of n rows the current one. It takes them off those
// that the row group has left.
func (c *chunkReader) begin(n int32, enc format.Encoding) error {
	if n < 0 || int64(n) > c.rows {
		return fmt.Errorf("a page of %d values where its row group has %d rows left", n, c.rows)
	}
	if n > maxPageValues {
		return fmt.Errorf("a page of %d values is more than smelt reads", n)
	}
	c.rows -= int64(n)
	c.pages++
	c.page.begin(int(n), enc)
	return nil
}

// open decodes the page as far as reading values needs it.
func (c *chunkReader) open() error {
	if c.page.opened {
		return nil
	}
	body, err := c.readBody()
	if err != nil {
		return err
	}
	if c.head.Type == format.DataPageV2 {
		return c.openPageV2(body)
	}
	// A page of version 1 is compressed as a whole.
	d := &c.head.DataPageHeader.V
	data, err := c.decompress(body, int(c.head.UncompressedPageSize))
	if err != nil {
		return err
	}
	levels := []byte(nil)
	if c.leaf.optional {
		if levels, data, err = levelsOf(data, d.DefinitionLevelEncoding, int(d.NumValues)); err != nil {
			return err
		}
	}
	return c.page.open(c, levels, d.DefinitionLevelEncoding, data)
}

// openPageV2 decodes a data page of version 2, whose levels stand before the
// compressed values.
func (c *chunkReader) openPageV2(body []byte) error {
	d := &c.head.DataPageHeaderV2.V
	skip, n := int(d.RepetitionLevelsByteLength), int(d.DefinitionLevelsByteLength)
	if skip < 0 || n < 0 || skip+n > len(body) {
		return errors.New("the levels of a page are longer than the page")
	}
	levels, data := body[skip:skip+n], body[skip+n:]
	if (!d.IsCompressed.Valid || d.IsCompressed.V) && len(data) > 0 {
		var err error
		if data, err = c.decompress(data, int(c.head.UncompressedPageSize)-skip-n); err != nil {
			return err
		}
	}
	if !c.leaf.optional || n == 0 {
		levels = nil
	}
	return c.page.open(c, levels, format.RLE, data)
}

// maxPageValues bounds how much memory a few bytes of runs can ask for.
const maxPageValues = 1 << 26

// readHeader passes over what is left of the page and reads the next one's header.
func (c *chunkReader) readHeader() error {
	k := min(c.body, len(c.ahead))
	c.ahead = c.ahead[k:]
	c.at += int64(c.body - k)
	n := 0
	for size := 1 << 10; ; size *= 4 {
		whole, err := c.peek(size)
		if err != nil {
			return err
		}
		if len(c.ahead) == 0 {
			return errors.New("the column ends before its row group does")
		}
		c.head = format.PageHeader{}
		if n, err = unmarshal(c.ahead, &c.head); err == nil {
			break
		}
		if err != errShort || whole || size > maxHeaderBytes {
			return fmt.Errorf("a page's header is damaged: %w", err)
		}
	}
	c.header, c.ahead = append(c.header[:0], c.ahead[:n]...), c.ahead[n:]
	c.body = int(c.head.CompressedPageSize)
	if c.body < 0 || int64(c.body) > int64(len(c.ahead))+c.end-c.at {
		return fmt.Errorf("a page of %d bytes goes beyond its column", c.body)
	}
	return nil
}

// readBody returns what follows the header, which is valid until the next one
// is read.
func (c *chunkReader) readBody() ([]byte, error) {
	if _, err := c.peek(c.body); err != nil {
		return nil, err
	}
	body := c.ahead[:c.body]
	c.ahead, c.body = c.ahead[c.body:], 0
	if c.head.CRC != 0 && uint32(c.head.CRC) != crc32.ChecksumIEEE(body) {
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
