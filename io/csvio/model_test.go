package csvio

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// model reads a text whole by the rules of the package doc, as simply as it
// can be written: the judge of everything that is fast.
type model struct {
	delimiter     string
	quote, escape byte // 0 = none
	comment       string
	header        string
	width         int
	offset        int
	row           int64
	table         int64    // record that began another table
	firsts        []string // the rows, of the first column alone
	result
}

func cutLine(b string) (line, rest string) {
	i := strings.IndexAny(b, "\r\n")
	if i < 0 {
		return b, ""
	}
	if strings.HasPrefix(b[i:], "\r\n") {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

func (m *model) record(b string) (fields []modelField, n int, msg string) {
	for i := 0; ; i++ {
		var f []byte
		from, to, enclosed := i, 0, false
		if m.quote != 0 && i < len(b) && b[i] == m.quote {
			for i++; ; i++ {
				if i >= len(b) {
					return nil, i, "unterminated quote"
				}
				if m.escape != 0 && b[i] == m.escape && i+1 < len(b) && (b[i+1] == m.escape || b[i+1] == m.quote) {
					i++
				} else if b[i] == m.quote {
					if i+1 == len(b) || b[i+1] != m.quote {
						break
					}
					i++
				}
				f = append(f, b[i])
			}
			from, to, enclosed = from+1, i, true
			i++
			if i < len(b) && b[i] != '\r' && b[i] != '\n' && !strings.HasPrefix(b[i:], m.delimiter) {
				return nil, i, "text after a closing quote"
			}
		} else {
			for i < len(b) && !strings.HasPrefix(b[i:], m.delimiter) && b[i] != '\r' && b[i] != '\n' {
				f = append(f, b[i])
				i++
			}
			to = i
		}
		fields = append(fields, modelField{string(f), from, to, enclosed})
		if !strings.HasPrefix(b[i:], m.delimiter) {
			return fields, i, ""
		}
		i += len(m.delimiter) - 1
	}
}

// modelField is a field and where it stands in its record.
type modelField struct {
	text     string
	from, to int
	enclosed bool
}

func (m *model) read(b string) {
	total := len(b)
	top := true // right below the header
	for b != "" {
		offset := int64(m.offset + total - len(b))
		line, rest := cutLine(b)
		if strings.Trim(line, " \t") == "" || m.comment != "" && strings.HasPrefix(line, m.comment) {
			m.skipped++
			b, top = rest, false
			continue
		}
		fields, n, msg := m.record(b)
		raw := b[:n]
		if msg != "" {
			raw = line
			if n > len(line) {
				msg = "unterminated quote"
			}
			b = rest
			if f, ok := m.mended(line); ok {
				fields, msg = f, ""
			}
		} else {
			_, b = cutLine(b[n:])
			if m.doubtful(raw, fields) {
				msg = "quotes within fields that may enclose a delimiter"
			}
		}
		if msg == "" && (raw == m.header || raw == "\uFEFF"+m.header) {
			m.skipped++
			top = false
			continue
		}
		again := msg == "" && len(fields) == m.width
		for i, name := range strings.Split(m.header, m.delimiter) {
			again = again && fields[i].text == name
		}
		if again && top {
			m.skipped++
			continue
		}
		top = false
		m.row++
		switch {
		case msg != "":
		case again:
			msg = "the header again, written in another way: another table begins"
			if m.table == 0 {
				m.table = m.row
			}
		case m.table > 0:
			msg = fmt.Sprintf("after another table's header, which is record %d", m.table)
		case strings.IndexByte(raw, 0) >= 0:
			msg = "NUL byte"
		case !utf8.ValidString(raw):
			msg = "invalid UTF-8"
		case len(fields) != m.width:
			msg = fmt.Sprintf("%d fields, expected %d", len(fields), m.width)
		}
		if msg != "" {
			m.rejects = append(m.rejects, fmt.Sprintf("%d@%d: %s: %q", m.row, offset, msg, raw))
			continue
		}
		out := fmt.Sprint(m.row)
		for i, f := range fields {
			if f.text == "" {
				f.text = "∅"
			}
			if out += "|" + f.text; i == 0 {
				m.firsts = append(m.firsts, out)
			}
		}
		m.rows = append(m.rows, out)
	}
}

// check holds a text with the header a,b,c to the model, in one segment, in
// segments of several sizes, and with windows and chunks of a few bytes.
func check(t interface {
	Fatalf(string, ...any)
	Helper()
}, tb testing.TB, path, text string, f pipeline.File, sizes ...int64) {
	t.Helper()
	header := "a,b,c"
	if f.Delimiter == "" {
		f.Delimiter = ","
	}
	header = strings.ReplaceAll(header, ",", f.Delimiter)
	if refused(header + "\n" + text) {
		return
	}
	if err := os.WriteFile(path, []byte(header+"\n"+text), 0o600); err != nil {
		tb.Fatal(err)
	}
	m := model{delimiter: f.Delimiter, quote: '"', comment: f.Comment, header: header, width: 3, offset: len(header) + 1}
	if f.Escape != "" {
		m.escape = f.Escape[0]
	}
	if f.Quote == "none" {
		m.quote, m.escape = 0, 0
	}
	m.read(text)
	f.Path, f.Name = path, "x.csv"
	want, wantFirst := fmt.Sprint(m.rows, m.rejects, m.skipped), fmt.Sprint(m.firsts, m.rejects, m.skipped)
	for i, size := range append(sizes, whole) {
		s := open(tb, f)
		if i%2 == 0 {
			s.chunk, s.window = 1+size%61, 1+int(size%29)
		}
		sc := texts(tb, s)
		sc.BatchRows = []int{0, 1, 3}[i%3]
		got := scan(tb, s, size, sc)
		sc.Fields = sc.Fields[:1]
		few := scan(tb, s, size, sc)
		s.Close()
		if have := fmt.Sprint(got.rows, got.rejects, got.skipped); have != want {
			t.Fatalf("%q in segments of %d bytes:\n%s\nwant\n%s", text, size, have, want)
		}
		if have := fmt.Sprint(few.rows, few.rejects, few.skipped); have != wantFirst {
			t.Fatalf("%q, the first column in segments of %d bytes:\n%s\nwant\n%s", text, size, have, wantFirst)
		}
	}
}

// dirty draws the text of a file from pieces that are apt to be mistaken.
func dirty(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{"\"", "\"\"", ",", "\n", "\r\n", "\r", "x", "1,2,3\n", "\"a\",\"b\",c\r\n", "a,b,c\n", "\"a\nb\",,\n",
		" ", "\t", "#", "\\", "\\\"", "ä", "\xff", "\x00", "\uFEFF", ",\"", "\",", "\n\"", "\"\n", "long text without anything in it, but", strings.Repeat("1,2,3\n", 30)})
	return strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces"), "")
}

func TestDirtyFiles(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		f := pipeline.File{
			Comment: rapid.SampledFrom([]string{"", "", "#", "#\""}).Draw(rt, "comment"),
			Escape:  rapid.SampledFrom([]string{"", "", "\\"}).Draw(rt, "escape"),
			Quote:   rapid.SampledFrom([]string{"", "", "", "none"}).Draw(rt, "quote"),
		}
		text := dirty(rt)
		if f.Delimiter = rapid.SampledFrom([]string{",", ",", "|", "||", ", ", "<->", "-\t-\t", "-delimiter"}).Draw(rt, "delimiter"); f.Delimiter != "," {
			text = strings.ReplaceAll(text, ",", f.Delimiter)
		}
		check(rt, t, filepath.Join(dir, "x.csv"), text, f, rapid.Int64Range(1, 200).Draw(rt, "size"), 1, 64)
	})
}

