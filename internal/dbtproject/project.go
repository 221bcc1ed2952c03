// Package dbtproject writes a shop's pipeline as a dbt project: the models of
// package models with their macros and seeds, and around them what dbt wants to
// know, made of the declarations that smelt itself works by: docs, data types,
// tests, exposures. It needs no dbt packages.
package dbtproject

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/dbt"
	"github.com/smeltdata/smelt/internal/export"
	"github.com/smeltdata/smelt/internal/models"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// Target is what the project runs on.
type Target string

// The targets.
const (
	DuckDB     Target = "duckdb"     // dbt-duckdb, a file
	Spark      Target = "spark"      // dbt-spark in a session, Delta tables
	Databricks Target = "databricks" // dbt-databricks, Delta tables
)

// Targets are all of them.
var Targets = []Target{Databricks, Spark, DuckDB}

// dialect is the SQL that a target speaks.
func (t Target) dialect() sql.Dialect {
	if t == DuckDB {
		return sql.DuckDB
	}
	return sql.Spark
}

// Options say what a project is made of.
type Options struct {
	Name    string // of the shop: "Alpine Sports"; the project is alpine_sports
	Mapping *bronze.Mapping
	Target  Target
	Data    string // folder that the paths of sources start from, as the engine sees it; relative to the project
}

// Project is what the files are written from.
type Project struct {
	*models.Project
	Options
	checks []*test
	left   []string // rules that are not tests, with why, for the README
}

//go:embed files
var files embed.FS

// Files returns the files of the project, in the order of their paths.
func (p *Project) Files() ([]export.File, error) {
	var out []export.File
	add := func(path, text string) { out = append(out, export.File{Path: path, Data: []byte(text)}) }
	own := []string{"dbt_project.yml", "profiles.yml", "selectors.yml", "README.md", "models/exposures.yml", "macros/generate_schema_name.sql"}
	if p.Target == Spark {
		own = append(own, "macros/spark__load_csv_rows.sql")
	}
	for _, name := range own {
		text, err := p.render(name)
		if err != nil {
			return nil, err
		}
		add(name, text)
	}
	add(".gitignore", "target/\nlogs/\ndbt_packages/\n.user.yml\n*.duckdb\n*.duckdb.wal\nmetastore_db/\nspark-warehouse/\nderby.log\n")
	for _, m := range p.Models {
		add("models/"+m.Layer+"/"+m.Name+".sql", p.model(m))
	}
	for _, layer := range layers {
		add("models/"+layer+"/schema.yml", p.schema(layer))
	}
	for _, m := range p.Models {
		if m.Before != "" {
			add("macros/before_"+m.Name+".sql", fmt.Sprintf("{#- Deletes the rows of %s that an incremental run makes anew. -#}\n{%% macro before_%s() %%}\n{%%- if is_incremental() %%}\n%s\n{%%- endif %%}\n{%% endmacro %%}\n", m.Name, m.Name, strings.TrimSpace(m.Before)))
		}
	}
	for _, m := range p.Macros {
		add("macros/"+m.Name+".sql", p.macro(m))
	}
	for _, s := range p.Seeds {
		text, err := seed(s)
		if err != nil {
			return nil, err
		}
		add("seeds/"+s.Name+".csv", text)
	}
	add("seeds/schema.yml", p.seedSchema())
	for _, kind := range p.kinds() {
		text, err := files.ReadFile("files/tests/" + kind + ".sql")
		if err != nil {
			return nil, err
		}
		add("tests/generic/"+kind+".sql", string(text))
	}
	if p.anyCurrency() {
		text, err := files.ReadFile("files/one_currency.sql")
		if err != nil {
			return nil, err
		}
		add("tests/one_currency.sql", string(text))
	}
	p.sources(add)
	slices.SortFunc(out, func(a, b export.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// anyCurrency says that the sales may be in several currencies, which fails a run of smelt.
func (p *Project) anyCurrency() bool {
	m := p.Options.Mapping
	return m.Rules.Currency == "" && slices.ContainsFunc(m.Sources, func(s bronze.SourceSpec) bool {
		return s.Table == "sales" && slices.ContainsFunc(s.Columns, func(c bronze.ColumnSpec) bool { return c.Column == "currency" && c.Value == nil })
	})
}

var layers = []string{"bronze", "silver", "gold"}

// New makes a project. What SQL cannot express, and a check that says something
// wrong, is a *pipeline.Error of kind pipeline.ErrConfig.
func New(o Options) (*Project, error) {
	if !slices.Contains(Targets, o.Target) {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: string(o.Target), Msg: "--target: there is no such target", Hint: "databricks, spark or duckdb"}
	}
	o.Name = dbt.Identifier(o.Name, "shop")
	if o.Data == "" {
		o.Data = ".."
	}
	m, err := models.New(o.Name, o.Mapping, o.Target.dialect())
	if err != nil {
		return nil, err
	}
	p := &Project{Project: m, Options: o}
	checks, err := gold.Checks()
	if err != nil {
		return nil, err
	}
	return p, p.tests(append(checks, o.Mapping.Checks...))
}

// Name is of the project, and of its profile.
func (p *Project) ProjectName() string { return p.Options.Name }

// On reports whether the project is for one of some targets.
func (p *Project) On(targets ...string) bool {
	return slices.Contains(targets, string(p.Target))
}

// Left are the rules that are not tests here.
func (p *Project) Left() []string { return p.left }

// Has reports whether there is a model.
func (p *Project) Has(name string) bool { return p.byName(name) != nil }

func (p *Project) byName(name string) *models.Model {
	for _, m := range p.Models {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// of returns the model of a table, nil where it has none.
func (p *Project) of(table string) *models.Model {
	for _, m := range p.Models {
		if m.Table != nil && m.Table.Name == table {
			return m
		}
	}
	return nil
}

// render writes a file that is a template: [[ … ]] is filled in here.
func (p *Project) render(name string) (string, error) {
	text, err := files.ReadFile("files/" + path.Base(name))
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Delims("[[", "]]").Parse(string(text))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, p); err != nil {
		return "", err
	}
	return b.String(), nil
}

// model is a model's file: how it is made, then its SELECT.
func (p *Project) model(m *models.Model) string {
	var b strings.Builder
	if len(m.UniqueKey) > 0 {
		fmt.Fprintf(&b, "{{ config(\n    materialized = 'incremental',\n    unique_key = ['%s'],\n", strings.Join(m.UniqueKey, "', '"))
		if m.Before != "" {
			fmt.Fprintf(&b, "    pre_hook = \"{{ before_%s() }}\",\n", m.Name)
		}
		b.WriteString(") }}\n\n")
	}
	for line := range strings.Lines(m.SQL) {
		indent, filter := strings.CutSuffix(strings.TrimRight(line, "\n"), "{{ incremental_filter() }}")
		if !filter {
			b.WriteString(line)
			continue
		}
		fmt.Fprintf(&b, "%s{%% if is_incremental() %%}\n", indent)
		b.WriteString(indent + strings.TrimSpace(m.Incremental) + "\n")
		fmt.Fprintf(&b, "%s{%% endif %%}\n", indent)
	}
	return b.String()
}

// macro is a macro's file.
func (p *Project) macro(m *sql.Macro) string {
	return fmt.Sprintf("{#- %s -#}\n{%% macro %s(%s) -%%}\n%s\n{%%- endmacro %%}\n", m.Doc, m.Name, strings.Join(m.Args, ", "), strings.TrimSpace(m.In(p.Dialect)))
}
