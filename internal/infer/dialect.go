package infer

import (
	"context"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// reading is how a file is read, and why.
type reading struct {
	file    pipeline.File
	columns []string
	why     map[string]finding // by key of smelt.yml
}

// finding is why a reading option is as it is.
type finding struct {
	confidence float64
	reason     string
}

// detect finds how a CSV file is to be read.
func detect(ctx context.Context, path string) (reading, error) {
	d, err := csvio.Detect(ctx, path)
	if err != nil {
		return reading{}, err
	}
	r := reading{file: d.File, columns: d.Columns, why: map[string]finding{}}
	r.file.Path, r.file.Name = "", ""
	for _, f := range d.Findings {
		r.why[f.Option] = finding{f.Confidence, f.Reason}
	}
	if !r.file.NoHeader {
		return r, nil
	}
	if names := namesLike(ctx, path, r.file); names != nil {
		r.file.NoHeader, r.file.Names, r.columns = false, nil, names
		return r, nil
	}
	if len(r.file.Names) == 0 {
		// Without a header columns have numbers; smelt.yml wants names.
		for _, c := range d.Columns {
			r.file.Names = append(r.file.Names, "column_"+strings.TrimSpace(c))
		}
		r.columns = r.file.Names
	}
	return r, nil
}

// namesLike returns the fields of a file's first record where most of them are
// words that name columns of shops, however much they look like data.
func namesLike(ctx context.Context, path string, f pipeline.File) []string {
	f.Path, f.Name, f.NoHeader, f.Names = path, path, false, nil
	src, err := csvio.Open(ctx, f)
	if err != nil {
		return nil
	}
	defer src.Close()
	n := 0
	for _, c := range src.Columns() {
		if ws := words(c); len(ws) > 0 && len(ws) < 6 && !slices.ContainsFunc(ws, func(w string) bool { return !known[w] }) {
			n++
		}
	}
	if n*2 <= len(src.Columns()) {
		return nil
	}
	return src.Columns()
}