// refused reports whether a file is refused as a whole: it looks like UTF-16.
func refused(text string) bool { return utf16Order([]byte(text[:min(len(text), 1024)])) != "" }

// FuzzReader holds any bytes to the model.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"1,2,3\n", "\"1\n2\",,\n\"x", "\r\r\n\"\"\"\",\"a\"b,\n", "a\",\"b\na\",\"b\na\",\"b\n"} {
		f.Add([]byte(s), int64(5), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, size int64, dialect byte) {
		file := pipeline.File{}
		if dialect&1 != 0 {
			file.Comment = "#"
		}
		if dialect&2 != 0 {
			file.Escape = `\`
		}
		if dialect&4 != 0 {
			file.Quote = "none"
		}
		if dialect&8 != 0 {
			file.Delimiter = ",,"
		}
		check(t, t, filepath.Join(t.TempDir(), "x.csv"), string(text), file, max(1, size%1000), 1)
	})
}

// TestLimit holds segments to the sequential read where records are longer
// than the limit, in lines and in quotes.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := "a,b\n" + dirty(rt)
		if refused(text) {
			return
		}
		f := pipeline.File{Path: filepath.Join(dir, "x.csv"), Name: "x.csv", Comment: "#"}
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			rt.Fatal(err)
		}
		limit := rapid.IntRange(5, 80).Draw(rt, "limit")
		var want string
		for i, size := range []int64{whole, whole, 1, rapid.Int64Range(1, 100).Draw(rt, "size")} {
			s := open(t, f)
			s.dialect.limit = limit
			if i > 0 {
				s.chunk, s.window = rapid.Int64Range(1, 50).Draw(rt, "chunk"), rapid.IntRange(1, 30).Draw(rt, "window")
			}
			got := fmt.Sprint(scan(t, s, size, texts(t, s)))
			s.Close()
			if i == 0 {
				want = got
			} else if got != want {
				rt.Fatalf("%q with limit %d in segments of %d bytes:\n%s\nwant\n%s", text, limit, size, got, want)
			}
		}
	})
}

// TestAgainstEncodingCSV compares with the standard library on whatever it
// writes.
func TestAgainstEncodingCSV(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		width := rapid.IntRange(2, 5).Draw(rt, "width")
		field := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a",\n 0-9]{0,8}`))
		rows := rapid.SliceOf(rapid.SliceOfN(field, width, width)).Draw(rt, "rows")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = rapid.Bool().Draw(rt, "CRLF")
		header := []string{"the", "header", "no", "row", "repeats"}[:width]
		var want []string
		_ = w.Write(header)
		for i, row := range rows {
			_ = w.Write(row)
			line := fmt.Sprint(i + 1)
			for _, v := range row {
				if w.UseCRLF {
					v = strings.ReplaceAll(strings.ReplaceAll(v, "\r", ""), "\n", "\r\n") // as it writes them
				}
				if strings.ContainsAny(v, "\x00") || !utf8.ValidString(v) {
					return
				}
				if v == "" {
					v = "∅"
				}
				line += "|" + v
			}
			want = append(want, line)
		}
		w.Flush()
		f := pipeline.File{Path: filepath.Join(dir, "x.csv"), Name: "x.csv"}
		if err := os.WriteFile(f.Path, text.Bytes(), 0o600); err != nil {
			rt.Fatal(err)
		}
		s, err := Open(context.Background(), f)
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		got := scan(t, s, rapid.Int64Range(1, 400).Draw(rt, "size"), texts(t, s))
		if fmt.Sprint(got.rows) != fmt.Sprint(want) || len(got.rejects) > 0 {
			rt.Fatalf("%q:\n%q, %q\nwant\n%q", text.String(), got.rows, got.rejects, want)
		}
	})
}
