package csvio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zip"

	"github.com/smeltdata/smelt/pipeline"
)

// archive makes a zip archive of files by name, each with its text.
func archive(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZip(t *testing.T) {
	const text = "a,b\n1,2\n"
	for _, c := range []struct{ name, data string }{
		{"x.zip", archive(t, "x.csv", text)},
		{"x.csv.ZIP", archive(t, "folder/", "", "folder/x.csv", text, "__MACOSX/folder/._x.csv", "?", "folder/.DS_Store", "?")},
	} {
		f := write(t, c.name, c.data)
		columns, r := read(t, f)
		equal(t, "columns", columns, []string{"a", "b"})
		equal(t, "rows", r.rows, []string{"1|1|2"})
		d, err := Detect(context.Background(), f.Path)
		if err != nil || d.File.Compression != "" || len(d.Columns) != 2 {
			t.Errorf("%s: detected as %+v, %v", c.name, d, err)
		}
	}
	damaged := []byte(archive(t, "x.csv", strings.Repeat(text, 1000)))
	damaged[60] ^= 0xff
	for want, data := range map[string]string{
		"holds no file":             archive(t),
		"holds 2 files, x and y":    archive(t, "x", text, "y", text),
		"it is a spreadsheet":       archive(t, "[Content_Types].xml", "", "xl/workbook.xml", ""),
		"not a valid zip file":      "PK\x03\x04 and no more",
		"cannot be decompressed as": string(damaged),
	} {
		f := write(t, "x.zip", data)
		_, _, _, err := records(f)
		if !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBomb holds each kind of compression to the limit on text.
func TestBomb(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 2<<20)
	for name, data := range map[string]string{"x.gz": squeeze(t, "gzip", text), "x.zst": squeeze(t, "zstd", text), "x.zip": archive(t, "x.csv", text)} {
		f := write(t, name, data)
		s := open(t, f)
		s.bomb = 1 << 20
		defer s.Close()
		var err error
		segments, _ := s.Split(context.Background(), 0)
		for _, err = range segments[0].Scan(context.Background(), texts(t, s)) {
			if err != nil {
				break
			}
		}
		var e *pipeline.Error
		if !errors.As(err, &e) || e.File != name || !strings.Contains(err.Error(), "decompression bomb") {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(f.Path); err != nil || info.Size()*bombRatio > int64(len(text)) {
			t.Errorf("%s is too large to be a bomb", name)
		}
	}
}
