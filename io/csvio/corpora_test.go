package csvio

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// records reads a file as text, "" for NULL.
func records(f pipeline.File) (columns []string, rows [][]string, rejects []pipeline.Rejected, err error) {
	s, err := Open(context.Background(), f)
	if err != nil {
		return nil, nil, nil, err
	}
	defer s.Close()
	segments, err := s.Split(context.Background(), 1000)
	if err != nil {
		return nil, nil, nil, err
	}
	text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return nil, nil, nil, err
	}
	var all pipeline.Scan
	for i := range s.Columns() {
		all.Fields = append(all.Fields, pipeline.Field{Column: i, Cast: text})
	}
	for _, g := range segments {
		for b, err := range g.Scan(context.Background(), all) {
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
		columns, rows, rejects, err := records(pipeline.File{Path: path})
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
