package csvio

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// chunkBytes is how much of a file Split gives a worker at a time.
const chunkBytes = 8 << 20

// defaultSegment is the size of segments where none is asked for.
const defaultSegment = 16 << 20

// markBytes is how far the marks of a segment are apart: a few records of a
// segment are found from the marks before them, without reading all of it.
const markBytes = 8 << 10

// mark is a place within a segment, counted from its beginning, that reading
// can begin at.
type mark struct{ offset, row uint32 }

// mark notes a place of the segment, if reading on from it needs no more than
// where it is.
func (g *segment) mark(p place) {
	offset, row := p.offset-g.from.offset, p.row-g.from.row
	if p.broken <= p.offset && p.table == 0 && offset <= math.MaxUint32 && row <= math.MaxUint32 {
		g.marks = append(g.marks, mark{uint32(offset), uint32(row)})
	}
}

// before returns the last place known that is not after a record.
func (g *segment) before(row int64) place {
	i, found := slices.BinarySearchFunc(g.marks, row-g.from.row, func(m mark, row int64) int { return cmp.Compare(int64(m.row), row) })
	if !found {
		i--
	}
	if i < 0 {
		return g.from
	}
	return place{offset: g.from.offset + int64(g.marks[i].offset), row: g.from.row + int64(g.marks[i].row)}
}

// Split cuts the file into segments of about size bytes. It reads a plain file
// once, to find where records end and which number each segment's first has.
func (s *source) Split(ctx context.Context, size int64) ([]pipeline.Segment, error) {
	if size <= 0 {
		size = defaultSegment
	}
	whole := &segment{source: s, from: s.first, to: s.size, bytes: s.size, skipped: s.skipped}
	if !s.plain() {
		whole.to = s.last
	}
	if !s.plain() || s.size-s.first.offset <= size {
		return []pipeline.Segment{whole}, nil
	}
	grid := s.grid
	if size%grid != 0 {
		grid = size
	}
	cuts, err := s.cuts(ctx, grid)
	if err != nil {
		return nil, s.reading(err)
	}
	last, out := whole, []pipeline.Segment{whole}
	last.bytes = 0
	for _, c := range cuts {
		if c.offset >= s.size {
			break
		}
		if c.offset/size == last.from.offset/size {
			last.mark(c)
			continue
		}
		last.to, last.rows = c.offset, c.row-last.from.row
		last.bytes += last.to - last.from.offset
		last = &segment{source: s, from: c, to: s.size}
		out = append(out, last)
	}
	last.bytes += last.to - last.from.offset
	whole.bytes += s.first.offset
	return out, nil
}

// piece is what a worker found in one chunk of the file, if the place that it
// began at is one between records.
type piece struct {
	from, to place // row numbers count from 1 in a piece
	guessed  bool
	cuts     []place
}

// cuts returns the first place between records after each multiple of size.
func (s *source) cuts(ctx context.Context, size int64) ([]place, error) {
	n := int((s.size - s.first.offset + s.chunk - 1) / s.chunk)
	pieces := make([]piece, n)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range pieces {
		g.Go(func() (err error) {
			p := &pieces[i]
			p.from, p.guessed = s.first, true
			lo, hi := s.first.offset+int64(i)*s.chunk, s.first.offset+int64(i+1)*s.chunk
			if i > 0 {
				if p.from, p.guessed, err = s.guess(gctx, lo); err != nil || !p.guessed || p.from.offset >= hi {
					return err
				}
			}
			p.to, p.cuts, err = s.skim(gctx, p.from, hi, size)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	at := s.first
	var cuts []place
	for i := range pieces {
		p := &pieces[i]
		hi := s.first.offset + int64(i+1)*s.chunk
		if at.offset >= hi {
			continue // one record goes past the chunk
		}
		if p.guessed && p.from.offset == at.offset && at.broken <= at.offset {
			for _, c := range p.cuts {
				cuts = append(cuts, c.after(at))
			}
			at = p.to.after(at)
			continue
		}
		to, more, err := s.skim(ctx, at, hi, size)
		if err != nil {
			return nil, err
		}
		at, cuts = to, append(cuts, more...)
	}
	return cuts, nil
}

// after turns a place that was counted from row 1 on into one that is counted
// from another place on.
func (p place) after(at place) place {
	p.row += at.row - 1
	if p.table > 0 {
		p.table += at.row - 1
	}
	if at.table > 0 {
		p.table = at.table
	}
	return p
}

// skim reads from a place between records to the first one not before stop.
func (s *source) skim(ctx context.Context, from place, stop, size int64) (place, []place, error) {
	in := io.NewSectionReader(s.file, from.offset, s.size-from.offset)
	k := newSkimmer(s.dialect, newWindow(in, from.offset, s.room(s.size-from.offset)), from)
	var cuts []place
	err := k.until(ctx, min(stop, s.size), size, func(p place) { cuts = append(cuts, p) })
	return k.place(), cuts, err
}

// guess looks for a place between records from lo on: a line end after which
// a few records have the right number of fields. A wrong guess costs time only.
func (s *source) guess(ctx context.Context, lo int64) (place, bool, error) {
	const reach, tries, proof = 64 << 10, 64, 3
	in := io.NewSectionReader(s.file, lo-1, min(reach, s.size-lo+1))
	w := newWindow(in, lo-1, reach+1)
	if err := w.fill(ctx); err != nil {
		return place{}, false, err
	}
	text := w.rest()
	first, at := -1, 0
	for range tries {
		e := lineEnd(text, at)
		if e+1 >= len(text) {
			break
		}
		if at = e + 1; text[e] == '\r' && text[at] == '\n' {
			at++
		}
		if first < 0 {
			first = at
		}
		if s.proven(text[at:], proof) {
			first = at
			break
		}
	}
	return place{offset: lo - 1 + int64(first), row: 1}, first >= 0, nil
}

// proven reports whether text begins with n records that are as they should be.
func (s *source) proven(text []byte, n int) bool {
	r := newReader(s.dialect, &window{buf: text, end: len(text)}, place{})
	for n > 0 {
		l := r.peek()
		switch {
		case l.kind == kindRecord && len(r.spans) == s.dialect.width && bytes.IndexByte(text[r.pos:r.pos+l.end], 0) < 0:
			n--
		case l.kind != kindSkip:
			return false
		}
		r.pos += l.next
	}
	return true
}
