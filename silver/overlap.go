package silver

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/pipeline"
)

// export is a file of a source with overlap: max. Files are numbered in record
// order.
type export struct{ source, file int }

// overlap gathers the lines that may stand in several exports, and then decides
// which of them count there already. It keeps them in parts by their hashes, so
// that equal ones are found a part at a time; once scratch is full, in a
// temporary file. It belongs to one goroutine while it grows.
type overlap struct {
	scratch *pipeline.Scratch
	spill   *pipeline.Spill // nil while all are in memory
	parts   [1 << spillBits]overlapPart
}

// overlapPart is a part of the lines: each an overlapHead and its bytes.
type overlapPart struct {
	spilled []overlapBlock
	buf     []byte // what follows
}

// overlapBlock is where a piece of a part is in the file.
type overlapBlock struct {
	at   int64
	size int
}

const (
	overlapHead      = 20       // segment, length, record: 8, 4 and 8 bytes
	overlapBlockSize = 32 << 10 // of which a part puts at least this much aside: all have 8 MiB
)

// add adds a line, as wholeLines renders it.
func (o *overlap) add(hash uint64, line []byte, seg int, row int64) {
	p := &o.parts[hash>>(64-spillBits)]
	p.buf = binary.LittleEndian.AppendUint64(p.buf, uint64(seg))
	p.buf = binary.LittleEndian.AppendUint32(p.buf, uint32(len(line)))
	p.buf = binary.LittleEndian.AppendUint64(p.buf, uint64(row))
	p.buf = append(p.buf, line...)
}

// putAside puts what has gathered into the file if memory is full.
func (o *overlap) putAside() error {
	if !o.scratch.Full() {
		return nil
	}
	if o.spill == nil {
		o.spill = o.scratch.Spill()
	}
	for i := range o.parts {
		p := &o.parts[i]
		if len(p.buf) < overlapBlockSize {
			continue
		}
		at, err := o.spill.Put(p.buf)
		if err != nil {
			return err
		}
		p.spilled = append(p.spilled, overlapBlock{at, len(p.buf)})
		if p.buf = p.buf[:0]; cap(p.buf) > 2*overlapBlockSize {
			p.buf = nil // it grew while there was memory
		}
	}
	return nil
}

// decide adds the lines that count in another file to losers, by segment and in
// no order. Each part is decided by one of the workers.
func (o *overlap) decide(workers int, exports map[int]export, losers map[int][]int64) error {
	var mu sync.Mutex
	err := spread(workers, len(o.parts), func() func(int) error {
		w := overlapWorker{o: o, exports: exports}
		return func(part int) error {
			if err := w.read(&o.parts[part]); err != nil {
				return err
			}
			lost := w.decide()
			mu.Lock()
			defer mu.Unlock()
			for _, c := range lost {
				losers[c.seg] = append(losers[c.seg], c.row)
			}
			return nil
		}
	})
	if o.spill != nil {
		err = errors.Join(err, o.spill.Close())
	}
	return err
}

// overlapWorker decides parts.
type overlapWorker struct {
	o       *overlap
	exports map[int]export
	buf     []byte
	lines   []overlapLine
	lost    []overlapLine
}

// overlapLine is a line of a part.
type overlapLine struct {
	hash uint64
	line []byte
	file int
	seg  int
	row  int64
}

// read reads a part.
func (w *overlapWorker) read(p *overlapPart) error {
	size := len(p.buf)
	for _, b := range p.spilled {
		size += b.size
	}
	w.buf = resize(w.buf, size)
	rest := w.buf
	for _, b := range p.spilled {
		if err := w.o.spill.Get(rest[:b.size], b.at); err != nil {
			return err
		}
		rest = rest[b.size:]
	}
	copy(rest, p.buf)
	p.buf = nil
	w.lines = w.lines[:0]
	for rest = w.buf; len(rest) > 0; {
		seg, n, row := int(binary.LittleEndian.Uint64(rest)), int(binary.LittleEndian.Uint32(rest[8:])), int64(binary.LittleEndian.Uint64(rest[12:]))
		line := rest[overlapHead : overlapHead+n]
		rest = rest[overlapHead+n:]
		w.lines = append(w.lines, overlapLine{xxh3.Hash(line), line, w.exports[seg].file, seg, row})
	}
	return nil
}

// decide returns the lines of the part that lose. They are valid until the next
// call.
func (w *overlapWorker) decide() []overlapLine {
	slices.SortFunc(w.lines, func(a, b overlapLine) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return cmp.Or(bytes.Compare(a.line, b.line), cmp.Compare(a.file, b.file))
	})
	w.lost = w.lost[:0]
	for lines := w.lines; len(lines) > 0; {
		n := 1 // lines that equal the first one
		for n < len(lines) && lines[n].hash == lines[0].hash && bytes.Equal(lines[n].line, lines[0].line) {
			n++
		}
		w.lost = appendLosers(w.lost, lines[:n])
		lines = lines[n:]
	}
	return w.lost
}

// appendLosers appends those of equal lines, ordered by file, that are not of
// the first file that has the most of them.
func appendLosers(lost, equal []overlapLine) []overlapLine {
	first, most := 0, 0
	for at := 0; at < len(equal); {
		end := at + 1
		for end < len(equal) && equal[end].file == equal[at].file {
			end++
		}
		if end-at > most {
			first, most = at, end-at
		}
		at = end
	}
	return append(append(lost, equal[:first]...), equal[first+most:]...)
}

// addWhole adds the usable lines of a batch to those that may stand in several
// exports.
func (r *repeats) addWhole(scratch *pipeline.Scratch, seg, source int, l *lines) error {
	l.whole.read(source, l.rec)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settled {
		return errors.New("silver: Resolve after Resolved")
	}
	if r.overlap == nil {
		r.overlap = &overlap{scratch: scratch}
	}
	for i, why := range l.reason {
		if why == usable {
			r.overlap.add(l.whole.hash(i), l.whole.at(i), seg, l.source.at(i))
		}
	}
	return r.overlap.putAside()
}
