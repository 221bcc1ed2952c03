package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/vbauerster/cupwriter"

	"github.com/smeltdata/smelt/pipeline"
)

// stream is stdout or stderr.
type stream struct {
	io.Writer
	terminal bool
	color    bool
	width    int // of the terminal; 0 = none
}

// room returns how wide lines of text may be.
func (s *stream) room() int {
	if s.width > 0 {
		return max(s.width, 40)
	}
	return 100
}

func newStream(w io.Writer) *stream {
	s := &stream{Writer: w}
	if term := cupwriter.New(w, false); term.IsTerminal() {
		s.terminal = true
		s.color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetTermSize(); err == nil {
			s.width = width
		}
	}
	return s
}

// Styles of text on a terminal.
const (
	bold = "1"
	dim  = "2"
	red  = "31"
)

// style marks a text, on a terminal that shows it.
func (s *stream) style(style, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// log writes a message: note, warning or error.
func (a *app) log(level, msg string, attrs ...any) {
	if a.json {
		levels := map[string]slog.Level{"note": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError}
		slog.New(slog.NewJSONHandler(a.err, nil)).Log(context.Background(), levels[level], msg, attrs...)
		return
	}
	if a.err.width > 0 {
		lines := strings.Split(msg, "\n")
		for i, line := range lines {
			lines[i] = wrap(line, "  ", a.err.room()-len("warning: "))
		}
		msg = strings.Join(lines, "\n")
	}
	switch level {
	case "error":
		msg = a.err.style(red, "error:") + " " + msg
	case "warning":
		msg = a.err.style(bold, "warning:") + " " + msg
	}
	fmt.Fprintln(a.err, msg)
}

// fail reports an error: in JSON with its parts.
func (a *app) fail(err error) {
	var e *pipeline.Error
	if !a.json || !errors.As(err, &e) {
		a.log("error", err.Error())
		return
	}
	var attrs []any
	for _, p := range []struct {
		key   string
		value any
		given bool
	}{
		{"file", e.File, e.File != ""}, {"line", e.Line, e.Line > 0}, {"col", e.Col, e.Line > 0}, {"record", e.Row, e.Row > 0},
		{"table", e.Table, e.Table != ""}, {"column", e.Column, e.Column != ""}, {"value", e.Value, e.Value != ""}, {"hint", e.Hint, e.Hint != ""},
	} {
		if p.given {
			attrs = append(attrs, p.key, p.value)
		}
	}
	a.log("error", err.Error(), attrs...)
}
