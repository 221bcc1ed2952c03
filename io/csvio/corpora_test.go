package csvio

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// records reads a file as text, "" for NULL.
func records(t *testing.T, f pipeline.File) (columns []string, rows [][]string, rejects []pipeline.Rejected, err error) {
	s, err := Open(context.Background(), f)
	if err != nil {
		return nil, nil, nil, err
	}
	defer s.Close()
	segments, err := s.Split(context.Background(), 1000)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, g := range segments {
		for b, err := range g.Scan(context.Background(), texts(t, s)) {
			if err != nil {
				return nil, nil, nil, err
			}
			rejects = append(rejects, b.Rejects...)
			for i := range b.Rows {
				var row []string
				for _, c := range b.Record.Columns() {
					row = append(row, c.(*array.String).Value(i))
				}
				rows = append(rows, row)
			}
		}
	}
	return s.Columns(), rows, rejects, nil
}

func TestSpectrum(t *testing.T) {
	dir := judgetest.Data(t, "csv-spectrum")
	files, err := filepath.Glob(filepath.Join(dir, "csvs", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".csv")
		text, err := os.ReadFile(filepath.Join(dir, "json", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var want []map[string]string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		columns, rows, rejects, err := records(t, pipeline.File{Path: path})
		if err != nil || len(rejects) > 0 || len(rows) != len(want) {
			t.Errorf("%s: %d rows, %d rejects, %v; want %d rows", name, len(rows), len(rejects), err, len(want))
			continue
		}
		for i, row := range rows {
			for k, c := range columns {
				if row[k] != want[i][c] {
					t.Errorf("%s, record %d, %s: %q, want %q", name, i+1, c, row[k], want[i][c])
				}
			}
		}
	}
}

// Of Pollock's files, this many load exactly as they should, which for a damaged
// record means that it is mended; and in this many each record is either right
// or rejected.
const pollockLoads, pollockHolds = 14, 77

// TestPollock reads Pollock's polluted files by their known dialects. Whatever
// they hold, each record comes out or is rejected.
func TestPollock(t *testing.T) {
	dir := judgetest.Data(t, "pollock")
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	exact, holds := 0, 0
	for _, path := range files {
		name := filepath.Base(path)
		text, err := os.ReadFile(filepath.Join(dir, "parameters", name+"_parameters.json"))
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Delimiter, Quotechar, Escapechar string
			Header                           int      `json:"header_lines"`
			Preamble                         int      `json:"preamble_lines"`
			Names                            []string `json:"column_names"`
		}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		f := pipeline.File{Path: path, Name: name, Delimiter: p.Delimiter, Quote: p.Quotechar, SkipRows: p.Preamble + max(0, p.Header-1), NoHeader: p.Header == 0}
		if p.Escapechar != p.Quotechar {
			f.Escape = p.Escapechar
		}
		if f.NoHeader || p.Header > 1 {
			f.Names = p.Names
		}
		clean, err := os.Open(filepath.Join(dir, "clean", name))
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(clean)
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		clean.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(want) > 0 && !f.NoHeader {
			want = want[1:]
		}
		_, got, rejects, err := records(t, f)
		if err != nil && len(want) == 0 {
			holds++ // it is refused as empty, as it is
		}
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		right := len(got)+len(rejects) == len(want)
		for i, n := 0, int64(1); right && i < len(got); n++ {
			if slices.ContainsFunc(rejects, func(r pipeline.Rejected) bool { return r.Row == n }) {
				continue
			}
			right = slices.Equal(got[i], want[n-1])
			i++
		}
		switch {
		case right && len(rejects) == 0:
			exact++
			holds++
		case right:
			holds++
		default:
			t.Logf("%s: %d rows and %d rejects, want %d rows", name, len(got), len(rejects), len(want))
		}
	}
	t.Logf("%d of %d files load exactly; in %d each record is right or rejected", exact, len(files), holds)
	if exact < pollockLoads || holds < pollockHolds {
		t.Errorf("it was %d and %d", pollockLoads, pollockHolds)
	}
}
