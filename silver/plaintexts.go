package silver

import (
	"encoding/binary"

	"github.com/smeltdata/smelt/pipeline"
)

// plainTexts keeps texts by row: those of a row are together, in blocks of
// memory. Once scratch is full, all blocks but the one that grows are in spill.
// It belongs to one goroutine while it grows.
type plainTexts struct {
	scratch *pipeline.Scratch
	columns int
	at      []int64         // by row: its texts' place in the blocks; -1 = it has none
	blocks  [][]byte        // nil for those in the file, and for each that the one before it is longer by
	spill   *pipeline.Spill // nil while all are in memory
	spilled int             // blocks that are in the file
}

const (
	textBlockBits = 16
	textBlockSize = 1 << textBlockBits
)

// row adds a row without texts.
func (p *plainTexts) row() { p.at = append(p.at, -1) }

// set gives a row its texts, of each appendText.
func (p *plainTexts) set(row int32, texts []byte) error {
	var buf [binary.MaxVarintLen64]byte
	size := buf[:binary.PutUvarint(buf[:], uint64(len(texts)))]
	if at := p.at[row]; at >= int64(p.spilled)<<textBlockBits {
		had := p.inMemory(at)
		if n, k := binary.Uvarint(had); uint64(len(texts)) <= n && k > 0 { // there is room
			copy(had[copy(had, size):], texts)
			return nil
		}
	}
	need, last := len(size)+len(texts), len(p.blocks)-1
	if last < 0 || len(p.blocks[last])+need > cap(p.blocks[last]) {
		if err := p.putAside(); err != nil {
			return err
		}
		last = len(p.blocks)
		n := max((need+textBlockSize-1)/textBlockSize, 1)
		p.blocks = append(p.blocks, make([][]byte, n)...)
		p.blocks[last] = make([]byte, 0, n*textBlockSize)
	}
	b := p.blocks[last]
	p.at[row] = int64(last)<<textBlockBits + int64(len(b))
	p.blocks[last] = append(append(b, size...), texts...)
	return nil
}

// putAside puts the texts into the file if memory is full. p may be nil.
func (p *plainTexts) putAside() error {
	if p != nil && p.scratch.Full() {
		return p.put()
	}
	return nil
}

// put puts all blocks into the file, where each is at its place among the
// blocks.
func (p *plainTexts) put() error {
	if p.spill == nil {
		p.spill = p.scratch.Spill()
	}
	for i, b := range p.blocks[p.spilled:] {
		if b == nil {
			continue
		}
		if _, err := p.spill.Put(b[:cap(b)]); err != nil {
			return err
		}
		p.blocks[p.spilled+i] = nil
	}
	p.spilled = len(p.blocks)
	return nil
}

// inMemory returns what is in memory from a place on.
func (p *plainTexts) inMemory(at int64) []byte {
	return p.blocks[at>>textBlockBits][at&(textBlockSize-1):]
}

// appendText appends a text, empty for NULL, to those of a row.
func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// textsReader reads plainTexts that do not change meanwhile. Rows may be read in
// any order; where they are nearly in that in which they were set, the file is
// read in large pieces.
type textsReader struct {
	*plainTexts
	texts  [][]byte
	pieces [4]textPiece // of the file: some for the rows that were set again, later
	now    int
}

// textPiece is a piece of the file.
type textPiece struct {
	at   int64
	data []byte
	next int // bytes to read where rows go on after this
	used int // when
}

const (
	minTextPiece = 512
	maxTextPiece = 256 << 10
)

func newTextsReader(p *plainTexts) *textsReader {
	return &textsReader{plainTexts: p, texts: make([][]byte, p.columns)}
}

// read returns the texts of a row; they are valid until the next call.
func (r *textsReader) read(row int) ([][]byte, error) {
	at := r.at[row]
	if at < 0 {
		clear(r.texts)
		return r.texts, nil
	}
	var b []byte
	if at >= int64(r.spilled)<<textBlockBits {
		b, _ = entry(r.inMemory(at))
	} else {
		var err error
		if b, err = r.fromFile(at); err != nil {
			return nil, err
		}
	}
	for i := range r.texts {
		n, k := binary.Uvarint(b)
		r.texts[i], b = b[k:k+int(n)], b[k+int(n):]
	}
	return r.texts, nil
}

// entry returns the texts of a row at the start of b; how many bytes it takes to
// have them, where b is too short.
func entry(b []byte) (texts []byte, need int) {
	n, k := binary.Uvarint(b)
	if k <= 0 {
		return nil, minTextPiece
	}
	if len(b) < k+int(n) {
		return nil, k + int(n)
	}
	return b[k : k+int(n)], 0
}

func (r *textsReader) fromFile(at int64) ([]byte, error) {
	p, found := &r.pieces[0], false
	for i := range r.pieces {
		q := &r.pieces[i]
		if skip := at - q.at - int64(len(q.data)); q.data != nil && at >= q.at && skip < textBlockSize {
			p, found = q, true
			break
		}
		if q.used < p.used {
			p = q
		}
	}
	r.now++
	p.used = r.now
	if !found {
		p.next = minTextPiece
	} else if from := at - p.at; from < int64(len(p.data)) {
		if texts, need := entry(p.data[from:]); need == 0 {
			return texts, nil
		}
	}
	for size := p.next; ; {
		size = int(min(int64(size), int64(r.spilled)<<textBlockBits-at))
		p.at, p.data = at, resize(p.data, size)
		if err := r.spill.Get(p.data, at); err != nil {
			return nil, err
		}
		p.next = min(max(2*size, minTextPiece), maxTextPiece)
		texts, need := entry(p.data)
		if need == 0 {
			return texts, nil
		}
		size = need
	}
}
