package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/smeltdata/smelt/pipeline"
)

// Tables returns the names of the published tables of a lake, sorted: layer.table
// for every folder that holds part files. A lake that does not exist has none.
func Tables(dir string) ([]string, error) {
	layers, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "cannot list the tables", Err: err}
	}
	var out []string
	for _, layer := range layers {
		tables, err := os.ReadDir(filepath.Join(dir, layer.Name()))
		if err != nil {
			continue // not a folder of tables
		}
		for _, t := range tables {
			name := layer.Name() + "." + t.Name()
			if !tableName.MatchString(name) {
				continue
			}
			if parts, err := Parts(dir, name); err == nil && len(parts) > 0 {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// Parts returns the paths of a published table's part files in the order of
// their numbers.
func Parts(dir, table string) ([]string, error) {
	folder := filepath.Join(dir, relative(table))
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: folder, Msg: "cannot list the table's parts", Err: err}
	}
	type part struct {
		number int
		path   string
	}
	var parts []part
	for _, e := range entries {
		if m := partName.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1])
			parts = append(parts, part{n, filepath.Join(folder, e.Name())})
		}
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.path, b.path))
	})
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.path
	}
	if len(out) == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, Table: table, Msg: "no such table in " + dir}
	}
	return out, nil
}

// Report reads the report of the run that wrote a lake's tables; nil if there
// is none.
func Report(dir string) (*pipeline.Report, error) {
	text, err := os.ReadFile(reportPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r pipeline.Report
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: reportPath(dir), Msg: "cannot read the report", Err: err}
	}
	return &r, nil
}

func reportPath(dir string) string { return filepath.Join(dir, "_smelt", "run.json") }
