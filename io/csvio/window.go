package csvio

import (
	"bytes"
	"context"
	"io"
)

// window is the part of a file that is in memory. It belongs to one goroutine.
type window struct {
	r     io.Reader
	buf   []byte // what is read, and slack bytes more
	pos   int    // buf[pos:end] is not consumed yet
	end   int
	base  int64 // place of buf[0] in the file
	final bool  // nothing follows buf[:end]
}

const (
	slack       = 64 // so that whole blocks can be looked at
	windowBytes = 256 << 10
)

// newWindow returns an empty window of n bytes on what r reads from base on.
func newWindow(r io.Reader, base int64, n int) *window {
	return &window{r: r, buf: make([]byte, n+slack), base: base}
}

// room is how large a window on the next n bytes should be; n < 0 = all there are.
func (s *source) room(n int64) int {
	if n >= 0 && n < int64(s.window) {
		return int(n) + 1 // so that the end shows
	}
	return s.window
}

// offset is the place of the next byte.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

func (w *window) rest() []byte { return w.buf[w.pos:w.end] }

// fill drops what is consumed and reads on; more than half full, the window grows.
// It moves what is left.
func (w *window) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if left := w.end - w.pos; left > (len(w.buf)-slack)/2 {
		buf := make([]byte, 2*(len(w.buf)-slack)+slack)
		copy(buf, w.rest())
		w.buf = buf
	} else {
		copy(w.buf, w.rest())
	}
	w.base += int64(w.pos)
	w.end -= w.pos
	w.pos = 0
	for idle := 0; w.end < len(w.buf)-slack; {
		n, err := w.r.Read(w.buf[w.end : len(w.buf)-slack])
		w.end += n
		if err == io.EOF {
			w.final = true
			return nil
		}
		if err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// skipLine consumes everything to the end of the line, however far it is.
func (w *window) skipLine(ctx context.Context) error {
	for {
		b := w.rest()
		e := lineEnd(b, 0)
		if e < len(b) && (b[e] == '\n' || e+1 < len(b)) || w.final {
			w.pos += min(e+1, len(b))
			if e+1 < len(b) && b[e] == '\r' && b[e+1] == '\n' {
				w.pos++
			}
			return nil
		}
		w.pos += e
		if err := w.fill(ctx); err != nil {
			return err
		}
	}
}

// skipBOM consumes a byte order mark in UTF-8.
func (w *window) skipBOM() {
	if bytes.HasPrefix(w.rest(), utf8BOM) {
		w.pos += len(utf8BOM)
	}
}

// place is a place between two records, and all that reading on from it needs.
type place struct {
	offset int64
	row    int64 // number of the next record
	broken int64 // see lexed.broke
	table  int64 // number of the record that began another table; 0 = none did
}

// reader reads one record after the other by the exact rules.
type reader struct {
	*dialect
	*window
	row    int64
	broken int64
	table  int64
	spans  []span
}

func newReader(d *dialect, w *window, p place) *reader {
	return &reader{dialect: d, window: w, row: p.row, broken: p.broken, table: p.table}
}

func (r *reader) place() place { return place{r.offset(), r.row, r.broken, r.table} }

// done reports whether everything is consumed.
func (r *reader) done() bool { return r.final && r.pos == r.end }

// peek looks at the next record without consuming it. kindMore asks for a fill.
func (r *reader) peek() lexed {
	if r.pos == r.end {
		return lexed{}
	}
	broken := 0
	if far := r.broken - r.offset(); far > 0 {
		broken = int(min(far, 1<<40))
	}
	return r.lex(r.rest(), r.final, broken, &r.spans)
}

// take consumes what was peeked.
func (r *reader) take(ctx context.Context, l lexed) error {
	if l.broke > 0 {
		r.broken = max(r.broken, r.offset()+int64(l.broke))
	}
	if l.kind == kindTable && r.table == 0 {
		r.table = r.row
	}
	if l.kind != kindSkip && l.kind != kindComment {
		r.row++
	}
	r.pos += l.next
	if l.kind == kindLong || l.kind == kindComment {
		return r.skipLine(ctx)
	}
	return nil
}

// next peeks, filling the window as needed; ok is false at the end.
func (r *reader) next(ctx context.Context) (l lexed, ok bool, err error) {
	for {
		if l = r.peek(); l.kind != kindMore {
			return l, true, nil
		}
		if r.done() {
			return l, false, nil
		}
		if err := r.fill(ctx); err != nil {
			return l, false, err
		}
	}
}
