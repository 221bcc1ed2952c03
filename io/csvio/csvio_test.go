package csvio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write puts a text into a file of the test's own and returns how to read it.
func write(t testing.TB, name, text string) pipeline.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return pipeline.File{Path: path, Name: name}
}

func open(t testing.TB, f pipeline.File) *source {
	t.Helper()
	s, err := Open(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*source)
}

func parser(t testing.TB, c pipeline.Cast) *pipeline.Parser {
	t.Helper()
	p, err := pipeline.NewParser(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// result is everything that scans gave.
type result struct {
	rows    []string // "1|a|b", "∅" for NULL
	rejects []string
	rescued []string
	rounded []int64
	skipped int64
}

func (r *result) add(b *pipeline.Batch) {
	for i, n := range b.Rows {
		line := fmt.Sprint(n)
		for _, c := range b.Record.Columns() {
			line += "|" + value(c, i)
		}
		r.rows = append(r.rows, line)
	}
	for _, e := range b.Rejects {
		r.rejects = append(r.rejects, fmt.Sprintf("%d@%d: %s: %q", e.Row, e.Offset, e.Error, e.Raw))
	}
	for _, e := range b.Rescued {
		r.rescued = append(r.rescued, fmt.Sprintf("%d.%d: %q", b.Rows[e.Row], e.Field, e.Text))
	}
	if r.rounded == nil {
		r.rounded = make([]int64, len(b.Rounded))
	}
	for i, n := range b.Rounded {
		r.rounded[i] += n
	}
	r.skipped += b.Skipped
}

func value(c arrow.Array, i int) string {
	switch a := c.(type) {
	case *array.Dictionary:
		if a.IsValid(i) {
			return value(a.Dictionary(), a.GetValueIndex(i))
		}
	case *array.String:
		if a.IsValid(i) {
			return a.Value(i)
		}
	case *array.Timestamp:
		if a.IsValid(i) {
			return pipeline.Timestamp(a.Value(i)).String()
		}
	case *array.Decimal128:
		if a.IsValid(i) {
			return a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
		}
	default:
		if a.IsValid(i) {
			return a.ValueStr(i)
		}
	}
	return "∅"
}

// texts is a scan of every column as text.
func texts(t testing.TB, s pipeline.Source) pipeline.Scan {
	sc := pipeline.Scan{}
	p := parser(t, pipeline.Cast{Type: pipeline.StringType})
	for i := range s.Columns() {
		sc.Fields = append(sc.Fields, pipeline.Field{Column: i, Cast: p})
	}
	return sc
}

// scan reads the segments of a source one after the other.
func scan(t testing.TB, s pipeline.Source, size int64, sc pipeline.Scan) result {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	sc.Mem = mem
	segments, err := s.Split(context.Background(), size)
	if err != nil {
		t.Fatal(err)
	}
	var r result
	for _, g := range segments {
		for b, err := range g.Scan(context.Background(), sc) {
			if err != nil {
				t.Fatal(err)
			}
			if b.Record.NumRows() != int64(len(b.Rows)) {
				t.Fatalf("a batch of %d rows has %d row numbers", b.Record.NumRows(), len(b.Rows))
			}
			r.add(b)
		}
	}
	return r
}

const whole = 1 << 40

// read opens a file and reads all of it as text.
func read(t testing.TB, f pipeline.File) (columns []string, r result) {
	t.Helper()
	s := open(t, f)
	defer s.Close()
	return s.Columns(), scan(t, s, whole, texts(t, s))
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRead(t *testing.T) {
	type c struct {
		name, text string
		file       pipeline.File
		rows       []string
		rejects    []string
		skipped    int64
	}
	for _, c := range []c{
		{name: "plain", text: "a,b\n1,2\n3,4\n", rows: []string{"1|1|2", "2|3|4"}},
		{name: "no final line end", text: "a,b\n1,2\n3,4", rows: []string{"1|1|2", "2|3|4"}},
		{name: "CRLF", text: "a,b\r\n1,2\r\n3,4\r\n", rows: []string{"1|1|2", "2|3|4"}},
		{name: "CR", text: "a,b\r1,2\r3,4\r", rows: []string{"1|1|2", "2|3|4"}},
		{name: "mixed line ends", text: "a,b\r1,2\n\r\n3,4\r\r\n5,6", rows: []string{"1|1|2", "2|3|4", "3|5|6"}, skipped: 2},
		{name: "blank lines", text: "\n \t\na,b\n\n1,2\n  \n3,4\n\n\n", rows: []string{"1|1|2", "2|3|4"}, skipped: 6},
		{name: "header only", text: "a,b\n"},
		{name: "header only, no line end", text: "a,b"},
		{name: "BOM", text: "\uFEFFa,b\n1,2\n", rows: []string{"1|1|2"}},
		{name: "empty fields", text: "a,b\n,\n\"\",x\n", rows: []string{"1|∅|∅", "2|∅|x"}},
		{name: "quotes", text: "a,b\n\"x,y\",\"he said \"\"hi\"\"\"\n\"two\nlines\",\"\"\"\"\n5\" disk,a\"b\n", rows: []string{"1|x,y|he said \"hi\"", "2|two\nlines|\"", "3|5\" disk|a\"b"}},
		{name: "ragged", text: "a,b\n1\n1,2,3\n1,2\n", rows: []string{"3|1|2"}, rejects: []string{`1@4: 1 fields, expected 2: "1"`, `2@6: 3 fields, expected 2: "1,2,3"`}},
		{name: "ragged over lines", text: "a,b\n\"1\n2\"\n1,2\n", rows: []string{"2|1|2"}, rejects: []string{`1@4: 1 fields, expected 2: "\"1\n2\""`}},
		{name: "unterminated", text: "a,b\n1,2\n\"3,4\n5,6\n7,8\n", rows: []string{"1|1|2", "3|5|6", "4|7|8"}, rejects: []string{`2@8: unterminated quote: "\"3,4"`}},
		{name: "unterminated before quotes", text: "a,b\n\"3,4\n5,\"6\"\n\"7\",8\n", rows: []string{"2|5|6", "3|7|8"}, rejects: []string{`1@4: unterminated quote: "\"3,4"`}},
		{name: "unterminated at the end", text: "a,b\r\n1,2\r\n3,\"4", rows: []string{"1|1|2"}, rejects: []string{`2@10: unterminated quote: "3,\"4"`}},
		{name: "after a quote", text: "a,b\n\"1\"x,2\n\"1\" ,2\n3,4\n", rows: []string{"3|3|4"}, rejects: []string{`1@4: text after a closing quote: "\"1\"x,2"`, `2@11: text after a closing quote: "\"1\" ,2"`}},
		{name: "NUL and UTF-8", text: "a,b\n1,\x00\n\"\xff\",2\n\xc3,\xa4\nä,€\n", rows: []string{"4|ä|€"}, rejects: []string{`1@4: NUL byte: "1,\x00"`, `2@8: invalid UTF-8: "\"\xff\",2"`, `3@14: invalid UTF-8: "\xc3,\xa4"`}},
		{name: "repeated header", text: "a,b\n\"a\",b\n1,2\na,b\n\uFEFFa,b\r\n", rows: []string{"1|1|2"}, skipped: 3},
		{name: "another table", text: "a,b\n1,2\na,\"b\"\n3,4\na,b\n\"5,6\n", rows: []string{"1|1|2"}, rejects: []string{
			`2@8: the header again, written in another way: another table begins: "a,\"b\""`, `3@14: after another table's header, which is record 2: "3,4"`,
			`4@22: unterminated quote: "\"5,6"`}, skipped: 1},
		{name: "stray quotes", text: "a,b\n\"x \"y\" z\",1\n\"\"x\",2\n\"3,\"y\"\n5\"x7\",a\"b\nx\"y,z\"\n\"z,\"\n", rows: []string{`1|x "y" z|1`, `2|"x|2`, `3|"3|y`, `4|5"x7"|a"b`},
			rejects: []string{`5@40: quotes within fields that may enclose a delimiter: "x\"y,z\""`, `6@47: 1 fields, expected 2: "\"z,\""`}},
		{name: "wide delimiter", text: "a, b\n1, \"x, \"\"\"\n\"2\",3, \n, 5\n", file: pipeline.File{Delimiter: ", "}, rows: []string{`1|1|x, "`, "3|∅|5"},
			rejects: []string{`2@16: text after a closing quote: "\"2\",3, "`}},
		{name: "wide delimiter of one sign", text: "a||b\n1||2\n|||3\n||||\n", file: pipeline.File{Delimiter: "||"}, rows: []string{"1|1|2", "2|∅||3"}, rejects: []string{`3@15: 3 fields, expected 2: "||||"`}},
		{name: "header of two records", text: "x,\na,b\n1,2\na,b\n", file: pipeline.File{HeaderRows: 2}, rows: []string{"1|1|2"}, skipped: 1},
		{name: "footer", text: "a,b\n1,2\n\nTotal: \"3\n(end)\n\n", file: pipeline.File{SkipFooter: 2}, rows: []string{"1|1|2"}, skipped: 3},
		{name: "damaged header", text: "\"a,\"b\"\n1,2\n", rows: []string{"1|1|2"}},
		{name: "comments", text: "# \"x\na,b\n#1,2\n3,#4\n \"#\n", file: pipeline.File{Comment: "#"}, rows: []string{"1|3|#4"}, rejects: []string{`2@19: 1 fields, expected 2: " \"#"`}, skipped: 2},
		{name: "long comment mark", text: "a\n/\n//x\n/", file: pipeline.File{Comment: "//"}, rows: []string{"1|/", "2|/"}, skipped: 1},
		{name: "preamble", text: "Report \"x\nof today,\r\na,b\n1,2\n", file: pipeline.File{SkipRows: 2}, rows: []string{"1|1|2"}, skipped: 2},
		{name: "no header", text: "1,2\n3,4\n", file: pipeline.File{NoHeader: true, Names: []string{"a", "b"}}, rows: []string{"1|1|2", "2|3|4"}},
		{name: "no header, no names", text: "\n1,2\n3,4\n", file: pipeline.File{NoHeader: true}, rows: []string{"1|1|2", "2|3|4"}, skipped: 1},
		{name: "no records", text: "", file: pipeline.File{NoHeader: true, Names: []string{"a"}}},
		{name: "names", text: "x,y\n1,2\nx,y\n", file: pipeline.File{Names: []string{"a", "b"}}, rows: []string{"1|1|2"}, skipped: 1},
		{name: "semicolon and apostrophe", text: "a;b\n'1;''';2\n", file: pipeline.File{Delimiter: ";", Quote: "'"}, rows: []string{"1|1;'|2"}},
		{name: "tab", text: "a\tb\n1\t\n\t\n  \n", file: pipeline.File{Delimiter: "\t"}, rows: []string{"1|1|∅", "2|∅|∅"}, skipped: 1},
		{name: "no quotes", text: "a,b\n\"1,\"2\n", file: pipeline.File{Quote: "none"}, rows: []string{"1|\"1|\"2"}},
		{name: "escape", text: "a,b\n\"\\\"1\\\\\",\"\\n\"\"\"\n\"C:\\\",2\n3,4\\\n", file: pipeline.File{Escape: `\`}, rows: []string{"1|\"1\\|\\n\"", "3|3|4\\"}, rejects: []string{`2@19: unterminated quote: "\"C:\\\",2"`}},
		{name: "NUL as escape", text: "a,b\n\"x\x00\"y\",\x00\n", file: pipeline.File{Escape: "\x00"}, rows: []string{"1|x\"y|\x00"}},
		{name: "Windows-1252", text: "a\x80,b\n\xe4\x93,2\n\"\x99\"\"\",1\n3,\x81\n", file: pipeline.File{Encoding: "windows-1252"}, rows: []string{"1|ä“|2", "2|™\"|1"}, rejects: []string{`3@18: invalid Windows-1252: "3,\x81"`}},
		{name: "Latin-1", text: "a,b\n\xe4\x93,2\n", file: pipeline.File{Encoding: "latin-1"}, rows: []string{"1|ä“|2"}},
		{name: "BOM over encoding", text: "\uFEFFa,b\nä,2\n", file: pipeline.File{Encoding: "latin-1"}, rows: []string{"1|ä|2"}},
		{name: "a header over lines", text: "\"a\nx\",b\n1,2\n\"a\nx\",b\n", rows: []string{"1|1|2"}, skipped: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := write(t, "x.csv", c.text)
			c.file.Path, c.file.Name = f.Path, f.Name
			columns, r := read(t, c.file)
			if !slices.Equal(columns, []string{"a", "b"}) && slices.Contains([]string{"plain", "BOM", "mixed line ends", "tab", "names", "no header"}, c.name) {
				t.Errorf("columns %q", columns)
			}
			equal(t, "rows", r.rows, c.rows)
			equal(t, "rejects", r.rejects, c.rejects)
			if r.skipped != c.skipped {
				t.Errorf("skipped %d, want %d", r.skipped, c.skipped)
			}
			for _, size := range []int64{1, 3, 7} {
				s := open(t, c.file)
				s.chunk, s.window = 5, 4
				if got := scan(t, s, size, texts(t, s)); fmt.Sprint(got) != fmt.Sprint(r) {
					t.Errorf("in segments of %d bytes: %v, want %v", size, got, r)
				}
				s.Close()
			}
		})
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		text, want string
		kind       error
		file       pipeline.File
	}{
		{"", "is empty", pipeline.ErrInput, pipeline.File{}},
		{"\n# x\n \n", "is empty", pipeline.ErrInput, pipeline.File{Comment: "#"}},
		{"a,b\n", "is empty", pipeline.ErrInput, pipeline.File{SkipRows: 4}},
		{"\uFEFF", "is empty", pipeline.ErrInput, pipeline.File{}},
		{"", "is empty", pipeline.ErrInput, pipeline.File{Compression: "gzip"}},
		{"", "is empty", pipeline.ErrInput, pipeline.File{Compression: "zstd"}},
		{"", "is empty", pipeline.ErrInput, pipeline.File{NoHeader: true}},
		{"\"a,b\n1,2\n", "unterminated quote", pipeline.ErrInput, pipeline.File{}},
		{"\xe4,b\n1,2\n", "not valid UTF-8", pipeline.ErrInput, pipeline.File{}},
		{"a\x00,b\x00\n\x00", "NUL byte", pipeline.ErrInput, pipeline.File{}},
		{"a,b\n", "names lists 1 columns, the file's header has 2", pipeline.ErrConfig, pipeline.File{Names: []string{"x"}}},
		{"a,b\n", "delimiter must be one ASCII character", pipeline.ErrConfig, pipeline.File{Delimiter: "\n"}},
		{"a,b\n", "delimiter must be of ASCII characters", pipeline.ErrConfig, pipeline.File{Delimiter: "a\n"}},
		{"a,b\n", "cannot be the delimiter and the quote", pipeline.ErrConfig, pipeline.File{Quote: ","}},
		{"a,b\n", "unknown encoding", pipeline.ErrConfig, pipeline.File{Encoding: "utf-7"}},
		{"a,b\n", "unknown compression", pipeline.ErrConfig, pipeline.File{Compression: "lzma"}},
		{"a,b\n", "cannot be decompressed as gzip", pipeline.ErrInput, pipeline.File{Compression: "gzip"}},
		{"a,b\n", "cannot be decompressed as zstd", pipeline.ErrInput, pipeline.File{Compression: "zstd"}},
		{"\x1f\x8bxxx", "is compressed with gzip", pipeline.ErrInput, pipeline.File{}},
		{"PK\x03\x04xxx", "spreadsheet", pipeline.ErrInput, pipeline.File{}},
		{"", "is not a file on this machine", pipeline.ErrInput, pipeline.File{Path: "memory://x"}},
		{"", "cannot be opened", pipeline.ErrInput, pipeline.File{Path: filepath.Join(dir, "gone.csv")}},
		{"", "is a directory", pipeline.ErrInput, pipeline.File{Path: dir}},
	} {
		f := write(t, "x.csv", c.text)
		c.file.Name = "shop/x.csv"
		c.file.Path = cmp.Or(c.file.Path, f.Path)
		_, err := Open(context.Background(), c.file)
		var e *pipeline.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || e.File != "shop/x.csv" {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}

// TestWideDelimiter holds a delimiter of two signs to one of one: the same text
// with the one in place of the other has the same records.
func TestWideDelimiter(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := "a,b,c\n" + dirty(rt)
		if refused(text) || refused(strings.ReplaceAll(text, ",", "::")) {
			return
		}
		f := pipeline.File{Path: filepath.Join(dir, "x.csv"), Name: "x.csv", Escape: rapid.SampledFrom([]string{"", `\`}).Draw(rt, "escape")}
		var want result
		for i, size := range []int64{whole, whole, 1, rapid.Int64Range(1, 200).Draw(rt, "size")} {
			if i == 1 {
				text = strings.ReplaceAll(text, ",", "::")
				f.Delimiter = "::"
			}
			if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
				rt.Fatal(err)
			}
			s := open(t, f)
			if i > 1 {
				s.chunk, s.window = rapid.Int64Range(1, 50).Draw(rt, "chunk"), rapid.IntRange(1, 30).Draw(rt, "window")
			}
			got := scan(t, s, size, texts(t, s))
			s.Close()
			for k, r := range got.rows {
				got.rows[k] = strings.ReplaceAll(r, "::", ",") // within a field
			}
			for k, r := range got.rejects {
				number, rest, _ := strings.Cut(r, "@")
				_, rest, _ = strings.Cut(rest, ": ")
				got.rejects[k] = number + ": " + strings.ReplaceAll(rest, "::", ",")
			}
			if i == 0 {
				want = got
			} else if fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("%q in segments of %d bytes:\n%s\nwant\n%s", text, size, fmt.Sprint(got), fmt.Sprint(want))
			}
		}
	})
}
