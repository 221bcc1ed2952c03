package csvio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/smeltdata/smelt/pipeline"
)

func encode16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestUTF16(t *testing.T) {
	const text = "Größe,b\r\n1,€\r\n\"𝄞\n\",\"\"\"\"\r\n"
	want := []string{"1|1|€", "2|𝄞\n|\""}
	long := text + strings.Repeat("1,𝄞\n", 30_000)
	le, be := binary.AppendByteOrder(binary.LittleEndian), binary.AppendByteOrder(binary.BigEndian)
	for name, c := range map[string]struct{ encoding, text string }{
		"mark, little":    {"utf-16", encode16(le, "\uFEFF"+text)},
		"mark, big":       {"utf-16", encode16(be, "\uFEFF"+text)},
		"no mark, little": {"utf-16", encode16(le, text)},
		"no mark, big":    {"utf-16", encode16(be, text)},
		"little":          {"utf-16le", encode16(le, text)},
		"big, with mark":  {"utf-16be", encode16(be, "\uFEFF"+text)},
		"not declared":    {"", encode16(le, "\uFEFF"+text)},
	} {
		f := write(t, "x.csv", c.text)
		f.Encoding = c.encoding
		columns, r := read(t, f)
		equal(t, name+": columns", columns, []string{"Größe", "b"})
		equal(t, name, r.rows, want)
	}
	f := write(t, "x.csv", encode16(le, long))
	f.Encoding = "utf-16le"
	if _, r := read(t, f); len(r.rows) != 30_002 || r.rows[30_001] != "30002|1|𝄞" {
		t.Errorf("%d rows of a long file", len(r.rows))
	}
	f = write(t, "x.csv", encode16(le, "a,b\n1,2\n")+"3\x00,\x00\x00\xd8\n\x00"+encode16(le, "4,5\n6,")+"\x00\xdc\n\x00x")
	f.Encoding = "utf-16le"
	_, r := read(t, f)
	equal(t, "rows", r.rows, []string{"1|1|2", "3|4|5"})
	equal(t, "rejects", r.rejects, []string{`2@8: invalid UTF-16: "3,\xed\xa0\x80"`, `4@18: invalid UTF-16: "6,\xed\xb0\x80"`, `5@24: invalid UTF-16: "\xff"`})
}

func squeeze(t testing.TB, how, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	if how == "gzip" {
		w = gzip.NewWriter(&b)
	} else {
		z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompression(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,\"2\n3\"\nx\n", 8_000)
	_, want := read(t, write(t, "x.csv", text))
	for name, how := range map[string]string{"x.csv.gz": "gzip", "x.CSV.GZ": "gzip", "x.csv.zst": "zstd", "x": "gzip", "y": "zstd"} {
		f := write(t, name, squeeze(t, how, text))
		if len(name) == 1 {
			f.Compression = how
		}
		s := open(t, f)
		for range 2 { // it can be read again
			if got := scan(t, s, 1000, texts(t, s)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s differs from the plain file", name)
			}
		}
		s.Close()
	}
	// Two gzip members are one file, and one that is cut off is an error.
	f := write(t, "x.gz", squeeze(t, "gzip", "a,b\n1,2\n")+squeeze(t, "gzip", "3,4\n"))
	_, r := read(t, f)
	equal(t, "members", r.rows, []string{"1|1|2", "2|3|4"})
	for _, how := range []string{"gzip", "zstd"} {
		cut := squeeze(t, how, text)
		f := write(t, "x.csv", cut[:len(cut)-7])
		f.Compression = how
		s, err := Open(context.Background(), f)
		if err == nil {
			segments, _ := s.Split(context.Background(), 1)
			for _, e := range segments[0].Scan(context.Background(), texts(t, s)) {
				err = e
			}
			s.Close()
		}
		if !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), "cannot be decompressed") {
			t.Errorf("%s cut off: %v", how, err)
		}
	}
}

// TestLongLine reads past a line that is far longer than a record may be.
func TestLongLine(t *testing.T) {
	f := write(t, "x.csv", "a,b\n1,2\n"+strings.Repeat("x", 40<<20)+",3\r\n\""+strings.Repeat("y"+strings.Repeat("z", 1022)+"\n", 20<<10)+"\n4,5\n")
	s := open(t, f)
	defer s.Close()
	for _, size := range []int64{whole, 1 << 20} {
		segments, err := s.Split(context.Background(), size)
		if err != nil {
			t.Fatal(err)
		}
		rows, rejects := 0, 0
		var first, second pipeline.Rejected
		var last int64
		for _, g := range segments {
			for b, err := range g.Scan(context.Background(), texts(t, s)) {
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range b.Rejects {
					if r.Row == 2 {
						first = r
					}
					if r.Row == 3 {
						second = r
					}
				}
				rows, rejects = rows+len(b.Rows), rejects+len(b.Rejects)
				if len(b.Rows) > 0 {
					last = b.Rows[len(b.Rows)-1]
				}
			}
		}
		if first.Error != "longer than 16 MiB" || len(first.Raw) != pipeline.RawLimit || second.Error != openQuote || len(second.Raw) != 1024 {
			t.Errorf("rejects %s (%d bytes), %s (%d bytes)", first.Error, len(first.Raw), second.Error, len(second.Raw))
		}
		if rows != 2 || rejects != 1+20<<10 || last != 3+20<<10 {
			t.Errorf("%d rows, %d rejects, last %d", rows, rejects, last)
		}
	}
}
