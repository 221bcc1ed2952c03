package bronze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Input is one open file of a source.
type Input struct {
	Spec   *SourceSpec
	File   pipeline.File
	Source pipeline.Source
}

// Returns reports whether every line of the input is a return document.
func (in *Input) Returns() bool { return in.Spec.Kind == "returns" }

// OpenInputs opens every file of every source of the mapping, in record
// order: sources as listed, files as listed, a glob's files in natural order.
// The caller closes them with CloseInputs, also after an error.
func OpenInputs(ctx context.Context, m *Mapping, open pipeline.Opener) ([]*Input, error) {
	var inputs []*Input
	for i := range m.Sources {
		spec := &m.Sources[i]
		files, err := expand(m.Dir, spec.Files, spec.Read)
		if err != nil {
			return inputs, err
		}
		for _, f := range files {
			src, err := open(ctx, f)
			if err != nil {
				return inputs, err
			}
			inputs = append(inputs, &Input{Spec: spec, File: f, Source: src})
		}
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

// expand turns paths and globs into files to open. A path is relative to dir.
func expand(dir string, patterns []string, read pipeline.File) ([]pipeline.File, error) {
	var files []pipeline.File
	for _, pattern := range patterns {
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, filepath.FromSlash(pattern))
		}
		paths := []string{full}
		if _, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(pattern, "*?[") {
			matches, err := filepath.Glob(full)
			if err != nil {
				return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: pattern, Msg: "not a valid pattern", Err: err}
			}
			if len(matches) == 0 {
				return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: pattern, Msg: "no file matches",
					Hint: fmt.Sprintf("the data folder is %s; it holds %s", show(dir), listing(filepath.Dir(full)))}
			}
			slices.SortFunc(matches, NaturalCompare)
			paths = matches
		} else if errors.Is(err, fs.ErrNotExist) && !pipeline.IsVirtual(pattern) {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: pattern, Msg: "no such file",
				Hint: fmt.Sprintf("the data folder is %s; it holds %s", show(dir), listing(filepath.Dir(full)))}
		}
		for _, p := range paths {
			f := read
			f.Path = p
			f.Name = filepath.ToSlash(p)
			if rel, err := filepath.Rel(dir, p); err == nil {
				f.Name = filepath.ToSlash(rel)
			}
			if pipeline.IsVirtual(pattern) {
				f.Path, f.Name = pattern, pattern
			}
			if slices.ContainsFunc(files, func(o pipeline.File) bool { return o.Path == p }) {
				continue // a file that two patterns match is read once
			}
			files = append(files, f)
		}
	}
	return files, nil
}

func show(dir string) string {
	if dir == "" {
		return "the current folder"
	}
	return dir
}

// listing names a few of the files in a folder, for a hint.
func listing(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return "nothing"
	}
	var names []string
	for _, e := range entries {
		if len(names) == 8 {
			names = append(names, "…")
			break
		}
		names = append(names, e.Name())
	}
	return strings.Join(names, ", ")
}

// NaturalCompare orders names as a person would: sales_9 before sales_10. Runs
// of digits compare as numbers, everything else by bytes.
func NaturalCompare(a, b string) int {
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
			if c := len(x) - len(y); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(s string) (run, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// BatchID identifies a set of inputs: a hash of their names, sizes and the
// first and last 64 KiB of each. The same input gives the same id, wherever
// the data folder lies.
func BatchID(inputs []*Input) (string, error) {
	h := sha256.New()
	buf := make([]byte, 64<<10)
	for _, in := range inputs {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", in.Spec.Table, in.Spec.Kind, in.File.Name)
		f, err := os.Open(in.File.Path)
		if pipeline.IsVirtual(in.File.Path) {
			continue
		}
		if err != nil {
			return "", &pipeline.Error{Kind: pipeline.ErrInput, File: in.File.Name, Err: err}
		}
		info, err := f.Stat()
		if err == nil {
			fmt.Fprintf(h, "%d\x00", info.Size())
			n, _ := f.ReadAt(buf, 0)
			h.Write(buf[:n])
			n, _ = f.ReadAt(buf, max(0, info.Size()-int64(len(buf))))
			h.Write(buf[:n])
		}
		f.Close()
		if err != nil {
			return "", &pipeline.Error{Kind: pipeline.ErrInput, File: in.File.Name, Err: err}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
