package infer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// layout is one or several files with the same columns, which one source of
// smelt.yml can name.
type layout struct {
	files   []pipeline.File // in natural order; Name is relative to smelt.yml
	glob    string          // names them all; "" = list them
	stem    []string        // the words of the files' names
	size    int64
	read    pipeline.File      // how they are read
	why     map[string]finding // of read
	ascii   bool               // no byte beyond ASCII was seen
	header  []string
	columns []*column
	rows    int             // in the sample
	begins  []int           // the first of each file's
	whole   bool            // the sample is all there is
	number  pipeline.Number // how most of its numbers are written
	proof   bool            // a number shows which sign separates fractions

	role  role
	note  string // why the role
	sure  float64
	key   *column // of customers, products and references
	links []*link
	bound map[string]bool // columns that the mapping uses
	name  string          // as a lookup; "" = not used as one
	sale  *saleColumns

	clash   *layout // whose order ids are the same
	clashed string  // what to ask about it
	flagged *column // of flagRole: yes or no
}

// role is what a layout's files are.
type role string

const (
	unknownRole  role = ""
	salesRole    role = "sales"
	customerRole role = "customers"
	productRole  role = "products"
	headerRole   role = "order headers"
	returnsRole  role = "returns"         // a record is a return of its own
	listRole     role = "returned orders" // a record names an order that came back
	flagRole     role = "returned or not" // a record says of an order whether it came back
	outRole      role = "left out"
)

// title is how messages call the layout.
func (l *layout) title() string {
	if l.glob != "" {
		return l.glob
	}
	names := make([]string, len(l.files))
	for i, f := range l.files {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

func (l *layout) column(name string) *column {
	for _, c := range l.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (l *layout) stemHas(word string) bool { return slices.Contains(l.stem, word) }

// dataEndings are the files that are looked at.
var dataEndings = []string{".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".parquet"}

func isData(name string) bool {
	low := strings.ToLower(name)
	for _, packed := range []string{".gz", ".zst", ".zip"} {
		low = strings.TrimSuffix(low, packed)
	}
	return slices.Contains(dataEndings, path.Ext(low)) || strings.HasSuffix(strings.ToLower(name), ".zip") && path.Ext(low) == ""
}

// other endings that hold tables which cannot be read as they are.
var foreignEndings = []string{".xlsx", ".xls", ".ods", ".json", ".jsonl", ".xml", ".sql", ".db", ".sqlite", ".avro", ".orc"}

// find returns the data files under a folder, with names relative to base, and
// those that hold tables in a format that cannot be read. Hidden folders and
// lakes are passed over.
func find(dir, base string) (files []pipeline.File, foreign []string, err error) {
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			if p != dir && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.Count(filepath.ToSlash(rel), "/") >= 3 || isLake(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, "~") {
			return nil
		}
		switch {
		case isData(name):
			files = append(files, pipeline.File{Path: p, Name: relative(base, p)})
		case slices.Contains(foreignEndings, strings.ToLower(filepath.Ext(name))):
			foreign = append(foreign, relative(base, p))
		}
		return nil
	})
	slices.SortFunc(files, func(a, b pipeline.File) int { return bronze.NaturalCompare(a.Name, b.Name) })
	return files, foreign, err
}

func isLake(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "_smelt"))
	return err == nil
}

