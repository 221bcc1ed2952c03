package bronze

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Input is one open file of a source.
type Input struct {
	*InputFile
	Source pipeline.Source
}

// Returns reports whether every line of the input is a return document.
func (in *Input) Returns() bool { return in.Spec.Kind == "returns" }

// OpenInputs opens every file of every source of the mapping, in the order of
// Files. The caller closes them with CloseInputs, also after an error.
func OpenInputs(ctx context.Context, m *Mapping, open pipeline.Opener) ([]*Input, error) {
	files, err := Files(m, nil)
	if err != nil {
		return nil, err
	}
	return OpenFiles(ctx, files, open)
}

// OpenFiles is OpenInputs for some of the files.
func OpenFiles(ctx context.Context, files []*InputFile, open pipeline.Opener) ([]*Input, error) {
	var inputs []*Input
	for _, f := range files {
		src, err := open(ctx, f.File)
		if err != nil {
			return inputs, err
		}
		inputs = append(inputs, &Input{InputFile: f, Source: src})
	}
	return inputs, nil
}

// CloseInputs closes the inputs and returns the first error.
func CloseInputs(inputs []*Input) error {
	var errs []error
	for _, in := range inputs {
		errs = append(errs, in.Source.Close())
	}
	return errors.Join(errs...)
}

// expand turns paths and globs into files to open. A path is relative to dir; a
// virtual one is left as it is, and "-" is the standard input. A folder is a file
// where it is a Delta table. A file that two patterns match is read once.
// A pattern that nothing matches is an error, unless missing allows it.
func expand(dir string, patterns []string, read pipeline.File, missing bool) ([]pipeline.File, error) {
	var files []pipeline.File
	add := func(path, name string) {
		if !slices.ContainsFunc(files, func(f pipeline.File) bool { return f.Path == path }) {
			f := read
			f.Path, f.Name = path, name
			files = append(files, f)
		}
	}
	for _, pattern := range patterns {
		if pipeline.IsVirtual(pattern) {
			add(pattern, pattern)
			continue
		}
		if pattern == "-" || pattern == pipeline.Stdin {
			add(pipeline.Stdin, "stdin")
			continue
		}
		full := filepath.FromSlash(pattern)
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, full)
		}
		paths, err := matching(full)
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: pattern, Msg: "not a valid pattern", Err: err}
		}
		if len(paths) == 0 && missing {
			continue
		}
		if len(paths) == 0 {
			msg := "no such file"
			if isGlob(pattern) {
				msg = "no file matches"
			}
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: pattern, Msg: msg, Hint: listing(dir, filepath.Dir(full))}
		}
		for _, p := range paths {
			name := p
			if rel, err := filepath.Rel(dir, p); err == nil {
				name = rel
			}
			table := isDelta(p)
			if info, err := os.Stat(p); err == nil && info.IsDir() && (!table || read.Format != "" && read.Format != "delta") {
				return nil, folderError(filepath.ToSlash(name), read.Format, table)
			}
			add(p, filepath.ToSlash(name))
			if table {
				files[len(files)-1].Format = "delta"
			}
		}
	}
	return files, nil
}

// folderError says why a folder cannot be read as a file.
func folderError(name, format string, table bool) error {
	hint := fmt.Sprintf("name the files in it: %s/*.parquet, for instance", strings.TrimSuffix(name, "/"))
	switch {
	case table:
		hint = fmt.Sprintf("it is a Delta table: leave out format: %s, or write format: delta", format)
	case format == "delta":
		return &pipeline.Error{Kind: pipeline.ErrInput, File: name, Msg: "is no Delta table: there is no _delta_log in it", Hint: "name the table's own folder"}
	}
	return &pipeline.Error{Kind: pipeline.ErrInput, File: name, Msg: "is a folder, not a file", Hint: hint}
}

func isGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// matching returns the file of a path, or else the files and Delta tables that a
// glob matches.
func matching(path string) ([]string, error) {
	// Whatever else is wrong with a file, its format's opener says it better.
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return []string{path}, nil
	}
	if !isGlob(path) {
		return nil, nil
	}
	paths, err := filepath.Glob(path)
	paths = slices.DeleteFunc(paths, func(p string) bool {
		info, err := os.Stat(p)
		return err == nil && info.IsDir() && !isDelta(p)
	})
	slices.SortFunc(paths, NaturalCompare)
	return paths, err
}

// listing says what is in the folder of a missing file, for a hint.
func listing(data, folder string) string {
	holder, hint := "it", "the data folder is "+filepath.ToSlash(data)
	if data == "" {
		hint = "the data folder is the current one"
	}
	if filepath.Clean(data) != folder {
		holder = filepath.ToSlash(folder)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Sprintf("%s; %s cannot be listed", hint, holder)
	}
	if len(entries) == 0 {
		return fmt.Sprintf("%s; %s is empty", hint, holder)
	}
	var names []string
	for _, e := range entries {
		if len(names) == 8 {
			names = append(names, "…")
			break
		}
		names = append(names, e.Name())
	}
	return fmt.Sprintf("%s; %s holds %s", hint, holder, strings.Join(names, ", "))
}

// NaturalCompare orders names as a person would: sales_9 before sales_10. Runs
// of digits compare as numbers, everything else by bytes; of names that differ
// in leading zeros only, the one with fewer comes first.
func NaturalCompare(a, b string) int {
	zeros := 0
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			var x, y string
			x, a = digits(a)
			y, b = digits(b)
			nx, ny := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := len(nx) - len(ny); c != 0 {
				return c
			}
			if c := strings.Compare(nx, ny); c != 0 {
				return c
			}
			zeros = cmp.Or(zeros, len(x)-len(y))
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Or(len(a)-len(b), zeros)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(s string) (run, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// The blocks of a file that BatchID looks at: all of it up to 1 MiB.
const (
	idBlocks    = 16
	idBlockSize = 64 << 10
)

// BatchID identifies a set of inputs: a hash of their names, their sizes and
// 16 blocks of 64 KiB, evenly spaced, of each file. The same input gives the
// same id, wherever the data folder lies and whenever its files were copied.
// Of a virtual path the name is all that counts, of a Delta table its version.
func BatchID(inputs []*Input) (string, error) {
	h := sha256.New()
	for _, in := range inputs {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", in.Spec.Table, in.Spec.Kind, in.File.Name)
		if pipeline.IsVirtual(in.File.Path) {
			continue
		}
		if c, ok := in.Source.(pipeline.Copied); ok && c.Copied() != nil {
			copied := c.Copied()
			if err := hashBlocks(h, copied, copied.Size()); err != nil {
				return "", &pipeline.Error{Kind: pipeline.ErrInput, File: in.File.Name, Msg: "cannot be read", Err: withoutPath(err)}
			}
			continue
		}
		if err := hashFile(h, in.File.Path); err != nil {
			return "", &pipeline.Error{Kind: pipeline.ErrInput, File: in.File.Name, Msg: "cannot be read", Err: err}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// hashFile adds a file's size and its sampled blocks to a hash.
func hashFile(h io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return withoutPath(err)
	}
	if info.IsDir() {
		id, err := identifyDelta(path)
		fmt.Fprintf(h, "%s\x00", id.Hash)
		return err
	}
	return withoutPath(hashBlocks(h, f, info.Size()))
}

func hashBlocks(h io.Writer, f io.ReaderAt, size int64) error {
	fmt.Fprintf(h, "%d\x00", size)
	if size <= idBlocks*idBlockSize {
		_, err := io.Copy(h, io.NewSectionReader(f, 0, size))
		return err
	}
	buf := make([]byte, idBlockSize)
	for i := range int64(idBlocks) {
		n, err := f.ReadAt(buf, (size-idBlockSize)*i/(idBlocks-1))
		if err != nil && err != io.EOF {
			return err
		}
		h.Write(buf[:n])
	}
	return nil
}

// withoutPath drops the path from an error that names the file anyway.
func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
