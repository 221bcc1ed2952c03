package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// segment is a stretch of a file between two records.
type segment struct {
	source  *source
	from    place
	to      int64 // -1 = the end, wherever it is
	rows    int64 // records; 0 = not known
	bytes   int64
	skipped int64 // lines before the first one's header
	marks   []mark
}

// Bytes is the size in the file; of a compressed file, as it is compressed.
func (g *segment) Bytes() int64 { return g.bytes }

// Scan yields the segment's records in batches.
func (g *segment) Scan(ctx context.Context, sc pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) {
		b, err := newBatcher(g.source, sc)
		if err != nil {
			yield(nil, err)
			return
		}
		defer b.release()
		rows := sc.Rows
		if rows != nil {
			from, _ := slices.BinarySearch(rows, g.from.row)
			if rows = rows[from:]; len(rows) == 0 || g.rows > 0 && rows[0] >= g.from.row+g.rows {
				return
			}
		} else {
			b.batch.Skipped = g.skipped
		}
		in, err := g.source.stream(g.from.offset)
		if err != nil {
			yield(nil, g.source.reading(err))
			return
		}
		defer in.Close()
		size := int64(-1)
		if g.to >= 0 {
			size = g.to - g.from.offset
		}
		room := g.source.room(size)
		if len(g.marks) > 0 && rows != nil {
			room = min(room, 2*int(g.source.grid)) // most of what follows is not wanted
		}
		s := &scanner{
			stretches: newStretches(newReader(g.source.dialect, newWindow(&bounded{in, size}, g.from.offset, room), g.from)),
			batcher:   b, segment: g, only: rows, all: sc.Rows == nil,
		}
		if !s.all {
			s.most = sparseBytes
		}
		s.tokens.few = 0
		for _, c := range b.wanted {
			s.tokens.few = max(s.tokens.few, c+1)
		}
		if err := s.run(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// sparseBytes is how much is tokenised at a time where not all records are wanted.
const sparseBytes = 2 << 10

var errShrunk = errors.New("it became shorter while it was read")

// bounded reads n bytes, of which not one may be missing; n < 0 = all there are.
type bounded struct {
	r io.Reader
	n int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n < 0 {
		return b.r.Read(p)
	}
	if b.n == 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.n)])
	b.n -= int64(n)
	if err == io.EOF && b.n > 0 {
		err = errShrunk
	}
	return n, err
}

// scanner reads the records of one segment, by tokens where it can and one by
// one where it must.
type scanner struct {
	*stretches
	*batcher
	segment *segment
	only    []int64 // record numbers that are still wanted
	all     bool    // every record is
	valid   bool    // the tokens' text needs no check for NUL and encoding
}

