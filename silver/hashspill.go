package silver

import (
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// hashSpill keeps the hashes of lines in a temporary file, in parts by their
// upper bits, so that equal ones are found a part at a time. It belongs to one
// goroutine while it grows.
type hashSpill struct {
	file  *pipeline.Spill
	parts [1 << spillBits]spillPart
}

// spillPart is a part of a hashSpill: hashes and, each after its own, their
// lines.
type spillPart struct {
	places []int64  // where its full buffers are in the file
	buf    []uint64 // what follows
}

const (
	spillBits  = 8
	spillWords = 4 << 10 // in a buffer: all of a worker's have 8 MiB
)

func newHashSpill(file *pipeline.Spill) *hashSpill {
	s := &hashSpill{file: file}
	for p := range s.parts {
		s.parts[p].buf = make([]uint64, 0, spillWords)
	}
	return s
}

// add adds the hashes of the lines from the first one on.
func (s *hashSpill) add(hashes []uint64, first uint64) error {
	for i, h := range hashes {
		if h == 0 {
			continue
		}
		p := &s.parts[h>>(64-spillBits)]
		if p.buf = append(p.buf, h, first+uint64(i)); len(p.buf) == spillWords {
			at, err := s.file.Put(arrow.Uint64Traits.CastToBytes(p.buf))
			if err != nil {
				return err
			}
			p.places, p.buf = append(p.places, at), p.buf[:0]
		}
	}
	return nil
}

// spilledRepeats is repeatedHashes where every hash is in a spill, or goes there
// now.
func spilledRepeats(logs []*hashLog, workers int) (bitset, error) {
	blocks := 0
	for _, l := range logs {
		if err := l.put(); err != nil {
			return nil, err
		}
		blocks += l.spilled
	}
	repeated := make(bitset, blocks*(blockSize/64))
	err := spread(workers, 1<<spillBits, func() func(int) error {
		w := &spillWorker{logs: logs, repeated: repeated}
		return w.part
	})
	for _, l := range logs {
		if e := l.spill.file.Close(); err == nil {
			err = e
		}
	}
	return repeated, err
}

// spillWorker finds the repeated hashes of parts.
type spillWorker struct {
	logs     []*hashLog
	repeated bitset   // the outcome
	words    []uint64 // of the part: hashes and lines
	slots    []uint32 // a hash table: 1 + half the place in words; 0 = free
}

func (w *spillWorker) part(part int) error {
	if err := w.read(part); err != nil {
		return err
	}
	size := bits.Len(uint(len(w.words))) // at most half of the slots are taken
	w.slots = resize(w.slots, 1<<size)
	clear(w.slots)
	mask := uint64(len(w.slots) - 1)
	for k := 0; k < len(w.words); k += 2 {
		h := w.words[k]
		at := h << spillBits >> (64 - uint(size))
		for ; w.slots[at] != 0; at = (at + 1) & mask {
			if before := int(w.slots[at]-1) * 2; w.words[before] == h {
				mark(w.repeated, w.words[before+1])
				mark(w.repeated, w.words[k+1])
				break
			}
		}
		if w.slots[at] == 0 {
			w.slots[at] = uint32(k/2) + 1
		}
	}
	return nil
}

// read reads a part of all logs, whose lines are numbered on from one to the
// next.
func (w *spillWorker) read(part int) error {
	n := 0
	for _, l := range w.logs {
		p := &l.spill.parts[part]
		n += len(p.places)*spillWords + len(p.buf)
	}
	w.words = resize(w.words, n)
	rest, first := w.words, uint64(0)
	for _, l := range w.logs {
		p := &l.spill.parts[part]
		words := rest[:len(p.places)*spillWords+len(p.buf)]
		rest = rest[len(words):]
		for i, at := range p.places {
			if err := l.spill.file.Get(arrow.Uint64Traits.CastToBytes(words[i*spillWords:(i+1)*spillWords]), at); err != nil {
				return err
			}
		}
		copy(words[len(p.places)*spillWords:], p.buf)
		for i := 1; i < len(words); i += 2 {
			words[i] += first
		}
		first += uint64(l.spilled) << blockBits
	}
	return nil
}
