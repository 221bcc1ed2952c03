package csvio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// TestRefused: what cannot be read right is refused, and the error says what to do.
func TestRefused(t *testing.T) {
	plain := table(20, ",")
	encrypted := []byte(archive(t, "a.csv", plain))
	encrypted[6] |= 1
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	gz := squeeze(t, "gzip", plain)
	for _, c := range []struct{ name, text, want string }{
		{"a.zip", archive(t, "a.csv", plain, "b.csv", plain), "a.zip: cannot be read: the archive holds 2 files, a.csv and b.csv among them\n  unpack it and name the files one by one"},
		{"a.zip", archive(t, "xl/x.xml", plain, "[Content_Types].xml", plain), "a.zip: cannot be read: it is a spreadsheet\n  save it as CSV"},
		{"a.zip", archive(t), "a.zip: cannot be read: the archive holds no file\n  check that it was written in full"},
		{"a.zip", string(encrypted), "a.zip: cannot be read: the archive is encrypted\n  unpack it first"},
		{"a.zip", archive(t, "a.csv.gz", gz), "a.zip: is compressed with gzip within zip, not text\n  unpack it once, and name what is in it"},
		{"a.zip", archive(t, "a.zip", archive(t, "a.csv", plain)), "a.zip: is a zip archive or a spreadsheet within zip, not text\n  unpack it once, and name what is in it"},
		{"a.csv", encode16(binary.AppendByteOrder(binary.LittleEndian), plain), "a.csv: is not UTF-8: every second byte is 0, as in UTF-16 without a byte order mark\n  set encoding: utf-16le"},
		{"a.csv", encode16(binary.AppendByteOrder(binary.BigEndian), plain), "a.csv: is not UTF-8: every second byte is 0, as in UTF-16 without a byte order mark\n  set encoding: utf-16be"},
		{"a.csv.zst", "\x28\xb5\x2f\xfd\x00\x90\x21\x00\x00a\n1\n", "a.csv.zst: cannot be decompressed as zstd: it needs a window of more than 128 MiB\n  compress it with --long=27 at most, or unpack it first"},
		{"a.csv.gz", gz[:len(gz)-4], "a.csv.gz: cannot be decompressed as gzip: unexpected EOF\n  the file is damaged, cut off or compressed in another way: fetch it again, or set its compression"},
		{"a.csv.gz", gz + gz[:20], "a.csv.gz: cannot be decompressed as gzip: unexpected EOF\n  the file is damaged, cut off or compressed in another way: fetch it again, or set its compression"},
	} {
		f := write(t, c.name, c.text)
		f.Name = c.name
		_, _, _, err := records(f)
		if !errors.Is(err, pipeline.ErrInput) || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// TestMembers: a gzip file of several members is all of them.
func TestMembers(t *testing.T) {
	s := open(t, write(t, "a.csv.gz", squeeze(t, "gzip", "a,b\n1,2\n")+squeeze(t, "gzip", "3,4\n")))
	equal(t, "rows", scan(t, s, 1, texts(t, s)).rows, []string{"1|1|2", "2|3|4"})
}

// TestLatin1: € and curly quotes are what a file that says Latin-1 means, and a
// byte that Windows-1252 does not define is the control character it is.
func TestLatin1(t *testing.T) {
	f := write(t, "a.csv", "a,b\nGr\xf6\xdfe,\x80\x93\x81\n")
	f.Encoding = "latin-1"
	s := open(t, f)
	equal(t, "rows", scan(t, s, 1, texts(t, s)).rows, []string{"1|Größe|€“\u0081"})
	f.Encoding = "windows-1252"
	s = open(t, f)
	if b := scan(t, s, 1, texts(t, s)); len(b.rows) != 0 {
		t.Errorf("%q", b.rows)
	}
}

// TestHeaderInCapitals: the header's names in another case, or with blanks, begin
// another table, even where all columns are text.
func TestHeaderInCapitals(t *testing.T) {
	for again, more := range map[string]bool{"NAME,CITY": true, "Name , City": true, `"name","city"`: true, "Name,City": false, "Name,Town": false} {
		f := write(t, "a.csv", "Name,City\nAnn,Rome\n"+again+"\nBob,Oslo\n")
		s := open(t, f)
		rows := scan(t, s, 1, texts(t, s)).rows
		if got := len(rows) == 1; got != more {
			t.Errorf("%s: %q", again, rows)
		}
	}
}

// TestChanged: a file that is written to while it is read fails the scan.
func TestChanged(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("5,6\n")
				err = errors.Join(err, f.Close())
			}
			return err
		},
		"shrinks":  func(path string) error { return os.Truncate(path, 5) },
		"rewrites": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
	} {
		f := write(t, "a.csv", "a,b\n1,2\n3,4\n")
		s := open(t, f)
		segments, err := s.Split(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(f.Path); err != nil {
			t.Fatal(err)
		}
		for _, err = range segments[0].Scan(context.Background(), pipeline.Scan{}) {
		}
		if !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), "while it was read") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
