package catalog

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// sources lists the sources of a mapping with the files that the tables are made
// of, then its lookups and lists; of a lake alone, the files that its report names.
// Both may be nil.
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
	if report != nil {
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
			out[i].read(m, &f)
		}
	}
	if m != nil {
		out = append(out, others(m)...)
	}
	return out
}

// read adds a file that the report names.
func (s *Source) read(m *bronze.Mapping, f *pipeline.SourceReport) {
	file := File{Name: f.File, Bytes: f.Size, Records: f.Records, Rejected: f.Rejected}
	if m != nil { // else a list of the columns that are not mapped would be taken for all
		for _, column := range f.Unmapped {
			if column != "" && !slices.Contains(s.Columns, column) {
				s.Columns = append(s.Columns, column)
			}
		}
		if info, err := os.Stat(inData(m, f.File)); err == nil && info.Size() == f.Size {
			file.Modified = info.ModTime().UTC()
		}
	}
	s.Files = append(s.Files, file)
}

// inData is the path of a file of the data folder.
func inData(m *bronze.Mapping, name string) string {
	if path := filepath.FromSlash(name); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(m.Dir, filepath.FromSlash(name))
}

// others are the lookups and the lists of orders that came back.
func others(m *bronze.Mapping) []Source {
	var out []Source
	for _, name := range slices.Sorted(maps.Keys(m.Lookups)) {
		s := Source{Name: "source.lookup." + name, Columns: []string{m.Lookups[name].Key}, Files: there(m, m.Lookups[name].Files)}
		for i := range m.Sources {
			for _, columns := range [][]bronze.ColumnSpec{m.Sources[i].Columns, m.Sources[i].Customers, m.Sources[i].Products} {
				for j := range columns {
					for _, e := range expressions(m, &columns[j]) {
						for ; e.Key != nil; e = *e.Key {
							if e.Lookup == name && !slices.Contains(s.Columns, e.Column) {
								s.Columns = append(s.Columns, e.Column)
							}
						}
					}
				}
			}
		}
		out = append(out, s)
	}
	for i, list := range m.Rules.ReturnedOrders {
		s := Source{Name: "source.returned_orders", Columns: []string{}, Files: there(m, list.Files)}
		if i > 0 {
			s.Name = fmt.Sprintf("%s_%d", s.Name, i+1)
		}
		for j := range list.Columns {
			for _, column := range list.Columns[j].From {
				if column = strings.TrimSpace(column); !slices.Contains(s.Columns, column) {
					s.Columns = append(s.Columns, column)
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// there lists the files of paths and globs, as far as they are there now.
func there(m *bronze.Mapping, patterns []string) []File {
	out := []File{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(inData(m, pattern))
		if err != nil {
			continue // a run says what is wrong with it
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil || info.IsDir() {
				continue
			}
			name := path
			if short, err := filepath.Rel(m.Dir, path); err == nil && filepath.IsLocal(short) {
				name = short
			}
			out = append(out, File{Name: filepath.ToSlash(name), Bytes: info.Size(), Modified: info.ModTime().UTC()})
		}
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
	for _, e := range expressions(m, c) {
		if name := e.Source(); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// expressions are what a bronze column is made of. The mapping has been checked, so
// all of them can be read.
func expressions(m *bronze.Mapping, c *bronze.ColumnSpec) []bronze.Expr {
	var out []bronze.Expr
	for _, text := range c.From {
		if e, err := bronze.ParseExpr(text, m.Lookups); err == nil {
			out = append(out, e)
		}
	}
	if c.Template == "" {
		return out
	}
	parts, err := bronze.ParseTemplate(c.Template, m.Lookups)
	for _, p := range parts {
		if err == nil && p.Expr != nil {
			out = append(out, *p.Expr)
		}
	}
	return out
}
