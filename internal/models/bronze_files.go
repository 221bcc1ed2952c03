package models

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// source adds a group of files that some of whose columns are read.
func (p *Project) source(name, doc string, files []string, read pipeline.File, columns []string, at place) error {
	s := Source{Name: name, Doc: doc, Files: files, Read: read, Columns: columns}
	cannot := func(msg, hint string) error { return p.cannot(at.line, at.col, name+": "+msg, hint) }
	low := map[string]string{}
	for _, c := range columns {
		if strings.ContainsAny(c, "'\"`") || strings.Contains(c, "{{") || strings.Contains(c, "}}") {
			return cannot(fmt.Sprintf("the column's name %q has quotes or braces", c), "give the columns names of your own: names: […]")
		}
		if other, ok := low[strings.ToLower(c)]; ok {
			return cannot(fmt.Sprintf("the columns %q and %q differ in case only", other, c), "give the columns names of your own: names: […]")
		}
		low[strings.ToLower(c)] = c
	}
	for i, f := range files {
		clean := path.Clean(strings.ReplaceAll(f, `\`, "/"))
		switch {
		case f == "-" || f == pipeline.Stdin || pipeline.IsVirtual(f):
			return cannot("input that is no file", "name files below the data folder")
		case path.IsAbs(clean) || strings.HasPrefix(clean, "../") || len(clean) > 1 && clean[1] == ':':
			return cannot("the file "+f+" is not below the data folder", "name files relative to the data folder, and set that with --data")
		case read.Format == "delta":
			return cannot("a Delta table as a source", "name csv or Parquet files")
		case strings.ContainsAny(f, "'\"`{}"):
			return cannot("the file name "+f+" has quotes or braces", "rename the file")
		}
		for _, other := range files[:i] {
			if mayMeet(other, f) {
				return cannot("the patterns "+other+" and "+f+" may match the same file", "write patterns that do not overlap")
			}
		}
	}
	var err error
	if s.SQL, err = p.reads(&s, false, cannot); err == nil && p.Dialect == sql.Spark {
		s.Databricks, err = p.reads(&s, true, cannot)
	}
	p.Sources = append(p.Sources, s)
	return err
}

// Read returns a source's SQL without anything of dbt's in it, of the files in a data
// folder.
func (p *Project) Read(s *Source, data string) (string, error) {
	scope := &sql.Scope{Dialect: p.Dialect, Macros: map[string]*sql.Macro{}, Call: func(name string, args []string) (string, error) {
		if name == "var" && slices.Equal(args, []string{"data"}) {
			return data, nil
		}
		return "", fmt.Errorf("%s: there is no macro %s", s.Name, name)
	}}
	for _, m := range p.Macros {
		scope.Macros[m.Name] = m
	}
	return scope.Expand(s.SQL)
}

// reads is the select of a source's records: a part for each of its files or patterns.
func (p *Project) reads(s *Source, databricks bool, cannot func(msg, hint string) error) (string, error) {
	r := s.Read
	zipped := r.Compression
	for _, f := range s.Files {
		if ext := path.Ext(f); r.Compression == "" && (ext == ".zst" || ext == ".zip") {
			zipped = map[string]string{".zst": "zstd", ".zip": "zip"}[ext]
		}
	}
	switch {
	case zipped == "zip", zipped == "zstd" && p.Dialect == sql.Spark:
		return "", cannot("files in "+zipped, "unpack them, or use gzip")
	case r.Compression != "" && p.Dialect == sql.Spark:
		return "", cannot("compression that the file's ending does not tell", "name gzip files .gz")
	case r.SkipFooter > 0:
		return "", cannot("skip_footer", "cut the last lines off the files")
	case r.SkipRows > 0 && p.Dialect == sql.Spark && !databricks:
		return "", cannot("skip_rows", "cut the first lines off the files")
	case r.HeaderRows > 1:
		return "", cannot("a header of several records", "write one header")
	case len(r.Comment) > 1:
		return "", cannot("a comment sign of several characters", "use one character")
	case p.Dialect == sql.DuckDB && strings.HasPrefix(r.Encoding, "utf-16"):
		return "", cannot("files in UTF-16", "write the files in UTF-8")
	}
	var parts []string
	for _, f := range s.Files {
		f = path.Clean(strings.ReplaceAll(f, `\`, "/"))
		read := r
		read.Path = f
		data := struct {
			Name        string // what _source_file is
			Columns     []string
			From        string
			HeaderIsRow bool
		}{Name: p.fileName(f)}
		for _, c := range s.Columns {
			column := p.ident(c)
			if p.Dialect == sql.Spark && len(r.Names) > 0 && !read.IsParquet() {
				data.HeaderIsRow = !r.NoHeader
				column = fmt.Sprintf("_c%d", indexTrimmed(r.Names, c))
			}
			switch {
			case read.IsParquet():
				column = call("parquet_text", column)
			case p.Dialect == sql.Spark && (r.Encoding == "windows-1252" || r.Encoding == "latin-1"):
				column = call("windows_1252", column)
			}
			if column != p.ident(c) {
				column += " as " + p.ident(c)
			}
			data.Columns = append(data.Columns, column)
		}
		switch {
		case p.Dialect == sql.DuckDB && read.IsParquet():
			data.From = "read_parquet('{{ var(\"data\") }}/" + f + "', filename = true)"
		case p.Dialect == sql.DuckDB:
			data.From = "read_csv('{{ var(\"data\") }}/" + f + "', " + p.duckOptions(r) + ")"
		case databricks:
			data.From = "read_files('{{ var(\"data\") }}/" + f + "', " + p.sparkOptions(read, " => ") + ")"
		case read.IsParquet():
			data.From = "parquet.`{{ var(\"data\") }}/" + f + "`"
		default:
			data.From = "csv.`{{ var(\"data\") }}/" + f + "` with (" + p.sparkOptions(read, " = ") + ")"
		}
		text, err := render("bronze/files_"+string(p.Dialect)+".sql", data, nil)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\nunion all\n\n"), nil
}

// duckOptions say how DuckDB reads csv files: nothing is left to its guesses.
func (p *Project) duckOptions(r pipeline.File) string {
	quote, escape := or(r.Quote, `"`), or(r.Escape, or(r.Quote, `"`))
	if r.Quote == "none" {
		quote, escape = "", ""
	}
	out := fmt.Sprintf("all_varchar = true, header = %t, delim = %s, quote = %s, escape = %s, skip = %d, filename = true",
		!r.NoHeader, quoted(p.Dialect, or(r.Delimiter, ",")), quoted(p.Dialect, quote), quoted(p.Dialect, escape), r.SkipRows)
	if r.Comment != "" {
		out += ", comment = " + quoted(p.Dialect, r.Comment)
	}
	if r.Compression != "" && r.Compression != "none" {
		out += ", compression = " + quoted(p.Dialect, r.Compression)
	}
	if r.Encoding == "windows-1252" || r.Encoding == "latin-1" {
		// DuckDB refuses the few characters that the two do not share.
		out += ", encoding = 'latin-1'"
	}
	if len(r.Names) > 0 {
		var names []string
		for _, n := range r.Names {
			names = append(names, quoted(p.Dialect, strings.TrimSpace(n)))
		}
		out += ", names = [" + strings.Join(names, ", ") + "]"
	}
	return out
}

// sparkOptions say how Spark, or Databricks' read_files, reads files.
func (p *Project) sparkOptions(r pipeline.File, is string) string {
	var out []string
	add := func(option, value string) { out = append(out, option+is+quoted(p.Dialect, value)) }
	databricks := is != " = "
	if r.IsParquet() {
		add("format", "parquet")
		add("schemaEvolutionMode", "none")
		return strings.Join(out, ", ")
	}
	if databricks {
		add("format", "csv")
		add("schemaEvolutionMode", "none")
		add("inferColumnTypes", "false")
		if r.SkipRows > 0 {
			add("skipRows", fmt.Sprint(r.SkipRows))
		}
	}
	quote, escape := or(r.Quote, `"`), or(r.Escape, or(r.Quote, `"`))
	if r.Quote == "none" {
		quote = ""
	}
	header := !r.NoHeader && len(r.Names) == 0
	add("header", fmt.Sprint(header))
	if header { // the files' headers must agree: Spark would read them by position
		add("enforceSchema", "false")
	}
	add("sep", or(r.Delimiter, ","))
	add("quote", quote)
	if quote != "" {
		add("escape", escape)
	}
	add("multiLine", "true")
	if r.Comment != "" {
		add("comment", r.Comment)
	}
	switch r.Encoding {
	case "", "utf-8":
	case "windows-1252", "latin-1": // which are the same to files that say so
		add("encoding", "iso-8859-1")
	default:
		add("encoding", r.Encoding)
	}
	add("mode", "FAILFAST")
	return strings.Join(out, ", ")
}

// fileName is the expression of a record's _source_file, for a file or a pattern.
func (p *Project) fileName(f string) string {
	dir := path.Dir(f)
	folder := ""
	if dir != "." {
		folder = quoted(p.Dialect, dir+"/") + " || "
	}
	n := strings.Count(f, "/") + 1
	switch {
	case !isGlob(f):
		return quoted(p.Dialect, f)
	case !isGlob(dir) && p.Dialect == sql.Spark:
		return folder + "_metadata.file_name"
	case !isGlob(dir):
		return folder + "parse_filename(filename)"
	case p.Dialect == sql.Spark: // a path there is a URL
		return fmt.Sprintf("substring_index(url_decode(replace(_metadata.file_path, '+', '%%2B')), '/', -%d)", n)
	}
	return fmt.Sprintf("array_to_string(parse_path(filename, '/')[-%d:], '/')", n)
}

// ident is a column's name in SQL, as the files write it.
func (p *Project) ident(column string) string {
	if p.Dialect == sql.Spark {
		return "`" + column + "`"
	}
	return `"` + column + `"`
}

// recordOrder returns what records of a bronze table are ordered by: sources as
// smelt.yml lists them, files as listed, a glob's in natural order, rows as they stand.
// "returned_orders" stands for the lists of these.
func (p *Project) recordOrder(table string) []string {
	var files []string
	for _, s := range p.Mapping.Sources {
		if s.Table == table {
			files = append(files, s.Files...)
		}
	}
	if table == "returned_orders" {
		for _, r := range p.Mapping.Rules.ReturnedOrders {
			files = append(files, r.Files...)
		}
	}
	return p.orderOf(files)
}

// orderOf is what records of some files are ordered by.
func (p *Project) orderOf(files []string) []string {
	out := []string{"_source_row"}
	if isGlob(strings.Join(files, "")) {
		out = append([]string{call("natural_order", "_source_file")}, out...)
	}
	if len(files) > 1 {
		rank := "case"
		for i, f := range files {
			rank += fmt.Sprintf(" when %s then %d", p.fromFiles([]string{f}), i+1)
		}
		out = append([]string{rank + " end"}, out...)
	}
	return out
}

// fromFiles is the condition that a record is of one of the files or patterns.
func (p *Project) fromFiles(files []string) string {
	var out []string
	for _, f := range files {
		f = path.Clean(strings.ReplaceAll(f, `\`, "/"))
		switch shape := "^" + globShape(f) + "$"; {
		case !isGlob(f):
			out = append(out, "_source_file = "+quoted(p.Dialect, f))
		case p.Dialect == sql.Spark:
			out = append(out, "_source_file rlike "+quoted(p.Dialect, shape))
		default:
			out = append(out, "regexp_matches(_source_file, "+quoted(p.Dialect, shape)+")")
		}
	}
	return strings.Join(out, " or ")
}

var globParts = regexp.MustCompile(`\*+|\?|\[\^?[^\]]*\]|[^*?\[]+|.`)

// globShape is a pattern of files as a regular expression.
func globShape(pattern string) string {
	return globParts.ReplaceAllStringFunc(pattern, func(part string) string {
		switch {
		case part[0] == '*':
			return "[^/]*"
		case part == "?":
			return "[^/]"
		case part[0] == '[':
			return part
		}
		out := ""
		for i := range len(part) {
			out += escaped(part[i])
		}
		return out
	})
}

func isGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// mayMeet reports whether two patterns may match one file; true where that is not plain.
func mayMeet(a, b string) bool {
	head := func(s string) string { return s[:strings.IndexAny(s+"*", "*?[")] }
	tail := func(s string) string { return s[strings.LastIndexAny(s, "*?]")+1:] }
	if !isGlob(a) || !isGlob(b) {
		one, _ := path.Match(a, b)
		other, _ := path.Match(b, a)
		return one || other || a == b
	}
	heads := strings.HasPrefix(head(a), head(b)) || strings.HasPrefix(head(b), head(a))
	return heads && (strings.HasSuffix(tail(a), tail(b)) || strings.HasSuffix(tail(b), tail(a)))
}

// quoted is a text in SQL. Spark takes a doubled quote for two texts side by side.
func quoted(d sql.Dialect, s string) string {
	if d == sql.Spark {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func indexTrimmed(names []string, name string) int {
	for i, n := range names {
		if strings.TrimSpace(n) == name {
			return i
		}
	}
	return -1
}