func relative(base, p string) string {
	b, err1 := filepath.Abs(base)
	a, err2 := filepath.Abs(p)
	if err1 == nil && err2 == nil {
		if rel, err := filepath.Rel(b, a); err == nil {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(p)
}

// group puts files of one layout together: the same columns, read in the same
// way, where the names do not say that one holds returns and the other sales.
func group(files []opened, all []pipeline.File) []*layout {
	var out []*layout
	for _, f := range files {
		stem := words(stemOf(f.file.Name))
		i := slices.IndexFunc(out, func(l *layout) bool {
			return slices.Equal(l.header, f.columns) && l.readsLike(f) &&
				slices.Contains(l.stem, "return") == slices.Contains(stem, "return") &&
				(len(f.file.Names) == 0 || slices.Equal(l.stem, stem)) // columns without names tell nothing
		})
		if i < 0 {
			l := &layout{stem: stem, read: f.file, ascii: f.ascii, why: f.why, header: f.columns, bound: map[string]bool{}}
			for k, name := range f.columns {
				l.columns = append(l.columns, &column{name: name, index: k, words: words(name)})
			}
			l.dropShared()
			out = append(out, l)
			i = len(out) - 1
		}
		l := out[i]
		f.file.Encoding = l.read.Encoding
		l.files = append(l.files, f.file)
		l.size += f.size
		l.stem = slices.DeleteFunc(l.stem, func(w string) bool { return !slices.Contains(stem, w) })
	}
	for _, l := range out {
		if l.read.Name, l.read.Path = "", ""; len(l.files) > 1 {
			l.glob = globOf(l.files, all)
		}
	}
	return out
}

// dropShared drops a word that most headers have and the vocabulary lacks: the
// shop's own prefix says nothing.
func (l *layout) dropShared() {
	has := map[string]int{}
	for _, c := range l.columns {
		for _, w := range c.words {
			has[w]++
		}
	}
	for _, w := range slices.Sorted(maps.Keys(has)) {
		n := has[w]
		if known[w] || len(l.columns) < 4 || n*10 < len(l.columns)*8 {
			continue
		}
		for _, c := range l.columns {
			if len(c.words) > 1 {
				c.words = slices.DeleteFunc(c.words, func(o string) bool { return o == w })
			}
		}
	}
}

// readsLike reports whether a file is read as the layout's others are. Of two
// encodings the one that is needed counts for both.
func (l *layout) readsLike(f opened) bool {
	a, b := l.read, f.file
	a.Path, a.Name, b.Path, b.Name = "", "", "", ""
	switch {
	case f.ascii:
		b.Encoding = a.Encoding
	case l.ascii:
		a.Encoding = b.Encoding
	}
	if fmt.Sprintf("%#v", a) != fmt.Sprintf("%#v", b) {
		return false
	}
	if l.ascii && !f.ascii {
		l.ascii, l.read.Encoding, l.why = false, b.Encoding, f.why
		for i := range l.files {
			l.files[i].Encoding = b.Encoding
		}
	}
	return true
}

// stemOf is a file's name without its folder and endings; part-0001 and the
// like say nothing, their folder does.
func stemOf(name string) string {
	base := path.Base(name)
	for isDataEnding(path.Ext(base)) {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	if strings.HasPrefix(base, "part-") || strings.Trim(base, "0123456789-_. ") == "" {
		base = path.Base(path.Dir(name)) + " " + base
	}
	return base
}

func isDataEnding(ext string) bool {
	ext = strings.ToLower(ext)
	return ext == ".gz" || ext == ".zst" || ext == ".zip" || slices.Contains(dataEndings, ext)
}

// globOf returns the pattern that matches just these of all files; "" where
// there is none.
func globOf(files, all []pipeline.File) string {
	first, last := files[0].Name, files[0].Name
	for _, f := range files[1:] {
		first = first[:commonPrefix(first, f.Name)]
		n := 0
		for n < min(len(last), len(f.Name)) && last[len(last)-1-n] == f.Name[len(f.Name)-1-n] {
			n++
		}
		last = last[len(last)-n:]
	}
	first = strings.TrimRight(first, "0123456789")
	last = strings.TrimLeft(last, "0123456789")
	if strings.ContainsAny(first+last, "*?[\\") || strings.Count(first, "/") != strings.Count(files[0].Name, "/") {
		return ""
	}
	glob := first + "*" + last
	matched := 0
	for _, f := range all {
		if ok, err := path.Match(glob, f.Name); err != nil || !ok {
			continue
		}
		if !slices.ContainsFunc(files, func(g pipeline.File) bool { return g.Name == f.Name }) {
			return ""
		}
		matched++
	}
	if matched != len(files) {
		return ""
	}
	return glob
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// opened is a file whose header was read.
type opened struct {
	file    pipeline.File
	columns []string
	size    int64
	ascii   bool
	why     map[string]finding
}

// openAll reads the headers of files. Those that cannot be read are returned
// with the reason.
func openAll(ctx context.Context, files []pipeline.File, open pipeline.Opener) (out []opened, failed []leftOut, err error) {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		o := opened{file: f}
		if info, err := os.Stat(f.Path); err == nil {
			o.size = info.Size()
		}
		var err error
		if f.IsParquet() {
			o.columns, err = header(ctx, f, open)
		} else {
			var r reading
			r, err = detect(ctx, f.Path)
			o.columns, o.why, o.file = r.columns, r.why, r.file
			o.file.Path, o.file.Name = f.Path, f.Name
			o.ascii = ascii(f.Path)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, err
			}
			failed = append(failed, leftOut{f.Name, strings.TrimPrefix(firstLine(err.Error()), filepath.ToSlash(f.Path)+": ")})
			continue
		}
		if reason := noTable(o.columns); reason != "" {
			failed = append(failed, leftOut{f.Name, reason})
			continue
		}
		out = append(out, o)
	}
	return out, failed, nil
}

func header(ctx context.Context, f pipeline.File, open pipeline.Opener) ([]string, error) {
	src, err := open(ctx, f)
	if err != nil {
		return nil, err
	}
	return src.Columns(), src.Close()
}

// ascii reports whether the beginning of a file has ASCII signs only.
func ascii(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, headSize))
	return err == nil && !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 || c == 0 })
}

// noTable says why columns are none that a mapping could name; "" = they are.
func noTable(columns []string) string {
	seen := map[string]bool{}
	named := 0
	for _, c := range columns {
		c = strings.TrimSpace(c)
		if c != "" && !seen[c] {
			named++
		}
		seen[c] = true
	}
	if named == 0 {
		return "its first line names no columns"
	}
	return ""
}

// leftOut is a file that the mapping does not use, and why.
type leftOut struct{ name, why string }

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// byColumn sorts candidates, the best first; ties by position.
func byScore[T any](list []T, score func(T) float64) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(score(b), score(a)) })
}
