package csvio

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// table is a plain table of n records, its fields joined by a delimiter.
func table(n int, delimiter string) string {
	var b strings.Builder
	b.WriteString(strings.Join([]string{"Order", "Date", "Name", "Price"}, delimiter) + "\n")
	for i := range n {
		fmt.Fprintf(&b, "%s\n", strings.Join([]string{fmt.Sprint("SO", 1000+i), fmt.Sprintf("2024-01-%02d", i%28+1), []string{"Lamp", "Big chair", "Table"}[i%3], fmt.Sprintf("%d.50", i*7%90)}, delimiter))
	}
	return b.String()
}

func TestDetect(t *testing.T) {
	le := binary.AppendByteOrder(binary.LittleEndian)
	plain := table(20, ",")
	for _, c := range []struct {
		name, text string
		want       pipeline.File
		columns    string // the first
	}{
		{"plain", plain, pipeline.File{}, "Order"},
		{"semicolons, decimal commas", strings.ReplaceAll(table(20, ";"), ".50", ",50"), pipeline.File{Delimiter: ";"}, "Order"},
		{"tabs", table(20, "\t"), pipeline.File{Delimiter: "\t"}, "Order"},
		{"pipes", table(20, "|"), pipeline.File{Delimiter: "|"}, "Order"},
		{"two pipes", table(20, "||"), pipeline.File{Delimiter: "||"}, "Order"},
		{"comma and blank", table(20, ", "), pipeline.File{Delimiter: ", "}, "Order"},
		{"quotes", strings.ReplaceAll(plain, "Big chair", `"Chair, ""big"""`), pipeline.File{}, "Order"},
		{"escapes", strings.ReplaceAll(plain, "Big chair", `"Chair, \"big\""`), pipeline.File{Escape: `\`}, "Order"},
		{"apostrophes", strings.ReplaceAll(plain, "Big chair", `'Chair, big'`), pipeline.File{Quote: "'"}, "Order"},
		{"apostrophes that are none", strings.ReplaceAll(plain, "Big chair", `Men's chair`), pipeline.File{}, "Order"},
		{"lone quotes", strings.ReplaceAll(plain, "Big chair", `"Big" chair`), pipeline.File{Quote: "none"}, "Order"},
		{"inches", strings.ReplaceAll(plain, "Big chair", `Chair 5"`), pipeline.File{}, "Order"},
		{"no header", strings.SplitN(plain, "\n", 2)[1], pipeline.File{NoHeader: true}, "1"},
		{"preamble", "Report of January\nby hand, in a hurry\n\n" + plain, pipeline.File{SkipRows: 3}, "Order"},
		{"blank lines above", "\n\n" + plain, pipeline.File{}, "Order"},
		{"comments", "# from the till\n" + plain + "# the end\n", pipeline.File{Comment: "#"}, "Order"},
		{"a header that begins like a comment", "#" + plain, pipeline.File{}, "#Order"},
		{"footer", plain + "\nTotal,,,500\nSource: the till\n", pipeline.File{SkipFooter: 2}, "Order"},
		{"a short last record is no footer", plain + "SO9,2024-01-01\n", pipeline.File{}, "Order"},
		{"two records of header", "Order,Date,Name,Price\nno,y-m-d,text,EUR\n" + strings.SplitN(plain, "\n", 2)[1], pipeline.File{HeaderRows: 2}, "Order no"},
		{"one column", "Name\nLamp\nChair\nTable\n", pipeline.File{}, "Name"},
		{"a lone column of dates", "Date\n3/14/2024\n12/1/2024\n3/2/2024\n", pipeline.File{}, "Date"},
		{"of dates without a header", "3/14/2024\n12/1/2024\n3/2/2024\n", pipeline.File{NoHeader: true}, "1"},
		{"of dates, one of them missing", "Ordered on\n03.14.2024\nn/a\n" + strings.Repeat("12.01.2024\n", 20), pipeline.File{}, "Ordered on"},
		{"of times", "Ordered at\n2024-03-14 10:00:05\n2024-03-15 11:00:05\n", pipeline.File{}, "Ordered at"},
		{"dates beside times", "Date,Time\n2024-03-14,10:00:05\n2024-03-15,11:00:05\n", pipeline.File{}, "Date"},
		{"slashes between fields", "a/b/c\nx/1/p\ny/2/q\n", pipeline.File{Delimiter: "/"}, "a"},
		{"words only", "first,last\nAnn,Lee\nBob,Ray\nCy,Low\n", pipeline.File{}, "first"},
		{"CR", strings.ReplaceAll(plain, "\n", "\r"), pipeline.File{}, "Order"},
		{"byte order mark", "\uFEFF" + plain, pipeline.File{}, "Order"},
		{"UTF-16 with a mark", encode16(le, "\uFEFF"+plain), pipeline.File{Encoding: "utf-16le"}, "Order"},
		{"UTF-16 without", encode16(binary.AppendByteOrder(binary.BigEndian), plain), pipeline.File{Encoding: "utf-16be"}, "Order"},
		{"UTF-8", strings.ReplaceAll(plain, "Lamp", "Größe €"), pipeline.File{}, "Order"},
		{"Windows-1252", strings.ReplaceAll(plain, "Lamp", "Gr\xf6\xdfe \x80"), pipeline.File{Encoding: "windows-1252"}, "Order"},
		{"Latin-1", strings.ReplaceAll(plain, "Lamp", "Gr\xf6\xdfe \x81"), pipeline.File{Encoding: "latin-1"}, "Order"},
		{"gzip by its bytes", squeeze(t, "gzip", plain), pipeline.File{Compression: "gzip"}, "Order"},
		{"a large file with a footer", table(100_000, ",") + "\nSource: the till\n", pipeline.File{SkipFooter: 1}, "Order"},
		{"a large file in UTF-16", encode16(le, table(60_000, ";")+"\nSource: the till\n"), pipeline.File{Delimiter: ";", Encoding: "utf-16le", SkipFooter: 1}, "Order"},
	} {
		f := write(t, "x.csv", c.text)
		d, err := Detect(context.Background(), f.Path)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := d.File
		got.Path, got.Name = "", ""
		if !reflect.DeepEqual(got, c.want) || d.Columns[0] != c.columns {
			t.Errorf("%s: %+v, columns %q; want %+v\n%+v", c.name, got, d.Columns, c.want, d.Findings)
		}
		for _, option := range []string{"encoding", "delimiter", "header"} {
			if !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Option == option && f.Confidence > 0 && f.Reason != "" }) {
				t.Errorf("%s: nothing is found out about %s: %+v", c.name, option, d.Findings)
			}
		}
	}
}

// FuzzDetect: whatever a file holds, Detect says how to read it or why it cannot
// be read, and what it says can be used.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\xff\xfea\x00", "'a';'b'\r'1';'2\\''\r", "#x\n\n\"a\"||b\n", "\"\"\"\n\",\n\"\n\n x", ",,,\n,,\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Detect(context.Background(), path)
		if err != nil {
			return
		}
		if _, _, _, err := records(d.File); err != nil && !bytes.HasPrefix(text, []byte("\x1f\x8b")) && d.File.Compression == "" {
			t.Fatalf("%q, read as %+v: %v", text, d.File, err)
		}
	})
}
