package csvio

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// A compressed file may hold up to bombBytes of text, and beyond that bombRatio
// times its own size: real tables shrink to a hundredth at best.
const (
	bombBytes = 1 << 30
	bombRatio = 200
)

var errBomb = fmt.Errorf("more than %d GiB, and more than %d times its size: this may be a decompression bomb", bombBytes>>30, bombRatio)

// byEnding is the compression that a file's name tells.
func byEnding(path string) string {
	for ending, c := range map[string]string{".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".zip": "zip"} {
		if strings.HasSuffix(strings.ToLower(path), ending) {
			return c
		}
	}
	return ""
}

// magics are the first bytes of compressed files.
var magics = []struct{ compression, bytes string }{{"gzip", "\x1f\x8b"}, {"zstd", "\x28\xb5\x2f\xfd"}, {"zip", "PK\x03\x04"}}

// byBytes is the compression that a file's first bytes tell.
func (s *source) byBytes() string {
	head := make([]byte, 4)
	n, _ := s.file.ReadAt(head, 0)
	for _, m := range magics {
		if strings.HasPrefix(string(head[:n]), m.bytes) {
			return m.compression
		}
	}
	return ""
}

// decompressed opens the file's decompressed bytes.
func (s *source) decompressed() (io.ReadCloser, error) {
	raw := io.NewSectionReader(s.file, 0, s.size)
	var in io.ReadCloser
	switch {
	case s.compression == "" || s.size == 0: // nothing at all is an empty file, as its error says
		return io.NopCloser(raw), nil
	case s.compression == "gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, err
		}
		in = z
	case s.compression == "zstd":
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		in = z.IOReadCloser()
	default:
		f, err := onlyFile(raw, s.size)
		if err != nil {
			return nil, err
		}
		if in, err = f.Open(); err != nil {
			return nil, err
		}
	}
	return struct {
		io.Reader
		io.Closer
	}{&defused{r: in, left: max(s.bomb, bombRatio*s.size)}, in}, nil
}

// archiveError says why a sound archive is no table.
type archiveError struct{ msg, hint string }

func (e archiveError) Error() string { return e.msg }

// onlyFile finds the one file of a zip archive.
func onlyFile(r io.ReaderAt, size int64) (*zip.File, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	var files []*zip.File
	for _, f := range archive.File {
		if f.Name == "[Content_Types].xml" {
			return nil, archiveError{"it is a spreadsheet", "save it as CSV"}
		}
		// macOS adds files of its own.
		if !f.FileInfo().IsDir() && !strings.HasPrefix(f.Name, "__MACOSX/") && path.Base(f.Name) != ".DS_Store" {
			files = append(files, f)
		}
	}
	switch {
	case len(files) == 0:
		return nil, archiveError{"the archive holds no file", "check that it was written in full"}
	case len(files) > 1:
		return nil, archiveError{fmt.Sprintf("the archive holds %d files, %s and %s among them", len(files), files[0].Name, files[1].Name), "unpack it and name the files one by one"}
	case files[0].Flags&1 != 0:
		return nil, archiveError{"the archive is encrypted", "unpack it first"}
	}
	return files[0], nil
}

// defused is a stream that ends with an error where it is too long.
type defused struct {
	r    io.Reader
	left int64
}

func (d *defused) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if d.left -= int64(n); d.left < 0 {
		return 0, errBomb
	}
	return n, err
}
