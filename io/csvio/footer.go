package csvio

import (
	"context"
	"io"
)

// cutFooter leaves out the last n lines that are not blank.
func (s *source) cutFooter(ctx context.Context, n int) error {
	if !s.plain() {
		in, err := s.stream(s.first.offset)
		if err != nil {
			return err
		}
		defer in.Close()
		starts, err := s.lastLines(ctx, newWindow(in, s.first.offset, s.window), n)
		if len(starts) > 0 {
			s.last = starts[0]
			s.skipped += int64(len(starts))
		}
		return err
	}
	for reach := int64(64 << 10); ; reach *= 4 {
		from := max(s.first.offset, s.size-reach)
		w := newWindow(io.NewSectionReader(s.file, from, s.size-from), from, s.window)
		if from > s.first.offset { // it is within a line, maybe
			if err := w.fill(ctx); err != nil {
				return err
			}
			if err := w.skipLine(ctx); err != nil {
				return err
			}
		}
		starts, err := s.lastLines(ctx, w, n)
		if err != nil {
			return err
		}
		if len(starts) == n || from == s.first.offset {
			if len(starts) > 0 {
				s.size = starts[0]
				s.skipped += int64(len(starts))
			}
			return nil
		}
	}
}

// lastLines returns where the last n lines that are not blank begin.
func (s *source) lastLines(ctx context.Context, w *window, n int) ([]int64, error) {
	var starts []int64
	for {
		b, i := w.rest(), 0
		for i < len(b) && s.dialect.blank(b[i]) {
			i++
		}
		if i == len(b) {
			if w.final {
				return starts, nil
			}
			if err := w.fill(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if b[i] != '\n' && b[i] != '\r' {
			if len(starts) == n {
				copy(starts, starts[1:])
				starts = starts[:n-1]
			}
			starts = append(starts, w.offset())
		}
		if err := w.skipLine(ctx); err != nil {
			return nil, err
		}
	}
}