// run yields the batches.
func (s *scanner) run(ctx context.Context, yield func(*pipeline.Batch, error) bool) error {
	for {
		more, err := s.step(ctx)
		if err != nil {
			return s.source.reading(err)
		}
		if !more {
			if err := s.source.unchanged(); err != nil {
				return err
			}
		}
		if !more || s.full() {
			s.parseWaiting()
			if more || !s.empty() {
				b, err := s.batcher.take()
				if err != nil {
					return err
				}
				ok := yield(b, nil)
				s.batcher.next()
				if !ok {
					return nil
				}
			}
			if !more {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		} else if s.room() == 0 {
			s.parseWaiting()
		}
	}
}

func (s *scanner) parseWaiting() {
	more := int64(1 << 40)
	if s.segment.to >= 0 {
		more = (s.segment.to-s.offset())/int64(s.width) + 1
	}
	if s.only != nil {
		more = min(more, int64(len(s.only)))
	}
	s.parse(s.buf, more)
}

// step reads some records. It returns false when there are no more.
func (s *scanner) step(ctx context.Context) (bool, error) {
	if !s.all && len(s.only) == 0 {
		return false, nil
	}
	if !s.all {
		if p := s.segment.before(s.only[0]); p.offset > s.base+int64(s.end) {
			s.parseWaiting()
			s.jump(p)
		}
	}
	fresh := s.line == s.tokens.count
	if fresh && !s.all && s.pass(math.MaxInt64, s.only[0]-s.row) {
		return true, nil
	}
	if s.ready() {
		s.lines(fresh)
		return true, nil
	}
	l := s.peek()
	if l.kind == kindMore {
		if s.done() {
			return false, nil
		}
		s.parseWaiting()
		s.forget()
		return true, s.fill(ctx)
	}
	s.one(l)
	if l.kind == kindLong || l.kind == kindComment {
		s.parseWaiting()
		s.forget()
	}
	return true, s.reader.take(ctx, l)
}

// jump goes on at a mark after all that was read. Only plain files have marks.
func (s *scanner) jump(p place) {
	n := s.segment.to - p.offset
	s.forget()
	s.r = &bounded{io.NewSectionReader(s.source.file, p.offset, n), n}
	s.base, s.pos, s.end, s.row = p.offset, 0, 0, p.row
}

// wants reports whether the current record is wanted.
func (s *scanner) wants() bool {
	if s.all {
		return true
	}
	if len(s.only) > 0 && s.only[0] == s.row {
		s.only = s.only[1:]
		return true
	}
	return false
}

// ordinary deals with a line that is no record or a bad one; then it returns
// false, with the row counted where it is one.
func (s *scanner) ordinary(text []byte, fields int) bool {
	switch {
	case (len(text) == 0 || s.blank(text[0])) && s.allBlank(text),
		s.comment != nil && bytes.HasPrefix(text, s.comment),
		s.repeats(text):
		s.skip()
		return false
	case len(text) > s.limit:
		s.refuse(text[:s.limit+1], s.tooLong())
	case s.like(text) && s.peek().kind == kindTable:
		s.refuse(text, headerAgain)
		s.table = s.row
	default:
		msg := ""
		if !s.valid {
			msg = s.invalid(text)
		}
		if msg == "" && fields == s.width {
			return true
		}
		if msg == "" {
			msg = s.ragged(fields)
		}
		s.refuse(text, msg)
	}
	s.row++
	return false
}

func (s *scanner) skip() {
	if s.all {
		s.batch.Skipped++
	}
}

// refuse rejects the record that begins at the window's position.
func (s *scanner) refuse(text []byte, msg string) {
	if s.wants() {
		s.reject(pipeline.Rejected{Row: s.row, Offset: s.offset(), Error: msg, Raw: bytes.Clone(text[:min(len(text), pipeline.RawLimit)])})
	}
}

func (s *scanner) tooLong() string {
	if s.limit < 1<<20 {
		return fmt.Sprintf("longer than %d bytes", s.limit)
	}
	return fmt.Sprintf("longer than %d MiB", s.limit>>20)
}

func (s *scanner) ragged(fields int) string {
	return fmt.Sprintf("%d fields, expected %d", fields, s.width)
}

// invalid says what bytes a record must not have; "" = it has none.
func (s *scanner) invalid(text []byte) string {
	if !s.nul && bytes.IndexByte(text, 0) >= 0 {
		return "NUL byte"
	}
	if !s.encoded(text) {
		return "invalid " + s.source.encodingName()
	}
	return ""
}

// one deals with a record that was read by the exact rules, but for its number.
func (s *scanner) one(l lexed) {
	text := s.rest()[:l.end]
	switch l.kind {
	case kindSkip, kindComment:
		s.skip()
		return
	case kindLong:
		s.refuse(text, s.tooLong())
		return
	case kindBad:
		s.refuse(text, l.msg)
		return
	case kindTable:
		s.refuse(text, headerAgain)
		return
	}
	if s.table > 0 {
		s.refuse(text, fmt.Sprintf("after another table's header, which is record %d", s.table))
		return
	}
	if msg := s.invalid(text); msg != "" {
		s.refuse(text, msg)
		return
	}
	if len(s.spans) != s.width {
		s.refuse(text, s.ragged(len(s.spans)))
		return
	}
	if !s.wants() {
		return
	}
	if l.mended {
		s.batch.Mended++
	}
	if s.charset != nil && !isASCII(text) {
		s.odd = true
	}
	for i, c := range s.wanted {
		f := &s.spans[c]
		if f.escaped { // in place; a field may be wanted twice
			f.to = f.from + len(s.unescape(text[f.from:f.to]))
			f.escaped = false
		}
		s.from[i][s.waiting] = uint32(s.pos + f.from)
		s.to[i][s.waiting] = uint32(s.pos + f.to)
	}
	s.rows = append(s.rows, s.row)
	s.waiting++
}
