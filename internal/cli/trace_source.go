package cli

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// record is a record of a file as it stands there now.
type record struct {
	File   string    `json:"file"`
	Number int64     `json:"record"`
	Values tracedRow `json:"values"` // by the file's own columns; "" stands for nothing
}

// addSource reads the records that a trace shows from the files. What cannot be
// found any more is noted.
func (t *tracer) addSource(out *traced) error {
	table, at := out.origins()
	if at == nil {
		out.notes = append(out.notes, "--show-source: no record of a file is shown here; --measure shows a number's")
		return nil
	}
	if t.m == nil {
		out.notes = append(out.notes, "--show-source: no smelt.yml says where the files are; -c names one")
		return nil
	}
	numbers := map[string][]int64{}
	var names []string
	for _, r := range at {
		n, err := strconv.ParseInt(r.text("_source_row"), 10, 64)
		if err != nil {
			return err
		}
		name := r.text("_source_file")
		if numbers[name] == nil {
			names = append(names, name)
		}
		if !slices.Contains(numbers[name], n) {
			numbers[name] = append(numbers[name], n)
		}
	}
	files, err := bronze.Files(t.m, func(int) bool { return true })
	if err != nil {
		return err
	}
	for _, name := range names {
		i := slices.IndexFunc(files, func(f *bronze.InputFile) bool { return f.File.Name == name && f.Spec.Table == table })
		if i < 0 {
			out.notes = append(out.notes, "--show-source: "+name+" is not among the files any more")
			continue
		}
		slices.Sort(numbers[name])
		records, err := t.read(files[i].File, numbers[name])
		if err != nil {
			return err
		}
		out.Source = append(out.Source, records...)
		if missing := len(numbers[name]) - len(records); missing > 0 {
			out.notes = append(out.notes, fmt.Sprintf("--show-source: %s has %s no more that can be read", name, plural(int64(missing), "record")))
		}
	}
	return nil
}

// read reads records of a file by their numbers, ascending, as texts.
func (t *tracer) read(f pipeline.File, numbers []int64) ([]record, error) {
	src, err := open(t.ctx, f)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return nil, err
	}
	scan := pipeline.Scan{Rows: numbers}
	for i := range src.Columns() {
		scan.Fields = append(scan.Fields, pipeline.Field{Column: i, Cast: text})
	}
	segments, err := src.Split(t.ctx, 1<<40)
	if err != nil {
		return nil, err
	}
	var out []record
	for _, seg := range segments {
		for b, err := range seg.Scan(t.ctx, scan) {
			if err != nil {
				return nil, err
			}
			for i, n := range b.Rows {
				r := record{File: f.Name, Number: n}
				for c, name := range src.Columns() {
					col, v := b.Record.Column(c).(*array.String), ""
					if col.IsValid(i) {
						v = string(pipeline.StringBytes(col, i))
					}
					r.Values = append(r.Values, value{name, &v})
				}
				out = append(out, r)
			}
			for _, bad := range b.Rejects {
				if slices.Contains(numbers, bad.Row) {
					raw := string(bad.Raw)
					out = append(out, record{File: f.Name, Number: bad.Row, Values: tracedRow{{"as it stands", &raw}}})
				}
			}
		}
	}
	return out, nil
}
