package bronze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

func checkFiles(path string, files []string) *problem {
	if len(files) == 0 {
		return bad(path+".files", "no file is named", "write files: and a path, or a glob such as sales_*.csv")
	}
	for i, f := range files {
		if strings.TrimSpace(f) == "" {
			return bad(fmt.Sprintf("%s.files[%d]", path, i), "a file's name is empty", "")
		}
	}
	return nil
}

// checkRead checks how files are to be read.
func checkRead(path string, files []string, f pipeline.File) *problem {
	for _, k := range []struct {
		key, value string
		right      []string
	}{{"format", f.Format, formats}, {"compression", f.Compression, compressions}, {"encoding", f.Encoding, encodings}} {
		if k.value != "" {
			if p := checkChoice(path+"."+k.key, k.key, k.value, k.right); p != nil {
				return p
			}
		}
	}
	other := "" // a format that is not csv
	if f.Format == "delta" {
		other = "Delta table"
	} else if !slices.ContainsFunc(files, func(name string) bool { return !(pipeline.File{Path: name, Format: f.Format}).IsParquet() }) {
		other = "Parquet file"
	}
	for _, k := range []struct {
		key   string
		given bool
	}{
		{"delimiter", f.Delimiter != ""}, {"quote", f.Quote != ""}, {"escape", f.Escape != ""}, {"encoding", f.Encoding != ""},
		{"comment", f.Comment != ""}, {"skip_rows", f.SkipRows != 0}, {"skip_footer", f.SkipFooter != 0}, {"header", f.NoHeader}, {"header_rows", f.HeaderRows != 0}, {"names", f.Names != nil},
		{"compression", f.Compression != ""},
	} {
		if k.given && other != "" {
			return bad(path+"."+k.key, k.key+" is for csv: a "+other+" says itself", "leave it out")
		}
	}
	used := map[string]string{}
	for _, k := range []struct{ key, value, usual string }{{"delimiter", f.Delimiter, ","}, {"quote", f.Quote, `"`}, {"escape", f.Escape, ""}} {
		c := k.value
		if c == "" {
			c = k.usual
		}
		if c == "" || k.key == "quote" && c == "none" {
			continue
		}
		want := "one ASCII character"
		if k.key == "delimiter" {
			want = "ASCII characters"
		}
		if len(c) != 1 && k.key != "delimiter" || strings.ContainsFunc(c, func(r rune) bool { return r >= 0x80 || r == '\n' || r == '\r' || r == 0 }) {
			return bad(path+"."+k.key, fmt.Sprintf("%s wants %s, not %q", k.key, want, c), "")
		}
		if d := f.Delimiter; k.key != "delimiter" && len(d) > 1 && strings.Contains(d, c) {
			return bad(path+".delimiter", fmt.Sprintf("the delimiter %q holds the %s", d, k.key), "")
		}
		// An escape that is the quote is a doubled quote, which is the default.
		if other := used[c]; other != "" && !(k.key == "escape" && other == "quote") {
			given := k.key
			if k.value == "" {
				given = other // this one is only the default
			}
			return bad(path+"."+given, fmt.Sprintf("%s and %s are the same character, %q", other, k.key, c), "")
		}
		used[c] = k.key
	}
	for _, k := range []struct {
		key string
		n   int
	}{{"skip_rows", f.SkipRows}, {"skip_footer", f.SkipFooter}, {"header_rows", f.HeaderRows}} {
		if k.n < 0 {
			return bad(path+"."+k.key, k.key+" is negative", "")
		}
	}
	if f.NoHeader && f.HeaderRows > 0 {
		return bad(path+".header_rows", "header_rows needs a header", "leave out header: false, or header_rows")
	}
	for i, name := range f.Names {
		if strings.TrimSpace(name) == "" || slices.Contains(f.Names[:i], name) {
			return bad(fmt.Sprintf("%s.names[%d]", path, i), fmt.Sprintf("the name %q is empty or repeated", name), "each column needs a name of its own")
		}
	}
	if f.NoHeader && len(f.Names) == 0 {
		return bad(path+".header", "without a header the columns have no names", "list them: names: [id, name, price]")
	}
	return nil
}

func checkNumber(path string, n pipeline.Number) *problem {
	decimal := n.Decimal
	if decimal == 0 {
		decimal = '.'
	}
	for _, k := range []struct {
		key string
		c   byte
	}{{"decimal", n.Decimal}, {"thousands", n.Thousands}} {
		if k.c >= '0' && k.c <= '9' || k.c == '-' || k.c == '+' || k.c >= 0x80 {
			return bad(path+"."+k.key, fmt.Sprintf("%q cannot separate digits", k.c), "")
		}
	}
	if n.Thousands == decimal {
		return bad(path, fmt.Sprintf("decimal and thousands are the same character, %q", decimal), `with a decimal comma write {decimal: ",", thousands: "."}`)
	}
	return nil
}
