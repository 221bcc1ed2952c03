package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// sources lists the sources of a mapping with the files that the tables are made
// of; of a lake alone, those that its report names. Both may be nil.
func sources(m *bronze.Mapping, report *pipeline.Report) []Source {
	out := []Source{}
	number := map[string]int{} // of sources, by table
	add := func(table string) *Source {
		number[table]++
		name := "source." + table
		if n := number[table]; n > 1 {
			name = fmt.Sprintf("%s_%d", name, n)
		}
		out = append(out, Source{Name: name, Table: table, Columns: []string{}, Files: []File{}})
		return &out[len(out)-1]
	}
	if m != nil {
		for i := range m.Sources {
			s := add(m.Sources[i].Table)
			s.Columns = columnsOf(m, &m.Sources[i])
		}
	}
	if report == nil {
		return out
	}
	at := map[int]int{} // the report's numbers of sources → positions in out
	for _, f := range report.Sources {
		i, ok := at[f.Source]
		if !ok {
			// smelt.yml may have changed since: then the first source of the table takes
			// the files, for what is theirs is the table's rows.
			switch {
			case m != nil && f.Source < len(out) && out[f.Source].Table == f.Table:
				i = f.Source
			case m != nil && number[f.Table] > 0:
				i = slices.IndexFunc(out, func(s Source) bool { return s.Table == f.Table })
			default:
				add(f.Table)
				i = len(out) - 1
			}
			at[f.Source] = i
		}
		s := &out[i]
		for _, column := range f.Unmapped {
			if m == nil {
				break // a list of these alone would be taken for all of the file's
			}
			if column != "" && !slices.Contains(s.Columns, column) {
				s.Columns = append(s.Columns, column)
			}
		}
		file := File{Name: f.File, Bytes: f.Size, Records: f.Records, Rejected: f.Rejected}
		if m != nil && !pipeline.IsVirtual(f.File) {
			path := filepath.FromSlash(f.File)
			if !filepath.IsAbs(path) {
				path = filepath.Join(m.Dir, path)
			}
			if info, err := os.Stat(path); err == nil && info.Size() == f.Size {
				file.Modified = info.ModTime().UTC()
			}
		}
		s.Files = append(s.Files, file)
	}
	return out
}

// columnsOf names the columns of a source's files that the mapping knows: those
// that it names in place of a header, or else those that bronze columns are made of.
func columnsOf(m *bronze.Mapping, s *bronze.SourceSpec) []string {
	if len(s.Read.Names) > 0 {
		return slices.Clone(s.Read.Names)
	}
	out := []string{}
	for _, columns := range [][]bronze.ColumnSpec{s.Columns, s.Customers, s.Products} {
		for i := range columns {
			for _, name := range madeOf(m, &columns[i]) {
				if !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// madeOf names the columns of the file that a bronze column is made of.
func madeOf(m *bronze.Mapping, c *bronze.ColumnSpec) []string {
	var out []string
	add := func(e bronze.Expr) {
		if name := e.Source(); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, text := range c.From {
		if e, err := bronze.ParseExpr(text, m.Lookups); err == nil { // the mapping has been checked
			add(e)
		}
	}
	if c.Template != "" {
		parts, err := bronze.ParseTemplate(c.Template, m.Lookups)
		for _, p := range parts {
			if err == nil && p.Expr != nil {
				add(*p.Expr)
			}
		}
	}
	return out
}
