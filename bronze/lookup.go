package bronze

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// Lookup is a reference file in memory: rows by key.
type Lookup struct {
	rows     map[string]int
	columns  map[string][]string // "" = missing
	Repeated string              // a key that several records have with different values; the last one counts
}

// Find returns the value of a column in the row of a key; "" where either is
// missing.
func (l *Lookup) Find(key, column string) string {
	if row, ok := l.rows[key]; ok {
		return l.columns[column][row]
	}
	return ""
}

// Lookups are the mapping's reference files, by name. They are immutable.
type Lookups map[string]*Lookup

// LoadLookups reads the mapping's reference files. A repeated key's last
// record counts.
func LoadLookups(ctx context.Context, m *Mapping, open pipeline.Opener) (Lookups, error) {
	out := Lookups{}
	for name, spec := range m.Lookups {
		l := &Lookup{rows: map[string]int{}, columns: map[string][]string{}}
		out[name] = l
		records, err := readText(ctx, m.Dir, spec.Files, spec.Read, open, func(columns []string) error {
			if !slices.Contains(columns, spec.Key) {
				return missingColumn(spec.Key, columns)
			}
			for _, c := range columns {
				if _, ok := l.columns[c]; !ok {
					l.columns[c] = nil
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, rec := range records {
			key := rec[spec.Key]
			if key == "" {
				continue
			}
			row, seen := l.rows[key]
			if !seen {
				row = len(l.rows)
				l.rows[key] = row
			}
			for c := range l.columns {
				if !seen {
					l.columns[c] = append(l.columns[c], rec[c])
				} else if l.columns[c][row] != rec[c] {
					l.Repeated = key
					l.columns[c][row] = rec[c]
				}
			}
		}
	}
	return out, nil
}

// readText reads small files whole, as trimmed text by column name.
func readText(ctx context.Context, dir string, patterns []string, read pipeline.File, open pipeline.Opener, header func([]string) error) ([]map[string]string, error) {
	files, err := expand(dir, patterns, read)
	if err != nil {
		return nil, err
	}
	var records []map[string]string
	for _, f := range files {
		err := func() error {
			src, err := open(ctx, f)
			if err != nil {
				return err
			}
			defer src.Close()
			columns := src.Columns()
			if err := header(columns); err != nil {
				return inFile(err, f.Name)
			}
			text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
			if err != nil {
				return err
			}
			scan := pipeline.Scan{}
			for i := range columns {
				scan.Fields = append(scan.Fields, pipeline.Field{Column: i, Cast: text})
			}
			segments, err := src.Split(ctx, 1<<40)
			if err != nil {
				return err
			}
			for _, seg := range segments {
				for b, err := range seg.Scan(ctx, scan) {
					if err != nil {
						return err
					}
					if len(b.Rejects) > 0 {
						return &pipeline.Error{Kind: pipeline.ErrInput, File: f.Name, Row: b.Rejects[0].Row, Msg: b.Rejects[0].Error,
							Hint: "a reference file must be read whole: mend the record or its reading options"}
					}
					for r := range int(b.Record.NumRows()) {
						rec := make(map[string]string, len(columns))
						for i, c := range columns {
							if col := b.Record.Column(i).(*array.String); col.IsValid(r) {
								rec[c] = string(bytes.TrimSpace([]byte(col.Value(r))))
							}
						}
						records = append(records, rec)
					}
				}
			}
			return nil
		}()
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}

// LoadReturned reads the mapping's lists of returned orders.
func LoadReturned(ctx context.Context, m *Mapping, open pipeline.Opener) ([]ReturnedOrder, error) {
	var out []ReturnedOrder
	for _, spec := range m.Rules.ReturnedOrders {
		columns := map[string]ColumnSpec{}
		for _, c := range spec.Columns {
			columns[c.Column] = c
		}
		at := columns["returned_at"]
		loc := cmp.Or(at.Location, spec.Location, m.Location)
		parser, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.TimestampType, Dates: at.Dates, Location: loc})
		if err != nil {
			return nil, err
		}
		records, err := readText(ctx, m.Dir, spec.Files, spec.Read, open, func(header []string) error {
			for _, c := range spec.Columns {
				for _, from := range c.From {
					if !slices.Contains(header, from) {
						return missingColumn(from, header)
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		value := func(rec map[string]string, column string) string {
			for _, from := range columns[column].From {
				if v := rec[from]; v != "" {
					return v
				}
			}
			return ""
		}
		for i, rec := range records {
			r := ReturnedOrder{OrderID: value(rec, "order_id"), ProductID: value(rec, "product_id")}
			if r.OrderID == "" {
				continue
			}
			if text := value(rec, "returned_at"); text != "" {
				ts, status := parser.Timestamp([]byte(text))
				if status == pipeline.Failed {
					return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: spec.Files[0], Row: int64(i + 1), Column: "returned_at", Value: text,
						Msg: "not a date", Hint: "name its pattern: returned_at: {from: …, dates: [\"%d/%m/%Y\"]}"}
				}
				r.ReturnedAt = pipeline.Null[pipeline.Timestamp]{V: ts, Valid: status == pipeline.Parsed}
			}
			out = append(out, r)
		}
	}
	return out, nil
}

func missingColumn(name string, header []string) *pipeline.Error {
	hint := fmt.Sprintf("the file's columns are: %s", join(header))
	if near := pipeline.Nearest(name, header); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &pipeline.Error{Kind: pipeline.ErrInput, Column: name, Msg: "the file has no such column", Hint: hint}
}

func join(names []string) string {
	var b bytes.Buffer
	for i, n := range names {
		if i == 40 {
			fmt.Fprintf(&b, ", … (%d in all)", len(names))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n)
	}
	return b.String()
}

func inFile(err error, file string) error {
	if e, ok := err.(*pipeline.Error); ok && e.File == "" {
		e.File = file
	}
	return err
}
