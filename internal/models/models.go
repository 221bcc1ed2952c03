// Package models is the pipeline as SQL: a model for each table that smelt writes,
// and for the steps between them, which mean exactly what the Go stages do. A dbt
// project, Spark's declarative pipelines and the compiled code in smelt's own
// artefacts are made of it.
//
// A model is one file below sql/, a template: [[ … ]] is what the shop's smelt.yml
// decides, {{ … }} stays as it is, for dbt or for Compile.
package models

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// Project is one shop's pipeline in one dialect.
type Project struct {
	Name    string // "alpine_sports"
	Dialect sql.Dialect
	Mapping *bronze.Mapping

	Sources []Source
	Seeds   []Seed
	Macros  []*sql.Macro // those that are called, in the order that they build on each other
	Models  []*Model     // each after those that it reads
}

// Source is a group of files of one layout, as the engine's own reader reads it: a
// relation with a column of text for each of the files' columns that is mapped or
// looked up, named as in the file, and _source_file and _source_row.
type Source struct {
	Name    string   // "sales", "sales_2", "lookup_territory", "returned_orders": as internal/dbt names them in its artefacts
	Doc     string   // one sentence
	Files   []string // paths or globs, relative to the data folder
	Read    pipeline.File
	Columns []string // that are read, by their names in the files

	// SQL is the select that makes the relation, in the project's dialect: a view files.<Name>
	// is made of it. {{ var("data") }} is the data folder. Databricks is the same with its
	// read_files; "" where the dialect is not Spark.
	SQL, Databricks string
}

// Seed is a small table that comes with the project.
type Seed struct {
	Name    string // "country_spellings"
	Doc     string
	Columns []string // all text
	Rows    [][]string
}

// Model is a SELECT that makes a table.
type Model struct {
	Layer string          // bronze, silver or gold
	Name  string          // "fact_sales"; of a step "int_sales_lines"
	Table *pipeline.Table // what it makes; nil of a step, which only other models read
	Doc   string          // one sentence
	SQL   string          // with {{ ref('…') }}, {{ source('files', '…') }} and macros

	// UniqueKey is of an incremental model: rows of it replace those of the same key.
	// nil = the table is made anew each time.
	UniqueKey []string
	// Incremental stands in the place of SQL's line {{ incremental_filter() }} where
	// only new rows are to be made: a condition, beginning with WHERE or AND.
	Incremental string
	// Before is a statement that an incremental run executes before the SELECT: it
	// deletes the rows that are made anew. "" = none. {{ this }} is the table.
	Before string
}

// New makes the models of a shop. A mapping that SQL cannot express is an ErrConfig
// that names what it is, and where it stands in smelt.yml.
func New(name string, m *bronze.Mapping, d sql.Dialect) (*Project, error) {
	p := &Project{Name: name, Dialect: d, Mapping: m, Macros: macros()}
	for _, layer := range []func() error{p.bronzeModels, p.silverModels, p.goldModels} {
		if err := layer(); err != nil {
			return nil, err
		}
	}
	p.Macros = p.called()
	return p, nil
}

// called are the macros that models and sources call, and those that these call.
func (p *Project) called() []*sql.Macro {
	var texts []string
	for _, m := range p.Models {
		texts = append(texts, m.SQL, m.Incremental, m.Before)
	}
	for _, s := range p.Sources {
		texts = append(texts, s.SQL, s.Databricks)
	}
	var out []*sql.Macro
	for _, m := range slices.Backward(p.Macros) { // each stands after those that it calls
		call := "{{ " + m.Name + "("
		if slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, call) }) {
			out, texts = append(out, m), append(texts, m.In(p.Dialect))
		}
	}
	slices.Reverse(out)
	return out
}

//go:embed sql
var files embed.FS

// render makes a model's text from its file below sql/ and what it needs to know.
func render(path string, data any, funcs template.FuncMap) (string, error) {
	text, err := files.ReadFile("sql/" + path)
	if err != nil {
		return "", err
	}
	t, err := template.New(path).Delims("[[", "]]").Funcs(funcs).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

var refs = regexp.MustCompile(`\{\{\s*ref\('(\w+)'\)\s*\}\}`)

// Reads returns the models and seeds that a model reads, each once, in the order of its text.
func (m *Model) Reads() []string {
	var out []string
	for _, match := range refs.FindAllStringSubmatch(m.SQL, -1) {
		if !slices.Contains(out, match[1]) {
			out = append(out, match[1])
		}
	}
	return out
}

// Compile returns a model's SQL without anything of dbt's in it: relation names
// models and seeds, source the groups of files.
func (p *Project) Compile(m *Model, relation, source func(name string) string) (string, error) {
	s := &sql.Scope{Dialect: p.Dialect, Macros: map[string]*sql.Macro{}}
	for _, macro := range p.Macros {
		s.Macros[macro.Name] = macro
	}
	s.Call = func(name string, args []string) (string, error) {
		switch {
		case name == "ref" && len(args) == 1:
			return relation(args[0]), nil
		case name == "source" && len(args) == 2:
			return source(args[1]), nil
		case name == "incremental_filter":
			return "", nil
		}
		return "", fmt.Errorf("%s.%s: there is no macro %s", m.Layer, m.Name, name)
	}
	return s.Expand(m.SQL)
}
