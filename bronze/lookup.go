package bronze

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Lookup is a reference file in memory: rows by key.
type Lookup struct {
	file     string // the first of its files, for errors
	header   []string
	rows     map[string]int
	columns  map[string][]string // "" = missing
	Repeated string              // a key that several records have with different values; the last one counts
	Mended   int64               // records that were read with quotes taken for text
	twice    map[string]string   // columns that a file has more than once → the file
}

// Find returns the value of a column in the row of a key; "" where either is
// missing.
func (l *Lookup) Find(key, column string) string {
	row, ok := l.rows[key]
	values := l.columns[column]
	if !ok || values == nil {
		return ""
	}
	return values[row]
}

// Lookups are the mapping's reference files, by name. They are immutable.
type Lookups map[string]*Lookup

// LoadLookups reads the mapping's reference files. A repeated key's last
// record counts, or with Fill its last value that is not empty.
func LoadLookups(ctx context.Context, m *Mapping, open pipeline.Opener) (Lookups, error) {
	out := Lookups{}
	for _, name := range slices.Sorted(maps.Keys(m.Lookups)) {
		l, err := loadLookup(ctx, m, m.Lookups[name], open)
		if err != nil {
			return nil, err
		}
		out[name] = l
	}
	return out, nil
}

func loadLookup(ctx context.Context, m *Mapping, spec LookupSpec, open pipeline.Opener) (*Lookup, error) {
	l := &Lookup{rows: map[string]int{}, columns: map[string][]string{}, twice: map[string]string{}}
	var at map[string]int // positions of the columns in the current file
	files := textFiles{ctx: ctx, dir: m.Dir, read: spec.Read, open: open}
	files.begin = func(file string, header []string) error {
		if err := onceIn(header, spec.Key); err != nil {
			return err
		}
		if l.file == "" {
			l.file, l.header = file, header
		}
		at = map[string]int{}
		for i, c := range header {
			if _, ok := at[c]; ok && l.twice[c] == "" {
				l.twice[c] = file
			}
			at[c] = i
			if _, ok := l.columns[c]; !ok {
				l.columns[c] = make([]string, len(l.rows))
			}
			if !slices.Contains(l.header, c) {
				l.header = append(l.header, c)
			}
		}
		return nil
	}
	files.each = func(_ int64, texts []string) error {
		key := texts[at[spec.Key]]
		if key == "" {
			return nil
		}
		row, seen := l.rows[key]
		if !seen {
			row = len(l.rows)
			l.rows[key] = row
		}
		for c, values := range l.columns {
			text := ""
			if i, ok := at[c]; ok {
				text = texts[i]
			}
			switch {
			case !seen:
				l.columns[c] = append(values, text)
			case spec.Fill:
				values[row] = cmp.Or(text, values[row])
			case values[row] != text:
				values[row], l.Repeated = text, key
			}
		}
		return nil
	}
	err := files.scan(spec.Files)
	l.Mended = files.mended
	return l, err
}

func missingColumn(name string, header []string) *pipeline.Error {
	hint := fmt.Sprintf("the file's columns are: %s", join(header))
	near := pipeline.Nearest(name, header)
	if top, _, ok := strings.Cut(name, "."); ok && near == "" && slices.Contains(header, top) {
		near = top // a part of a nested column, which is refused under its own name
	}
	if near != "" {
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
		b.WriteString(cmp.Or(n, "(no name)"))
	}
	return b.String()
}

func inFile(err error, file string) error {
	if e, ok := err.(*pipeline.Error); ok && e.File == "" {
		e.File = file
	}
	return err
}
