package cli

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// grid is a text table: a header and rows, each column as wide as it needs.
type grid struct {
	header []string
	right  []bool // numbers stand to the right; nil = all to the left
	rows   [][]string
	indent string
	widths []int // at least so wide; grows with the rows
}

// measure makes the columns as wide as the header and rows are.
func (g *grid) measure() {
	for _, row := range append([][]string{g.header}, g.rows...) {
		for i, text := range row {
			if i == len(g.widths) {
				g.widths = append(g.widths, 0)
			}
			g.widths[i] = max(g.widths[i], columns(text))
		}
	}
}

// print writes the header, if there is one, and the rows.
func (g *grid) print(s *stream) error {
	g.measure()
	var b strings.Builder
	if g.header != nil {
		b.WriteString(s.style(bold, g.line(g.header)) + "\n")
	}
	for _, row := range g.rows {
		b.WriteString(g.line(row) + "\n")
	}
	_, err := s.Write([]byte(b.String()))
	return err
}

// line lays out one row. The last column is not filled up.
func (g *grid) line(row []string) string {
	var b strings.Builder
	b.WriteString(g.indent)
	for i, text := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		fill := strings.Repeat(" ", max(0, g.widths[i]-columns(text)))
		if g.right != nil && g.right[i] {
			b.WriteString(fill + text)
		} else {
			b.WriteString(text + fill)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// wrap breaks a text into lines between words, but not at a no-break space,
// which becomes a space; lines after the first are indented.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(text, " ") {
		n := columns(word)
		switch {
		case i == 0:
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = columns(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}

// columns returns how many columns of a terminal a text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// clip shortens a text to so many columns of a terminal, and shows what a
// terminal would act upon as an escape: \n, \x1b.
func clip(s string, limit int) string {
	s = printable(s)
	if columns(s) <= limit {
		return s
	}
	n := 0
	for i, r := range s {
		if n += columnsOf(r); n > limit-1 {
			return s[:i] + "…"
		}
	}
	return s
}

func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// count writes a number with commas between thousands.
func count(n int64) string {
	if n < 0 {
		return "-" + count(-n)
	}
	s := fmt.Sprint(n)
	start := len(s) % 3
	var b strings.Builder
	b.WriteString(s[:start])
	for i := start; i < len(s); i += 3 {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

// size writes a number of bytes in three digits or so.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// plural writes a number and its noun.
func plural(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return count(n) + " " + noun
}
